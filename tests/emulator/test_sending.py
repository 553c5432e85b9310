"""Customer-service messages, template messages and subscription notices."""

import asyncio

import pytest

from emulator.client import EmulatorClient, NoAnswer

FIELDS = {"thing1": "科室", "time2": "时间", "character_string3": "预约号"}
DATA = {
    "thing1": {"value": "口腔科"},
    "time2": {"value": "2026年11月24日 08:30"},
    "character_string3": {"value": "ZY-1"},
}


def text_to(user, content: str = "您好") -> dict:
    return {"touser": user.openid, "msgtype": "text", "text": {"content": content}}


@pytest.fixture
async def ming(wechat: EmulatorClient):
    """A follower."""
    user = await wechat.user("小明")
    await user.send("follow", {})
    return user


async def test_five_messages_may_follow_each_message_of_the_user(api, ming):
    await ming.say("你好")
    codes = [(await api.post("message/custom/send", text_to(ming)))["errcode"] for _ in range(9)]
    # Three more are allowed in the minute after the subscription.
    assert codes == [0] * 8 + [45047]
    await ming.say("还在吗")
    assert (await api.post("message/custom/send", text_to(ming)))["errcode"] == 0


async def test_a_customer_service_message_appears_in_the_conversation(api, ming):
    await api.post("message/custom/send", text_to(ming, "王芳医生今天停诊"))
    message = await ming.next_message()
    assert (message.text, message.source) == ("王芳医生今天停诊", "custom")


async def test_a_menu_click_allows_three_messages_for_one_minute(api, ming, wechat: EmulatorClient):
    await wechat.request("PUT", "menu", {"button": [{"name": "预约", "type": "click", "key": "BOOK"}]})
    await wechat.shift_clock(3600)
    await ming.send("click", {"button": "BOOK"})
    codes = [(await api.post("message/custom/send", text_to(ming)))["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 45047]
    await wechat.shift_clock(3700)
    assert (await api.post("message/custom/send", text_to(ming)))["errcode"] == 45015


async def test_after_48_hours_nothing_may_be_sent(api, ming, wechat: EmulatorClient):
    await ming.say("你好")
    await wechat.shift_clock(48 * 3600 + 1)
    await api.token()
    assert (await api.post("message/custom/send", text_to(ming)))["errcode"] == 45015


async def test_the_choices_of_a_customer_service_menu_can_be_tapped(api, ming, bot):
    menu = {"head_content": "满意吗？", "list": [{"id": "101", "content": "满意"}], "tail_content": "谢谢"}
    await api.post("message/custom/send", {"touser": ming.openid, "msgtype": "msgmenu", "msgmenu": menu})
    shown = await ming.next_message()
    assert shown.text == "满意吗？\n满意\n谢谢"
    await ming.tap("满意")
    assert bot.seen[-1].content == "满意"
    assert bot.seen[-1]._data["bizmsgmenuid"] == "101"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text", "text": {"content": "字" * 683}}, 45002),
        ({"msgtype": "news", "news": {"articles": []}}, 44003),
        ({"msgtype": "news", "news": {"articles": [{"title": "1"}, {"title": "2"}]}}, 45008),
        ({"msgtype": "image", "image": {"media_id": "x"}}, 40007),
        ({"msgtype": "telegram"}, 40008),
        ({"msgtype": "msgmenu", "msgmenu": {"list": []}}, 47001),
    ],
)
async def test_a_customer_service_message_that_breaks_a_rule_is_refused(api, ming, body: dict, errcode: int):
    assert (await api.post("message/custom/send", {"touser": ming.openid} | body))["errcode"] == errcode


async def test_unknown_banned_and_refusing_users_cannot_be_reached(api, ming):
    assert (await api.post("message/custom/send", text_to(ming) | {"touser": "oNobody"}))["errcode"] == 40003
    await ming.change(refuses=True)
    assert (await api.post("message/custom/send", text_to(ming)))["errcode"] == 48002
    await ming.change(refuses=False, blacklisted=True)
    assert (await api.post("message/custom/send", text_to(ming)))["errcode"] == 43019


async def test_broken_requests_are_told_apart(api, ming):
    del ming
    assert (await api.raw("GET", "message/custom/send", None))["errcode"] == 43002
    assert (await api.raw("POST", "message/custom/send", None))["errcode"] == 44002
    assert (await api.post("message/custom/send", ["no", "object"]))["errcode"] == 47001
    assert (await api.post("message/nowhere", {}))["errcode"] == 40066


@pytest.fixture
async def template(wechat: EmulatorClient):
    """A registered template."""
    await wechat.register_template("BOOKED", "预约成功通知", FIELDS)
    return "BOOKED"


def notice(user, template: str, **change: object) -> dict:
    return {"touser": user.openid, "template_id": template, "data": DATA} | change


async def test_a_template_message_is_read_as_a_card_and_its_end_is_reported(api, ming, template, wechat, bot):
    answer = await api.post("message/template/send", notice(ming, template))
    assert answer["msgid"] > 2**53
    card = await ming.next_message()
    assert card.kind == "card"
    assert "预约成功通知\n科室：口腔科" in card
    await wechat.deliveries(what="TEMPLATESENDJOBFINISH", wait=5)
    assert (bot.seen[-1].id, bot.seen[-1].status) == (answer["msgid"], "success")


@pytest.mark.parametrize(("state", "status"), [("refuses", "failed:user block"), ("failing", "failed: system failed")])
async def test_a_template_message_that_cannot_be_shown_ends_with_its_reason(
    api, ming, template, state: str, status: str
):
    await ming.change(**{state: True})
    assert (await api.post("message/template/send", notice(ming, template)))["errcode"] == 0
    (delivery,) = await ming.client.deliveries(what="TEMPLATESENDJOBFINISH", wait=5)
    assert f"<Status><![CDATA[{status}]]></Status>" in str(delivery["sent"])
    with pytest.raises(NoAnswer):
        await ming.next_message(patience=0)


async def test_the_same_client_msg_id_sends_once_within_ten_minutes(api, ming, template, wechat):
    body = notice(ming, template, client_msg_id="booked-1")
    first, second = await asyncio.gather(*(api.post("message/template/send", body) for _ in range(2)))
    assert first["msgid"] == second["msgid"]
    other = await wechat.user("李阿姨")
    await other.send("follow", {})
    assert (await api.post("message/template/send", body | {"touser": other.openid}))["msgid"] != first["msgid"]
    await wechat.shift_clock(601)
    assert (await api.post("message/template/send", body))["msgid"] != first["msgid"]
    assert len(await ming.messages()) == 2 + 1  # the line of following, two cards


async def test_a_template_message_that_breaks_a_rule_is_refused(api, ming, template):
    async def errcode(**change: object) -> int:
        return (await api.post("message/template/send", notice(ming, template, **change)))["errcode"]

    assert await errcode(template_id="UNKNOWN") == 40037
    assert await errcode(data=DATA | {"thing1": {"value": "长" * 21}}) == 47003
    assert await errcode(data={"thing1": {"value": "口腔科"}}) == 47003
    assert await errcode(data="口腔科") == 47001
    assert await errcode(touser="oNobody") == 40003


async def test_the_log_says_which_rule_a_field_broke(api, ming, template, wechat):
    await api.post("message/template/send", notice(ming, template, data=DATA | {"time2": {"value": "明早"}}))
    (call,) = await wechat.calls(path="template/send")
    assert "time2" in str(call["notes"])
    assert "24 hours" in str(call["notes"])


async def test_who_does_not_follow_gets_no_template_message(api, wechat, template):
    stranger = await wechat.user("王老师")
    assert (await api.post("message/template/send", notice(stranger, template)))["errcode"] == 43004


async def test_a_consent_is_worth_one_subscription_notice(api, ming, template, wechat):
    send = "message/subscribe/bizsend"
    assert (await api.post(send, notice(ming, template)))["errcode"] == 43101
    await ming.consent(template, "reject")
    assert (await api.post(send, notice(ming, template)))["errcode"] == 43101
    await ming.consent(template)
    assert (await api.post(send, notice(ming, template)))["errcode"] == 0
    assert (await ming.next_message()).source == "subscription"
    assert (await api.post(send, notice(ming, template)))["errcode"] == 43101
    (sent,) = await wechat.deliveries(what="subscribe_msg_sent_event", wait=5)
    assert "<ErrorCode>0</ErrorCode>" in str(sent["sent"])


async def test_consents_reach_the_bot_as_the_platform_words_them(ming, template, wechat):
    await ming.consent(template)
    (delivery,) = await wechat.deliveries(what="subscribe_msg_popup_event")
    inside = "<SubscribeMsgPopupEvent><List><TemplateId><![CDATA[BOOKED]]></TemplateId>"
    assert inside + "<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString>" in str(delivery["sent"])


async def test_leaving_ends_consents_and_the_right_to_send(api, ming, template):
    await ming.consent(template)
    await ming.unfollow()
    assert (await api.post("message/subscribe/bizsend", notice(ming, template)))["errcode"] == 43101
    assert (await api.post("message/custom/send", text_to(ming)))["errcode"] == 45015


async def test_a_used_up_daily_quota_is_refused_until_midnight_in_shanghai(api, ming, template, wechat):
    await wechat.limit("/cgi-bin/message/template/send", 1)
    codes = [(await api.post("message/template/send", notice(ming, template)))["errcode"] for _ in range(2)]
    assert codes == [0, 45009]
    await wechat.shift_clock(24 * 3600)
    await api.token()
    assert (await api.post("message/template/send", notice(ming, template)))["errcode"] == 0


async def test_a_news_card_is_read_with_title_and_description(api, ming):
    article = {"title": "洗牙须知", "description": "三分钟", "url": "https://example.com/a", "picurl": ""}
    body = {"touser": ming.openid, "msgtype": "news", "news": {"articles": [article]}}
    assert (await api.post("message/custom/send", body))["errcode"] == 0
    assert (await ming.next_message()).text == "洗牙须知\n三分钟"


async def test_a_key_that_the_template_does_not_have_is_ignored_and_noted(api, ming, template, wechat):
    data = DATA | {"remark": {"value": "谢谢"}}
    assert (await api.post("message/template/send", notice(ming, template, data=data)))["errcode"] == 0
    (call,) = await wechat.calls(path="template/send")
    assert "remark" in str(call["notes"])


async def test_escaped_chinese_is_noted_since_some_endpoints_show_the_escapes(api, ming, wechat):
    await ming.say("你好")
    await api.token()
    url = f"{api.base}/cgi-bin/message/custom/send?access_token={api.value}"
    async with api.session.post(url, json=text_to(ming)) as answer:
        assert (await answer.json())["errcode"] == 0
    (call,) = await wechat.calls(path="custom/send")
    assert "uXXXX" in str(call["notes"])


async def test_a_failing_user_gets_no_subscription_notice_and_the_bot_is_told(api, ming, template, wechat):
    await ming.consent(template)
    await ming.change(failing=True)
    assert (await api.post("message/subscribe/bizsend", notice(ming, template)))["errcode"] == 0
    (sent,) = await wechat.deliveries(what="subscribe_msg_sent_event", wait=5)
    assert "<ErrorCode>1</ErrorCode>" in str(sent["sent"])
