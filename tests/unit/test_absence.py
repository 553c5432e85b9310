"""Why a day has nothing to book: who left or was retired is nobody who could have been seen (R-A3)."""

from dataclasses import replace
from datetime import timedelta

from booking.absence import Absence, Why, opens_at, why_none
from booking.models import SessionState
from tests.unit.test_availability import CATALOGUE, NOW, count


def test_a_day_is_full_while_anything_in_it_takes_bookings() -> None:
    closed = replace(count(3), session=replace(count(3).session, state=SessionState.STOPPED))
    assert why_none(CATALOGUE, [closed, count(5, booked=2)], [], now=NOW) == Absence(Why.FULL)


def test_of_several_openings_the_first_is_told() -> None:
    far = [count(24 * 9), count(24 * 9, "li")]
    later = replace(far[1], session=replace(far[1].session, opens_at=NOW + timedelta(days=5)))
    first = opens_at(CATALOGUE, far[0].session)
    assert first < later.session.opens_at
    assert why_none(CATALOGUE, [far[0], later], [], now=NOW) == Absence(Why.NOT_YET, first)


def test_what_should_be_published_by_now_opens_nobody_knows_when() -> None:
    assert why_none(CATALOGUE, [], [count(48)], now=NOW) == Absence(Why.NOT_YET)
    assert why_none(CATALOGUE, [count(0.5)], [count(24 * 9)], now=NOW).why is Why.NOT_YET
    assert why_none(CATALOGUE, [], [count(-1)], now=NOW) == Absence(Why.NONE)


def test_a_single_slot_may_be_stopped() -> None:
    stopped = replace(count(3), slot=replace(count(3).slot, stoppage="s"))
    assert why_none(CATALOGUE, [stopped], [], now=NOW) == Absence(Why.STOPPED)
    assert why_none(CATALOGUE, [stopped, count(0.5)], [], now=NOW) == Absence(Why.OVER)


def test_who_works_here_no_more_and_what_is_closed_count_for_nobody() -> None:
    closed = replace(count(3), session=replace(count(3).session, state=SessionState.CLOSED))
    assert why_none(CATALOGUE, [closed, count(3, "gone"), count(3, "needle")], [], now=NOW) == Absence(Why.NONE)
