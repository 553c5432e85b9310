"""What patients say in the benchmark, over and over, and what each answer must hold.

Sequences of an open dialogue, each ending where it began; no patient books, so that every round meets the same clinic.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One message and a part of its right answer."""

    says: str
    expects: str


@dataclass(frozen=True, slots=True)
class Script:
    """Messages of one account in order; ``registered`` accounts have agreed and have one patient."""

    name: str
    registered: bool
    steps: tuple[Step, ...]
    plain: bool = False
    """Whether nothing is encrypted, either way."""

    def openid(self, account: int) -> str:
        """Return the openid of the account with this number, 28 characters as WeChat's."""
        return f"o{self.name[0].upper()}Bench{account:021d}"


BOOKING = Script(
    "booking",
    registered=True,
    steps=(
        Step("预约", "请选择预约方式"),
        Step("1", "请选择科室"),
        Step("1", "请选择"),
        Step("返回", "请选择科室"),
        Step("2", "请选择"),
        Step("返回", "请选择科室"),
        Step("返回", "请选择预约方式"),
        Step("2", "请选择医生"),
        Step("返回", "请选择预约方式"),
        Step("3", "请选择就诊日期"),
        Step("返回", "请选择预约方式"),
        Step("退出", "已为您退出"),
    ),
)
MENU = Script(
    "menu",
    registered=False,
    steps=(
        Step("菜单", "请问需要什么帮助"),
        Step("4", "预约指南"),
        Step("你好", "您好"),
        Step("9", "预约挂号"),
        Step("谢谢", "不客气"),
    ),
)
SOLD_OUT_DOCTOR = "罗晨"
WANTED = Script("wanted", registered=True, steps=(Step(SOLD_OUT_DOCTOR, "没有可预约的号"),))
"""Whoever asks for a doctor whose seats are all sold, in the clinic of ``bench/wanted.py``."""
TURNS = (BOOKING, MENU)
"""What a turn is measured by, in the sample clinic."""
_ECHOED = tuple(Step(step.says, f"[{step.says}]") for step in MENU.steps)
ECHO = Script("echo", registered=False, steps=_ECHOED)
PLAIN_ECHO = Script("plain", registered=False, steps=_ECHOED, plain=True)
"""What peers are asked, who say again what was said."""
OPENING = Script("opening", registered=False, steps=MENU.steps[:1])
"""A message after which the account's chat is open, and stays open when it is said again."""
SCRIPTS = {script.name: script for script in (*TURNS, WANTED, ECHO, PLAIN_ECHO, OPENING)}
