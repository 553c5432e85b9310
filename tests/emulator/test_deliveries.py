"""How messages reach the bot: modes, repetitions, faults, and what the user reads when the bot fails."""

import asyncio

import pytest
from wechatpy.crypto import WeChatCrypto

from emulator import texts
from emulator.client import EmulatorClient, NoAnswer
from emulator.server import running
from tests.support.toybot import AES_KEY, APPID, TOKEN, ToyBot, config_for, serving


@pytest.fixture
async def ming(wechat: EmulatorClient):
    """A follower."""
    user = await wechat.user("小明")
    await user.send("follow", {})
    return user


async def test_the_verification_request_is_answered_by_a_bot_that_knows_the_token(wechat: EmulatorClient):
    assert await wechat.verify() == (True, "")


async def test_a_bot_with_another_token_is_not_verified(wechat: EmulatorClient):
    await wechat.settings(token="AnotherToken")
    ok, problem = await wechat.verify()
    assert not ok
    assert "HTTP status 500" in problem


async def test_a_bot_that_is_not_there_is_not_verified(wechat: EmulatorClient):
    await wechat.settings(webhook_url="http://127.0.0.1:9/wechat")
    ok, problem = await wechat.verify()
    assert not ok
    assert "no connection" in problem


async def test_in_secure_mode_nothing_is_readable_on_the_way(ming, bot):
    await ming.say("我要预约")
    assert "我要预约" not in bot.bodies[-1]
    assert bot.queries[-1]["encrypt_type"] == "aes"
    assert bot.queries[-1]["openid"] == ming.openid


async def test_in_plain_mode_messages_and_replies_are_plain():
    bot = ToyBot(mode="plain")
    async with serving(bot), running(config_for(bot, aes_key="")) as address, EmulatorClient(address) as wechat:
        user = await wechat.user("小明")
        await user.send("follow", {})
        assert "预约" in await user.say("预约")
    assert "预约" in bot.bodies[-1]
    assert "msg_signature" not in bot.queries[-1]


async def test_in_compatible_mode_both_forms_arrive_and_either_reply_is_read():
    bot = ToyBot(mode="compatible")
    async with serving(bot), running(config_for(bot)) as address, EmulatorClient(address) as wechat:
        user = await wechat.user("小明")
        await user.send("follow", {})
        assert "预约" in await user.say("预约")
        query, crypto = bot.queries[-1], WeChatCrypto(TOKEN, AES_KEY, APPID)
        plain = crypto.decrypt_message(bot.bodies[-1], query["msg_signature"], query["timestamp"], query["nonce"])
        assert "预约" in bot.bodies[-1]
        assert "预约" in plain
        bot.mode = "secure"
        assert "预约" in await user.say("预约")


async def test_a_silent_bot_is_asked_three_times_and_the_user_is_told(bot, gate: asyncio.Event):
    async def hang(_message: object) -> None:
        await gate.wait()

    bot.answer = hang
    async with running(config_for(bot, answer_seconds=0.05)) as address, EmulatorClient(address) as wechat:
        user = await wechat.user("小明")
        read = await user.follow()
        gate.set()
    assert (read.text, read.kind, read.attempts) == (texts.UNAVAILABLE, "notice", 3)
    assert len(bot.seen) == 3


async def test_all_deliveries_of_a_message_carry_the_same_id_and_their_own_signature(ming, wechat, bot):
    await wechat.fault("drop_answer", times=2)
    reply = await ming.say("你好")
    assert (reply.text, reply.attempts) == ("你说：你好", 3)
    assert len({message.id for message in bot.seen[-3:]}) == 1
    assert len({query["msg_signature"] for query in bot.queries[-3:]}) == 3


async def test_a_refused_delivery_is_tried_again(ming, wechat):
    await wechat.fault("bad_signature")
    reply = await ming.say("你好")
    assert (reply.text, reply.attempts) == ("你说：你好", 2)
    assert [item["status"] for item in (await wechat.deliveries(what="text"))] == [403, 200]


async def test_success_is_silence(ming, bot):
    async def silent(_message: object) -> None:
        return None

    bot.answer = silent
    with pytest.raises(NoAnswer):
        await ming.say("你好", patience=0)
    assert (await ming.send("say", {"content": "你好"})).outcome == "silence"


async def test_a_customer_service_message_answers_for_a_silent_bot(ming, bot, api):
    async def late(message) -> None:
        body = {"touser": message.source, "msgtype": "text", "text": {"content": "让您久等了"}}
        await api.post("message/custom/send", body)

    bot.answer = late
    assert (await ming.say("你好")).text == "让您久等了"


def inside(user: str, account: str, content: str = "<Content>好</Content>", kind: str = "text") -> str:
    head = f"<ToUserName>{user}</ToUserName><FromUserName>{account}</FromUserName><CreateTime>1</CreateTime>"
    return f"<xml>{head}<MsgType>{kind}</MsgType>{content}</xml>"


BROKEN = {
    "json": ('{"errcode": 0}', "not well-formed"),
    "entities": ('<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>', "document type"),
    "another user": (inside("oSomebody", "ACCOUNT"), "ToUserName"),
    "another account": (inside("USER", "gh_other"), "FromUserName"),
    "empty": (inside("USER", "ACCOUNT", "<Content> </Content>"), "Content is empty"),
    "too long": (inside("USER", "ACCOUNT", f"<Content>{'字' * 683}</Content>"), "2049 bytes"),
    "unknown kind": (inside("USER", "ACCOUNT", kind="hologram"), "hologram"),
    "two articles": (
        inside("USER", "ACCOUNT", "<ArticleCount>2</ArticleCount><Articles><item/><item/></Articles>", "news"),
        "2 articles",
    ),
    "no media": (inside("USER", "ACCOUNT", "<Image/>", "image"), "MediaId"),
    "deep": ("<xml>" + "<a>" * 40 + "</a>" * 40 + "</xml>", "nested"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_malformed_reply_is_told_to_the_user_and_explained_in_the_log(ming, wechat, bot, name: str):
    template, complaint = BROKEN[name]

    async def broken(message) -> bytes:
        plain = template.replace("USER", message.source).replace("ACCOUNT", message.target)
        return WeChatCrypto(TOKEN, AES_KEY, APPID).encrypt_message(plain, "nonce", "1700000000").encode()

    bot.answer = broken
    read = await ming.say("你好")
    assert (read.text, read.attempts) == (texts.BROKEN_SERVICE, 1)
    delivery = (await wechat.deliveries())[-1]
    assert complaint in str(delivery["problem"])


async def test_a_plain_reply_in_secure_mode_is_malformed(ming, bot, wechat):
    async def plain(message) -> bytes:
        return inside(message.source, message.target).encode()

    bot.answer = plain
    assert (await ming.say("你好")).text == texts.BROKEN_SERVICE
    assert "encrypted" in str((await wechat.deliveries())[-1]["problem"])


async def test_a_reply_with_a_wrong_signature_is_malformed(ming, bot, wechat):
    async def forged(message) -> bytes:
        plain = inside(message.source, message.target)
        return WeChatCrypto("OtherToken", AES_KEY, APPID).encrypt_message(plain, "n", "1700000000").encode()

    bot.answer = forged
    assert (await ming.say("你好")).text == texts.BROKEN_SERVICE
    assert "MsgSignature" in str((await wechat.deliveries())[-1]["problem"])


async def test_a_duplicate_arrives_while_the_first_is_being_handled(ming, wechat, bot, gate: asyncio.Event):
    async def both_at_once(message) -> str:
        if sum(1 for seen in bot.seen if seen.type == "text") == 2:
            gate.set()
        await gate.wait()
        return f"第{len(bot.seen)}次"

    bot.answer = both_at_once
    await wechat.fault("duplicate", what="text")
    await ming.say("你好")
    copies = await wechat.deliveries(what="text")
    assert {item["copy"] for item in copies} == {1, 2}
    assert [message.kind for message in await ming.messages()].count("text") == 1


async def test_the_log_tells_when_two_copies_get_different_answers(ming, wechat, bot):
    async def counting(_message: object) -> str:
        return f"第{len(bot.seen)}次"

    await wechat.fault("duplicate", what="text")
    await ming.say("你好")
    bot.answer = counting
    await wechat.fault("duplicate", what="text")
    await ming.say("你好")
    verdicts = [item["same_as_first"] for item in await wechat.deliveries(what="text") if item["copy"] == 2]
    assert verdicts == [True, False]


async def test_a_replay_is_the_same_request_to_the_byte(ming, wechat, bot):
    await wechat.fault("replay")
    await ming.say("你好")
    assert bot.bodies[-1] == bot.bodies[-2]
    assert bot.queries[-1] == bot.queries[-2]


async def test_a_held_back_message_is_overtaken_by_the_next(ming, wechat, bot):
    await wechat.fault("reorder", user="小明")
    await wechat.request("POST", f"users/{ming.openid}/say?wait=0", {"content": "先"})
    await ming.say("后")
    await wechat.deliveries(after=2, wait=5)
    assert [message.content for message in bot.seen if message.type == "text"] == ["后", "先"]


async def test_a_fault_for_one_user_leaves_the_others_alone(ming, wechat):
    other = await wechat.user("李阿姨")
    await other.send("follow", {})
    await wechat.fault("drop_answer", user="小明", times=None)
    assert (await other.say("你好")).attempts == 1
    assert (await ming.say("你好")).text == texts.UNAVAILABLE
    await wechat.clear_faults()
    assert (await ming.say("你好")).attempts == 1


async def test_the_time_on_messages_follows_the_shifted_clock(ming, wechat, bot):
    await ming.say("现在")
    before = int(bot.queries[-1]["timestamp"])
    await wechat.shift_clock(-3600)
    await ming.say("过去")
    assert before - int(bot.queries[-1]["timestamp"]) >= 3600 - 60
    assert bot.seen[-1].time == int(bot.queries[-1]["timestamp"])


READABLE = {
    "news": (
        (
            "<ArticleCount>1</ArticleCount><Articles><item><Title>洗牙</Title><Description>须知</Description>"
            "<PicUrl>https://example.com/p.png</PicUrl><Url>https://example.com/a</Url></item></Articles>"
        ),
        ("news", "洗牙\n须知"),
    ),
    "image": ("<Image><MediaId>m1</MediaId></Image>", ("image", "")),
    "music": ("<Music><Title>歌</Title></Music>", ("music", "歌")),
    "transfer_customer_service": ("", ("notice", texts.ENTERED_HUMAN_SERVICE)),
}


@pytest.mark.parametrize("kind", READABLE)
async def test_every_kind_of_passive_reply_is_read(ming, bot, kind: str):
    content, shown = READABLE[kind]

    async def reply(message) -> bytes:
        plain = inside(message.source, message.target, content, kind)
        return WeChatCrypto(TOKEN, AES_KEY, APPID).encrypt_message(plain, "n", "1700000000").encode()

    bot.answer = reply
    read = await ming.say("你好")
    assert (read.kind, read.text) == shown


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"<html><body>502</body></html>", "<html>"),
        (b"<xml><Encrypt>x</Encrypt><TimeStamp>soon</TimeStamp></xml>", "TimeStamp"),
        (b"<xml></xml><xml></xml>", "well-formed"),
    ],
)
async def test_an_answer_that_is_no_reply_at_all_is_explained(ming, bot, wechat, raw: bytes, complaint: str):
    async def broken(_message: object) -> bytes:
        return raw

    bot.answer = broken
    assert (await ming.say("你好")).text == texts.BROKEN_SERVICE
    assert complaint in str((await wechat.deliveries())[-1]["problem"])


async def test_a_delayed_message_sets_out_later_but_arrives(ming, wechat):
    await wechat.fault("delay", seconds=0.01, what="text")
    assert (await ming.say("你好")).text == "你说：你好"


async def test_a_held_back_message_goes_by_itself_when_nothing_overtakes_it(ming, wechat):
    await wechat.fault("reorder", seconds=0.01)
    assert (await ming.say("你好")).text == "你说：你好"


async def test_an_encrypted_reply_in_plain_mode_is_malformed():
    bot = ToyBot(mode="plain")

    async def encrypted(message) -> bytes:
        plain = inside(message.source, message.target)
        return WeChatCrypto(TOKEN, AES_KEY, APPID).encrypt_message(plain, "n", "1700000000").encode()

    bot.answer = encrypted
    async with serving(bot), running(config_for(bot)) as address, EmulatorClient(address) as wechat:
        user = await wechat.user("小明")
        assert (await user.follow()).text == texts.BROKEN_SERVICE
