"""A WeChat that costs nothing: aiohttp on uvloop that gives out a token, reads every body and says that all is well."""

import asyncio
import itertools
import signal

import uvloop
from aiohttp import web

_numbers = itertools.count(2**60)


async def token(_request: web.Request) -> web.Response:
    """Give out the one token there is."""
    return web.json_response({"access_token": "benchmark", "expires_in": 7200})


async def send(request: web.Request) -> web.Response:
    """Read the body; answer with a new number."""
    await request.read()
    body = b'{"errcode":0,"errmsg":"ok","msgid":%d}' % next(_numbers)
    return web.Response(body=body, content_type="application/json")


async def main() -> None:
    """Serve on a free port, which is printed, until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = web.Application()
    app.router.add_post("/cgi-bin/stable_token", token)
    app.router.add_post("/{path:.*}", send)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(main())
