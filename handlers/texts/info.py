"""Questions about the clinic: how they sound, and what the catalogue answers."""

import re
from collections.abc import Iterable, Sequence

from booking.models import Clinic, Department, Doctor
from handlers.texts import booking, common

FEE, DOCTORS, DEPARTMENTS, HOURS, PLACE, PHONE, BRING = (
    "fee",
    "doctors",
    "departments",
    "hours",
    "place",
    "phone",
    "bring",
)
TOPICS = {
    FEE: re.compile(
        r"多少钱|什么价|价格|费用|收费|挂号费|诊费|诊金|几块|几元|几钱|贵|要钱|收钱|免费|怎么收|咋收|号多少"
    ),
    BRING: re.compile(r"带什么|要带|需要带|准备什么|注意|空腹"),
    DOCTORS: re.compile(r"(?:哪|什么|几个|有).{0,3}(?:医生|大夫|专家)|谁"),
    DEPARTMENTS: re.compile(r"(?:哪些|什么|几个|啥|哪个|哪)科|有没有.{0,4}科|有.{1,4}科[吗么没]"),
    PLACE: re.compile(
        r"在哪|哪里|哪儿|什么地方|地址|位置|怎么[走去到]|路线|导航|地铁|公交|坐车|坐什么|坐几路|什么路|"
        r"几[楼层]|哪[层栋]|号楼|诊室|附近|周边"
    ),
    HOURS: re.compile(r"几点|上班|下班|开门|关门|营业|工作时间|门诊时间|什么时候|周末|放假|休息|休诊"),
    PHONE: re.compile(r"电话|联系"),
}
"""What is asked, the first that fits."""
REMINDERS = re.compile(r"提醒|通知")
HOW_TO_STOP_REMINDERS = "不想再收到就诊提醒，请回复“停止提醒”。"
_LISTED = 8


def topic(said: str) -> str:
    """Return what a question is about; empty where the catalogue knows nothing of it."""
    return next((name for name, words in TOPICS.items() if words.search(said)), "")


def fees(doctors: Sequence[Doctor]) -> str:
    """王芳 主任医师 50元; of many the lowest and the highest."""
    if len(doctors) > _LISTED:
        amounts = sorted(doctor.fee for doctor in doctors)
        return f"挂号费因医生而异：{common.fee(amounts[0])}至{common.fee(amounts[-1])}，确认预约前会显示。"
    return "\n".join(("挂号费：", *(f"{common.doctor(doctor)} {common.fee(doctor.fee)}" for doctor in doctors)))


def doctors(some: Sequence[Doctor], departments: Iterable[Department]) -> str:
    """Who works here, by department."""
    lines = []
    for department in departments:
        names = "、".join(common.doctor(one) for one in some if one.department == department.code)
        if names:
            lines.append(f"{department.name}：{common.shorten(names, 60)}")
    return "\n".join(lines[: _LISTED * 2])


def departments(some: Iterable[Department]) -> str:
    """Which departments there are."""
    return f"本门诊设有：{common.shorten('、'.join(department.name for department in some), 160)}。"


def place(clinic: Clinic, department: Department | None) -> str:
    """Where the clinic is, and the department in it."""
    address = f"地址：{clinic.name}，{clinic.address}，电话 {clinic.phone}。"
    if department is None:
        return address
    return f"{department.name}：{booking.place(department, '')}\n{address}"


def bring(department: Department | None) -> str:
    """What to bring and to mind."""
    return f"就诊须知：{booking.notes(department) if department else '就诊时请携带登记的证件，提前15分钟到院。'}"


def phone(clinic: Clinic) -> str:
    """The telephone."""
    return f"电话：{clinic.phone}"


def hours(said: str) -> str:
    """When the clinic is open."""
    return f"门诊时间：{said}"


def unknown(clinic: Clinic, said: str) -> str:
    """The catalogue does not know; people do."""
    return f"这个问题请致电 {clinic.phone} 咨询（{said}）。"


def coming(labels: Sequence[str]) -> str:
    """What is booked, beside an open question."""
    return "\n".join(("您待就诊的预约：", *labels)) if labels else "您没有待就诊的预约。"
