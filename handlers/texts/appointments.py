"""我的预约: the list and one appointment."""

from datetime import date, datetime

from booking.appointments import AppointmentView
from booking.models import Catalogue, ClaimState
from handlers.texts import booking, common

NONE = "您还没有预约。回复“预约”即可挂号。"
BACK_TO_LIST = "返回列表"
SEATS_KEPT = "有保留号"
STATES = {
    ClaimState.BOOKED: "待就诊",
    ClaimState.ARRIVED: "已签到",
    ClaimState.COMPLETED: "已就诊",
    ClaimState.NO_SHOW: "未到诊",
    ClaimState.CANCELLED: "已取消",
    ClaimState.STOPPED: "已停诊",
    ClaimState.MOVED: "已改约",
}


def listing(coming: int, past: int) -> str:
    """The head of the list."""
    if not coming:
        return f"暂无待就诊的预约，以往预约{past}个，选择可查看详情："
    rest = f"，以往{past}个" if past else ""
    return f"待就诊{coming}个{rest}，选择可查看详情："


def _state(view: AppointmentView, *, kept: bool) -> str:
    said = STATES[view.claim.state]
    return f"{said}，{SEATS_KEPT}" if kept else said


def label(view: AppointmentView, catalogue: Catalogue, today: date, *, kept: bool = False) -> str:
    """11月23日 周一 09:00 王芳 张*; with its state unless it is simply ahead. ``kept``: seats are, instead of it."""
    claim = view.claim
    who = common.shorten(catalogue.doctors[view.session.doctor].name, 6)
    said = f"{_day(claim.date, today)} {common.clock(claim.starts_at, catalogue.clinic.zone)} {who}"
    state = "" if claim.state is ClaimState.BOOKED else f" {_state(view, kept=kept)}"
    return f"{said} {common.masked(view.patient.details.name)}{state}"


def details(view: AppointmentView, catalogue: Catalogue, now: datetime, *, kept: bool = False) -> str:
    """Everything about one appointment."""
    clinic = catalogue.clinic
    return "\n".join(
        (
            f"预约号：{view.claim.number}",
            f"状态：{_state(view, kept=kept)}",
            *booking.visit(view, catalogue, now),
            f"地址：{clinic.name}，{clinic.address}",
            f"就诊须知：{booking.notes(catalogue.departments[view.session.department])}",
        )
    )


def _day(value: date, today: date) -> str:
    return common.day(value) if value.year == today.year else f"{value.year}年{common.day(value)}"
