"""The one filter that every log record passes: nothing leaves that tells who somebody is, and no secret.

Values under personal keys are masked whole; in every other text, identity and telephone numbers, openids, secrets
in addresses, and what databases quote from rows are masked where they stand (R-A11).
"""

import re
from collections.abc import Callable, Mapping

from booking.masking import mask_mobile, mask_name, mask_number

NAME_KEYS = frozenset({"name", "patient", "patient_name", "full_name", "nickname", "guardian"})
OPENID_KEYS = frozenset({"openid", "touser", "from_user", "fromusername", "account"})
NUMBER_KEYS = frozenset(
    {"mobile", "phone", "telephone", "id_number", "identity", "identity_number", "paper_number", "papers"}
)
TEXT_KEYS = frozenset({"text", "content", "typed", "message_text", "body", "xml", "recognition"})
SECRET_KEYS = frozenset(
    {"secret", "token", "access_token", "aes_key", "secret_key", "password", "authorization", "appsecret", "key_bytes"}
)
SHORTEST_TELLING = 11
"""A text shorter than a mobile number holds nothing that the patterns would mask."""
SMALLEST_TELLING = 10**10
SEPARATOR = r"[\s\-.·]?"

NUMBERS = re.compile(
    rf"(?<!\d)(?:\d{{14,}}[\dXxＸｘ](?!\d)"
    rf"|\d{{6}}{SEPARATOR}\d{{4}}{SEPARATOR}\d{{4}}{SEPARATOR}\d{{3}}[\dXxＸｘ](?!\d)"
    rf"|(?:\+?86{SEPARATOR})?[1１][3-9３-９]\d{SEPARATOR}\d{{4}}{SEPARATOR}\d{{4}}(?!\d))"
)
OPENID = re.compile(r"(?<![A-Za-z0-9_-])o[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])")
SECRET_IN_ADDRESS = re.compile(
    r"(?i)\b((?:access_token|app_?secret|secret|password|component_access_token)=)[^&\s\"']+"
)
LOGIN_IN_ADDRESS = re.compile(r"(://[^:/@\s]*:)[^@/\s]+@")
QUOTED_ROW = re.compile(r"\[parameters: .*?\](?=\s|$)|DETAIL:.*|input_value=.*?(?=, input_type)", re.DOTALL)
NAMED_VALUE = re.compile(
    rf"""(?i)(["']?\b(?:{"|".join(sorted(NAME_KEYS | NUMBER_KEYS))})["']?\s*[=:]\s*)(["'])(.*?)\2"""
)


def shorten_openid(openid: str) -> str:
    """Return an openid's first and last four characters: enough to follow one account through a log."""
    return f"{openid[:4]}…{openid[-4:]}" if len(openid) > 8 else openid  # noqa: PLR2004  # four and four


def redact_text(text: str) -> str:
    """Mask what a text tells about somebody, wherever it stands in it."""
    if len(text) < SHORTEST_TELLING:
        return text
    if "=" in text or ":" in text:
        text = _redact_quotations(text)
    text = NUMBERS.sub(lambda match: _mask_found(match[0]), text)
    return OPENID.sub(lambda match: shorten_openid(match[0]), text) if "o" in text else text


def redact(event: Mapping[str, object]) -> dict[str, object]:
    """Return a record with everything personal or secret masked, at any depth."""
    redacted: dict[str, object] = {}
    for key, value in event.items():
        if isinstance(value, str):
            mask = MASKS.get(key) or MASKS.get(key.lower())
            redacted[key] = mask(value) if mask else redact_text(value)
        elif value is None or isinstance(value, (bool, float)) or (type(value) is int and value < SMALLEST_TELLING):
            redacted[key] = value
        else:
            redacted[key] = _redact_value(key, value)
    return redacted


def _redact_quotations(text: str) -> str:
    text = QUOTED_ROW.sub("[hidden]", text)
    text = NAMED_VALUE.sub(_mask_named_value, text)
    text = SECRET_IN_ADDRESS.sub(r"\1***", text)
    return LOGIN_IN_ADDRESS.sub(r"\1***@", text)


def _mask_named_value(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}{mask_name(match[3])}{match[2]}"


def _mask_found(number: str) -> str:
    """Mask a number however it was written: ``138****1234``, ``110***********1234``."""
    plain = re.sub(r"[\s\-.·]", "", number)
    return mask_mobile(plain) if re.fullmatch(r"\+?\d{11,13}", plain) else mask_number(plain)


def _redact_value(key: str, value: object) -> object:
    if isinstance(value, Mapping):
        return redact({redact_text(str(inner)): content for inner, content in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact({key: item})[key] for item in value]
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    mask = MASKS.get(key) or MASKS.get(key.lower())
    masked = mask(text) if mask else redact_text(text)
    return value if type(value) is int and masked == text else masked


def _hide(_value: str) -> str:
    return "***"


def _measure(text: str) -> str:
    return f"[{len(text)} characters]"


MASKS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(NAME_KEYS, mask_name),
    **dict.fromkeys(OPENID_KEYS, shorten_openid),
    **dict.fromkeys(NUMBER_KEYS, _mask_found),
    **dict.fromkeys(TEXT_KEYS, _measure),
    **dict.fromkeys(SECRET_KEYS, _hide),
}
