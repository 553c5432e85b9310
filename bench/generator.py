"""The load generator, a process of its own: takes one JSON command a line, answers with one JSON line.

``prepare`` makes requests beforehand, ``send`` sends them and tells what it measured.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator
from statistics import quantiles

import orjson
import uvloop

from bench.deliveries import Delivery, deliveries, is_right
from bench.lanes import Course, drive, http_length, to_port
from bench.scripts import SCRIPTS

CHECKED_EVERY = 19
"""One answer in so many is decrypted and read afterwards; of every one the status and the envelope are looked at."""


class Generator:
    """Keeps each script's place, so that every account goes on where it stopped."""

    def __init__(self, accounts: int) -> None:
        self._endless: dict[str, Iterator[Delivery]] = {
            script.name: deliveries(script, accounts) for script in SCRIPTS.values()
        }
        self._prepared: dict[str, list[Delivery]] = {}

    def prepare(self, script: str, count: int) -> dict[str, float]:
        """Make the next deliveries of a script."""
        made = list(itertools.islice(self._endless[script], count))
        self._prepared[script] = made
        return {"mean_bytes": sum(len(delivery.request) for delivery in made) / count}

    async def send(self, script: str, port: int, connections: int, *, times: int, check: bool) -> dict[str, float]:
        """Send what was prepared, over and over where the server does not mind."""
        prepared = self._prepared[script]
        kept: list[tuple[int, bytes]] = []
        said = b"<Content>" if SCRIPTS[script].plain else b"<Encrypt>"

        def judge(place: int, answer: bytes) -> bool:
            if place % CHECKED_EVERY == 0:
                kept.append((place, answer))
            return answer.startswith(b"HTTP/1.1 200 ") and said in answer

        course = Course([delivery.request for delivery in prepared] * times, http_length, judge)
        busy = time.process_time()
        await drive(course, to_port(port), connections)
        busy = time.process_time() - busy
        wrong = sum(not is_right(body_of(answer), prepared[place]) for place, answer in kept) if check else 0
        cuts = quantiles(course.took, n=100)
        return {
            "requests": len(course.requests),
            "seconds": course.seconds,
            "generator_busy": busy / course.seconds,
            "p50_ms": cuts[49] * 1000,
            "p99_ms": cuts[98] * 1000,
            "errors": course.errors,
            "checked": len(kept) if check else 0,
            "wrong": wrong,
        }


def body_of(answer: bytes) -> bytes:
    """Return what follows an answer's head."""
    return answer.partition(b"\r\n\r\n")[2]


def main() -> None:
    """Obey until standard input ends."""
    generator = Generator(accounts=int(sys.argv[1]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin.buffer:
            command = orjson.loads(line)
            if command.pop("do") == "prepare":
                answer = generator.prepare(**command)
            else:
                answer = runner.run(generator.send(**command))
            sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
