"""The API client against a WeChat that does what the test tells it, and a real Redis."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot import wechat_errors as errors
from bot.menu import BUTTONS, account_menu, click, push_menu
from bot.wechat_client import QrCode, WeChatClient
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


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_refused_token_is_fetched_anew_once_and_the_call_made_again(line: Line, code: int) -> None:
    await line.client.custom_send("oAnna", "first")
    line.wechat.issued = 2
    line.wechat.script = [refuse(code)]
    await line.client.custom_send("oAnna", "second")
    assert [token for _, token, _ in line.wechat.calls] == ["token-1", "token-1", "token-2"]
    assert line.wechat.fetches == 2


async def test_a_token_refused_again_is_an_error_and_no_recursion(line: Line) -> None:
    line.wechat.script = [refuse(40001) for _ in range(10)]
    with pytest.raises(errors.TokenInvalid):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 2
    assert line.wechat.fetches == 2


async def test_a_wrong_secret_is_an_error_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line.client.tokens._http, "_base", line.client.tokens._http._base + "/nowhere")
    line.wechat.script = [refuse(40125, "invalid appsecret")]
    with pytest.raises(errors.Permanent):
        await line.client.custom_send("oAnna", "x")
    assert len(line.wechat.calls) == 1


async def test_many_calls_at_once_fetch_one_token(line: Line) -> None:
    await asyncio.gather(*(line.client.custom_send("oAnna", str(n)) for n in range(50)))
    assert line.wechat.fetches == 1


async def test_many_processes_at_once_fetch_one_token(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    wechat = FakeWeChat()
    async with (
        connect(wechat, valkey, sealer, [now]) as one,
        connect(wechat, valkey, sealer, [now]) as two,
        connect(wechat, valkey, sealer, [now]) as three,
    ):
        await asyncio.gather(*(line.client.custom_send("oAnna", "x") for line in (one, two, three) * 5))
    assert wechat.fetches == 1
    assert len(wechat.calls) == 15


async def test_a_refused_token_is_fetched_once_for_all_processes(valkey: Redis, sealer: Sealer, now: datetime) -> None:
    wechat = FakeWeChat()
    async with connect(wechat, valkey, sealer, [now]) as one, connect(wechat, valkey, sealer, [now]) as two:
        await asyncio.gather(one.client.tokens.get(), two.client.tokens.get())
        wechat.issued = 2
        await asyncio.gather(*(line.client.custom_send("oAnna", "x") for line in (one, two) * 5))
    assert wechat.fetches == 2


async def test_a_token_is_renewed_five_minutes_early(line: Line) -> None:
    await line.client.tokens.get()
    line.clock[0] += timedelta(seconds=7200 - 301)
    await line.client.tokens.get()
    assert line.wechat.fetches == 1
    line.clock[0] += timedelta(seconds=2)
    await line.client.tokens.get()
    assert line.wechat.fetches == 2


async def test_a_short_lived_token_is_not_fetched_for_every_call(line: Line) -> None:
    line.wechat.lifetime = 60
    for _ in range(3):
        await line.client.tokens.get()
    assert line.wechat.fetches == 1


async def test_a_token_is_unreadable_in_redis(line: Line, valkey: Redis) -> None:
    await line.client.tokens.get()
    kept = await valkey.get("wechat:{wx1}:token")
    assert kept is not None
    assert b"token-1" not in kept
    assert await valkey.pttl("wechat:{wx1}:token") > 0


async def test_without_redis_messages_are_still_sent(sealer: Sealer, now: datetime) -> None:
    gone = Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    async with connect(FakeWeChat(), gone, sealer, [now]) as line:
        await asyncio.gather(*(line.client.custom_send("oAnna", "x") for _ in range(5)))
        assert line.wechat.fetches == 1
    await gone.aclose()


async def test_a_caller_who_gives_up_does_not_take_the_token_from_the_others(line: Line) -> None:
    first = asyncio.create_task(line.client.tokens.get())
    second = asyncio.create_task(line.client.tokens.get())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "token-1"
    assert line.wechat.fetches == 1


async def test_a_token_that_failed_to_come_is_asked_for_again(line: Line) -> None:
    line.wechat.lifetime = 0
    with pytest.raises(errors.Ambiguous):
        await line.client.tokens.get()
    line.wechat.lifetime = 7200
    assert await line.client.tokens.get() == "token-1"


def test_the_account_menu_is_within_wechats_limits() -> None:
    menu = account_menu()
    assert len(BUTTONS) == 3
    assert orjson.loads(orjson.dumps(menu)) == menu


@pytest.mark.parametrize(
    "buttons",
    [
        [],
        [click("一", "1")] * 4,
        [click("六个汉字太长", "1")],
        [click("好", "键" * 43)],
        [click("好", "")],
        [{"name": "更多", "sub_button": []}],
        [{"name": "更多", "sub_button": [click("一", "1")] * 6}],
        [{"name": "更多", "sub_button": [click("长" * 21, "1")]}],
    ],
)
def test_a_menu_over_the_limits_is_not_sent(buttons: list[object]) -> None:
    with pytest.raises(ValueError, match="WeChat takes"):
        account_menu(buttons)  # type: ignore[arg-type]  # what a test may pass
