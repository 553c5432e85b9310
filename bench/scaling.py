"""A model on paper for a million accounts and a thousand clinics, from what was measured and what is assumed.

``python -m bench.scaling`` puts it into ``docs/scaling.md`` from ``bench/results.json`` and ``bench/growth.json``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import orjson

from bench.processes import ROOT
from bench.report import put, short, table

DOCUMENT = ROOT / "docs" / "scaling.md"
RESULTS = (ROOT / "bench" / "results.json", ROOT / "bench" / "growth.json")
MARKS = ("<!-- model: written by `make growth` -->", "<!-- end of model -->")
_RECKONED = ("what", "how much", "reckoned")
LINEAR = 1.2
"""How far a curve may be from what the model takes it for."""


@dataclass(frozen=True, slots=True)
class Given:
    """An input: its words, its value, and where it comes from (a line of the results, or why it is assumed)."""

    words: str
    value: float
    unit: str
    source: str


ASSUMED = {
    "accounts": Given("accounts", 1e6, "", "the size that is asked for"),
    "clinics": Given("clinics", 1000, "", "the size that is asked for"),
    "visits": Given("bookings of an account a year", 6, "", "assumed: a visit every two months"),
    "days": Given("working days a year", 300, "", "assumed"),
    "deliveries": Given(
        "deliveries for a booking", 12, "", "assumed: a dialogue is 5, the rest looks and does not book"
    ),
    "busiest": Given(
        "of a day's deliveries in its busiest ten minutes", 0.3, "", "assumed: numbers are released at 07:00"
    ),
    "city": Given("of all accounts in a rush of one minute", 0.05, "", "assumed: a flu winter, all clinics at once"),
    "rush": Given("deliveries of a patient in that minute", 5, "", "assumed: one whole dialogue"),
    "open": Given("of all accounts with an open chat at the same time", 0.1, "", "assumed; a chat is kept 30 minutes"),
    "seats": Given("seats ahead of a clinic", 5600, "", "assumed: 10 doctors, 14 days, 40 seats a day"),
    "beside": Given("disk of an appointment's notices and audit, of its own", 2, "", "assumed"),
    "notices": Given("notices of a booking", 3, "", "booked, the day before, two hours before"),
    "years": Given("years that appointments are kept", 15, "", "rule C6"),
    "busy": Given(
        "of a processor that may be used at the peak", 0.6, "", "assumed: the rest is for what is not steady"
    ),
    "cpu": Given("price of a processor a month", 60, " ¥", "assumed: order of a public cloud's list price"),
    "gib": Given("price of a GiB of memory a month", 25, " ¥", "assumed, as above"),
    "disk": Given("price of a GiB of disk a month, kept twice", 2, " ¥", "assumed, as above"),
}
QUOTA = Given("template messages of an official account a day", 100_000, "", "WeChat's documentation")
MEASURED = {
    "turn": ("rush of 5,000: bot's processor time a delivery", 1e-6),
    "valkey": ("rush of 5,000: Valkey's processor time a delivery", 1e-6),
    "postgres": ("rush of 5,000: PostgreSQL's processor time a delivery", 1e-6),
    "resident": ("resident after 0 turns", 1e6),
    "empty": ("10 open chats: Valkey resident", 1e6),
    "chat": ("Valkey, memory for 10,000 open chats", 1e6 / 10_000),
    "seat": ("Valkey, memory for a seat", 1.0),
    "row": ("PostgreSQL, disk for a past appointment", 1.0),
    "relay": ("notices a second, 50,000 waiting", 1.0),
    "raw": ("raw EVALSHA beside postgres: a second", 1.0),
}
"""Lines of the results, and by what their values become seconds or bytes."""


class Model:
    """What is needed, reckoned from the inputs."""

    def __init__(self, figures: Mapping[str, float], units: Mapping[str, str]) -> None:
        """Take the value and the unit of each line of the results, by its name."""
        self._figures = figures
        self._units = units
        self._of = {name: given.value for name, given in ASSUMED.items()}
        self._of |= {name: figures[line] * times for name, (line, times) in MEASURED.items()}
        of = self._of
        self._bookings = of["accounts"] * of["visits"] / of["days"]
        """A day."""
        self._rush = of["accounts"] * of["city"] * of["rush"] / 60
        """Deliveries a second."""
        self._disk = of["accounts"] * of["visits"] * of["row"] * (1 + of["beside"]) / 2**30
        """GiB a year."""
        chats, seats = of["accounts"] * of["open"] * of["chat"], of["clinics"] * of["seats"] * of["seat"]
        self._shards = (chats + seats) / 2**30
        """GiB of all of Redis."""
        self._alone = (2 * of["resident"] + of["empty"]) / 2**30
        """GiB of a clinic that runs alone."""

    def peak(self) -> list[tuple[str, str, str]]:
        """Return what the busiest minutes need: what, how much, how it is reckoned."""
        of, rush = self._of, self._rush
        usual = self._bookings * of["deliveries"] * of["busiest"] / 600
        return [
            ("bookings a day", short(self._bookings), "accounts × bookings ÷ days"),
            ("deliveries a second, the busiest ten minutes", short(usual), "bookings × deliveries × part ÷ 600 s"),
            ("deliveries a second, the rush of a minute", short(rush), "accounts × part × deliveries ÷ 60 s"),
            ("web processes, busiest ten minutes", str(self._count(usual, "turn")), "deliveries × bot's time ÷ 0.6"),
            ("web processes, rush of a minute", str(self._count(rush, "turn")), "as above"),
            ("patients whom one process answers in five seconds", short(5 / of["turn"]), "5 s ÷ bot's time"),
            ("Redis Cluster shards for the rush", str(self._count(rush, "valkey")), "deliveries × Valkey's time ÷ 0.6"),
            ("admissions a second of one session, at most", short(of["raw"]), "its keys are in one shard: raw EVALSHA"),
            ("PostgreSQL processors for the rush", str(self._count(rush, "postgres")), "deliveries × its time ÷ 0.6"),
        ]

    def kept(self) -> list[tuple[str, str, str]]:
        """Return what is kept, and what is sent: what, how much, how it is reckoned."""
        of, notices = self._of, self._bookings * self._of["notices"]
        ahead = self._bookings * 14 / QUOTA.value
        return [
            ("memory of all shards", f"{short(self._shards)} GiB", "open chats and seats ahead"),
            ("disk a year", f"{short(self._disk)} GiB", "bookings a year × bytes, with notices and audit"),
            ("disk of all years", f"{short(self._disk * of['years'])} GiB", "× years"),
            ("a partition of a month", f"{short(self._disk / 12)} GiB", f"÷ 12; {of['years'] * 12:.0f} of them"),
            ("notices a day", short(notices), "bookings × notices"),
            ("one worker sends them in", f"{short(notices / of['relay'])} s", "÷ notices a second"),
            ("of one account's daily quota, one account for all", f"{notices / QUOTA.value:.0%}", "÷ 100,000"),
            ("days to tell everybody who is booked, one account for all", short(ahead), "14 days' bookings ÷ 100,000"),
            ("notices a day of a clinic with its own account", short(notices / of["clinics"]), "÷ clinics"),
        ]

    def cost(self) -> list[tuple[str, str, str]]:
        """Return what a booking costs: what, how much, how it is reckoned."""
        return [
            ("a booking, shared processes", self._each(self._shared_month()), "see *Cost* above"),
            ("memory of a clinic that runs alone", f"{short(self._alone)} GiB", "web process, worker, empty Valkey"),
            ("a booking, each clinic alone", self._each(self._alone_month()), "see *Cost* above"),
        ]

    def checks(self) -> list[tuple[str, str, str]]:
        """Return what the model takes for granted: what, how it was measured to be, whether the curve agrees."""
        found = self._figures
        known = "asked for before: processor time a hold"
        ratios = {
            "a turn costs the same with 100,000 chats as with 10": found[
                "turn with 100,000 open chats, of its processor time with 10"
            ],
            "a hold costs the same in 1,000 sessions as in one": found[f"sessions: 1,000, {known}"]
            / found[f"sessions: 1, {known}"],
            "what can be booked is found as fast with a million past appointments as with 10,000": found[
                "availability of 14 days with 1,000,000 past appointments, of the time with 10,000"
            ],
            "notices are sent as fast with 50,000 waiting as with 500": found["notices a second, 500 waiting"]
            / found["notices a second, 50,000 waiting"],
            "a turn costs the same in two processes as in one": found[
                "turn with two workers, of its processor time with one"
            ],
        }
        return [
            (words, f"{short(ratio)} ×", "yes" if ratio <= LINEAR else "NO: take this much more")
            for words, ratio in ratios.items()
        ]

    def inputs(self) -> list[tuple[str, str, str]]:
        """Return the inputs: what, how much, from where."""
        given = [*ASSUMED.values(), QUOTA]
        return [(one.words, f"{one.value:,.10g}{one.unit}", one.source) for one in given] + [
            (f"*{line}*", f"{short(self._figures[line])} {self._units[line]}", "measured: this line of the results")
            for line, _ in MEASURED.values()
        ]

    def _count(self, per_second: float, whose: str) -> int:
        return ceil(per_second * self._of[whose] / self._of["busy"])

    def _shared_month(self) -> float:
        """As much as the rush needs, all year, and a standby of Valkey and PostgreSQL, which has 4 GiB a processor."""
        of = self._of
        web, valkey, postgres = (self._count(self._rush, whose) for whose in ("turn", "valkey", "postgres"))
        memory = web * of["resident"] / 2**30 + 2 * self._shards + 2 * 4 * postgres
        return (web + 2 * valkey + 2 * postgres) * of["cpu"] + memory * of["gib"] + self._disk_month()

    def _alone_month(self) -> float:
        """As much memory as each clinic needs, and a tenth of a processor; SQLite needs no server."""
        of = self._of
        return of["clinics"] * (self._alone * of["gib"] + 0.1 * of["cpu"]) + self._disk_month()

    def _disk_month(self) -> float:
        return self._disk * self._of["years"] * self._of["disk"]

    def _each(self, month: float) -> str:
        return f"{month * 12 / (self._of['accounts'] * self._of['visits']):.4f} ¥"


def tell_scaling(document: Path = DOCUMENT) -> None:
    """Put the model into the document; raises ``KeyError`` when a line that it needs was not measured."""
    found = [one for path in RESULTS for one in orjson.loads(path.read_bytes())["figures"] if one["value"] is not None]
    model = Model({one["name"]: one["value"] for one in found}, {one["name"]: one["unit"] for one in found})
    lines = [
        *("### Inputs", "", *table(("what", "value", "from"), model.inputs()), ""),
        *("### At the peak", "", *table(_RECKONED, model.peak()), ""),
        *("### Kept and sent", "", *table(_RECKONED, model.kept()), ""),
        *("### Cost", "", *table(_RECKONED, model.cost()), ""),
        *("### Held against the curves", "", *table(("taken for granted", "measured", "agrees"), model.checks())),
    ]
    put(document, lines, MARKS)


if __name__ == "__main__":
    tell_scaling()
