"""Full turns through the secure webhook beside bare requests, round by round, and the memory they leave behind."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.clinic import data_folder, open_clinic
from bench.processes import Load, Server, ValkeyCost, bare, generating, serving
from bench.scripts import BOOKING, MENU, TURNS

ACCOUNTS = 2000
CONNECTIONS = 32
WARM_UP = 600
"""Turns of each script before anything is measured; after them every step is in play."""
FEWEST, MOST = 300, 20_000
"""Turns of a round; in between, as many as take the time wished for."""
MEMORY_AT = 10_000


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the requests of a round, at one server."""

    what: str
    requests: int
    per_second: float
    processor_us: float
    """Processor time of the server a request, in microseconds."""
    server_busy: float
    """Part of the time that the server's process was on a processor; about 1 means that it was the bottleneck."""
    generator_busy: float
    valkey_us: float
    p50_ms: float
    p99_ms: float
    errors: int
    checked: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Turns:
    """Everything measured of turns."""

    rounds: tuple[dict[str, Pass], ...]
    resident: dict[int, int]
    """Bytes resident after so many turns."""

    def ratios(self, what: str) -> list[float]:
        """Return each round's throughput against the bare server's in the same round."""
        return [passes[what].per_second / passes["bare"].per_second for passes in self.rounds]

    def processor_ratio(self, what: str) -> float:
        """Return the bare server's processor time a request against that of a turn."""
        return self.middle("bare", "processor_us") / self.middle(what, "processor_us")

    def middle(self, what: str, name: str) -> float:
        """Return the median over the rounds of one measure."""
        return median(float(getattr(passes[what], name)) for passes in self.rounds)

    def failed(self) -> int:
        """Return how many answers were no proper answers, in all rounds."""
        return sum(p.errors + p.wrong for passes in self.rounds for p in passes.values())

    def as_json(self) -> dict[str, object]:
        """Return everything as plain values."""
        rounds = [{what: asdict(measured) for what, measured in passes.items()} for passes in self.rounds]
        return {"rounds": rounds, "resident_bytes_after_turns": {str(n): size for n, size in self.resident.items()}}


class Bench:
    """Both servers, the generator, and a count of the turns taken."""

    def __init__(self, load: Load, bare_server: Server, bot: Server, valkey: ValkeyCost) -> None:
        self._load = load
        self._bare = bare_server
        self._bot = bot
        self._valkey = valkey
        self._turns = 0
        self._rates: dict[str, float] = {}
        self.resident = {0: bot.resident()}

    def warm_up(self) -> None:
        """Take some turns of each kind unmeasured, to know how many fill a round."""
        for script in (each.name for each in TURNS):
            self._load.prepare(script, WARM_UP)
            self._rates["bare"] = self._bare_pass(script, times=2).per_second
            self._rates[script] = self._turn(script).per_second

    def round(self, number: int, seconds: float) -> dict[str, Pass]:
        """Measure each server once for about so long, in an order that changes, the bare one with the same requests."""
        passes: dict[str, Pass] = {}
        scripts = [BOOKING.name, MENU.name]
        for script in scripts:
            self._load.prepare(script, self._count(script, seconds))
        order = ["bare", *scripts] if number % 2 else [*reversed(scripts), "bare"]
        for what in order:
            if what == "bare":
                times = max(1, round(self._rates["bare"] * seconds / self._count(MENU.name, seconds)))
                passes[what] = self._bare_pass(MENU.name, times=times)
            else:
                passes[what] = self._turn(what)
        return passes

    def fill(self, turns: int) -> None:
        """Take turns until so many were taken."""
        while self._turns < turns:
            self._load.prepare(MENU.name, min(FEWEST * 5, turns - self._turns))
            self._turn(MENU.name)

    def _count(self, script: str, seconds: float) -> int:
        return min(MOST, max(FEWEST, round(self._rates[script] * seconds)))

    def _bare_pass(self, script: str, *, times: int) -> Pass:
        return one_pass(self._load, "bare", script, self._bare, times=times)

    def _turn(self, script: str) -> Pass:
        measured = one_pass(self._load, script, script, self._bot, self._valkey)
        self._turns += measured.requests
        self.resident[self._turns] = self._bot.resident()
        return measured


def one_pass(
    load: Load, what: str, script: str, server: Server, valkey: ValkeyCost | None = None, *, times: int = 1
) -> Pass:
    """Let the generator send what it prepared; with a Valkey it goes to a bot, whose answers are read."""
    busy, beside = server.processor_seconds(), valkey.processor_seconds() if valkey else 0.0
    sent = load.send(script, server, CONNECTIONS, times=times, check=valkey is not None)
    busy, beside = server.processor_seconds() - busy, valkey.processor_seconds() - beside if valkey else 0.0
    count, seconds = int(sent["requests"]), sent["seconds"]
    return Pass(
        what=what,
        requests=count,
        per_second=count / seconds,
        processor_us=busy / count * 1e6,
        server_busy=busy / seconds,
        generator_busy=sent["generator_busy"],
        valkey_us=beside / count * 1e6,
        p50_ms=sent["p50_ms"],
        p99_ms=sent["p99_ms"],
        errors=int(sent["errors"]),
        checked=int(sent["checked"]),
        wrong=int(sent["wrong"]),
    )


def measure_turns(rounds: int, seconds: float) -> Turns:
    """Run everything, measure so many rounds of so many seconds for each server, end everything."""
    with _everything() as bench:
        bench.warm_up()
        measured = tuple(bench.round(number, seconds) for number in range(rounds))
        bench.fill(MEMORY_AT)
        return Turns(measured, bench.resident)


@contextmanager
def _everything() -> Generator[Bench]:
    with ExitStack() as stack:
        folder: Path = stack.enter_context(data_folder())
        open_clinic(folder, ACCOUNTS)
        load = stack.enter_context(generating(ACCOUNTS))
        bot = stack.enter_context(serving(folder))
        bare_server = stack.enter_context(bare())
        yield Bench(load, bare_server, bot, ValkeyCost(folder))
