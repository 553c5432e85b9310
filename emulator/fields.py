"""The platform's rules for the fields of template and subscription messages.

Source: 订阅消息参数值内容限制说明. A field's kind is its key without the digits: `thing1` is a `thing`.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from emulator.texts import CURRENCIES, DAY, MONTH, YEAR, YUAN

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DATE = (
    rf"(\d{{4}}{YEAR}(1[0-2]|0?[1-9]){MONTH}([12]\d|3[01]|0?[1-9]){DAY}"
    r"|\d{4}[-/.](1[0-2]|0?[1-9])[-/.]([12]\d|3[01]|0?[1-9]))"
)
_TIME = rf"({_DATE}\s?)?{_CLOCK}"
_DAY = rf"{_DATE}(\s?{_CLOCK})?"


def _span(moment: str) -> str:
    return rf"{moment}(\s?[~～]\s?{moment})?"


def _pattern(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression)
    return lambda value: compiled.fullmatch(value) is not None


def _at_most(length: int) -> Callable[[str], bool]:
    return lambda value: len(value) <= length


def _name(value: str) -> bool:
    return len(value) <= (10 if re.search(f"[{_HAN}]", value) else 20)


RULES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "thing": (_at_most(20), "at most 20 characters"),
    "const": (_at_most(20), "at most 20 characters, one of the template's values"),
    "number": (_pattern(r"-?(?=.{1,32}$)\d+(\.\d+)?"), "at most 32 digits, a decimal point allowed"),
    "letter": (_pattern(r"[A-Za-z]{1,32}"), "at most 32 letters"),
    "symbol": (_pattern(rf"[^\w\s{_HAN}]{{1,5}}"), "at most 5 symbols"),
    "character_string": (_pattern(r"[\x20-\x7e]{1,32}"), "at most 32 digits, letters or symbols, no Chinese"),
    "time": (_pattern(_span(_TIME)), "15:01 or a date with it, 24 hours, spans with ~"),
    "date": (_pattern(_span(_DAY)), "a date with year, month and day, a 24-hour time allowed, spans with ~"),
    "amount": (
        _pattern(rf"[{CURRENCIES}]?\d{{1,10}}(\.\d+)?{YUAN}?"),
        "a currency sign and at most 10 digits, a decimal point allowed",
    ),
    "phone_number": (_pattern(r"[0-9+\-() *#]{1,17}"), "at most 17 digits and symbols"),
    "car_number": (
        _pattern(rf"[{_HAN}A-Za-z0-9][A-Za-z0-9]{{1,6}}[{_HAN}A-Za-z0-9]"),
        "at most 8 characters",
    ),
    "name": (_name, "at most 10 characters with Chinese, or 20 without"),
    "phrase": (_pattern(rf"[{_HAN}]{{1,5}}"), "at most 5 Chinese characters and nothing else"),
}
_CONTROL = re.compile(r"[\x00-\x1f]")


def kind_of(key: str) -> str:
    """The kind of a field: `character_string2` is a `character_string`."""
    return key.rstrip("0123456789")


def broken_rule(key: str, value: str, *, options: Sequence[str] = ()) -> str:
    """The rule that a value breaks, or an empty string.

    Kinds without a rule of their own (`keyword1`, `first`, `remark` of old templates) only may not be empty.
    """
    if not value.strip():
        return "a value that is not empty"
    if options and value not in options:
        return "one of " + ", ".join(options)
    accepts, rule = RULES.get(kind_of(key), (_at_most(200), "at most 200 characters"))
    if kind_of(key) in RULES and _CONTROL.search(value):
        return rule + ", on one line"
    return "" if accepts(value) else rule
