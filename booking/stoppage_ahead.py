"""A stoppage that meets no session: in force for what will be published, or refused (R-A15)."""

from datetime import datetime, time, timedelta

from booking.models import Catalogue
from booking.ports import Unit
from booking.staff_refusals import AlreadyStopped, NothingToStop
from booking.stoppage_models import Scope
from booking.stoppage_scope import Range


async def check_ahead(
    unit: Unit, catalogue: Catalogue, scope: Scope, when: Range, *, now: datetime, but: str | None = None
) -> None:
    """Allow a range that meets no session when it goes beyond what is published; ``but`` is the stoppage itself.

    Raises ``NothingToStop``, or ``AlreadyStopped`` when another stoppage does all that this one would.
    """
    department = _department_of(catalogue, scope)
    ahead = scope.kind != "session" and await _goes_beyond(unit, catalogue, department, when)
    if ahead:
        wider = {scope, Scope("clinic"), Scope("department", department or "")}
        for each in await unit.stoppages.in_force(now):
            lasts = each.from_at <= when.from_at and each.to_at >= when.to_at
            if each.id != but and each.scope in wider and lasts:
                raise AlreadyStopped(each.id)
        return
    by = await unit.stoppages.stopped_by(scope, when.from_at, when.to_at, now=now)
    named = sorted(each for each in by if each is not None)
    raise AlreadyStopped(named[0]) if named else NothingToStop(when.from_at, when.to_at)


async def _goes_beyond(unit: Unit, catalogue: Catalogue, department: str | None, when: Range) -> bool:
    """Tell whether a range ends later than the last day published of a department, or of the clinic."""
    last = await unit.reach.last_day(department)
    if last is None:
        return True
    return when.to_at > datetime.combine(last + timedelta(days=1), time(), catalogue.clinic.zone)


def _department_of(catalogue: Catalogue, scope: Scope) -> str | None:
    if scope.kind == "doctor" and scope.code in catalogue.doctors:
        return catalogue.doctors[scope.code].department
    return scope.code if scope.kind == "department" else None
