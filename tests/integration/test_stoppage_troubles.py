"""Stoppages when something comes between: the public, another worker, a number drawn twice, Redis away (R-A14)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

import booking.offer_writing
import booking.stoppage_work
from booking.appointments import Appointments
from booking.current import CurrentCatalogue
from booking.errors import Busy, OrdinalTaken, Unavailable
from booking.models import Claim
from booking.offering import Offers
from booking.refusals import OfferGone
from booking.staff_refusals import NothingToStop, RangePast
from booking.stoppage_models import DisplacementState, Scope, StoppageState
from booking.stoppages import Stoppages
from storage.database import SqlDatabase
from storage.offer_rows import SqlOfferRows
from storage.pool import RedisPool
from storage.stoppage_rows import SqlStoppageRows
from tests.support.clinic import add_session, open_clinic
from tests.support.stopping import MANAGER, Ward, order

TUESDAY, WEDNESDAY, THURSDAY = "wang-20261124-0900", "wang-20261125-0900", "wang-20261126-0900"
DAY = timedelta(days=1)
TUESDAY_SESSION, WEDNESDAY_SESSION = Scope("session", TUESDAY), Scope("session", WEDNESDAY)


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime) -> Ward:
    """One patient on Tuesday, two seats on Wednesday."""
    await open_clinic(database)
    await add_session(database, now + DAY, capacities=(2,))
    await add_session(database, now + 2 * DAY, capacities=(2,))
    ward = Ward.open(database, pool, appointments)
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    return ward


async def test_a_seat_that_went_since_the_plan_is_not_kept_and_a_new_plan_is_made(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_session(ward.database, now + 3 * DAY, capacities=(1,))
    await add_session(ward.database, now + 4 * DAY, capacities=(2,))
    really_write, written = booking.stoppage_work.write_offers, []

    async def taken_before(*args: object, **rest: object) -> tuple[int, list[str]]:
        written.append(args[2])
        return await really_write(*args, **rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(booking.stoppage_work, "write_offers", taken_before)
    stoppage = await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    while (await ward.stoppages.get(stoppage.id))[0].state is not StoppageState.OFFERING:
        await ward.stoppages.work(now=now)
    really_plan = booking.stoppage_work.make_plan

    async def plan_then_book(*args: object, **rest: object) -> Sequence[object]:
        planned = await really_plan(*args, **rest)  # type: ignore[arg-type]  # passed on as it came
        if not written:
            for name in ("李四", "王五"):
                await ward.book(f"{WEDNESDAY}-0900", name, now=now)
            await ward.book("wang-20261127-0900-0900", "赵六", now=now)
            await ward.book("wang-20261127-0900-0900", "孙七", now=now)
        return planned

    monkeypatch.setattr(booking.stoppage_work, "make_plan", plan_then_book)
    await ward.finish(now=now)
    assert len(written) == 1  # the second plan found nothing that may be kept
    person = (await ward.displaced())["p-张三"]
    assert (person.state, person.told) == (DisplacementState.UNOFFERED, 1)


async def test_a_number_that_is_somebodys_is_drawn_again(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    [taken] = await numbers(ward)
    drawn = iter([int(taken[6:]), *range(100, 200)])
    await add_session(ward.database, now + DAY + timedelta(hours=5), capacities=(4,))
    monkeypatch.setattr(booking.offer_writing.secrets, "randbelow", lambda _: next(drawn))
    await ward.stop(order(TUESDAY_SESSION), now=now)
    kept = await ward.kept_for((await ward.displaced())["p-张三"])
    assert kept
    assert taken not in {claim.number for claim in kept}


async def numbers(ward: Ward) -> list[str]:
    """The numbers of what is booked."""
    async with ward.database.read() as unit:
        return [claim.number for claim in await unit.claims.live(TUESDAY)]


async def test_a_choice_that_others_keep_coming_before_is_given_up(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ward.stop(order(TUESDAY_SESSION), now=now)
    [told] = await ward.notices("stopped")

    async def always_late(self: SqlOfferRows, *_: object, **__: object) -> Claim:
        raise OrdinalTaken

    with monkeypatch.context() as late:
        late.setattr(SqlOfferRows, "choose", always_late)
        with pytest.raises(Busy):
            await ward.offers.answer(told.id, 1, openid="o-张三", now=now)
    assert (await ward.offers.answer(told.id, 1, openid="o-张三", now=now)).claim


async def test_a_batch_that_others_keep_coming_before_is_an_error_in_the_end(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ward.stop(order(TUESDAY_SESSION), now=now)
    await ward.stoppages.lift("T000001", by=MANAGER, now=now)

    async def always_late(self: SqlOfferRows, *_: object, **__: object) -> None:
        raise OrdinalTaken

    with monkeypatch.context() as late:
        late.setattr(SqlOfferRows, "restore", always_late)
        with pytest.raises(Busy):
            await ward.finish(now=now)
    await ward.finish(now=now)
    assert (await ward.displaced())["p-张三"].state is DisplacementState.RESTORED


async def test_what_became_of_an_offer_that_was_stopped_too_is_told(ward: Ward, now: datetime) -> None:
    await ward.stop(order(TUESDAY_SESSION), now=now)
    [told] = await ward.notices("stopped")
    assert len(told.payload["offers"]) == 1
    await ward.stoppages.stop(order(WEDNESDAY_SESSION, "r2"), by=MANAGER, now=now)
    for expected in ("stopped", "none"):
        with pytest.raises(OfferGone) as gone:
            await ward.offers.answer(told.id, 1, openid="o-张三", now=now)
        assert gone.value.why == expected
        await ward.finish(now=now)
    assert {bool(each.payload["offers"]) for each in await ward.notices("stopped", "offer")} == {True, False}


async def test_somebody_else_at_work_is_left_alone_until_the_lease_is_over(
    ward: Ward, now: datetime, pool: RedisPool, appointments: Appointments
) -> None:
    await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    assert await ward.stoppages.work(now=now) > 0
    other = Ward.open(ward.database, pool, appointments)
    assert await other.stoppages.work(now=now + timedelta(seconds=29)) == 0
    assert await other.stoppages.work(now=now + timedelta(seconds=30)) > 0
    await other.finish(now=now + timedelta(seconds=31))
    assert await ward.stoppages.work(now=now) == 0


async def test_without_redis_everything_is_done_and_the_pools_follow_later(ward: Ward, now: datetime) -> None:
    alone = Stoppages(database=ward.database, seats=None, current=CurrentCatalogue(ward.database))
    await alone.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    while await alone.work(now=now):
        pass
    await alone.lift("T000001", by=MANAGER, now=now)
    while await alone.work(now=now):
        pass
    assert (await alone.get("T000001"))[0].state is StoppageState.LIFTED
    await ward.seats.reconcile(now=now)
    assert await ward.seats.verify(now=now) == []


async def test_whoever_counts_seats_here_hears_of_answers(ward: Ward, pool: RedisPool, now: datetime) -> None:
    heard: list[tuple[str, int, int]] = []

    def watch(slot: str, *, held: int = 0, booked: int = 0) -> None:
        heard.append((slot, held, booked))

    await add_session(ward.database, now + 3 * DAY, capacities=(2,))
    await ward.stop(order(TUESDAY_SESSION), now=now)
    current = CurrentCatalogue(ward.database)
    offers = Offers(database=ward.database, pool=pool, seats=ward.seats, current=current, watch=watch)
    person = (await ward.displaced())["p-张三"]
    await offers.choose_for(person.id, person.offers[0], by=MANAGER, now=now)
    assert heard == [(f"{THURSDAY}-0900", -1, 0), (f"{WEDNESDAY}-0900", -1, 1)]


async def test_a_request_for_nothing_is_refused_and_one_whose_time_has_passed_is_not_approved(
    ward: Ward, now: datetime
) -> None:
    with pytest.raises(NothingToStop):
        await ward.stoppages.request(order(Scope("doctor", "li"), to_at=now + DAY), by=MANAGER, now=now)
    asked = await ward.stoppages.request(order(TUESDAY_SESSION), by=MANAGER, now=now)
    with pytest.raises(RangePast):
        await ward.stoppages.approve(asked.id, by=MANAGER, now=now + 3 * DAY)


async def test_who_booked_another_time_of_the_same_session_is_not_given_the_first_back(
    ward: Ward, now: datetime
) -> None:
    session = await add_session(ward.database, now + 3 * DAY, capacities=(2, 2, 2))
    await ward.book(f"{session}-0930", "李四", now=now)
    from_at = now + 3 * DAY + timedelta(minutes=30)
    stoppage = await ward.stop(order(Scope("session", session), from_at=from_at), now=now)
    again = await ward.book(f"{session}-0900", "李四", now=now)
    await ward.stoppages.lift(stoppage, by=MANAGER, now=now)
    await ward.finish(now=now)
    assert (await ward.claim(again.id)).state == "booked"
    [told] = await ward.notices("restored")
    assert told.payload["restored"] is False


@pytest.mark.parametrize("state", [StoppageState.OFFERING, StoppageState.TELLING, StoppageState.LIFTING])
async def test_a_batch_whose_stoppage_another_worker_brought_further_does_nothing(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch, state: StoppageState
) -> None:
    stoppage = await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    if state is StoppageState.LIFTING:
        await ward.finish(now=now)
        await ward.stoppages.lift(stoppage.id, by=MANAGER, now=now)
    while (await ward.stoppages.get(stoppage.id))[0].state is not state:
        await ward.stoppages.work(now=now)
    before = await ward.displaced()

    async def gone_on(self: SqlStoppageRows, stoppage_id: str, **_: object) -> bool:
        return False

    with monkeypatch.context() as late:
        late.setattr(SqlStoppageRows, "keep", gone_on)
        assert await ward.stoppages.work(now=now) == 1
    assert await ward.displaced() == before
    await ward.finish(now=now)
    found, _ = await ward.stoppages.get(stoppage.id)
    assert found.state is (StoppageState.LIFTED if state is StoppageState.LIFTING else StoppageState.DONE)


async def test_who_still_waits_when_a_stoppage_is_lifted_has_the_visit_back(ward: Ward, now: datetime) -> None:
    """Nobody waits for ever."""
    stoppage = await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    while (await ward.stoppages.get(stoppage.id))[0].state is not StoppageState.OFFERING:
        await ward.stoppages.work(now=now)
    await ward.book(f"{WEDNESDAY}-0900", "李四", now=now)
    await ward.stoppages.lift(stoppage.id, by=MANAGER, now=now)
    await ward.finish(now=now)
    assert {person.state for person in (await ward.displaced()).values()} == {DisplacementState.RESTORED}
    assert (await ward.stoppages.get(stoppage.id))[0].state is StoppageState.LIFTED


async def until_offering(ward: Ward, now: datetime) -> None:
    """Stop Tuesday and work until replacements are looked for."""
    stoppage = await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    while (await ward.stoppages.get(stoppage.id))[0].state is not StoppageState.OFFERING:
        await ward.stoppages.work(now=now)


async def test_a_batch_that_failed_is_planned_again_and_nobody_goes_without(
    ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until_offering(ward, now)
    really_write, tries = booking.stoppage_work.write_offers, []

    async def fails_once(*args: object, **rest: object) -> tuple[int, list[str]]:
        written = await really_write(*args, **rest)  # type: ignore[arg-type]  # passed on as it came
        tries.append(written)
        if len(tries) == 1:
            raise Unavailable("database")
        return written

    monkeypatch.setattr(booking.stoppage_work, "write_offers", fails_once)
    with pytest.raises(Unavailable):
        await ward.finish(now=now)
    await ward.finish(now=now)
    assert (await ward.displaced())["p-张三"].state is DisplacementState.OFFERED
    assert [len(each.payload["offers"]) for each in await ward.notices("stopped", "offer")] == [1]


async def test_a_worker_that_stood_still_plans_anew_for_who_waits_again(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + 4 * DAY, capacities=(9,))
    await until_offering(ward, now)
    await ward.stoppages.work(now=now)  # plans, and writes all of it
    other, later = Ward.open(ward.database, ward.pool, ward.appointments), now + booking.stoppage_work.LEASE + DAY / 24
    await other.finish(now=later)
    await add_session(ward.database, now + 3 * DAY, capacities=(9,))
    kept = await other.kept_for((await other.displaced())["p-张三"])
    for session in sorted({claim.session for claim in kept}):
        await other.stoppages.stop(order(Scope("session", session), session), by=MANAGER, now=later)
    await ward.finish(now=later)
    assert (await ward.displaced())["p-张三"].state is DisplacementState.OFFERED
