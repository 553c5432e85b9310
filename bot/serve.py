"""A serving process: begin, say so in one line, serve until told to stop, finish what runs, end."""

import asyncio
import gc
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from booking.errors import Unavailable
from bot import texts
from bot.app import Parts, assemble, background, web_app
from bot.connections import prepare
from bot.console import say
from bot.door import Door, addresses_of, allow_connections, emptied, given_sockets, take_port
from bot.embedded import Ground, own_ground, shared_ground
from bot.loop import run, told_to_stop
from bot.settings import Settings
from storage.valkey_process import ServerFailed

FINISH_SECONDS = 10.0
"""How long requests that run may take to end after we were told to stop."""
LINGER_SECONDS = 2.0
"""How long a connection kept alive may wait for its next request, when others go on serving the port."""
LAST_READ_SECONDS = 0.2
"""The same when nobody else serves it: long enough to read what was sent already."""
KEEP_SECONDS = 1.0
BEAT_SECONDS = 10.0
log = structlog.get_logger()


def serve(settings: Settings, *, with_worker: bool) -> None:
    """Serve in one process until SIGTERM or SIGINT; raises ``ConfigurationError``."""
    with own_ground(settings) as ground:
        run(_serve(settings, ground, with_worker=with_worker))


def work(settings: Settings) -> None:
    """Do the background work until SIGTERM or SIGINT; raises ``ConfigurationError``."""
    with shared_ground(settings) as ground:
        run(_work(settings, ground))


@asynccontextmanager
async def listening(parts: Parts, settings: Settings, *, sockets: Sequence[socket.socket] = ()) -> AsyncGenerator[str]:
    """Serve for the length of a block; gives the address. Raises ``ConfigurationError`` when the port is taken.

    ``sockets`` are held open by somebody else, who may have others listen there too; so may those that systemd gives.
    At the end nobody is let in any more, and what runs may finish. Connections that are kept alive end with their next
    answer, or when none was asked for in a while.
    """
    app = web_app(parts)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=FINISH_SECONDS)
    await runner.setup()
    try:
        others = sockets or given_sockets()
        taken = others or take_port(settings)
        if runner.server is None:
            raise RuntimeError("a runner that is set up has a server")
        allow_connections()
        door = Door(runner.server, taken)
        where = addresses_of(taken)
        door.open()
        try:
            yield where
        finally:
            await door.close(shared=bool(others))
            parts.webhook.take_leave()
            await emptied(runner.server, LINGER_SECONDS if others else LAST_READ_SECONDS)
    finally:
        await runner.cleanup()


async def keep_ground(ground: Ground, *, every: float = KEEP_SECONDS) -> None:
    """Watch over the embedded server until cancelled."""
    while True:
        await asyncio.sleep(every)
        try:
            await asyncio.to_thread(ground.keep)
        except (ServerFailed, OSError) as error:
            log.error("embedded_redis_not_started", problem=str(error))  # noqa: TRY400  # its words, not our stack


@asynccontextmanager
async def beside(work_beside: Awaitable[None]) -> AsyncGenerator[None]:
    """Do something endless beside a block."""
    task = asyncio.ensure_future(work_beside)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _serve(settings: Settings, ground: Ground, *, with_worker: bool) -> None:
    stop = told_to_stop()
    await prepare(settings, ground.redis_url)
    async with beside(keep_ground(ground)), assemble(settings, ground.redis_url) as parts:
        worker = background(parts)
        await fill_pools(parts)
        async with listening(parts, settings) as where:
            if with_worker:
                worker.start()
            keep_out_of_collections()
            say(texts.READY.format(address=where))
            await stop.wait()
            log.info("stopping")
        await worker.close()
    log.info("stopped")


async def _work(settings: Settings, ground: Ground) -> None:
    stop = told_to_stop()
    await prepare(settings, None if settings.embedded_redis else ground.redis_url)
    await _work_until(stop, settings, ground.redis_url, lambda: say(texts.WORKER_READY))
    log.info("stopped")


async def serve_forked(
    settings: Settings, redis_url: str, *, sockets: Sequence[socket.socket], life: int, ready: int
) -> None:
    """Serve on a port shared with others, until told to stop or the parent is gone; says ready on a pipe."""
    stop = told_to_stop()
    _end_with_parent(life, stop)
    async with (
        assemble(settings, redis_url) as parts,
        listening(parts, settings, sockets=sockets),
    ):
        keep_out_of_collections()
        os.write(ready, b".")
        await stop.wait()


async def work_forked(settings: Settings, redis_url: str, *, life: int, ready: int) -> None:
    """Do the background work until told to stop or the parent is gone; says ready on a pipe."""
    stop = told_to_stop()
    _end_with_parent(life, stop)
    await _work_until(stop, settings, redis_url, lambda: os.write(ready, b"."))


def _end_with_parent(life: int, stop: asyncio.Event) -> None:
    """Stop when the pipe ends, which only the parent holds open."""
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(life)
        stop.set()

    loop.add_reader(life, ended)


def keep_out_of_collections() -> None:
    """Let the garbage collector pass over what a start has made and an end will free: it would stop turns for that."""
    gc.collect()
    gc.freeze()


async def fill_pools(parts: Parts) -> None:
    """Bring Redis in step before the first patient comes; without Redis each pool is made on its first use."""
    try:
        mended = await parts.seats.reconcile(now=parts.clock.now())
    except Unavailable as error:
        log.warning("pools_not_filled", needs=str(error))
    else:
        log.info("pools_filled", sessions=len(mended))


async def _work_until(stop: asyncio.Event, settings: Settings, redis_url: str, say_ready: Callable[[], object]) -> None:
    async with assemble(settings, redis_url) as parts:
        worker = background(parts)
        await fill_pools(parts)
        worker.start()
        say_ready()
        async with beside(beat(settings)):
            await stop.wait()
        log.info("stopping")
        await worker.close()


async def beat(settings: Settings, *, every: float = BEAT_SECONDS) -> None:
    """Touch a file as long as the event loop turns, so that a health check can see it."""
    while True:
        (settings.data_dir / "worker.alive").touch()
        await asyncio.sleep(every)
