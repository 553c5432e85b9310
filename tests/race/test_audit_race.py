"""Two sealers who both saw the same end of the chain; with a control that shows it forking (R-A16)."""

import asyncio
import itertools
from datetime import datetime

import pytest
from sqlalchemy import text

from booking import audit_chain
from booking.audit import Link
from booking.audit_chain import AuditChain
from storage.audit_chain_rows import SqlChainRows
from storage.database import SqlDatabase
from tests.support.trail import write_entries

POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])


async def seal_together(database: SqlDatabase, now: datetime, patch: pytest.MonkeyPatch) -> list[int]:
    """Let two sealers take different entries and read the chain's end before either lengthens it."""
    await write_entries(database, now, count=6)
    patch.setattr(audit_chain, "BATCH", 3)
    both_have_read, really_last, looks = asyncio.Barrier(2), SqlChainRows.last, itertools.count()

    async def last(self: SqlChainRows) -> Link | None:
        found = await really_last(self)
        if next(looks) < 2:
            await both_have_read.wait()
        return found

    patch.setattr(SqlChainRows, "last", last)
    return list(await asyncio.gather(*(AuditChain(database).seal() for _ in range(2))))


@POSTGRES
async def test_two_sealers_make_one_chain(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = await seal_together(database, now, monkeypatch)
    assert sum(sealed) == 6
    verdict = await AuditChain(database).verify(now=now)
    assert (verdict.links, verdict.waiting, verdict.faults) == (6, 0, ())


@POSTGRES
async def test_control_without_the_links_key_the_chain_forks(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.begin() as unit:
        await unit.connection.execute(text("ALTER TABLE audit_chain DROP CONSTRAINT pk_audit_chain"))
    await seal_together(database, now, monkeypatch)
    assert (await AuditChain(database).verify(now=now)).faults
