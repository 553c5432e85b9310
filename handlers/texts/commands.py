"""Words that are understood: commands, page turns, agreement, and what people put around a name."""

import re

BOOK = "book"
MINE = "mine"
PATIENTS = "patients"
HELP = "help"
BACK = "back"
QUIT = "quit"
HUMAN = "human"
COMPLAINT = "complaint"
MENU = "menu"
GREETING = "greeting"
THANKS = "thanks"
CHANGE = "change"
CANCEL = "cancel"
REMIND_OFF = "remind_off"
REMIND_ON = "remind_on"

_WORDS = {
    BOOK: (
        "预约 挂号 预约挂号 我要预约 我要挂号 我想预约 我想挂号 挂个号 约号 预约就诊 "
        "開始預約 預約 掛號 預約掛號 我要掛號 我要預約"
    ),
    MINE: "我的预约 我的挂号 查看预约 查看我的预约 查询预约 预约记录 挂号记录 我的預約 查詢預約",
    PATIENTS: "就诊人 就诊人管理 我的就诊人 管理就诊人 就診人",
    HELP: "帮助 使用帮助 预约指南 怎么预约 怎么挂号 如何预约 如何挂号 help 幫助 ？",
    BACK: "返回 上一步 返回上一步 后退 back",
    QUIT: "退出 结束 退出对话 不约了 不挂了 算了 算了吧 quit exit 結束",
    HUMAN: "人工 人工服务 人工客服 转人工 客服 电话 联系电话 人工服務",
    COMPLAINT: "投诉 我要投诉 投诉建议 意见建议 投訴",
    MENU: "菜单 主菜单 首页 menu 开始 菜單",
    GREETING: "你好 您好 hi hello 在吗 有人吗 早上好 上午好 下午好 晚上好",
    CHANGE: "改约 我要改约 我想改约 改期 我要改期 更改预约 修改预约 改预约 改时间 换时间 改約 我要改約 更改預約",
    CANCEL: "取消预约 我要取消预约 我想取消预约 取消我的预约 取消挂号 退号 我要退号 退掉预约 取消預約 取消掛號 退號",
    REMIND_OFF: "停止提醒 取消提醒 关闭提醒 不再提醒 不要提醒 不用提醒 退订提醒 停止就诊提醒 別再提醒 關閉提醒",
    REMIND_ON: "开启提醒 恢复提醒 打开提醒 继续提醒 需要提醒 开始提醒 订阅提醒 開啟提醒 恢復提醒",
    THANKS: "谢谢 多谢 谢谢您 谢谢你 感谢 thanks 謝謝",
}
ALL = frozenset(_WORDS)
COMMANDS = {word: command for command, words in _WORDS.items() for word in words.split()}
"""Command words as they read after ``handlers.words.compact``."""


def words_of(command: str) -> tuple[str, ...]:
    """Return the words for a command; none for what is no command."""
    return tuple(_WORDS.get(command, "").split())


NEXT_PAGE = "下一页"
PREVIOUS_PAGE = "上一页"
PAGE_WORDS = {"下一页": 1, "下页": 1, "更多": 1, "下一頁": 1, "上一页": -1, "上页": -1, "上一頁": -1}

CONFIRM = "确认"
_YES = "确定 是 是的 好 好的 可以 可以的 嗯可以 嗯可以的 好的可以 行 行的 对 对的 没错 没问题 就这个 ok yes 確認 確定"
CONFIRM_WORDS = tuple(_YES.split())
GO_BACK = "返回"
AGREE = "同意"
AGREE_WORDS = ("我同意", "是", "是的", "好", "好的", "可以", "ok", "yes")
DISAGREE = "不同意"
DISAGREE_WORDS = ("我不同意", "不", "否", "不要", "不用", "不用了", "不可以", "no")
_NO = "取消 不 否 不要 不要了 不用 不用了 不可以 不是 不对 不确认 不改 不改了 先不改 先不改了 no"
GO_BACK_WORDS = tuple(_NO.split())
KEEP_PERSON_WORDS = tuple(word for word in GO_BACK_WORDS if word != "不要了")
"""Not 不要了: who is not wanted any more may be the patient."""
_NODS = (
    "好 好的 好吧 好嘞 好滴 嗯 嗯嗯 嗯好 嗯好的 哦 哦哦 哦好的 行 行吧 ok okay 知道 知道了 我知道了 好的知道了 收到 "
    "好的收到 明白 明白了 了解 了解了 懂了 好的谢谢 好谢谢 嗯谢谢 知道了谢谢 收到谢谢 明白了谢谢"
)
ACKNOWLEDGED = frozenset(_NODS.split())
CONFIRM_CANCEL_WORDS = ("确认取消", "确定取消", "確認取消")
KEEP_WORDS = (
    "不取消",
    "不取消了",
    "别取消",
    "先不取消",
    "不用取消",
    "保留",
    "不",
    "否",
    "不要",
    "不用",
    "不用了",
    "算了",
    "no",
)
"""Not 不要了: what is not wanted any more may be the appointment."""
WISHES = {
    CHANGE: re.compile(r"(?<![不别])(?<!不要)(?:改约|改期|改时间|换时间|改號|改約)"),
    CANCEL: re.compile(r"(?<![不别])(?<!不要)(?:取消|退号|退號)"),
}
"""How words sound that wish something of an appointment; also the deeds of 我的预约."""
_ANOTHER_ONE = r"(?:我?想|要)?(?:换|改)(?:个|一个|位|一位|一下)?(?:别的|其他)?|别的|其他"
OTHERWISE = {
    "patient": re.compile(
        r"(?:我?(?:想|要)?换(?:个|一个|一位)?(?:人|就诊人|病人|患者)|不是(?:我|本人|他|她|这个人)|(?:给|替|帮)(?:别人|其他人)约?)(?:吧|的|看|约|挂号)*"
    ),
    "doctor": re.compile(rf"(?:{_ANOTHER_ONE})(?:医生|大夫)吧?"),
    "department": re.compile(rf"(?:{_ANOTHER_ONE})科室?吧?"),
    "day": re.compile(rf"(?:{_ANOTHER_ONE})(?:一?天|日期|日子)吧?"),
    "slot": re.compile(rf"(?:{_ANOTHER_ONE})时间吧?"),
}
"""How it sounds where a gap is to be filled otherwise, and nothing is said of how."""
NOT_SO = re.compile(r"我?(?:不对|不是|(?:搞|弄|说|点|选|写|打|填)?错了|不是这个|不要这个|换一?个)(?:吧|啊|呀|哦|的)*")
"""How it sounds where the last answer is taken back, and nothing more is said."""
BOOKS = re.compile(r"(?:想|要|帮|给|再).{0,3}(?:约|挂|看)")
"""How it sounds where a seat is wished for, and none that there is already."""
OF_APPOINTMENT = re.compile(r"的(?:号|预约|那个)|约好的|挂好的")
"""How it sounds where something is meant that was booked before: 把明天的号改到后天."""
GIVES_UP = re.compile(
    r"(?:算了|那|就|我|还是|先|都)*不(?:想|用|要)?(?:看|约|挂|预约|挂号|改|改约|取消|需要|用|要|办)?(?:病|牙|号)?了(?:吧|啦|谢谢|算了)*"
    r"|(?:下次|改天|以后)再(?:说|约|看)吧?"
)
"""How it sounds where somebody wants nothing more of what is under way."""
DOCTOR_TITLES = ("医生", "大夫", "医师", "主任", "教授")
"""What doctors are called behind their name."""
BOTH = re.compile(r"我和|和我|都[约挂看要]|两个人|我们俩")
"""How it sounds where several people are to be seen."""
WEEKDAY = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天]")
"""A weekday of which is not said of what week it is."""
OTHER_PAPERS = "其他证件"
OTHER_PAPERS_WORDS = ("其它证件", "没有身份证", "我没有身份证", "没身份证", "无身份证", "其他證件")
NO_ID_CARD = re.compile(
    r"我?(?:没有?|无|沒有?|無)(?:身份证|身份證|证件|證件)(?:号码?)?(?:的|了|怎么办|怎么填|可以吗|行吗|呢|啊)*"
    r"|我?是?(?:外国人|外籍|港澳居民|香港人|澳门人|台湾人|台湾居民)"
)
"""How it sounds where there is no identity card, and not what there is instead."""
AROUND_PAPERS = re.compile(
    r"(?:我?(?:没有?|無|无|沒有?)(?:身份证|身份證))?(?:我|他|她|孩子)?(?:只|就)?(?:想|要|有|用|是|拿|持|能用|可以用)?(?:的是|的)?"
    r"(?P<papers>.+?)(?:可以[吗么嗎]|行[吗么嗎]|登记|注册|的|[吗么嗎]|呢|吧)*"
)
"""What may stand around the name of other papers: 没有身份证，只有护照; 能用护照吗."""
ASKS_ABOUT_PAPERS = re.compile(r"(?!.*(?:能|可以|只)).+[吗么嗎]")
"""要护照吗 asks what is needed; 能用护照吗 says what there is."""

_DIGITS, _COUNTER = "[0-9]{1,3}|[一二三四五六七八九]", "[个個项項]"
_QUANTITY = f"(?:{_DIGITS}){_COUNTER}"
NUMBER = re.compile(
    rf"(?:那?就(?!{_QUANTITY})|我就?(?=[选選想要]))?"  # 就第2个 is a choice, 就2个 a quantity
    rf"(?:选|选择|選|選擇|想?要(?!{_QUANTITY}))?"  # and so is 要2个
    rf"第?(?P<number>{_DIGITS}){_COUNTER}?吧?"
)
NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九", start=1)}

AROUND_NAMES = re.compile(
    r"我|想|要|请|帮|给|预约|挂号|挂|约|看|找|选|去|的|号|一个|个|一下|吧|呢|医生|大夫|门诊|谢谢|預約|掛號|請|醫生"
)
"""What may stand beside a department's or doctor's name without changing what is meant."""
