"""``make bench``: measures everything on this machine, prints a table, writes ``bench/results.json``.

``--quick`` takes short rounds, to see that everything runs; its figures are not kept in the documents.
"""

import signal
import sys
from datetime import UTC, datetime

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
from bench.processes import OUT, ROOT, apart
from bench.ready import measure_ready
from bench.report import show, tell, write
from bench.result_plots import draw_results
from bench.rush_figures import choosing_figures, rush_figures, sold_out_figures
from bench.turns import measure_turns

RESULTS = ROOT / "bench" / "results.json"
DOCUMENT = ROOT / "docs" / "performance.md"
HOLDS_WITHIN = 180.0
STOPPAGES_WITHIN = 1800.0
STOPPED = (1_000, 10_000, 100_000)
RELAY_WITHIN = 180.0
SENTENCES_WITHIN = 120.0
OVERLOAD_WITHIN = 180.0
CHOOSING_WITHIN = 240.0
RUSH_WITHIN = 300.0


def main() -> None:
    """Measure, show, write."""
    quick = "--quick" in sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever ends us lets us end what we started, in parts as well
        signal.signal(number, signal.default_int_handler)
    OUT.mkdir(exist_ok=True)
    for log in OUT.glob("*.log"):
        log.unlink()
    facts = machine()
    print("starts …", flush=True)
    ready = measure_ready(runs=1 if quick else 5)
    print("turns …", flush=True)
    turns = measure_turns(rounds=2 if quick else 7, seconds=0.5 if quick else 3.0)
    print("overload …", flush=True)
    overload = apart("overload", 2.0 if quick else 10.0, within=OVERLOAD_WITHIN)
    print("rush …", flush=True)
    choosing = apart("choosing", *((1, 250) if quick else (5, 1000)), within=CHOOSING_WITHIN)
    rush = apart("rush", *((1, 400, 0.5) if quick else (2, 5000, 3.0)), within=RUSH_WITHIN)
    print("holds …", flush=True)
    rounds, each = (1, 200) if quick else (3, 1000)
    holds = {kind: apart("holds", kind, rounds, each, within=HOLDS_WITHIN) for kind in ("sqlite", "postgres")}
    print("relay …", flush=True)
    relay = apart("relaying", *((1, 500) if quick else (5, 6000)), within=RELAY_WITHIN)
    print("sentences …", flush=True)
    sentences = apart("sentences", 2 if quick else 7, within=SENTENCES_WITHIN)
    print("stoppages …", flush=True)
    stoppages = [apart("stoppages", size, within=STOPPAGES_WITHIN) for size in (STOPPED[:2] if quick else STOPPED)]
    figures = [
        *turn_figures(turns),
        *choosing_figures(choosing),
        *rush_figures(rush["rushes"]),
        *sold_out_figures(rush["sold_out"]),
        *overload_figures(overload),
        *ready_figures(ready),
        *hold_figures(holds),
        *relay_figures(relay),
        *sentence_figures(sentences),
        *stoppage_figures(stoppages),
    ]
    measured = {"ready_seconds": ready, "turns": turns.as_json(), "holds": holds, "relay": relay}
    measured |= {"stoppages": stoppages, "overload": overload, "sentences": sentences}
    measured |= {"choosing": choosing, "rush": rush}
    write(OUT / "quick.json" if quick else RESULTS, figures, facts, measured)
    if not quick:
        plots = draw_results(turns, rush["sold_out"], choosing, holds["postgres"])
        tell(DOCUMENT, figures, facts, datetime.now(UTC).strftime("%Y-%m-%d"), plots=plots)
    show(figures, facts)


if __name__ == "__main__":
    main()
