"""What stays in writing when an appointment comes about or ends: the audit trail, and the notice to its patient.

Both are written in the transaction of their cause (R-A8, R-A16).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from booking.actors import Actor
from booking.audit import Entry, Facts
from booking.models import Catalogue, Claim, ClaimState
from booking.notice_payloads import visit
from booking.notices import NoticeKind, Payload, new_notice, unless_in_reply
from booking.ports import Unit
from booking.views import AppointmentView, view_of, views_of


def appointment_facts(claim: Claim) -> Facts:
    """Return what the audit trail says of an appointment; nothing that tells who the patient is."""
    return {
        "number": claim.number,
        "state": str(claim.state),
        "patient": claim.patient,
        "session": claim.session,
        "slot": claim.slot,
        "seat": claim.seat,
        "start": claim.starts_at.isoformat(),
        "channel": claim.channel,
    }


def changed(action: str, now_is: Claim, *, was: ClaimState, by: Actor, now: datetime, **more: str) -> Entry:
    """Return the entry of an appointment whose state changed; ``more`` stands beside what it is now."""
    before = appointment_facts(replace(now_is, state=was))
    return Entry(now, by, action, "appointment", now_is.id, before, {**appointment_facts(now_is), **more})


async def write_booked(unit: Unit, claim: Claim, *, by: Actor, catalogue: Catalogue, now: datetime) -> AppointmentView:
    """Write that a hold became an appointment, and return it as it is shown."""
    await unit.audit.record(Entry(now, by, "booked", "appointment", claim.id, None, appointment_facts(claim)))
    view = await view_of(unit, claim)
    await _tell(unit, NoticeKind.BOOKED, view, {"visit": _visit(view)}, by=by, catalogue=catalogue, now=now)
    return view


async def write_moved(unit: Unit, old: Claim, new: Claim, *, by: Actor, catalogue: Catalogue, now: datetime) -> None:
    """Write that one appointment stands for another now (R-A12)."""
    after = {**appointment_facts(new), "replaces": old.number}
    await unit.audit.record(
        changed("moved", old, was=ClaimState.BOOKED, by=by, now=now, to=new.number),
        Entry(now, by, "booked", "appointment", new.id, None, after),
    )
    before, after_it = await views_of(unit, [old, new])
    payload = {"before": _visit(before), "visit": _visit(after_it)}
    await _tell(unit, NoticeKind.CHANGED, after_it, payload, by=by, catalogue=catalogue, now=now)


async def write_cancelled(unit: Unit, claim: Claim, *, by: Actor, catalogue: Catalogue, now: datetime) -> None:
    """Write that an appointment was cancelled (R-A13)."""
    await unit.audit.record(changed("cancelled", claim, was=ClaimState.BOOKED, by=by, now=now))
    view = await view_of(unit, claim)
    await _tell(unit, NoticeKind.CANCELLED, view, {"visit": _visit(view)}, by=by, catalogue=catalogue, now=now)


async def write_completed(unit: Unit, claims: Iterable[Claim], *, by: Actor, now: datetime) -> None:
    """Write that appointments are over, one entry each."""
    await unit.audit.record(*(changed("completed", c, was=ClaimState.BOOKED, by=by, now=now) for c in claims))


async def _tell(
    unit: Unit,
    kind: NoticeKind,
    view: AppointmentView,
    payload: Payload,
    *,
    by: Actor,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    claim = view.claim
    notice = new_notice(
        kind,
        dedupe_key=f"{kind}:{claim.id}",
        payload=payload,
        now=now,
        openid=claim.openid,
        patient=claim.patient,
        claim=claim.id,
        visit_at=claim.starts_at,
    )
    await unit.notices.add([unless_in_reply(notice, by=by, catalogue=catalogue, now=now)])


def _visit(view: AppointmentView) -> dict[str, str]:
    return visit(view.claim, view.session, view.patient.details.name)
