"""Greeting, guide, ways to a human, and what is said when a message cannot be used."""

from datetime import timedelta

from booking.models import Clinic, Policy
from handlers.chat import Kind
from handlers.texts.commands import GO_BACK_WORDS
from handlers.texts.common import length

MENU_BOOK = "预约挂号"
MENU_MINE = "我的预约"
MENU_PATIENTS = "就诊人"
MENU_HELP = "帮助"

CHOOSE = "请问需要什么帮助？"
THANKS = "不客气，祝您健康！"
LEFT = "已为您退出。需要时回复“预约”即可重新开始。"
RELEASED = "已为您释放刚才保留的号。"
BOOKED_ALREADY = "刚才的号已经为您约好，请回复“我的预约”查看。"
"""Where a seat was to be given back that had been confirmed, and the answer to that was lost."""
ACKNOWLEDGED = "好的，需要时请随时回复。"
STILL_ASKED = "好的，请接着回答："
"""To who nods at a question that no nod answers."""
ENDED = "刚才的对话已超过30分钟，为您结束了。"
UPGRADED = "系统刚刚升级，刚才的对话需要重新开始，给您添麻烦了。已预约成功的不受影响。"
EMERGENCY = "您说的情况可能很紧急：请立即拨打 120，或马上到最近的医院急诊，请不要等待预约。"
CRISIS = (
    "谢谢您告诉我们，您不必独自承受。请现在拨打心理援助热线 12356（24小时），或告诉身边信任的人；"
    "有生命危险时请立即拨打 120。"
)
WHEN_SAFE = "情况平稳、需要预约时，请再回复“预约”。"
WAITS = "确认安全之后，刚才的对话可以继续："
GOES_ON = "回到刚才的对话："
"""Between the answer to a notice and the question that was open before: what follows is about something else."""
NOTHING_OPEN = "现在没有等待您选择的问题（超过30分钟未回复，对话会自动结束）。"
EARLIER_MESSAGE = "您点的是之前消息里的选项，请在这里重新选择。"
OVERTAKEN = "抱歉，您较早的一条消息没能及时答复，可能已经办理，也可能没有。回复“我的预约”可以核对。"
"""To a message taken up again that nothing is done for now: its answer may be all that was lost."""
INTERRUPTED = "抱歉，系统刚才中断过，为避免办错，请按下面的内容再回复一次："
"""To what may answer another question than the one that is open as far as we know."""
NOT_UNDERSTOOD = "抱歉，没有看懂您的意思。"
WHICH_IS_MEANT = "不太确定您的意思，请问您是想："
MEANT = {
    "book": "预约挂号",
    "availability": "查看有没有号",
    "info": "咨询就诊信息",
    "mine": "查看我的预约",
    "change": "改约",
    "cancel": "取消预约",
    "again": "按上次的再约一次",
    "complaint": "投诉或提建议",
    "human": "人工服务",
    "help": "了解怎么使用",
}
"""What a sentence may mean, as a choice."""
MEANT_OTHERWISE = "其他意思"
NO_WORDS = (*(word for word in GO_BACK_WORDS if word != "取消"), "没有", "都不是")
NOT_HEARD = "抱歉，没有听清，请再说一遍，或直接输入文字。"
NO_MORE_PAGES = "没有更多了。"
UNAVAILABLE = "抱歉，系统暂时繁忙，刚才的操作可能没有完成。请稍后再发一次，不会重复预约。"
"""True also where the answer to a COMMIT was lost: the same answer again finds what was done."""
NOT_LOADED = "门诊的预约尚未开放，请稍后再来。"
_UNREADABLE: dict[Kind, str] = {
    "image": "图片",
    "video": "视频",
    "location": "位置",
    "link": "链接",
}


HOW_TO_CHANGE = "如需改约或取消已有的预约，请回复“改约”或“取消预约”；不再继续请回复“退出”。"
"""To who speaks of a change while another question is open."""


def way_out(clinic: Clinic) -> str:
    """After the second message in a row that was not understood."""
    return f"也可以致电 {clinic.phone}，或回复“人工”，由工作人员帮您办理。"


def welcome(clinic: Clinic) -> str:
    """After following."""
    return f"您好，欢迎关注{clinic.name}！在这里可以预约挂号、查看预约。"


def hello(clinic: Clinic) -> str:
    """When someone greets us or opens the menu."""
    return f"您好，这里是{clinic.name}，请问需要什么帮助？"


def guide(clinic: Clinic) -> str:
    """How to book, when, with what notes (R-B1)."""
    policy = clinic.policy
    released = f"，每天{policy.release_at:%H:%M}放出新号" if policy.release_at else ""
    cut_off = length(policy.stop_before)
    return "\n".join(
        (
            "【预约指南】",
            "一、回复“预约”，按科室、医生或时间选号，也可直接回复科室或医生姓名。",
            f"二、最多可提前{policy.advance_days}天预约{released}，就诊前{cut_off}停止预约（部分科室、医生不同）。",
            "三、首次预约请登记就诊人，一个微信号最多5位。",
            "四、就诊当天请带好证件，提前15分钟到院。",
            f"五、{_until_when(policy)}。",
            "随时可回复：返回、退出、我的预约、改约、取消预约、就诊人、人工。",
        )
    )


def _until_when(policy: Policy) -> str:
    if policy.change_notice == policy.cancel_notice:
        return _latest(policy.change_notice, "改约或取消")
    return f"{_latest(policy.change_notice, '改约')}，{_latest(policy.cancel_notice, '取消')}"


def _latest(notice: timedelta, deed: str) -> str:
    return f"最晚可在就诊前{length(notice)}{deed}" if notice else f"就诊开始前都可以{deed}"


def human(clinic: Clinic, hours: str) -> str:
    """Telephone and hours."""
    return f"人工服务请拨打：{clinic.phone}\n服务时间：{hours}\n地址：{clinic.address}"


def complaint(clinic: Clinic, hours: str) -> str:
    """Thanks, apology, and where to be heard (R-E3, R-E4)."""
    return (
        "感谢您的反馈，给您带来不便，我们深表歉意。\n"
        f"投诉请拨打：{clinic.phone}\n受理时间：{hours}\n我们会认真核实并答复您。"
    )


def unreadable(kind: Kind) -> str:
    """A picture, a place, a film: received, and of no use here."""
    return f"暂时无法识别您发送的{_UNREADABLE.get(kind, '内容')}，请回复文字或数字。"


def no_such_number(number: int) -> str:
    """A number that is not among the choices."""
    return f"没有选项“{number}”。"


def several(said: str) -> str:
    """A part of several labels."""
    return f"有多个选项包含“{said}”，请回复数字。"


def not_a_choice() -> str:
    """Words that say nothing to the open question."""
    return f"{NOT_UNDERSTOOD}请回复数字或选项文字。"
