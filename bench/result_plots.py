"""From the results to plots, one for each idea: turns, the moment in which everybody chooses, holds."""

from collections.abc import Mapping, Sequence
from operator import truediv
from statistics import median
from typing import Any

from bench.figures import HOLD_GOAL, TURN_GOAL
from bench.plots import Chart, draw_bars
from bench.turns import BARE, Turns

_TURNS = {
    "booking": "turn of a booking dialogue",
    "menu": "turn at the menu",
    "sold out": "turn on a sold-out session",
    "werobot": "WeRoBot, plain echo, no state",
    "wechatpy": "wechatpy on Flask, echo, no state",
}
_WAYS = {
    "bot": "bot, through the secure webhook",
    "doctor": "floor: one row for the doctor",
    "slot": "floor: one row for each time",
    "lock": "Redis lock for the doctor",
}
_HOLDS = {
    "ours": "durable hold by the booking service",
    "inserts": "plain asyncpg inserts",
    "skip_locked": "FOR UPDATE SKIP LOCKED alone",
    "redis_lock": "Redis lock for the doctor, and a row",
}
Rounds = Sequence[Mapping[str, Any]]


def draw_results(
    turns: Turns, sold_out: Rounds, choosing: Mapping[str, Rounds], holds: Mapping[str, Any]
) -> dict[str, str]:
    """Draw them; return their paths with their words."""
    return {**_draw_turns(turns, sold_out), **_draw_choosing(choosing), **_draw_holds(holds)}


def _draw_turns(turns: Turns, sold_out: Rounds) -> dict[str, str]:
    found = {what: median(turns.ratios(what)) for what in turns.measured if what != BARE}
    found["sold out"] = median(one["wanted"]["per_second"] / one[BARE]["per_second"] for one in sold_out)
    bars = {words: found[what] for what, words in _TURNS.items() if what in found}
    chart = Chart("bench-turns", "A turn, beside peers", "throughput, of bare aiohttp's", goal=(TURN_GOAL, "goal"))
    return draw_bars(chart, bars, ours=3)


def _draw_choosing(choosing: Mapping[str, Rounds]) -> dict[str, str]:
    chart = Chart(
        "bench-choosing", "A thousand choose one of 200 seats at once", "seconds until the last seat was sold"
    )
    bars = {words: median(one["last_seat_seconds"] for one in choosing[way]) for way, words in _WAYS.items()}
    return draw_bars(chart, bars, ours=1, logarithmic=True)


def _draw_holds(holds: Mapping[str, Any]) -> dict[str, str]:
    raw, ours = ([one[what] for one in holds["rounds"]] for what in ("raw_per_second", "holds_per_second"))
    found = {way: [one[way] for one in holds["peers"]] for way in _HOLDS if way != "ours"} | {"ours": ours}
    bars = {words: median(map(truediv, found[way], raw)) for way, words in _HOLDS.items()}
    chart = Chart(
        "bench-holds",
        "A durable hold on PostgreSQL, beside other ways",
        f"holds a second, of raw EVALSHA by {holds['raw_client']}",
        goal=(HOLD_GOAL, "goal"),
    )
    return draw_bars(chart, bars, ours=1, logarithmic=True)
