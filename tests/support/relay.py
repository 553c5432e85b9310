"""The relay on a real database, a real Valkey and an emulated WeChat whose events come back to a real webhook."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis

from booking.current import CurrentCatalogue
from booking.models import Template
from booking.notices import Notice, NoticeKind
from bot.notice_channels import Channels
from bot.notice_events import NoticeEvents
from bot.notifier import Notifier
from bot.sending_limits import Pace, Pauses
from bot.sms import SmsFile
from bot.webhook import Webhook, add_routes
from bot.wechat import Codec
from bot.wechat_client import WeChatClient
from emulator.client import EmulatedUser, EmulatorClient
from emulator.config import EmulatorConfig
from emulator.server import running
from storage.chats import RedisChats
from storage.database import SqlDatabase
from storage.sealing import Sealer
from storage.sending_limits import RedisLimits
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS
from tests.support.notices import notice
from tests.support.scripted import CountedMetrics, ScriptedDialogue
from tests.support.wechat_side import AES_KEY, TOKEN

APPID, SECRET = "wxba5fad812f8e6fb9", "0123456789abcdef0123456789abcdef"
TEMPLATE = Template("T-stopped", {"thing1": "doctor", "time2": "start", "thing3": "reason"})


@dataclass
class Relay:
    """Everything a test of the relay touches."""

    database: SqlDatabase
    redis: Redis
    client: WeChatClient
    wechat: EmulatorClient
    sms_file: Path
    metrics: CountedMetrics
    clock: list[datetime]
    """Holds what the relay believes the time to be."""
    wechat_clock: list[datetime]
    """Holds what the webhook believes the time to be; WeChat goes by the machine's clock."""
    count: int = 0

    def worker(self, *, per_second: float = 0, sms: bool = True, redis: Redis | None = None) -> Notifier:
        """A relay as one process has it."""
        limits = RedisLimits(redis or self.redis, appid=APPID)
        return Notifier(
            self.database,
            CurrentCatalogue(self.database),
            Channels(self.client, SmsFile(self.sms_file) if sms else None),
            pace=Pace(limits, per_second),
            pauses=Pauses(limits),
            now=lambda: self.clock[0],
            metrics=self.metrics,
        )

    async def write(self, user: EmulatedUser | str | None, kind: NoticeKind = NoticeKind.BOOKED, **given: Any) -> str:
        """Write a notice for somebody, due now; returns its id."""
        self.count += 1
        openid = user.openid if isinstance(user, EmulatedUser) else user
        made = notice(kind, now=self.clock[0], openid=openid, **({"dedupe_key": f"{kind}:{self.count}"} | given))
        async with self.database.begin() as unit:
            await unit.notices.add([made])
        return made.id

    async def read(self, notice_id: str) -> Notice:
        """The notice as it is now."""
        async with self.database.read() as unit:
            found = await unit.notices.get(notice_id)
        assert found is not None
        return found

    async def templates(self, **templates: Template) -> None:
        """Let these kinds have templates, which the account has too."""
        async with self.database.begin() as unit:
            await unit.catalogue.replace(CLINIC, DEPARTMENTS, DOCTORS, [], [], templates=templates)
        for kind, template in templates.items():
            await self.wechat.register_template(template.id, kind, {field: field for field in template.fields})

    def later(self, **span: float) -> datetime:
        """Let time pass for the relay."""
        self.clock[0] += timedelta(**span)
        return self.clock[0]

    async def silence(self, days: int = 3) -> None:
        """Let so many days pass at WeChat, in which nobody writes: no customer-service message may be sent then."""
        await self.wechat.shift_clock(days * 86400)
        self.wechat_clock[0] += timedelta(days=days)

    def texts(self) -> list[dict[str, str]]:
        """The SMS that were sent."""
        return (
            [orjson.loads(line) for line in self.sms_file.read_bytes().splitlines()] if self.sms_file.exists() else []
        )


async def reader(wechat: EmulatorClient, name: str) -> EmulatedUser:
    """A person who follows and wrote, so that customer-service messages may be sent to them."""
    user = await wechat.user(name)
    await user.send("follow", {"ticket": ""})
    await user.send("say", {"content": "你好"})
    return user


async def received(user: EmulatedUser) -> list[str]:
    """Through what the account's messages came, oldest first."""
    return [message.source for message in await user.messages() if message.source != "system"]


@asynccontextmanager
async def relaying(
    database: SqlDatabase, redis: Redis, sealer: Sealer, folder: Path, now: datetime
) -> AsyncGenerator[Relay]:
    """Serve WeChat and the webhook."""
    clock, metrics = [now], CountedMetrics()
    wechat_clock = [datetime.now(UTC)]
    dialogue = ScriptedDialogue(silent=True)
    webhook = Webhook(
        Codec(appid=APPID, token=TOKEN, aes_keys=(AES_KEY,), mode="secure"),
        chats=RedisChats(redis, sealer),
        dialogue=dialogue,
        client=None,  # type: ignore[arg-type]  # nothing is late here
        now=lambda: wechat_clock[0],
        metrics=metrics,
        events=NoticeEvents(database, lambda: clock[0]),
    )
    app = web.Application()
    add_routes(app.router, webhook)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        config = EmulatorConfig(
            webhook_url=str(server.make_url("/wechat")),
            token=TOKEN,
            aes_key=AES_KEY,
            appid=APPID,
            secret=SECRET,
            port=0,
            event_seconds=0.05,
        )
        async with running(config) as address, EmulatorClient(address) as wechat:
            client = WeChatClient(
                session,
                redis,
                sealer,
                appid=APPID,
                secret=SECRET,
                base=address,
                now=lambda: clock[0],
                metrics=metrics,
            )
            async with database.begin() as unit:
                await unit.catalogue.replace(CLINIC, DEPARTMENTS, DOCTORS, [], [])
            yield Relay(database, redis, client, wechat, folder / "sms.jsonl", metrics, clock, wechat_clock)
        await webhook.close()
