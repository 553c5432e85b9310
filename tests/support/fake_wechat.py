"""A WeChat that answers as a test says, and the client that calls it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis

from bot.wechat_client import WeChatClient
from storage.sealing import Sealer
from tests.support.scripted import CountedMetrics

APPID, SECRET = "wx1", "s3cret"


OK = {"errcode": 0, "errmsg": "ok"}


@dataclass
class FakeWeChat:
    """Answers calls from a script, else ``ok``; issues tokens ``token-1``, ``token-2``, … anew when invalidated."""

    calls: list[tuple[str, str, object]] = field(default_factory=list)
    script: list[web.Response | Callable[[], web.Response]] = field(default_factory=list)
    ok: dict[str, object] = field(default_factory=lambda: dict(OK))
    issued: int = 1
    fetches: int = 0
    lifetime: int = 7200
    stuck: asyncio.Event | None = None
    drop: bool = False

    async def token(self, request: web.Request) -> web.Response:
        assert await request.json() == {
            "grant_type": "client_credential",
            "appid": APPID,
            "secret": SECRET,
            "force_refresh": False,
        }
        self.fetches += 1
        await asyncio.sleep(0)
        return web.json_response({"access_token": f"token-{self.issued}", "expires_in": self.lifetime})

    async def any(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.calls.append((request.path, request.query.get("access_token", ""), orjson.loads(body) if body else None))
        if self.drop and request.transport is not None:
            request.transport.abort()
        if self.stuck is not None:
            await self.stuck.wait()
        if self.script:
            answer = self.script.pop(0)
            return answer if isinstance(answer, web.Response) else answer()
        if request.query.get("access_token") != f"token-{self.issued}":
            return refuse(40001, "invalid credential, access_token is invalid rid: 65a1-2b-3c")
        return web.json_response(self.ok)


def refuse(code: int, message: str = "no rid: 1-2-3") -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message})


@dataclass
class Line:
    """Client, the WeChat it calls, its figures, its clock."""

    client: WeChatClient
    wechat: FakeWeChat
    metrics: CountedMetrics
    clock: list[datetime]


@asynccontextmanager
async def connect(wechat: FakeWeChat, redis: Redis, sealer: Sealer, clock: list[datetime]) -> AsyncGenerator[Line]:
    app = web.Application()
    app.router.add_post("/cgi-bin/stable_token", wechat.token)
    app.router.add_route("*", "/{any:.*}", wechat.any)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        metrics = CountedMetrics()
        client = WeChatClient(
            session,
            redis,
            sealer,
            appid=APPID,
            secret=SECRET,
            base=str(server.make_url("/")),
            now=lambda: clock[0],
            metrics=metrics,
        )
        yield Line(client, wechat, metrics, clock)
        if wechat.stuck is not None:
            wechat.stuck.set()
