"""How days, times, fees, people and opening hours read everywhere."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.availability import Part
from booking.erasure import NO_NAME
from booking.hours import OpenDays
from booking.masking import mask_name
from booking.models import Clinic, Doctor, PaperKind, Patient, Sex

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
NEAR_DAYS = ("今天", "明天", "后天")
PARTS = {Part.MORNING: "上午", Part.AFTERNOON: "下午", Part.EVENING: "晚上"}
SEXES = {Sex.MALE: "男", Sex.FEMALE: "女"}
PAPERS = {
    PaperKind.ID_CARD: "身份证",
    PaperKind.PASSPORT: "护照",
    PaperKind.HK_MACAO_PERMIT: "港澳居民通行证",
    PaperKind.TAIWAN_PERMIT: "台湾居民通行证",
    PaperKind.FOREIGN_RESIDENT: "外国人永久居留证",
    PaperKind.CHILD: "儿童（无证件号）",
}
ERASED = "已注销"
MINUTE = 60


def shorten(text: str, longest: int) -> str:
    """Return at most ``longest`` characters, the last of them an ellipsis where something is missing."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def day(value: date) -> str:
    """11月23日 周一."""
    return f"{value.month}月{value.day}日 {WEEKDAYS[value.weekday()]}"


def near_day(value: date, today: date) -> str:
    """11月23日 周一（明天）; the year is said of days in another one."""
    said = day(value) if abs((value - today).days) < 180 or value.year == today.year else f"{value.year}年{day(value)}"  # noqa: PLR2004 -- half a year away the year is in doubt
    ahead = (value - today).days
    return f"{said}（{NEAR_DAYS[ahead]}）" if 0 <= ahead < len(NEAR_DAYS) else said


@lru_cache(maxsize=4096)
def clock(moment: datetime, zone: ZoneInfo) -> str:
    """08:30 of the clinic's time. Kept: the slots of a day are few, and every notice and list says some of them."""
    return f"{moment.astimezone(zone):%H:%M}"


def moment(value: datetime, zone: ZoneInfo) -> str:
    """11月23日 周一 08:30 of the clinic's time."""
    return f"{day(value.astimezone(zone).date())} {clock(value, zone)}"


def period(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """08:30-09:00 of the clinic's time."""
    return f"{clock(starts_at, zone)}-{clock(ends_at, zone)}"


def clock_words(starts_at: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """Other ways to write a time: 9:30, 09:30, 9点30, 9点半; 9点."""
    local = starts_at.astimezone(zone)
    words = [f"{local:%H:%M}", f"{local.hour}:{local:%M}", f"{local.hour}点{local:%M}", f"{local.hour}点{local:%M}分"]
    if local.minute == 0:
        words.append(f"{local.hour}点")
    if local.minute == MINUTE // 2:
        words.append(f"{local.hour}点半")
    return tuple(words)


def day_words(value: date, today: date) -> tuple[str, ...]:
    """Other ways to write a day: 11月23日, 11月23号, 23号, 23日, 2026-11-23, 11-23, 明天, 周二 of the days ahead."""
    words = [
        f"{value.month}月{value.day}日",
        f"{value.month}月{value.day}号",
        f"{value.day}号",
        f"{value.day}日",
        value.isoformat(),
        f"{value:%m-%d}",
    ]
    ahead = (value - today).days
    if 0 < ahead < len(WEEKDAYS):
        words.append(WEEKDAYS[value.weekday()])
    return (*words, *NEAR_DAYS[ahead : ahead + 1]) if ahead >= 0 else tuple(words)


def fee(amount: Decimal) -> str:
    """50元, 12.50元."""
    return f"{amount:.0f}元" if amount == amount.to_integral_value() else f"{amount:.2f}元"


def left(free: int) -> str:
    """余3."""
    return f"余{free}"


def room(name: str) -> str:
    """203 becomes 203诊室; a room with a name of its own stays as it is."""
    return f"{name}诊室" if name.isascii() and name else name


def doctor(value: Doctor) -> str:
    """王芳 主任医师."""
    return shorten(f"{value.name} {value.title}".strip(), 16)


def age(birth_date: date, today: date) -> int:
    """Age in completed years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def masked(name: str) -> str:
    """张*; 已注销 of who was erased."""
    return ERASED if name == NO_NAME else mask_name(name)


def patient(value: Patient, today: date) -> str:
    """张* 男 38岁; 已注销 of who was erased."""
    details = value.details
    if details.name == NO_NAME:
        return ERASED
    return f"{mask_name(details.name)} {SEXES[details.sex]} {age(details.birth_date, today)}岁"


def length(span: timedelta) -> str:
    """5分钟, 1小时, 1小时30分钟, 40秒; what is begun counts."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < MINUTE:
        return f"{seconds}秒"
    minutes = -(-seconds // MINUTE)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}小时" if hours else "") + (f"{minutes}分钟" if minutes or not hours else "")


def hours(clinic: Clinic, days: Iterable[OpenDays]) -> str:
    """周一至周五 08:30-11:30、13:30-17:00；周六 08:30-11:30; the clinic's own words where it has any."""
    if clinic.hours:
        return clinic.hours
    lines = [
        f"{_weekdays(open_days.weekdays)} " + "、".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in open_days.times)
        for open_days in days
    ]
    return shorten("；".join(lines), 160) or "以门诊公告为准"


def _weekdays(weekdays: tuple[int, ...]) -> str:
    if len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1:  # noqa: PLR2004 -- two are named one by one
        return f"{WEEKDAYS[weekdays[0]]}至{WEEKDAYS[weekdays[-1]]}"
    return "、".join(WEEKDAYS[weekday] for weekday in weekdays)
