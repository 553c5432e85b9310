"""WeChat's rules for the fields of template messages: what may stand in which, and how a value is made to fit.

Source: 订阅消息参数值内容限制说明. A field's kind is its key without the digits: ``thing1`` is a ``thing``. A value
that breaks its rule is refused with 47003.
"""

import re
from collections.abc import Mapping

TEXTS = frozenset({"department", "doctor", "title", "room", "patient", "reason", "clinic", "old_doctor", "note"})
MOMENTS = frozenset({"start", "old_start"})
VALUES = (
    *("department", "doctor", "title", "date", "start", "time", "room", "patient"),
    *("number", "fee", "reason", "clinic", "phone", "old_start", "old_doctor", "note"),
)
"""What a field may be filled with (``handlers.notices.FIELDS``)."""
_ALL = frozenset(VALUES)
_FREE = ("first", "remark", "keyword")
"""Fields of old templates, which take anything."""
FITTING: Mapping[str, frozenset[str]] = {
    "thing": _ALL,
    "const": TEXTS,
    "number": frozenset({"number", "fee"}),
    "letter": frozenset(),
    "symbol": frozenset(),
    "character_string": frozenset({"number", "phone", "time", "room"}),
    "time": MOMENTS | {"time"},
    "date": MOMENTS | {"date"},
    "amount": frozenset({"fee"}),
    "phone_number": frozenset({"phone"}),
    "car_number": frozenset(),
    "name": TEXTS - {"room", "reason", "note"},
    "phrase": TEXTS - {"patient", "room"},
} | dict.fromkeys(_FREE, _ALL)
"""Which values can fit a field of a kind at all."""
_ROOM = {"thing": 20, "const": 20, "number": 32, "character_string": 32, "phone_number": 17, "phrase": 5}
_LONGEST = 200
_NAME, _LATIN_NAME = 10, 20
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_NOT_HAN = re.compile(r"[^\u3400-\u9fff\uf900-\ufaff]")
_NOT_PRINTED = re.compile(r"[^\x20-\x7e]")
_NOT_NUMBER = re.compile(r"[^0-9.]")
_NOT_PHONE = re.compile(r"[^0-9+\-() *#]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_CLEANED: Mapping[str, re.Pattern[str]] = {
    "number": _NOT_NUMBER,
    "character_string": _NOT_PRINTED,
    "phone_number": _NOT_PHONE,
    "phrase": _NOT_HAN,
}
_ELLIPSIS = "…"
_WITH_ELLIPSIS = frozenset({"thing", "const"})


def kind_of(field: str) -> str:
    """Return a field's kind: ``character_string2`` is a ``character_string``."""
    return field.rstrip("0123456789")


def fit(field: str, value: str, *, nothing: str) -> str:
    """Return the value as the field takes it: cleaned of what it refuses, shortened; ``nothing`` when none is left."""
    kind = kind_of(field)
    text = _CONTROLS.sub(" ", value).strip()
    if kind in _CLEANED:
        text = _CLEANED[kind].sub("", text).strip()
    room = _room(kind, text)
    if len(text) > room:
        text = text[: room - 1] + _ELLIPSIS if kind in _WITH_ELLIPSIS else text[:room].strip()
    return text or ("0" if kind in {"number", "character_string", "phone_number"} else nothing)


def _room(kind: str, text: str) -> int:
    if kind == "name":
        return _NAME if _HAN.search(text) else _LATIN_NAME
    return _ROOM.get(kind, _LONGEST)
