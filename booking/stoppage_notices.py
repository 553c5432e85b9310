"""What displaced patients are told: made of the visit that was stopped and of what is kept for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.models import Claim, ClinicSession
from booking.notice_payloads import visit
from booking.notices import Notice, NoticeKind, new_notice
from booking.ports import Unit
from booking.stoppage_models import Displacement, Stoppage

ANSWERED_LATE = timedelta(days=7)
"""How long after its deadline an offer's answer still gets an explanation."""


@dataclass(frozen=True, slots=True)
class Told:
    """What notices to these displaced patients are made of: their visits, sessions by id, patients' names by id."""

    claims: Mapping[str, Claim]
    sessions: Mapping[str, ClinicSession]
    names: Mapping[str, str]

    @classmethod
    async def read(cls, unit: Unit, displaced: Sequence[Displacement], offers: Sequence[Claim] = ()) -> "Told":
        """Read it, in a statement for each thing."""
        claims = await unit.offers.get([each.claim for each in displaced])
        wanted = {claim.session for claim in claims.values()} | {offer.session for offer in offers}
        sessions = await unit.offers.sessions(sorted(wanted))
        return cls(claims, sessions, await unit.patients.names(sorted({each.patient for each in displaced})))

    def visit(self, claim: Claim) -> dict[str, str]:
        """Return a visit as payloads hold it."""
        return visit(claim, self.sessions[claim.session], self.names[claim.patient])


def stopped_notice(
    displaced: Displacement, stoppage: Stoppage, offers: Sequence[Claim], told: Told, *, now: datetime
) -> Notice:
    """Tell of the stoppage and what is kept for the patient; of the latter alone when the first is known already."""
    kind = NoticeKind.OFFER if offers and displaced.told > 1 else NoticeKind.STOPPED
    own, deadline = told.claims[displaced.claim], displaced.deadline
    return new_notice(
        kind,
        dedupe_key=f"{kind}:{displaced.id}:{stoppage.id}:{displaced.told}",
        payload={
            "visit": told.visit(own),
            "reason": stoppage.reason,
            "text": stoppage.text,
            "offers": [told.visit(offer) for offer in offers],
            "deadline": deadline and deadline.isoformat(),
        },
        now=now,
        openid=displaced.openid,
        patient=displaced.patient,
        claim=displaced.claim,
        stoppage=displaced.stoppage,
        displacement=displaced.id,
        visit_at=own.starts_at,
        asks_until=deadline and deadline + ANSWERED_LATE,
    )


def restored_notice(
    displaced: Displacement, stoppage: Stoppage, told: Told, *, restored: bool, now: datetime
) -> Notice:
    """Tell that the session is held again, and whether the appointment stands again."""
    own = told.claims[displaced.claim]
    return new_notice(
        NoticeKind.RESTORED,
        dedupe_key=f"{NoticeKind.RESTORED}:{displaced.id}:{stoppage.id}",
        payload={"visit": told.visit(own), "restored": restored},
        now=now,
        openid=displaced.openid,
        patient=displaced.patient,
        claim=displaced.claim,
        stoppage=displaced.stoppage,
        displacement=displaced.id,
        visit_at=own.starts_at,
    )


def reopened_notice(displaced: Displacement, told: Told, chosen: Claim | None, *, now: datetime) -> Notice:
    """Tell who chose otherwise that the session is held again; ``chosen``: what they are booked for instead.

    They are told once, however often the session is stopped and held again afterwards.
    """
    own = told.claims[displaced.claim]
    return new_notice(
        NoticeKind.REOPENED,
        dedupe_key=f"{NoticeKind.REOPENED}:{displaced.id}",
        payload={"visit": told.visit(own), "instead": chosen and told.visit(chosen)},
        now=now,
        openid=displaced.openid,
        patient=displaced.patient,
        claim=displaced.claim,
        stoppage=displaced.stoppage,
        displacement=displaced.id,
        visit_at=own.starts_at,
        void_after=own.starts_at,
    )


def rebooked_notice(displaced: Displacement, old: Claim, new: Claim, told: Told, *, now: datetime) -> Notice:
    """Confirm what was chosen."""
    return new_notice(
        NoticeKind.CHANGED,
        dedupe_key=f"{NoticeKind.CHANGED}:{new.id}",
        payload={"before": told.visit(old), "visit": told.visit(new)},
        now=now,
        openid=displaced.openid,
        patient=displaced.patient,
        claim=new.id,
        stoppage=displaced.stoppage,
        displacement=displaced.id,
        visit_at=new.starts_at,
    )
