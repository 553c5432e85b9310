"""Who is offered which replacement: a fair share for all displaced patients together, pure and quick (R-A14).

Everybody gets a first seat before anybody gets a second; inside a round the order is that of first booking. A seat is
the nearest in time of the same doctor, else of the same title in the department, else of the department. Each step
costs about as much as a look into a sorted list, so that a hundred thousand patients take seconds, not hours.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import floor
from typing import NamedTuple

from booking.models import Policy

MOST_OFFERS = 3
"""How many replacements one patient is offered at most."""
LEAD = timedelta(minutes=15)
"""How far ahead a replacement must start: who reads of it needs time to come."""
_HAIR = 1e-9
"""Keeps 0.29 × 100 from being 28."""


class Person(NamedTuple):
    """Somebody displaced: by what doctor's visit, when it was to begin. ``id`` is whatever the caller knows them by."""

    id: str
    patient: str
    department: str
    doctor: str
    title: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """A slot with seats that may be kept for somebody."""

    slot: str
    session: str
    position: int
    department: str
    doctor: str
    title: str
    day: date
    starts_at: datetime
    ends_at: datetime
    seats: int


@dataclass(frozen=True, slots=True)
class Busy:
    """What keeps a patient from a seat: sessions they have a visit in, when they are expected, days that are full."""

    sessions: frozenset[str] = frozenset()
    periods: tuple[tuple[datetime, datetime], ...] = ()
    full_days: frozenset[date] = frozenset()

    def blocks(self, opening: Opening) -> bool:
        """Tell whether the patient could not come then."""
        return (
            opening.session in self.sessions
            or opening.day in self.full_days
            or any(start < opening.ends_at and opening.starts_at < end for start, end in self.periods)
        )


IDLE = Busy()


def room_for_offers(free: int, offered: int, share: float) -> int:
    """Return how many more of a session's free seats may be kept; those kept already count as free."""
    return max(0, floor(share * (free + offered) + _HAIR) - offered)


def offer_deadline(starts: Iterable[datetime], policy: Policy, *, now: datetime) -> datetime:
    """Return until when offers are kept: ``offer_for``, but not past the cut-off of the earliest of them.

    An offer may start sooner than ``stop_before``; then its start is its cut-off.
    """
    earliest = min(starts)
    cut_off = earliest - policy.stop_before
    return min(now + policy.offer_for, cut_off if cut_off > now else earliest)


class _Line:
    """Openings of one kind by time, from which used-up ones are taken: the nearest left is found in a step or two."""

    def __init__(self) -> None:
        self.indexes: list[int] = []
        self._times: list[datetime] = []
        self._right: array[int] = array("l")
        self._left: array[int] = array("l")

    def add(self, index: int, starts_at: datetime) -> int:
        """Add one that starts no earlier than those there; return its place."""
        self.indexes.append(index)
        self._times.append(starts_at)
        place = len(self.indexes)
        if place == 1:
            self._right.extend((0, 1))
            self._left.append(0)
        self._right.append(place + 1)
        self._left.append(place)
        return place

    def remove(self, place: int) -> None:
        """Take one out."""
        self._right[place] = place + 1
        self._left[place] = place - 1

    def nearest(self, moment: datetime) -> Iterator[int]:
        """Yield what is left, nearest in time first, the earlier of two equally near."""
        after = self._follow(self._right, bisect_left(self._times, moment) + 1)
        before = self._follow(self._left, min(after, len(self.indexes) + 1) - 1)
        while before or after <= len(self.indexes):
            if after > len(self.indexes) or (before and self._is_nearer(before, after, moment)):
                yield self.indexes[before - 1]
                before = self._follow(self._left, before - 1)
            else:
                yield self.indexes[after - 1]
                after = self._follow(self._right, after + 1)

    def _is_nearer(self, before: int, after: int, moment: datetime) -> bool:
        return moment - self._times[before - 1] <= self._times[after - 1] - moment

    def _follow(self, links: "array[int]", place: int) -> int:
        end = place
        while 0 < end <= len(self.indexes) and links[end] != end:
            end = links[end]
        while 0 < place <= len(self.indexes) and links[place] not in {place, end}:
            links[place], place = end, links[place]
        return end


class Allocation:
    """The seats that may be kept, with what is left of them. ``rooms``: how many a session may still give."""

    def __init__(self, openings: Iterable[Opening], rooms: Mapping[str, int]) -> None:
        self.openings = sorted(openings, key=lambda opening: (opening.starts_at, opening.slot))
        self._seats = array("l", (opening.seats for opening in self.openings))
        self._rooms = dict(rooms)
        self._lines: dict[tuple[str, ...], _Line] = {}
        self._places: list[tuple[tuple[_Line, int], ...]] = []
        self._of_session: dict[str, list[int]] = {}
        self._left: dict[str, int] = {}
        for index, opening in enumerate(self.openings):
            if opening.seats > 0 and self._rooms.get(opening.session, 0) > 0:
                self._place(index, opening)
            else:
                self._places.append(())

    def _place(self, index: int, opening: Opening) -> None:
        lines = [self._lines.setdefault(key, _Line()) for key in _kinds(opening)]
        self._places.append(tuple((line, line.add(index, opening.starts_at)) for line in lines))
        self._of_session.setdefault(opening.session, []).append(index)
        self._left[opening.department] = self._left.get(opening.department, 0) + 1

    @property
    def departments(self) -> set[str]:
        """The departments in which anything is left."""
        return {department for department, count in self._left.items() if count}

    def give(self, person: Person, busy: Busy, given: Sequence[int]) -> int | None:
        """Take the seat that suits somebody best, other than those given; its index in ``openings``, None without."""
        for kind in _kinds(person):
            line = self._lines.get(kind)
            for index in line.nearest(person.starts_at) if line else ():
                if index not in given and not busy.blocks(self.openings[index]):
                    self._take(index)
                    return index
        return None

    def _take(self, index: int) -> None:
        session = self.openings[index].session
        self._seats[index] -= 1
        self._rooms[session] -= 1
        if not self._rooms[session]:
            for other in self._of_session[session]:
                self._close(other)
        elif not self._seats[index]:
            self._close(index)

    def _close(self, index: int) -> None:
        for line, place in self._places[index]:
            line.remove(place)
        if self._places[index]:
            self._left[self.openings[index].department] -= 1
        self._places[index] = ()


def _kinds(whose: Opening | Person) -> tuple[tuple[str, ...], ...]:
    department = whose.department
    return (department, "", whose.doctor), (department, whose.title), (department,)


class Rounds:
    """Gives seats round by round; only who got one is remembered for the next."""

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        self._served: list[tuple[Person, Busy, list[int]]] = []

    def first(self, people: Iterable[Person], busy: Mapping[str, Busy]) -> None:
        """Give each a first seat, in their order; ``busy`` is by patient."""
        for person in people:
            index = self.allocation.give(person, busy.get(person.patient, IDLE), ())
            if index is not None:
                self._served.append((person, busy.get(person.patient, IDLE), [index]))

    def again(self) -> Iterator[None]:
        """Give the second and third seats; pauses after each person, so that others may have their turn."""
        for had in range(1, MOST_OFFERS):
            for person, busy, given in self._served:
                if len(given) == had:
                    index = self.allocation.give(person, busy, given)
                    if index is not None:
                        given.append(index)
                yield

    def result(self) -> list[tuple[str, tuple[Opening, ...]]]:
        """Return who is offered what, in order; who is offered nothing is not in it. Forgets it all."""
        served, self._served = self._served, []
        openings = self.allocation.openings
        return [(person.id, tuple(openings[index] for index in given)) for person, _, given in served]
