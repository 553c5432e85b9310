"""The proxy between the parts does what it is told: a cable that is never pulled proves nothing."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.support.chaos.proxy import LOOPBACK, Proxy, proxy

WORDS = b"a reply of some length\n"


@asynccontextmanager
async def echo() -> AsyncGenerator[Proxy]:
    """A server that says everything again, behind a proxy."""

    async def say_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async with await asyncio.start_server(say_again, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with proxy({"echo": f"{LOOPBACK}:{port}"}) as cables:
            yield cables


async def said(cables: Proxy, *, patience: float = 20) -> bytes:
    """What a new connection gets for an answer."""
    reader, writer = await asyncio.open_connection(LOOPBACK, cables.ports["echo"])
    try:
        writer.write(WORDS)
        async with asyncio.timeout(patience):
            return await reader.readline()
    finally:
        writer.close()


async def test_a_cable_carries_delays_cuts_swallows_and_carries_again() -> None:
    async with echo() as cables:
        assert await said(cables) == WORDS
        await cables.order("echo", "delay", 0.1)
        begun = time.monotonic()
        assert await said(cables) == WORDS
        assert time.monotonic() - begun >= 0.2, "each way"
        await cables.order("echo", "cut", 1)
        assert await said(cables) == WORDS[: len(WORDS) // 2]
        assert await said(cables) == WORDS, "one reply was to be cut"
        await cables.order("echo", "hole")
        with pytest.raises(TimeoutError):
            await said(cables, patience=0.5)
        await cables.order("echo", "refuse")
        assert await said(cables) == b""
        await cables.order("echo", "pass")
        assert await said(cables) == WORDS
