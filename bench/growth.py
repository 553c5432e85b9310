"""``make growth``: measures how costs grow, prints a table, writes ``bench/growth.json``, curves and documents.

``--quick`` takes few and small points, to see that everything runs; it writes to ``bench/out`` only.
"""

import signal
import sys
from datetime import UTC, datetime
from typing import Any

from bench.growth_figures import (
    chat_figures,
    history_figures,
    hold_growth_figures,
    notice_figures,
    worker_figures,
)
from bench.growth_plots import draw_growth
from bench.machine import machine
from bench.processes import OUT, ROOT, apart
from bench.report import Figure, show, tell, write
from bench.scaling import tell_scaling

RESULTS = ROOT / "bench" / "growth.json"
DOCUMENT = ROOT / "docs" / "performance.md"
MARKS = ("<!-- growth: written by `make growth` -->", "<!-- end of growth -->")
WITHIN = 600.0
"""Seconds that a part may take; on a quiet machine none takes two minutes."""
PARTS: dict[str, tuple[tuple[object, ...], tuple[object, ...]]] = {
    "chats": ((2.0, 100_000), (0.5, 1_000)),
    "workers": ((5, 3_000), (1, 600)),
    "holds": ((3, 1_000, 1_000), (1, 200, 100)),
    "history": ((60, 1_000_000), (10, 100_000)),
    "notices": ((50_000,), (5_000,)),
}
"""What each part is told, in full and quick."""


def main() -> None:
    """Measure, show, write."""
    quick = "--quick" in sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever ends us lets us end what we started, in parts as well
        signal.signal(number, signal.default_int_handler)
    OUT.mkdir(exist_ok=True)
    facts, measured = machine(), {}
    for part, (full, short) in PARTS.items():
        print(f"{part} …", flush=True)
        measured[part] = apart(f"growth_{part}", *(short if quick else full), within=WITHIN)
    figures = _figures(measured)
    write(OUT / "growth.json" if quick else RESULTS, figures, facts, measured)
    if not quick:
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        tell(DOCUMENT, figures, facts, today, plots=draw_growth(measured), marks=MARKS)
    show(figures, facts)
    if not quick:
        try:
            tell_scaling()
        except KeyError as missing:
            print(f"docs/scaling.md is as it was: bench/results.json has no line {missing}; run make bench first")


def _figures(measured: dict[str, Any]) -> list[Figure]:
    return [
        *chat_figures(measured["chats"]),
        *hold_growth_figures(measured["holds"]),
        *history_figures(measured["history"]),
        *notice_figures(measured["notices"]),
        *worker_figures(measured["workers"]),
    ]


if __name__ == "__main__":
    main()
