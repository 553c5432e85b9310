"""Pool and services against the model: thousands of steps, each judged, on a real Valkey and both databases.

The same examples each time; with ``ZHENYUE_MODEL_EXAMPLES=500`` that many new ones (``make chaos``). Each control takes
one protection away, and the machine must find what comes of it.
"""

import os
import shutil
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test
from redis.asyncio import Redis
from sqlalchemy import text, true

from booking.seats import Seats
from storage import pool as pool_module
from storage.connection import InlineConnection
from storage.database import SqlDatabase, SqlUnit
from storage.pool import RedisPool
from storage.sealing import Sealer
from storage.tables import ONE_SEAT
from tests.support import servers
from tests.support.model.judging import Violation
from tests.support.model.machine import ClinicMachine
from tests.support.model.world import InlineDatabase, Loop, World

pytestmark = pytest.mark.timeout(3600)
EXAMPLES = int(os.environ.get("ZHENYUE_MODEL_EXAMPLES", "0"))
STEPS = 50
FIXED = {"sqlite": 16, "postgres": 10}
"""Examples in ``make test``."""
SETTINGS = settings(
    stateful_step_count=STEPS,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
only_long = pytest.mark.skipif(not EXAMPLES, reason="a control of `make chaos`: set ZHENYUE_MODEL_EXAMPLES=1")
RARE = {
    "workers come a moment before a deadline",
    "the last seat kept for somebody is taken away",
    "what is another's is asked for",
    "what was chosen has ended, and is chosen again",
}
"""What the machine must come to by itself: ``test_stories.py`` has the controls."""
Machines = Callable[[], ClinicMachine]


@contextmanager
def machines(
    kind: str, template: str, valkey_url: str, folder: Path, sealer: Sealer, **parts: Any
) -> Generator[tuple[World, Loop, Machines]]:
    """Machines that share one world: connections are made once, not for each example."""
    loop = Loop()
    if kind == "sqlite":
        shutil.copy(template, folder / "model.db")
        url = f"sqlite+aiosqlite:///{folder / 'model.db'}"
    else:
        name = template.rpartition("/")[2].partition("?")[0]
        url = loop.run(servers.create_database(template, f"{name}_model", name))
    world = loop.run(World.open(url, valkey_url, sealer, **parts))
    try:
        yield world, loop, lambda: ClinicMachine(world, loop)
    finally:
        loop.run(world.close())
        if kind != "sqlite":
            loop.run(servers.drop_database(url))
        loop.close()


def test_whatever_patients_staff_workers_and_faults_do_every_promise_holds(
    database_kind: str, template: str, valkey_url: str, tmp_path: Path, sealer: Sealer
) -> None:
    with machines(database_kind, template, valkey_url, tmp_path, sealer) as (world, _, machine):
        examples = EXAMPLES or FIXED[database_kind]
        run_state_machine_as_test(
            machine, settings=settings(SETTINGS, max_examples=examples, derandomize=not EXAMPLES, print_blob=True)
        )
    assert EXAMPLES or world.visited == RARE


def script(name: str, *changes: tuple[str, str]) -> Callable[[Redis], RedisPool]:
    """Return a pool one of whose scripts lacks a protection."""
    source = (Path(pool_module.__file__).parent / "lua" / f"{name}.lua").read_text()
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)

    def make(redis: Redis) -> RedisPool:
        pool = RedisPool(redis)
        setattr(pool, f"_{name}", redis.register_script(source))
        return pool

    return make


NEVER_OPENS = script("admit", ("tonumber(ARGV[5]) < tonumber(meta[3])", "false"))
GIVES_THE_FIRST = script(
    "admit", ("local seat = redis.call('ZRANGEBYLEX'", "local seat = ARGV[1] .. '.001' or redis.call('ZRANGEBYLEX'")
)


Where = tuple[str, str, str, Path, Sealer]


def found(where: Where, *, drop: str = "", **parts: Any) -> str:
    """Return what the machine finds wrong."""
    with machines(*where, **parts) as (world, loop, machine):
        if drop:
            loop.run(_drop(world.database, drop))
        examples = settings(
            SETTINGS, max_examples=200, derandomize=True, phases=(Phase.generate,), verbosity=Verbosity.quiet
        )
        with pytest.raises(Violation) as caught:
            run_state_machine_as_test(machine, settings=examples)
    return str(caught.value)


async def _drop(database: SqlDatabase, index: str) -> None:
    async with database.begin() as unit:
        await unit.connection.execute(text(f"DROP INDEX {index}"))


@pytest.fixture
def where(sqlite_template: Path, valkey_url: str, tmp_path: Path, sealer: Sealer) -> Where:
    """What a control needs to run on."""
    return "sqlite", str(sqlite_template), valkey_url, tmp_path, sealer


def test_control_a_pool_that_does_not_look_at_the_opening_is_found(where: Where) -> None:
    assert "had to be refused by ['NotOpenYet'" in found(where, make_pool=NEVER_OPENS)


@only_long
def test_control_a_pool_that_does_not_look_for_free_seats_is_found(where: Where) -> None:
    wrongs = found(where, make_pool=GIVES_THE_FIRST)
    assert any(word in wrongs for word in ("free: SQL", "owners: SQL", "refused Busy()"))


@only_long
def test_control_without_the_index_such_a_pool_sells_a_seat_twice(where: Where) -> None:
    assert "seat live twice" in found(where, make_pool=GIVES_THE_FIRST, drop=ONE_SEAT, compares=False)


@only_long
def test_control_a_confirmation_that_does_not_look_at_the_stoppage_is_found(
    where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.claim_rows.slot_is_open", true)
    assert "HoldExpired', 'SessionClosed'" in found(where)


@only_long
def test_control_a_change_without_its_entry_and_notice_is_found(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr("booking.changes.write_cancelled", forget)
    assert "trail: " in (wrongs := found(where)) and "notices: " in wrongs


@only_long
def test_control_half_a_transaction_is_found(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def half(self: InlineDatabase) -> AsyncGenerator[SqlUnit]:
        with self.inline.connect() as connection:
            try:
                yield SqlUnit(InlineConnection(connection), self._sealer)
            finally:
                connection.commit()

    monkeypatch.setattr(InlineDatabase, "begin", half)
    assert "left something" in found(where)


@only_long
def test_control_a_reconciler_that_does_nothing_is_found(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    async def idle(self: Seats, *, now: datetime) -> list[object]:
        return []

    monkeypatch.setattr(Seats, "reconcile", idle)
    assert "after half a minute alone" in found(where)
