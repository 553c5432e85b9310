"""How publishing is told: a table for people, rows for scripts, and a line for each thing staff must see to."""

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from booking.publishing import FOR_STAFF, OPEN_AFTERWARDS, PublishReport
from booking.session_plan import Verdict
from bot import texts

RESULTS = {
    "create": "created",
    "existing": "existing",
    "reopen": "reopened",
    "revise": "revised",
    "close": "closed",
    "keep": "kept",
    "adjusted": "adjusted",
    "blocked": "blocked",
}
"""What scripts read of each session."""


def verdict_line(verdict: Verdict) -> str:
    """Say in a line what becomes, or became, of a session."""
    subject = verdict.subject
    what = texts.PUBLISH_VERDICTS[verdict.action].format(claims=subject.claims)
    return texts.PUBLISH_LINE.format(session=subject.session.id, what=what)


def session_rows(report: PublishReport, zone: ZoneInfo) -> list[dict[str, str | int]]:
    """Return one row a session: which, when, how many slots and seats, how many taken, and what was done."""
    rows: list[dict[str, str | int]] = []
    for verdict in report.outcomes:
        shown = verdict.planned if verdict.action in {"create", "revise"} and verdict.planned else verdict.subject
        session = shown.session
        rows.append(
            {
                "session": session.id,
                "date": session.date.isoformat(),
                "start": f"{session.starts_at.astimezone(zone):%H:%M}",
                "end": f"{session.ends_at.astimezone(zone):%H:%M}",
                "department": session.department,
                "doctor": session.doctor,
                "slots": len(shown.slots),
                "seats": shown.seats,
                "claims": verdict.subject.claims,
                "result": RESULTS[verdict.action],
            }
        )
    return rows


def figures(report: PublishReport) -> list[tuple[str, str, str, int, int, int]]:
    """Return day, department, doctor with how many sessions, slots and seats are open there now (R-A9)."""
    sessions: Counter[tuple[str, str, str]] = Counter()
    slots: Counter[tuple[str, str, str]] = Counter()
    seats: Counter[tuple[str, str, str]] = Counter()
    for verdict in report.having(*OPEN_AFTERWARDS):
        changed = verdict.action in {"create", "revise"} and verdict.planned
        shown = verdict.planned if changed and verdict.planned else verdict.subject
        key = (shown.session.date.isoformat(), shown.session.department, shown.session.doctor)
        sessions[key] += 1
        slots[key] += len(shown.slots)
        seats[key] += shown.seats
    return [(*key, sessions[key], slots[key], seats[key]) for key in sorted(sessions)]


def summary(report: PublishReport) -> str:
    """Return how many sessions were made, found, closed, in one line."""
    counts: Counter[str] = Counter(verdict.action for verdict in report.outcomes)
    words = [text.format(count=counts[action]) for action, text in texts.PUBLISH_COUNTS.items() if counts[action]]
    return texts.PUBLISH_SUMMARY.format(
        first=report.first_day, last=report.last_day, counts="，".join(words) or texts.PUBLISH_NOTHING
    )


def warnings(report: PublishReport, holiday_table: str) -> Sequence[str]:
    """Return a line for each thing staff must see to or know."""
    lines = [texts.PUBLISH_HOLIDAY.format(day=day, name=name) for day, name in report.holidays]
    lines += [texts.PUBLISH_UNKNOWN_YEAR.format(year=year, path=holiday_table) for year in report.unknown_years]
    undecided = report.having(*FOR_STAFF)
    if undecided:
        lines += [texts.PUBLISH_STAFF, *map(verdict_line, undecided)]
    if not report.pool_told:
        lines.append(texts.PUBLISH_NO_POOL)
    return lines
