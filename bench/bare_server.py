"""Serving an application of aiohttp as barely as ``bot/serve.py`` does ours: what the others are measured by."""

import asyncio
import signal

import uvloop
from aiohttp import web


def run(app: web.Application) -> None:
    """Serve on a free port, which is printed, until told to stop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_serve(app))


async def _serve(app: web.Application) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()
