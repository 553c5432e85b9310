"""Turns while more and more chats are open, and the memory they take.

A process of its own: ``python -m bench.growth_chats SECONDS MOST`` prints one line of JSON. Every account opens its
chat; then all of them speak in turn, so that no two turns after each other are of the same account.
"""

import asyncio
import sys
from statistics import median

import orjson

from bench.clinic import SAMPLE, add_accounts, data_folder, publish
from bench.processes import OUT, Load, Server, ValkeyCost, generating, serving
from bench.scripts import OPENING
from bench.turns import FEWEST, Pass, one_pass

OPEN = (10, 100, 1_000, 10_000, 100_000)
CONNECTIONS = 8
"""So few that of ten accounts no two messages are under way at the same time."""
ROUNDS = 3
AT_ONCE = 10_000
WARM_UP = 2_000


class Chats:
    """A bot, and how many chats are open there."""

    def __init__(self, bot: Server, valkey: ValkeyCost) -> None:
        self._bot = bot
        self._valkey = valkey
        self._turns = 0

    def measure(self, count: int, seconds: float) -> dict[str, float]:
        """Let so many chats be open, then measure turns on them."""
        with generating(count) as load:
            for start in range(0, count, AT_ONCE):
                rate = self._speak(load, min(AT_ONCE, count - start)).per_second
            resident, beside = self._bot.resident(), self._valkey.resident()
            passes = [self._speak(load, max(FEWEST, round(rate * seconds))) for _ in range(ROUNDS)]
        wrong = sum(one.errors + one.wrong for one in passes)
        return {
            "open": count,
            "turns": self._turns,
            "per_second": median(one.per_second for one in passes),
            "processor_us": median(one.processor_us for one in passes),
            "valkey_us": median(one.valkey_us for one in passes),
            "p99_ms": median(one.p99_ms for one in passes),
            "resident": resident,
            "resident_after": self._bot.resident(),
            "valkey_resident": beside,
            "wrong": wrong,
        }

    def warm_up(self) -> None:
        """Take some turns unmeasured."""
        with generating(OPEN[0]) as load:
            self._speak(load, WARM_UP)

    def _speak(self, load: Load, count: int) -> Pass:
        load.prepare(OPENING.name, count)
        measured = one_pass(load, OPENING.name, self._bot, self._valkey, connections=CONNECTIONS)
        self._turns += measured.requests
        return measured


def main() -> None:
    """Measure and print."""
    seconds, most = float(sys.argv[1]), int(sys.argv[2])
    OUT.mkdir(exist_ok=True)
    with data_folder() as folder:
        publish(folder, SAMPLE)
        known = dict.fromkeys(map(OPENING.openid, range(most)))
        asyncio.run(add_accounts(f"sqlite+aiosqlite:///{folder / 'zhenyue.db'}", known))
        with serving(folder) as bot:
            chats = Chats(bot, ValkeyCost(folder))
            chats.warm_up()
            measured = [chats.measure(count, seconds) for count in OPEN if count <= most]
    sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")


if __name__ == "__main__":
    main()
