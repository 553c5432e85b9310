"""A bot of a few lines, built on wechatpy alone, so that the emulator is judged by another's reading of WeChat."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException
from wechatpy.replies import TextReply
from wechatpy.utils import check_signature

from emulator.config import EmulatorConfig, Mode

TOKEN = "EmulatorToken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APPID = "wx0123456789abcdef"
SECRET = "0123456789abcdef0123456789abcdef"

Handler = Callable[[object], Awaitable[str | bytes | None]]


async def echo(message: object) -> str | None:
    """What the bot says unless a test says otherwise."""
    content = getattr(message, "content", None)
    return f"你说：{content}" if content else None


@dataclass
class ToyBot:
    """`answer` gets wechatpy's message and returns a text, bytes to send as they are, or None for silence."""

    mode: Mode = "secure"
    answer: Handler = echo
    seen: list[object] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def verify(self, request: web.Request) -> web.Response:
        query = request.query
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        return web.Response(text=query["echostr"])

    async def receive(self, request: web.Request) -> web.Response:
        query, raw = request.query, await request.text()
        try:
            check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
            crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)
            plain = raw
            if self.mode == "secure":
                plain = crypto.decrypt_message(raw, query["msg_signature"], query["timestamp"], query["nonce"])
        except (WeChatException, ValueError, KeyError):
            return web.Response(status=403)
        self.bodies.append(raw)
        self.queries.append(dict(query))
        message = parse_message(plain)
        self.seen.append(message)
        said = await self.answer(message)
        if isinstance(said, bytes):
            return web.Response(body=said)
        if said is None:
            return web.Response(text="success")
        # wechatpy leaves CDATA to its caller.
        reply = TextReply(message=message, content=said.replace("]]>", "]]]]><![CDATA[>")).render()
        if self.mode == "secure":
            reply = crypto.encrypt_message(reply, query["nonce"], query["timestamp"])
        return web.Response(text=reply, content_type="text/xml")


@contextlib.asynccontextmanager
async def serving(bot: ToyBot) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/wechat", bot.verify)
    app.router.add_post("/wechat", bot.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}/wechat"
        yield bot.url
    finally:
        await runner.cleanup()


def config_for(bot: ToyBot, **changes: object) -> EmulatorConfig:
    settings: dict[str, object] = {
        "webhook_url": bot.url,
        "token": TOKEN,
        "aes_key": AES_KEY,
        "appid": APPID,
        "secret": SECRET,
        "mode": bot.mode,
        "port": 0,
        "event_seconds": 0.01,
    }
    return EmulatorConfig(**(settings | changes))


@dataclass
class BotApi:
    """The bot's side of the API: what a client of WeChat would call."""

    base: str
    session: aiohttp.ClientSession
    value: str = ""

    async def token(self, *, force: bool = False) -> str:
        body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": force}
        self.value = (await self.raw("POST", "stable_token", body, token=False))["access_token"]
        return self.value

    async def post(self, path: str, body: object) -> dict:
        return await self.raw("POST", path, body)

    async def get(self, path: str, **query: str) -> dict:
        return await self.raw("GET", path, None, **query)

    async def raw(self, method: str, path: str, body: object, *, token: bool = True, **query: str) -> dict:
        if token:
            query["access_token"] = self.value or await self.token()
        url = f"{self.base}/cgi-bin/{path}"
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        async with self.session.request(method, url, data=data, params=query) as response:
            assert response.status == 200
            return await response.json()
