"""The rows of ``zhenyue notices``: each notice's state; with telephone numbers for whom no channel reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.notices import Notice

Row = dict[str, str | int | None]


def notice_rows(notices: Sequence[Notice], zone: ZoneInfo) -> list[Row]:
    """Return one row a notice; moments are the clinic's, with their offset."""
    return [_row(each, zone) for each in notices]


def call_rows(
    notices: Sequence[Notice], mobiles: Mapping[str, str], callers: Mapping[str, str], zone: ZoneInfo
) -> list[Row]:
    """Return one row a notice to be told by telephone: the number, what calls led to, and who called."""
    return [
        {
            **_row(each, zone),
            "mobile": mobiles.get(each.id) or None,
            "outcome": each.outcome,
            "called_by": callers.get(each.called_by or "", each.called_by),
            "called_at": _moment(each.called_at, zone),
        }
        for each in notices
    ]


def _row(each: Notice, zone: ZoneInfo) -> Row:
    visit = each.payload.get("visit") or {}
    return {
        "notice": each.id,
        "kind": str(each.kind),
        "state": str(each.state),
        "channel": each.channel,
        "patient": visit.get("patient"),
        "number": visit.get("number"),
        "department": visit.get("department"),
        "doctor": visit.get("doctor"),
        "visit_at": _moment(each.visit_at, zone),
        "stoppage": each.stoppage,
        "openid": each.openid,
        "answer": each.answer,
        "reason": each.reason,
        "created_at": _moment(each.created_at, zone),
        "sent_at": _moment(each.sent_at, zone),
    }


def _moment(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None
