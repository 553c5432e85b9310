"""From the growth curves to figures with goals, and to plots (issue 5)."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from bench.figures import spread
from bench.report import Figure, at_most

CHATS_GOAL = 20.0
"""Megabytes of the bot for ten thousand open chats."""
REST_GOAL = 150.0
HISTORY_GOAL = 1.2
WORKERS_GOAL = 1.1
MB = 10**6
Points = Sequence[Mapping[str, Any]]


def chat_figures(points: Points) -> list[Figure]:
    """Return what turns cost and what memory is taken while more and more chats are open."""
    first, last = points[0], points[-1]
    ratio = last["processor_us"] / first["processor_us"]
    figures = [Figure(f"turn with {last['open']:,} open chats, of its processor time with {first['open']}", ratio)]
    for one in points:
        words = f"{one['open']:,} open chats"
        figures += [
            Figure(f"{words}: processor time a turn", one["processor_us"], " µs"),
            Figure(f"{words}: turns a second", one["per_second"]),
            Figure(f"{words}: bot resident", one["resident"] / MB, " MB"),
            Figure(f"{words}: Valkey resident", one["valkey_resident"] / MB, " MB"),
        ]
    figures += [
        at_most("bot, memory for 10,000 open chats", _for_ten_thousand(points, "resident"), CHATS_GOAL, " MB"),
        Figure("Valkey, memory for 10,000 open chats", _for_ten_thousand(points, "valkey_resident"), " MB"),
        at_most(f"bot at rest after {last['turns']:,} turns", last["resident_after"] / MB, REST_GOAL, " MB"),
        at_most("answers with open chats that were not right", sum(one["wrong"] for one in points), 0),
    ]
    return figures


def _for_ten_thousand(points: Points, what: str) -> float:
    """Return the megabytes by which memory grew for each ten thousand chats, over the longest stretch."""
    first, last = points[0], points[-1]
    return float((last[what] - first[what]) / (last["open"] - first["open"]) * 10_000 / MB)


def hold_growth_figures(holds: Mapping[str, Any]) -> list[Figure]:
    """Return how fast seats are held in pools of different sizes, and in different numbers of pools."""
    figures = [Figure(f"session of {one['of']:,} seats: holds a second", one["per_second"]) for one in holds["seats"]]
    for kind, words in (("new_pools", "asked for the first time"), ("known_pools", "asked for before")):
        figures += [
            Figure(f"sessions: {one['of']:,}, {words}: holds a second", one["per_second"]) for one in holds[kind]
        ]
        figures += [
            Figure(f"sessions: {one['of']:,}, {words}: processor time a hold", one["processor_us"], " µs")
            for one in (holds[kind][0], holds[kind][-1])
        ]
    return [
        *figures,
        Figure("memory growth while all of these are held", holds["grown"] / MB, " MB"),
        Figure("Valkey, memory for a seat", holds["seat_bytes"], " B"),
    ]


def _grown(first: Mapping[str, Any], last: Mapping[str, Any]) -> float:
    return float(last["resident"] - first["resident"]) / MB


def history_figures(points: Points) -> list[Figure]:
    """Return how long it takes to find what can be booked while the past grows."""
    first, last = points[0], points[-1]
    name = f"availability of 14 days with {last['past']:,} past appointments, of the time with {first['past']:,}"
    ratio = last["milliseconds"] / first["milliseconds"]
    return [
        at_most(name, ratio, HISTORY_GOAL),
        *(Figure(f"availability with {one['past']:,} past appointments", one["milliseconds"], " ms") for one in points),
        Figure(
            f"memory growth from {first['past']:,} to {last['past']:,} past appointments", _grown(first, last), " MB"
        ),
        Figure("PostgreSQL, disk for a past appointment", last["bytes"], " B"),
    ]


def notice_figures(points: Points) -> list[Figure]:
    """Return how fast notices are sent while more and more wait."""
    last = points[-1]
    return [
        *(
            Figure(f"notices a second, {one['backlog']:,} waiting", *middle(one["rounds"], "notices_per_second"))
            for one in points
        ),
        Figure(
            f"memory growth while {last['backlog']:,} notices are sent",
            max(one["memory_growth"] for one in last["rounds"]) / MB,
            " MB",
        ),
    ]


def worker_figures(rounds: Mapping[str, Points]) -> list[Figure]:
    """Return what a turn costs when two processes serve."""
    one, two = ([each["processor_us"] for each in rounds[workers]] for workers in ("1", "2"))
    ratios = [of_two / of_one for of_one, of_two in zip(one, two, strict=True)]
    return [
        at_most(
            "turn with two workers, of its processor time with one", median(ratios), WORKERS_GOAL, spread=spread(ratios)
        ),
        Figure("turn with one worker: processor time", median(one), " µs"),
        Figure("turn with two workers: processor time", median(two), " µs"),
    ]


def middle(rounds: Points, what: str) -> tuple[float, str, tuple[float, float]]:
    """Return the median of a measure, without a unit, and its spread."""
    values = [float(one[what]) for one in rounds]
    return median(values), "", spread(values)
