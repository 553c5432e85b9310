"""电话: whom to telephone and what came of it (R-A14). Numbers are whole: that is what the list is for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from booking.appointments import AppointmentView
from booking.call_models import Call, Why
from booking.masking import mask_name
from booking.models import Catalogue
from booking.notice_payloads import read_visit
from booking.notices import CallOutcome, NoticeKind
from booking.stoppage_models import DisplacementState
from handlers.texts import booking, common

NOBODY = "没有需要电话通知的患者。"
CHANGED, CANCELLED, NO_ANSWER = "已改约", "已取消", "未接"
CHANGE_NOW, CANCEL_NOW = "改约", "取消预约"
TOLD, TOLD_WAITS = "已通知，照常就诊", "已通知，等候安排"
BOOK_ANOTHER = "代约其他时间"
OUTCOMES = {
    CallOutcome.CHANGED: "已改约",
    CallOutcome.CANCELLED: "已取消",
    CallOutcome.NO_ANSWER: "未接",
    CallOutcome.KEPT: "已通知",
}
_ABOUT = {
    NoticeKind.STOPPED: "停诊",
    NoticeKind.OFFER: "停诊",
    NoticeKind.SESSION_CHANGED: "门诊变更",
    NoticeKind.RESTORED: "恢复出诊",
    NoticeKind.REMINDER_DAY: "就诊提醒",
    NoticeKind.REMINDER_SOON: "就诊提醒",
}
_WHY = {Why.UNREACHED: "未送达", Why.UNANSWERED: "未答复"}
_FATES = {
    DisplacementState.OFFERED: "已保留替代号，最晚答复{deadline}",
    DisplacementState.EXPIRED: "保留的替代号已过期",
    DisplacementState.UNOFFERED: "暂无替代号，有号时优先安排",
    DisplacementState.WAITING: "正在安排替代号",
}
NO_NUMBER = "无电话"


def heading(number: int) -> str:
    """The head of the list."""
    return f"需电话通知{number}人，选择后登记结果："


def line(call: Call, catalogue: Catalogue) -> str:
    """李* 13800138000 11月24日 09:00 未送达."""
    visit = _start(call.notice.payload)
    when = "" if visit is None else f" {_short(visit, catalogue)}"
    tried = " 曾未接" if call.tried else f" {_WHY[call.why]}"
    return f"{mask_name(call.name)} {call.mobile or NO_NUMBER}{when}{tried}"


def details(call: Call, catalogue: Catalogue) -> str:
    """Whom to call, about what, and how it stands."""
    zone = catalogue.clinic.zone
    lines = [f"患者：{mask_name(call.name)}", f"电话：{call.mobile or NO_NUMBER}"]
    payload = call.notice.payload
    if "visit" in payload:
        visit = read_visit(payload["visit"])
        doctor = catalogue.doctors.get(visit.doctor)
        who = f" {common.doctor(doctor)}" if doctor else ""
        lines.append(f"预约：{common.moment(visit.starts_at, zone)}{who}")
    reason = payload.get("reason")
    lines.append(f"事由：{_ABOUT[call.notice.kind]}" + (f"（{common.shorten(str(reason), 60)}）" if reason else ""))
    if call.displacement is not None and call.displacement.state in _FATES:
        deadline = call.displacement.deadline
        until = common.moment(deadline, zone) if deadline else ""
        lines.append(f"状态：{_FATES[call.displacement.state].format(deadline=until)}")
    if call.tried and call.notice.called_at is not None:
        lines.append(f"上次拨打：{common.moment(call.notice.called_at, zone)}，未接")
    lines.append("请拨打后登记结果：")
    return "\n".join(lines)


def offer(view: AppointmentView, catalogue: Catalogue) -> str:
    """改到11月25日 周三 09:00 王芳."""
    doctor = common.shorten(catalogue.doctors[view.session.doctor].name, 6)
    return f"改到{common.moment(view.claim.starts_at, catalogue.clinic.zone)} {doctor}"


def recorded(name: str, outcome: CallOutcome) -> str:
    """After an outcome was recorded."""
    if outcome is CallOutcome.NO_ANSWER:
        return f"已记录：{mask_name(name)} 未接，稍后可再次拨打。"
    return f"已记录：{mask_name(name)} {OUTCOMES[outcome]}（已电话通知）。"


def settled_by(name: str, outcome: str) -> str:
    """Somebody else was quicker."""
    return f"{name}已登记这位患者：{OUTCOMES[CallOutcome(outcome)]}，您的登记未保存。"


SOMEBODY = "其他员工"


def chosen(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """After an offer was chosen for the patient."""
    return "\n".join(
        (
            "改约成功",
            f"预约号：{view.claim.number}",
            *booking.visit(view, catalogue, now),
            "请告知患者新的预约号、时间和地点。回复“电话”继续。",
        )
    )


def _start(payload: Mapping[str, Any]) -> datetime | None:
    return read_visit(payload["visit"]).starts_at if "visit" in payload else None


def _short(start: datetime, catalogue: Catalogue) -> str:
    local = start.astimezone(catalogue.clinic.zone)
    return f"{local.month}月{local.day}日 {local:%H:%M}"
