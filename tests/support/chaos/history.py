"""What was acknowledged to anyone, and what anybody asked for without hearing whether it was done."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Deed = Literal["hold", "book", "change", "cancel", "choose", "decline", "stop", "lift"]
_NUMBER = re.compile(r"(预约成功|改约成功)\n预约号：(\d+)")
TROUBLE = re.compile("系统繁忙|系统出了点问题|发得太快|该公众号")
SEAT = re.compile(r"医生：(\S+)[^\n]*\n日期：(\d+月\d+日)[^\n]*\n时间：(\d\d:\d\d)")
_STANDS = re.compile(r"(?:预约成功\n|改约成功\n|当前预约：[^\n]*(?:\n[^\n]*)*?\n)预约号：(\d+)")
_CANCELLED = re.compile(r"取消成功\n已取消：(\d+月\d+日)[^\n]*? (\d\d:\d\d)-\d\d:\d\d (\S+)")


@dataclass(slots=True, eq=False)
class Act:
    """Something an account asked for.

    ``about``: the number of the appointment, the id of the notice or stoppage, or which seat. ``done`` is None when no
    answer came, or one that does not say whether it was done. ``number`` is of the appointment that it led to, ``seat``
    how the one that is to be cancelled is called.
    """

    deed: Deed
    openid: str
    about: str
    sent: float
    done: bool | None = None
    number: str = ""
    seat: str = ""


@dataclass
class History:
    """Everything, as whoever was told notes it; times are of the machine's monotonic clock."""

    acts: list[Act] = field(default_factory=list)
    booked: dict[str, str] = field(default_factory=dict)
    """Number of each appointment that somebody read to be booked or changed to → the first openid that did."""
    notices: dict[str, Counter[str]] = field(default_factory=dict)
    """openid → how often each notice was read as a message of its own."""
    restored: set[str] = field(default_factory=set)
    """openid of whoever read that a visit is restored, or cannot be."""
    said: list[tuple[str, datetime]] = field(default_factory=list)
    """Number of each appointment that an answer said to stand, and when the question was sent."""
    unlike: list[str] = field(default_factory=list)
    """Redeliveries that were answered otherwise than the first time."""
    redeliveries: int = 0
    messages: int = 0
    _of: dict[str, list[Act]] = field(default_factory=lambda: defaultdict(list))

    def ask(self, deed: Deed, openid: str, about: str = "", seat: str = "") -> Act:
        """Note what is about to be asked for."""
        act = Act(deed, openid, about, time.monotonic(), seat=seat)
        self.acts.append(act)
        self._of[openid].append(act)
        return act

    def acknowledge(self, act: Act, number: str = "") -> None:
        """Note that an account has read that it was done."""
        act.done, act.number = True, number

    def hear(self, openid: str, text: str) -> None:
        """Note what an account has read, be it the answer to what it said just now or to something earlier."""
        for told in _NUMBER.finditer(text):
            if told[2] not in self.booked:
                self.booked[told[2]] = openid
                seat = SEAT.search(text, told.end())
                self._book(openid, told[2], " ".join(seat.groups()) if seat else "")
        for day, start, doctor in _CANCELLED.findall(text):
            self._cancel(openid, f"{doctor} {day} {start}")

    def answered(self, openid: str, text: str, asked_at: datetime) -> None:
        """Note the answer to what an account said at this moment, and nothing but that answer."""
        self.hear(openid, text)
        self.said += [(number, asked_at) for number in _STANDS.findall(text)]

    def _cancel(self, openid: str, seat: str) -> None:
        """The newest cancellation of the seat was answered; told twice, it was none of the seat's earlier ones."""
        asked = [act for act in self._of[openid] if act.deed == "cancel" and act.seat == seat]
        if asked:
            self.acknowledge(asked[-1])

    def _book(self, openid: str, number: str, seat: str) -> None:
        """What asked for that very seat was answered, else the choice of an offer."""
        if not self._settle(openid, lambda act: act.deed in {"book", "change"} and act.about == seat, number):
            self._settle(openid, lambda act: act.deed == "choose", number)

    def _settle(self, openid: str, is_meant: Callable[[Act], bool], number: str = "") -> bool:
        """The newest of such acts that is open is what was answered; whether there was one."""
        for act in reversed(self._of[openid]):
            if act.done is None and is_meant(act):
                self.acknowledge(act, number)
                return True
        return False

    def read_notice(self, openid: str, notice_id: str) -> None:
        """Note that a notice was read as a message of its own."""
        self.notices.setdefault(openid, Counter())[notice_id] += 1

    @property
    def acknowledged(self) -> Counter[str]:
        """How many operations of each kind were acknowledged."""
        counts: Counter[str] = Counter(act.deed for act in self.acts if act.done)
        counts["notice"] = sum(sum(read.values()) for read in self.notices.values())
        return counts
