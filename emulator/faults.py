"""Faults that can be ordered: what goes wrong, for whom, and how often."""

import itertools
from dataclasses import dataclass, field
from typing import Literal

from emulator.shapes import Json

FaultKind = Literal[
    "delay",
    "drop_answer",
    "duplicate",
    "replay",
    "reorder",
    "bad_signature",
    "api_error",
    "api_html",
    "api_delay",
    "api_timeout",
    "api_disconnect",
]
API_KINDS: tuple[FaultKind, ...] = ("api_error", "api_html", "api_delay", "api_timeout", "api_disconnect")
_numbers = itertools.count(1)


@dataclass
class Fault:
    """One fault on order.

    `times` is how often it still strikes (None: until removed). `openid`, `path` and `what` narrow it down:
    `path` is a part of an API address (`template/send`), `what` of a delivery's kind (`text`, `event CLICK`).
    `seconds` belongs to delays, duplicates, time-outs and the longest wait of a reordering. `after` lets the
    API act first and only then fail: the ambiguous case.
    """

    kind: FaultKind
    times: int | None = 1
    openid: str = ""
    path: str = ""
    what: str = ""
    seconds: float = 0.0
    errcode: int = -1
    errmsg: str = ""
    after: bool = False
    id: int = field(default_factory=lambda: next(_numbers))

    def as_json(self) -> Json:
        """The fault as the control interface shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "times": self.times,
            "openid": self.openid,
            "path": self.path,
            "what": self.what,
            "seconds": self.seconds,
            "errcode": self.errcode,
            "errmsg": self.errmsg,
            "after": self.after,
        }


class Faults:
    """The faults on order, oldest first."""

    def __init__(self) -> None:
        """Start with none."""
        self._waiting: list[Fault] = []

    def __iter__(self) -> "itertools.chain[Fault]":
        """Every fault that will still strike."""
        return itertools.chain(self._waiting)

    def order(self, fault: Fault) -> Fault:
        """Let a fault strike from now on."""
        self._waiting.append(fault)
        return fault

    def remove(self, number: int) -> bool:
        """Take a fault back; False when there is none of that number."""
        kept = [fault for fault in self._waiting if fault.id != number]
        removed = len(kept) < len(self._waiting)
        self._waiting = kept
        return removed

    def clear(self) -> None:
        """Take every fault back."""
        self._waiting.clear()

    def take(self, *kinds: FaultKind, openid: str = "", path: str = "", what: str = "") -> Fault | None:
        """The oldest matching fault, counted as having struck."""
        for fault in self._waiting:
            if fault.kind in kinds and _concerns(fault, openid=openid, path=path, what=what):
                self._strike(fault)
                return fault
        return None

    def _strike(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._waiting.remove(fault)


def _concerns(fault: Fault, *, openid: str, path: str, what: str) -> bool:
    return (not fault.openid or fault.openid == openid) and fault.path in path and fault.what in what
