"""From what the rush measured to figures with goals (issue 5)."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from bench.figures import spread
from bench.report import Figure, at_most
from bench.wanted import SEATS

RUSH_GOAL = 6.0
REFUSAL_GOAL = 5.0
SOLD_OUT_GOAL = 0.25
_WAYS = {"bot": "bot", "doctor": "floor", "slot": "floor with a row a time", "lock": "Redis lock"}
_FLOOR = "doctor"
_WHOSE = {
    "bot_busy": "bot's",
    "valkey_busy": "Valkey's",
    "postgres_busy": "PostgreSQL's",
    "generator_busy": "generator's",
}


def choosing_figures(choosing: Mapping[str, Sequence[Mapping[str, float]]]) -> list[Figure]:
    """Return what a moment in which everybody chooses is like, beside the floor."""
    what, figures = "choosing at once", []
    for name, words in (("last_seat_seconds", "last seat sold"), ("p99_ms", "p99")):
        ratios = [ours[name] / floor[name] for ours, floor in zip(choosing["bot"], choosing[_FLOOR], strict=True)]
        figures.append(at_most(f"{what}: {words}, of the floor's", median(ratios), 1.0, spread=spread(ratios)))
    for way, words in _WAYS.items():
        moments, name = choosing[way], f"{what}, {words}"
        figures += [
            *_sold(name, moments),
            _middle(f"{name}: last seat sold after", moments, "last_seat_seconds", " s"),
            _middle(f"{name}: p50", moments, "p50_ms", " ms"),
            _middle(f"{name}: p99", moments, "p99_ms", " ms"),
        ]
    return figures


def rush_figures(rushes: Sequence[Mapping[str, float]]) -> list[Figure]:
    """Return what a rush through the whole dialogue is like, beside as many bare requests."""
    ratios = [one["seconds"] / one["bare_seconds"] for one in rushes]
    uneven = [one["refusal_p99_ms"] / one["refusal_p50_ms"] for one in rushes]
    name = f"rush of {rushes[0]['patients']:,}"
    return [
        *_sold(name, rushes),
        at_most(f"{name}: time, of as many bare requests", median(ratios), RUSH_GOAL, spread=spread(ratios)),
        at_most(f"{name}: p99 of a refusal, of its p50", median(uneven), REFUSAL_GOAL, spread=spread(uneven)),
        _middle(f"{name}: deliveries", rushes, "deliveries"),
        _middle(f"{name}: seconds", rushes, "seconds", " s"),
        _middle(f"{name}: p50 of a refusal", rushes, "refusal_p50_ms", " ms"),
        _middle(f"{name}: p99 of a refusal", rushes, "refusal_p99_ms", " ms"),
        Figure(f"{name}: told a place in line", sum(one["told_later"] for one in rushes)),
        *(
            Figure(f"{name}: {whose} processor time a delivery", median(map(_delivery(what), rushes)), " µs")
            for what, whose in _WHOSE.items()
        ),
    ]


def _delivery(what: str) -> Callable[[Mapping[str, float]], float]:
    """Return how a delivery's microseconds of processor time are reckoned."""
    return lambda rush: rush[what] * rush["seconds"] / rush["deliveries"] * 1e6


def sold_out_figures(rounds: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Return what a turn of those costs who come when all is sold."""
    ratios = [one["wanted"]["per_second"] / one["bare"]["per_second"] for one in rounds]
    busy = median(one["bare"]["processor_us"] for one in rounds) / median(
        one["wanted"]["processor_us"] for one in rounds
    )
    wrong = sum(one["wanted"]["wrong"] + one["wanted"]["errors"] + one["bare"]["errors"] for one in rounds)
    name = "turn on a sold-out session"
    return [
        Figure(f"{name}, of bare aiohttp's throughput", median(ratios), "", spread(ratios), goal=SOLD_OUT_GOAL),
        Figure(f"{name}, of bare aiohttp's processor time", busy),
        Figure(f"{name}: processor time a request", median(one["wanted"]["processor_us"] for one in rounds), " µs"),
        Figure(f"{name}: requests a second", median(one["wanted"]["per_second"] for one in rounds)),
        at_most(f"{name}: answers that were not right", wrong, 0),
    ]


def _sold(name: str, ends: Sequence[Mapping[str, float]]) -> list[Figure]:
    """Return whether every seat was sold once: the count that is furthest from it stands for all rounds."""
    worst = max((one["sold"] for one in ends), key=lambda sold: abs(sold - SEATS))
    return [
        Figure(f"{name}: seats sold, of {SEATS}", worst, goal=SEATS, at_most=worst > SEATS),
        at_most(f"{name}: seats sold twice", sum(one["twice"] for one in ends), 0),
        at_most(f"{name}: wrong answers", sum(one["wrong"] for one in ends), 0),
    ]


def _middle(name: str, ends: Sequence[Mapping[str, float]], measure: str, unit: str = "") -> Figure:
    values = [one[measure] for one in ends]
    return Figure(name, median(values), unit, spread(values) if len(values) > 1 else None)
