"""Questions in between are answered from the catalogue, and the dialogue goes on; details of a person are none."""

from dataclasses import replace
from decimal import Decimal

import pytest

from booking.models import ClaimState
from handlers.texts import info
from storage.database import SqlDatabase
from tests.support.clinic import DOCTORS
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, MENU, states


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


async def test_a_question_is_answered_where_a_detail_was_asked_for(new: Talk) -> None:
    await new.says("眼科", "同意")
    for text, says in (("多少钱", "赵敏 主治医师 20元"), ("在哪", "眼科：三楼西"), ("电话多少", "010-00000000")):
        assert (await new.says(text)).shows(says).last_line() == "请输入姓名"
    await new.says("张三")
    assert (await new.says("你们几点上班")).shows("门诊时间").hides("18位").last_line() == "请输入身份证号"
    await new.says(ID_NUMBER)
    assert (await new.says("要带什么")).hides("无法识别").last_line() == "请输入手机号"


@pytest.mark.parametrize("text", ["同意", "多少钱", "确认", "口腔科", "挂眼科", "在哪"])
async def test_no_word_of_the_dialogue_becomes_a_name(new: Talk, text: str) -> None:
    assert (await new.says("眼科", "同意", text)).last_line() == "请输入姓名"
    (await new.says(f"张三 {ID_NUMBER} 13812345678")).shows("登记成功：张*")


async def test_a_wrong_detail_is_taken_back(new: Talk) -> None:
    await new.says("眼科", "同意", "张四")
    assert (await new.says("不对")).last_line() == "请输入姓名"
