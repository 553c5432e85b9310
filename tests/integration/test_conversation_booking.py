"""Booking by talking, on a real database and a real Valkey (R-A2, R-A4, R-A9, R-B2)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from booking.appointments import Appointments
from booking.models import ClaimState
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, add_session, dialogue_of, free, known, open_for_talk, sell, states


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A new account at the small clinic."""
    await open_for_talk(database, now)
    return Talk(dialogue_of(database, appointments), now)


@pytest.fixture
async def returning(database: SqlDatabase, talk: Talk) -> Talk:
    """An account with one patient."""
    await known(database, talk, "张三")
    return talk


async def test_a_new_patient_books_from_the_first_word_to_the_number(talk: Talk, database: SqlDatabase) -> None:
    """R-A4: follow, agree, register once, choose, confirm."""
    seen = await talk.event("subscribe")
    seen.shows("欢迎关注示范门诊部").offers("预约挂号", "我的预约", "就诊人", "帮助")
    seen = (await talk.picks(seen, "预约挂号")).offers("同意", "不同意")
    seen = await talk.says("1")
    assert seen.shows("首次预约").last_line() == "请输入姓名"
    seen = await talk.says("张三")
    assert seen.last_line() == "请输入身份证号"
    seen = await talk.says(ID_NUMBER)
    assert seen.last_line() == "请输入手机号"
    seen = await talk.says("13812345678")
    seen.shows("登记成功：张* 男 36岁").offers("按科室", "按医生", "按时间", "为其他人预约")
    seen = (await talk.says("1")).offers("口腔科 余14", "眼科 余1")
    seen = (await talk.picks(seen, "口腔科")).offers("王芳 主任医师 50元 余10", "李强 副主任医师 30元 余4")
    seen = await talk.picks(seen, "王芳")
    seen.shows("擅长：种植牙").offers("11月24日 周二（明天） 余4", "11月25日 周三（后天） 余6")
    seen = (await talk.picks(seen, "11月24日")).offers("09:00 余2", "09:30 余2")
    seen = (await talk.picks(seen, "09:30")).offers("确认", "返回")
    seen.shows("科室：口腔科", "医生：王芳", "11月24日 周二", "09:30-10:00", "203诊室", "50元", "张*", "剩余5分钟")
    seen.hides("张三", ID_NUMBER)
    seen = (await talk.says("1")).ends("booked")
    seen.shows("预约成功", "\n预约号：", "请提前15分钟到达", "示范路1号")
    assert await states(database) == [ClaimState.BOOKED]


async def test_a_doctor_can_be_chosen_before_anything_else(returning: Talk) -> None:
    seen = (await returning.says("预约")).shows("就诊人：张*")
    seen = await returning.picks(seen, "按医生")
    seen.offers("王芳 主任医师 口腔科 余10", "李强 副主任医师 口腔科 余4", "赵敏 主治医师 眼科 余1")
    seen = await returning.picks(seen, "李强")
    seen.shows("目前仅11月24日 周二（明天）有号").offers("10:00", "10:30")
    (await returning.says("10点半", "确认")).shows("预约成功", "医生：李强").ends()


async def test_a_time_can_be_chosen_before_anything_else(returning: Talk) -> None:
    seen = await returning.says("预约", "按时间")
    seen.offers("11月24日 周二（明天） 余9", "11月25日 周三（后天） 余6")
    seen = (await returning.says("24号")).offers("上午 余8", "下午 余1")
    seen = (await returning.says("上午")).shows("科室：口腔科").offers("王芳", "李强")
    seen = (await returning.says("2")).offers("10:00", "10:30")
    (await returning.says("1", "1")).shows("预约成功", "医生：李强", "10:00-10:30")


@pytest.mark.parametrize("words", ["口腔科", "牙科", "我想挂口腔科的号", "预约口腔科", "　口腔科！😊"])
async def test_a_department_as_the_first_word_is_taken_as_chosen(returning: Talk, words: str) -> None:
    (await returning.says(words)).shows("就诊人：张*", "请选择医生").offers("王芳", "李强")


@pytest.mark.parametrize("words", ["王芳", "王芳医生", "我要约王芳大夫", "口腔科王芳"])
async def test_a_doctor_as_the_first_word_is_taken_as_chosen(returning: Talk, words: str) -> None:
    (await returning.says(words)).shows("王芳 主任医师（口腔科，50元）").offers("11月24日", "11月25日")


async def test_what_was_said_first_is_kept_through_registration(talk: Talk) -> None:
    (await talk.says("眼科")).offers("同意", "不同意")
    seen = await talk.says("同意", f"张三，{ID_NUMBER}，138 1234 5678")
    seen.shows("登记成功", "目前仅11月24日 周二（明天）有号").offers("14:00 余1")
    (await talk.says("14:00", "确认")).shows("预约成功", "科室：眼科", "三楼西")


async def test_words_about_a_department_are_not_taken_for_a_wish(returning: Talk) -> None:
    """Nothing is guessed in silence."""
    (await returning.says("昨天口腔科的护士态度真好")).shows("没有看懂").offers(
        "预约挂号", "我的预约", "就诊人", "帮助"
    )


async def test_a_doctor_named_at_a_later_question_replaces_the_one_chosen(returning: Talk) -> None:
    (await returning.says("王芳", "明天")).shows("请选择就诊时间").offers("09:00", "09:30")
    (await returning.says("李强")).shows("11月24日").offers("10:00", "10:30")
    (await returning.says("眼科")).offers("14:00")


async def test_a_doctor_without_the_day_chosen_says_so_and_offers_other_days(returning: Talk) -> None:
    await returning.says("王芳", "后天")
    (await returning.says("李强")).shows("11月25日 周三还未开放预约", "11月24日").offers("10:00", "10:30")


async def test_of_doctors_with_one_name_the_patient_chooses(returning: Talk, database: SqlDatabase) -> None:
    async with database.begin() as unit:
        catalogue = await unit.catalogue.load()
        doctors = [replace(d, name="王芳") if d.code == "zhao" else d for d in catalogue.doctors.values()]
        await unit.catalogue.replace(catalogue.clinic, list(catalogue.departments.values()), doctors, [], [])
    (await returning.says("王芳")).offers("王芳 主任医师 口腔科", "王芳 主治医师 眼科")
    (await returning.says("王芳")).shows("有多个选项").offers("王芳 主任医师 口腔科", "王芳 主治医师 眼科")
    (await returning.says("王芳主治医师")).shows("眼科").offers("14:00")


async def test_another_entrance_can_be_taken_at_a_later_question(returning: Talk) -> None:
    (await returning.says("预约", "按科室", "口腔科", "按医生")).offers("王芳", "李强", "赵敏")
    (await returning.says("按时间")).offers("11月24日", "11月25日")
    (await returning.says("返回")).offers("王芳", "李强", "赵敏")


async def test_an_entrance_can_be_the_first_word(returning: Talk) -> None:
    """R-A2."""
    (await returning.says("按医生")).offers("王芳", "李强", "赵敏")
    (await returning.says("菜单", "我想按时间预约")).offers("11月24日", "11月25日")
    (await returning.says("菜单", "按")).shows("没有看懂")


async def test_full_doctors_days_and_times_are_not_offered(
    returning: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    """R-A9: only what can be booked, with what is left."""
    await sell(appointments, database, "wang-20261124-0900-0900", 2, returning.now)
    await sell(appointments, database, "zhao-20261124-1400-1400", 1, returning.now)
    (await returning.says("预约", "按科室")).shows("科室：口腔科").hides("眼科").offers(
        "王芳 主任医师 50元 余8", "李强"
    )
    (await returning.says("王芳", "明天")).offers("09:30 余2")


async def test_a_doctor_without_free_seats_is_named_and_colleagues_are_offered(
    returning: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    """R-A3: the same department's other doctors."""
    for start in ("1000", "1030"):
        await sell(appointments, database, f"li-20261124-1000-{start}", 2, returning.now)
    (await returning.says("李强")).shows("李强医生近期已没有可预约的号").offers("11月24日", "11月25日")


async def test_a_full_department_is_named_and_others_are_offered(
    returning: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    await sell(appointments, database, "zhao-20261124-1400-1400", 1, returning.now)
    (await returning.says("赵敏")).shows("赵敏医生近期已没有", "眼科近期已没有", "科室：口腔科").offers("王芳", "李强")


async def test_a_clinic_without_free_seats_says_so_with_its_telephone(
    appointments: Appointments, database: SqlDatabase, now: datetime
) -> None:
    await open_for_talk(database, now - timedelta(days=30))
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    (await talk.says("预约", "按医生")).shows("已约满", "010-00000000").ends("nothing_free")


async def test_back_goes_one_step_at_a_time_and_gives_the_seat_back(returning: Talk, database: SqlDatabase) -> None:
    seen = await returning.says("预约", "按科室", "口腔科", "王芳", "明天", "09:30")
    assert await free(database, "wang-20261124-0900-0930") == 1
    seen = (await returning.picks(seen, "返回")).offers("09:00 余2", "09:30 余2")
    assert await states(database) == [ClaimState.RELEASED]
    (await returning.says("返回")).shows("请选择就诊日期")
    (await returning.says("返回")).shows("请选择医生")
    (await returning.says("返回")).shows("请选择科室")
    (await returning.says("返回")).offers("按科室", "按医生", "按时间", "为其他人预约")
    (await returning.says("返回")).offers("预约挂号", "我的预约", "就诊人", "帮助")


@pytest.mark.parametrize("text", ["取消", "不要", "2"])
async def test_who_does_not_want_the_seat_shown_is_led_back_to_the_times(
    returning: Talk, database: SqlDatabase, text: str
) -> None:
    await returning.says("赵敏", "1")
    (await returning.says(text)).offers("14:00 余1")
    assert await states(database) == [ClaimState.RELEASED]


async def test_leaving_gives_the_seat_back(returning: Talk, database: SqlDatabase) -> None:
    await returning.says("赵敏", "1")
    assert await states(database) == [ClaimState.HELD]
    (await returning.says("退出")).shows("已为您释放刚才保留的号", "已为您退出").ends("left")
    assert await states(database) == [ClaimState.RELEASED]


async def test_turning_to_something_else_gives_the_seat_back(returning: Talk, database: SqlDatabase) -> None:
    await returning.says("赵敏", "1")
    (await returning.says("我的预约")).shows("已为您释放刚才保留的号", "您还没有预约").ends()
    assert await states(database) == [ClaimState.RELEASED]


async def test_a_question_in_between_keeps_the_seat(returning: Talk, database: SqlDatabase) -> None:
    await returning.says("赵敏", "1")
    (await returning.says("人工")).shows("010-00000000").offers("确认", "返回")
    (await returning.says("帮助")).shows("返回").offers("确认", "返回")
    assert await states(database) == [ClaimState.HELD]
    (await returning.says("好的")).shows("预约成功")


async def test_many_times_come_by_part_of_day_and_many_choices_by_page(returning: Talk, database: SqlDatabase) -> None:
    day = returning.now + timedelta(days=3)
    await add_session(database, day - timedelta(hours=1), doctor="zhao", capacities=(1,) * 8)
    await add_session(database, day + timedelta(hours=4), doctor="zhao", capacities=(1,) * 10)
    (await returning.says("赵敏", "26号")).offers("上午 余8", "下午 余10")
    first = (await returning.says("下午")).offers(*(["1"] * 8), "下一页")
    assert first.tap_of("下一页").number == 9
    second = (await returning.says("9")).offers("17:00 余1", "17:30 余1", "上一页")
    assert second.tap_of("上一页").number == 0
    (await returning.says("下一页")).shows("没有更多了").offers("17:00", "17:30", "上一页")
    (await returning.says("0")).offers(*(["1"] * 8), "下一页")
    (await returning.taps(second, "上一页")).offers(*(["1"] * 8), "下一页")
    (await returning.taps(first, "下一页")).offers("17:00", "17:30", "上一页")
    (await returning.taps(first, "14:00")).shows("时间：14:00-14:30").offers("确认", "返回")


async def test_a_time_on_another_page_can_be_typed(returning: Talk, database: SqlDatabase) -> None:
    day = returning.now + timedelta(days=3)
    await add_session(database, day, doctor="zhao", capacities=(1,) * 10)
    await returning.says("赵敏", "26号", "下午")
    (await returning.says("返回", "上午", "11:30")).shows("时间：11:30-12:00")


async def test_one_of_several_patients_is_chosen_by_name_and_others_can_be_added(
    talk: Talk, database: SqlDatabase
) -> None:
    """R-D4."""
    await known(database, talk, "张三", "李四")
    (await talk.says("预约")).offers("张* 女 36岁 138****8000", "李* 女 36岁", "添加就诊人")
    (await talk.says("李四")).offers("按科室", "按医生", "按时间", "为其他人预约")
    seen = await talk.says("为其他人预约", "添加就诊人")
    assert seen.last_line() == "请输入姓名"
    (await talk.says(f"王五 {ID_NUMBER} 13812345678")).shows("登记成功：王* 男 36岁").offers("按科室", "按", "按", "为")
    (await talk.says("赵敏", "1", "1")).shows("预约成功", "就诊人：王* 男 36岁")


async def test_two_accounts_talk_at_the_same_time_without_mixing(
    returning: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    other = Talk(returning.dialogue, returning.now, openid="o-li")
    await known(database, other, "李四")
    await returning.says("王芳")
    await other.says("赵敏")
    (await returning.says("明天")).offers("09:00", "09:30")
    (await other.says("1")).shows("医生：赵敏", "李*")
    (await returning.says("1")).shows("医生：王芳", "张*")
    (await other.says("1")).shows("预约成功", "赵敏")
    (await returning.says("1")).shows("预约成功", "王芳")


async def test_my_appointments_show_what_is_ahead_and_what_is_over(
    returning: Talk, database: SqlDatabase, appointments: Appointments
) -> None:
    (await returning.says("我的预约")).shows("您还没有预约").ends()
    await returning.says("赵敏", "1", "1")
    (await returning.says("我的预约")).shows("待就诊1个").offers("11月24日 周二 14:00 赵敏 张*")
    seen = (await returning.says("1")).shows("预约号：", "状态：待就诊", "三楼西", "就诊人：张*")
    seen.offers("改约", "取消预约", "返回列表")
    (await returning.says("什么")).shows("没有看懂", "预约号：")
    (await returning.picks(seen, "返回列表")).shows("待就诊1个")
    (await returning.says("什么")).shows("没有看懂", "待就诊1个")
    async with database.begin() as unit:
        await unit.claims.complete_past(returning.now + timedelta(days=40), limit=9)
    returning.now += timedelta(days=40)
    (await returning.says("我的预约")).shows("暂无待就诊的预约").offers("2026年11月24日 周二 14:00 赵敏 张* 已就诊")


@pytest.mark.parametrize("words", ["不用", "不用了", "不要", "不要了", "不是", "算了"])
async def test_a_no_to_the_confirmation_books_nothing_and_gives_the_seat_back(
    returning: Talk, database: SqlDatabase, words: str
) -> None:
    await returning.says("赵敏", "1")
    (await returning.says(words)).hides("没有看懂", "预约成功")
    assert await states(database) == [ClaimState.RELEASED]


@pytest.mark.parametrize("words", ["好的", "可以", "是的", "对", "OK"])
async def test_a_yes_to_the_confirmation_books(returning: Talk, words: str) -> None:
    (await returning.says("赵敏", "1", words)).shows("预约成功").ends("booked")


@pytest.mark.parametrize(("words", "last"), [("是的", "请输入姓名"), ("不用了", "改变主意时回复“预约”即可")])
async def test_consent_is_given_and_refused_in_plain_words(talk: Talk, words: str, last: str) -> None:
    (await talk.says("预约", words)).shows(last)
