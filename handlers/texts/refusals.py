"""What is said when a rule says no: the rule with its numbers, in plain words (R-A6, R-A10)."""

from collections.abc import Callable

from booking import errors, refusals, staff_refusals
from booking.models import Clinic
from handlers.texts import common
from handlers.texts.appointments import STATES
from handlers.texts.staff_stop import period

_PLAIN: dict[type[errors.ZhenyueError], str] = {
    refusals.SoldOut: "抱歉，这个号刚刚被约走了。",
    refusals.SessionClosed: "抱歉，该时段已停止预约。",
    refusals.AlreadyInSession: "该就诊人在这个门诊时段已有预约，同一时段只能预约一次。",
    refusals.SameSlot: "这就是您现在预约的时间，请选择其他时间。",
    refusals.HoldExpired: "抱歉，为您保留的时间已过，没有预约成功。",
    staff_refusals.EmptyRange: "停诊的结束时间应晚于开始时间，请核对。",
    staff_refusals.RangePast: "要停诊的时间已经过去，请核对。",
    staff_refusals.ReasonMissing: "请说明停诊原因。",
    staff_refusals.UnknownStoppage: "没有找到这次停诊，请核对停诊编号。",
    staff_refusals.NotRequested: "这个停诊申请已经处理过了。",
    staff_refusals.AlreadyLifted: "已经恢复出诊，无需再次恢复。",
    staff_refusals.NotInStoppage: "这次停诊不包括这个门诊，请核对。",
    staff_refusals.StoppageOver: "停诊的门诊时间已过，不能再恢复。",
    refusals.UnknownNotice: "没有找到这条通知，或其中没有这个选项。",
    refusals.NoticeOver: "这次就诊的时间已到，不能再答复这条通知。如有需要，请致电 {phone}。",
    refusals.UnknownPatient: "没有找到这位就诊人，请重新选择。",
    refusals.UnknownAppointment: "没有找到这个预约。",
    refusals.UnknownSlot: "抱歉，这个号已不存在，请重新选择。",
    refusals.IdentityMismatch: "该证件已登记过，但姓名、性别或出生日期与登记的不一致。请核对后重新输入；"
    "如确认无误，请携带证件到前台更正，或致电 {phone}。",
    refusals.TooManyTries: "今天已多次填写与登记不符的证件信息，为保护患者隐私，请明天再试，"
    "或携带证件到前台办理，也可致电 {phone}。",
    refusals.SharedPatient: "该就诊人也由其他微信号管理，为保护其信息，请携带证件到前台更正，或致电 {phone}。",
    refusals.PatientHasAppointments: "该就诊人还有未就诊的预约，暂时不能移除，请先取消预约，或在就诊后再试。",
    staff_refusals.UnknownAccount: "没有这个微信账号的记录，请核对。",
    staff_refusals.AccountIsStaff: "这个微信账号绑定了员工，请先移除员工，再注销账号。",
    staff_refusals.StaffNameTaken: "已有同名的员工，请加上科室或编号以便区分。",
    staff_refusals.DoctorNeeded: "角色为医生时须写明医生代码，其他角色不写。",
    staff_refusals.UnknownStaff: "没有这位员工，可能已经移除。",
    staff_refusals.UnknownCall: "没有找到这位需电话通知的患者，可能已经处理。",
    staff_refusals.CallSettled: "这位患者已由其他员工登记，您的登记未保存。",
    errors.Busy: "抱歉，现在预约的人较多，刚才没有占到号，请再选一次。",
    errors.Unavailable: "抱歉，系统暂时繁忙，刚才的操作可能没有完成，请稍后再试。",
}
_DEEDS: dict[type[errors.ZhenyueError], str] = {refusals.TooLateToChange: "改约", refusals.TooLateToCancel: "取消"}
_SCOPES = {"session": "门诊", "doctor": "医生", "department": "科室"}
_GONE = {
    "expired": "抱歉，为您保留的时间已过，号源已经释放。",
    "answered": "您已经选择了其他时间，改约已完成。",
    "declined": "您已选择不再改约，保留的号源已经释放。",
    "restored": "门诊已恢复，您原来的预约继续有效，无需改约。",
    "stopped": "抱歉，您选择的这个时间也停诊了，不能再预约。",
    "none": "抱歉，目前没有为您保留的号源。如需帮助，请致电 {phone}。",
}
_PROBLEMS = {
    ("name", "empty"): "没有读到姓名，请填写与证件一致的姓名。",
    ("name", "length"): "姓名的长度不对，请填写与证件一致的姓名。",
    ("name", "characters"): "姓名中有无法识别的字符，请填写与证件一致的姓名。",
    ("id_number", "length"): "身份证号应为18位，请核对。",
    ("id_number", "characters"): "身份证号应为18位数字，末位可以是X，请核对。",
    ("id_number", "region"): "身份证号的前两位不正确，请核对。",
    ("id_number", "date"): "身份证号中的出生日期不存在，请核对。",
    ("id_number", "future"): "身份证号中的出生日期还没有到，请核对。",
    ("id_number", "too_old"): "身份证号中的出生年份过早，请核对。",
    ("id_number", "checksum"): "身份证号校验不通过，可能有一位输错了，请核对。",
    ("paper_number", "format"): "证件号码的格式不正确，请核对。",
    ("paper_number", "length"): "证件号码的位数不正确，请核对。",
    ("paper_number", "characters"): "证件号码中有无法识别的字符，请核对。",
    ("paper_number", "region"): "证件号码的开头不正确，请核对。",
    ("paper_number", "date"): "证件号码中的出生日期不存在，请核对。",
    ("paper_number", "future"): "证件号码中的出生日期还没有到，请核对。",
    ("paper_number", "too_old"): "证件号码中的出生年份过早，请核对。",
    ("paper_number", "checksum"): "证件号码校验不通过，可能有一位输错了，请核对。",
    ("mobile", "length"): "手机号应为11位，请核对。",
    ("mobile", "characters"): "手机号中有无法识别的字符，请核对。",
    ("mobile", "invalid"): "手机号不正确，请核对。",
    ("birth_date", "format"): "没有看懂出生日期，请写成 2020-01-02 的样子。",
    ("birth_date", "date"): "这个日期不存在，请核对。",
    ("birth_date", "future"): "出生日期还没有到，请核对。",
    ("birth_date", "too_old"): "出生年份过早，请核对。",
    ("birth_date", "not_a_child"): "已满18周岁的就诊人请使用本人证件登记。",
    ("birth_date", "mismatch"): "出生日期与证件号码不一致，请核对。",
    ("sex", "mismatch"): "性别与证件号码不一致，请核对。",
}


def refusal(error: errors.ZhenyueError, *, clinic: Clinic) -> str:
    """Return what the patient reads; what can be had instead follows as choices."""
    if isinstance(error, refusals.InvalidDetail):
        return _PROBLEMS[error.detail, error.problem]
    if type(error) in _WITH_NUMBERS:
        return _WITH_NUMBERS[type(error)](error, clinic)
    return _PLAIN[type(error)].format(phone=clinic.phone)


def _not_open_yet(error: refusals.NotOpenYet, clinic: Clinic) -> str:
    opens_at = error.opens_at.astimezone(clinic.zone)
    return f"该时段尚未放号，{common.day(opens_at.date())} {opens_at:%H:%M} 开放预约。"


def _too_far_ahead(error: refusals.TooFarAhead, clinic: Clinic) -> str:
    return f"该医生最多可提前{error.advance_days}天预约，目前最晚到{common.day(error.last_day)}。"


def _past_cut_off(error: refusals.PastCutOff, clinic: Clinic) -> str:
    if not error.stop_before:
        return "该时段已经开始，不能再预约了。"
    return f"就诊前{common.length(error.stop_before)}停止预约，这个号已不能预约。"


def _overlap(error: refusals.OverlappingAppointment, clinic: Clinic) -> str:
    starts_at = error.starts_at.astimezone(clinic.zone)
    return f"该就诊人在{common.day(starts_at.date())} {starts_at:%H:%M} 已有预约，时间有冲突。"


def _day_limit(error: refusals.DayLimitReached, clinic: Clinic) -> str:
    return f"每位就诊人每天最多预约{error.limit}次，当天已达上限，请改选其他日期。"


def too_late(*refused: refusals.TooLateToChange | refusals.TooLateToCancel, clinic: Clinic) -> str:
    """Which rule, the deadline that passed, and the telephone; of two rules with one deadline in one sentence."""
    if len({error.deadline for error in refused}) > 1:
        return "\n".join(too_late(error, clinic=clinic) for error in refused)
    deeds = "和".join(_DEEDS[type(error)] for error in refused)
    deadline, notice = refused[0].deadline, refused[0].notice
    if not notice:
        return f"就诊时间已到，不能再{deeds}。如有需要，请致电 {clinic.phone}。"
    until = common.moment(deadline, clinic.zone)
    return (
        f"就诊前{common.length(notice)}停止{deeds}，这个预约最晚可在{until} 办理，现已超过。"
        f"如不能按时就诊，请致电 {clinic.phone}。"
    )


def _too_late(error: refusals.TooLateToChange | refusals.TooLateToCancel, clinic: Clinic) -> str:
    return too_late(error, clinic=clinic)


def _not_cancellable(error: refusals.NotCancellable, clinic: Clinic) -> str:
    return f"这个预约{STATES[error.state]}，不能取消。"


def _not_changeable(error: refusals.NotChangeable, clinic: Clinic) -> str:
    return f"这个预约{STATES[error.state]}，不能改约。"


def _too_many_patients(error: refusals.TooManyPatients, clinic: Clinic) -> str:
    return f"一个微信号最多登记{error.limit}位就诊人，如需添加，请先在“就诊人”中移除一位。"


def _invalid_staff_name(error: staff_refusals.InvalidStaffName, clinic: Clinic) -> str:
    return f"员工姓名应为1到{error.longest}个字。"


def _unknown_doctor(error: staff_refusals.UnknownDoctor, clinic: Clinic) -> str:
    return f"没有代码为“{error.code}”的医生，或已停用。"


def _unknown_scope(error: staff_refusals.UnknownScope, clinic: Clinic) -> str:
    return f"没有找到{_SCOPES.get(error.kind, '')}“{error.code}”，请核对。"


def _nothing_to_stop(error: staff_refusals.NothingToStop, clinic: Clinic) -> str:
    return f"{period(error.from_at, error.to_at, clinic.zone)}没有可停诊的门诊，无需停诊。"


def _already_stopped(error: staff_refusals.AlreadyStopped, clinic: Clinic) -> str:
    return f"这段时间已经停诊（停诊编号 {error.stoppage}）。"


def _text_too_long(error: staff_refusals.TextTooLong, clinic: Clinic) -> str:
    return f"文字过长，请不要超过{error.limit}字。"


def _offer_gone(error: refusals.OfferGone, clinic: Clinic) -> str:
    return _GONE[error.why].format(phone=clinic.phone)


_WITH_NUMBERS: dict[type[errors.ZhenyueError], Callable[..., str]] = {
    refusals.NotOpenYet: _not_open_yet,
    refusals.TooFarAhead: _too_far_ahead,
    refusals.PastCutOff: _past_cut_off,
    refusals.OverlappingAppointment: _overlap,
    refusals.DayLimitReached: _day_limit,
    refusals.TooManyPatients: _too_many_patients,
    refusals.TooLateToCancel: _too_late,
    refusals.TooLateToChange: _too_late,
    refusals.NotCancellable: _not_cancellable,
    refusals.NotChangeable: _not_changeable,
    staff_refusals.InvalidStaffName: _invalid_staff_name,
    staff_refusals.UnknownDoctor: _unknown_doctor,
    staff_refusals.UnknownScope: _unknown_scope,
    staff_refusals.NothingToStop: _nothing_to_stop,
    staff_refusals.AlreadyStopped: _already_stopped,
    staff_refusals.TextTooLong: _text_too_long,
    refusals.OfferGone: _offer_gone,
}
