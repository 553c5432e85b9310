"""The measure of all turns: aiohttp on uvloop, one handler that reads the body and answers a fixed XML."""

import asyncio
import signal
import sys

import uvloop
from aiohttp import web

ANSWER = b"<xml><Encrypt><![CDATA[" + b"A" * int(sys.argv[1] if len(sys.argv) > 1 else 1024) + b"]]></Encrypt></xml>"


async def answer(request: web.Request) -> web.Response:
    """Read the body; answer."""
    await request.read()
    return web.Response(body=ANSWER, content_type="application/xml", charset="utf-8")


async def main() -> None:
    """Serve on a free port, which is printed, until told to stop; set up as ``bot/serve.py`` does."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = web.Application()
    app.router.add_post("/wechat", answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(main())
