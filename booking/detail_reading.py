"""Finding a name, an identity number and a mobile number in one free message, in any order."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from booking.detail_words import (
    COPULAS,
    LATIN_LABELS,
    MOBILE_LABELS,
    NAME_DOT,
    NAME_LABELS,
    NUMBER_LABELS,
    OTHER_LABELS,
    SEXES,
)
from booking.id_numbers import LENGTH, check_id_number
from booking.mobiles import check_mobile
from booking.names import check_name, is_latin, is_sentence
from booking.refusals import InvalidDetail

_GROUP = re.compile(r"(?<![A-Za-z0-9])\+?[0-9]+(?:[xX](?![A-Za-z]))?")
_JOINT = re.compile(r"[ \-.]{1,3}")
_MOST_CHARACTERS = 500
_MOST_GROUPS = 6
_ALMOST_MOBILE = re.compile(r"(?:\+?86)?1[0-9]{8,12}|\+[0-9]{6,15}")
_ALMOST_ID = re.compile(r"[0-9]{14,24}[xX]?")
_PLAIN_NAME = range(2, 7)
"""Longer Chinese texts without a dot are sentences rather than names, unless a label says otherwise."""
_LONGEST = 20

_LABELS = "|".join(sorted((*NAME_LABELS, *NUMBER_LABELS, *MOBILE_LABELS, *OTHER_LABELS), key=len, reverse=True))
_LABEL = re.compile(
    rf"(?:{_LABELS})(?:\s*(?:{'|'.join(COPULAS)}))?|\b(?:{'|'.join(LATIN_LABELS)})\b", re.ASCII | re.IGNORECASE
)
_NAME_LABEL = re.compile(rf"(?:{'|'.join(sorted(NAME_LABELS, key=len, reverse=True))})")
_BREAK = re.compile(r"[,;:、。!?|/\n\r\t()\"“”]+")


@dataclass(frozen=True, slots=True)
class FoundDetails:
    """What a message seems to say, not yet checked; None where it says nothing."""

    name: str | None = None
    id_number: str | None = None
    mobile: str | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring groups of digits read as one number, with their place in the text."""

    digits: str
    start: int
    end: int


def read_details(text: str) -> FoundDetails:
    """Find the details of one patient in a message; labels, punctuation and wide digits are tolerated.

    A number that is not right (a digit missing, a wrong checksum) is found too, so that the check can say why.
    """
    plain = unicodedata.normalize("NFKC", text[:_MOST_CHARACTERS])
    runs = list(_runs(plain))
    number = _first(run for run in runs if _passes(check_id_number, run.digits))
    mobile = _first(run for run in runs if _apart(run, number) and _passes(check_mobile, run.digits))
    single = [run for run in _single(plain) if _apart(run, number) and _apart(run, mobile)]
    number = number or _first(run for run in single if _ALMOST_ID.fullmatch(run.digits))
    number = number or _first(run for run in runs if len(run.digits) == LENGTH and _apart(run, mobile))
    mobile = mobile or _first(run for run in single if _ALMOST_MOBILE.fullmatch(run.digits) and _apart(run, number))
    return FoundDetails(
        name=_find_name(_without(plain, [run for run in (number, mobile) if run])),
        id_number=number.digits.upper() if number else None,
        mobile=mobile.digits if mobile else None,
    )


def _single(plain: str) -> Iterator[_Run]:
    for match in _GROUP.finditer(plain):
        yield _Run(match[0], match.start(), match.end())


def _runs(plain: str) -> Iterator[_Run]:
    groups = list(_GROUP.finditer(plain))
    for first, group in enumerate(groups):
        digits, end = group[0], group.end()
        yield _Run(digits, group.start(), end)
        for following in groups[first + 1 : first + _MOST_GROUPS]:
            if _JOINT.fullmatch(plain[end : following.start()]) is None or len(digits) > LENGTH:
                break
            digits, end = digits + following[0], following.end()
            yield _Run(digits, group.start(), end)


def _passes(check: Callable[[str], object], digits: str) -> bool:
    try:
        check(digits)
    except InvalidDetail:
        return False
    return True


def _first(runs: Iterator[_Run]) -> _Run | None:
    return next(runs, None)


def _apart(run: _Run, other: _Run | None) -> bool:
    return other is None or run.end <= other.start or other.end <= run.start


def _without(plain: str, runs: list[_Run]) -> str:
    for run in sorted(runs, key=lambda run: run.start, reverse=True):
        plain = plain[: run.start] + "\n" + plain[run.end :]
    return plain


def _find_name(rest: str) -> str | None:
    labelled = _NAME_LABEL.search(rest)
    if labelled is not None:
        after = next(_pieces(rest[labelled.start() :]), "")
        return _as_name(after, longest=_LONGEST)
    names = [name for piece in _pieces(rest) if (name := _as_name(piece, longest=_PLAIN_NAME[-1]))]
    return names[0] if len(names) == 1 else None


def _pieces(rest: str) -> Iterator[str]:
    for part in _BREAK.split(_LABEL.sub("\n", rest)):
        words = part.split()
        if is_latin(part.strip()) or all(len(word) == 1 for word in words):
            words = [part.strip()]
        yield from filter(None, words)


def _as_name(piece: str, *, longest: int) -> str | None:
    if piece in SEXES or is_sentence(piece):
        return None
    try:
        name = check_name(piece)
    except InvalidDetail:
        return None
    return name if NAME_DOT in name or is_latin(name) or len(name) <= longest else None
