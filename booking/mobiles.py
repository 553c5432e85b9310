"""Mobile telephone numbers: of the mainland without more, of other places with ``+``."""

import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from booking.refusals import InvalidDetail

MAINLAND = "CN"
_MAINLAND_CODE = 86
_SHAPE = re.compile(r"\+?[0-9]+")
_MAINLAND_SHAPE = re.compile(r"(?:\+?86|0086)?(1[0-9]{10})")
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def check_mobile(text: str) -> str:
    """Return a mobile number as it is kept: 11 digits of the mainland, or ``+`` with country code (E.164).

    Spaces, hyphens, dots and brackets between digits are tolerated, and ``+86`` before a mainland number.
    Raises ``InvalidDetail("mobile", …)`` with ``characters``, ``length`` or ``invalid`` (R-A10).
    """
    plain = compact_mobile(text)
    if _SHAPE.fullmatch(plain) is None:
        raise InvalidDetail("mobile", "characters")
    mainland = _MAINLAND_SHAPE.fullmatch(plain)
    if mainland is None and not plain.startswith(("+", "00")):
        raise InvalidDetail("mobile", "length" if plain[0] == "1" else "invalid")
    number = _parse(mainland[1] if mainland else plain)
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _MOBILE:
        raise InvalidDetail("mobile", "invalid")
    if number.country_code == _MAINLAND_CODE:
        return str(number.national_number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def compact_mobile(text: str) -> str:
    """Return a telephone number with narrow digits and nothing between them."""
    return re.sub(r"[\s\-‐-―.·()]", "", unicodedata.normalize("NFKC", text))


def _parse(plain: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(plain, MAINLAND)
    except NumberParseException:
        raise InvalidDetail("mobile", "invalid") from None
