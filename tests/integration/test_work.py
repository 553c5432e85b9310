"""How much work a message is: round trips and statements are counted, so that no change adds one unnoticed.

Nothing is timed, availability is read anew each time, and catalogue and staff are read once, so the counts are the
same on every machine. Whoever adds a statement for good reason raises its figure here; whoever saves one lowers it.
"""

import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from sqlalchemy import event
from sqlalchemy.engine import Engine

from booking import current
from booking.appointments import Appointments, Wish
from bot.webhook import Webhook, add_routes
from bot.wechat import Codec
from storage.chats import RedisChats
from storage.database import SqlDatabase
from storage.sealing import Sealer
from tests.support.scripted import CountedMetrics, ScriptedSender
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, known, open_for_talk
from tests.support.wechat_side import AES_KEY, APPID, TOKEN, WeChat, message_xml

OPENID, FIRST, OTHERS = "o-zhang", "o-li", ("李四", "王五")
CODEC_CALLS = 49
A_DAY = 86_400.0


@dataclass
class Work:
    """What was asked of the servers."""

    round_trips: int = 0
    """Writes to Redis: a pipeline is one."""
    statements: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """A message, what its answer says, and what it may cost on SQLite and on PostgreSQL."""

    says: str
    shows: str
    round_trips: int
    sqlite: int
    postgres: int


STEPS = (
    Step("你好", "请问需要什么帮助", 2, 0, 0),
    Step("预约", "请选择预约方式", 2, 2, 2),
    Step("1", "请选择科室", 2, 3, 3),
    Step("口腔科", "请选择医生", 2, 2, 2),
    Step("王芳", "请选择就诊日期", 2, 2, 2),
    Step("1", "请选择就诊时间", 2, 5, 5),
    Step("1", "请确认预约信息", 3, 7, 8),
    Step("1", "预约成功", 2, 6, 6),
    Step("我的预约", "待就诊1个", 2, 3, 3),
    Step("取消预约", "请确认取消", 2, 6, 6),
    Step("1", "取消成功", 3, 11, 11),
)


@contextmanager
def counting() -> Iterator[Work]:
    """Count what this process asks of Redis and SQL in a block."""
    work = Work()
    send = AbstractConnection.send_packed_command

    async def sent(connection: AbstractConnection, command: Any, check_health: bool = True) -> None:
        work.round_trips += 1
        await send(connection, command, check_health)

    def executed(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):  # which SQLite's driver has to be told, and others' do unasked
            work.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", executed)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AbstractConnection, "send_packed_command", sent)
            yield work
    finally:
        event.remove(Engine, "before_cursor_execute", executed)


@pytest.fixture
async def wechat(
    database: SqlDatabase,
    appointments: Appointments,
    valkey: Redis,
    sealer: Sealer,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[WeChat]:
    """A clinic behind a webhook that has seen a conversation, and an account that has registered a patient.

    What is looked at again every second or two is not, so that nothing depends on how long the test takes.
    """
    monkeypatch.setattr(current, "LOOK_AGAIN_AFTER", A_DAY)
    await open_for_talk(database, now)
    await appointments._seats.rebuild(f"wang-{now + timedelta(days=1):%Y%m%d}-0900")
    dialogue = dialogue_of(database, appointments, staff_again_after=A_DAY)
    await known(database, Talk(dialogue, now, openid=OPENID), "张三")
    await known(database, Talk(dialogue, now, openid=FIRST), *OTHERS)
    codec = Codec(appid=APPID, token=TOKEN, aes_keys=(AES_KEY,), mode="secure")
    webhook = Webhook(
        codec,
        chats=RedisChats(valkey, sealer),
        dialogue=dialogue,
        client=ScriptedSender(),
        now=lambda: now,
        metrics=CountedMetrics(),
    )
    app = web.Application()
    add_routes(app.router, webhook)
    async with TestClient(TestServer(app)) as client:
        wechat = WeChat(client, now)
        for says in ("口腔科", "王芳", "1", "1", "1", "1", "取消预约", "1"):
            await wechat.say(FIRST, says)  # connections are opened, scripts loaded, catalogue and slot read once
        yield wechat
        await webhook.close()


async def test_a_message_costs_so_many_round_trips_and_statements(wechat: WeChat, database_kind: str) -> None:
    costs, statements = [], []
    for step in STEPS:
        letter = wechat.letter(message_xml(OPENID, wechat.now, Content=step.says))
        with counting() as work:
            said = await wechat.deliver(letter)
        assert step.shows in (said or ""), said
        costs.append((step.says, work.round_trips, len(work.statements)))
        statements += [f"{step.says}:", *work.statements]
    allowed = [(step.says, step.round_trips, getattr(step, database_kind)) for step in STEPS]
    assert costs == allowed


async def test_a_redelivery_costs_one_round_trip_and_nothing_of_the_database(wechat: WeChat) -> None:
    letter = wechat.letter(message_xml(OPENID, wechat.now, Content="预约"))
    first = await wechat.deliver(letter)
    with counting() as work:
        assert await wechat.deliver(letter) == first
    assert (work.round_trips, work.statements) == (1, [])


async def test_more_appointments_are_listed_in_no_more_statements(wechat: WeChat, appointments: Appointments) -> None:
    costs = []
    for days in (1, 2):
        slot = f"wang-{wechat.now + timedelta(days=days):%Y%m%d}-0900-0900"
        wish = Wish(slot, "p-张三", openid=OPENID, channel="wechat", request_id=slot)
        held = await appointments.hold(wish, now=wechat.now)
        await appointments.confirm(held.id, openid=OPENID, now=wechat.now)
        with counting() as work:
            assert f"待就诊{days}个" in str(await wechat.say(OPENID, "我的预约"))
        costs.append(len(work.statements))
    assert costs[0] == costs[1]


async def test_who_comes_too_late_is_refused_without_a_transaction(wechat: WeChat, appointments: Appointments) -> None:
    for says in ("口腔科", "王芳", "1"):
        said = await wechat.say(OPENID, says)
    assert "请选择就诊时间" in str(said)
    slot = f"wang-{wechat.now + timedelta(days=1):%Y%m%d}-0900-0900"
    for name in OTHERS:
        wish = Wish(slot, f"p-{name}", openid=FIRST, channel="wechat", request_id=name)
        await appointments.hold(wish, now=wechat.now)
    with counting() as work:
        assert "刚刚被约走了" in str(await wechat.say(OPENID, "1"))
    assert not [said for said in work.statements if not said.startswith("SELECT")]
    assert work.round_trips == 3


async def test_a_statement_and_a_round_trip_too_many_would_be_seen(database: SqlDatabase, valkey: Redis) -> None:
    with counting() as work:
        async with database.read() as unit:
            await unit.claims.get("none")
        await valkey.ping()
    assert (work.round_trips, len(work.statements)) == (1, 1)


def test_the_codec_makes_so_many_calls(now: datetime) -> None:
    """A delivery read and its answer written: calls of our own functions, which no library's release changes."""
    codec = Codec(appid=APPID, token=TOKEN, aes_keys=(AES_KEY,), mode="secure")
    letter = WeChat(cast("TestClient", None), now).letter(message_xml(OPENID, now, Content="下周三上午口腔科"))
    codec.write(codec.read(letter.query, letter.body, now=now), "预约成功", now=now)  # what is made once is made
    calls: Counter[str] = Counter()

    def called(frame: FrameType, kind: str, _: object) -> None:
        if kind == "call" and "/bot/wechat/" in frame.f_code.co_filename:
            calls[frame.f_code.co_name] += 1

    sys.setprofile(called)
    try:
        codec.write(codec.read(letter.query, letter.body, now=now), "预约成功", now=now)
    finally:
        sys.setprofile(None)
    assert 0 < calls.total() <= CODEC_CALLS, calls
