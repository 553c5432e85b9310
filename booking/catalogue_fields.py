"""How single values of the clinic catalogue are read from text: times, durations, fees, codes.

A value reaches these as the text that stands in the file, so that ``"50.00"`` and ``50.00`` are the same exact fee and
``08:30`` is a time whether quoted or not. What is wrong is raised as a kind of mistake; the words for it belong to
whoever shows it.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_FEE = Decimal(1_000_000)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?")
SHORT_DURATION = re.compile(r"(?:([0-9]{1,3})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?", re.IGNORECASE)
ISO_DURATION = re.compile(r"P(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?)?", re.IGNORECASE)
WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)(%?)")
TEMPLATE_FIELD = re.compile(r"[A-Za-z_]+[0-9]*")

T = TypeVar("T")


def wrong(kind: str, **details: str) -> PydanticCustomError:
    """Make the error that becomes a mistake of this kind."""
    return PydanticCustomError(kind, "{kind}", {"kind": kind, **details})


def nearest(name: str, known: list[str]) -> str:
    """Return the known name most like this one, empty when none is near."""
    near = get_close_matches(name.casefold(), [candidate.casefold() for candidate in known], n=1, cutoff=0.6)
    return next((candidate for candidate in known if candidate.casefold() in near), "")


def text_of(value: object) -> str:
    """Return the text of a value; a list, a mapping or true/false is a mistake."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise wrong("not_text")
    return str(value).strip()


def folded(value: object) -> str:
    """Return the text with full-width digits and colons as their plain forms, as Chinese keyboards give both."""
    return unicodedata.normalize("NFKC", text_of(value))


def one_line(limit: int) -> Callable[[object], str]:
    """Read a text of one line, not empty."""

    def read(value: object) -> str:
        text = text_of(value)
        if not text:
            raise wrong("empty")
        if len(text) > limit:
            raise wrong("too_long", limit=str(limit), length=str(len(text)))
        if any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in text):
            raise wrong("control_character")
        return text

    return read


def paragraph(limit: int) -> Callable[[object], str]:
    """Read a text of any number of lines, perhaps empty."""

    def read(value: object) -> str:
        text = text_of(value)
        if len(text) > limit:
            raise wrong("too_long", limit=str(limit), length=str(len(text)))
        return text

    return read


def read_code(value: object) -> str:
    """Read a code: what identifies a department or doctor and becomes part of the ids of sessions."""
    text = text_of(value)
    if not CODE.fullmatch(text):
        raise wrong("bad_code", value=text)
    return text


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """Read a whole number between two bounds, both included."""

    def read(value: object) -> int:
        if isinstance(value, (bool, dict, list)):
            raise wrong("bad_number", value="", low=str(low), high=str(high))
        text = folded(value)
        if not WHOLE_NUMBER.fullmatch(text) or not low <= int(text) <= high:
            raise wrong("bad_number", value=text, low=str(low), high=str(high))
        return int(text)

    return read


def read_fee(value: object) -> Decimal:
    """Read a fee in yuan, exactly, with at most two decimals."""
    text = folded(value)
    try:
        fee = Decimal(text)
    except InvalidOperation:
        raise wrong("bad_fee", value=text) from None
    if not fee.is_finite() or not 0 <= fee < MAX_FEE or fee != fee.quantize(Decimal("0.01")):
        raise wrong("bad_fee", value=text)
    return fee.quantize(Decimal("0.01"))


def read_time(value: object) -> time:
    """Read a time of day, ``08:30``."""
    text = folded(value)
    found = TIME.fullmatch(text)
    if found is None:
        raise wrong("bad_time", value=text)
    return time(int(found[1]), int(found[2]))


def read_share(value: object) -> float:
    """Read a share between nothing and everything: ``0.5`` or ``50%``."""
    text = folded(value)
    found = SHARE.fullmatch(text)
    share = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0 <= share <= 1:
        raise wrong("bad_share", value=text)
    return share


def read_date(value: object) -> date:
    """Read a day, ``2026-10-01``."""
    text = folded(value)
    try:
        return date.fromisoformat(text) if DATE.fullmatch(text) else _no_date(text)
    except ValueError:
        return _no_date(text)


def read_duration(value: object) -> timedelta:
    """Read a duration: ``1h``, ``30m``, ``2d``, ``1h30m``, or ISO 8601 (``PT1H``)."""
    text = folded(value)
    found = SHORT_DURATION.fullmatch(text) or ISO_DURATION.fullmatch(text)
    if text == "0":
        return timedelta()
    if found is None or not any(found.groups()):
        raise wrong("bad_duration", value=text)
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def read_weekday(value: object) -> int:
    """Read a weekday, ``mon`` to ``sun``, as Monday 0 to Sunday 6."""
    text = folded(value).casefold()
    if text not in WEEKDAYS:
        raise wrong("bad_weekday", value=text)
    return WEEKDAYS.index(text)


def read_yes_or_no(value: object) -> bool:
    """Read ``true`` or ``false``."""
    if isinstance(value, bool):
        return value
    text = folded(value).casefold()
    if text not in {"true", "false"}:
        raise wrong("bad_bool", value=text)
    return text == "true"


def read_timezone(value: object) -> str:
    """Read the name of a time zone, ``Asia/Shanghai``."""
    text = text_of(value)
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong("bad_timezone", value=text) from None


def read_template_field(value: object) -> str:
    """Read the name of a field in a WeChat message template, ``thing1``."""
    text = text_of(value)
    if not TEMPLATE_FIELD.fullmatch(text):
        raise wrong("bad_template_field", value=text)
    return text


def _no_date(text: str) -> date:
    raise wrong("bad_date", value=text)


Code = Annotated[str, BeforeValidator(read_code)]
Name = Annotated[str, BeforeValidator(one_line(40))]
Label = Annotated[str, BeforeValidator(one_line(100))]
Paragraph = Annotated[str, BeforeValidator(paragraph(400))]
Fee = Annotated[Decimal, BeforeValidator(read_fee)]
Share = Annotated[float, BeforeValidator(read_share)]
TimeOfDay = Annotated[time, BeforeValidator(read_time)]
Day = Annotated[date, BeforeValidator(read_date)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
Weekday = Annotated[int, BeforeValidator(read_weekday)]
YesOrNo = Annotated[bool, BeforeValidator(read_yes_or_no)]
Timezone = Annotated[str, BeforeValidator(read_timezone)]
TemplateField = Annotated[str, BeforeValidator(read_template_field)]
AdvanceDays = Annotated[int, BeforeValidator(whole_number(0, 365))]
SlotMinutes = Annotated[int, BeforeValidator(whole_number(1, 1440))]
Capacity = Annotated[int, BeforeValidator(whole_number(1, 1000))]
PerDay = Annotated[int, BeforeValidator(whole_number(1, 100))]
NoShowLimit = Annotated[int, BeforeValidator(whole_number(0, 1000))]
NoShowDays = Annotated[int, BeforeValidator(whole_number(0, 3650))]
