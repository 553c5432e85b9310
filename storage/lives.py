"""How long Redis has been the server that it is: one that was restarted or replaced may have forgotten something."""

import re
import time

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

_RUN = re.compile(rb"run_id:(\w+)")
_UPTIME = re.compile(rb"uptime_in_seconds:(\d+)")


class Lives:
    """Meets the server behind every new connection."""

    def __init__(self) -> None:
        self._met: set[bytes] = set()
        self._since = float("-inf")

    @property
    def age(self) -> float:
        """For how many seconds no server has come that was not there before; infinite before any was met."""
        return time.monotonic() - self._since

    async def meet(self, connection: AbstractConnection) -> None:
        """Set up a new connection and find out whose it is; a ``redis_connect_func``.

        The first server has been there since its start. Any other is as good as new: a restarted one, a promoted
        replica, or a node that nothing was asked of yet.
        """
        await connection.on_connect()
        await connection.send_command("INFO", "server", check_health=False)
        try:
            said = bytes(await connection.read_response())
        except ResponseError:
            return  # who may not ask does not know
        run, uptime = _RUN.search(said), _UPTIME.search(said)
        if run is None or uptime is None or run[1] in self._met:
            return
        since = time.monotonic() - (0 if self._met else int(uptime[1]))
        self._since = max(self._since, since)
        self._met.add(run[1])
