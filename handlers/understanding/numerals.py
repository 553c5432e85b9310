"""Numbers up to 99 as they are written: 3, 三, 两, 十五, 二十五, 廿五."""

NUMBER = r"(?:\d{1,2}|[二三四五六七八九]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[零〇一二两三四五六七八九])"
"""The pattern of a number that ``numeral`` reads."""
_DIGITS = "零一二三四五六七八九"


def _all() -> dict[str, int]:
    found = {str(value): value for value in range(100)} | {f"{value:02}": value for value in range(10)}
    for value in range(100):
        tens, ones = divmod(value, 10)
        end = _DIGITS[ones] if ones else ""
        if not tens:
            found[_DIGITS[ones]] = value
        else:
            found[("" if tens == 1 else _DIGITS[tens]) + "十" + end] = value
        if tens == 2:  # noqa: PLR2004  # 廿
            found["廿" + end] = value
    return found | {"〇": 0, "两": 2}


_NUMERALS = _all()


def numeral(said: str) -> int:
    """Return the number; what ``NUMBER`` does not match is -1."""
    return _NUMERALS.get(said, -1)
