"""Stopping sessions: what closes, who is displaced, what they are offered (R-A14, R-A15)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from booking.actors import Actor
from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.models import ClaimState, Roster, SessionState
from booking.publishing import Publishing
from booking.refusals import SessionClosed, SoldOut
from booking.staff_refusals import (
    AlreadyStopped,
    EmptyRange,
    NothingToStop,
    RangePast,
    ReasonMissing,
    TextTooLong,
    UnknownScope,
    UnknownStoppage,
)
from booking.stoppage_models import DisplacementState, Scope, StoppageState
from booking.stoppages import Stoppages
from storage import patient_tables
from storage.database import SqlDatabase
from storage.pool import RedisPool
from storage.staff_tables import audit
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS, add_patient, add_session, open_clinic
from tests.support.stopping import MANAGER, Ward, order

MONDAY, TUESDAY, WEDNESDAY = "wang-20261123-1000", "wang-20261124-0900", "wang-20261125-0900"
TUESDAY_SESSION = Scope("session", TUESDAY)


@pytest.fixture
async def ward(database: SqlDatabase, pool: RedisPool, appointments: Appointments) -> Ward:
    """An open clinic."""
    await open_clinic(database)
    return Ward.open(database, pool, appointments)


async def state_of(ward: Ward, session: str) -> SessionState:
    """A session's state."""
    async with ward.database.read() as unit:
        found = await unit.sessions.get(session)
    assert found is not None
    return found[0].state


async def test_a_stopped_session_takes_nobody_and_displaces_who_was_booked(ward: Ward, now: datetime) -> None:
    """R-A14."""
    await add_session(ward.database, now + timedelta(days=1))
    await add_session(ward.database, now + timedelta(days=2))
    booked = await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    stoppage = await ward.stoppages.stop(order(TUESDAY_SESSION, text="请谅解"), by=MANAGER, now=now)
    assert stoppage.id == "T000001"
    assert await state_of(ward, TUESDAY) is SessionState.STOPPED
    patient = await add_patient(ward.database, "李四", openid="o-李四", now=now)
    with pytest.raises(SessionClosed):
        await ward.appointments.hold(Wish(f"{TUESDAY}-0930", patient.id, "o-李四", "wechat", "m2"), now=now)
    await ward.finish(now=now)
    assert (await ward.claim(booked.id)).state is ClaimState.STOPPED
    person = (await ward.displaced())["p-张三"]
    assert person.state is DisplacementState.OFFERED
    kept = await ward.kept_for(person)
    assert [(claim.slot, claim.state) for claim in kept] == [
        (f"{WEDNESDAY}-0900", ClaimState.OFFERED),
        (f"{WEDNESDAY}-0930", ClaimState.OFFERED),
    ]
    [told] = await ward.notices("stopped")
    assert told.payload["reason"] == "医生生病"
    assert told.payload["text"] == "请谅解"
    assert [offer["claim"] for offer in told.payload["offers"]] == list(person.offers)
    assert told.payload["visit"]["claim"] == booked.id
    assert person.deadline == now + timedelta(hours=24) == datetime.fromisoformat(told.payload["deadline"])
    found, figures = await ward.stoppages.get(stoppage.id)
    assert found.state is StoppageState.DONE
    assert (figures.displaced, figures.notices, figures.open) == ({"offered": 1}, {"pending": 1}, 1)
    assert await ward.seats.verify(now=now) == []


async def test_a_partial_stoppage_leaves_the_rest_of_the_session(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + timedelta(days=1), capacities=(2, 2, 2, 2))
    early, late = (
        await ward.book(f"{TUESDAY}-0900", "张三", now=now),
        await ward.book(f"{TUESDAY}-1000", "李四", now=now),
    )
    await ward.stop(order(TUESDAY_SESSION, from_at=now + timedelta(days=1, hours=1)), now=now)
    assert await state_of(ward, TUESDAY) is SessionState.OPEN
    assert (await ward.claim(early.id)).state is ClaimState.BOOKED
    assert (await ward.claim(late.id)).state is ClaimState.STOPPED
    assert {claim.slot for claim in await ward.kept_for((await ward.displaced())["p-李四"])} == {f"{TUESDAY}-0930"}
    await ward.book(f"{TUESDAY}-0930", "王五", now=now)
    patient = await add_patient(ward.database, "赵六", openid="o-赵六", now=now)
    with pytest.raises(SoldOut):
        await ward.appointments.hold(Wish(f"{TUESDAY}-1000", patient.id, "o-赵六", "wechat", "m2"), now=now)
    assert await ward.seats.verify(now=now) == []


async def test_a_range_that_began_in_the_past_stops_what_is_ahead(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now - timedelta(minutes=30), capacities=(2, 2, 2))
    stoppage = await ward.stoppages.stop(
        order(Scope("doctor", "wang"), from_at=now - timedelta(days=1)), by=MANAGER, now=now
    )
    assert stoppage.from_at == now
    async with ward.database.read() as unit:
        found = await unit.sessions.get("wang-20261123-0830")
    assert found is not None
    assert [slot.stoppage for slot in found[1]] == [None, None, stoppage.id]
    assert found[0].state is SessionState.STOPPED


async def test_what_cannot_be_stopped_is_refused_and_leaves_nothing(ward: Ward, now: datetime) -> None:
    """Of the past, empty, of an unknown code, of nothing, without reason."""
    await add_session(ward.database, now + timedelta(days=1))
    day = timedelta(days=1)
    doctor = Scope("doctor", "wang")
    for wanted, error in (
        (order(Scope("doctor", "wong")), UnknownScope),
        (order(Scope("department", "dentist")), UnknownScope),
        (order(Scope("session", "nowhere")), UnknownScope),
        (order(doctor, from_at=now - 2 * day, to_at=now - day), RangePast),
        (order(doctor, from_at=now + 2 * day, to_at=now + day), EmptyRange),
        (order(doctor, from_at=now + day, to_at=now + day), EmptyRange),
        (order(doctor, to_at=now + timedelta(hours=8)), NothingToStop),
        (order(Scope("doctor", "li"), to_at=now + day), NothingToStop),
        (replace(order(doctor), reason=" "), ReasonMissing),
        (order(doctor, text="字" * 501), TextTooLong),
    ):
        with pytest.raises(error):
            await ward.stoppages.stop(wanted, by=MANAGER, now=now)
    assert await ward.stoppages.all() == []
    with pytest.raises(UnknownStoppage):
        await ward.stoppages.get("T000001")


async def test_the_same_request_finds_the_first_ones_stoppage(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + timedelta(days=1))
    first = await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now)
    assert await ward.stoppages.stop(order(TUESDAY_SESSION), by=MANAGER, now=now) == first
    with pytest.raises(AlreadyStopped) as refused:
        await ward.stoppages.stop(order(TUESDAY_SESSION, "r2"), by=MANAGER, now=now)
    assert refused.value.stoppage == first.id


async def test_what_is_handed_over_to_a_stoppage_that_just_began_forgets_nobody_of_its_own(
    ward: Ward, now: datetime
) -> None:
    await add_session(ward.database, now + timedelta(days=1))
    await add_session(ward.database, now + timedelta(days=2))
    early = await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    late = await ward.book(f"{TUESDAY}-0930", "李四", now=now)
    until = early.ends_at
    first = await ward.stoppages.stop(replace(order(TUESDAY_SESSION), to_at=until), by=MANAGER, now=now)
    await ward.finish(now=now)
    await ward.stoppages.stop(replace(order(TUESDAY_SESSION), request_id="second"), by=MANAGER, now=now)
    await ward.stoppages.lift(first.id, by=MANAGER, now=now)  # before the second has displaced anybody
    await ward.finish(now=now)
    assert (await ward.claim(late.id)).state is ClaimState.STOPPED
    assert "p-李四" in await ward.displaced()


async def test_of_two_stoppages_that_overlap_the_second_stops_the_rest(ward: Ward, now: datetime) -> None:
    """R-A15."""
    for day in (1, 2):
        await add_session(ward.database, now + timedelta(days=day))
        await add_session(ward.database, now + timedelta(days=day), doctor="li")
    await ward.stop(order(Scope("doctor", "wang")), now=now)
    second = await ward.stop(order(Scope("clinic"), "r2"), now=now)
    assert [session for session, _ in await ward.stoppages.sessions(second)] == [
        "li-20261124-0900",
        "li-20261125-0900",
    ]


async def test_closed_sessions_stay_closed(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + timedelta(days=1), state=SessionState.CLOSED)
    with pytest.raises(NothingToStop):
        await ward.stoppages.stop(order(Scope("clinic"), to_at=now + timedelta(days=1, hours=2)), by=MANAGER, now=now)
    await add_session(ward.database, now + timedelta(days=2))
    await ward.stop(order(Scope("clinic")), now=now)
    assert await state_of(ward, TUESDAY) is SessionState.CLOSED


async def test_a_preview_counts_and_changes_nothing(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + timedelta(days=1), capacities=(3,))
    await add_session(ward.database, now + timedelta(days=1, hours=4), capacities=(3,))
    await add_session(ward.database, now + timedelta(days=2), capacities=(4,))
    for name in ("张三", "李四", "王五"):
        await ward.book(f"{TUESDAY}-0900", name, now=now)
    await ward.book("wang-20261124-1300-1300", "张三", now=now)
    wanted = order(Scope("doctor", "wang"), to_at=now + timedelta(days=1, hours=8))
    seen = await ward.stoppages.preview(wanted, now=now)
    assert (seen.sessions, seen.appointments, seen.patients, seen.reachable, seen.offerable) == (2, 4, 3, 3, 2)
    assert (seen.from_at, seen.to_at) == (now, wanted.to_at)
    assert await state_of(ward, TUESDAY) is SessionState.OPEN
    assert await ward.displaced() == {}
    with pytest.raises(NothingToStop):
        await ward.stoppages.preview(order(Scope("doctor", "li"), to_at=now + timedelta(days=1)), now=now)


async def test_who_left_can_be_reached_only_where_sms_are_sent(ward: Ward, now: datetime) -> None:
    """A number known, with the account or at the desk, reaches nobody by itself."""
    await add_session(ward.database, now + timedelta(days=1), capacities=(3,))
    for name in ("张三", "李四", "王五"):
        await ward.book(f"{TUESDAY}-0900", name, now=now)
    async with ward.database.begin() as unit:
        for name in ("李四", "王五"):
            await unit.patients.follow(f"o-{name}", following=False, now=now)
        links = patient_tables.account_patient
        await unit.connection.execute(update(links).values(removed_at=now).where(links.c.patient_id == "p-王五"))
    wanted = order(TUESDAY_SESSION)
    assert (await ward.stoppages.preview(wanted, now=now)).reachable == 1
    current = CurrentCatalogue(ward.database)
    by_sms = Stoppages(database=ward.database, seats=None, current=current, sms=True)
    assert (await by_sms.preview(wanted, now=now)).reachable == 2
    people = patient_tables.patient
    async with ward.database.begin() as unit:
        await unit.connection.execute(update(people).values(mobile=b"sealed").where(people.c.id == "p-王五"))
    assert (await by_sms.preview(wanted, now=now)).reachable == 3
    assert (await ward.stoppages.preview(wanted, now=now)).reachable == 1


async def test_who_gets_nothing_is_told_so_and_is_next_in_line(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + timedelta(days=1), capacities=(2,))
    await add_session(ward.database, now + timedelta(days=2), capacities=(2,))
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.book(f"{TUESDAY}-0900", "李四", now=now + timedelta(seconds=1))
    await ward.stop(order(TUESDAY_SESSION), now=now)
    people = await ward.displaced()
    assert people["p-张三"].state is DisplacementState.OFFERED
    assert people["p-李四"].state is DisplacementState.UNOFFERED
    assert {told.openid: bool(told.payload["offers"]) for told in await ward.notices("stopped")} == {
        "o-张三": True,
        "o-李四": False,
    }
    assert await ward.offers.serve_next(now=now) == 0
    await add_session(ward.database, now + timedelta(days=3), capacities=(2,))
    assert await ward.offers.serve_next(now=now) == 1
    assert (await ward.displaced())["p-李四"].state is DisplacementState.OFFERED
    [told] = await ward.notices("offer")
    assert told.openid == "o-李四"
    assert await ward.offers.serve_next(now=now) == 0
    assert await ward.seats.verify(now=now) == []


async def displaced_without_an_offer(ward: Ward, now: datetime, *, published: int = 4) -> None:
    """张三, whose visit tomorrow is stopped while nothing else is free; then a session in so many days is published."""
    await add_session(ward.database, now + timedelta(days=1), capacities=(2,))
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stop(order(TUESDAY_SESSION), now=now)
    await add_session(ward.database, now + timedelta(days=published), capacities=(4,))


@pytest.mark.parametrize(("late", "served"), [(timedelta(0), 1), (timedelta(seconds=1), 0)])
async def test_nobody_is_offered_anything_a_week_after_the_visit_that_was_stopped(
    ward: Ward, now: datetime, late: timedelta, served: int
) -> None:
    await displaced_without_an_offer(ward, now, published=9)
    assert await ward.offers.serve_next(now=now + timedelta(days=8) + late) == served


@pytest.mark.parametrize(("doctor", "served"), [("li", 0), ("zhao", 1)])
async def test_who_booked_in_that_department_since_has_helped_themselves(
    ward: Ward, now: datetime, doctor: str, served: int
) -> None:
    await displaced_without_an_offer(ward, now)
    await add_session(ward.database, now + timedelta(days=2), doctor=doctor)
    await ward.book(f"{doctor}-20261125-0900-0900", "张三", now=now + timedelta(minutes=1))
    assert await ward.offers.serve_next(now=now + timedelta(minutes=2)) == served


async def test_who_had_another_visit_there_before_or_cancelled_what_they_booked_is_still_next_in_line(
    ward: Ward, now: datetime
) -> None:
    await add_session(ward.database, now + timedelta(days=2), doctor="li", capacities=(1, 1))
    await ward.book("li-20261125-0900-0900", "张三", now=now - timedelta(minutes=1))
    await ward.book("li-20261125-0900-0930", "李四", now=now)
    await displaced_without_an_offer(ward, now)
    await add_session(ward.database, now + timedelta(days=3), doctor="li")
    since = now + timedelta(minutes=1)
    booked = await ward.book("li-20261126-0900-0900", "张三", now=since)
    await ward.appointments.cancel(booked.id, openid="o-张三", now=since)
    assert await ward.offers.serve_next(now=since) == 1


async def test_a_second_stoppage_of_the_offered_session_brings_other_offers(ward: Ward, now: datetime) -> None:
    for day in (1, 2, 3):
        await add_session(ward.database, now + timedelta(days=day), capacities=(2,))
    await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    await ward.stop(order(TUESDAY_SESSION), now=now)
    assert len((await ward.displaced())["p-张三"].offers) == 2
    await ward.stop(order(Scope("session", WEDNESDAY), "r2"), now=now)
    one_left = (await ward.displaced())["p-张三"]
    assert one_left.state is DisplacementState.OFFERED
    await add_session(ward.database, now + timedelta(days=4), capacities=(2,))
    await ward.stop(order(Scope("session", "wang-20261126-0900"), "r3"), now=now)
    again = (await ward.displaced())["p-张三"]
    assert again.state is DisplacementState.OFFERED
    assert [claim.session for claim in await ward.kept_for(again)] == ["wang-20261127-0900"]
    assert len(await ward.notices("offer")) == 1
    assert await ward.seats.verify(now=now) == []


async def test_who_was_restored_can_be_displaced_again(ward: Ward, now: datetime) -> None:
    await add_session(ward.database, now + timedelta(days=1))
    booked = await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    first = await ward.stop(order(TUESDAY_SESSION), now=now)
    await ward.stoppages.lift(first, by=MANAGER, now=now)
    await ward.finish(now=now)
    assert (await ward.claim(booked.id)).state is ClaimState.BOOKED
    second = await ward.stop(order(TUESDAY_SESSION, "r2"), now=now)
    person = (await ward.displaced())["p-张三"]
    assert (person.stoppage, person.state) == (second, DisplacementState.UNOFFERED)
    assert len(await ward.notices("stopped")) == 2


ROSTER = Roster("wang", (0, 1, 2, 3, 4, 5, 6), time(9), time(10), 30, 2, valid_from=date(2026, 11, 1))


async def publish(ward: Ward, now: datetime) -> None:
    """Let the rosters' sessions be published."""
    async with ward.database.begin() as unit:
        await unit.catalogue.replace(CLINIC, DEPARTMENTS, DOCTORS, [ROSTER], [])
    await Publishing(ward.database, ward.seats).publish(now=now)


async def trail_of(ward: Ward, session: str) -> list[tuple[str, object]]:
    """What the audit trail says happened to a session."""
    async with ward.database.read() as unit:
        rows = await unit.connection.execute(select(audit.c.action, audit.c.after).where(audit.c.entity_id == session))
    return [(row.action, row.after) for row in rows]


async def test_what_is_published_later_inside_the_range_is_stopped_at_once(ward: Ward, now: datetime) -> None:
    await publish(ward, now)
    stoppage = await ward.stop(order(Scope("doctor", "wang"), to_at=now + timedelta(days=9)), now=now)
    assert await state_of(ward, TUESDAY) is SessionState.STOPPED
    later = now + timedelta(days=3)
    await Publishing(ward.database, ward.seats).publish(now=later)
    states = [await state_of(ward, f"wang-202612{day:02}-0900") for day in (1, 2, 3)]
    assert ("stopped", {"stoppage": stoppage}) in await trail_of(ward, "wang-20261201-0900")
    assert states == [SessionState.STOPPED, SessionState.OPEN, SessionState.OPEN]
    assert await ward.seats.verify(now=later) == []
    await ward.stoppages.lift(stoppage, by=MANAGER, now=later)
    await ward.finish(now=later)
    assert await state_of(ward, "wang-20261201-0900") is SessionState.OPEN
    await Publishing(ward.database, ward.seats).publish(now=later)
    assert await state_of(ward, "wang-20261201-0900") is SessionState.OPEN


async def test_a_lifted_session_is_not_stopped_by_publishing_it_anew(ward: Ward, now: datetime) -> None:
    await publish(ward, now)
    stoppage = await ward.stop(order(Scope("doctor", "wang")), now=now)
    await ward.stoppages.lift(stoppage, TUESDAY, by=MANAGER, now=now)
    await ward.finish(now=now)
    async with ward.database.begin() as unit:
        changed = replace(ROSTER, capacity=3)
        await unit.catalogue.replace(CLINIC, DEPARTMENTS, DOCTORS, [changed], [])
    await Publishing(ward.database, ward.seats).publish(now=now)
    assert await state_of(ward, TUESDAY) is SessionState.OPEN
    assert await state_of(ward, WEDNESDAY) is SessionState.STOPPED


async def test_what_is_given_back_is_the_doing_of_who_lifted_not_of_who_stopped(ward: Ward, now: datetime) -> None:
    """R-A16: the trail says who did it and through what."""
    await add_session(ward.database, now + timedelta(days=1))
    booked = await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    stoppage = await ward.stop(order(TUESDAY_SESSION), now=now)
    await ward.stoppages.lift(stoppage, by=Actor("cli", "root", "cli"), now=now)
    await ward.finish(now=now)
    async with ward.database.read() as unit:
        query = select(audit.c.action, audit.c.actor_kind, audit.c.actor, audit.c.channel)
        did = query.where(
            audit.c.entity_id.in_([booked.id, TUESDAY]), audit.c.action.in_(["stopped", "restored", "lifted"])
        )
        rows = {tuple(row) for row in await unit.connection.execute(did)}
    assert rows == {
        ("stopped", "staff", "manager", "wechat"),
        ("restored", "cli", "root", "cli"),
        ("lifted", "cli", "root", "cli"),
    }
