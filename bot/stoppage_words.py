"""How stoppages are told on the command line: lines for people, rows for scripts."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.stoppage_models import FOREVER, Scope, Stoppage, StoppageFigures, StoppageState, StopPreview
from bot import texts_stoppages as texts

_FATES = ("waiting", "offered", "unoffered", "rebooked", "declined", "expired", "restored")
Row = dict[str, str | int | None]


def stoppage_row(stoppage: Stoppage, figures: StoppageFigures, zone: ZoneInfo) -> Row:
    """Return a stoppage as scripts read it; ``to`` is null while it has no end."""
    row: Row = {
        "id": stoppage.id,
        "state": str(stoppage.state),
        "scope": stoppage.scope.kind,
        "code": stoppage.scope.code or None,
        "from": _iso(stoppage.from_at, zone),
        "to": None if stoppage.to_at == FOREVER else _iso(stoppage.to_at, zone),
        "reason": stoppage.reason,
        "by": stoppage.by,
        "channel": stoppage.channel,
        "created_at": _iso(stoppage.created_at, zone),
        "appointments": sum(figures.displaced.values()),
    }
    row |= {fate: figures.displaced.get(fate, 0) for fate in _FATES}
    notices: Row = {f"notices_{state}": count for state, count in sorted(figures.notices.items())}
    return (
        row
        | {"notices": sum(figures.notices.values()), "open": figures.open, "settled": settled(stoppage, figures)}
        | notices
    )


def settled(stoppage: Stoppage, figures: StoppageFigures) -> bool:
    """Tell whether everybody has answered or was called."""
    return stoppage.state in {StoppageState.DONE, StoppageState.LIFTED} and not figures.open


def stoppage_cells(stoppage: Stoppage, figures: StoppageFigures, zone: ZoneInfo) -> list[str | int | None]:
    """Return a stoppage as a line of the table."""
    start, end = span(stoppage.from_at, stoppage.to_at, zone)
    return [
        stoppage.id,
        texts.STATES[stoppage.state],
        stoppage.scope.kind,
        stoppage.scope.code,
        start,
        end,
        stoppage.reason,
        sum(figures.displaced.values()),
        figures.open,
        texts.SETTLED[settled(stoppage, figures)],
        states_line(figures.notices),
    ]


def preview_row(preview: StopPreview, zone: ZoneInfo) -> Row:
    """Return a preview as scripts read it."""
    return {
        "from": _iso(preview.from_at, zone),
        "to": None if preview.to_at == FOREVER else _iso(preview.to_at, zone),
        "sessions": preview.sessions,
        "appointments": preview.appointments,
        "patients": preview.patients,
        "reachable": preview.reachable,
        "offerable": preview.offerable,
    }


def preview_lines(scope: Scope, preview: StopPreview, zone: ZoneInfo) -> list[str]:
    """Return a preview for people."""
    start, end = span(preview.from_at, preview.to_at, zone)
    counts = {name: getattr(preview, name) for name in ("sessions", "appointments", "patients", "offerable")}
    rest = preview.patients - preview.reachable
    reached = (texts.REACHED_SOME if rest else texts.REACHED).format(reachable=preview.reachable, rest=rest)
    wanted = texts.PREVIEW if preview.sessions else (*texts.PREVIEW[:-1], texts.NOT_PUBLISHED)
    return [line.format(scope=scope_words(scope), start=start, end=end, reached=reached, **counts) for line in wanted]


def stopped_lines(stoppage: Stoppage, figures: StoppageFigures, zone: ZoneInfo) -> list[str]:
    """Say what was stopped, and how those displaced stand."""
    start, end = span(stoppage.from_at, stoppage.to_at, zone)
    first = texts.STOPPED.format(scope=scope_words(stoppage.scope), start=start, end=end, id=stoppage.id)
    counts = {fate: figures.displaced.get(fate, 0) for fate in ("offered", "unoffered")}
    total = sum(figures.displaced.values())
    return [first, texts.DISPLACED.format(total=total, **counts) if total else texts.NOBODY]


def lifted_line(stoppage: Stoppage, figures: StoppageFigures, session: str | None) -> str:
    """Say what is held again."""
    words = texts.LIFTED if session is None else texts.LIFTED_SESSION
    return words.format(id=stoppage.id, session=session, restored=figures.displaced.get("restored", 0))


def scope_words(scope: Scope) -> str:
    """Name what is stopped."""
    return texts.SCOPES[scope.kind].format(code=scope.code)


def span(from_at: datetime, to_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Return beginning and end in the clinic's time."""
    end = texts.UNTIL_LIFTED if to_at == FOREVER else _clock(to_at, zone)
    return _clock(from_at, zone), end


def states_line(notices: Mapping[str, int]) -> str:
    """Name how many notices are in each state."""
    words = [f"{texts.NOTICE_STATES[state]} {notices[state]}" for state in texts.NOTICE_STATES if notices.get(state)]
    return texts.LIST_COMMA.join(words)


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _iso(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")
