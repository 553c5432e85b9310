"""The control interface: its guards, its waiting, and what it tells."""

import asyncio
import json

import aiohttp
import pytest

from emulator.client import EmulatorClient, NoAnswer, Refused
from emulator.config import EmulatorConfig
from emulator.feed import WAITING_EVENTS, Feed
from emulator.journal import LENGTH, Journal
from emulator.server import build_app, serve
from tests.support.toybot import AES_KEY, TOKEN


@pytest.fixture
async def session():
    """A connection of somebody else."""
    async with aiohttp.ClientSession() as connection:
        yield connection


async def test_a_foreign_host_name_is_refused_even_when_it_points_here(wechat: EmulatorClient, session):
    async with session.get(f"{wechat._base}/emulator/state", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403


async def test_another_web_page_may_not_act(wechat: EmulatorClient, session):
    headers = {"Origin": "https://evil.example"}
    async with session.post(f"{wechat._base}/emulator/clear", headers=headers) as answer:
        assert answer.status == 403
    async with session.post(f"{wechat._base}/emulator/clear", headers={"Origin": wechat._base}) as answer:
        assert answer.status == 200


async def test_the_page_may_load_nothing_from_elsewhere(wechat: EmulatorClient, session):
    async with session.get(wechat._base + "/") as answer:
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "不是微信" in await answer.text()
    for name in (
        "app.js",
        "phone.js",
        "lines.js",
        "sheets.js",
        "panel.js",
        "faults.js",
        "traffic.js",
        "net.js",
        "dom.js",
    ):
        async with session.get(f"{wechat._base}/page/{name}") as answer:
            content = await answer.text()
            assert answer.status == 200
            assert "innerHTML" not in content
            assert "//" not in content.replace("https://example.com", "").replace("// ", "").replace(
                "http://www.w3.org", ""
            ).replace("?:\\/\\/", "")


@pytest.mark.parametrize(
    ("request_line", "complaint"),
    [
        (("POST", "users", {}), "name"),
        (("POST", "users", {"name": "x", "nick": "y"}), "nick"),
        (("POST", "faults", {"kind": "earthquake"}), "kind"),
        (("POST", "faults", {"kind": "delay", "times": 0}), "times"),
        (("GET", "users/nobody", None), "no user"),
        (("POST", "users/小明/fly", {}), "no action"),
        (("POST", "users/小明/say", {"content": "x"}), "does not follow"),
        (("GET", "users/小明/messages?after=x", None), "after must be a number"),
        (("DELETE", "faults/99", None), "no fault"),
        (("PATCH", "settings", {"webhook_url": "nowhere"}), "no web address"),
        (("PATCH", "settings", {"mode": "plainly"}), "mode"),
        (("PUT", "menu", {"button": []}), "40016"),
        (("POST", "qrcodes", {"scene": "x", "seconds": 0}), "expire_seconds"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_with_its_reason(
    wechat: EmulatorClient, request_line: tuple, complaint: str
):
    await wechat.user("小明")
    method, path, body = request_line
    with pytest.raises(Refused, match=complaint):
        await wechat.request(method, path, body)


async def test_waiting_for_a_message_ends_when_it_comes(wechat: EmulatorClient, api):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    waiting = asyncio.create_task(ming.next_message())
    body = {"touser": ming.openid, "msgtype": "text", "text": {"content": "您好"}}
    await api.post("message/custom/send", body)
    assert (await waiting).text == "您好"
    with pytest.raises(NoAnswer):
        await ming.next_message(patience=0.01)


async def test_messages_are_returned_once_and_in_order(wechat: EmulatorClient, api):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    for content in ("一", "二"):
        await api.post("message/custom/send", {"touser": ming.openid, "msgtype": "text", "text": {"content": content}})
    reply = await ming.say("你好")
    assert reply.text == "你说：你好"
    assert [(await ming.next_message()).text for _ in range(2)] == ["一", "二"]
    with pytest.raises(NoAnswer):
        await ming.next_message(patience=0)


async def test_the_feed_tells_everything_live(wechat: EmulatorClient, session):
    topics: list[str] = []
    async with session.get(f"{wechat._base}/emulator/feed") as feed:
        assert feed.content_type == "text/event-stream"
        assert await feed.content.readline() == b"retry: 1000\n"
        ming = await wechat.user("王老师")
        await ming.send("follow", {})
        await wechat.request("POST", f"users/{ming.openid}/draft", {"text": "预"})
        await wechat.fault("delay", seconds=1)
        while "faults" not in topics:
            line = await feed.content.readline()
            if line.startswith(b"data: "):
                topics.append(json.loads(line[6:])["topic"])
    assert [topic for topic in topics if topic != "account"] == [
        "users",
        "users",
        "message",
        "delivery",
        "draft",
        "faults",
    ]


async def test_the_log_keeps_both_directions_decrypted(wechat: EmulatorClient):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    await ming.say("你好")
    delivery = (await wechat.deliveries())[-1]
    assert "<Content><![CDATA[你好]]></Content>" in str(delivery["sent"])
    assert "你说：你好" in str(delivery["answer"])
    assert "你说" not in str(delivery["answer_body"])
    assert await wechat.deliveries(after=int(str(delivery["id"]))) == []


async def test_a_conversation_keeps_its_newest_lines(wechat: EmulatorClient):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    for number in range(260):
        await ming.send("say", {"content": str(number)})
    lines = (await wechat.request("GET", f"users/{ming.openid}/messages"))["messages"]
    assert len(lines) == 500
    assert lines[-1]["body"]["text"] == "你说：259"
    assert len(await wechat.deliveries()) == 261
    assert len((await wechat.request("GET", "deliveries?last=10"))["deliveries"]) == 10


def test_the_log_keeps_its_newest_records_and_their_ids_only_grow():
    journal = Journal("call", Feed())
    for _ in range(LENGTH + 5):
        journal.write({})
    kept = [record["id"] for record in journal.read()]
    assert kept == list(range(6, LENGTH + 6))
    journal.clear()
    journal.write({})
    assert [record["id"] for record in journal.read()] == [LENGTH + 6]


async def test_a_reader_too_slow_for_the_feed_is_told_so():
    feed = Feed()
    with feed.watch() as watcher, feed.watch("call") as other:
        for _ in range(WAITING_EVENTS + 1):
            feed.publish("draft", {})
        assert watcher.overflowed
        assert not other.overflowed


async def test_clearing_empties_conversations_logs_and_faults_and_keeps_users(wechat: EmulatorClient):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    await wechat.fault("delay", seconds=9)
    await wechat.clear()
    state = await wechat.request("GET", "state")
    assert (state["messages"], state["faults"], await wechat.deliveries()) == ([], [], [])
    assert (await wechat.request("GET", f"users/{ming.openid}"))["followed"] is True


async def test_the_state_holds_neither_secret_nor_key(wechat: EmulatorClient, session):
    async with session.get(f"{wechat._base}/emulator/state") as answer:
        content = await answer.text()
    assert AES_KEY not in content
    assert TOKEN not in content


async def test_settings_that_do_not_fit_change_nothing(wechat: EmulatorClient):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    with pytest.raises(Refused, match="43"):
        await wechat.settings(aes_key="short")
    assert (await ming.say("你好")).text == "你说：你好"


async def test_the_key_can_change_while_the_bot_runs(wechat: EmulatorClient):
    ming = await wechat.user("小明")
    await ming.send("follow", {})
    await wechat.settings(aes_key="z" * 43)
    delivered = await ming.send("say", {"content": "你好"})
    assert delivered.outcome == "no_answer"
    await wechat.settings(aes_key=AES_KEY)
    assert (await ming.say("你好")).text == "你说：你好"


async def test_serve_tells_its_address_and_stops_when_cancelled():
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    config = EmulatorConfig(webhook_url="http://127.0.0.1:9/wechat", token=TOKEN, aes_key=AES_KEY, port=0)
    serving = asyncio.create_task(serve(config, started=address.set_result))
    async with EmulatorClient(await address) as client:
        assert len((await client.request("GET", "users"))["users"]) == 2
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


def test_an_application_can_be_built_without_a_running_loop():
    assert build_app(EmulatorConfig(webhook_url="http://127.0.0.1:9/", token=TOKEN, mode="plain"))
