"""Full turns through the secure webhook beside bare requests and peers, round by round, and the memory they leave."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.clinic import data_folder, open_clinic
from bench.processes import Load, NotStarted, Server, ValkeyCost, bare, generating, gunicorn, serving
from bench.scripts import BOOKING, ECHO, MENU, PLAIN_ECHO, Script

ACCOUNTS = 2000
CONNECTIONS = 32
WARM_UP = 600
"""Turns of each script before anything is measured; after them every step is in play."""
BARE = "bare"
PEERS = {"wechatpy": ECHO, "werobot": PLAIN_ECHO}
"""What a peer is asked; each is ``bench/peer_*.py``."""
FEWEST, MOST = 300, 20_000
"""Turns of a round; in between, as many as take the time wished for."""
MEMORY_AT = 10_000


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the requests of a round, at one server."""

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

    @property
    def measured(self) -> set[str]:
        """What was measured; peers that did not start were not."""
        return set(self.rounds[0])

    def ratios(self, what: str) -> list[float]:
        """Return each round's throughput against the bare server's in the same round."""
        return [passes[what].per_second / passes[BARE].per_second for passes in self.rounds]

    def processor_ratio(self, what: str) -> float:
        """Return the bare server's processor time a request against that of a turn."""
        return self.middle(BARE, "processor_us") / self.middle(what, "processor_us")

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
    """All servers, the generator, and a count of the turns taken."""

    def __init__(self, load: Load, servers: Mapping[str, Server], valkey: ValkeyCost) -> None:
        self._load = load
        self._servers = servers
        self._bot = servers[BOOKING.name]
        self._valkey = valkey
        self._turns = 0
        self._rates: dict[str, float] = {}
        self.resident = {0: self._bot.resident()}

    def warm_up(self) -> None:
        """Take some turns of each kind unmeasured, to know how many fill a round."""
        for what in self._servers:
            self._load.prepare(_script(what).name, WARM_UP)
            self._rates[what] = self._take(what, times=2 if what == BARE else 1).per_second

    def round(self, number: int, seconds: float) -> dict[str, Pass]:
        """Measure each server once for about so long, in an order that changes, the bare one with the same requests."""
        counts = {what: min(MOST, max(FEWEST, round(rate * seconds))) for what, rate in self._rates.items()}
        for what in self._servers:
            if what != BARE:
                self._load.prepare(_script(what).name, counts[what])
        times = max(1, round(self._rates[BARE] * seconds / counts[MENU.name]))
        order = list(self._servers) if number % 2 else reversed(self._servers)
        return {what: self._take(what, times=times if what == BARE else 1) for what in order}

    def fill(self, turns: int) -> None:
        """Take turns until so many were taken."""
        while self._turns < turns:
            self._load.prepare(MENU.name, min(FEWEST * 5, turns - self._turns))
            self._take(MENU.name)

    def _take(self, what: str, *, times: int = 1) -> Pass:
        server, script = self._servers[what], _script(what)
        valkey = self._valkey if server is self._bot else None
        measured = one_pass(self._load, script.name, server, valkey, times=times, check=what != BARE)
        if server is self._bot:
            self._turns += measured.requests
            self.resident[self._turns] = self._bot.resident()
        return measured


def _script(what: str) -> Script:
    """Return what a server is asked; the bare one the same as the bot."""
    return BOOKING if what == BOOKING.name else PEERS.get(what, MENU)


def one_pass(
    load: Load,
    script: str,
    server: Server,
    valkey: ValkeyCost | None,
    *,
    times: int = 1,
    check: bool = True,
    connections: int = CONNECTIONS,
) -> Pass:
    """Let the generator send what it prepared; ``check`` reads some of the answers."""
    busy, beside = server.processor_seconds(), valkey.processor_seconds() if valkey else 0.0
    sent = load.send(script, server, connections, times=times, check=check)
    busy, beside = server.processor_seconds() - busy, valkey.processor_seconds() - beside if valkey else 0.0
    count, seconds = int(sent["requests"]), sent["seconds"]
    return Pass(
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
        servers = {BARE: stack.enter_context(bare()), BOOKING.name: bot, MENU.name: bot}
        for peer in PEERS:
            with suppress(NotStarted):  # not installed, perhaps: the results say so
                servers[peer] = stack.enter_context(gunicorn(f"peer_{peer}:app"))
        yield Bench(load, servers, ValkeyCost(folder))
