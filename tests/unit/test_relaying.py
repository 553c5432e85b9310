"""Which channel comes next, and what overtakes a notice; fields that are made to fit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.models import ClaimState, Template
from booking.notices import NoticeKind, NoticeState
from booking.relaying import Due, NoticeChannel, Routes, Try, Verdict, after_outcome, begin, next_channel, overtaken
from booking.stoppage_models import DisplacementState
from booking.template_fields import FITTING, VALUES, fit
from bot.sending_limits import next_midnight
from emulator.fields import broken_rule
from handlers.notices import FIELDS
from tests.conftest import NOW
from tests.support.notices import notice, payload

TEMPLATES = {"booked": Template("T", {"thing1": "doctor"})}
ALL = Routes(TEMPLATES, {}, sms=True)
BOOKED = Due(notice(NoticeKind.BOOKED, now=NOW, patient="p1"), following=True)


def channels(due: Due, routes: Routes) -> list[str]:
    found: list[str] = []
    channel = next_channel(due, routes)
    while channel is not None:
        found.append(channel)
        channel = next_channel(due, routes, after=channel)
    return found


def test_the_order_is_template_message_sms() -> None:
    assert channels(BOOKED, ALL) == ["template", "custom", "sms"]
    assert channels(BOOKED, replace(ALL, templates={})) == ["custom", "sms"]
    assert channels(BOOKED, replace(ALL, sms=False)) == ["template", "custom"]
    assert channels(replace(BOOKED, following=False), ALL) == ["sms"]
    assert channels(BOOKED, replace(ALL, paused={NoticeChannel.TEMPLATE: NOW})) == ["custom", "sms"]
    assert channels(Due(replace(BOOKED.notice, openid=None)), ALL) == ["sms"]
    staff = Due(notice(NoticeKind.ALERT, now=NOW))
    assert channels(staff, ALL) == ["custom"]


def test_whoever_is_told_that_a_session_is_held_again_without_them_is_told_all_the_same() -> None:
    without = notice(NoticeKind.RESTORED, now=NOW, content=payload(NoticeKind.RESTORED) | {"restored": False})
    assert overtaken(Due(without, claim=ClaimState.STOPPED), now=NOW) == ""
    back = notice(NoticeKind.RESTORED, now=NOW, content=payload(NoticeKind.RESTORED) | {"restored": True})
    assert overtaken(Due(back, claim=ClaimState.STOPPED), now=NOW)


@pytest.mark.parametrize(
    ("kind", "state", "void"),
    [
        (NoticeKind.STOPPED, DisplacementState.OFFERED, False),
        (NoticeKind.STOPPED, DisplacementState.UNOFFERED, False),
        (NoticeKind.STOPPED, DisplacementState.RESTORED, True),
        (NoticeKind.STOPPED, DisplacementState.REBOOKED, True),
        (NoticeKind.OFFER, DisplacementState.OFFERED, False),
        (NoticeKind.OFFER, DisplacementState.EXPIRED, True),
    ],
)
def test_what_became_of_the_displaced_overtakes_their_notices(
    kind: NoticeKind, state: DisplacementState, void: bool
) -> None:
    assert bool(overtaken(Due(notice(kind, now=NOW), displacement=state), now=NOW)) is void


@pytest.mark.parametrize("state", [None, *ClaimState])
def test_only_what_is_still_booked_is_said_to_stand(state: ClaimState | None) -> None:
    due = Due(notice(NoticeKind.REOPENED, now=NOW), following=True, claim=ClaimState.STOPPED, chosen=state)
    sent = begin(due, ALL, now=NOW)
    assert sent.state == NoticeState.SENDING
    assert bool(sent.payload["instead"]) is (state in {None, ClaimState.BOOKED})


def test_a_reminder_of_a_visit_that_moved_to_another_time_is_void() -> None:
    reminder = notice(NoticeKind.REMINDER_DAY, now=NOW, visit_at=NOW + timedelta(days=1))
    later = Due(reminder, claim=ClaimState.BOOKED, starts_at=NOW + timedelta(days=2))
    assert begin(later, ALL, now=NOW).state == NoticeState.VOID


def test_a_template_that_failed_after_its_choices_were_read_stays_sent() -> None:
    sent = replace(BOOKED.notice, state=NoticeState.SENT, channel="template", shown=True)
    after = after_outcome(replace(BOOKED, notice=sent), "failed:user block", ALL, now=NOW)
    assert (after.state, after.channel) == (NoticeState.SENT, "custom")


def test_a_template_that_failed_where_nothing_else_is_left_is_at_its_end() -> None:
    sent = replace(BOOKED.notice, state=NoticeState.SENT, channel="template")
    after = after_outcome(replace(BOOKED, notice=sent, following=False), "failed", replace(ALL, sms=False), now=NOW)
    assert after.state in {NoticeState.UNREACHABLE, NoticeState.FAILED}


def test_a_template_in_doubt_is_repeated_as_a_template_though_its_quota_is_used_up() -> None:
    tried = replace(BOOKED.notice, channel="template", first_tried_at=NOW)
    paused = replace(ALL, paused={NoticeChannel.TEMPLATE: NOW + timedelta(hours=1)})
    again = begin(replace(BOOKED, notice=tried), paused, now=NOW + timedelta(seconds=1))
    assert (again.state, again.channel) == (NoticeState.SENDING, "template")


def test_whoever_has_no_account_and_no_telephone_line_is_unreachable_for_that_reason() -> None:
    due = Due(notice(NoticeKind.STOPPED, now=NOW, openid=None, patient="p1"), displacement=DisplacementState.OFFERED)
    end = begin(due, replace(ALL, sms=False), now=NOW)
    assert (end.state, end.reason) == (NoticeState.UNREACHABLE, "no account")


def test_the_quota_s_day_begins_at_midnight_in_shanghai() -> None:
    assert next_midnight(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert next_midnight(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)) == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_a_template_may_name_what_the_texts_can_fill_in() -> None:
    assert set(VALUES) == set(FIELDS)


def test_a_try_says_by_default_that_no_choices_were_read() -> None:
    assert Try(Verdict.SENT).shown is False


@given(
    st.sampled_from([kind for kind in FITTING if kind in {"thing", "name", "phrase", "character_string", "const"}]),
    st.text(st.sampled_from("张三李四 abc123\n\t，。🙂é")),
)
def test_whatever_text_is_made_to_fit_its_field(kind: str, text: str) -> None:
    assert broken_rule(f"{kind}1", fit(f"{kind}1", text, nothing="无")) == ""


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("thing1", "医生临时外出参加急救因此停诊敬请各位患者谅解", "医生临时外出参加急救因此停诊敬请各位患…"),
        ("phrase1", "Dr. 王芳 主任医师", "王芳主任医"),
        ("character_string1", "3楼203", "3203"),
        ("number1", "50.50元", "50.50"),
        ("phone_number1", "025-00000168 转 2", "025-00000168  2"),
        ("name1", "欧阳娜娜欧阳娜娜欧阳娜娜", "欧阳娜娜欧阳娜娜欧阳"),
        ("thing1", "  \n", "无"),
    ],
)
def test_values_are_cleaned_and_shortened(field: str, value: str, said: str) -> None:
    assert fit(field, value, nothing="无") == said
    assert broken_rule(field, said) == ""
