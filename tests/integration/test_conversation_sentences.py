"""Booking said in one sentence: what it says fills the gaps, the rest is asked, nothing is guessed in silence."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from booking.appointments import Appointments
from booking.models import ClaimState
from booking.ports import ClaimFilter
from handlers.texts import info
from storage.database import SqlDatabase
from tests.support.clinic import DOCTORS
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, add_session, dialogue_of, known, open_for_talk, sell

MENU = ("预约挂号", "我的预约", "就诊人", "帮助")
WAYS = ("按科室", "按医生", "按时间", "为其他人预约")


@pytest.fixture(scope="module")
def database_kind() -> str:
    """Words are words on any database; one will do."""
    return "sqlite"


@pytest.fixture
async def new(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A new account at the small clinic."""
    await open_for_talk(database, now)
    return Talk(dialogue_of(database, appointments), now)


@pytest.fixture
async def talk(database: SqlDatabase, new: Talk) -> Talk:
    """An account with one patient."""
    await known(database, new, "张三")
    return new


async def states(database: SqlDatabase) -> list[ClaimState]:
    """The states of the account's claims, by start."""
    async with database.read() as unit:
        return [claim.state for claim in await unit.claims.find(ClaimFilter(openid="o-zhang"))]


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


async def test_somebody_elses_wish_asks_for_whom(talk: Talk, database: SqlDatabase) -> None:
    """A relative is none that we know: the account's only patient is not taken for granted."""
    (await talk.says("帮我妈约个眼科")).shows("请选择就诊人").offers("张*", "添加就诊人")
    await known(database, talk, "李四")
    (await talk.says("菜单", "给李四挂明天下午的眼科")).offers("确认", "返回").shows("就诊人：李*")
    (await talk.says("菜单", "给王五挂明天下午的眼科")).offers("张*", "李*", "添加就诊人")
    (await talk.says("张三")).shows("就诊人：张*").offers("确认", "返回")


async def test_for_oneself_the_only_patient_is_meant(talk: Talk) -> None:
    (await talk.says("给我自己挂明天下午的眼科")).shows("就诊人：张*").offers("确认", "返回")


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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("多少钱", "王芳 主任医师 50元"),
        ("请问在哪里", "口腔科：二楼东"),
        ("你们几点上班", "周一至周五 08:30-11:30"),
        ("王医生怎么样", "擅长：种植牙"),
        ("有哪些科室", "口腔科、眼科"),
        ("有哪些医生", "王芳 主任医师"),
        ("电话号码多少", "010-00000000"),
        ("要带什么", "请提前15分钟到达"),
        ("能用医保卡报销吗", "请致电 010-00000000"),
        ("转人工客服啊", "人工服务请拨打"),
        ("我要投诉你们", "投诉请拨打"),
        ("怎么操作啊", "【预约指南】"),
        ("别给我发提醒了", "停止提醒"),
    ],
)
async def test_a_question_is_answered_and_the_dialogue_goes_on(talk: Talk, text: str, says: str) -> None:
    await talk.says("王芳")
    (await talk.says(text)).shows(says).hides("没有看懂").offers("11月24日", "11月25日")
    await talk.says("退出")
    (await talk.says(text)).hides("没有看懂").offers(*MENU)


async def test_questions_without_a_dialogue_are_about_the_clinic(talk: Talk) -> None:
    (await talk.says("挂号多少钱")).shows("王芳 主任医师 50元", "赵敏 主治医师 20元").offers(*MENU)
    (await talk.says("眼科在几楼")).shows("眼科：三楼西", "示范路1号").offers(*MENU)
    (await talk.says("眼科怎么样")).shows("眼科：赵敏 主治医师").offers(*MENU)
    (await talk.says("眼科有哪些医生")).shows("眼科：赵敏 主治医师").hides("王芳").offers(*MENU)


async def test_a_question_in_between_keeps_the_seat(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("明天九点王芳")
    (await talk.says("多少钱")).shows("50元").offers("确认", "返回")
    assert await states(database) == [ClaimState.HELD]
    (await talk.says("1")).shows("预约成功")


async def test_what_one_has_booked_is_told_beside_an_open_question(talk: Talk) -> None:
    (await talk.says("王芳", "我约了什么时候来着")).shows("您没有待就诊的预约").offers("11月24日", "11月25日")
    await talk.says("明天九点王芳", "1")
    (await talk.says("赵敏", "我约了什么时候来着")).shows("您待就诊的预约：\n11月24日 周二 09:00 王芳 张*").offers(
        "14:00"
    )


async def test_of_doctors_named_in_a_question_both_are_introduced(talk: Talk) -> None:
    (await talk.says("王芳多少钱")).shows("王芳 主任医师 50元").hides("李强").offers(*MENU)


async def test_the_fees_of_many_doctors_are_a_range() -> None:
    doctors = [replace(DOCTORS[0], code=f"d{n}", fee=Decimal(n)) for n in range(9)]
    assert info.fees(doctors) == "挂号费因医生而异：0元至8元，确认预约前会显示。"


async def test_details_of_a_person_are_never_read_as_sentences(new: Talk) -> None:
    await new.says("眼科", "同意")
    for text in ("有号吗？", "我想问一下多少钱", "为什么要姓名"):
        assert (await new.says(text)).last_line() == "请输入姓名"
    (await new.says(f"张三 {ID_NUMBER} 13812345678")).offers("14:00")


async def test_a_patient_can_be_added_after_one_was_registered(new: Talk) -> None:
    await new.says("预约", "同意", f"张三 {ID_NUMBER} 13812345678", "为其他人预约", "添加就诊人")
    (await new.says("李四 110101198506154466 13812345678")).shows("登记成功：李*").offers(*WAYS)


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


async def test_instead_of_what_is_not_there_the_like_is_offered(talk: Talk) -> None:
    (await talk.says("明天骨科")).shows("请选择科室").offers("口腔科", "眼科")
    (await talk.says("菜单", "明天刘医生有号吗")).shows("请选择医生").offers("王芳", "李强", "赵敏")


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


async def test_a_weekday_on_two_options_is_the_next_one(talk: Talk, database: SqlDatabase) -> None:
    for ahead in (4, 7):
        await add_session(database, talk.now + timedelta(days=ahead))
    await add_session(database, talk.now + timedelta(hours=3))
    (await talk.says("王芳", "周五")).shows("11月27日 周五").offers("09:00", "09:30")
    (await talk.says("菜单", "王芳", "周一")).shows("有多个选项").offers(
        "11月23日", "11月24日", "11月25日", "11月27日", "11月30日"
    )


async def test_what_a_sentence_says_is_echoed_while_something_else_is_asked(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "李四")
    (await talk.says("明天九点")).shows("就诊日期：11月24日", "时间：09:00").offers("张*", "李*", "添加就诊人")
    (await talk.says("王芳")).shows("王芳 主任医师（口腔科，50元）").offers("张*", "李*", "添加就诊人")
    (await talk.says("眼科")).shows("科室：眼科").offers("张*", "李*", "添加就诊人")
    (await talk.says("下午两点到四点")).shows("时间：14:00-15:59")


async def test_a_part_of_day_can_be_ruled_out_and_is_named_as_such(talk: Talk, database: SqlDatabase) -> None:
    await add_session(database, talk.now + timedelta(days=1, hours=6))
    (await talk.says("王芳，不要上午")).shows("不含：上午").hides("11月25日").offers("15:00", "15:30")
    (await talk.says("菜单", "王芳，周二上午不行")).shows("不含：11月24日 周二上午").offers(
        "11月24日 周二（明天） 余4", "11月25日"
    )
    (await talk.says("菜单", "王芳，明年3月1号不行")).hides("不含").offers("11月24日", "11月25日")
    (await talk.says("菜单", "王芳，不要中午")).hides("没有可预约的号").offers("11月24日", "11月25日")


async def test_a_part_of_day_that_nobody_chose_holds_for_no_other_day(talk: Talk, database: SqlDatabase) -> None:
    """The eye doctor is here in the afternoon only; what comes after is not called full for that."""
    (await talk.says("明天有号吗", "上午", "王芳", "后天呢")).hides("没有可预约的号")
    (await talk.says("菜单", "后天有号吗")).offers("09:00", "09:30", "10:00")
    (await talk.says("明天眼科有号吗")).hides("没有可预约的号").offers("14:00")


async def test_of_what_hurts_in_two_places_both_are_offered_one_after_the_other(talk: Talk) -> None:
    seen = await talk.says("牙痛，还有飞蚊症，挂什么科")
    seen.shows("每次预约一个号").offers("口腔科", "眼科", "其他科室")


async def test_a_question_is_answered_where_a_detail_was_asked_for(new: Talk) -> None:
    await new.says("眼科", "同意")
    for text, says in (("多少钱", "赵敏 主治医师 20元"), ("在哪", "眼科：三楼西"), ("电话多少", "010-00000000")):
        assert (await new.says(text)).shows(says).last_line() == "请输入姓名"
    await new.says("张三")
    assert (await new.says("你们几点上班")).shows("门诊时间").hides("18位").last_line() == "请输入身份证号"
    await new.says(ID_NUMBER)
    assert (await new.says("要带什么")).hides("无法识别").last_line() == "请输入手机号"


@pytest.mark.parametrize("text", ["同意", "不对", "多少钱", "确认", "口腔科", "挂眼科"])
async def test_no_word_of_the_dialogue_becomes_a_name(new: Talk, text: str) -> None:
    await new.says("眼科", "同意", text)
    (await new.says("退出", "眼科", f"张三 {ID_NUMBER} 13812345678")).shows("登记成功：张*")


async def test_a_wrong_detail_is_taken_back(new: Talk) -> None:
    await new.says("眼科", "同意", "张四")
    assert (await new.says("不对")).last_line() == "请输入姓名"
