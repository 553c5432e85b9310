"""How an adjustment is told: lines for people, a row for scripts."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.adjustment_models import AdjustmentReport, Part, Target
from booking.session_plan import Verdict
from booking.staff_refusals import CannotAdjust
from bot import texts_adjust as texts


def problem_line(error: CannotAdjust) -> str:
    """Say why a session cannot be changed so, and what can be done instead."""
    details = dict(error.details)
    if "left" in details:
        details["left"] = _left(details["left"].split())
    return texts.PROBLEMS[error.problem].format(**details)


def report_lines(report: AdjustmentReport, zone: ZoneInfo, *, preview: bool) -> list[str]:
    """Return what changes and whom it reaches."""
    session = report.before.session.id
    if not report.parts:
        return [texts.SAME.format(session=session)]
    lines = [(texts.PREVIEW if preview else texts.DONE).format(session=session)]
    lines += [_part_line(part, report, zone) for part in report.parts]
    if report.appointments:
        rest = report.appointments - report.reachable
        telling = texts.TELLING_SOME if rest else texts.TELLING
        lines.append(telling.format(appointments=report.appointments, reachable=report.reachable, rest=rest))
    else:
        lines.append(texts.TELLING_NOBODY)
    if report.overbooked:
        lines.append(texts.OVERBOOKED.format(count=len(report.overbooked)))
    if report.released:
        lines.append(texts.RELEASED.format(count=report.released))
    if report.withdrawn:
        lines.append(texts.WITHDRAWN.format(count=report.withdrawn))
    return lines


def warning_lines(report: AdjustmentReport, *, preview: bool) -> list[str]:
    """Return what staff must still see to."""
    lines = []
    if report.after.left:
        session = report.before.session.id
        lines.append(texts.LEFT_OVER.format(session=session, left=_left(report.after.left)))
    if report.parts and not preview and not report.pool_told:
        lines.append(texts.NO_POOL)
    return lines


def report_row(report: AdjustmentReport, zone: ZoneInfo) -> dict[str, str | int | None]:
    """Return the row of ``--json``: how the session is afterwards, and whom the change reaches."""
    session = report.after.session
    return {
        "session": session.id,
        "date": session.date.isoformat(),
        "start": _clock(session.starts_at, zone),
        "end": _clock(session.ends_at, zone),
        "department": session.department,
        "doctor": session.doctor,
        "room": session.room,
        "changes": " ".join(report.parts),
        "left": " ".join(report.after.left),
        "appointments": report.appointments,
        "reachable": report.reachable,
        "released": report.released,
        "withdrawn": report.withdrawn,
        "overbooked": len(report.overbooked),
    }


def sitting_line(verdicts: Iterable[Verdict]) -> str | None:
    """Say how many people sit in sessions that no longer match, and what to do; None when nobody does."""
    taken = [verdict for verdict in verdicts if verdict.action == "keep" and verdict.subject.claims]
    if not taken:
        return None
    people = sum(verdict.subject.claims for verdict in taken)
    return texts.LOAD_SITTING.format(sessions=len(taken), claims=people)


def _part_line(part: Part, report: AdjustmentReport, zone: ZoneInfo) -> str:
    before, after = (_value(part, target, zone) for target in (report.before, report.after))
    return texts.PART.format(part=texts.PARTS[part], before=before, after=after)


def _value(part: Part, target: Target, zone: ZoneInfo) -> str:
    session = target.session
    match part:
        case "room":
            return session.room or texts.NO_ROOM
        case "time":
            return f"{_clock(session.starts_at, zone)}-{_clock(session.ends_at, zone)}"
        case "doctor":
            return session.doctor
    return "/".join(str(number) for number in sorted({slot.capacity for slot in target.slots}))


def _left(parts: Iterable[str]) -> str:
    return texts.LIST_COMMA.join(texts.LEFT[part] for part in parts)


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
