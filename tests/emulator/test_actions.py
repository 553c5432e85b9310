"""What users can do, and how wechatpy understands it."""

import pytest

from emulator.client import EmulatorClient, Refused

MENU = {
    "button": [
        {"name": "预约挂号", "type": "click", "key": "BOOK"},
        {"name": "服务", "sub_button": [{"name": "路线", "type": "view", "url": "https://example.com/way"}]},
        {"name": "扫码", "type": "scancode_waitmsg", "key": "SCAN"},
    ]
}


@pytest.fixture
async def ming(wechat: EmulatorClient):
    """A follower."""
    user = await wechat.user("小明")
    await user.send("follow", {})
    return user


async def test_following_tells_the_bot_of_a_subscription(ming, bot):
    assert (bot.seen[-1].event, bot.seen[-1].source) == ("subscribe", ming.openid)


async def test_following_by_a_qr_code_carries_its_scene(wechat: EmulatorClient, bot):
    ticket = await wechat.qrcode("desk-1")
    user = await wechat.user("王老师")
    await user.send("scan", {"ticket": ticket})
    assert (bot.seen[-1].event, bot.seen[-1].scene_id, bot.seen[-1].ticket) == ("subscribe_scan", "desk-1", ticket)


async def test_a_followers_scan_carries_the_scene_without_prefix(wechat: EmulatorClient, ming, bot):
    ticket = await wechat.qrcode("desk-1", seconds=60)
    await ming.send("scan", {"ticket": ticket})
    assert (bot.seen[-1].event, bot.seen[-1].scene_id) == ("scan", "desk-1")
    await wechat.shift_clock(61)
    with pytest.raises(Refused, match="expired"):
        await ming.scan(ticket)
    with pytest.raises(Refused, match="ticket"):
        await ming.scan("made-up")


async def test_leaving_is_told_and_its_answer_is_not_read(ming, bot):
    async def farewell(_message: object) -> str:
        return "再见"

    bot.answer = farewell
    await ming.unfollow()
    assert bot.seen[-1].event == "unsubscribe"
    assert "再见" not in [message.text for message in await ming.messages()]
    with pytest.raises(Refused, match="does not follow"):
        await ming.say("你好")


async def test_a_menu_button_is_found_by_key_or_by_words(wechat: EmulatorClient, ming, bot):
    await wechat.request("PUT", "menu", MENU)
    for name in ("BOOK", "预约挂号"):
        await ming.send("click", {"button": name})
        assert (bot.seen[-1].event, bot.seen[-1].key) == ("click", "BOOK")
    await ming.send("click", {"button": "路线"})
    assert (bot.seen[-1].event, bot.seen[-1].url) == ("view", "https://example.com/way")
    await ming.send("click", {"button": "SCAN", "scanned": "patient-7"})
    assert bot.seen[-1].scan_result == "patient-7"
    with pytest.raises(Refused, match="no button"):
        await ming.click("没有")


async def test_voice_is_heard_with_or_without_recognition(ming, bot):
    await ming.send("voice", {"recognition": "我要预约"})
    assert bot.seen[-1].recognition == "我要预约"
    await ming.send("voice", {"recognition": None})
    assert "Recognition" not in bot.seen[-1]._data


async def test_pictures_films_links_and_places_arrive(ming, bot):
    await ming.send("image", {})
    assert bot.seen[-1].image.endswith("/page/photo.svg")
    await ming.send("video", {})
    assert bot.seen[-1].type == "video"
    await ming.send("link", {"title": "文章", "url": "https://example.com/a"})
    assert (bot.seen[-1].title, bot.seen[-1].url) == ("文章", "https://example.com/a")
    await ming.send("location", {"latitude": 31.2, "longitude": 121.5, "label": "上海"})
    assert (bot.seen[-1].location, bot.seen[-1].label) == (("31.200000", "121.500000"), "上海")
    await ming.send("report_location", {"latitude": 31.2, "longitude": 121.5})
    assert bot.seen[-1].event == "location"


async def test_an_event_that_the_emulator_does_not_play_can_be_sent_raw(ming, bot):
    await ming.send("event", {"event": "card_pay_order", "fields": {"OrderId": "7", "Status": 1}})
    assert bot.seen[-1]._data["OrderId"] == "7"


async def test_a_tapped_choice_sends_its_content_and_its_id(ming, bot):
    async def offer(message) -> str:
        if getattr(message, "content", "") == "预约":
            return '1. <a href="weixin://bizmsgmenu?msgmenucontent=1&msgmenuid=d%2F1">口腔科</a>\n2. 儿科'
        return "好的"

    bot.answer = offer
    offered = await ming.say("预约")
    await ming.tap("口腔")
    assert (bot.seen[-1].content, bot.seen[-1]._data["bizmsgmenuid"]) == ("1", "d/1")
    await ming.tap("2", message=offered)
    assert bot.seen[-1].content == "2"
    assert "bizmsgmenuid" not in bot.seen[-1]._data
    with pytest.raises(LookupError, match="口腔科"):
        await ming.tap("外科", message=offered)
    await ming.client.request("POST", f"users/{ming.openid}/tap", {"choice": "口腔科"})
    assert bot.seen[-1]._data["bizmsgmenuid"] == "d/1"


async def test_a_banned_user_is_not_heard(ming, bot):
    await ming.change(blacklisted=True)
    heard = len(bot.seen)
    with pytest.raises(Refused, match="banned"):
        await ming.say("你好")
    assert len(bot.seen) == heard
