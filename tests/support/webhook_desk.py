"""A webhook on a real server and a real chat store, with scripted parts beside it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.crowd import AT_ONCE
from bot.webhook import Webhook, add_routes
from bot.wechat import Codec, Mode
from handlers.ports import ChatStore
from tests.support.scripted import CountedMetrics, ScriptedDialogue, ScriptedSender
from tests.support.wechat_side import AES_KEY, APPID, OLD_AES_KEY, TOKEN, WeChat


@dataclass
class Desk:
    """Everything a test of the webhook touches."""

    wechat: WeChat
    webhook: Webhook
    dialogue: ScriptedDialogue
    sender: ScriptedSender
    metrics: CountedMetrics
    clock: list[datetime]
    """Holds what the bot believes the time to be."""


@asynccontextmanager
async def open_desk(
    chats: ChatStore, now: datetime, *, mode: Mode = "secure", patience: float = 4.0, at_once: int = AT_ONCE
) -> AsyncGenerator[Desk]:
    """Serve."""
    dialogue, sender, metrics, clock = ScriptedDialogue(), ScriptedSender(), CountedMetrics(), [now]
    codec = Codec(appid=APPID, token=TOKEN, aes_keys=() if mode == "plain" else (AES_KEY, OLD_AES_KEY), mode=mode)
    webhook = Webhook(
        codec,
        chats=chats,
        dialogue=dialogue,
        client=sender,
        now=lambda: clock[0],
        metrics=metrics,
        patience=patience,
        at_once=at_once,
    )
    app = web.Application()
    add_routes(app.router, webhook)
    async with TestClient(TestServer(app)) as client:
        yield Desk(WeChat(client, now, mode), webhook, dialogue, sender, metrics, clock)
        dialogue.gate.set()
        await webhook.close()
