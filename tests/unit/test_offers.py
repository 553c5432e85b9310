"""The fair share: everybody's first seat before anybody's second, in order of first booking (R-A14)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.models import Policy
from booking.offers import (
    MOST_OFFERS,
    Allocation,
    Busy,
    Opening,
    Person,
    Rounds,
    offer_deadline,
    room_for_offers,
)

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DOCTORS = {
    "wang": ("dental", "chief"),
    "li": ("dental", "chief"),
    "sun": ("dental", "junior"),
    "zhao": ("eye", "chief"),
}


def opening(name: str, *, doctor: str = "wang", hours: float = 24, seats: int = 1, session: str = "") -> Opening:
    """A slot of half an hour that begins so many hours from now."""
    starts_at = START + timedelta(hours=hours)
    department, title = DOCTORS[doctor]
    return Opening(
        name,
        session or name,
        0,
        department,
        doctor,
        title,
        starts_at.date(),
        starts_at,
        starts_at + timedelta(minutes=30),
        seats,
    )


def person(name: str, *, doctor: str = "wang", hours: float = 24) -> Person:
    """Somebody whose visit was to begin so many hours from now."""
    department, title = DOCTORS[doctor]
    return Person(name, f"p-{name}", department, doctor, title, START + timedelta(hours=hours))


def allocate(
    people: Iterable[Person], openings: Iterable[Opening], rooms: Mapping[str, int], busy: Mapping[str, Busy]
) -> dict[str, tuple[Opening, ...]]:
    """What each of these people, in order of first booking, is offered."""
    rounds = Rounds(Allocation(openings, rooms))
    rounds.first(people, busy)
    for _ in rounds.again():
        pass
    return dict(rounds.result())


def given_to(
    people: Sequence[Person], openings: Sequence[Opening], *, room: int = 99, busy: dict[str, Busy] | None = None
) -> dict[str, list[str]]:
    """The names of the slots that each is offered."""
    rooms = {each.session: room for each in openings}
    return {who: [each.slot for each in kept] for who, kept in allocate(people, openings, rooms, busy or {}).items()}


def test_the_same_doctor_comes_first_then_the_same_title_then_the_department() -> None:
    openings = [
        opening("junior", doctor="sun", hours=24),
        opening("colleague", doctor="li", hours=24),
        opening("own", hours=72),
        opening("elsewhere", doctor="zhao", hours=24),
    ]
    assert given_to([person("a")], openings) == {"a": ["own", "colleague", "junior"]}


def test_the_nearest_in_time_comes_first_and_the_earlier_of_two_equally_near() -> None:
    openings = [opening(f"{hours}", hours=hours) for hours in (20, 23, 25, 29)]
    assert given_to([person("a")], openings) == {"a": ["23", "25", "20"]}


def test_everybody_gets_a_first_before_anybody_gets_a_second() -> None:
    openings = [opening("one", seats=2), opening("two", hours=26, seats=2), opening("three", hours=28)]
    people = [person(name) for name in "abcd"]
    assert given_to(people, openings) == {"a": ["one", "three"], "b": ["one"], "c": ["two"], "d": ["two"]}


def test_when_seats_run_short_who_booked_first_is_served() -> None:
    assert given_to([person(name) for name in "abc"], [opening("one", seats=2)]) == {"a": ["one"], "b": ["one"]}


def test_a_session_gives_no_more_than_its_share() -> None:
    openings = [opening("one", seats=5, session="s"), opening("two", hours=26, seats=5, session="s")]
    assert given_to([person(name) for name in "abc"], openings, room=2) == {"a": ["one"], "b": ["one"]}


@pytest.mark.parametrize(
    "busy",
    [
        Busy(sessions=frozenset({"one"})),
        Busy(periods=((START + timedelta(hours=24, minutes=20), START + timedelta(hours=25)),)),
        Busy(full_days=frozenset({(START + timedelta(hours=24)).date()})),
    ],
)
def test_nobody_is_offered_when_they_cannot_come(busy: Busy) -> None:
    openings = [opening("one"), opening("later", hours=72)]
    assert given_to([person("a")], openings, busy={"p-a": busy}) == {"a": ["later"]}


@pytest.mark.parametrize(
    ("free", "kept", "share", "room"),
    [(10, 0, 0.5, 5), (5, 5, 0.5, 0), (1, 0, 0.5, 0), (100, 0, 0.29, 29), (4, 8, 0.5, 0)],
)
def test_the_share_counts_what_is_kept_already(free: int, kept: int, share: float, room: int) -> None:
    assert room_for_offers(free, kept, share) == room


@pytest.mark.parametrize(
    ("starts", "hours"),
    [((48, 72), 24), ((10, 48), 9), ((0.5, 48), 0.5)],
    ids=["a day", "the cut-off of the earliest", "its start where the cut-off is past"],
)
def test_offers_are_kept_a_day_and_not_past_the_cut_off(starts: tuple[float, ...], hours: float) -> None:
    moments = [START + timedelta(hours=each) for each in starts]
    assert offer_deadline(moments, Policy(), now=START) == START + timedelta(hours=hours)


_openings = st.lists(
    st.tuples(st.sampled_from(sorted(DOCTORS)), st.integers(1, 60), st.integers(0, 3), st.integers(0, 5)), max_size=12
)
_people = st.lists(st.tuples(st.sampled_from(sorted(DOCTORS)), st.integers(1, 60)), max_size=12)


@given(_openings, _people, st.integers(0, 4))
def test_whatever_there_is_is_given_once_fairly_and_to_the_full(
    slots: list[tuple[str, int, int, int]], wanted: list[tuple[str, int]], room: int
) -> None:
    openings = [
        opening(f"{n}", doctor=doctor, hours=hours, seats=seats, session=f"{doctor}-{session}")
        for n, (doctor, hours, seats, session) in enumerate(slots)
    ]
    people = [person(f"{n}", doctor=doctor, hours=hours) for n, (doctor, hours) in enumerate(wanted)]
    rooms = {each.session: room for each in openings}
    given_out = allocate(people, openings, rooms, {})
    by_slot = Counter(each.slot for kept in given_out.values() for each in kept)
    by_session = Counter(each.session for kept in given_out.values() for each in kept)
    assert all(by_slot[each.slot] <= each.seats for each in openings)
    assert all(count <= rooms[session] for session, count in by_session.items())
    for who in people:
        kept = given_out.get(who.id, ())
        assert len({each.slot for each in kept}) == len(kept) <= MOST_OFFERS
        assert {each.department for each in kept} <= {who.department}
    for department in {each.department for each in people}:
        counts = [len(given_out.get(who.id, ())) for who in people if who.department == department]
        assert counts == sorted(counts, reverse=True) or max(counts) - min(counts) <= MOST_OFFERS
        firsts = [bool(count) for count in counts]
        assert firsts == sorted(firsts, reverse=True)  # who booked first is never the one without
        if not all(firsts):
            assert max(counts, default=0) <= 1  # nobody has two while another has none
            left = [e for e in openings if e.department == department and by_slot[e.slot] < e.seats]
            assert all(by_session[each.session] >= rooms[each.session] for each in left)


def test_what_is_given_is_counted_down_by_department() -> None:
    rounds = Rounds(Allocation([opening("one"), opening("two", doctor="zhao")], {"one": 1, "two": 1}))
    assert rounds.allocation.departments == {"dental", "eye"}
    rounds.first([person("a")], {})
    assert rounds.allocation.departments == {"eye"}
    assert [who for who, _ in rounds.result()] == ["a"]
    assert rounds.result() == []  # it forgets
