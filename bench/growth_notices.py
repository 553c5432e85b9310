"""Notices a second while more and more of them wait, on PostgreSQL, beside bare posts of the same bodies.

A process of its own: ``python -m bench.growth_notices MOST`` prints one line of JSON.
"""

import sys
from dataclasses import asdict
from functools import partial

from bench.relaying import open_post, run
from storage.valkey import EmbeddedValkey

BACKLOGS = (500, 5_000, 50_000)
ROUNDS = {500: 5, 5_000: 3}
WARM_UP = 1_000


async def _measure(url: str, valkey: EmbeddedValkey, port: int, *, most: int) -> list[dict[str, object]]:
    async with open_post(url, valkey, port) as post:
        await post.round(WARM_UP)
        return [
            {"backlog": backlog, "rounds": [asdict(await post.round(backlog)) for _ in range(ROUNDS.get(backlog, 1))]}
            for backlog in BACKLOGS
            if backlog <= most
        ]


def main() -> None:
    """Measure and print."""
    run(partial(_measure, most=int(sys.argv[1])), "growth.log")


if __name__ == "__main__":
    main()
