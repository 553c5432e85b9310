"""What is said to the answer to a notice, and how reminders are stopped and started (R-A8, R-A14, R-B3)."""

from datetime import datetime

from booking.appointments import AppointmentView
from booking.models import Catalogue, Clinic
from booking.notices import Notice
from handlers.texts import booking, common, greeting, notices
from handlers.texts.appointments import STATES
from handlers.texts.changes import moved, summary

GO_ON = "继续刚才的对话"
GO_ON_WORDS = ("继续", "刚才的", "都不是")
SEE_OFFERS = "查看为我保留的号"
SEE_OFFERS_WORDS = ("查看保留的号", "保留的号", "选择保留的号", "停诊通知")
NONE_OPEN = "现在没有等待您答复的通知。回复“我的预约”可查看您的预约。"
NOTED = "好的。"
BOOK_AGAIN = "如需再次就诊，请回复“预约”。"
PLAIN_WORDS = frozenset((notices.COME, notices.KEEP, notices.DECLINE, notices.APPROVE, notices.REFUSE))
"""Labels that can mean nothing but the answer to a notice, whatever question is open."""


REMINDERS_OFF = "已为您停止就诊提醒。停诊、改期等重要通知仍会发给您。需要时回复“开启提醒”即可恢复。"
REMINDERS_ON = "已为您开启就诊提醒：就诊前一天和就诊前会提醒您。不需要时回复“停止提醒”即可。"


def which(said: str) -> str:
    """When several may be meant, nothing is guessed."""
    return f"您回复的“{common.shorten(said, 10)}”是答复哪一条？请选择："


def told_apart(label: str, notice: Notice) -> str:
    """Two notices that read alike, by the end of the appointment's number."""
    visit = notice.payload.get("visit")
    return f"{label} 尾号{visit['number'][-4:]}" if visit else label


def not_understood() -> str:
    """Words that answer none of the choices of the notice that follows."""
    return f"{greeting.NOT_UNDERSTOOD}请按以下通知回复；办理其他事项请回复“菜单”。"


def not_read(said: str) -> str:
    """Something that is no text, before the notice that waits for an answer."""
    return f"{said}\n以下通知等待您答复："


def courtesy(said: str) -> str:
    """Thanks or a nod, before the notice that waits for an answer."""
    return f"{said}以下通知还在等待您答复："


def courtesy_to_reminder(said: str) -> str:
    """Thanks or a nod to a reminder, which needs no answer."""
    return f"{said}如需答复就诊提醒，请回复其中的数字。"


def no_such_choice(said: str) -> str:
    """A number that no open notice has."""
    return f"没有选项“{common.shorten(said, 10)}”，请按以下通知回复："


def will_come(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """After 我会来."""
    where = booking.place(catalogue.departments[view.session.department], view.session.room)
    return f"好的，已记下您会来就诊：\n{summary(view, catalogue, now)}\n诊室：{where}\n请带好证件，期待您准时到来。"


def kept(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """After 保留预约."""
    where = booking.place(catalogue.departments[view.session.department], view.session.room)
    return f"好的，已为您保留预约：\n{summary(view, catalogue, now)}\n诊室：{where}"


def no_more(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """The visit of a notice that is booked no longer."""
    state = STATES.get(view.claim.state, "已失效")
    return f"这个预约{state}：\n{summary(view, catalogue, now)}\n回复“我的预约”可查看您的预约。"


def declined(clinic: Clinic) -> str:
    """After 不再改约."""
    noted = "已为您登记不再改约，为您保留的号已释放。给您带来不便，再次致歉。"
    return f"{noted}\n{BOOK_AGAIN}如需帮助，请致电 {clinic.phone}。"


def rebooked(old: AppointmentView, new: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """Success, with the new number, place and notes, and what was stopped."""
    return moved(new, f"原预约已停诊：{summary(old, catalogue, now)}", catalogue, now)


def stands(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """The appointment that there is instead."""
    return (
        f"当前预约：{summary(view, catalogue, now)}\n预约号：{view.claim.number}\n如需变更，请回复“改约”或“取消预约”。"
    )


def decided(*, approved: bool) -> str:
    """After a manager's decision."""
    return "已批准，停诊开始执行，系统将逐一通知患者。" if approved else "已记录：不批准这次停诊申请。"
