"""What every database must refuse and do for claims, on SQLite and PostgreSQL (design: the unique indexes)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from booking.errors import NumberTaken, OrdinalTaken, RepeatedRequest, SeatTaken, StaleFence, ZhenyueError
from booking.models import Claim, ClaimKind, ClaimState, SessionState
from booking.ports import ClaimFilter, SlotFilter
from booking.refusals import AlreadyInSession, SessionClosed
from storage.database import SqlDatabase
from tests.support.clinic import add_patient, add_session, open_clinic
from tests.support.inserts import insert


@dataclass
class Book:
    """The database with a claim in it, and a second one that would be fine."""

    database: SqlDatabase
    now: datetime
    first: Claim
    second: Claim

    async def insert(self, claim: Claim) -> None:
        """Write a claim in a transaction of its own."""
        async with self.database.begin() as unit:
            await insert(unit, claim)

    async def end(self, claim: Claim, to: ClaimState = ClaimState.CANCELLED) -> Claim | None:
        """Take a claim out of the living."""
        async with self.database.begin() as unit:
            return await unit.claims.end(claim.id, was=(ClaimState.HELD, ClaimState.BOOKED), to=to, now=self.now)


@pytest.fixture
async def book(database: SqlDatabase, now: datetime) -> Book:
    """Two patients, a session of two seats a slot, and the first patient's hold."""
    await open_clinic(database)
    session = await add_session(database, now + timedelta(days=1))
    for name in ("张三", "李四"):
        await add_patient(database, name, openid="o1", now=now)
    async with database.read() as unit:
        found = await unit.sessions.get(session)
    assert found is not None
    slot = found[1][0]
    first = Claim(
        id="c1", session=session, slot=slot.id, position=0, seat=1, patient="p-张三", openid="o1",
        kind=ClaimKind.MAIN, state=ClaimState.HELD, gen=1, seq=1, request_id="m1", number="1", channel="wechat",
        date=found[0].date, starts_at=slot.starts_at, ends_at=slot.ends_at, ordinal=1,
        expires_at=now + timedelta(minutes=5), created_at=now, updated_at=now,
        first_booked_at=now,
    )  # fmt: skip
    second = replace(first, id="c2", seat=2, seq=2, request_id="m2", number="2", patient="p-李四")
    book = Book(database, now, first, second)
    await book.insert(first)
    return book


async def test_what_was_written_is_read_as_it_was(book: Book) -> None:
    async with book.database.read() as unit:
        assert await unit.claims.get("c1") == book.first
        assert await unit.claims.by_request(book.first.session, "m1") == book.first
        assert await unit.claims.get("c2") is None


async def test_another_seat_for_another_patient_is_fine(book: Book) -> None:
    await book.insert(book.second)
    async with book.database.read() as unit:
        assert [claim.id for claim in await unit.claims.live(book.first.session)] == ["c1", "c2"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"seat": 1}, SeatTaken),
        ({"patient": "p-张三", "ordinal": 2}, AlreadyInSession),
        ({"seq": 1}, StaleFence),
        ({"gen": 2}, StaleFence),
        ({"request_id": "m1"}, RepeatedRequest),
        ({"number": "1"}, NumberTaken),
    ],
)
async def test_what_would_be_twice_is_refused(
    book: Book, changes: dict[str, object], refusal: type[ZhenyueError]
) -> None:
    with pytest.raises(refusal):
        await book.insert(replace(book.second, **changes))  # type: ignore[arg-type]  # the case's own fields


async def test_a_patients_place_of_the_day_is_taken_in_any_session(book: Book) -> None:
    other = await add_session(book.database, book.now + timedelta(days=1), doctor="li")
    claim = replace(book.second, session=other, slot=f"{other}-0900", patient="p-张三")
    with pytest.raises(OrdinalTaken):
        await book.insert(claim)


@pytest.mark.parametrize("state", [SessionState.CLOSED, SessionState.STOPPED])
async def test_a_session_that_is_not_open_takes_no_claim_and_confirms_none(book: Book, state: SessionState) -> None:
    async with book.database.begin() as unit:
        await unit.sessions.set_state(book.first.session, state)
    with pytest.raises(SessionClosed):
        await book.insert(book.second)
    async with book.database.begin() as unit:
        assert await unit.claims.confirm("c1", openid="o1", now=book.now) is None


async def test_an_ended_claim_frees_seat_place_and_session_but_not_its_request(book: Book) -> None:
    ended = await book.end(book.first)
    assert ended is not None
    assert ended.state is ClaimState.CANCELLED
    await book.insert(replace(book.second, seat=1, patient="p-张三"))
    with pytest.raises(RepeatedRequest):
        await book.insert(replace(book.second, id="c3", seat=2, seq=3, number="3", request_id="m1"))


async def test_ending_twice_ends_once_and_leaves_one_repair(book: Book) -> None:
    assert await book.end(book.first) is not None
    assert await book.end(book.first) is None
    async with book.database.begin() as unit:
        repairs = await unit.claims.repairs(limit=10)
        assert [(r.session, r.owner) for r in repairs] == [(book.first.session, "m1")]
        await unit.claims.repaired([repairs[0].id])
    async with book.database.read() as unit:
        assert await unit.claims.repairs(limit=10) == []


async def test_a_hold_is_confirmed_by_its_account_before_its_deadline_only(book: Book) -> None:
    deadline = book.now + timedelta(minutes=5)
    async with book.database.begin() as unit:
        assert await unit.claims.confirm("c1", openid="o2", now=book.now) is None
        assert await unit.claims.confirm("c1", openid="o1", now=deadline) is None
        booked = await unit.claims.confirm("c1", openid="o1", now=deadline - timedelta(milliseconds=1))
        assert booked is not None
        assert (booked.state, booked.expires_at) == (ClaimState.BOOKED, None)
        assert await unit.claims.confirm("c1", openid="o1", now=book.now) is None


async def test_holds_expire_at_their_deadline_in_bounded_batches(book: Book) -> None:
    await book.insert(book.second)
    deadline = book.now + timedelta(minutes=5)
    async with book.database.begin() as unit:
        assert await unit.claims.expire(deadline - timedelta(milliseconds=1), limit=10) == []
        assert len(await unit.claims.expire(deadline, limit=1)) == 1
        assert len(await unit.claims.expire(deadline, limit=10)) == 1
        assert len(await unit.claims.repairs(limit=10)) == 2
        assert await unit.claims.live(book.first.session) == []


async def test_a_booked_appointment_never_expires(book: Book) -> None:
    async with book.database.begin() as unit:
        await unit.claims.confirm("c1", openid="o1", now=book.now)
        assert await unit.claims.expire(book.now + timedelta(days=1), limit=10) == []


async def test_seats_are_counted_by_what_became_of_them(book: Book) -> None:
    await book.insert(book.second)
    async with book.database.begin() as unit:
        await unit.claims.confirm("c2", openid="o1", now=book.now)
    async with book.database.read() as unit:
        first, later = await unit.sessions.slots(SlotFilter(session=book.first.session))
    assert (first.booked, first.held, first.free) == (1, 1, 0)
    assert (later.booked, later.held, later.free) == (0, 0, 2)


async def test_claims_are_found_by_account_day_number_and_state(book: Book) -> None:
    async with book.database.read() as unit:
        for wanted in (
            ClaimFilter(openid="o1", states=(ClaimState.HELD,)),
            ClaimFilter(day=book.first.date, patient="p-张三"),
            ClaimFilter(number="1", ends_after=book.now),
        ):
            assert [claim.id for claim in await unit.claims.find(wanted)] == ["c1"]
        for wanted in (ClaimFilter(openid="o2"), ClaimFilter(ends_before=book.now), ClaimFilter(states=())):
            assert await unit.claims.find(wanted) == []


async def test_a_failed_transaction_leaves_nothing(book: Book) -> None:
    async def fail_after_writing() -> None:
        async with book.database.begin() as unit:
            await insert(unit, book.second)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_writing()
    async with book.database.read() as unit:
        assert await unit.claims.get("c2") is None


async def test_slots_are_filtered_and_ordered(book: Book) -> None:
    await add_session(book.database, book.now + timedelta(days=2), doctor="zhao")
    day = book.first.date
    async with book.database.read() as unit:
        every = await unit.sessions.slots(SlotFilter())
        assert [count.slot.starts_at for count in every] == sorted(count.slot.starts_at for count in every)
        assert len(every) == 4
        assert len(await unit.sessions.slots(SlotFilter(first_day=day, last_day=day))) == 2
        assert len(await unit.sessions.slots(SlotFilter(department="eye"))) == 2
        assert len(await unit.sessions.slots(SlotFilter(doctor="wang", slot=book.first.slot))) == 1


async def booked(book: Book) -> Claim:
    """Confirm the first claim."""
    async with book.database.begin() as unit:
        claim = await unit.claims.confirm("c1", openid="o1", now=book.now)
    assert claim is not None
    return claim


async def test_an_appointment_is_withdrawn_once_by_its_account_and_in_time(book: Book) -> None:
    """R-A12, R-A13."""
    claim = await booked(book)

    async def withdraw(**changes: object) -> Claim | None:
        wanted = {"openid": "o1", "starts_from": claim.starts_at, "to": ClaimState.CANCELLED, "now": book.now} | changes
        async with book.database.begin() as unit:
            return await unit.claims.withdraw("c1", **wanted)  # type: ignore[arg-type]  # the case's own fields

    assert await withdraw(openid="o2") is None
    assert await withdraw(starts_from=claim.starts_at + timedelta(seconds=1)) is None
    ended = await withdraw()
    assert ended == replace(claim, state=ClaimState.CANCELLED)
    assert await withdraw() is None
    async with book.database.read() as unit:
        repairs = await unit.claims.repairs(limit=10)
    assert [(repair.session, repair.owner) for repair in repairs] == [(claim.session, "m1")]


async def test_a_replacement_is_promoted_once_the_old_claim_is_gone(book: Book) -> None:
    """R-A12: beside the main claim of its patient it may be held, not booked."""
    claim = await booked(book)
    beside = replace(book.second, patient=claim.patient, kind=ClaimKind.REPLACEMENT, ordinal=None)
    await book.insert(beside)

    async def promote(openid: str = "o1", **changes: object) -> Claim | None:
        wanted = {"ordinal": 2, "first_booked_at": claim.first_booked_at, "now": book.now} | changes
        async with book.database.begin() as unit:
            return await unit.claims.promote("c2", openid=openid, **wanted)  # type: ignore[arg-type]  # likewise

    with pytest.raises(AlreadyInSession):
        await promote()
    await book.end(claim, ClaimState.MOVED)
    assert await promote("o2") is None
    assert await promote(now=book.now + timedelta(minutes=5)) is None
    async with book.database.begin() as unit:
        assert await unit.claims.confirm("c2", openid="o1", now=book.now) is None
    promoted = await promote()
    assert promoted is not None
    assert (promoted.kind, promoted.state, promoted.ordinal) == (ClaimKind.MAIN, ClaimState.BOOKED, 2)
    assert await promote() is None
