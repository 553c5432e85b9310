"""改约 and 取消预约: what is asked, confirmed and said afterwards (R-A12, R-A13)."""

from datetime import datetime

from booking.appointments import AppointmentView
from booking.models import Catalogue, Department, Doctor
from booking.rules import notice_due
from handlers.texts import booking, commands, common, staff_patients

CHANGE = "改约"
CHANGE_WORDS = ("改期", "改时间", "换时间", "更改预约", "改約")
CANCEL = "取消预约"
CANCEL_WORDS = ("取消", "取消挂号", "退号", "取消預約", "退號")
WHICH = {commands.CHANGE: "请选择要改约的预约：", commands.CANCEL: "请选择要取消的预约："}
NONE_AHEAD = {
    commands.CHANGE: "您没有待就诊的预约，无需改约。回复“预约”即可挂号。",
    commands.CANCEL: "您没有待就诊的预约，无需取消。回复“我的预约”可查看以往的预约。",
}
NO_SUCH = "没有找到您说的那个预约。"
BOOKING_WAITS = "先为您办理已有的预约，刚才的预约稍后继续。"
OLD_STANDS = "原来的预约不变。"
OTHER_TIME_WORDS = ("其他时间", "原医生", "同一医生", "换时间", "改时间")
OTHER_DOCTOR_WORDS = ("其他医生", "换医生", "别的医生")
OTHER_DEPARTMENT_WORDS = ("换科室", "别的科室")
FIND_AGAIN = "可随时回复“我的预约”查看。"


def summary(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """11月24日 周二（明天） 09:00-09:30 王芳 主任医师（张*）."""
    claim, zone = view.claim, catalogue.clinic.zone
    start = common.near_day(claim.date, now.astimezone(zone).date())
    who = f"{common.doctor(catalogue.doctors[view.session.doctor])}（{common.masked(view.patient.details.name)}）"
    return f"{start} {common.period(claim.starts_at, claim.ends_at, zone)} {who}"


def confirm_cancel(view: AppointmentView, catalogue: Catalogue, now: datetime, *, by_staff: bool = False) -> str:
    """What is about to be cancelled, by which rule, and until when; the deadline does not bind staff."""
    rule = (staff_patients.CONFIRM_FIRST,) if by_staff else _cancel_rule(view, catalogue)
    return "\n".join(
        (
            "请确认取消以下预约：",
            f"预约号：{view.claim.number}",
            *booking.visit(view, catalogue, now),
            *rule,
            "取消后这个号立即释放，不能恢复。",
        )
    )


def _cancel_rule(view: AppointmentView, catalogue: Catalogue) -> tuple[str, ...]:
    zone = catalogue.clinic.zone
    notice = notice_due(view.claim, catalogue.clinic.policy.cancel_notice, by_staff=False)
    if not notice:
        return ("门诊有变动，就诊开始前都可以取消。" if view.claim.waived else "就诊开始前可以取消。",)
    until = common.moment(view.claim.starts_at - notice, zone)
    return (f"最晚可在就诊前{common.length(notice)}取消，即{until}。",)


def cancelled(view: AppointmentView, catalogue: Catalogue, now: datetime, *, by_staff: bool = False) -> str:
    """After a cancellation."""
    next_step = staff_patients.TELL_CANCELLED if by_staff else "如需再次就诊，请回复“预约”。"
    return f"取消成功\n已取消：{summary(view, catalogue, now)}\n{next_step}"


def changing(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """Which appointment is to be changed."""
    return f"改约：{summary(view, catalogue, now)}"


def ask_target(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """What is to be changed, and to what."""
    return f"{changing(view, catalogue, now)}\n请选择改到哪里，也可以直接回复科室或医生姓名："


def other_times(doctor: Doctor, free: int) -> str:
    """王芳的其他时间 余5."""
    return f"{common.shorten(doctor.name, 10)}的其他时间 {common.left(free)}"


def other_doctors(department: Department, free: int) -> str:
    """口腔科其他医生 余3."""
    return f"{common.shorten(department.name, 10)}其他医生 {common.left(free)}"


def other_departments(free: int) -> str:
    """其他科室 余2."""
    return f"其他科室 {common.left(free)}"


def nothing_else(phone: str) -> str:
    """There is no other slot to change to."""
    return f"抱歉，目前没有其他可预约的号。{OLD_STANDS}您可以稍后再来看看，也可致电 {phone} 咨询。"


def confirm_change(old: AppointmentView, new: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """What is given up for what, and how long the new seat is kept."""
    expires_at = new.claim.expires_at or now
    kept = f"为您保留至 {common.clock(expires_at, catalogue.clinic.zone)}，剩余{common.length(expires_at - now)}。"
    return "\n".join(
        (
            "请确认改约信息：",
            f"原预约：{summary(old, catalogue, now)}",
            "改为：",
            *booking.visit(new, catalogue, now),
            f"确认后原预约自动取消。{kept}",
        )
    )


def changed(
    old: AppointmentView, new: AppointmentView, catalogue: Catalogue, now: datetime, *, by_staff: bool = False
) -> str:
    """Success, with the new number, place and notes, and what the old one was."""
    before = f"原预约已取消：{summary(old, catalogue, now)}"
    return moved(new, before, catalogue, now, last=staff_patients.TELL_CHANGED if by_staff else FIND_AGAIN)


def moved(new: AppointmentView, before: str, catalogue: Catalogue, now: datetime, *, last: str = FIND_AGAIN) -> str:
    """Return how a new appointment reads instead of another one."""
    clinic = catalogue.clinic
    return "\n".join(
        (
            "改约成功",
            f"预约号：{new.claim.number}",
            *booking.visit(new, catalogue, now),
            f"地址：{clinic.name}，{clinic.address}",
            f"就诊须知：{booking.notes(catalogue.departments[new.session.department])}",
            before,
            last,
        )
    )
