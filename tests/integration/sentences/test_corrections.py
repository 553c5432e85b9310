"""Words in mid-dialogue change just what they speak of; nothing is lost, and nothing is taken that was not meant."""

from datetime import timedelta

import pytest

from booking.models import ClaimState
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import add_session, known, states


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("不对", "请选择就诊日期"),
        ("换一个", "请选择就诊日期"),
        ("改成后天", "11月25日 周三（后天）"),
        ("还是后天吧", "11月25日 周三（后天）"),
        ("我要挂的是眼科", "时间：14:00-14:30"),
        ("换个医生", "李强"),
        ("换一天", "11月25日 周三（后天） 余6"),
        ("九点半左右", "时间：09:30"),
        ("李强医生的", "10:00"),
    ],
)
async def test_a_correction_changes_just_that(talk: Talk, text: str, says: str) -> None:
    await talk.says("王芳", "明天")
    (await talk.says(text)).shows(says).hides("没有看懂")


async def test_a_part_of_day_that_was_said_stays_when_the_department_changes(talk: Talk) -> None:
    (await talk.says("明天上午眼科")).shows("11月24日 周二上午没有可预约的号")
    (await talk.says("菜单", "明天上午", "王芳", "换个医生")).offers("王芳", "李强")
    (await talk.says("还是口腔科吧")).hides("请选择时段").offers("王芳", "李强")


async def test_a_correction_at_the_confirmation_gives_the_seat_back(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("明天九点王芳")
    (await talk.says("改成九点半")).shows("时间：09:30", "王芳").offers("确认", "返回")
    assert await states(database) == [ClaimState.RELEASED, ClaimState.HELD]
    (await talk.says("换个时间")).offers("09:00", "09:30")
    assert ClaimState.HELD not in await states(database)


async def test_a_time_that_is_taken_back_rules_no_day_out(talk: Talk) -> None:
    await talk.says("后天王芳")
    (await talk.says("不是九点是十点")).shows("11月25日 周三", "时间：10:00").hides("不含", "没有可预约的号")


async def test_a_day_can_be_ruled_out_in_between(talk: Talk) -> None:
    await talk.says("王芳", "明天")
    (await talk.says("周二不行")).shows("不含：11月24日").shows("11月25日 周三").offers("09:00", "09:30", "10:00")


async def test_the_patient_can_be_corrected(talk: Talk) -> None:
    (await talk.says("王芳", "是帮我妈约的")).shows("请选择就诊人").offers("张*", "添加就诊人")
    (await talk.says("1")).offers("11月24日", "11月25日")


async def test_for_another_patient_the_time_chosen_stays(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("明天九点王芳", "是给我妈约的")).shows("请选择就诊人").offers("张*", "添加就诊人")
    (await talk.says("1")).shows("时间：09:00-09:30").offers("确认", "返回")


async def test_the_weather_answers_no_question(talk: Talk) -> None:
    await talk.says("王芳")
    (await talk.says("今天天气不错")).shows("没有看懂").offers("11月24日", "11月25日")
    (await talk.says("那就明天呗")).hides("没有看懂").offers("09:00", "09:30")


async def test_a_whole_wish_is_not_thrown_away_by_who_says_that_it_is_wrong(talk: Talk) -> None:
    await talk.says("明天九点王芳", "不对")
    for text in ("不对", "换一个", "我说错了"):
        (await talk.says(text)).shows("请直接说要改什么").offers("09:00", "09:30")
    (await talk.says("改成后天")).shows("11月25日 周三").offers("09:00", "09:30", "10:00")


@pytest.mark.parametrize("text", ["不看了", "算了不看了", "那就不用了", "不要了谢谢", "下次再说吧"])
async def test_who_gives_up_leaves_and_the_seat_is_free_again(talk: Talk, database: SqlDatabase, text: str) -> None:
    await talk.says("明天王芳")
    (await talk.says(text)).shows("已为您退出").ends("left")
    await talk.says("明天九点王芳")
    (await talk.says("不看了")).shows("已为您释放刚才保留的号").ends("left")
    assert await states(database) == [ClaimState.RELEASED]


@pytest.mark.parametrize("text", ["嗯可以的", "行", "没问题", "对的", "就这个"])
async def test_a_confirmation_is_given_in_many_words(talk: Talk, text: str) -> None:
    (await talk.says("明天九点王芳", text)).shows("预约成功").ends("booked")


async def test_what_a_sentence_says_is_echoed_while_something_else_is_asked(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "李四")
    (await talk.says("明天九点")).shows("就诊日期：11月24日", "时间：09:00").offers("张*", "李*", "添加就诊人")
    (await talk.says("王芳")).shows("王芳 主任医师（口腔科，50元）").offers("张*", "李*", "添加就诊人")
    (await talk.says("眼科")).shows("科室：眼科").offers("张*", "李*", "添加就诊人")
    (await talk.says("下午两点到四点")).shows("时间：14:00-15:59")


async def test_a_part_of_day_that_nobody_chose_holds_for_no_other_day(talk: Talk, database: SqlDatabase) -> None:
    """The eye doctor is here in the afternoon only; what comes after is not called full for that."""
    (await talk.says("明天有号吗", "上午", "王芳", "后天呢")).hides("没有可预约的号")
    (await talk.says("菜单", "后天有号吗")).offers("09:00", "09:30", "10:00")
    (await talk.says("明天眼科有号吗")).hides("没有可预约的号").offers("14:00")


async def test_a_weekday_on_two_options_is_the_next_one(talk: Talk, database: SqlDatabase) -> None:
    for ahead in (4, 7):
        await add_session(database, talk.now + timedelta(days=ahead))
    await add_session(database, talk.now + timedelta(hours=3))
    (await talk.says("王芳", "周五")).shows("11月27日 周五").offers("09:00", "09:30")
    (await talk.says("菜单", "王芳", "周一")).shows("有多个选项").offers(
        "11月23日", "11月24日", "11月25日", "11月27日", "11月30日"
    )
