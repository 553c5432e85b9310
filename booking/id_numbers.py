"""The 18-digit numbers of GB 11643: residents, residents from Hong Kong, Macao and Taiwan, foreign residents."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from booking.models import Sex
from booking.refusals import InvalidDetail

LENGTH = 18
OLDEST = 130
"""Years of age beyond which a birth date is taken for a mistake."""

_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
"""GB/T 2260 provinces; 81 to 83 are the residence permits of residents of Hong Kong, Macao and Taiwan."""
_WEIGHTS = [2 ** (LENGTH - 1 - position) % 11 for position in range(LENGTH - 1)]
_CHECK_CHARACTERS = "10X98765432"


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A checked number with what it says of its bearer."""

    number: str
    sex: Sex
    birth_date: date


def compact(text: str) -> str:
    """Return a number in its plain form: narrow digits, capitals, no spaces or hyphens."""
    return re.sub(r"[\s\-‐-―]", "", unicodedata.normalize("NFKC", text)).upper()


def check_character(first_seventeen: str) -> str:
    """Return the check character of GB 11643 (ISO 7064 MOD 11-2) for seventeen digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def check_id_number(text: str, *, today: date | None = None) -> IdNumber:
    """Check a resident's number; ``today`` is the clinic's day, without it nothing is judged by age.

    Raises ``InvalidDetail("id_number", …)`` with ``length``, ``characters``, ``region``, ``date``, ``future``,
    ``too_old`` or ``checksum``, the one most telling for who typed it (R-A10).
    """
    number = _check_shape(text, "id_number")
    if _PROVINCE.match(number) is None:
        raise InvalidDetail("id_number", "region")
    return _read(number, "id_number", today)


def check_foreign_resident_number(text: str, *, today: date | None = None) -> IdNumber:
    """Check the number of a foreign permanent resident's card of 2023: ``9``, place, nationality, then as GB 11643.

    Raises ``InvalidDetail("paper_number", …)`` with the problems of ``check_id_number``.
    """
    number = _check_shape(text, "paper_number")
    if number[0] != "9":
        raise InvalidDetail("paper_number", "region")
    return _read(number, "paper_number", today)


def check_age(day: date, detail: str, today: date | None) -> date:
    """Check a birth date against the clinic's day; raises ``InvalidDetail`` with ``future`` or ``too_old``."""
    if today is not None and day > today:
        raise InvalidDetail(detail, "future")
    if today is not None and age_on(today, day) > OLDEST:
        raise InvalidDetail(detail, "too_old")
    return day


def age_on(today: date, birth_date: date) -> int:
    """Return the age in completed years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def _check_shape(text: str, detail: str) -> str:
    number = compact(text)
    if len(number) != LENGTH:
        raise InvalidDetail(detail, "length")
    if _SHAPE.fullmatch(number) is None:
        raise InvalidDetail(detail, "characters")
    return number


def _read(number: str, detail: str, today: date | None) -> IdNumber:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise InvalidDetail(detail, "date") from None
    check_age(born, detail, today)
    if check_character(number[:-1]) != number[-1]:
        raise InvalidDetail(detail, "checksum")
    return IdNumber(number, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE, born)
