"""Notices: what each kind says, and by which choices it is answered (R-A8, R-A14, R-B3).

Staff's own words may hold anything and be long: they stand in ``Said.free``, which gives way where WeChat has no room.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from booking.models import Catalogue
from booking.notice_payloads import Visit, read_visit
from booking.notices import Notice, NoticeKind
from booking.stoppage_models import FOREVER
from handlers.texts import booking, common
from handlers.texts import notice_lines as lines
from handlers.texts.staff_stop import period

COME, CANCEL, KEEP, CHANGE = "我会来", "取消预约", "保留预约", "改约"
DECLINE = "不再改约"
APPROVE, REFUSE = "批准", "不批准"
_COME_WORDS = ("会来", "我会到", "准时到", "来", "一定来")
_KEEP_WORDS = ("保留", "不变")
_DECLINE_WORDS = ("不改约", "不改约了", "不再改约了", "都不要")
_WHY = {
    "unreachable": "没有渠道可以送达",
    "unknown": "不能确定是否送达",
    "failed": "发送失败",
}
_TO_CHANGE = "如需变更，请回复“改约”或“取消预约”。"
_CALL_TO_CHANGE = "如需变更，请致电。"
_SCOPES = {"session": "单次门诊", "doctor": "医生", "department": "科室", "clinic": "全院"}
_REASON = 60
_NOTES = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """A choice of a notice: its digit, how it reads, and other words for it."""

    number: int
    label: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a notice says: text before and after ``free``, which may be cut, choices, and a last line.

    ``by_sms`` stands for all behind ``free`` where nobody reads an answer; the clinic's telephone follows there.
    """

    before: tuple[str, ...]
    free: str = ""
    after: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    footer: str = ""
    by_sms: tuple[str, ...] = ()


def said(notice: Notice, catalogue: Catalogue, now: datetime) -> Said:
    """Return what a notice says at this moment."""
    return _KINDS[notice.kind](notice.payload, catalogue, now)


def offer_label(offer: Visit, catalogue: Catalogue) -> str:
    """王芳 主任医师 11月25日 周三 09:00."""
    start = f"{common.day(offer.date)} {common.clock(offer.starts_at, catalogue.clinic.zone)}"
    return f"{common.shorten(lines.doctor(offer, catalogue), 9)} {start}"


def _in_full(visit: Visit, catalogue: Catalogue, now: datetime) -> tuple[str, ...]:
    known = catalogue.departments.get(visit.department)
    notes = (f"就诊须知：{common.shorten(booking.notes(known), _NOTES)}",) if known else ()
    return (*_in_short(visit, catalogue, now), f"诊室：{lines.place(visit, catalogue)}", *notes)


def _in_short(visit: Visit, catalogue: Catalogue, now: datetime) -> tuple[str, ...]:
    return (
        f"预约号：{visit.number}",
        f"就诊人：{visit.patient}",
        f"科室：{common.shorten(lines.department_name(visit, catalogue), 20)}",
        f"医生：{lines.doctor(visit, catalogue)}",
        f"时间：{lines.when(visit, catalogue, now)}",
    )


def _one_line(text: str) -> str:
    """Staff's words in one line, so that none of them looks like a choice."""
    return " ".join(text.split())


def _reason(payload: Mapping[str, Any]) -> tuple[str, ...]:
    reason = _one_line(payload.get("reason") or "")
    return (f"原因：{common.shorten(reason, _REASON)}",) if reason else ()


def _call(catalogue: Catalogue) -> str:
    return f"如需帮助，请致电 {catalogue.clinic.phone}。"


def _booked(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit = read_visit(payload["visit"])
    return Said(("预约成功", *_in_full(visit, catalogue, now)), after=(_TO_CHANGE,), by_sms=(_CALL_TO_CHANGE,))


def _changed(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    old, new = read_visit(payload["before"]), read_visit(payload["visit"])
    was = f"原预约已取消：{lines.when(old, catalogue, now)} {lines.doctor(old, catalogue)}"
    return Said(("改约成功", *_in_full(new, catalogue, now), was), after=(_TO_CHANGE,), by_sms=(_CALL_TO_CHANGE,))


def _cancelled(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit = read_visit(payload["visit"])
    return Said(("您的预约已取消：", *_in_short(visit, catalogue, now)), after=("如需再次就诊，请回复“预约”。",))


def _stopped(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit = read_visit(payload["visit"])
    before = (
        "很抱歉，您预约的门诊停诊了，给您带来不便，敬请谅解。",
        *_in_short(visit, catalogue, now),
        *_reason(payload),
    )
    free = _one_line(payload.get("text") or "")
    if payload["offers"]:
        return _with_offers(before, free, payload, catalogue)
    none = "目前没有可以为您保留的号。您已排在候补的前列，一有空出的号会优先为您保留并通知您。"
    by_chat = f"您也可以回复“预约”自行选择，或致电 {catalogue.clinic.phone}，由工作人员帮您安排。"
    return Said(before, free, (none, by_chat), by_sms=(none, "您也可以致电，由工作人员帮您安排。"))


def _offer(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit = read_visit(payload["visit"])
    stopped = f"{lines.when(visit, catalogue, now)} {lines.doctor(visit, catalogue)}，{visit.patient}"
    return _with_offers(
        (f"您因停诊未能就诊的预约（{stopped}），现在有号了。",),
        _one_line(payload.get("text") or ""),
        payload,
        catalogue,
    )


def _with_offers(before: tuple[str, ...], free: str, payload: Mapping[str, Any], catalogue: Catalogue) -> Said:
    offers = [read_visit(offer) for offer in payload["offers"]]
    until = lines.moment(datetime.fromisoformat(payload["deadline"]), catalogue)
    answers = tuple(Answer(n, offer_label(offer, catalogue)) for n, offer in enumerate(offers, start=1))
    return Said(
        before,
        free,
        (f"已为您保留以下号，请在{until} 前回复数字选择，逾期将释放：",),
        (*answers, Answer(0, DECLINE, _DECLINE_WORDS)),
        _call(catalogue),
        (f"已为您保留：{'；'.join(answer.label for answer in answers)}。请在{until} 前致电选择，逾期将释放。",),
    )


def _session_changed(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    old, new = read_visit(payload["before"]), read_visit(payload["visit"])
    changes = tuple(_CHANGES[change](old, new, catalogue, now) for change in payload["changes"])
    return Said(
        (
            "很抱歉，您预约的门诊有变动：",
            *changes,
            *_reason(payload),
            "变动后您的预约是：",
            *_in_short(new, catalogue, now),
        ),
        after=("您可以保留、改约或取消，就诊开始前都可以办理，不受时限限制。",),
        answers=(
            Answer(1, KEEP, _KEEP_WORDS),
            Answer(2, CHANGE),
            Answer(3, CANCEL, ("取消",)),
        ),
        footer=_call(catalogue),
        by_sms=("如需改约或取消，请致电，就诊开始前都可以办理。",),
    )


def _new_room(old: Visit, new: Visit, _catalogue: Catalogue, _now: datetime) -> str:
    was, is_ = (common.shorten(common.room(visit.room), 20) or "未定" for visit in (old, new))
    return f"诊室：{was} → {is_}"


def _new_time(old: Visit, new: Visit, catalogue: Catalogue, now: datetime) -> str:
    return f"时间：{lines.when(old, catalogue, now)} → {lines.when(new, catalogue, now)}"


def _new_doctor(old: Visit, new: Visit, catalogue: Catalogue, _now: datetime) -> str:
    return f"医生：{lines.doctor(old, catalogue)} → {lines.doctor(new, catalogue)}（替诊）"


def _fewer_seats(_old: Visit, _new: Visit, _catalogue: Catalogue, _now: datetime) -> str:
    return "号源：该时段号源减少，您的预约仍然有效，候诊时间可能较长"


_CHANGES: dict[str, Callable[[Visit, Visit, Catalogue, datetime], str]] = {
    "room": _new_room,
    "time": _new_time,
    "doctor": _new_doctor,
    "capacity": _fewer_seats,
}


def _restored(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit = read_visit(payload["visit"])
    if payload.get("restored", True):
        head, tail = (
            "好消息：此前停诊的门诊恢复出诊，您原来的预约已为您恢复：",
            "如不能前来，请回复“改约”或“取消预约”。",
        )
        return Said((head, *_in_full(visit, catalogue, now)), after=(tail,), by_sms=(_CALL_TO_CHANGE,))
    return Said(
        ("此前停诊的门诊恢复出诊，但您原来的号已不能为您恢复：", *_in_short(visit, catalogue, now)),
        after=(f"如仍需就诊，请回复“预约”选择其他号，或致电 {catalogue.clinic.phone}。",),
        by_sms=("如仍需就诊，请致电预约。",),
    )


def _reopened(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit, phone = read_visit(payload["visit"]), catalogue.clinic.phone
    stopped = f"{lines.when(visit, catalogue, now)} {lines.doctor(visit, catalogue)}，{visit.patient}"
    head = f"您此前因停诊未能就诊的门诊（{stopped}）恢复出诊了。"
    if payload.get("instead"):
        stands = ("您改约后的预约不变：", *_in_full(read_visit(payload["instead"]), catalogue, now))
        back = f"原号不再保留。如想改回，请回复“改约”，以当时余号为准；也可致电 {phone}。"
        return Said((head, *stands), after=(back,), by_sms=("原号不再保留。", _CALL_TO_CHANGE))
    again = f"如需就诊，请回复“预约”，或致电 {phone}。"
    return Said((head, "原号不再保留。"), after=(again,), by_sms=("如需就诊，请致电预约。",))


def _reminder(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit = read_visit(payload["visit"])
    return Said(
        ("就诊提醒：您有一个即将到来的预约。", *_in_full(visit, catalogue, now)),
        after=("请回复数字告诉我们：",),
        answers=(Answer(1, COME, _COME_WORDS), Answer(2, CANCEL, ("取消", "不来了", "来不了"))),
        footer="需要改约请回复“改约”；不想再收到提醒，请回复“停止提醒”。",
        by_sms=(_CALL_TO_CHANGE,),
    )


def _alert(payload: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Said:
    visit = read_visit(payload["visit"])
    why = _WHY.get(payload["why"], _WHY["unreachable"])
    return Said(
        (
            f"请电话联系患者：就诊前24小时内，通知未能送达（{why}）。",
            *_in_short(visit, catalogue, now),
            "回复“未通知”查看名单和电话，并登记结果。",
        )
    )


def _stop_request(payload: Mapping[str, Any], catalogue: Catalogue, _now: datetime) -> Said:
    start, end = (datetime.fromisoformat(payload[key]) for key in ("from", "to"))
    zone = catalogue.clinic.zone
    when = period(start, end, zone) if end < FOREVER else f"{lines.moment(start, catalogue)} 至 另行通知"
    return Said(
        (
            f"{common.shorten(payload['by'], 20)}申请停诊，请您审批：",
            f"范围：{_scope(payload, catalogue)}",
            f"时间：{when}",
            *_reason(payload),
        ),
        answers=(Answer(1, APPROVE, ("同意",)), Answer(2, REFUSE, ("不同意", "拒绝"))),
    )


def _scope(payload: Mapping[str, Any], catalogue: Catalogue) -> str:
    kind, code, session = payload["scope"], payload["code"], payload.get("session")
    if session:
        doctor = catalogue.doctors.get(session["doctor"])
        start, end = (datetime.fromisoformat(session[key]) for key in ("start", "end"))
        when = f"{lines.moment(start, catalogue)}-{common.clock(end, catalogue.clinic.zone)}"
        return f"{common.shorten(doctor.name if doctor else session['doctor'], 40)} {when}"
    known = catalogue.doctors.get(code) if kind == "doctor" else catalogue.departments.get(code)
    return f"{_SCOPES[kind]} {common.shorten(known.name if known else code, 40)}".strip()


_KINDS: dict[NoticeKind, Callable[[Mapping[str, Any], Catalogue, datetime], Said]] = {
    NoticeKind.BOOKED: _booked,
    NoticeKind.CHANGED: _changed,
    NoticeKind.CANCELLED: _cancelled,
    NoticeKind.STOPPED: _stopped,
    NoticeKind.OFFER: _offer,
    NoticeKind.SESSION_CHANGED: _session_changed,
    NoticeKind.RESTORED: _restored,
    NoticeKind.REOPENED: _reopened,
    NoticeKind.REMINDER_DAY: _reminder,
    NoticeKind.REMINDER_SOON: _reminder,
    NoticeKind.ALERT: _alert,
    NoticeKind.STOP_REQUEST: _stop_request,
}
