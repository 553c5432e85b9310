"""How long Redis has been the server that it is: one that was restarted or replaced may have forgotten something."""

import re
import time

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

_LIFE = re.compile(r"^(?:run_id|master_replid):\w+", re.MULTILINE)
_UPTIME = re.compile(r"^uptime_in_seconds:(\d+)", re.MULTILINE)
_NEVER_PROMOTED = "second_repl_offset:-1"


class Lives:
    """Meets the server behind every new connection."""

    def __init__(self) -> None:
        self._met: set[tuple[str, ...]] = set()
        self.since = float("-inf")
        """Since when no server has come that was not there before (``time.monotonic``); ever before any was met."""

    async def meet(self, connection: AbstractConnection) -> None:
        """Set up a new connection and find out whose it is; a ``redis_connect_func``.

        A server that was never a replica has had all its writes since its start. One that was promoted, and when is not
        said, is as good as new when it is first met: it may lack the last writes of the one before.
        """
        await connection.on_connect()
        await connection.send_command("INFO", check_health=False)
        try:
            answer = await connection.read_response()
        except ResponseError:
            return  # who may not ask does not know
        said = answer if isinstance(answer, str) else bytes(answer).decode("utf-8", "replace")
        life, uptime = tuple(_LIFE.findall(said)), _UPTIME.search(said)
        if uptime is None or life in self._met:
            return
        self._met.add(life)
        there_for = int(uptime[1]) if _NEVER_PROMOTED in said else 0
        self.since = max(self.since, time.monotonic() - there_for)
