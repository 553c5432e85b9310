"""From what was measured to figures with goals (issues 2, 4 and 5)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from bench.report import Figure
from bench.turns import BARE, MEMORY_AT, Turns

TURN_GOAL = 0.25
HOLD_GOAL = 0.3
READY_GOAL = 3.0
RELAY_GOAL = 0.5
PACE_GOAL = 0.05
MEMORY_GOAL = 150.0
STOPPAGE_GOAL = 12.0
"""How much longer ten times as many appointments may take."""
SENTENCE_GOALS = (20.0, 200.0)
GROWTH_GOAL = 50 * 10**6 / 2**20
CHAT_GOAL = 4.0
_WORDS = {"booking": "turn of a booking dialogue", "menu": "turn at the menu"}
_PEERS = {
    "wechatpy": "wechatpy on Flask under gunicorn, secure echo without state",
    "werobot": "WeRoBot under gunicorn, plain echo without state",
}
_HOLD_PEERS = {
    "inserts": "plain asyncpg inserts",
    "skip_locked": "FOR UPDATE SKIP LOCKED alone",
    "redis_lock": "one Redis lock for the doctor and a row",
}
NOT_MEASURED = "not installed"


def turn_figures(turns: Turns) -> list[Figure]:
    """Return the ratios, what they are made of, and the memory."""
    figures = []
    for what, words in _WORDS.items():
        ratios = turns.ratios(what)
        figures += [
            Figure(f"{words}, of bare aiohttp's throughput", median(ratios), "", spread(ratios), goal=TURN_GOAL),
            Figure(f"{words}, of bare aiohttp's processor time", turns.processor_ratio(what)),
        ]
    for what, words in _PEERS.items():
        if what in turns.measured:
            ratios = turns.ratios(what)
            figures.append(Figure(f"{words}, of bare aiohttp's throughput", median(ratios), "", spread(ratios)))
            figures.append(Figure(f"{words}: processor time a request", turns.middle(what, "processor_us"), " µs"))
        else:
            figures.append(Figure(f"{words}, of bare aiohttp's throughput", None, NOT_MEASURED))
    for what, words in ({BARE: "bare aiohttp"} | _WORDS).items():
        figures += [
            Figure(f"{words}: processor time a request", turns.middle(what, "processor_us"), " µs"),
            Figure(f"{words}: requests a second", turns.middle(what, "per_second")),
            Figure(f"{words}: server on a processor", turns.middle(what, "server_busy") * 100, " %"),
            Figure(f"{words}: generator on a processor", turns.middle(what, "generator_busy") * 100, " %"),
            Figure(f"{words}: p99", turns.middle(what, "p99_ms"), " ms"),
        ]
    for what, words in _WORDS.items():
        figures.append(Figure(f"{words}: Valkey's processor time a request", turns.middle(what, "valkey_us"), " µs"))
    figures.append(Figure("answers that were not right", turns.failed(), goal=0, at_most=True))
    figures += [
        Figure(f"resident after {after:,} turns", megabytes, " MB", goal=goal, at_most=True)
        for after, megabytes, goal in _memory(turns)
    ]
    return figures


def overload_figures(overload: Mapping[str, Any]) -> list[Figure]:
    """Return what was said under loads of so many times what can be answered (issue 4)."""
    figures = [Figure("deliveries answered a second, a connection each", overload["capacity_per_second"])]
    for load in overload["loads"]:
        words = f"at {load['times']:g} × that"
        figures += [
            Figure(f"{words}: answered in full", load["answered"] * 100, " %"),
            Figure(f"{words}: told a place in line, or that we are busy", load["told"] * 100, " %"),
            Figure(f"{words}: told nothing in five seconds", load["untold"] * 100, " %"),
            Figure(f"{words}: p99 of those who heard", load["p99_seconds"], " s"),
            Figure(f"{words}: resident", load["resident"] / 2**20, " MiB"),
            Figure(f"{words}: answered in full right after it", load["served_after"] * 100, " %", goal=100.0),
        ]
    return figures


def ready_figures(ready: Mapping[str, Sequence[float]]) -> list[Figure]:
    """Return how long a start takes."""
    words = {
        "cold": "ready after start, empty folder (migration included)",
        "warm": "ready after start, warm",
        "demo_cold": "zhenyue demo ready, empty folder",
        "demo_warm": "zhenyue demo ready, warm",
    }
    return [
        Figure(
            words[kind],
            median(taken),
            " s",
            spread(taken),
            goal=None if kind == "demo_cold" else READY_GOAL,
            at_most=True,
        )
        for kind, taken in ready.items()
    ]


def hold_figures(holds: Mapping[str, Mapping[str, Any]]) -> list[Figure]:
    """Return durable holds, and other ways to hold, against raw admissions (issue 5)."""
    figures = []
    for kind, measured in holds.items():
        rounds, peers = measured["rounds"], measured["peers"]
        raw = [one["raw_per_second"] for one in rounds]
        of_raw = f"of raw EVALSHA of the same script by {measured['raw_client']}"
        ratios = [one["holds_per_second"] / one["raw_per_second"] for one in rounds]
        name, goal = f"durable hold on {kind}", HOLD_GOAL if kind == "postgres" else None
        figures += [
            Figure(f"{name}, {of_raw}", median(ratios), "", spread(ratios), goal=goal),
            Figure(f"{name}: a second", median(one["holds_per_second"] for one in rounds)),
            Figure(f"{name}: processor time", median(one["processor_us"] for one in rounds), " µs"),
            Figure(f"raw EVALSHA beside {kind}: a second", median(raw)),
            Figure(
                f"raw EVALSHA beside {kind}: Valkey on a processor",
                median(one["raw_valkey_busy"] for one in rounds) * 100,
                " %",
            ),
        ]
        for way, words in _HOLD_PEERS.items() if peers else ():
            ratios = [one[way] / most for one, most in zip(peers, raw, strict=True)]
            figures.append(Figure(f"{words} on {kind}, of raw EVALSHA", median(ratios), "", spread(ratios)))
            figures.append(Figure(f"{words} on {kind}: a second", median(one[way] for one in peers)))
    return figures


def relay_figures(relay: Mapping[str, Any]) -> list[Figure]:
    """Return notices against bare posts of the same bodies, and how a configured pace was kept (issue 3)."""
    rounds: Sequence[Mapping[str, float]] = relay["rounds"]
    ratios = [one["notices_per_second"] / one["bare_per_second"] for one in rounds]
    off = abs(relay["kept"] / relay["configured"] - 1)
    return [
        Figure(
            "relay of notices, of a bare aiohttp client's posts", median(ratios), "", spread(ratios), goal=RELAY_GOAL
        ),
        Figure("relay of notices: a second", median(one["notices_per_second"] for one in rounds)),
        Figure("relay of notices: processor time", median(one["processor_us"] for one in rounds), " µs"),
        Figure("bare posts: a second", median(one["bare_per_second"] for one in rounds)),
        Figure("bare posts: processor time", median(one["bare_processor_us"] for one in rounds), " µs"),
        Figure("pace of the settings, off by", off * 100, " %", goal=PACE_GOAL * 100, at_most=True),
    ]


def sentence_figures(measured: Mapping[str, float]) -> list[Figure]:
    """Return how long reading a sentence takes against a JSON parse of it (issue 6)."""
    goals = {"p50": SENTENCE_GOALS[0], "p99": SENTENCE_GOALS[1]}
    return [
        Figure(f"reading a sentence, of a JSON parse of it: {what}", measured[what], goal=goal, at_most=True)
        for what, goal in goals.items()
    ] + [Figure(f"reading a sentence: {what}", measured[f"{what}_us"], " µs") for what in goals]


def stoppage_figures(rounds: Sequence[Mapping[str, float]]) -> list[Figure]:
    """Return how a clinic-wide stoppage grows with its appointments, and what the chat feels of it."""
    figures = []
    for fewer, more in pairwise(rounds):
        times, words = more["appointments"] / fewer["appointments"], f"{more['appointments']:,} appointments"
        ratio = more["seconds"] / fewer["seconds"]
        goal = STOPPAGE_GOAL * times / 10
        name = f"stoppage of {words}, of the time for a {times:g}th"
        figures.append(Figure(name, ratio, goal=goal, at_most=True))
        busy = more["processor_seconds"] / fewer["processor_seconds"]
        figures.append(Figure(f"stoppage of {words}, of the processor time for a {times:g}th", busy))
    for one in rounds:
        words = f"stoppage of {one['appointments']:,} appointments"
        growth = one["memory_growth"] / 2**20
        figures += [
            Figure(f"{words}: closed after", one["closing_seconds"], " s"),
            Figure(f"{words}: all displaced, offered and told after", one["seconds"], " s"),
            Figure(f"{words}: memory growth", growth, " MiB", goal=GROWTH_GOAL, at_most=True),
            Figure(f"{words}: the chat's longest write", one["longest_wait"], " s", goal=CHAT_GOAL, at_most=True),
        ]
    return figures


def _memory(turns: Turns) -> list[tuple[int, float, float | None]]:
    """Return the start, the first reading after 1,000 turns and the first after 10,000, with the last one's goal."""
    found: list[tuple[int, float, float | None]] = []
    for least in (0, 1_000, MEMORY_AT):
        after = min(count for count in turns.resident if count >= least)
        found.append((after, turns.resident[after] / 10**6, MEMORY_GOAL if least == MEMORY_AT else None))
    return found


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest."""
    return min(values), max(values)
