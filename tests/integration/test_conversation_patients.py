"""Consent, registration and the care of patients by talking (R-A10, R-A11, R-C1, R-C3, R-D4)."""

from datetime import datetime, timedelta

import pytest

from booking.appointments import Appointments
from booking.errors import Busy
from booking.models import PaperKind, Sex
from booking.patients import Patients
from booking.refusals import TooManyPatients
from storage.database import SqlDatabase
from tests.support.clinic import add_patient
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, OTHER_ID_NUMBER, dialogue_of, known, open_for_talk


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A new account at the small clinic."""
    await open_for_talk(database, now)
    return Talk(dialogue_of(database, appointments), now)


@pytest.fixture
def patients(database: SqlDatabase) -> Patients:
    """The service, to see what was kept."""
    return Patients(database)


async def test_without_consent_nothing_is_asked_and_nothing_kept(talk: Talk, patients: Patients) -> None:
    """R-C3."""
    (await talk.says("预约")).shows("仅用于预约", "第1版").offers("同意", "不同意")
    (await talk.says("不同意")).shows("未登记任何信息", "010-00000000").ends("declined")
    assert await patients.consent("o-zhang") is None
    (await talk.says("预约")).offers("同意", "不同意")


async def test_consent_is_recorded_with_its_version_and_not_asked_again(talk: Talk, patients: Patients) -> None:
    await talk.says("预约", "同意")
    assert await patients.consent("o-zhang") == "1"
    assert (await talk.says("退出", "预约")).last_line() == "请输入姓名"


async def test_back_from_the_first_detail_leads_to_the_menu_not_to_the_consent(talk: Talk) -> None:
    (await talk.says("预约", "同意", "返回")).offers("预约挂号", "我的预约", "就诊人", "帮助")


@pytest.mark.parametrize(
    "texts",
    [
        ("张三", ID_NUMBER, "13812345678"),
        (f"张三 {ID_NUMBER} 13812345678",),
        (f"手机号：13812345678\n姓名：张三\n身份证号：{ID_NUMBER}",),
        ("１３８１２３４５６７８", "张三", f"{ID_NUMBER[:6]} {ID_NUMBER[6:14]} {ID_NUMBER[14:]}"),
        ("\u202e张三\u202c", f"{ID_NUMBER}，电话138-1234-5678"),
    ],
)
async def test_details_come_alone_or_together_in_any_order(talk: Talk, patients: Patients, texts: tuple[str]) -> None:
    seen = await talk.says("预约", "同意", *texts)
    seen.shows("登记成功：张* 男 36岁，档案号").hides(ID_NUMBER, "13812345678", "张三")
    (patient,) = await patients.of_account("o-zhang")
    details = patient.details
    assert (details.name, details.paper_number, details.mobile) == ("张三", ID_NUMBER, "13812345678")
    assert (details.sex, details.birth_date.isoformat()) == (Sex.MALE, "1990-03-07")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("11010119900307447", "应为18位"),
        ("11010119900307447A", "应为18位"),
        ("110101199003074478", "校验不通过"),
        ("110101199002304470", "日期不存在"),
        ("110101209001014478", "还没有到"),
        ("010101199003074477", "前两位"),
        ("我不记得", "应为18位"),
    ],
)
async def test_a_wrong_identity_number_is_explained_and_asked_again(talk: Talk, number: str, said: str) -> None:
    """R-A10."""
    seen = await talk.says("预约", "同意", "张三", number)
    assert seen.shows(said).last_line() == "请输入身份证号"
    assert (seen.turn.outcome, seen.turn.rule) == ("refused", "invalid_detail")
    assert (await talk.says(ID_NUMBER)).last_line() == "请输入手机号"


async def test_a_lower_case_x_is_accepted(talk: Talk) -> None:
    assert (await talk.says("预约", "同意", "张三", "11010120200101001x")).last_line() == "请输入手机号"


async def test_of_several_details_the_right_ones_are_kept(talk: Talk) -> None:
    seen = await talk.says("预约", "同意", "张三 110101199003074478 13812345678")
    assert seen.shows("校验不通过").last_line() == "请输入身份证号"
    (await talk.says(ID_NUMBER)).shows("登记成功：张*")


@pytest.mark.parametrize(
    ("name", "said"), [("张", "长度"), ("😊😊", "没有看懂"), ("张三3", "无法识别"), ("a" * 10000, "长度")]
)
async def test_a_wrong_name_is_explained_and_asked_again(talk: Talk, name: str, said: str) -> None:
    assert (await talk.says("预约", "同意", name)).shows(said).last_line() == "请输入姓名"


async def test_a_wrong_mobile_number_is_explained_and_asked_again(talk: Talk) -> None:
    await talk.says("预约", "同意", "张三", ID_NUMBER)
    assert (await talk.says("12345")).shows("11位").last_line() == "请输入手机号"
    assert (await talk.says("李四")).last_line() == "请输入手机号"


async def test_back_opens_the_detail_before(talk: Talk) -> None:
    await talk.says("预约", "同意", "张四", ID_NUMBER)
    assert (await talk.says("返回")).last_line() == "请输入身份证号"
    assert (await talk.says("返回")).last_line() == "请输入姓名"
    (await talk.says("张三", ID_NUMBER, "13812345678")).shows("登记成功：张*")


async def test_a_passport_is_registered_with_sex_and_birth_date(talk: Talk, patients: Patients) -> None:
    seen = await talk.says("预约", "同意", "Anna Müller")
    seen = (await talk.taps(seen, "其他证件")).shows("请选择证件类型")
    seen.offers("护照", "港澳居民通行证", "台湾居民通行证", "外国人永久居留证", "儿童")
    assert (await talk.says("护照")).last_line() == "请输入护照号码"
    assert (await talk.says("？？")).last_line() == "请输入护照号码"
    assert (await talk.says("12")).shows("格式不正确").last_line() == "请输入护照号码"
    assert (await talk.says("e12345678")).last_line() == "请输入手机号"
    (await talk.says("13812345678")).offers("男", "女")
    assert (await talk.says("女")).last_line() == "请输入出生日期"
    assert (await talk.says("昨天")).shows("2020-01-02").last_line() == "请输入出生日期"
    assert (await talk.says("2099-01-01")).shows("还没有到").last_line() == "请输入出生日期"
    (await talk.says("1985年6月15日")).shows("登记成功：A* 女 41岁")
    (patient,) = await patients.of_account("o-zhang")
    assert (patient.details.paper_kind, patient.details.paper_number) == (PaperKind.PASSPORT, "E12345678")


async def test_a_child_is_registered_with_a_guardians_number(talk: Talk, patients: Patients) -> None:
    await talk.says("预约", "同意", "张小三", "其他证件", "儿童")
    assert (await talk.says(f"{OTHER_ID_NUMBER} 13812345678")).offers("男", "女").shows("请选择性别")
    await talk.says("1")
    assert (await talk.says("1990-01-01")).shows("已满18周岁").last_line() == "请输入出生日期"
    (await talk.says("2022-01-02")).shows("登记成功：张* 男 4岁")
    (patient,) = await patients.of_account("o-zhang")
    assert (patient.details.paper_kind, patient.details.paper_number) == (PaperKind.CHILD, OTHER_ID_NUMBER)


async def test_other_papers_can_be_asked_for_before_and_after_the_number(talk: Talk) -> None:
    assert (await talk.says("预约", "同意", "其他证件")).last_line() == "请输入姓名"
    await talk.says("张三")
    assert (await talk.says("台胞证")).last_line() == "请输入台湾居民通行证号码"
    await talk.says("返回", "返回", "返回", "张三", ID_NUMBER)
    assert (await talk.says("其他证件")).shows("请选择证件类型")


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("护照", "请输入护照号码"),
        ("我只有护照", "请输入护照号码"),
        ("没有身份证，只有护照", "请输入护照号码"),
        ("能用护照吗？", "请输入护照号码"),
        ("用台胞证可以吗", "请输入台湾居民通行证号码"),
        ("我用的是港澳居民来往内地通行证", "请输入港澳居民通行证号码"),
        ("护照可以么", "请输入护照号码"),
        ("孩子只有出生证明", "请输入监护人身份证号"),
        ("孩子", "请输入监护人身份证号"),
    ],
)
async def test_papers_are_named_at_the_question_for_an_identity_number(talk: Talk, words: str, question: str) -> None:
    assert (await talk.says("预约", "同意", "张三")).last_line() == "请输入身份证号"
    assert (await talk.says(words)).last_line() == question
    await talk.says("退出", "预约", "张三", "其他证件")
    assert (await talk.says(words)).last_line() == question


@pytest.mark.parametrize("words", ["没有身份证", "没身份证怎么办", "我没有身份证号", "我没有证件", "我是外国人"])
async def test_who_has_no_identity_card_is_asked_for_other_papers(talk: Talk, words: str) -> None:
    await talk.says("预约", "同意", "张三")
    seen = (await talk.says(words)).shows("请选择证件类型")
    seen.offers("护照", "港澳居民通行证", "台湾居民通行证", "外国人永久居留证", "儿童")


@pytest.mark.parametrize("words", ["没有护照", "护照过期了", "我不要用护照"])
async def test_papers_are_not_guessed_from_other_words(talk: Talk, words: str) -> None:
    await talk.says("预约", "同意", "张三")
    assert (await talk.says(words)).last_line() == "请输入身份证号"


@pytest.mark.parametrize("words", ["要护照吗", "有护照吗？", "用护照么", "是孩子的", "我的孩子", "是孩子的吗"])
async def test_who_only_asks_about_papers_is_told_which_are_possible(talk: Talk, words: str) -> None:
    await talk.says("预约", "同意")
    for detail, question in (("张三", "请输入姓名"), (ID_NUMBER, "请输入身份证号"), ("", "请输入手机号")):
        seen = (await talk.says(words)).shows("可用的证件：身份证、护照", "监护人身份证号").hides("没有看懂")
        assert seen.last_line() == question
        await talk.says(detail or "13812345678")


async def test_a_question_about_papers_chooses_none_where_their_kind_is_asked(talk: Talk) -> None:
    await talk.says("预约", "同意", "张三", "其他证件")
    seen = (await talk.says("要护照吗")).shows("可用的证件", "请选择证件类型").hides("没有看懂")
    seen.offers("护照", "港澳居民通行证", "台湾居民通行证", "外国人永久居留证", "儿童")


async def test_papers_are_named_where_a_patients_papers_are_corrected(talk: Talk, patients: Patients) -> None:
    await talk.says("就诊人", "同意", "张三", ID_NUMBER, "13812345678")
    await talk.says("就诊人", "1", "更正证件", "我现在用护照")
    assert (await talk.says("我用护照")).last_line() == "请输入护照号码"
    (await talk.says("E12345678", "男", "1990-03-07")).shows("已更正")
    (patient,) = await patients.of_account("o-zhang")
    assert patient.details.paper_kind is PaperKind.PASSPORT


async def test_papers_known_under_another_name_are_refused_without_telling_whose(talk: Talk) -> None:
    """R-A10, R-A11."""
    await talk.says("预约", "同意", f"张三 {ID_NUMBER} 13812345678")
    other = Talk(talk.dialogue, talk.now, openid="o-li")
    seen = await other.says("预约", "同意", f"李四 {ID_NUMBER} 13912345678")
    assert seen.shows("不一致", "010-00000000").hides("张").last_line() == "请输入姓名"
    (await other.says(f"李四 {OTHER_ID_NUMBER}")).shows("登记成功：李* 女")


async def test_a_passport_known_under_another_name_is_refused_and_takes_no_identity_number_instead(talk: Talk) -> None:
    papers = ("其他证件", "护照", "E12345678", "13812345678", "女", "1985-06-15")
    await talk.says("预约", "同意", "Anna", *papers)
    other = Talk(talk.dialogue, talk.now, openid="o-li")
    assert (await other.says("预约", "同意", "Berta", *papers)).shows("不一致").last_line() == "请输入姓名"
    assert (await other.says(f"李四 {ID_NUMBER}")).last_line() == "请输入护照号码"


async def test_a_person_known_to_another_account_is_linked_without_showing_its_bookings(talk: Talk) -> None:
    """R-D4."""
    await talk.says("预约", "同意", f"张三 {ID_NUMBER} 13812345678", "赵敏", "1", "1")
    other = Talk(talk.dialogue, talk.now, openid="o-li")
    (await other.says("就诊人", "同意", f"张三 {ID_NUMBER} 13912345678")).shows("登记成功：张*").ends("registered")
    (await other.says("我的预约")).shows("您还没有预约")


async def test_patients_are_listed_shown_and_corrected(talk: Talk, patients: Patients) -> None:
    """R-A10: corrected when wrong."""
    (await talk.says("就诊人")).offers("同意", "不同意")
    (await talk.says("同意", f"张三 {ID_NUMBER} 13812345678")).shows("登记成功", "预约").ends("registered")
    seen = await talk.says("就诊人")
    seen.shows("就诊人（1/5）").offers("张* 男 36岁 138****5678", "添加就诊人")
    seen = (await talk.says("张三")).shows("姓名：张*", "性别：男，36岁", "身份证 110***********4477", "档案号")
    seen.offers("更正姓名", "更正手机号", "更正证件", "移除就诊人", "返回")
    assert (await talk.says("更正手机号")).last_line() == "请输入手机号"
    (await talk.says("139 1234 5678")).shows("已更正：张* 男 36岁 139****5678").ends("corrected")
    assert (await talk.says("就诊人", "1", "更正姓名")).last_line() == "请输入姓名"
    await talk.says("李三")
    assert (await talk.says("就诊人", "1", "更正证件")).last_line() == "请输入身份证号"
    (await talk.says(OTHER_ID_NUMBER)).shows("已更正：李* 女 41岁")
    (patient,) = await patients.of_account("o-zhang")
    assert (patient.details.name, patient.details.paper_number) == ("李三", OTHER_ID_NUMBER)
    assert patient.details.mobile == "13912345678"


async def test_papers_can_be_corrected_to_another_kind(talk: Talk) -> None:
    await talk.says("就诊人", "同意", f"张三 {ID_NUMBER} 13812345678", "就诊人", "1", "更正证件")
    assert (await talk.says("其他证件", "护照")).last_line() == "请输入护照号码"
    (await talk.says("E12345678", "男", "1990-03-07")).shows("已更正：张* 男 36岁")


async def test_a_correction_to_someone_elses_papers_is_refused(talk: Talk, database: SqlDatabase) -> None:
    await talk.says("就诊人", "同意", f"张三 {ID_NUMBER} 13812345678", "就诊人", "添加就诊人")
    await talk.says(f"李四 {OTHER_ID_NUMBER} 13812345678", "就诊人", "李四", "更正证件")
    (await talk.says(ID_NUMBER)).shows("不一致").offers("更正姓名", "更正手机号", "更正证件", "移除就诊人", "返回")


async def test_a_patient_whom_others_know_is_corrected_at_the_front_desk(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "张三")
    await add_patient(database, "张三", openid="o-li", now=talk.now)
    (await talk.says("就诊人", "1", "更正姓名", "张三丰")).shows("到前台更正", "010-00000000").offers(
        "张*", "添加就诊人"
    )


async def test_a_patient_is_removed_after_a_confirmation(talk: Talk, database: SqlDatabase, patients: Patients) -> None:
    await known(database, talk, "张三", "李四")
    (await talk.says("就诊人", "李四", "移除就诊人")).shows("确认移除就诊人 李*").offers("确认", "返回")
    (await talk.says("2")).offers("更正姓名", "更正手机号", "更正证件", "移除就诊人", "返回")
    (await talk.says("移除", "确认")).shows("已移除就诊人 李*").ends("removed")
    assert [patient.details.name for patient in await patients.of_account("o-zhang")] == ["张三"]


async def test_what_may_mean_the_removal_or_the_patient_is_asked_again(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "张三")
    (await talk.says("就诊人", "1", "移除就诊人", "不要了")).shows("确认移除就诊人 张*").offers("确认", "返回")
    (await talk.says("不要")).offers("更正姓名", "更正手机号", "更正证件", "移除就诊人", "返回")


async def test_a_patient_expected_at_the_clinic_is_not_removed(talk: Talk, database: SqlDatabase) -> None:
    await known(database, talk, "张三")
    await talk.says("赵敏", "1", "1")
    (await talk.says("就诊人", "1", "4", "1")).shows("还有未就诊的预约").offers("张*", "添加就诊人")


async def test_five_patients_are_the_most(talk: Talk, database: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-D4."""
    await known(database, talk, "张一", "张二", "张三", "张四")
    await talk.says("就诊人", "添加就诊人")

    async def full(*_args: object, **_kwargs: object) -> None:
        raise TooManyPatients(5)

    with monkeypatch.context() as patch:
        patch.setattr(Patients, "register", full)
        seen = await talk.says(f"张五 {ID_NUMBER} 13812345678")
        seen.shows("最多登记5位").offers("张*", "张*", "张*", "张*", "添加就诊人")
    await talk.says("添加就诊人", f"张五 {ID_NUMBER} 13812345678")
    (await talk.says("就诊人")).shows("5/5，已达上限").offers(*["张*"] * 5)
    (await talk.says("添加就诊人")).shows("最多登记5位").offers(*["张*"] * 5)
    (await talk.says("预约")).offers(*["张*"] * 5)
    (await talk.says("再加一位")).shows("最多登记5位").offers(*["张*"] * 5)


async def test_a_patient_removed_on_another_telephone_leads_back_to_the_list(
    talk: Talk, database: SqlDatabase, patients: Patients
) -> None:
    await known(database, talk, "张三", "李四")
    for answers in (("李四",), ("李四", "移除"), ("李四", "移除", "确认"), ("李四", "更正姓名", "李五")):
        await patients_link(database, talk, "李四")
        await talk.says("就诊人", *answers[:-1])
        await patients.remove("o-zhang", "p-李四", now=talk.now)
        (await talk.says(answers[-1])).shows("没有找到这位就诊人").offers("张*", "添加就诊人")


async def patients_link(database: SqlDatabase, talk: Talk, name: str) -> None:
    """Give the account the patient back."""
    await add_patient(database, name, openid=talk.openid, now=talk.now)


async def test_a_registration_that_meets_others_is_asked_to_be_sent_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk.says("预约", "同意", "张三", ID_NUMBER)

    async def busy(*_args: object, **_kwargs: object) -> None:
        raise Busy

    with monkeypatch.context() as patch:
        patch.setattr(Patients, "register", busy)
        (await talk.says("13812345678")).shows("稍后再发一次")
    talk.now += timedelta(seconds=5)
    (await talk.says("13812345678")).shows("登记成功")


async def test_what_was_understood_of_a_message_without_a_name_is_said(talk: Talk) -> None:
    """R-A10: nobody wonders whether a number arrived."""
    await talk.says("预约", "同意")
    reply = await talk.says("110101199003074477 13812345678")
    reply.shows("已记下身份证号、手机号。")
    assert reply.last_line() == "请输入姓名"
    (await talk.says("陈小明")).shows("登记成功")
