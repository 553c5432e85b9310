"""停诊 and 恢复, as staff read and say them (R-A14, R-A15)."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from booking.models import Catalogue, ClinicSession, Doctor
from booking.stoppage_models import (
    FOREVER,
    DisplacementState,
    StopOrder,
    Stoppage,
    StoppageFigures,
    StoppageState,
    StopPreview,
)
from handlers.texts import common

ASK_SCOPE = "停诊：请选择范围："
ASK_OWN_SCOPE = "申请停诊：请选择范围："
SCOPES = {"session": "一次门诊", "doctor": "医生", "department": "科室", "clinic": "全院"}
OWN_SCOPES = {"session": "一次门诊", "doctor": "一段时间"}
ASK_DOCTOR = "请选择医生："
ASK_DEPARTMENT = "请选择科室："
ASK_SESSION = "请选择门诊："
NO_SESSIONS = "没有可停诊的门诊。"
ASK_PERIOD = "请选择停诊时间，也可直接输入，例如“12月1日”“12月1日到12月3日”“明天下午”“今天10:00起”："
ASK_SESSION_PERIOD = "整场停诊，还是从某个时间起？也可直接输入，例如“10:00起”："
WHOLE_SESSION = "整场"
FROM_NOW = "今天，从现在起"
TOMORROW = "明天全天"
UNTIL_LIFTED = "从现在起，直至恢复"
PERIOD_UNCLEAR = "没有看懂停诊时间。"
PERIOD_EMPTY = "结束时间应晚于开始时间，请核对。"
PERIOD_PAST = "这段时间已经过去，请核对。"
ASK_REASON = "停诊原因会告知患者，请选择或输入："
REASONS = ("医生身体不适", "医生临时有事", "设备检修", "恶劣天气")
ASK_TEXT = "如需对患者另加说明，请输入："
NO_TEXT = "不加说明"
NO_TEXT_WORDS = ("不用", "没有", "无", "不需要", "跳过")
LONGEST_REASON, LONGEST_TEXT = 60, 200

DAY = (
    r"(?:(?P<near{n}>今天|今日|明天|明日|后天)|(?P<only{n}>\d{{1,2}})[日号]|"
    r"(?:(?P<year{n}>\d{{4}})[年./-])?(?P<month{n}>\d{{1,2}})[月./-](?P<day{n}>\d{{1,2}})[日号]?)"
)
TIME = (
    r"(?:(?P<part{n}>上午|下午|晚上|中午)|(?P<half{n}>早上|上午|下午|晚上|中午)?"
    r"(?P<hour{n}>\d{{1,2}})(?:[:：](?P<minute{n}>\d{{2}})|[点时](?:(?P<minutes{n}>\d{{1,2}})(?:分|)|(?P<halfpast{n}>半))?))"
)
_MOMENT = rf"(?:{DAY})?\s*(?:{TIME})?"
PERIOD = re.compile(
    rf"(?:从|)\s*{_MOMENT.format(n=1)}\s*(?:(?P<on>起|以后|之后|开始)|(?P<to>到|至|—+|-+|~|～)\s*{_MOMENT.format(n=2)})?"
    r"\s*(?:停诊|全天|整天)?"
)
NEAR = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2}
AFTERNOON = ("下午", "晚上")
NOON_HALF = "中午"
PARTS = {"上午": (0, 12), "中午": (11, 14), "下午": (12, 24), "晚上": (18, 24)}

STATES = {
    StoppageState.REQUESTED: "待批准",
    StoppageState.REFUSED: "未批准",
    StoppageState.STOPPING: "停诊处理中",
    StoppageState.OFFERING: "安排替代号中",
    StoppageState.TELLING: "通知患者中",
    StoppageState.DONE: "停诊中",
    StoppageState.LIFTING: "恢复中",
    StoppageState.LIFTED: "已恢复",
}
_FATES = {
    DisplacementState.WAITING: "待安排",
    DisplacementState.OFFERED: "待答复",
    DisplacementState.UNOFFERED: "暂无替代号",
    DisplacementState.REBOOKED: "已改约",
    DisplacementState.DECLINED: "不再改约",
    DisplacementState.EXPIRED: "逾期未答",
    DisplacementState.RESTORED: "已恢复",
}
_NOTICES = {
    "pending": "待发送",
    "sending": "发送中",
    "sent": "已发送",
    "delivered": "已送达",
    "answered": "已答复",
    "unknown": "发送不明",
    "unreachable": "无法送达",
    "failed": "发送失败",
    "void": "已作废",
}
NOT_PUBLISHED = "涉及门诊0场：该时段尚未放号，放号时自动停诊。"
NO_STOPPAGES = "目前没有停诊。回复“停诊”可新建。"
LIST = "停诊与申请，选择可查看进度、恢复出诊："
LIFT_ALL, LIFT_ONE, APPROVE, REFUSE = "恢复全部", "恢复其中一次门诊", "批准申请", "不批准"
LIFT_ALL_WORDS = ("全部恢复", "恢复")
ASK_LIFT_SESSION = "请选择要恢复的门诊："
LONGEST_LIST = 40


def doctor_named(doctor: Doctor) -> str:
    """Whom the words after 停诊 name."""
    return f"停诊医生：{common.doctor(doctor)}"


def session(one: ClinicSession, catalogue: Catalogue, booked: int) -> str:
    """11月24日 周二 09:00-11:30 已约12."""
    return f"{when(one, catalogue)} 已约{booked}"


def when(one: ClinicSession, catalogue: Catalogue) -> str:
    """11月24日 周二 09:00-11:30."""
    return f"{common.day(one.date)} {common.period(one.starts_at, one.ends_at, catalogue.clinic.zone)}"


def with_doctor(one: ClinicSession, catalogue: Catalogue) -> str:
    """11月24日 周二 09:00-11:30 王芳."""
    return f"{when(one, catalogue)} {common.shorten(catalogue.doctors[one.doctor].name, 6)}"


def scope(order: StopOrder | Stoppage, catalogue: Catalogue, one: ClinicSession | None = None) -> str:
    """Of what: 王芳 主任医师; 口腔科; 全院."""
    code = order.scope.code
    if order.scope.kind == "session" and one is not None:
        return f"{common.doctor(catalogue.doctors[one.doctor])} {when(one, catalogue)}"
    if order.scope.kind == "doctor" and code in catalogue.doctors:
        return common.doctor(catalogue.doctors[code])
    if order.scope.kind == "department" and code in catalogue.departments:
        return catalogue.departments[code].name
    return "全院" if order.scope.kind == "clinic" else code


def period(from_at: datetime, to_at: datetime, zone: ZoneInfo) -> str:
    """11月24日 周二 10:00 至 11月24日 周二 24:00; 起 where it has no end."""
    begins = common.moment(from_at, zone)
    return f"{begins} 起" if to_at >= FOREVER else f"{begins} 至 {_end(to_at, zone)}"


def _end(to_at: datetime, zone: ZoneInfo) -> str:
    local = to_at.astimezone(zone)
    if (local.hour, local.minute) != (0, 0):
        return common.moment(to_at, zone)
    return f"{common.day(date.fromordinal(local.date().toordinal() - 1))} 24:00"


def preview(order: StopOrder, shown: StopPreview, catalogue: Catalogue, whom: str, *, asks: bool) -> str:
    """What a stoppage would do, before it is confirmed."""
    lines = [
        "请确认停诊申请，提交后由管理员批准：" if asks else "请确认停诊，确认后立即停止预约并通知患者：",
        f"范围：{whom}",
        f"时间：{period(shown.from_at, shown.to_at, catalogue.clinic.zone)}",
        f"原因：{order.reason}",
    ]
    if order.text:
        lines.append(f"说明：{order.text}")
    if not shown.sessions:
        return "\n".join([*lines, NOT_PUBLISHED])
    people = f"涉及门诊{shown.sessions}场，预约{shown.appointments}个，患者{shown.patients}人"
    rest = shown.patients - shown.reachable
    reached = f"可通知{shown.reachable}人，" + (f"其余{rest}人需电话联系，" if rest else "")
    lines.append(f"{people}：{reached}可提供替代号{shown.offerable}人。")
    return "\n".join(lines)


def stopped(stoppage: Stoppage) -> str:
    """After a stoppage."""
    return (
        f"停诊已生效（编号 {stoppage.id}），该时段已停止预约。\n"
        "正在为患者安排替代号并逐一通知。回复“停诊进度”可查看进展或恢复，回复“电话”可查看需电话通知的患者。"
    )


def requested(stoppage: Stoppage) -> str:
    """After a request."""
    return f"停诊申请已提交（编号 {stoppage.id}），待管理员批准。批准前号源照常可约，急需停诊请直接联系管理员。"


def listed(stoppage: Stoppage, catalogue: Catalogue, one: ClinicSession | None) -> str:
    """A line of the list: 停诊中 王芳 11月24日 09:00 起."""
    kind, code = stoppage.scope.kind, stoppage.scope.code
    whom = "全院"
    if one is not None or kind == "doctor":
        doctor = catalogue.doctors.get(one.doctor if one is not None else code)
        whom = doctor.name if doctor else code
    elif kind == "department" and code in catalogue.departments:
        whom = catalogue.departments[code].name
    begins = max(stoppage.from_at, one.starts_at) if one is not None else stoppage.from_at
    begins = begins.astimezone(catalogue.clinic.zone)
    start = f" {begins:%H:%M}" if (begins.hour, begins.minute) != (0, 0) else ""
    return f"{STATES[stoppage.state]} {common.shorten(whom, 8)} {begins.month}月{begins.day}日{start}起"


def progress(stoppage: Stoppage, figures: StoppageFigures, catalogue: Catalogue, whom: str, by: str) -> str:
    """How a stoppage stands."""
    lines = [
        f"停诊编号：{stoppage.id}（{STATES[stoppage.state]}）",
        f"范围：{whom}",
        f"时间：{period(stoppage.from_at, stoppage.to_at, catalogue.clinic.zone)}",
        f"原因：{stoppage.reason}",
        f"发起人：{by}",
    ]
    if stoppage.state not in (StoppageState.REQUESTED, StoppageState.REFUSED):
        people = "，".join(f"{_FATES[DisplacementState(fate)]}{n}" for fate, n in figures.displaced.items() if n)
        notices = "，".join(f"{_NOTICES[state]}{n}" for state, n in figures.notices.items() if n)
        lines.append(f"患者：{people or '无'}")
        lines.append(f"通知：{notices or '无'}")
        lines.append(f"尚有{figures.open}人未答复也未电话通知。" if figures.open else "患者均已答复或已电话通知。")
    return "\n".join(lines)


def confirm_lift(whom: str) -> str:
    """Before a stoppage is lifted."""
    return f"请确认恢复出诊：{whom}\n确认后重新放号；未另选时间的患者，原号仍空闲的自动恢复，并逐一通知。"


def confirm_decision(whom: str, *, approves: bool) -> str:
    """Before a request is decided."""
    if approves:
        return f"请确认批准停诊：{whom}\n确认后立即停止预约并通知患者。"
    return f"请确认不批准停诊申请：{whom}"


LIFTED = "已恢复出诊，号源重新开放，正在逐一通知患者。"
APPROVED = "已批准，停诊已生效，正在为患者安排替代号并逐一通知。"
REFUSED = "已记录：不批准。"


def too_long(longest: int) -> str:
    """Words that patients would have to scroll for."""
    return f"请不要超过{longest}个字。"
