"""Two answers to one notice at the same time, with controls that show the race when the protection is off (R-A14)."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from booking.actors import Actor, Role
from booking.appointments import Appointments
from booking.models import ClaimState
from booking.notices import Notice, NoticeKind
from booking.ports import ClaimFilter
from booking.staffing import StaffAccounts
from booking.stoppage_models import Scope, StopOrder
from handlers.chat import Incoming
from handlers.notices import tap_id
from storage.database import SqlDatabase
from storage.displacement_rows import SqlDisplacementRows
from storage.stoppage_rows import SqlStoppageRows
from tests.support.notice_desk import CLI, LI, Desk
from tests.support.talk import Seen, Talk, see
from tests.support.talking import dialogue_of, known, open_for_talk

POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
MEETING = 1.0
"""Seconds one waits for the other before it goes on; where a row is locked the other one cannot come."""


@pytest.fixture
async def desk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Desk:
    """An account with one patient, and a clinic with sessions tomorrow and the day after."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    return Desk(talk, database, appointments)


def let_meet(monkeypatch: pytest.MonkeyPatch, rows: type[Any], *, lock: bool) -> None:
    """Let two transactions read a row before either goes on; without the lock where a control wants that."""
    barrier, read = asyncio.Barrier(2), rows.get

    async def get(self: Any, id_: str, **given: bool) -> object:
        locks = given.get("lock", False)
        found = await read(self, id_, **({"lock": lock} if locks else {}))
        if locks:
            try:
                await asyncio.wait_for(barrier.wait(), MEETING)
            except (TimeoutError, asyncio.BrokenBarrierError):
                await barrier.reset()
        return found

    monkeypatch.setattr(rows, "get", get)


async def tap_both(desk: Desk, notice: Notice, places: tuple[int, int]) -> list[Seen]:
    """Two messages of the account at once, as when its lock was lost."""

    async def tap(place: int) -> Seen:
        incoming = Incoming(desk.talk.openid, "text", f"at once {place}", str(place), tap_id(notice.id, place))
        return see(await desk.talk.dialogue.answer(None, incoming, now=desk.talk.now))

    return list(await asyncio.gather(*map(tap, places)))


def of_two_days(notice: Notice) -> tuple[int, int]:
    """Two places whose seats lie on different days, so that no other rule keeps one patient from having both."""
    days = [offer["date"] for offer in notice.payload["offers"]]
    return 1, next(place for place, day in enumerate(days, start=1) if day != days[0])


async def booked(desk: Desk) -> int:
    """How many appointments the account has."""
    async with desk.database.read() as unit:
        return len(await unit.claims.find(ClaimFilter(openid=desk.talk.openid, states=(ClaimState.BOOKED,))))


async def test_of_two_replacements_chosen_at_once_one_is_booked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.book(f"{LI}-1000")
    notice = await desk.stop(LI)
    let_meet(monkeypatch, SqlDisplacementRows, lock=True)
    said = await tap_both(desk, notice, of_two_days(notice))
    assert await booked(desk) == 1
    assert sorted("改约成功" in seen.text for seen in said) == [False, True]
    assert sum("改约已完成" in seen.text for seen in said) == 1


@POSTGRES
async def test_control_without_the_lock_they_stand_in_each_others_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes a seat and gives back the other's: the database ends one of the two transactions."""
    await desk.book(f"{LI}-1000")
    notice = await desk.stop(LI)
    let_meet(monkeypatch, SqlDisplacementRows, lock=False)
    said = await tap_both(desk, notice, of_two_days(notice))
    assert not any("改约已完成" in seen.text for seen in said)
    assert await booked(desk) == 1


async def test_the_same_answer_twice_at_once_is_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.book(f"{LI}-1000")
    notice = await desk.stop(LI)
    let_meet(monkeypatch, SqlDisplacementRows, lock=True)
    said = await tap_both(desk, notice, (1, 1))
    assert await booked(desk) == 1
    assert said[0].text == said[1].text


async def requested(desk: Desk) -> tuple[str, list[tuple[Talk, Notice]]]:
    """A doctor's request, and two managers who read it."""
    accounts, now, managers = StaffAccounts(desk.database), desk.talk.now, []
    for name in ("甲", "乙"):
        _, code = await accounts.add(name, Role.MANAGER, by=CLI, now=now)
        await accounts.bind(code, f"o-{name}", now=now)
    doctor, _ = await accounts.add("王医生", Role.DOCTOR, "wang", by=CLI, now=now)
    order = StopOrder(Scope("doctor", "wang"), "家中有事", "ask")
    asked = await desk.stoppages.request(order, by=Actor("staff", doctor.id, "wechat"), now=now)
    for name in ("甲", "乙"):
        talk = Talk(desk.talk.dialogue, now, openid=f"o-{name}")
        managers.append((talk, await Desk(talk, desk.database, desk.appointments).deliver(NoticeKind.STOP_REQUEST)))
    return asked.id, managers


async def decide_both(desk: Desk) -> list[Seen]:
    """One manager approves while the other one refuses."""
    _, ((one, its), (other, others)) = await requested(desk)
    deciding: list[Callable[[], Any]] = [
        lambda: Desk(one, desk.database, desk.appointments).tap(its, 1),
        lambda: Desk(other, desk.database, desk.appointments).tap(others, 2),
    ]
    return list(await asyncio.gather(*(decide() for decide in deciding)))


async def test_of_two_managers_who_decide_at_once_one_is_told_that_it_was_decided(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_meet(monkeypatch, SqlStoppageRows, lock=True)
    said = await decide_both(desk)
    assert sum("已经处理过了" in seen.text for seen in said) == 1
    assert sum("已批准" in seen.text or "不批准" in seen.text for seen in said) == 1


@POSTGRES
async def test_control_without_the_lock_both_believe_they_decided(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    let_meet(monkeypatch, SqlStoppageRows, lock=False)
    said = await decide_both(desk)
    assert not any("已经处理过了" in seen.text for seen in said)
