"""Everything that counts, as SQL and Redis have it at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from booking.models import LIVE, Claim, ClaimKind, ClinicSession, SessionState, Slot
from booking.pool_port import PoolReading
from booking.stoppage_models import Displacement
from storage.claim_rows import claim_of
from storage.database import SqlDatabase
from storage.displacement_rows import displacement_of
from storage.notice_tables import notice
from storage.session_rows import session_of
from storage.staff_tables import audit
from storage.stoppage_tables import displacement, stoppage, stoppage_session
from storage.tables import claim, clinic_session, slot

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """A notice, as far as it matters here."""

    id: str
    kind: str
    claim: str | None
    displacement: str | None
    state: str
    openid: str | None
    created_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """All rows; ``entries`` are those of the trail as (action, entity, id), in their order."""

    claims: dict[str, Claim]
    slots: dict[str, Slot]
    sessions: dict[str, ClinicSession]
    displaced: dict[str, Displacement]
    stoppages: dict[str, tuple[str, datetime]]
    stopped: dict[tuple[str, str], str]
    notices: dict[str, Told]
    entries: tuple[tuple[str, str, str], ...]

    def without_generations(self) -> tuple[object, ...]:
        """What a refused command must leave as it was: all but the generations of pools."""
        sessions = {id_: replace(each, gen=0) for id_, each in self.sessions.items()}
        states = {id_: state for id_, (state, _) in self.stoppages.items()}
        parts = (self.claims, self.slots, sessions, self.displaced, states, self.stopped, self.notices, self.entries)
        return tuple(parts)

    def touched_since(self, before: "Snapshot") -> set[str]:
        """The sessions in which anything changed."""
        rows = {s for s, row in self.sessions.items() if before.sessions.get(s) != row}
        slots = {row.session for id_, row in self.slots.items() if before.slots.get(id_) != row}
        return rows | slots | {row.session for id_, row in self.claims.items() if before.claims.get(id_) != row}


async def look(database: SqlDatabase) -> Snapshot:
    """Read it all in one transaction."""
    async with database.read() as unit:
        run = unit.connection.execute
        claims = {row["id"]: claim_of(row) for row in (await run(select(claim))).mappings()}
        slots = {row["id"]: Slot(**row) for row in (await run(select(slot))).mappings()}
        sessions = {row["id"]: session_of(row) for row in (await run(select(clinic_session))).mappings()}
        people = {row["id"]: displacement_of(row) for row in (await run(select(displacement))).mappings()}
        orders = (await run(select(stoppage.c.id, stoppage.c.state, stoppage.c.to_at))).all()
        of_stoppages = (await run(select(stoppage_session))).mappings()
        stopped = {(row["stoppage"], row["session"]): str(row["state"]) for row in of_stoppages}
        columns = [notice.c[name] for name in Told.__dataclass_fields__]
        notices = {row["id"]: Told(**row) for row in (await run(select(*columns))).mappings()}
        trail = select(audit.c.action, audit.c.entity, audit.c.entity_id).order_by(audit.c.id)
        entries = tuple((row[0], row[1], row[2]) for row in (await run(trail)).all())
    stoppages = {row[0]: (str(row[1]), row[2]) for row in orders}
    return Snapshot(claims, slots, sessions, people, stoppages, stopped, notices, entries)


def pool_differs(seen: Snapshot, session: str, reading: PoolReading | None, *, at_rest: bool) -> list[str]:
    """Return where Redis and SQL disagree about a session: this is the model's own comparison, not the product's.

    Until the reconciler comes by, a seat given back in a stopped slot, or beyond a lowered capacity, may look free in
    Redis: SQL gives it to nobody.
    """
    row = seen.sessions[session]
    if reading is None:
        return [f"{session} is not in Redis"]
    slots = sorted((s for s in seen.slots.values() if s.session == session), key=lambda s: s.position)
    live = [c for c in seen.claims.values() if c.session == session and c.state in LIVE]
    owners = {(c.position, c.seat): c.request_id for c in live}
    seats = {(s.position, n) for s in slots if s.stoppage is None for n in range(1, s.capacity + 1)}
    free = set(reading.free) if at_rest else reading.free & seats
    main = {c.request_id: c.patient for c in live if c.kind is ClaimKind.MAIN}
    pairs: list[tuple[str, object, object]] = [
        ("generation", row.gen, reading.gen),
        ("state", SessionState(row.state), reading.state),
        ("opening", row.opens_at, reading.opens_at),
        ("owners", owners, reading.owners),
        ("free", seats - owners.keys(), free),
        ("patients", main, {o: p for o, p in reading.patients.items() if o in main}),
    ]
    return [f"{session} {name}: SQL {ours}, Redis {theirs}" for name, ours, theirs in pairs if ours != theirs]
