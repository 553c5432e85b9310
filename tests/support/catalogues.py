"""Catalogues for tests: one doctor, one department, changed where a test wants."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from booking.catalogue import CatalogueValues
from booking.models import CalendarDay, Department, Doctor, Policy, Roster
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
MORNING = Roster("wang", EVERY_DAY, time(8, 30), time(11, 30), 30, 2, "203")
AFTERNOON = Roster("li", EVERY_DAY, time(14), time(16), 30, 1, "204")


def catalogue_of(
    rosters: Sequence[Roster] = (MORNING, AFTERNOON),
    *,
    calendar: Sequence[CalendarDay] = (),
    departments: Sequence[Department] = tuple(DEPARTMENTS),
    doctors: Sequence[Doctor] = tuple(DOCTORS),
    policy: Policy | None = None,
) -> CatalogueValues:
    """Return a catalogue of the tests' clinic."""
    return CatalogueValues(
        clinic=replace(CLINIC, policy=policy or CLINIC.policy),
        departments=tuple(departments),
        doctors=tuple(doctors),
        rosters=tuple(rosters),
        calendar=tuple(calendar),
    )
