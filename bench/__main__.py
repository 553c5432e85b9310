"""``make bench``: measures everything on this machine, prints a table, writes ``bench/results.json``.

``--quick`` takes short rounds, to see that everything runs; its figures are not kept in the documents.
"""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from bench.figures import (
    hold_figures,
    overload_figures,
    ready_figures,
    relay_figures,
    sentence_figures,
    stoppage_figures,
    turn_figures,
)
from bench.machine import machine
from bench.processes import OUT, ROOT
from bench.ready import measure_ready
from bench.report import show, tell, write
from bench.turns import measure_turns

RESULTS = ROOT / "bench" / "results.json"
DOCUMENT = ROOT / "docs" / "performance.md"
HOLDS_WITHIN = 180.0
STOPPAGES_WITHIN = 1800.0
STOPPED = (1_000, 10_000, 100_000)
RELAY_WITHIN = 180.0
SENTENCES_WITHIN = 120.0
OVERLOAD_WITHIN = 180.0


def measure_holds(kind: str, rounds: int, holds: int) -> list[dict[str, float]]:
    """Measure durable holds in a process of their own."""
    command = [sys.executable, "-m", "bench.holds", kind, str(rounds), str(holds)]
    done = subprocess.run(  # noqa: S603  # our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=HOLDS_WITHIN
    )
    measured: list[dict[str, float]] = orjson.loads(done.stdout)
    return measured


def measure_relay(rounds: int, notices: int) -> dict[str, object]:
    """Measure the relay of notices in a process of its own."""
    command = [sys.executable, "-m", "bench.relaying", str(rounds), str(notices)]
    done = subprocess.run(  # noqa: S603  # our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=RELAY_WITHIN
    )
    measured: dict[str, object] = orjson.loads(done.stdout)
    return measured


def measure_overload(seconds: float) -> dict[str, Any]:
    """Measure what is said to more than can be answered, in a process of its own."""
    command = [sys.executable, "-m", "bench.overload", str(seconds)]
    done = subprocess.run(  # noqa: S603  # our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=OVERLOAD_WITHIN
    )
    measured: dict[str, Any] = orjson.loads(done.stdout)
    return measured


def measure_sentences(rounds: int) -> dict[str, float]:
    """Measure how long sentences take to read, in a process of its own."""
    command = [sys.executable, "-m", "bench.sentences", str(rounds)]
    done = subprocess.run(  # noqa: S603  # our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=SENTENCES_WITHIN
    )
    measured: dict[str, float] = orjson.loads(done.stdout)
    return measured


def measure_stoppages(sizes: Sequence[int]) -> list[dict[str, float]]:
    """Measure stoppages of so many appointments, each in a process of its own."""
    measured = []
    for size in sizes:
        command = [sys.executable, "-m", "bench.stoppages", str(size)]
        done = subprocess.run(  # noqa: S603  # our own program
            command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=STOPPAGES_WITHIN
        )
        measured.append(orjson.loads(done.stdout))
    return measured


def main() -> None:
    """Measure, show, write."""
    quick = "--quick" in sys.argv[1:]
    OUT.mkdir(exist_ok=True)
    for log in OUT.glob("*.log"):
        log.unlink()
    facts = machine()
    print("starts …", flush=True)
    ready = measure_ready(runs=1 if quick else 5)
    print("turns …", flush=True)
    turns = measure_turns(rounds=2 if quick else 7, seconds=0.5 if quick else 3.0)
    print("overload …", flush=True)
    overload = measure_overload(2.0 if quick else 10.0)
    print("holds …", flush=True)
    rounds, each = (1, 200) if quick else (3, 1000)
    holds = {kind: measure_holds(kind, rounds, each) for kind in ("sqlite", "postgres")}
    print("relay …", flush=True)
    relay = measure_relay(rounds=1, notices=500) if quick else measure_relay(rounds=5, notices=6000)
    print("sentences …", flush=True)
    sentences = measure_sentences(2 if quick else 7)
    print("stoppages …", flush=True)
    stoppages = measure_stoppages(STOPPED[:2] if quick else STOPPED)
    figures = [
        *turn_figures(turns),
        *overload_figures(overload),
        *ready_figures(ready),
        *hold_figures(holds),
        *relay_figures(relay),
        *sentence_figures(sentences),
        *stoppage_figures(stoppages),
    ]
    measured = {"ready_seconds": ready, "turns": turns.as_json(), "holds": holds, "relay": relay}
    measured |= {"stoppages": stoppages, "overload": overload, "sentences": sentences}
    write(OUT / "quick.json" if quick else RESULTS, figures, facts, measured)
    if not quick:
        tell(DOCUMENT, figures, facts, datetime.now(UTC).strftime("%Y-%m-%d"))
    show(figures, facts)


if __name__ == "__main__":
    main()
