"""The processor time of a turn with two web processes against one, in the same run.

A process of its own: ``python -m bench.growth_workers ROUNDS TURNS`` prints one line of JSON. Throughput says little
here: generator and servers share the machine's cores.
"""

import sys
from contextlib import ExitStack
from dataclasses import asdict

import orjson

from bench.clinic import data_folder, open_clinic
from bench.processes import OUT, Load, Server, ValkeyCost, generating, serving
from bench.scripts import BOOKING
from bench.turns import ACCOUNTS, WARM_UP, one_pass

WORKERS = (1, 2)


def main() -> None:
    """Measure and print."""
    rounds, turns = int(sys.argv[1]), int(sys.argv[2])
    OUT.mkdir(exist_ok=True)
    measured: dict[int, list[dict[str, float]]] = {workers: [] for workers in WORKERS}
    with ExitStack() as stack:
        bots: dict[int, tuple[Load, Server, ValkeyCost]] = {}
        for workers in WORKERS:
            folder = stack.enter_context(data_folder())
            open_clinic(folder, ACCOUNTS)
            bot = stack.enter_context(serving(folder, "--workers", str(workers)))
            bots[workers] = stack.enter_context(generating(ACCOUNTS)), bot, ValkeyCost(folder)
        for number in range(rounds + 1):
            for workers in WORKERS if number % 2 else reversed(WORKERS):
                load, bot, valkey = bots[workers]
                load.prepare(BOOKING.name, turns if number else 2 * WARM_UP)
                one = one_pass(load, BOOKING.name, bot, valkey)
                if number:  # the first one warmed up
                    measured[workers].append(asdict(one))
    sys.stdout.buffer.write(orjson.dumps(measured, option=orjson.OPT_NON_STR_KEYS) + b"\n")


if __name__ == "__main__":
    main()
