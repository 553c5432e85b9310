"""Booking said in one sentence: what it says fills the gaps, the rest is asked, nothing is guessed in silence."""

from datetime import timedelta

import pytest

from booking.appointments import Appointments
from booking.models import ClaimState
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, MENU, WAYS, add_session, sell, states


@pytest.mark.parametrize(
    ("text", "doctor", "time"),
    [
        ("明天上午九点口腔科王医生", "王芳", "09:00-09:30"),
        ("帮我约一下李强医生，明天10点半", "李强", "10:30-11:00"),
        ("挂眼科，明天下午", "赵敏", "14:00-14:30"),
        ("口腔科，越快越好", "王芳", "09:00-09:30"),
        ("明天九点半牙科", "王芳", "09:30-10:00"),
        ("wangfang 后天10:00", "王芳", "10:00-10:30"),
    ],
)
async def test_a_returning_patient_books_in_two_messages(talk: Talk, text: str, doctor: str, time: str) -> None:
    seen = (await talk.says(text)).offers("确认", "返回")
    seen.shows("请确认预约信息", f"医生：{doctor}", "11月2", f"时间：{time}", "张*")
    assert seen.text.startswith("请确认预约信息"), "the confirmation says it all once"
    (await talk.says("确认")).shows("预约成功").ends("booked")


async def test_a_new_patient_is_registered_on_the_way_and_the_wish_is_kept(new: Talk) -> None:
    (await new.says("明天下午眼科")).shows("就诊日期：11月24日 周二（明天）").offers("同意", "不同意")
    (await new.says("同意")).shows("请输入姓名")
    (await new.says(f"张三 {ID_NUMBER} 13812345678")).shows("登记成功", "请确认预约信息", "眼科").offers("确认", "返回")
    (await new.says("1")).shows("预约成功")


async def test_what_a_sentence_leaves_open_is_asked_and_its_date_echoed(talk: Talk) -> None:
    (await talk.says("明天口腔科")).shows("11月24日 周二（明天）").offers("王芳", "李强")
    (await talk.says("李强")).shows("11月24日 周二（明天）").offers("10:00", "10:30")


async def test_a_range_offers_its_days(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(days=4))
    (await talk.says("明后天王芳")).shows("11月24日 周二至11月25日 周三").offers("11月24日", "11月25日")
    (await talk.says("菜单", "王芳，周三以后")).shows("11月26日 周四起", "11月27日 周五").offers("09:00", "09:30")
    (await talk.says("菜单", "王芳，周三之前")).shows("11月24日 周二").offers("09:00", "09:30")
    (await talk.says("菜单", "王芳，周三不行")).shows("不含：11月25日 周三").offers("11月24日", "11月27日")


async def test_a_part_of_day_offers_its_times(talk: Talk) -> None:
    (await talk.says("后天上午王芳")).shows("11月25日 周三（后天）").offers("09:00", "09:30", "10:00")
    (await talk.says("2")).shows("时间：09:30").offers("确认", "返回")


async def test_a_time_without_a_seat_is_said_and_the_nearest_are_offered(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await sell(appointments, database, "wang-20261125-0900-0930", 2, talk.now)
    seen = await talk.says("后天九点半王芳")
    seen.shows("11月25日 周三（后天） 09:30 没有可预约的号，最近的时间").offers("09:00", "10:00")
    (await talk.says("10:00")).shows("时间：10:00").offers("确认", "返回")


async def test_a_span_of_hours_offers_what_lies_in_it(talk: Talk) -> None:
    (await talk.says("后天上午九点到十点王芳")).offers("09:00", "09:30")
    (await talk.says("菜单", "后天中午王芳")).shows("11:00-13:59 没有可预约的号").offers("10:00", "09:30", "09:00")
    (await talk.says("菜单", "后天十点之前王芳")).offers("09:00", "09:30")


async def test_a_full_part_of_a_day_leads_to_the_rest_of_it(talk: Talk) -> None:
    (await talk.says("明天下午王芳")).shows("11月24日 周二下午没有可预约的号").offers("09:00", "09:30")


async def test_days_without_seats_lead_to_the_others(talk: Talk) -> None:
    (await talk.says("下周王芳")).shows("这段时间没有可预约的号").offers("11月24日", "11月25日")


async def test_a_doctor_without_seats_is_named_and_colleagues_are_offered(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    for start in ("1000", "1030"):
        await sell(appointments, database, f"li-20261124-1000-{start}", 2, talk.now)
    (await talk.says("明天李强医生")).shows("11月24日 周二已没有", "李强医生近期已没有可预约的号", "王芳")


async def test_a_question_for_seats_shows_them_and_holds_none(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("明天下午眼科有号吗")).shows("11月24日 周二").offers("14:00 余1")
    (await talk.says("菜单", "有号吗")).offers("11月24日 周二（明天） 余9", "11月25日")
    assert await states(database) == []


async def test_who_asks_what_there_is_hears_it_before_anything_of_theirs_is_asked(new: Talk) -> None:
    (await new.says("明天王医生有号吗")).shows("11月24日 周二（明天）").offers("09:00 余2", "09:30 余2")
    (await new.says("1")).offers("同意", "不同意")
    (await new.says("同意", f"张三 {ID_NUMBER} 13812345678")).shows("时间：09:00").offers("确认", "返回")
    (await new.says("1")).shows("预约成功")


async def test_a_complaint_leads_to_a_department_with_its_reason_and_only_for_reference(talk: Talk) -> None:
    (await talk.says("我牙疼")).shows("建议挂：口腔科", "仅供参考，不作诊断").offers("王芳", "李强")
    seen = (
        (await talk.says("菜单", "牙疼挂什么科")).shows("建议挂：口腔科", "仅供参考").offers("口腔科 余14", "其他科室")
    )
    (await talk.picks(seen, "其他科室")).offers("口腔科", "眼科")
    (await talk.says("返回", "口腔科")).offers("王芳", "李强")


async def test_several_departments_that_may_suit_are_choices(talk: Talk) -> None:
    seen = await talk.says("牙痛，还有飞蚊症，挂什么科")
    seen.shows("口腔科", "眼科", "仅供参考").offers("口腔科", "眼科", "其他科室")
    (await talk.says("眼科")).offers("14:00")


async def test_departments_that_may_suit_and_are_full_lead_to_the_others(
    talk: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await sell(appointments, database, "zhao-20261124-1400-1400", 1, talk.now)
    (await talk.says("眼睛红挂什么科")).shows("建议挂：眼科", "这些科室近期没有可预约的号", "科室：口腔科")


async def test_what_is_ambiguous_is_asked(talk: Talk) -> None:
    (await talk.says("周一王芳")).shows("没有听准是哪一天").offers("11月24日", "11月25日")
    (await talk.says("菜单", "明天七点王芳")).shows("没有听准是几点").offers("09:00", "09:30")
    (await talk.says("菜单", "周二或者周四王芳都行")).shows("没有听准是哪一天").offers("11月24日", "11月25日")


@pytest.mark.parametrize("text", ["眼科王芳", "明天眼科王芳", "我要挂眼科的王芳医生"])
async def test_where_a_doctor_works_elsewhere_either_may_be_meant(talk: Talk, text: str) -> None:
    seen = (await talk.says(text)).shows("王芳医生在口腔科，不在眼科")
    seen.offers("王芳 主任医师 口腔科", "赵敏 主治医师 眼科")
    (await talk.says("2")).hides("王芳").offers("14:00")


async def test_back_from_a_confirmation_leads_to_the_other_times(talk: Talk, database: SqlDatabase) -> None:
    (await talk.says("明天九点王芳", "返回")).shows("11月24日 周二").offers("09:00 余2", "09:30 余2")
    assert await states(database) == [ClaimState.RELEASED]
    (await talk.says("返回")).offers(*MENU)


async def test_as_soon_as_possible_proposes_and_imposes_nothing(talk: Talk) -> None:
    (await talk.says("最快的口腔科")).shows("王芳", "11月24日 周二", "09:00").offers("确认", "返回")
    (await talk.says("返回")).offers("09:00", "09:30")
    (await talk.says("菜单", "我要挂号，越快越好")).shows("请选择科室").offers("口腔科", "眼科")
    (await talk.says("口腔科")).shows("王芳", "09:00").offers("确认", "返回")


@pytest.mark.parametrize("text", ["随便", "都行", "越快越好", "最早的"])
async def test_who_does_not_mind_is_shown_the_first_that_is_free(talk: Talk, text: str) -> None:
    (await talk.says("口腔科", text)).shows("王芳", "11月24日 周二", "09:00").offers("确认", "返回")
    (await talk.says("菜单", "李强", text)).shows("李强", "10:00").offers("确认", "返回")
    (await talk.says("预约", text)).shows("没有看懂").offers(*WAYS)


async def test_a_wish_without_details_begins_at_the_beginning(talk: Talk) -> None:
    (await talk.says("你好，我想看病")).offers(*WAYS)
    (await talk.says("菜单", "明天下午")).shows("眼科", "11月24日 周二（明天）", "14:00").offers("确认", "返回")
    (await talk.says("菜单", "后天")).shows("11月25日 周三（后天）").offers("09:00", "09:30", "10:00")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("皮肤科有号吗", "本门诊没有皮肤科，设有：口腔科、眼科"),
        ("明天骨科", "本门诊没有骨科"),
        ("挂皮肤科", "本门诊没有皮肤科"),
        ("刘医生明天有号吗", "没有找到刘医生"),
        ("明天刘伟医生", "没有找到刘伟医生"),
        ("挂刘伟医生", "没有找到刘伟医生"),
    ],
)
async def test_what_the_clinic_has_not_is_said_at_the_beginning_and_in_between(
    talk: Talk, text: str, says: str
) -> None:
    (await talk.says(text)).shows(says).hides("没有看懂")
    (await talk.says("菜单", "王芳", text)).shows(says).hides("没有看懂", "预约挂号")


async def test_what_hurts_and_leads_to_no_department_here_is_said_to(talk: Talk) -> None:
    (await talk.says("头疼")).shows("本门诊可能没有对应的科室", "请选择科室").offers("口腔科", "眼科")


async def test_instead_of_what_is_not_there_the_like_is_offered(talk: Talk) -> None:
    (await talk.says("明天骨科")).shows("请选择科室").offers("口腔科", "眼科")
    (await talk.says("菜单", "明天刘医生有号吗")).shows("请选择医生").offers("王芳", "李强", "赵敏")


async def test_a_part_of_day_can_be_ruled_out_and_is_named_as_such(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(days=1, hours=6))
    (await talk.says("王芳，不要上午")).shows("不含：上午").hides("11月25日").offers("15:00", "15:30")
    (await talk.says("菜单", "王芳，周二上午不行")).shows("不含：11月24日 周二上午").offers(
        "11月24日 周二（明天） 余4", "11月25日"
    )
    (await talk.says("菜单", "王芳，明年3月1号不行")).hides("不含").offers("11月24日", "11月25日")
    (await talk.says("菜单", "王芳，不要中午")).hides("没有可预约的号").offers("11月24日", "11月25日")


async def test_of_what_hurts_in_two_places_both_are_offered_one_after_the_other(talk: Talk) -> None:
    seen = await talk.says("牙痛，还有飞蚊症，挂什么科")
    seen.shows("每次预约一个号").offers("口腔科", "眼科", "其他科室")
    (await talk.says("菜单", "牙疼，眼睛也疼")).shows("口腔科看", "眼科看", "每次预约一个号，约好后可以再约下一个")
    (await talk.says("菜单", "牙疼")).hides("每次预约一个号")
