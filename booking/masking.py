"""Masks of personal data, for every place where text leaves the system (R-A11)."""

import re
from collections.abc import Iterable

from booking.detail_words import NUMERALS

HIDDEN = "*"
_TELLING = re.compile(rf"\d[\d\s.·/-]*\d\d[Xx]?|[A-Za-z0-9_@.-]{{8,}}|[{NUMERALS}]{{6,}}")
"""Three digits and more, be there spaces or marks between them; long words of letters; a number in words."""


def mask_name(name: str) -> str:
    """Return the first character and one star, so that not even the length is told."""
    return name[:1] + HIDDEN if name else ""


def mask_mobile(mobile: str) -> str:
    """Return 138****1234; of a foreign number the country code's first digits and the last four."""
    if len(mobile) < 8:  # noqa: PLR2004 -- three in front and four behind would show a short one whole
        return _mask(mobile, 0, 2)
    return mobile[: 4 if mobile[0] == "+" else 3] + HIDDEN * 4 + mobile[-4:]


def mask_number(number: str) -> str:
    """Return 110***********1234 for 18 digits; of shorter papers the first character and the last two."""
    return _mask(number, 3, 4) if len(number) >= 15 else _mask(number, 1, 2)  # noqa: PLR2004 -- as said above


def mask_said(text: str, names: Iterable[str]) -> str:
    """Mask what free words may tell of a person: the names given, long numbers, and letters that may be an account."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, mask_name(name)) if name else text
    return _TELLING.sub(lambda found: HIDDEN * len(found[0]), text)


def _mask(text: str, front: int, back: int) -> str:
    if len(text) <= front + back:
        return HIDDEN * len(text)
    return text[:front] + HIDDEN * (len(text) - front - back) + text[len(text) - back :]
