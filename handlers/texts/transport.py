"""What is said when the conversation itself cannot answer, and the names on the account's menu."""

BUSY = "系统繁忙，请稍后再试。"
"""Storage does not answer: the message was not taken up, or it is not known what became of it."""
SORRY = "抱歉，系统出了点问题，请稍后再试。如需帮助，请告诉我们编号 {reference}。"
"""A fault of ours; the reference is in the log."""
TOO_FAST = "您的消息发得太快了，请稍等一会儿再发。"
CROWDED = "当前人数较多，您前面约有 {ahead} 位。约 {wait}后轮到您，请到时把刚才的内容再发一次，会优先为您办理。"
_SECONDS = "{count} 秒"
_MINUTES = "{count} 分钟"
_AS_MINUTES = 90
EARLIER = "【您之前消息的答复】"
"""Stands before an answer that could not be sent in time."""

MENU_BOOK = "预约挂号"
MENU_MINE = "我的预约"
MENU_MORE = "更多服务"
MENU_PATIENTS = "就诊人"
MENU_HELP = "帮助"
MENU_COMPLAINT = "投诉建议"
MENU_HUMAN = "人工服务"

KEY_BOOK = "预约"
KEY_MINE = "我的预约"
KEY_PATIENTS = "就诊人"
KEY_HELP = "帮助"
KEY_COMPLAINT = "投诉"
KEY_HUMAN = "人工"


def crowded(ahead: int, seconds: int) -> str:
    """Say that a message was not taken up, how many are before it, and when to send it again."""
    wait = _SECONDS.format(count=seconds) if seconds < _AS_MINUTES else _MINUTES.format(count=-(-seconds // 60))
    return CROWDED.format(ahead=ahead, wait=wait)
