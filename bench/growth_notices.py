"""Notices a second while more and more of them wait, on PostgreSQL, beside bare posts of the same bodies.

A process of its own: ``python -m bench.growth_notices MOST`` prints one line of JSON.
"""

import asyncio
import sys
from dataclasses import asdict

import orjson
import uvloop

from bench.clinic import data_folder, valkey_in
from bench.processes import OUT, bare_api
from bench.relaying import open_post
from bot.logs import configure_logs
from storage.valkey import EmbeddedValkey
from tests.support.servers import postgres

BACKLOGS = (500, 5_000, 50_000)
ROUNDS = {500: 5, 5_000: 3}
WARM_UP = 1_000


async def _measure(url: str, valkey: EmbeddedValkey, port: int, most: int) -> list[dict[str, object]]:
    async with open_post(url, valkey, port) as post:
        await post.round(WARM_UP)
        return [
            {"backlog": backlog, "rounds": [asdict(await post.round(backlog)) for _ in range(ROUNDS.get(backlog, 1))]}
            for backlog in BACKLOGS
            if backlog <= most
        ]


def main() -> None:
    """Measure and print."""
    most = int(sys.argv[1])
    OUT.mkdir(exist_ok=True)
    configure_logs(stream=(OUT / "growth.log").open("ab"))
    sys.excepthook = sys.__excepthook__
    with (
        data_folder() as folder,
        bare_api() as server,
        postgres(durable=True) as url,
        valkey_in(folder) as valkey,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        measured = runner.run(_measure(url, valkey, server.port, most))
    sys.stdout.buffer.write(orjson.dumps(measured) + b"\n")


if __name__ == "__main__":
    main()
