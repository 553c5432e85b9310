"""From the growth curves to plots, one for each idea."""

from collections.abc import Mapping
from typing import Any

from bench.growth_figures import HISTORY_GOAL, MB, Points, middle
from bench.plots import Chart, Curve, draw_curves


def draw_growth(measured: Mapping[str, Any]) -> dict[str, str]:
    """Draw one plot for each idea; return their paths with their words."""
    chats, holds = measured["chats"], measured["holds"]
    opened = [one["open"] for one in chats]
    history, notices = measured["history"], measured["notices"]
    past = [one["past"] for one in history]
    waiting = [one["backlog"] for one in notices]
    goal = history[0]["milliseconds"] * HISTORY_GOAL
    return {
        **draw_curves(
            Chart(
                "growth-turns",
                "A turn, while more and more chats are open",
                "open chats",
                "processor time a turn, µs",
            ),
            Curve("bot", opened, [one["processor_us"] for one in chats]),
            Curve("Valkey", opened, [one["valkey_us"] for one in chats]),
        ),
        **draw_curves(
            Chart(
                "growth-memory",
                "Memory of bot and Valkey, while more and more chats are open",
                "open chats",
                "resident memory, MB",
            ),
            Curve("bot", opened, [one["resident"] / MB for one in chats]),
            Curve("Valkey", opened, [one["valkey_resident"] / MB for one in chats]),
        ),
        **draw_curves(
            Chart(
                "growth-pool-size",
                "Holds against the size of a session",
                "seats of the session",
                "durable holds a second",
            ),
            _holds("one session", holds["seats"]),
        ),
        **draw_curves(
            Chart(
                "growth-pools",
                "Holds against the number of sessions",
                "sessions held in, by turns",
                "durable holds a second",
            ),
            _holds("asked for before", holds["known_pools"]),
            _holds("asked for the first time", holds["new_pools"]),
        ),
        **draw_curves(
            Chart(
                "growth-history",
                "What can be booked in 14 days, against the past",
                "past appointments",
                "milliseconds",
                (goal, "goal"),
            ),
            Curve("asked of SQL each time", past, [one["milliseconds"] for one in history]),
        ),
        **draw_curves(
            Chart("growth-notices", "Notices against how many wait", "notices waiting", "notices a second"),
            Curve("relay", waiting, [middle(one["rounds"], "notices_per_second")[0] for one in notices]),
            Curve(
                "bare posts of the same bodies",
                waiting,
                [middle(one["rounds"], "bare_per_second")[0] for one in notices],
            ),
        ),
    }


def _holds(label: str, points: Points) -> Curve:
    return Curve(label, [one["of"] for one in points], [one["per_second"] for one in points])
