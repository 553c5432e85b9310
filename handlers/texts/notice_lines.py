"""What a notice's lines are made of: names, times and places as it remembers them, and its own name among others."""

from datetime import date, datetime

from booking.models import Catalogue
from booking.notice_payloads import Visit, read_visit
from booking.notices import Notice, NoticeKind
from handlers.texts import booking, common

TITLES = {
    NoticeKind.BOOKED: "预约成功通知",
    NoticeKind.CHANGED: "改约成功通知",
    NoticeKind.CANCELLED: "取消预约通知",
    NoticeKind.STOPPED: "停诊通知",
    NoticeKind.OFFER: "改约号源通知",
    NoticeKind.SESSION_CHANGED: "门诊变动通知",
    NoticeKind.RESTORED: "恢复出诊通知",
    NoticeKind.REOPENED: "恢复出诊通知",
    NoticeKind.REMINDER_DAY: "就诊提醒",
    NoticeKind.REMINDER_SOON: "就诊提醒",
    NoticeKind.ALERT: "请电话联系患者",
    NoticeKind.STOP_REQUEST: "停诊申请",
}
_NOTES_OF = {
    NoticeKind.BOOKED: "可回复“改约”或“取消预约”",
    NoticeKind.CHANGED: "原预约已取消",
    NoticeKind.CANCELLED: "再次就诊请回复“预约”",
    NoticeKind.SESSION_CHANGED: "请回复是否保留、改约或取消",
    NoticeKind.RESTORED: "原预约已恢复，请按时就诊",
    NoticeKind.REMINDER_DAY: "请回复是否前来就诊",
    NoticeKind.REMINDER_SOON: "请回复是否前来就诊",
    NoticeKind.ALERT: "请电话联系患者",
    NoticeKind.STOP_REQUEST: "请回复批准或不批准",
}
NOTHING = "无"


def label(notice: Notice, catalogue: Catalogue) -> str:
    """停诊通知 王芳 11月24日 09:00 张*: the notice among others."""
    if notice.kind is NoticeKind.STOP_REQUEST:
        start = moment(datetime.fromisoformat(notice.payload["from"]), catalogue)
        return f"{TITLES[notice.kind]} {common.shorten(notice.payload['by'], 8)} {start}"
    visit = read_visit(notice.payload["visit"])
    who = common.shorten(doctor_name(visit, catalogue), 6)
    start = f"{visit.date.month}月{visit.date.day}日 {common.clock(visit.starts_at, catalogue.clinic.zone)}"
    return f"{TITLES[notice.kind]} {who} {start} {visit.patient}"


def note(notice: Notice) -> str:
    """What a template says beside its facts, in at most 20 characters (WeChat's ``thing``)."""
    if notice.kind in {NoticeKind.STOPPED, NoticeKind.OFFER}:
        offers = len(notice.payload["offers"])
        return f"已为您保留{offers}个号，请回复选择" if offers else "可回复“预约”另选时间"
    if notice.kind is NoticeKind.RESTORED and not notice.payload.get("restored", True):
        return "原号已约出，可回复“预约”另选"
    if notice.kind is NoticeKind.REOPENED:
        return "您改约后的预约不变" if notice.payload.get("instead") else "如需就诊，请回复“预约”"
    return _NOTES_OF[notice.kind]


def long_day(value: date) -> str:
    """2026年11月24日, as WeChat's dates and times read."""
    return f"{value.year}年{value.month}月{value.day}日"


def doctor_name(visit: Visit, catalogue: Catalogue) -> str:
    """The doctor's name; the code of one that the catalogue has forgotten."""
    known = catalogue.doctors.get(visit.doctor)
    return known.name if known else visit.doctor


def department_name(visit: Visit, catalogue: Catalogue) -> str:
    """The department's name; the code of one that the catalogue has forgotten."""
    known = catalogue.departments.get(visit.department)
    return known.name if known else visit.department


def when(visit: Visit, catalogue: Catalogue, now: datetime) -> str:
    """11月24日 周二（明天） 09:00-09:30."""
    zone = catalogue.clinic.zone
    day = common.near_day(visit.date, now.astimezone(zone).date())
    return f"{day} {common.period(visit.starts_at, visit.ends_at, zone)}"


def doctor(visit: Visit, catalogue: Catalogue) -> str:
    """王芳 主任医师."""
    known = catalogue.doctors.get(visit.doctor)
    return common.doctor(known) if known else visit.doctor


def place(visit: Visit, catalogue: Catalogue) -> str:
    """二楼东 203诊室."""
    known = catalogue.departments.get(visit.department)
    where = booking.place(known, visit.room) if known else common.room(visit.room)
    return common.shorten(where, 40)


def moment(value: datetime, catalogue: Catalogue) -> str:
    """11月24日 周二 09:00."""
    return common.moment(value, catalogue.clinic.zone)
