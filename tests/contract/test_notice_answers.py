"""Which notices an account may answer, on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from booking.models import Claim, ClaimKind, ClaimState
from booking.notices import Notice, NoticeKind, NoticeState
from storage.database import SqlDatabase
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.inserts import insert
from tests.support.notices import notice


async def written(database: SqlDatabase, kind: NoticeKind, now: datetime, **given: Any) -> Notice:
    """Write a notice; its key is made of its moment."""
    state = given.pop("state", NoticeState.SENT)
    made = replace(notice(kind, now=now, **({"dedupe_key": f"{kind}:{now}"} | given)), state=state)
    async with database.begin() as unit:
        await unit.notices.add([made])
    return made


async def open_of(database: SqlDatabase, now: datetime, openid: str = "o-zhang") -> list[str]:
    """Ids of what the account may answer."""
    async with database.read() as unit:
        return [each.id for each in await unit.notices.open_of(openid, now)]


async def book(database: SqlDatabase, now: datetime) -> Claim:
    """An appointment of 张三."""
    await open_clinic(database)
    session = await add_session(database, now + timedelta(days=1))
    await add_patient(database, "张三", openid="o-zhang", now=now)
    async with database.begin() as unit:
        found = await unit.sessions.get(session)
        assert found is not None
        slot = found[1][0]
        claim = Claim(
            id="c1", session=session, slot=slot.id, position=0, seat=1, patient="p-张三", openid="o-zhang",
            kind=ClaimKind.MAIN, state=ClaimState.BOOKED, gen=1, seq=1, request_id="m1", number="1", channel="wechat",
            date=found[0].date, starts_at=slot.starts_at, ends_at=slot.ends_at, ordinal=1, expires_at=None,
            created_at=now, updated_at=now, first_booked_at=now,
        )  # fmt: skip
        await insert(unit, claim)
    return claim


async def test_open_notices_come_newest_first_and_only_the_accounts_own(database: SqlDatabase, now: datetime) -> None:
    older = await written(database, NoticeKind.STOPPED, now)
    newer = await written(database, NoticeKind.OFFER, now + timedelta(seconds=1), state=NoticeState.UNREACHABLE)
    await written(database, NoticeKind.OFFER, now, openid="o-li", dedupe_key="x")
    assert await open_of(database, now) == [newer.id, older.id]


async def test_neither_voided_nor_late_nor_answered_ones_are_open(database: SqlDatabase, now: datetime) -> None:
    await written(database, NoticeKind.STOPPED, now, state=NoticeState.VOID, dedupe_key="a")
    await written(database, NoticeKind.STOPPED, now, asks_until=now, dedupe_key="b")
    await written(database, NoticeKind.BOOKED, now, asks_until=None, dedupe_key="c")
    answered = await written(database, NoticeKind.STOPPED, now, dedupe_key="d")
    async with database.begin() as unit:
        assert await unit.notices.answered(answered.id, "1", now=now)
    assert await open_of(database, now) == []


async def test_a_reminder_is_open_while_the_visit_stands(database: SqlDatabase, now: datetime) -> None:
    claim = await book(database, now)
    reminder = await written(database, NoticeKind.REMINDER_DAY, now, claim=claim.id)
    await written(database, NoticeKind.REMINDER_SOON, now, claim=None)
    assert await open_of(database, now) == [reminder.id]
    async with database.begin() as unit:
        await unit.claims.end(claim.id, was=(ClaimState.BOOKED,), to=ClaimState.CANCELLED, now=now)
    assert await open_of(database, now) == []


async def test_the_first_answer_stays_unless_it_may_be_given_again(database: SqlDatabase, now: datetime) -> None:
    one = await written(database, NoticeKind.STOPPED, now)
    async with database.begin() as unit:
        assert await unit.notices.answered(one.id, "1", now=now)
        assert not await unit.notices.answered(one.id, "2", now=now)
        assert not await unit.notices.answered(one.id, "1", now=now, again=True)
        assert await unit.notices.answered(one.id, "2", now=now + timedelta(seconds=1), again=True)
        found = await unit.notices.get(one.id)
    assert found is not None
    assert (found.answer, found.state, found.shown) == ("2", NoticeState.ANSWERED, True)
    assert found.answered_at == now + timedelta(seconds=1)


async def test_the_watermark_is_the_newest_change_of_what_may_be_answered(database: SqlDatabase, now: datetime) -> None:
    async with database.read() as unit:
        assert await unit.notices.newest_asking() is None
    one = await written(database, NoticeKind.STOPPED, now)
    await written(database, NoticeKind.BOOKED, now + timedelta(hours=1), asks_until=None)
    async with database.begin() as unit:
        assert await unit.notices.newest_asking() == now
        await unit.notices.shown([one.id], now=now + timedelta(minutes=1))
        await unit.notices.shown([one.id], now=now + timedelta(minutes=2))
        assert await unit.notices.newest_asking() == now + timedelta(minutes=1)
        await unit.notices.answered(one.id, "0", now=now)
        assert await unit.notices.newest_asking() is None
