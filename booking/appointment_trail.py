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
from booking.notices import NoticeKind, Payload, new_notice
from booking.ports import Unit
from booking.views import AppointmentView, view_of


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


async def write_booked(unit: Unit, claim: Claim, *, by: Actor, catalogue: Catalogue, now: datetime) -> None:
    """Write that a hold became an appointment."""
    await unit.audit.record(Entry(now, by, "booked", "appointment", claim.id, None, appointment_facts(claim)))
    if must_tell(NoticeKind.BOOKED, claim, by=by, catalogue=catalogue):
        view = await view_of(unit, claim)
        await _tell(unit, NoticeKind.BOOKED, view, {"visit": _visit(view)}, now=now)


async def write_moved(unit: Unit, old: Claim, new: Claim, *, by: Actor, catalogue: Catalogue, now: datetime) -> None:
    """Write that one appointment stands for another now (R-A12)."""
    after = {**appointment_facts(new), "replaces": old.number}
    await unit.audit.record(
        changed("moved", old, was=ClaimState.BOOKED, by=by, now=now, to=new.number),
        Entry(now, by, "booked", "appointment", new.id, None, after),
    )
    if must_tell(NoticeKind.CHANGED, new, by=by, catalogue=catalogue):
        before, after_it = await view_of(unit, old), await view_of(unit, new)
        payload = {"before": _visit(before), "visit": _visit(after_it)}
        await _tell(unit, NoticeKind.CHANGED, after_it, payload, now=now)


async def write_cancelled(unit: Unit, claim: Claim, *, by: Actor, catalogue: Catalogue, now: datetime) -> None:
    """Write that an appointment was cancelled (R-A13)."""
    await unit.audit.record(changed("cancelled", claim, was=ClaimState.BOOKED, by=by, now=now))
    if must_tell(NoticeKind.CANCELLED, claim, by=by, catalogue=catalogue):
        view = await view_of(unit, claim)
        await _tell(unit, NoticeKind.CANCELLED, view, {"visit": _visit(view)}, now=now)


async def write_completed(unit: Unit, claims: Iterable[Claim], *, by: Actor, now: datetime) -> None:
    """Write that appointments are over, one entry each."""
    await unit.audit.record(*(changed("completed", c, was=ClaimState.BOOKED, by=by, now=now) for c in claims))


def must_tell(kind: NoticeKind, claim: Claim, *, by: Actor, catalogue: Catalogue) -> bool:
    """Tell whether a notice is due: whoever did it themselves has read the reply and needs none.

    A template's card stays where the patient finds it again, so with one in the catalogue they get it all the same.
    """
    themselves = by.kind == "account" and by.id == claim.openid
    return not themselves or kind in catalogue.templates


async def _tell(unit: Unit, kind: NoticeKind, view: AppointmentView, payload: Payload, *, now: datetime) -> None:
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
    await unit.notices.add([notice])


def _visit(view: AppointmentView) -> dict[str, str]:
    return visit(view.claim, view.session, view.patient.details.name)
