"""Messages whose turn is past, or of which nobody knows what they answer: nothing is done that was not meant."""

from datetime import timedelta

import pytest

from booking.models import ClaimState
from handlers.chat import Incoming
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import states_of


@pytest.mark.parametrize("text", ["1", "预约", "退出"])
async def test_a_message_taken_up_again_neither_answers_nor_ends_what_was_asked_after_it(talk: Talk, text: str) -> None:
    first_taken = talk.now.timestamp()
    talk.now += timedelta(seconds=20)
    asked = await talk.says("预约", "1")
    late = await talk.sends(Incoming(talk.openid, "text", "old", text=text, first_taken=first_taken))
    late.shows("较早的一条消息没能及时答复", "回到刚才的对话：")
    late.offers(*asked.choices)
    (await talk.says("1")).shows("请选择医生").hides("没能及时答复")


async def test_a_message_taken_up_again_answers_what_was_asked_before_it(talk: Talk) -> None:
    await talk.says("预约")
    talk.now += timedelta(seconds=20)
    late = Incoming(talk.openid, "text", "old", text="1", first_taken=talk.now.timestamp())
    (await talk.sends(late)).shows("请选择科室").hides("没能及时答复")


async def test_a_digit_of_which_nobody_knows_what_it_answers_is_asked_for_again(
    talk: Talk, database: SqlDatabase
) -> None:
    asked = await talk.says("赵敏", "1")
    asked.shows("请确认预约信息")
    unsure = Incoming(talk.openid, "text", "unsure", text="1", unsure=True)
    (await talk.sends(unsure)).shows("系统刚才中断过", "请确认预约信息").offers(*asked.choices)
    assert await states_of(database) == [ClaimState.HELD]
    (await talk.says("1")).shows("预约成功").hides("中断")


async def test_a_tap_and_a_command_mean_the_same_whatever_was_asked(talk: Talk, database: SqlDatabase) -> None:
    asked = await talk.says("赵敏", "1")
    tap = asked.tap_of("确认").tap
    await talk.sends(Incoming(talk.openid, "text", "tap", text="1", tapped=tap, unsure=True))
    assert await states_of(database) == [ClaimState.BOOKED]
    (await talk.sends(Incoming(talk.openid, "text", "word", text="我的预约", unsure=True))).shows("待就诊1个")


async def test_a_message_delivered_after_a_later_one_answers_nothing_that_was_asked_after_it(
    talk: Talk, database: SqlDatabase
) -> None:
    for number, text in enumerate(("赵敏", "1")):
        asked = await talk.sends(Incoming(talk.openid, "text", text, text=text, sent=1000 + 10 * number))
    late = Incoming(talk.openid, "text", "late", text="1", sent=1005)
    (await talk.sends(late)).shows("较早的一条消息没能及时答复", "请确认预约信息").offers(*asked.choices)
    assert await states_of(database) == [ClaimState.HELD]
    (await talk.sends(Incoming(talk.openid, "text", "new", text="1", sent=1011))).shows("预约成功")


async def test_a_clock_of_wechats_that_jumped_back_locks_nobody_out(talk: Talk) -> None:
    await talk.sends(Incoming(talk.openid, "text", "a", text="赵敏", sent=5000))
    (await talk.sends(Incoming(talk.openid, "text", "b", text="1", sent=1000))).shows("请确认预约信息")
    (await talk.sends(Incoming(talk.openid, "text", "c", text="退出", sent=1001))).shows("释放")


async def test_sentences_and_details_mean_the_same_whatever_was_asked(talk: Talk) -> None:
    await talk.says("预约")
    sentence = Incoming(talk.openid, "text", "s", text="明天上午王芳医生", unsure=True)
    (await talk.sends(sentence)).shows("请选择就诊时间").hides("中断")
    await talk.says("退出", "就诊人", "添加就诊人")
    details = Incoming(talk.openid, "text", "d", text="李四 110101198506154466 13800138000", unsure=True)
    (await talk.sends(details)).shows("登记成功")


async def test_a_message_whose_answer_was_lost_is_not_told_that_nothing_was_done(
    talk: Talk, database: SqlDatabase
) -> None:
    await talk.says("赵敏", "1")
    confirmed = Incoming(talk.openid, "text", "old", text="1", first_taken=talk.now.timestamp())
    await talk.dialogue.answer(talk.chat, confirmed, now=talk.now)  # booked, and its process dies before it saves
    talk.now += timedelta(seconds=10)
    await talk.says("菜单")
    talk.now += timedelta(seconds=10)
    (await talk.sends(confirmed)).shows("可能已经办理，也可能没有", "我的预约").hides("没有来得及", "再发一次")
    assert await states_of(database) == [ClaimState.BOOKED]


async def test_a_tap_of_the_lasting_menu_taken_up_again_does_not_end_what_was_asked_after_it(
    talk: Talk, database: SqlDatabase
) -> None:
    tap = (await talk.says("菜单")).tap_of("预约挂号").tap
    old = Incoming(talk.openid, "text", "old", text="1", tapped=tap, first_taken=talk.now.timestamp())
    talk.now += timedelta(seconds=20)
    (await talk.says("李强", "1")).shows("请确认预约信息")
    talk.now += timedelta(seconds=20)
    (await talk.sends(old)).shows("较早的一条消息没能及时答复", "请确认预约信息").hides("释放")
    assert await states_of(database) == [ClaimState.HELD]


@pytest.mark.parametrize("text", ["科室", "医生"])
async def test_a_tap_taken_up_again_means_its_own_question_only(talk: Talk, text: str) -> None:
    asked = await talk.says("预约")
    tap = next(choice.tap for label, choice in asked.choices.items() if text in label)
    old = Incoming(talk.openid, "text", "old", text="1", tapped=tap, first_taken=talk.now.timestamp())
    talk.now += timedelta(seconds=20)
    await talk.says("什么")  # asked once more, the same question
    (await talk.sends(old)).shows(f"请选择{text}")
    (await talk.sends(old)).shows("没能及时答复", f"请选择{text}")


@pytest.mark.parametrize(("event", "key"), [("subscribe", None), ("scan", "1"), ("unsubscribe", None)])
async def test_an_event_taken_up_again_leaves_what_was_asked_after_it(
    talk: Talk, database: SqlDatabase, event: str, key: str | None
) -> None:
    old = Incoming(talk.openid, "event", "old", event=event, key=key, first_taken=talk.now.timestamp())
    talk.now += timedelta(seconds=20)
    await talk.event("subscribe")
    await talk.says("李强", "1")
    before = talk.chat
    talk.now += timedelta(seconds=20)
    (await talk.sends(old)).hides("欢迎", "释放")
    assert talk.chat == before
    assert await states_of(database) == [ClaimState.HELD]
    async with database.read() as unit:
        assert await unit.adjustments.following([talk.openid])


async def test_a_tap_of_the_accounts_menu_taken_up_again_does_not_end_what_was_asked_after_it(
    talk: Talk, database: SqlDatabase
) -> None:
    old = Incoming(talk.openid, "event", "old", event="click", key="预约", first_taken=talk.now.timestamp())
    talk.now += timedelta(seconds=20)
    await talk.says("李强", "1")
    (await talk.sends(old)).shows("没能及时答复", "请确认预约信息")
    assert await states_of(database) == [ClaimState.HELD]


async def test_an_account_that_left_is_forgotten_though_the_news_comes_late(talk: Talk, database: SqlDatabase) -> None:
    await talk.event("subscribe")
    talk.now += timedelta(seconds=20)
    left = Incoming(talk.openid, "event", "old", event="unsubscribe", first_taken=talk.now.timestamp())
    talk.now += timedelta(seconds=20)
    (await talk.sends(left)).ends("left")
    async with database.read() as unit:
        assert not await unit.adjustments.following([talk.openid])
