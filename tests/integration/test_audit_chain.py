"""The audit trail's chain: whole, it verifies; whatever is altered, taken out or moved is found and named (R-A16)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from booking.audit_chain import AuditChain, Verdict
from booking.errors import ChainMoved
from storage.audit_chain_rows import SqlChainRows
from storage.database import SqlDatabase
from storage.sealing import Sealer
from storage.staff_tables import audit, audit_chain
from tests.conftest import SECRET
from tests.support.trail import tamper, write_entries

POSTGRES = pytest.mark.parametrize("database_kind", [pytest.param("postgres", marks=pytest.mark.postgres)])
NEW_SECRET = b"fedcba9876543210fedcba9876543210"


@pytest.fixture
async def chain(database: SqlDatabase, now: datetime) -> AuditChain:
    """Six entries, chained."""
    await write_entries(database, now)
    chain = AuditChain(database)
    assert await chain.seal() == 6
    return chain


def faults(verdict: Verdict) -> list[tuple[str, int | None, int | None]]:
    return [(fault.kind, fault.link, fault.entry) for fault in verdict.faults]


async def test_a_whole_chain_verifies_and_nothing_is_chained_twice(chain: AuditChain, now: datetime) -> None:
    verdict = await chain.verify(now=now)
    assert (verdict.links, verdict.waiting, verdict.faults) == (6, 0, ())
    assert await chain.seal() == 0
    assert await chain.verify(now=now) == verdict


async def test_a_long_trail_is_chained_and_read_in_batches(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.audit_chain.BATCH", 3)
    await write_entries(database, now)
    assert await AuditChain(database).seal() == 6
    verdict = await AuditChain(database).verify(now=now)
    assert (verdict.links, verdict.faults) == (6, ())


async def test_whoever_seals_after_another_reads_anew_and_gives_up_in_the_end(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moved(self: SqlChainRows, links: object) -> None:
        raise ChainMoved

    await write_entries(database, now)
    with monkeypatch.context() as beaten:
        beaten.setattr(SqlChainRows, "append", moved)
        assert await AuditChain(database).seal() == 0
    assert await AuditChain(database).seal() == 6


async def test_an_empty_trail_is_whole(database: SqlDatabase, now: datetime) -> None:
    assert (await AuditChain(database).verify(now=now)).faults == ()
    assert await AuditChain(database).seal() == 0


@pytest.mark.parametrize(
    "change",
    [
        "at = '2020-01-01 00:00:00.000000'",
        "actor_kind = 'cli'",
        "actor = 'nobody'",
        "channel = 'wechat'",
        "action = 'cancelled'",
        "entity = 'patient'",
        "entity_id = 'c9'",
        "before = '{\"n\": 7}'",
        "after = NULL",
        "detail_hash = 'ab'",
    ],
)
async def test_an_entry_whose_column_was_altered_is_named(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime, change: str
) -> None:
    await tamper(database, database_url, [f"UPDATE audit SET {change} WHERE id = 3"])  # noqa: S608  # a test's own words
    found = faults(await chain.verify(now=now))
    assert ("altered", 3, 3) in found
    assert {entry for _, _, entry in found} == {3}


async def test_an_entry_taken_out_is_missed(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime
) -> None:
    await tamper(database, database_url, ["DELETE FROM audit WHERE id = 3"])
    assert faults(await chain.verify(now=now)) == [("missing", 3, 3)]


async def test_a_link_taken_out_is_missed_and_so_is_its_entrys(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime
) -> None:
    await tamper(database, database_url, ["DELETE FROM audit_chain WHERE seq = 3"])
    assert faults(await chain.verify(now=now)) == [("missing", 3, None), ("unchained", None, 3)]


async def test_an_entry_taken_out_with_its_link_and_the_gap_closed_is_seen(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime
) -> None:
    closing = [f"UPDATE audit_chain SET seq = {seq - 1} WHERE seq = {seq}" for seq in (4, 5, 6)]  # noqa: S608  # likewise
    taking = ["DELETE FROM audit_detail WHERE audit_id = 3", "DELETE FROM audit_chain WHERE seq = 3"]
    await tamper(database, database_url, [*taking, "DELETE FROM audit WHERE id = 3", *closing])
    assert faults(await chain.verify(now=now)) == [("altered", 3, 4)]


@pytest.mark.parametrize(
    "swap",
    [
        ["UPDATE audit_chain SET seq = 99 WHERE seq = 3", "UPDATE audit_chain SET seq = 3 WHERE seq = 4",
         "UPDATE audit_chain SET seq = 4 WHERE seq = 99"],
        ["UPDATE audit_chain SET audit_id = 99 WHERE seq = 3", "UPDATE audit_chain SET audit_id = 3 WHERE seq = 4",
         "UPDATE audit_chain SET audit_id = 4 WHERE seq = 3"],
    ],
    ids=["links", "entries"],
)  # fmt: skip
async def test_what_was_put_in_another_order_is_named_as_such(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime, swap: list[str]
) -> None:
    await tamper(database, database_url, swap)
    found = faults(await chain.verify(now=now))
    assert {kind for kind, _, _ in found} == {"out_of_order"}
    assert {3, 4} <= {entry for _, _, entry in found}


async def test_a_link_whose_hash_was_altered_is_seen(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime
) -> None:
    await tamper(database, database_url, [f"UPDATE audit_chain SET hash = '{'ab' * 32}' WHERE seq = 6"])  # noqa: S608  # likewise
    assert faults(await chain.verify(now=now)) == [("altered", 6, 6)]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("DELETE FROM audit_detail WHERE audit_id = 4", "detail_missing"),
        ("UPDATE audit_detail SET sealed = (SELECT sealed FROM audit_detail WHERE audit_id = 2) WHERE audit_id = 4",
         "detail_altered"),
    ],
)  # fmt: skip
async def test_the_sealed_part_of_an_entry_is_covered_too(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime, change: str, kind: str
) -> None:
    await tamper(database, database_url, [change])
    assert faults(await chain.verify(now=now)) == [(kind, 4, 4)]


async def test_an_entry_that_nobody_will_chain_is_named_at_once(
    chain: AuditChain, database: SqlDatabase, database_url: str, now: datetime
) -> None:
    await write_entries(database, now, count=1)
    assert (await chain.verify(now=now)).faults == ()
    await tamper(database, database_url, ["DELETE FROM audit_queue"])
    assert faults(await chain.verify(now=now)) == [("unchained", None, 7)]


async def test_an_entry_that_waits_too_long_is_named(chain: AuditChain, database: SqlDatabase, now: datetime) -> None:
    await write_entries(database, now, count=1)
    assert (await chain.verify(now=now)).waiting == 1
    assert faults(await chain.verify(now=now + timedelta(hours=2))) == [("unchained", None, 7)]
    await chain.seal()
    assert (await chain.verify(now=now + timedelta(hours=2))).faults == ()


@POSTGRES
async def test_an_entry_that_is_committed_late_is_chained_behind_later_ones(
    database: SqlDatabase, now: datetime
) -> None:
    chain = AuditChain(database)
    async with database.begin() as slow:
        await slow.connection.execute(text("SELECT nextval('audit_id_seq')"))  # its id is drawn, and it takes its time
        await write_entries(database, now, count=2)
        assert await chain.seal() == 2
        await slow.connection.execute(
            text(
                "INSERT INTO audit (id, at, actor_kind, actor, channel, action, entity, entity_id)"
                " VALUES (1, now(), 'cli', 'root', 'cli', 'late', 'session', 's')"
            )
        )
    assert await chain.seal() == 1
    async with database.read() as unit:
        order = [chained.link.audit_id for chained in await unit.chain.chained(after=0, limit=9)]
    assert order == [2, 3, 1]
    assert (await chain.verify(now=now)).faults == ()


@pytest.mark.parametrize("table", [audit, audit_chain], ids=["audit", "chain"])
@pytest.mark.parametrize("deed", [delete, update])
async def test_neither_entries_nor_links_can_be_edited(
    chain: AuditChain, database: SqlDatabase, now: datetime, table: object, deed: object
) -> None:
    statement = deed(table)  # type: ignore[operator]  # either of SQLAlchemy's two functions
    if deed is update:
        statement = statement.values(hash="ab") if table is audit_chain else statement.values(actor="nobody")
    with pytest.raises(IntegrityError, match="append-only"):
        async with database.begin() as unit:
            await unit.connection.execute(statement)
    assert (await chain.verify(now=now)).faults == ()


async def test_sealed_parts_move_to_a_new_key_and_the_chain_stays_whole(
    chain: AuditChain, database_url: str, now: datetime
) -> None:
    rotating = SqlDatabase.open(database_url, Sealer(NEW_SECRET, [SECRET]))
    async with rotating.begin() as unit:
        assert [await unit.patients.reseal(limit=2) for _ in range(3)] == [2, 1, 0]
    await rotating.close()
    rotated = SqlDatabase.open(database_url, Sealer(NEW_SECRET))
    assert (await AuditChain(rotated).verify(now=now)).faults == ()
    await rotated.close()
    with_the_old_key = [kind for kind, _, _ in faults(await chain.verify(now=now))]
    assert with_the_old_key == ["detail_altered"] * 3
