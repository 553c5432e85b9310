"""查 and 代约: finding a patient, and booking for one, as staff read it (R-A1, R-A11)."""

from datetime import date, datetime

from booking.appointments import AppointmentView
from booking.masking import mask_mobile, mask_number
from booking.models import Catalogue, Patient
from handlers.texts import booking, common
from handlers.texts.appointments import STATES

QUERY_QUESTION = "请输入患者姓名、手机号、证件号、档案号或预约号"
LONGEST_REASON = 50
ASK_REASON = "查询会记入日志，请选择或输入原因："
REASONS = ("来电咨询", "现场办理", "停诊通知")
OTHER_REASON = "其他"
REASON_QUESTION = "请输入查询原因"
BOOK_FOR_ONE = "代约"
BY_PHONE, ON_SITE = "电话预约", "现场预约"
BY_PHONE_WORDS, ON_SITE_WORDS = ("电话", "来电", "打电话"), ("现场", "窗口", "到院")
ASK_CHANNEL = "代约：患者通过什么方式预约？"
ASK_DETAILS = "请登记患者；如已登记过，会自动找到原档案。请先告知患者信息仅用于预约就诊并征得同意。"
CONFIRM_FIRST = "请先与患者确认。"
TELL_BOOKED = "请告知患者预约号、时间、地点和须知。"
TELL_CANCELLED = "请告知患者已取消。"
TELL_CHANGED = "请告知患者新的预约号、时间和地点。"
_CHANNELS = {
    "wechat": "微信预约", "phone": "电话预约", "onsite": "现场预约", "kiosk": "自助机预约", "api": "接口预约",
}  # fmt: skip


def nobody_found(query: str) -> str:
    """Nobody is known by the words."""
    return f"没有找到“{common.shorten(query, 12)}”，请核对；新患者请回复“代约”登记。"


def reason_too_long() -> str:
    """A reason that does not fit the log."""
    return f"查询原因请不超过{LONGEST_REASON}字。"


def several_found(number: int) -> str:
    """The head of the list where more than one are found."""
    return f"找到{number}位，请选择："


def found(patient: Patient, today: date) -> str:
    """张* 男 38岁 138****1234 档案号F00000012."""
    mobile = patient.details.mobile
    number = f" {mask_mobile(mobile)}" if mobile else ""
    return f"{common.patient(patient, today)}{number} {patient.file_number}"


def card(patient: Patient, today: date, coming: int, past: int) -> str:
    """Who the patient is, masked, and how many appointments there are."""
    known = patient.details
    return "\n".join(
        (
            f"患者：{common.patient(patient, today)}，档案号 {patient.file_number}",
            f"证件：{common.PAPERS[known.paper_kind]} {mask_number(known.paper_number)}",
            f"手机号：{mask_mobile(known.mobile) if known.mobile else '未登记'}",
            f"待就诊{coming}个，以往{past}个，请选择：",
        )
    )


def appointment(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """An appointment in full, masked, and through what it came."""
    account = "可微信通知" if view.claim.openid else "无微信，请电话通知"
    return "\n".join(
        (
            f"预约号：{view.claim.number}",
            f"状态：{STATES[view.claim.state]}（{_CHANNELS[view.claim.channel]}，{account}）",
            *booking.visit(view, catalogue, now),
        )
    )


def booked(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """Success, with what is to be told the patient."""
    clinic = catalogue.clinic
    return "\n".join(
        (
            "预约成功",
            f"预约号：{view.claim.number}",
            *booking.visit(view, catalogue, now),
            f"地址：{clinic.address}",
            f"就诊须知：{booking.notes(catalogue.departments[view.session.department])}",
            TELL_BOOKED,
        )
    )
