"""Booking: what is asked, what a hold and an appointment read like (R-A4, R-B3)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from booking.absence import Absence, Why
from booking.appointments import AppointmentView
from booking.availability import Part
from booking.models import Catalogue, Clinic, Department, Doctor, Patient, SlotCount
from handlers.texts import common

BY_DEPARTMENT = "按科室"
BY_DOCTOR = "按医生"
BY_TIME = "按时间"
FOR_ANOTHER = "为其他人预约"
ASK_ENTRANCE = "请选择预约方式，也可以直接回复科室或医生姓名："
ASK_DEPARTMENT = "请选择科室："
ASK_DOCTOR = "请选择医生："
ASK_DAY = "请选择就诊日期："
ASK_SLOT = "请选择就诊时间："
ASK_PART = "请选择时段："
ASK_PATIENT = "请选择就诊人："
ASK_CHILD = "请选择就诊的孩子，或添加就诊人："
ASK_SUITED = "请选择科室（仅供参考）："
OTHER_DEPARTMENT = "其他科室"
MYSELF = ("自己", "本人")
"""How somebody says that no one else is the patient."""
FULL_DAYS = "这段时间没有可预约的号，请改选其他日期。"
FULL_SUITED = "这些科室近期没有可预约的号，请改选其他科室。"
WHICH_DAY = "没有听准是哪一天，请选择。"
WHICH_TIME = "没有听准是几点，请选择。"
STILL_FREE = "这个号目前仍可预约，请重新选择："
NEAR = "为您找到相近的号："
NONE_NEAR = "本科室暂时没有其他可预约的号，为您查看其他科室。"
NO_LAST = "没有找到您以往的预约，请重新选择。"
LAST_GONE = "上次的就诊人已不在您的就诊人中。"
NOT_REGISTERED = "您说的就诊人还没有登记，请选择，或添加就诊人："
ONE_AT_A_TIME = "每次预约一个号，约好后可以再约下一个。"
WHAT_TO_CHANGE = "请直接说要改什么，例如“改成周四”“换个医生”“换就诊人”；不约了请回复“退出”。"
PAEDIATRIC = "儿科"
"""What the names of departments hold that are for children."""


def for_patient(patient: Patient, today: date) -> str:
    """Whom the only patient of the account is."""
    return f"就诊人：{common.patient(patient, today)}"


def department_label(department: Department, free: int) -> str:
    """口腔科 余12."""
    return f"{common.shorten(department.name, 12)} {common.left(free)}"


def doctor_label(doctor: Doctor, free: int) -> str:
    """王芳 主任医师 50元 余12."""
    return f"{common.doctor(doctor)} {common.fee(doctor.fee)} {common.left(free)}"


def doctor_label_with_department(doctor: Doctor, department: Department, free: int) -> str:
    """王芳 主任医师 口腔科 余12."""
    return f"{common.doctor(doctor)} {common.shorten(department.name, 8)} {common.left(free)}"


def day_label(day: date, free: int, today: date) -> str:
    """11月23日 周一（今天） 余8."""
    return f"{common.near_day(day, today)} {common.left(free)}"


def slot_label(count: SlotCount, clinic: Clinic) -> str:
    """09:00 余2; only the start, so that no other time stands in the label."""
    return f"{common.clock(count.slot.starts_at, clinic.zone)} {common.left(count.free)}"


def near_label(count: SlotCount, doctor: Doctor, clinic: Clinic) -> str:
    """王芳 11月23日 周一 09:00 余2."""
    start = f"{common.day(count.session.date)} {common.clock(count.slot.starts_at, clinic.zone)}"
    return f"{common.shorten(doctor.name, 10)} {start} {common.left(count.free)}"


def chosen_department(department: Department) -> str:
    """Said where a department was filled without being asked for."""
    return f"科室：{department.name}"


def chosen_doctor(doctor: Doctor, department: Department) -> str:
    """Who the doctor is: 王芳 主任医师（口腔科，50元），擅长：种植牙、正畸."""
    said = f"{common.doctor(doctor)}（{department.name}，{common.fee(doctor.fee)}）"
    return f"{said}，擅长：{common.shorten('、'.join(doctor.skills), 40)}" if doctor.skills else said


def only_day(day: date, today: date) -> str:
    """Said where a day was filled without being asked for."""
    return f"目前仅{common.near_day(day, today)}有号。"


def chosen_day(day: date, today: date) -> str:
    """Said where a sentence told the day."""
    return f"就诊日期：{common.near_day(day, today)}"


def chosen_days(first: date | None, last: date | None) -> str:
    """Said where a sentence told a range of days, which may be open on one side."""
    if first is None or last is None:
        return f"就诊日期：{common.day(first)}起" if first else f"就诊日期：{common.day(last)}及以前" if last else ""
    return f"就诊日期：{common.day(first)}至{common.day(last)}"


def chosen_part(part: Part) -> str:
    """Said where a sentence told the part of day."""
    return f"时段：{common.PARTS[part]}"


def without_days(days: Sequence[date], part: Part | None) -> str:
    """Said where a sentence told which days, or which part of them, will not do; of many the first."""
    said = (f"{common.day(day)}{common.PARTS[part] if part else ''}" for day in days[:2])
    return f"不含：{'、'.join(said)}{'等' if len(days) > 2 else ''}"  # noqa: PLR2004 -- two tell which


def suits(departments: Iterable[Department], reasons: Iterable[str]) -> str:
    """Why a department is proposed; never a diagnosis."""
    names = "、".join(department.name for department in departments)
    return f"根据您说的情况，建议挂：{names}（{common.shorten('；'.join(reasons), 80)}）。仅供参考，不作诊断。"


def works_elsewhere(doctor: Doctor, own: Department, said: Department) -> str:
    """The doctor named does not work in the department named."""
    return f"{doctor.name}医生在{own.name}，不在{said.name}。"


def no_such_doctor(name: str) -> str:
    """A doctor is named who does not work here."""
    return f"没有找到{name}医生。"


def no_such_department(said: str, departments: Sequence[str]) -> str:
    """A department, or something to be done, is named that there is not here."""
    return f"本门诊没有{common.shorten(said, 10)}，设有：{common.shorten('、'.join(departments), 160)}。"


def none_suits(departments: Sequence[str]) -> str:
    """What hurts leads to no department of this clinic."""
    return f"本门诊可能没有对应的科室，设有：{common.shorten('、'.join(departments), 160)}。拿不准时请回复“人工”咨询。"


def as_last_time(patient: Patient, today: date) -> str:
    """Who was seen last is proposed, where several may be meant."""
    return f"就诊人：{common.patient(patient, today)}（上次），换人请回复“换就诊人”。"


def chosen_times(first: time, last: time) -> str:
    """Said where a sentence told a time, or a span of them."""
    return f"时间：{first:%H:%M}" if first == last else f"时间：{first:%H:%M}-{last:%H:%M}"


def without_part(part: Part) -> str:
    """Said where a sentence told that a part of day will not do."""
    return f"不含：{common.PARTS[part]}"


def last_time(label: str) -> str:
    """Mark the choice that was taken last time."""
    return f"{label}（上次）"


def last_part(part: Part) -> str:
    """Remind of what part of day it was last time."""
    return f"您上次约的是{common.PARTS[part]}。"


def like_last(view: AppointmentView, catalogue: Catalogue) -> str:
    """What is repeated: 上次预约：11月24日 周二 09:00 王芳 主任医师."""
    when = common.moment(view.claim.starts_at, catalogue.clinic.zone)
    return f"上次预约：{when} {common.doctor(catalogue.doctors[view.session.doctor])}"


def ask_slot(day: date, today: date) -> str:
    """The question for a time."""
    return f"{common.near_day(day, today)}，{ASK_SLOT}"


def none_at(day: date, today: date, times: tuple[time, time]) -> str:
    """Nothing is free at the time said; what follows is near it."""
    first, last = times
    said = f"{first:%H:%M}" if first == last else f"{first:%H:%M}-{last:%H:%M}"
    return f"{common.near_day(day, today)} {said} 没有可预约的号，最近的时间是："


def full_part(day: date | None, part: Part) -> str:
    """The part of day has nothing left, though the day has."""
    return f"{common.day(day) if day else ''}{common.PARTS[part]}没有可预约的号，其他时间如下。"


def none_in_part(day: date, part: Part) -> str:
    """The part of day has nothing left, and other days have."""
    return f"{common.day(day)}{common.PARTS[part]}没有可预约的号，最近的{common.PARTS[part]}如下。"


def none_on(day: date, absence: Absence, who: str, clinic: Clinic) -> str:
    """Why the chosen day has nothing for it: 12月3日 周四还未开放预约（11月26日 周四 07:00 开放）."""
    said = common.day(day)
    match absence.why:
        case Why.NOT_YET:
            said = f"{said}还未开放预约{_opening(absence.opens_at, clinic)}"
        case Why.STOPPED:
            said = f"{said}{who}停诊"
        case Why.NONE:
            said = f"{said}{who}不出诊{f'（{absence.reason}）' if absence.reason else ''}"
        case Why.OVER:
            said = f"{said}已过预约时间（就诊前{common.length(clinic.policy.stop_before)}停止预约）"
        case _:
            said = f"{said}已没有可预约的号"
    return f"{said}，请改选其他日期。"


def _opening(opens_at: datetime | None, clinic: Clinic) -> str:
    if opens_at is None:
        return ""
    local = opens_at.astimezone(clinic.zone)
    return f"（{common.day(local.date())}{'' if local.time() == time() else f' {local:%H:%M} '}开放）"


def one_doctor(doctor: Doctor) -> str:
    """王芳医生."""
    return f"{common.shorten(doctor.name, 10)}医生"


def full_doctor(name: str) -> str:
    """The chosen doctor has nothing left."""
    return f"{name}医生近期已没有可预约的号，请改选其他医生。"


def full_department(name: str) -> str:
    """The chosen department has nothing left."""
    return f"{name}近期已没有可预约的号，请改选其他科室。"


def nothing_free(clinic: Clinic) -> str:
    """The whole clinic has nothing left."""
    return f"抱歉，近期的号已约满，或尚未放号。您可以稍后再来看看，也可致电 {clinic.phone} 咨询。"


def confirm(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """What is about to be booked, and how long the seat is kept."""
    zone = catalogue.clinic.zone
    expires_at = view.claim.expires_at or now
    kept = f"为您保留至 {common.clock(expires_at, zone)}，剩余{common.length(expires_at - now)}。"
    return "\n".join(("请确认预约信息：", *visit(view, catalogue, now), kept))


def visit(view: AppointmentView, catalogue: Catalogue, now: datetime) -> tuple[str, ...]:
    """Return the lines that every confirmation, success and detail shares."""
    claim, session = view.claim, view.session
    clinic, zone = catalogue.clinic, catalogue.clinic.zone
    today = now.astimezone(zone).date()
    return (
        f"科室：{catalogue.departments[session.department].name}",
        f"医生：{common.doctor(catalogue.doctors[session.doctor])}",
        f"日期：{common.near_day(claim.date, today)}",
        f"时间：{common.period(claim.starts_at, claim.ends_at, clinic.zone)}",
        f"诊室：{place(catalogue.departments[session.department], session.room)}",
        f"费用：{common.fee(session.fee)}",
        f"就诊人：{common.patient(view.patient, today)}",
    )


def place(department: Department, room: str) -> str:
    """二楼东 203诊室; 到院后请咨询前台 where nothing is known."""
    return " ".join(filter(None, (department.location, common.room(room)))) or "到院后请咨询前台"


def booked(view: AppointmentView, catalogue: Catalogue, now: datetime) -> str:
    """Success, with number, place and notes (R-A4)."""
    clinic = catalogue.clinic
    return "\n".join(
        (
            "预约成功",
            f"预约号：{view.claim.number}",
            *visit(view, catalogue, now),
            f"地址：{clinic.name}，{clinic.address}",
            f"就诊须知：{notes(catalogue.departments[view.session.department])}",
            "可随时回复“我的预约”查看。",
        )
    )


def notes(department: Department) -> str:
    """The department's notes, and what holds for every visit."""
    own = common.shorten(department.notes.strip().rstrip("。；;."), 160)
    return f"{own}；就诊时请携带登记的证件。" if own else "就诊时请携带登记的证件。"
