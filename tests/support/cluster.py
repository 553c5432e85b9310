"""A Redis Cluster of one node: what it refuses (keys of two slots in a script), a larger one refuses too."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from tests.support.servers import valkey


@contextlib.asynccontextmanager
async def cluster() -> AsyncGenerator[RedisCluster]:
    """Run a cluster and yield a client of it."""
    with socket.socket() as probe, socket.socket() as bus_probe:
        for each in (probe, bus_probe):
            each.bind(("127.0.0.1", 0))
        port, bus = (each.getsockname()[1] for each in (probe, bus_probe))
    # Left to itself the bus takes the port 10,000 above, which may be none.
    ports = ("--port", str(port), "--cluster-port", str(bus))
    with valkey(*ports, "--bind", "127.0.0.1", "--cluster-enabled", "yes") as url:
        async with Redis.from_url(url) as node:
            await node.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            while (await node.execute_command("CLUSTER INFO"))["cluster_state"] != "ok":  # noqa: ASYNC110 - a server tells no event
                await asyncio.sleep(0.02)
        client = RedisCluster.from_url(f"redis://127.0.0.1:{port}")
        yield client
        await client.aclose()
