"""What notices say, how they are answered, and that WeChat carries them with their links (R-A8, R-A14, R-B3)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from booking.models import Catalogue
from booking.notices import ASKING, NoticeKind
from bot.wechat.render import MAX_TEXT, reply_text, without_links
from handlers.notices import FIELDS, read_notice_tap, render, render_sms, values
from handlers.texts.notice_lines import label
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS
from tests.support.notices import notice, payload, visit

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CATALOGUE = Catalogue(CLINIC, {d.code: d for d in DEPARTMENTS}, {d.code: d for d in DOCTORS}, version=1)


def shown(kind: NoticeKind, **changes: object) -> str:
    """The text a patient reads."""
    made = notice(kind, now=NOW, content=payload(kind, **changes))
    return without_links(reply_text(render(made, CATALOGUE, now=NOW)))


def test_a_stoppage_with_offers_reads_like_the_contract() -> None:
    assert shown(NoticeKind.STOPPED, text="请在家休息\n1. 不要空跑").splitlines() == [
        "很抱歉，您预约的门诊停诊了，给您带来不便，敬请谅解。",
        "预约号：26112400000000",
        "就诊人：张*",
        "科室：口腔科",
        "医生：王芳 主任医师",
        "时间：11月24日 周二（明天） 09:00-09:30",
        "原因：医生临时外出",
        "请在家休息 1. 不要空跑",
        "已为您保留以下号，请在11月24日 周二 09:00 前回复数字选择，逾期将释放：",
        "1. 王芳 主任医师 11月25日 周三 09:00",
        "2. 李强 副主任医师 11月25日 周三 09:00",
        "0. 不再改约",
        "如需帮助，请致电 010-00000000。",
    ]


def test_a_stoppage_without_offers_says_how_to_be_helped() -> None:
    said = shown(NoticeKind.STOPPED, offers=[], deadline=None)
    assert "候补的前列" in said
    assert "回复“预约”" in said
    assert "010-00000000" in said
    assert "\n0." not in said


def test_a_changed_session_says_what_it_was_and_what_it_is() -> None:
    said = shown(NoticeKind.SESSION_CHANGED)
    assert "诊室：203诊室 → 301诊室" in said
    assert "时间：11月24日 周二（明天） 09:00-09:30 → 11月24日 周二（明天） 10:00-10:30" in said
    assert "医生：王芳 主任医师 → 李强 副主任医师（替诊）" in said
    assert "仍然有效" in said
    assert "1. 保留预约\n2. 改约\n3. 取消预约\n" in said


def test_a_seat_that_cannot_be_given_back_is_not_promised() -> None:
    assert "已为您恢复" in shown(NoticeKind.RESTORED)
    gone = shown(NoticeKind.RESTORED, restored=False)
    assert "已不能为您恢复" in gone
    assert "回复“预约”" in gone


def test_who_chose_otherwise_reads_that_the_session_is_held_and_what_they_chose_stands() -> None:
    said = shown(NoticeKind.REOPENED)
    assert "（11月24日 周二（明天） 09:00-09:30 王芳 主任医师，张*）恢复出诊了" in said
    assert "您改约后的预约不变" in said
    assert "时间：11月25日 周三（后天） 09:00-09:30" in said
    assert "如想改回，请回复“改约”" in said
    none = shown(NoticeKind.REOPENED, instead=None)
    assert "原号不再保留" in none
    assert "请回复“预约”" in none
    assert "不变" not in none  # they may have nothing that could stay as it is


@pytest.mark.parametrize("kind", [NoticeKind.REMINDER_DAY, NoticeKind.REMINDER_SOON])
def test_a_reminder_is_answered_with_one_character_and_says_how_to_stop_it(kind: NoticeKind) -> None:
    said = shown(kind)
    assert "\n1. 我会来\n2. 取消预约\n" in said
    assert "停止提醒" in said


def test_a_manager_reads_who_asks_for_what() -> None:
    said = shown(NoticeKind.STOP_REQUEST)
    assert "王芳申请停诊" in said
    assert "范围：医生 王芳" in said
    assert "时间：11月24日 周二 08:00 至 11月25日 周三 08:00" in said
    assert said.endswith("1. 批准\n2. 不批准")


def test_a_manager_reads_which_session_and_not_its_id() -> None:
    session = {"doctor": "wang", "start": "2026-11-24T01:00:00+00:00", "end": "2026-11-24T02:00:00+00:00"}
    said = shown(
        NoticeKind.STOP_REQUEST, scope="session", code="wang-20261124-0900", session=session,
        to="2026-11-24T16:00:00+00:00",
    )  # fmt: skip
    assert "范围：王芳 11月24日 周二 09:00-10:00" in said
    assert "至 11月24日 周二 24:00" in said
    assert "wang-20261124-0900" not in said


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_kind_that_asks_has_choices_and_no_other_has(kind: NoticeKind) -> None:
    reply = render(notice(kind, now=NOW), CATALOGUE, now=NOW)
    assert bool(reply.choices) is (kind in ASKING)
    taps = [read_notice_tap(choice.tap) for choice in reply.choices]
    assert [tap[1] for tap in taps if tap] == [choice.number for choice in reply.choices]


def test_every_answer_of_a_stoppage_can_be_tapped_zero_too() -> None:
    made = notice(NoticeKind.STOPPED, now=NOW)
    assert f"msgmenuid=n.{made.id}.0" in reply_text(render(made, CATALOGUE, now=NOW))


@pytest.mark.parametrize(
    "tap", [None, "", "n", "n.", "n..1", "n.x", "n.x.", "n.x.a", "n.x.-1", "n.x.１", "m.x.1", "go.book"]
)
def test_no_other_tap_is_taken_for_an_answer(tap: str | None) -> None:
    assert read_notice_tap(tap) is None


def overlong() -> tuple[Catalogue, dict[str, str]]:
    """A catalogue and a visit as long as the database takes them, and markup in them."""
    clinic = replace(CLINIC, name="名" * 100, address="址" * 200, phone="9" * 50)
    department = replace(DEPARTMENTS[0], name="科" * 100, location="楼" * 200, notes="须" * 500)
    doctors = {d.code: replace(d, name="<" * 100, title="任" * 100) for d in DOCTORS}
    return Catalogue(clinic, {"dental": department}, doctors, version=1), visit(room="室" * 100, number="9" * 32)


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_longest_notice_fits_with_its_links(kind: NoticeKind) -> None:
    catalogue, long = overlong()
    content = payload(kind, reason="因" * 200, text="请" * 500)
    content |= {key: long for key in ("visit", "before", "instead") if key in content}
    if "offers" in content:
        content["offers"] = [long] * 3
    if kind is NoticeKind.STOP_REQUEST:
        content |= {"by": "王" * 40, "code": "c" * 96}
    reply = render(notice(kind, now=NOW, content=content), catalogue, now=NOW)
    said = reply_text(reply)
    assert len(said.encode()) <= MAX_TEXT
    assert said.count("weixin://bizmsgmenu") == len(reply.choices)
    assert reply.footer in said


@pytest.mark.parametrize(
    "kind", [kind for kind in NoticeKind if kind not in {NoticeKind.ALERT, NoticeKind.STOP_REQUEST}]
)
def test_an_sms_asks_for_no_answer(kind: NoticeKind) -> None:
    said = render_sms(notice(kind, now=NOW), CATALOGUE, now=NOW)
    assert "\n" not in said
    assert "回复" not in said
    assert "张*" in said


def test_an_sms_names_what_is_kept() -> None:
    said = render_sms(notice(NoticeKind.STOPPED, now=NOW), CATALOGUE, now=NOW)
    assert "已为您保留：王芳 主任医师 11月25日 周三 09:00；李强 副主任医师 11月25日 周三 09:00。" in said
    assert "请在11月24日 周二 09:00 前致电选择" in said


@pytest.mark.parametrize("kind", NoticeKind)
def test_no_value_of_a_template_is_empty(kind: NoticeKind) -> None:
    said = values(notice(kind, now=NOW), CATALOGUE)
    assert set(said) == set(FIELDS)
    assert all(said.values())
    assert len(said["note"]) <= 20


def test_values_are_in_wechats_forms() -> None:
    said = values(notice(NoticeKind.CHANGED, now=NOW), CATALOGUE)
    assert said["date"] == "2026年11月25日"
    assert said["start"] == "2026年11月25日 09:00"
    assert said["time"] == "09:00~09:30"
    assert said["old_start"] == "2026年11月24日 09:00"
    assert said["fee"] == "50元"
    assert said["room"] == "二楼东 203诊室"


def test_what_the_catalogue_has_forgotten_is_called_by_its_code() -> None:
    empty = replace(CATALOGUE, doctors={}, departments={})
    for kind in NoticeKind:
        assert render(notice(kind, now=NOW), empty, now=NOW).text
        assert values(notice(kind, now=NOW), empty)["clinic"] == "示范门诊部"


def test_a_notice_is_named_among_others() -> None:
    assert label(notice(NoticeKind.STOPPED, now=NOW), CATALOGUE) == "停诊通知 王芳 11月24日 09:00 张*"
    assert label(notice(NoticeKind.STOP_REQUEST, now=NOW), CATALOGUE).startswith("停诊申请 王芳 11月24日")
