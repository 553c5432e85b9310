"""The catalogue of texts: complete, courteous, consistent (R-E3)."""

import ast
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from booking import details, id_numbers, mobiles, names
from booking.errors import Busy, Refused, Unavailable, ZhenyueError
from booking.hours import OpenDays
from booking.models import APPOINTED, ClaimState, Clinic, Doctor, PaperKind, Policy
from booking.refusals import (
    DayLimitReached,
    InvalidDetail,
    NotCancellable,
    NotChangeable,
    NotOpenYet,
    OfferGone,
    OverlappingAppointment,
    PastCutOff,
    TooFarAhead,
    TooLateToCancel,
    TooLateToChange,
    TooManyPatients,
)
from booking.staff_refusals import (
    AlreadyStopped,
    CallSettled,
    InvalidStaffName,
    NothingToStop,
    TextTooLong,
    UnknownDoctor,
    UnknownScope,
)
from handlers.texts import appointments, common, greeting, patients
from handlers.texts.refusals import refusal

HANDLERS = Path(__file__).parents[2] / "handlers"
TEXTS = [path for path in (HANDLERS / "texts").glob("*.py") if path.name != "transport.py"]
CLINIC = Clinic("demo", "示范门诊部", "示范路1号", "010-00000000", "Asia/Shanghai")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ARGUMENTS: dict[type[ZhenyueError], tuple[object, ...]] = {
    NotOpenYet: (datetime(2026, 11, 23, 23, 0, tzinfo=UTC),),
    TooFarAhead: (7, date(2026, 11, 30)),
    PastCutOff: (timedelta(hours=1),),
    OverlappingAppointment: (datetime(2026, 11, 24, 1, 0, tzinfo=UTC),),
    DayLimitReached: (2,),
    TooManyPatients: (5,),
    TooLateToCancel: (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), timedelta(hours=2)),
    TooLateToChange: (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), timedelta(hours=2)),
    NotCancellable: (ClaimState.COMPLETED,),
    NotChangeable: (ClaimState.CANCELLED,),
    InvalidDetail: ("mobile", "length"),
    InvalidStaffName: (20,),
    UnknownDoctor: ("wang",),
    UnknownScope: ("doctor", "wong"),
    NothingToStop: (datetime(2026, 11, 23, 16, 0, tzinfo=UTC), datetime(2026, 11, 24, 16, 0, tzinfo=UTC)),
    AlreadyStopped: ("T000001",),
    TextTooLong: (200,),
    OfferGone: ("expired",),
    CallSettled: ("changed", "01a"),
}


def leaves(kind: type[ZhenyueError]) -> list[type[ZhenyueError]]:
    """The errors below this one that have nothing below them."""
    below = kind.__subclasses__()
    return [leaf for child in below for leaf in leaves(child)] if below else [kind]


@pytest.mark.parametrize("leaf", [*leaves(Refused), Busy, Unavailable], ids=lambda leaf: leaf.__name__)
def test_every_refusal_has_a_text_with_the_rules_numbers(leaf: type[ZhenyueError]) -> None:
    arguments = ARGUMENTS.get(leaf, ())
    said = refusal(leaf(*arguments), clinic=CLINIC)
    assert said.endswith(("。", "："))
    assert "{" not in said
    for argument in arguments:
        if isinstance(argument, int):
            assert str(argument) in said


def test_every_fate_of_an_offer_has_a_text() -> None:
    fates = get_args(get_type_hints(OfferGone.__init__)["why"])
    said = {refusal(OfferGone(why), clinic=CLINIC) for why in fates}
    assert len(said) == len(fates) > 4


def test_moments_in_refusals_are_the_clinics() -> None:
    assert "11月24日 周二 07:00" in refusal(NotOpenYet(datetime(2026, 11, 23, 23, tzinfo=UTC)), clinic=CLINIC)


def test_without_a_notice_the_start_is_the_deadline() -> None:
    said = refusal(TooLateToCancel(datetime(2026, 11, 23, 23, tzinfo=UTC), timedelta(0)), clinic=CLINIC)
    assert "就诊时间已到" in said
    assert "010-00000000" in said


def test_every_problem_of_a_detail_has_a_text() -> None:
    """The problems are read from the code that raises them."""
    raised = set()
    for module in (details, id_numbers, mobiles, names):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InvalidDetail":
                raised.add(
                    tuple(argument.value if isinstance(argument, ast.Constant) else None for argument in node.args)
                )
    problems = {(detail, problem) for detail, problem in raised if detail and problem}
    assert len(problems) > 8
    numbers = {problem for detail, problem in raised if detail is None}
    problems |= {(detail, problem) for detail in ("id_number", "paper_number") for problem in numbers}
    for detail, problem in sorted(problems):
        assert refusal(InvalidDetail(detail, problem), clinic=CLINIC)


def test_chinese_is_written_in_the_catalogue_of_texts_only() -> None:
    for path in HANDLERS.glob("*.py"):
        for node in ast.walk(_without_docstrings(ast.parse(path.read_text(encoding="utf-8")))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not CHINESE.search(node.value), f"{path.name}: {node.value}"


def test_the_texts_are_courteous_and_use_chinese_punctuation() -> None:
    for path in TEXTS:
        if path.name == "commands.py":
            continue
        for node in ast.walk(_without_docstrings(ast.parse(path.read_text(encoding="utf-8")))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CHINESE.search(node.value):
                assert "你" not in node.value, node.value
                assert not re.search(r"[\u4e00-\u9fff][,;:!?]", node.value), node.value


def test_every_state_of_an_appointment_and_every_paper_has_a_name() -> None:
    assert set(appointments.STATES) == set(APPOINTED)
    assert set(common.PAPERS) == set(PaperKind)
    assert set(patients.PAPER_WORDS) == set(PaperKind) - {PaperKind.ID_CARD}
    assert ClaimState.HELD not in appointments.STATES
    for kind in PaperKind:
        assert patients.number_question(kind).startswith("请输入")


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=5), "5分钟"),
        (timedelta(seconds=299), "5分钟"),
        (timedelta(seconds=59), "59秒"),
        (timedelta(seconds=-3), "0秒"),
        (timedelta(hours=1), "1小时"),
        (timedelta(minutes=90), "1小时30分钟"),
    ],
)
def test_lengths_of_time_read_plainly(span: timedelta, said: str) -> None:
    assert common.length(span) == said


def test_fees_rooms_and_days_read_plainly() -> None:
    assert [common.fee(Decimal(amount)) for amount in ("50.00", "12.5", "0")] == ["50元", "12.50元", "0元"]
    assert [common.room(name) for name in ("203", "彩超室", "")] == ["203诊室", "彩超室", ""]
    today = date(2026, 12, 31)
    assert common.near_day(date(2027, 1, 1), today) == "1月1日 周五（明天）"
    assert common.near_day(date(2025, 12, 31), today) == "2025年12月31日 周三"
    assert common.day_words(date(2027, 1, 1), today)[-1] == "明天"
    assert common.day_words(date(2026, 12, 30), today)[-1] == "12-30"
    assert common.doctor(Doctor("w", "王芳", "", "dental", Decimal(1))) == "王芳"


def test_opening_hours_are_the_clinics_own_words_or_follow_from_the_rosters() -> None:
    week = [OpenDays((0, 1, 2, 3, 4), ((time(8, 30), time(11)),)), OpenDays((5, 6), ((time(9), time(10)),))]
    assert common.hours(CLINIC, week) == "周一至周五 08:30-11:00；周六、周日 09:00-10:00"
    assert common.hours(CLINIC, []) == "以门诊公告为准"
    assert common.hours(replace(CLINIC, hours="全天"), week) == "全天"


def test_the_guide_names_the_release_time_where_there_is_one() -> None:
    assert "放出新号" not in greeting.guide(CLINIC)
    assert "每天07:00放出新号" in greeting.guide(replace(CLINIC, policy=Policy(release_at=time(7))))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [
                statement
                for statement in node.body
                if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
            ] or [ast.Pass()]
    return tree
