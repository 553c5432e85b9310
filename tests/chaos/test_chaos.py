"""The whole system under load while everything beside it fails; every acknowledged word is held against the end.

``make chaos MINUTES=10 DATABASE=postgres SEED=1``, or ZHENYUE_CHAOS_MINUTES, _DATABASE (``both``) and _SEED. Without
minutes it is a short form on PostgreSQL, which ``make test`` runs; there Redis is rebuilt at the end, not waited for.
"""

import os
import random
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from storage.tables import ONE_FENCE, ONE_SEAT
from tests.support.chaos.clock import library
from tests.support.chaos.faults import FAULTS
from tests.support.chaos.history import History
from tests.support.chaos.nemesis import Nemesis
from tests.support.chaos.play import Play, perform
from tests.support.chaos.stage import Stage, StageKind

MINUTES = float(os.environ.get("ZHENYUE_CHAOS_MINUTES", "0"))
SEED = int(os.environ.get("ZHENYUE_CHAOS_SEED", "1748"))
WHERE = os.environ.get("ZHENYUE_CHAOS_DATABASE") or ("both" if MINUTES else "postgres")
DATABASES = ["sqlite", "postgres"] if WHERE == "both" else [WHERE]
LONGEST = 600 + 120 * MINUTES
"""Seconds: what a fault takes is not counted into the minutes when it outlasts them."""
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(LONGEST)]


def play(kind: str) -> Play:
    """The long form, or the short one."""
    where = cast("StageKind", kind)
    if MINUTES:
        return Play(where, SEED, 60 * MINUTES, patients=80, pause=0.2, rest=(2.0, 6.0))
    return Play(
        where, SEED, 15, patients=12, pause=0.2, rest=(0.2, 0.8), hold_seconds=5, stops_every=3, left_alone=False
    )


@pytest.mark.parametrize("kind", DATABASES)
async def test_whatever_fails_what_was_acknowledged_is_there_once(kind: str, tmp_path: Path) -> None:
    if library() is None:
        print("\nclocks are not stepped: libfaketime is not installed")  # noqa: T201  # what a run did not show
    report = await perform(play(kind), tmp_path)
    print(f"\n{report}")  # noqa: T201  # what a run has shown
    assert report.violations == {}, str(report)
    assert sum(report.history.acknowledged.values()) > 0


@pytest.mark.skipif(not MINUTES, reason="a minute of its own; runs with `make chaos`")
@pytest.mark.parametrize("kind", DATABASES)
async def test_control_without_the_indexes_a_redis_rolled_back_sells_seats_twice(kind: str, tmp_path: Path) -> None:
    where = cast("StageKind", kind)
    without = Play(
        where, SEED, 30, patients=24, pause=0.1, rest=(0.5, 1.0), only=("redis rolled back",), stops_every=60,
        settled_within=15, without=(ONE_SEAT, ONE_FENCE),
    )  # fmt: skip
    report = await perform(without, tmp_path)
    assert "no_seat_is_live_twice" in report.violations, str(report)


def test_the_same_seed_makes_the_same_decisions_and_leaves_no_fault_out() -> None:
    def chosen() -> list[str]:
        has = SimpleNamespace(kind="postgres", postgres=True, valkey=True, clock=SimpleNamespace(can_step=True))
        nemesis = Nemesis(cast("Stage", has), History(), [], random.Random(SEED), (1, 2))  # noqa: S311  # no secret
        return [each.name for _ in range(80) for each in nemesis.choose()]

    assert chosen() == chosen()
    assert {each.name for each in FAULTS if not each.needs & {"sqlite", "embedded"}} <= set(chosen())
