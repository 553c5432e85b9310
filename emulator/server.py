"""The emulator as a web application on this machine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from emulator.actions import Actions
from emulator.api import Api
from emulator.config import EmulatorConfig, is_loopback
from emulator.control import Control
from emulator.control_requests import explain
from emulator.control_users import UserControl
from emulator.deliveries import Courier
from emulator.stage import Stage
from emulator.world import World

PAGE = Path(__file__).parent / "page"
LARGEST_REQUEST = 1024 * 1024
SHUTDOWN_SECONDS = 0.5
WORLD: web.AppKey[World] = web.AppKey("world", World)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse web pages of other origins and foreign host names that were pointed at this machine."""
    host = urlsplit("//" + request.host).hostname or ""
    if not is_loopback(host):
        return web.Response(status=403, text="the emulator answers only to 127.0.0.1, ::1 and localhost")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return web.Response(status=403, text="the emulator takes no requests from other web pages")
    return await handler(request)


async def _page(_request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html", headers=_PAGE_HEADERS)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name in ("X-Content-Type-Options", "Referrer-Policy"):
        response.headers[name] = _PAGE_HEADERS[name]
    response.headers.setdefault("Cache-Control", "no-cache")


def build_app(config: EmulatorConfig) -> web.Application:
    """The application for a configuration: API, control interface and page."""
    app = web.Application(middlewares=[only_this_machine, explain], client_max_size=LARGEST_REQUEST)
    world = World(config)
    app[WORLD] = world
    stage = Stage(world, Actions(world), Courier(world))
    for part in (Api(stage), UserControl(stage), Control(stage)):
        app.add_routes(part.routes())
    app.router.add_get("/", _page)
    app.router.add_static("/page", PAGE)
    app.on_response_prepare.append(_add_headers)

    async def close(_app: web.Application) -> None:
        await stage.background.stop()
        await stage.courier.close()

    app.on_cleanup.append(close)
    return app


@contextlib.asynccontextmanager
async def running(config: EmulatorConfig) -> AsyncIterator[str]:
    """Run an emulator as long as the block lasts; gives its address, without a slash at the end."""
    app = build_app(config)
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port)
        await site.start()
        host = f"[{config.host}]" if ":" in config.host else config.host
        address = f"http://{host}:{runner.addresses[0][1]}"
        app[WORLD].base_url = address
        yield address
    finally:
        await runner.cleanup()


async def serve(config: EmulatorConfig, *, started: Callable[[str], None] | None = None) -> None:
    """Run an emulator until cancelled; `started` is told its address."""
    async with running(config) as address:
        if started is not None:
            started(address)
        await asyncio.Event().wait()
