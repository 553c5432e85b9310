"""Notices as they are read: text with tappable choices, and the values of WeChat's templates."""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.models import Catalogue
from booking.notice_payloads import Visit, read_visit
from booking.notices import Notice, NoticeKind
from handlers.chat import Choice, Reply
from handlers.paging import LINK, LONGEST_LABEL, MOST_BYTES, NO_MARKUP, cut
from handlers.texts import common
from handlers.texts import notice_lines as lines
from handlers.texts import notices as texts

_DIGITS = frozenset("0123456789")
TAP = "n"
"""In front of a tap that answers a notice, whatever question is open: ``n.<notice id>.<digit>``."""


def render(notice: Notice, catalogue: Catalogue, *, now: datetime, lead: str = "") -> Reply:
    """Return a notice as it is read now, after ``lead``; staff's own words give way where there is too much."""
    said = texts.said(notice, catalogue, now)
    before = (lead, *said.before) if lead else said.before
    choices = tuple(
        Choice(answer.number, cut(answer.label.translate(NO_MARKUP), LONGEST_LABEL), tap_id(notice.id, answer.number))
        for answer in said.answers
    )
    used = sum(LINK + len(choice.tap) + len(choice.label.encode()) for choice in choices)
    fixed = (*before, *said.after, said.footer)
    room = MOST_BYTES - used - sum(len(line.encode()) + 1 for line in fixed)
    free = cut(said.free, max(0, room - 1)) if said.free and room > len(said.free[0].encode()) else ""
    text = "\n".join(filter(None, (*before, free, *said.after)))
    return Reply(cut(text, MOST_BYTES - used - len(said.footer.encode()) - 1), choices, said.footer)


def render_sms(notice: Notice, catalogue: Catalogue, *, now: datetime) -> str:
    """Return a notice as one line for who cannot answer it; the clinic's telephone is to follow."""
    said = texts.said(notice, catalogue, now)
    return " ".join(" ".join(filter(None, (*said.before, said.free, *said.by_sms))).split())


def tap_id(notice_id: str, number: int) -> str:
    """Write the id of a tap that answers a notice."""
    return f"{TAP}.{notice_id}.{number}"


def read_notice_tap(tap: str | None) -> tuple[str, int] | None:
    """Read the id of a tap that answers a notice: which, and with what; None when it is none."""
    prefix, _, rest = (tap or "").partition(".")
    notice_id, _, number = rest.rpartition(".")
    if prefix != TAP or not notice_id or number not in _DIGITS:
        return None
    return notice_id, int(number)


def values(notice: Notice, catalogue: Catalogue, wanted: Collection[str] | None = None) -> dict[str, str]:
    """Return what the fields of a template may be filled with, all or those wanted; none of them is ever empty."""
    fields = FIELDS if wanted is None else wanted
    payload, clinic = notice.payload, catalogue.clinic
    said = {"clinic": clinic.name, "phone": clinic.phone, "reason": " ".join((payload.get("reason") or "").split())}
    if notice.kind is NoticeKind.STOP_REQUEST:
        start = datetime.fromisoformat(payload["from"])
        said |= {"doctor": payload["by"], "start": _moment(start, catalogue), "date": _day(start, catalogue)}
    else:
        visit = read_visit(payload["visit"])
        said |= {field: read(visit, catalogue) for field, read in _OF_VISIT.items() if field in fields}
        if not _OF_OLD.isdisjoint(fields):
            old = read_visit(payload.get("before") or payload["visit"])
            said |= {"old_start": _moment(old.starts_at, catalogue), "old_doctor": lines.doctor_name(old, catalogue)}
    said["note"] = lines.note(notice)
    return {field: said.get(field) or lines.NOTHING for field in fields}


def _day(moment: datetime, catalogue: Catalogue) -> str:
    return _long_day(moment, catalogue.clinic.zone)


@lru_cache(maxsize=4096)
def _long_day(moment: datetime, zone: ZoneInfo) -> str:
    return lines.long_day(moment.astimezone(zone).date())


def _moment(moment: datetime, catalogue: Catalogue) -> str:
    return f"{_day(moment, catalogue)} {common.clock(moment, catalogue.clinic.zone)}"


def _title(visit: Visit, catalogue: Catalogue) -> str:
    known = catalogue.doctors.get(visit.doctor)
    return known.title if known else ""


def _period(visit: Visit, catalogue: Catalogue) -> str:
    zone = catalogue.clinic.zone
    return f"{common.clock(visit.starts_at, zone)}~{common.clock(visit.ends_at, zone)}"


_OF_VISIT: dict[str, Callable[[Visit, Catalogue], str]] = {
    "department": lines.department_name,
    "doctor": lines.doctor_name,
    "title": _title,
    "date": lambda visit, catalogue: _day(visit.starts_at, catalogue),
    "start": lambda visit, catalogue: _moment(visit.starts_at, catalogue),
    "time": _period,
    "room": lines.place,
    "patient": lambda visit, _: visit.patient,
    "number": lambda visit, _: visit.number,
    "fee": lambda visit, _: common.fee(visit.fee),
}
_OF_OLD = frozenset({"old_start", "old_doctor"})
FIELDS = (*_OF_VISIT, "reason", "clinic", "phone", "old_start", "old_doctor", "note")
"""What the fields of ``templates:`` in the catalogue may name."""
