"""What there is in the end: read from SQL and from Redis themselves, past everything that serves."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from booking.models import LIVE, ClaimState, SessionState
from booking.stoppage_models import AT_WORK
from storage.database import SqlUnit
from storage.notice_tables import notice
from storage.staff_tables import audit
from storage.stoppage_tables import displacement, stoppage
from storage.tables import claim, clinic_session, doctor, pool_repair, slot
from tests.support.chaos.players import seat_label
from tests.support.chaos.stage import Stage, pool_of

Place = tuple[str, int]
"""A slot and one of its seats."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A claim. ``label`` is how a patient's screen calls the seat; ``ended`` when it ceased to be live."""

    id: str
    number: str
    openid: str
    session: str
    place: Place
    state: str
    label: str
    request_id: str
    began: datetime
    changed: datetime
    expires: datetime | None = None
    kind: str = "main"

    @property
    def live(self) -> bool:
        """Whether it occupies its seat."""
        return self.state in set(LIVE)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice; ``about`` is the claim, ``whose`` the displacement that it tells of."""

    id: str
    key: str
    kind: str
    state: str
    channel: str
    openid: str
    about: str
    whose: str = ""
    due: bool = True
    asks: bool = False
    attempts: int = 1
    before: str = ""
    """The claim that the one it is about stands for."""


@dataclass(frozen=True, slots=True)
class Displaced:
    """Somebody whose appointment was stopped; ``told`` is how often they were to be told of it."""

    id: str
    claim: str
    openid: str
    state: str
    chosen: str = ""
    told: int = 1


@dataclass
class Final:
    """Everything that the rules look at."""

    claims: list[Taken] = field(default_factory=list)
    capacity: dict[str, int] = field(default_factory=dict)
    """Slot → its seats."""
    stopped: set[str] = field(default_factory=set)
    """Slots that are stopped, those of stopped sessions with them."""
    notices: list[Told] = field(default_factory=list)
    trail: dict[str, list[str]] = field(default_factory=dict)
    """Claim → what the audit trail says was done to it, in this order."""
    away: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    """Claim → from when until when it was stopped, before it was restored."""
    displaced: list[Displaced] = field(default_factory=list)
    stoppages: dict[str, str] = field(default_factory=dict)
    """Stoppage → its state."""
    repairs: int = 0
    free: set[Place] = field(default_factory=set)
    """What Redis has as free."""
    owners: dict[Place, str] = field(default_factory=dict)
    """What Redis has as taken → by which request."""
    missing: set[str] = field(default_factory=set)
    """Sessions that Redis does not have, or not as SQL has them."""
    hold_seconds: float = 10.0
    clock_off: float = 0.0
    """By how many seconds the servers' clock was off at most, either way."""

    @property
    def live(self) -> list[Taken]:
        """The claims that occupy seats."""
        return [taken for taken in self.claims if taken.live]


async def read_final(stage: Stage, *, now: datetime) -> Final:
    """Read everything."""
    final = Final(hold_seconds=stage.hold_seconds, clock_off=stage.clock.most_ahead)
    async with stage.database.read() as unit:
        await _read_claims(unit, final, stage)
        await _read_words(unit, final, now)
        sessions = list((await unit.connection.execute(select(clinic_session.c.id))).scalars())
        expected = await unit.sessions.pool_seats(sessions)
        slots = {
            (row.session, row.position): row.id
            for row in await unit.connection.execute(select(slot.c.session, slot.c.position, slot.c.id))
        }
    async with stage.redis() as redis:
        pool = pool_of(redis)
        for session, seats in expected.items():
            reading = await pool.read(session)
            if reading is None or (reading.gen, reading.state) != (seats.gen, seats.state):
                final.missing.add(session)
            if reading is not None:
                final.free |= {(slots[session, position], seat) for position, seat in reading.free}
                final.owners |= {
                    (slots[session, position], seat): owner for (position, seat), owner in reading.owners.items()
                }
    return final


async def _read_claims(unit: SqlUnit, final: Final, stage: Stage) -> None:
    names = {row.code: row.name for row in await unit.connection.execute(select(doctor.c.code, doctor.c.name))}
    zone = (await unit.catalogue.load()).clinic.zone
    of = clinic_session.c
    sessions = {row.id: row for row in await unit.connection.execute(select(of.id, of.doctor, of.state))}
    for row in await unit.connection.execute(select(slot)):
        final.capacity[row.id] = row.capacity
        if row.stoppage is not None or sessions[row.session].state == SessionState.STOPPED:
            final.stopped.add(row.id)
    for row in await unit.connection.execute(select(claim).order_by(claim.c.created_at, claim.c.id)):
        start = row.starts_at.astimezone(zone)
        final.claims.append(
            Taken(
                id=row.id,
                number=row.number,
                openid=row.openid or "",
                session=row.session,
                place=(row.slot, row.seat),
                state=row.state,
                label=seat_label(names[sessions[row.session].doctor], row.date, f"{start:%H:%M}"),
                request_id=row.request_id,
                began=row.created_at,
                changed=row.updated_at,
                expires=row.expires_at,
                kind=row.kind,
            )
        )


async def _read_words(unit: SqlUnit, final: Final, now: datetime) -> None:
    final.repairs = (await unit.connection.execute(select(func.count()).select_from(pool_repair))).scalar_one()
    for row in await unit.connection.execute(select(stoppage.c.id, stoppage.c.state)):
        final.stoppages[row.id] = row.state
    for row in await unit.connection.execute(select(displacement)):
        final.displaced.append(Displaced(row.id, row.claim, row.openid or "", row.state, row.chosen or "", row.told))
    for row in await unit.connection.execute(select(notice)):
        told = Told(
            id=row.id,
            key=row.dedupe_key,
            kind=row.kind,
            state=row.state,
            channel=row.channel or "",
            openid=row.openid or "",
            about=row.claim or "",
            whose=row.displacement or "",
            due=row.due_at <= now,
            asks=bool(row.payload.get("offers")),
            attempts=row.attempts,
            before=row.payload["before"]["claim"] if row.kind == "changed" else "",
        )
        final.notices.append(told)
    entries = select(audit.c.entity_id, audit.c.action, audit.c.at).where(audit.c.entity == "appointment")
    since: dict[str, datetime] = {}
    for row in await unit.connection.execute(entries.order_by(audit.c.id)):
        final.trail.setdefault(row.entity_id, []).append(row.action)
        if row.action == "stopped":
            since[row.entity_id] = row.at
        if row.action == "restored" and row.entity_id in since:
            final.away.setdefault(row.entity_id, []).append((since.pop(row.entity_id), row.at))


def at_work(final: Final) -> list[str]:
    """Return the stoppages whose batches are not done."""
    return [name for name, state in final.stoppages.items() if state in set(AT_WORK)]


def held(final: Final) -> list[Taken]:
    """Return the holds that nobody has confirmed yet."""
    return [taken for taken in final.claims if taken.state == ClaimState.HELD]
