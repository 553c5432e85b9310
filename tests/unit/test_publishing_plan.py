"""Which sessions a day has, when they open, and what becomes of published ones when the rosters change (R-A7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from booking.models import (
    CalendarDay,
    Catalogue,
    Clinic,
    Department,
    Doctor,
    Policy,
    Roster,
    SessionState,
)
from booking.session_plan import SessionPlan, Verdict, judge_sessions, plan_day

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
MORNING = Roster("wang", (0, 2), time(8, 30), time(11, 30), 30, 2, "203")


def catalogue(
    *, timezone: str = "Asia/Shanghai", policy: Policy | None = None, doctor: Doctor | None = None
) -> Catalogue:
    who = doctor or Doctor("wang", "王芳", "主任医师", "dental", Decimal(50))
    return Catalogue(
        clinic=Clinic("demo", "示范门诊部", "示范路1号", "010-1", timezone, policy=policy or Policy()),
        departments={"dental": Department("dental", "口腔科"), "eye": Department("eye", "眼科")},
        doctors={"wang": who, "li": Doctor("li", "李强", "医师", "eye", Decimal(30))},
        version=1,
    )


def plans(
    day: date = MONDAY,
    *calendar: CalendarDay,
    rosters: tuple[Roster, ...] = (MORNING,),
    here: Catalogue | None = None,
) -> list[SessionPlan]:
    return plan_day(here or catalogue(), rosters, calendar, day, now=NOW)


def test_a_roster_gives_a_session_with_readable_ids_and_whole_slots() -> None:
    [plan] = plans()
    assert plan.session.id == "wang-20261123-0830"
    assert [slot.id for slot in plan.slots][:2] == ["wang-20261123-0830-0830", "wang-20261123-0830-0900"]
    assert [slot.position for slot in plan.slots] == [0, 1, 2, 3, 4, 5]
    assert plan.session.starts_at == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert plan.session.ends_at == datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    assert (plan.seats, plan.session.room, plan.session.fee) == (12, "203", Decimal(50))


def test_a_day_that_is_not_the_rosters_has_no_session() -> None:
    assert plans(MONDAY + timedelta(days=1)) == []
    late = replace(MORNING, valid_from=MONDAY + timedelta(days=1))
    early = replace(MORNING, valid_to=MONDAY - timedelta(days=1))
    assert plans(rosters=(late, early)) == []
    assert len(plans(rosters=(replace(MORNING, valid_from=MONDAY, valid_to=MONDAY),))) == 1


def test_minutes_left_over_are_no_slot() -> None:
    [plan] = plans(rosters=(replace(MORNING, slot_minutes=50),))
    assert [f"{slot.starts_at:%H%M}-{slot.ends_at:%H%M}" for slot in plan.slots] == [
        "0030-0120",
        "0120-0210",
        "0210-0300",
    ]
    assert plan.session.ends_at == plan.slots[-1].ends_at


@pytest.mark.parametrize(
    ("closed", "sessions"),
    [
        (CalendarDay(MONDAY, closed=True), 0),
        (CalendarDay(MONDAY, closed=True, department="dental"), 0),
        (CalendarDay(MONDAY, closed=True, doctor="wang"), 0),
        (CalendarDay(MONDAY, closed=True, department="eye"), 1),
        (CalendarDay(MONDAY, closed=True, doctor="li"), 1),
        (CalendarDay(MONDAY + timedelta(days=1), closed=True), 1),
        (CalendarDay(MONDAY, closed=False), 1),
    ],
)
def test_a_closed_day_closes_for_whom_it_says(closed: CalendarDay, sessions: int) -> None:
    assert len(plans(MONDAY, closed)) == sessions


def test_an_extra_session_is_held_on_a_closed_day_too() -> None:
    extra = CalendarDay(MONDAY, doctor="wang", start=time(14), end=time(15), slot_minutes=30, capacity=3, room="101")
    assert [plan.session.id for plan in plans(MONDAY, CalendarDay(MONDAY, closed=True), extra)] == [
        "wang-20261123-1400"
    ]
    assert len(plans(MONDAY, extra)) == 2


def test_a_retired_doctor_has_no_sessions() -> None:
    assert plans(here=catalogue(doctor=Doctor("wang", "王芳", "", "dental", Decimal(50), active=False))) == []


def test_without_a_release_time_a_session_opens_when_published() -> None:
    assert plans()[0].session.opens_at == NOW


def test_a_release_time_opens_each_day_as_it_comes_into_the_doctors_window() -> None:
    here = catalogue(policy=Policy(advance_days=7, release_at=time(7)))
    day = MONDAY + timedelta(days=7)
    assert plans(day, here=here)[0].session.opens_at == datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert plans(MONDAY, here=here)[0].session.opens_at == datetime(2026, 11, 15, 23, 0, tzinfo=UTC)

    expert = Doctor("wang", "王芳", "", "dental", Decimal(50), advance_days=14, release_at=time(12, 30))
    later = catalogue(policy=Policy(release_at=time(7)), doctor=expert)
    assert plans(day, here=later)[0].session.opens_at == datetime(2026, 11, 16, 4, 30, tzinfo=UTC)


def test_the_hour_that_spring_skips_has_no_slots_and_the_rest_is_right() -> None:
    here = catalogue(timezone="America/New_York")
    sunday = date(2027, 3, 14)
    night = Roster("wang", (6,), time(1), time(4), 30, 1)
    [plan] = plans(sunday, rosters=(night,), here=here)
    assert [slot.id[-4:] for slot in plan.slots] == ["0100", "0130", "0300", "0330"]
    assert [f"{slot.starts_at:%H%M}" for slot in plan.slots] == ["0600", "0630", "0700", "0730"]
    assert plans(sunday, rosters=(Roster("wang", (6,), time(2), time(3), 30, 1),), here=here) == []


def test_the_hour_that_autumn_repeats_keeps_slots_apart() -> None:
    sunday = date(2026, 11, 1)
    night = Roster("wang", (6,), time(0, 30), time(3), 30, 1)
    [plan] = plans(sunday, rosters=(night,), here=catalogue(timezone="America/New_York"))
    assert len({slot.id for slot in plan.slots}) == len(plan.slots) == 5
    assert all(slot.ends_at - slot.starts_at == timedelta(minutes=30) for slot in plan.slots)
    assert all(one.ends_at <= other.starts_at for one, other in zip(plan.slots, plan.slots[1:], strict=False))


def published(plan: SessionPlan, *, claims: int = 0, state: SessionState = SessionState.OPEN) -> SessionPlan:
    return replace(plan, session=replace(plan.session, state=state), claims=claims)


def judged(planned: list[SessionPlan], existing: list[SessionPlan]) -> list[tuple[str, str]]:
    before = NOW - timedelta(hours=2)
    return [(v.action, v.subject.session.id) for v in judge_sessions(planned, existing, now=before)]


def test_what_matches_is_left_alone() -> None:
    [plan] = plans()
    assert judged([plan], [published(plan, claims=3)]) == [("existing", "wang-20261123-0830")]


@pytest.mark.parametrize(("claims", "action"), [(0, "close"), (1, "keep")])
def test_a_session_no_roster_asks_for_is_closed_unless_people_have_seats(claims: int, action: str) -> None:
    assert judged([], [published(plans()[0], claims=claims)]) == [(action, "wang-20261123-0830")]


@pytest.mark.parametrize(("claims", "action"), [(0, "revise"), (1, "keep")])
@pytest.mark.parametrize(
    "other",
    [
        replace(MORNING, capacity=3),
        replace(MORNING, slot_minutes=15),
        replace(MORNING, end=time(11)),
        replace(MORNING, room="204"),
    ],
)
def test_a_session_that_should_differ_is_rewritten_unless_people_have_seats(
    other: Roster, claims: int, action: str
) -> None:
    changed = plans(rosters=(other,))
    assert judged(changed, [published(plans()[0], claims=claims)]) == [(action, "wang-20261123-0830")]


def test_a_new_fee_leaves_published_sessions_as_they_are() -> None:
    dearer = plans(here=catalogue(doctor=Doctor("wang", "王芳", "", "dental", Decimal(80))))
    assert judged(dearer, [published(plans()[0])]) == [("existing", "wang-20261123-0830")]


def test_a_closed_session_that_is_asked_for_again_reopens_and_a_stopped_one_does_not() -> None:
    [plan] = plans()
    assert judged([plan], [published(plan, state=SessionState.CLOSED)]) == [("reopen", "wang-20261123-0830")]
    assert judged([plan], [published(plan, state=SessionState.STOPPED)]) == [("existing", "wang-20261123-0830")]
    assert judged([], [published(plan, state=SessionState.STOPPED, claims=2)]) == [("none", "wang-20261123-0830")]


def test_a_doctor_is_not_published_twice_at_once_beside_a_session_that_is_kept() -> None:
    moved = plans(rosters=(replace(MORNING, start=time(9), end=time(12)),))
    assert judged(moved, [published(plans()[0], claims=1)]) == [
        ("keep", "wang-20261123-0830"),
        ("blocked", "wang-20261123-0900"),
    ]
    assert judged(moved, [published(plans()[0])]) == [
        ("close", "wang-20261123-0830"),
        ("create", "wang-20261123-0900"),
    ]
    assert judged(moved, [published(plans()[0], state=SessionState.CLOSED)]) == [
        ("none", "wang-20261123-0830"),
        ("create", "wang-20261123-0900"),
    ]


def test_a_new_release_time_moves_only_what_has_not_opened() -> None:
    day = MONDAY + timedelta(days=7)
    seven = plans(day, here=catalogue(policy=Policy(release_at=time(10))))
    eight = plans(day, here=catalogue(policy=Policy(release_at=time(11))))
    assert judged(eight, [published(seven[0])]) == [("revise", "wang-20261130-0830")]
    opened = published(replace(seven[0], session=replace(seven[0].session, opens_at=NOW - timedelta(days=1))))
    assert judged(eight, [opened]) == [("existing", "wang-20261130-0830")]


def test_a_verdict_about_nothing_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="about a session"):
        _ = Verdict("none", None, None).subject
