"""今日 and 号源: the day's list and how the seats stand, as staff read them."""

from collections.abc import Sequence
from datetime import date

from booking.desk import DayFigures, Expected
from booking.models import Catalogue, Department, Doctor
from handlers.texts import common
from handlers.texts.appointments import STATES

ALL_DOCTORS = "全部医生"
ALL_DEPARTMENTS = "全部科室"
ASK_DEPARTMENT = "请选择科室："
ASK_DOCTOR = "请选择医生："
LONGEST_LIST = 200
"""Patients of a list; more than anybody pages through."""


def nobody(day: date, today: date) -> str:
    """A day without appointments."""
    return f"{common.near_day(day, today)}没有预约。"


def counted(name: str, number: int) -> str:
    """口腔科 12人."""
    return f"{common.shorten(name, 12)} {number}人"


def heading(day: date, today: date, expected: Sequence[Expected]) -> str:
    """The head of a day's list."""
    cut = f"（仅列前{LONGEST_LIST}人）" if len(expected) > LONGEST_LIST else ""
    return f"{common.near_day(day, today)}，共{len(expected)}人{cut}，选择可查看："


def line(expected: Expected, catalogue: Catalogue, *, one_doctor: bool) -> str:
    """09:00 张* 待就诊; with the doctor where the list has several."""
    claim = expected.claim
    doctor = "" if one_doctor else f" {common.shorten(catalogue.doctors[expected.session.doctor].name, 6)}"
    start = common.clock(claim.starts_at, catalogue.clinic.zone)
    return f"{start} {common.masked(expected.patient_name)}{doctor} {STATES[claim.state]}"


def only(whose: str) -> str:
    """Whose list it is, where the words named a doctor or department."""
    return f"{whose}："


def own_only(doctor: Doctor) -> str:
    """To a doctor who asks for another's."""
    return f"您的角色是医生，只能查看本人（{common.shorten(doctor.name, 10)}）的。"


def day_over(day: date, today: date) -> str:
    """A day that is over has no list of who is expected."""
    return f"{common.near_day(day, today)}已过，以下是今天的名单。"


def whole_clinic() -> str:
    """Of what the figures are."""
    return "全院"


def figures(whose: str, days: Sequence[DayFigures], today: date) -> str:
    """The figures of today and the coming days."""
    lines = (_figures_line(figure, today) for figure in days)
    return "\n".join((f"{whose}号源：", *lines))


def _figures_line(figure: DayFigures, today: date) -> str:
    day = common.near_day(figure.day, today)
    if not (figure.free or figure.held or figure.booked or figure.stopped):
        return f"{day} 无号"
    stopped = f" 停诊{figure.stopped}" if figure.stopped else ""
    return f"{day} 余{figure.free} 锁定{figure.held} 已约{figure.booked}{stopped}"


def department_label(department: Department) -> str:
    """口腔科."""
    return common.shorten(department.name, 16)


def doctor_label(doctor: Doctor) -> str:
    """王芳 主任医师."""
    return common.doctor(doctor)


MORE = "可选择科室或医生查看明细："
