"""What staff read, and the words by which they begin something: binding, menu, and who may do what."""

import re

from booking.actors import Role, Staff
from handlers.texts import common

ROLES = {Role.FRONTDESK: "前台", Role.DOCTOR: "医生", Role.MANAGER: "管理员"}
BINDING = re.compile(r"绑定[\s:：]*(?P<code>.+)")
LOOKING_UP = re.compile(r"查(?:询|找|一下)?(?:患者|病人|就诊人)?(?P<gap>[\s:：]*)(?P<who>.*)")
FREE_GAPS = ("name", "list_query", "list_reason", "stop_reason", "stop_text", "staff_name")
"""Questions for words of one's own."""

STAFF, TODAY, FIGURES, BOOK, LOOK, STOP, STOPPAGES, CALLS, PEOPLE = (
    "staff", "staff_today", "staff_figures", "staff_book", "staff_look", "staff_stop", "staff_stoppages",
    "staff_calls", "staff_people",
)  # fmt: skip
"""What staff may begin; each is the name of its flow."""
LABELS = {
    TODAY: "今日名单",
    FIGURES: "号源情况",
    BOOK: "代约",
    LOOK: "查询患者",
    CALLS: "电话名单",
    STOP: "停诊",
    STOPPAGES: "进度与恢复",
    PEOPLE: "员工管理",
}
_WORDS = {
    STAFF: "员工 员工菜单 工作台 菜单 主菜单 首页 menu",
    TODAY: "今日 今日名单 今日预约 今天名单",
    FIGURES: "号源 号源情况 余号",
    BOOK: "代约 代预约 代挂号 代患者预约",
    STOP: "停诊 申请停诊 停诊申请",
    STOPPAGES: "恢复 恢复门诊 恢复出诊 停诊进度 进度与恢复 停诊列表 进度",
    CALLS: "电话 未通知 名单 电话名单 未通知名单 电话通知",
    PEOPLE: "员工管理 管理员工 员工名单",
}
ENTRANCES = {word: flow for flow, words in _WORDS.items() for word in words.split()}
"""Words of staff as they read after ``handlers.words.compact``."""

UNBOUND = "您的员工身份已解除。"


def who(staff: Staff) -> str:
    """林（前台）."""
    return f"{common.shorten(staff.name, 12)}（{ROLES[staff.role]}）"


def bound(staff: Staff) -> str:
    """After binding, also when it was done before."""
    return f"绑定成功：{who(staff)}。随时回复“员工”可打开本菜单。"


def bound_already(staff: Staff) -> str:
    """A code of somebody who is bound."""
    return f"您已绑定为{who(staff)}，一个微信号只能绑定一位员工。"


def menu(staff: Staff) -> str:
    """The head of the menu."""
    return f"{who(staff)}，请选择："


def not_allowed(staff: Staff, flow: str) -> str:
    """A deed that the role does not allow."""
    return f"您的角色是{ROLES[staff.role]}，不能办理“{LABELS[flow]}”。"


def more_not_read(more: str) -> str:
    """Words behind a command that say nothing to it."""
    return f"“{common.shorten(more, 12)}”没有看懂，已略过。"


def guide(staff: Staff, flows: list[str]) -> str:
    """What a member of staff may say at any time."""
    said = "、".join(_SAID[flow] for flow in flows)
    return f"【员工指南】随时可回复：{said}。\n返回、退出、以及患者的各项操作（如“预约”）照常可用。"


_SAID = {
    TODAY: "今日",
    FIGURES: "号源",
    BOOK: "代约",
    LOOK: "查 姓名或号码",
    CALLS: "电话",
    STOP: "停诊",
    STOPPAGES: "恢复",
    PEOPLE: "员工管理",
}
