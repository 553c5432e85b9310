"""The API client against a WeChat that does what the test tells it, and a real Redis."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

import aiohttp
import pytest
from aiohttp import web
from redis.asyncio import Redis

from bot import wechat_errors as errors
from bot.menu import push_menu
from bot.wechat_client import QrCode, WeChatClient
from storage.sealing import Sealer
from tests.support.fake_wechat import APPID, OK, SECRET, FakeWeChat, Line, connect, refuse
from tests.support.scripted import CountedMetrics


@pytest.fixture
async def line(valkey: Redis, sealer: Sealer, now: datetime) -> AsyncGenerator[Line]:
    async with connect(FakeWeChat(), valkey, sealer, [now]) as line:
        yield line


async def test_a_customer_service_message_is_sent_in_utf8(line: Line) -> None:
    await line.client.custom_send("oAnna", "预约成功😀")
    body = {"touser": "oAnna", "msgtype": "text", "text": {"content": "预约成功😀"}}
    assert line.wechat.calls == [("/cgi-bin/message/custom/send", "token-1", body)]
    assert line.metrics.calls == {("stable_token", "ok"): 1, ("custom_send", "ok"): 1}


async def test_a_template_message_returns_its_number(line: Line) -> None:
    line.wechat.ok = {**OK, "msgid": 2**63 + 7}
    sent = await line.client.template_send(
        "oAnna", "T1", {"thing1": "王芳"}, url="https://clinic.example", client_msg_id="notice-1"
    )
    assert sent == 2**63 + 7
    body = {
        "touser": "oAnna",
        "template_id": "T1",
        "data": {"thing1": {"value": "王芳"}},
        "url": "https://clinic.example",
        "client_msg_id": "notice-1",
    }
    assert line.wechat.calls == [("/cgi-bin/message/template/send", "token-1", body)]


async def test_a_subscription_notice_is_sent(line: Line) -> None:
    await line.client.bizsend("oAnna", "T2", {"time2": "15:01"}, page="index")
    path, _, body = line.wechat.calls[0]
    assert path == "/cgi-bin/message/subscribe/bizsend"
    assert body == {"touser": "oAnna", "template_id": "T2", "data": {"time2": {"value": "15:01"}}, "page": "index"}


async def test_the_menu_is_pushed_and_read_back(line: Line) -> None:
    menu = await push_menu(line.client)
    assert line.wechat.calls[0][0::2] == ("/cgi-bin/menu/create", menu)
    line.wechat.ok = {"menu": menu}
    assert await line.client.menu_get() == menu


async def test_an_account_without_menu_has_none(line: Line) -> None:
    line.wechat.script = [refuse(46003, "menu no exist")]
    assert await line.client.menu_get() is None


async def test_a_qr_code_is_made(line: Line) -> None:
    line.wechat.ok = {"ticket": "gQH47", "expire_seconds": 60, "url": "http://weixin.qq.com/q/kZgf"}
    made = await line.client.qrcode_create("desk1", expire_seconds=60)
    assert made == QrCode("gQH47", "http://weixin.qq.com/q/kZgf", 60)
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "desk1"}}, "expire_seconds": 60}
    assert line.wechat.calls == [("/cgi-bin/qrcode/create", "token-1", body)]


async def test_a_lasting_qr_code_is_made(line: Line) -> None:
    line.wechat.ok = {"ticket": "t", "url": "u"}
    assert (await line.client.qrcode_create("desk1")).expire_seconds is None
    assert line.wechat.calls[0][2] == {
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": {"scene": {"scene_str": "desk1"}},
    }


@pytest.mark.parametrize(("scene", "seconds"), [("", 60), ("x" * 65, 60), ("x", 0), ("x", 2_592_001)])
async def test_a_qr_code_that_wechat_does_not_take_is_not_asked_for(line: Line, scene: str, seconds: int) -> None:
    with pytest.raises(ValueError, match="1 to"):
        await line.client.qrcode_create(scene, expire_seconds=seconds)
    assert line.wechat.calls == []


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (-1, errors.Retryable),
        (40003, errors.Permanent),
        (40037, errors.Permanent),
        (47003, errors.Permanent),
        (43004, errors.Unreachable),
        (43019, errors.Unreachable),
        (43101, errors.Unreachable),
        (48002, errors.Unreachable),
        (45009, errors.QuotaReached),
        (45011, errors.TooFrequent),
        (45015, errors.OutsideWindow),
        (45047, errors.OutsideWindow),
        (99999, errors.Permanent),
    ],
)
async def test_each_refusal_has_its_meaning_and_is_not_repeated(
    line: Line, code: int, meaning: type[errors.WeChatError]
) -> None:
    line.wechat.script = [refuse(code)]
    with pytest.raises(errors.WeChatError) as raised:
        await line.client.custom_send("oAnna", "x")
    assert type(raised.value) is meaning
    assert raised.value.code == code
    assert len(line.wechat.calls) == 1
    assert line.metrics.calls["custom_send", meaning.result] == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<html>busy</html>", content_type="text/html"),
        lambda: web.Response(text=""),
        lambda: web.Response(text="[]"),
        lambda: web.Response(text="null"),
        lambda: web.Response(text="{}"),
        lambda: web.Response(text='{"errcode": "0"}'),
        lambda: web.Response(text='{"errcode": 0'),
        lambda: web.Response(body=b"\xff\xfe"),
        lambda: web.Response(status=502, text="<html>bad gateway</html>"),
        lambda: web.Response(status=500),
    ],
)
async def test_an_answer_that_says_nothing_is_ambiguous_and_not_repeated(
    line: Line, answer: Callable[[], web.Response]
) -> None:
    line.wechat.script = [answer]
    with pytest.raises(errors.Ambiguous):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 1


async def test_a_template_answer_without_number_is_ambiguous(line: Line) -> None:
    with pytest.raises(errors.Ambiguous):
        await line.client.template_send("oAnna", "T1", {})


async def test_a_redirect_is_not_followed(line: Line) -> None:
    line.wechat.script = [web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})]
    with pytest.raises(errors.Permanent):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 1


async def test_a_timeout_is_ambiguous_and_not_repeated(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.wechat_http.TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    await line.client.tokens.get()
    line.wechat.stuck = asyncio.Event()
    with pytest.raises(errors.Ambiguous):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 1


async def test_a_connection_lost_after_sending_is_ambiguous(line: Line) -> None:
    line.wechat.drop = True
    with pytest.raises(errors.Ambiguous):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 1


async def test_a_wechat_that_is_not_reached_did_nothing(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    async with aiohttp.ClientSession() as session:
        client = WeChatClient(
            session,
            valkey,
            sealer,
            appid=APPID,
            secret=SECRET,
            base="http://127.0.0.1:1",
            now=lambda: now,
            metrics=CountedMetrics(),
        )
        with pytest.raises(errors.Retryable) as raised:
            await client.custom_send("oAnna", "x")
    assert SECRET not in repr(raised.value)


async def test_no_error_tells_the_token(line: Line) -> None:
    line.wechat.drop = True
    with pytest.raises(errors.Ambiguous) as raised:
        await line.client.custom_send("oAnna", "x")
    assert "token-1" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
