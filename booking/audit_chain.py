"""The chain of the audit trail: each hash covers the link before and its row, so that no edit goes unseen (R-A16).

A background job chains what was committed, so that no transaction waits for another's entry; any number may run. The
order is the one in which rows were chained, not that of their ids: a transaction may commit long after a later one.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal

from booking.audit import AuditRow, Chained, Link
from booking.errors import ChainMoved
from booking.ports import Database, Unit

BATCH = 500
TRIES = 50
"""How often a lost race is run again; each time another sealer has chained something."""
CHAINED_WITHIN = timedelta(hours=1)
"""After which an entry that still waits is called a fault: no worker runs, or somebody keeps it out."""
GENESIS = "0" * 64
FAULTS_SHOWN = 200
_SUSPECTS = 200

FaultKind = Literal["altered", "missing", "out_of_order", "unchained", "detail_altered", "detail_missing"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the trail is broken: at which link, about which entry."""

    kind: FaultKind
    link: int | None
    entry: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. Whoever notes ``head`` elsewhere can tell later that nothing was cut off the end."""

    links: int
    head: str
    waiting: int
    """Entries that are not chained yet."""
    faults: tuple[Fault, ...]


def canonical(row: AuditRow) -> bytes:
    """Return the bytes that a hash covers: every column of an entry, in one way of writing."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    words = [row.id, at, row.actor_kind, row.actor, row.channel, row.action, row.entity, row.entity_id]
    facts = [row.before, row.after, row.detail_hash]
    return json.dumps([*words, *facts], sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def chain_hash(before: str, content: bytes) -> str:
    """Return the hash of a link."""
    return sha256(bytes.fromhex(before) + content).hexdigest()


def link_up(last: Link | None, rows: Iterable[AuditRow]) -> list[Link]:
    """Return the links of rows behind the last one."""
    seq, before = (last.seq, last.hash) if last else (0, GENESIS)
    links = []
    for row in rows:
        seq, before = seq + 1, chain_hash(before, canonical(row))
        links.append(Link(seq, row.id, before))
    return links


@dataclass(slots=True)
class Verification:
    """Judges links as they come, in their order."""

    seq: int = 0
    hash: str = GENESIS
    faults: list[Fault] = field(default_factory=list)
    _suspects: list[tuple[str, Link, bytes]] = field(default_factory=list)
    _before: list[str] = field(default_factory=list)

    def judge(self, chained: Chained) -> None:
        """Judge the next link."""
        link, row = chained.link, chained.row
        gap = link.seq != self.seq + 1
        if link.seq <= self.seq:
            self.faults.append(Fault("out_of_order", link.seq, link.audit_id))
        lost = range(self.seq + 1, min(link.seq, self.seq + 1 + FAULTS_SHOWN))
        self.faults += [Fault("missing", seq, None) for seq in lost]
        if row is None:
            self.faults.append(Fault("missing", link.seq, link.audit_id))
        elif not gap and chain_hash(self.hash, canonical(row)) != link.hash and len(self._suspects) < _SUSPECTS:
            self._suspects.append((self.hash, link, canonical(row)))
        if chained.detail in {"altered", "missing"}:
            kind: FaultKind = "detail_altered" if chained.detail == "altered" else "detail_missing"
            self.faults.append(Fault(kind, link.seq, link.audit_id))
        self.seq, self.hash = link.seq, link.hash

    def found(self) -> list[Fault]:
        """Return all faults: what does not follow its predecessor but another link was moved, the rest altered."""
        hashes = {before for before, _, _ in self._suspects} | {link.hash for _, link, _ in self._suspects}
        contents = [content for _, _, content in self._suspects]
        for before, link, content in self._suspects:
            moved = any(chain_hash(other, content) == link.hash for other in hashes)
            swapped = any(chain_hash(before, other) == link.hash for other in contents)
            self.faults.append(Fault("out_of_order" if moved or swapped else "altered", link.seq, link.audit_id))
        return sorted(self.faults, key=lambda fault: (fault.link or 0, fault.entry or 0))


class AuditChain:
    """Chains entries, and tells whether the chain is whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seal(self) -> int:
        """Chain all that is committed; return how many entries. Any number of sealers may run at once."""
        async with self._database.read() as unit:
            if not await unit.chain.is_waiting():
                return 0  # so that SQLite's one writer is not asked for nothing
        count = 0
        for _ in range(TRIES):
            try:
                sealed = await self._seal_batch()
            except ChainMoved:
                continue
            count += sealed
            if sealed < BATCH:
                break
        return count

    async def _seal_batch(self) -> int:
        async with self._database.begin() as unit:
            rows = await unit.chain.waiting(limit=BATCH)
            if rows:
                await unit.chain.append(link_up(await unit.chain.last(), rows))
            return len(rows)

    async def verify(self, *, now: datetime) -> Verdict:
        """Read the whole chain and judge it."""
        async with self._database.read() as unit:
            return await verify_in(unit, now=now)


async def verify_in(unit: Unit, *, now: datetime) -> Verdict:
    """Read the whole chain as a transaction sees it, and judge it."""
    verification = Verification()
    while True:
        batch = await unit.chain.chained(after=verification.seq, limit=BATCH)
        for chained in batch:
            verification.judge(chained)
        if len(batch) < BATCH:
            break
    waiting, lost = await unit.chain.unchained(overdue=now - CHAINED_WITHIN, limit=FAULTS_SHOWN)
    found = verification.found()
    if any(fault.kind == "detail_missing" for fault in found):
        told = await unit.chain.destroyed()
        found = [fault for fault in found if fault.kind != "detail_missing" or fault.entry not in told]
    faults = found + [Fault("unchained", None, entry) for entry in lost]
    return Verdict(verification.seq, verification.hash, waiting, tuple(faults))
