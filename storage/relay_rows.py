"""The outbox as its relay works it: due notices are locked and taken in batches, results written in bulk."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    DateTime,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from booking.models import ClaimState
from booking.notices import CallOutcome, Notice, NoticeKind, NoticeState
from booking.relay_ports import Backlog, Outcome
from booking.relaying import Due
from booking.stoppage_models import DisplacementState
from storage.columns import Instant
from storage.connection import SqlConnection
from storage.notice_tables import notice, notice_consent, notice_outcome
from storage.patient_sealing import open_link, person_place
from storage.patient_tables import account, account_patient, patient
from storage.sealing import Sealer
from storage.stoppage_tables import displacement
from storage.tables import claim

# Written out, not bound: a partial index serves only a query that says the same words.
_PENDING = notice.c.state == literal_column("'pending'")
_SENDING = notice.c.state == literal_column("'sending'")
_NOW = bindparam("now", type_=notice.c.due_at.type)
_LIMIT = bindparam("most", type_=Integer())
_RECORDED = (
    "state",
    "channel",
    "attempts",
    "due_at",
    "leased_until",
    "first_tried_at",
    "msgid",
    "reason",
    "shown",
    "sent_at",
    "updated_at",
)
_RECORD = attrgetter(*_RECORDED, "id")
_NEW = (*(f"new_{name}" for name in _RECORDED), "the_id")
"""What of a notice is written, in the order of ``_RECORD``. Its states and channels are text as they are."""
_ORDER = list(Notice.__slots__)
_WIDTH = len(_ORDER)
_CHOSEN = claim.alias("chosen")
_KIND, _STATE, _OUTCOME = (_ORDER.index(name) for name in ("kind", "state", "outcome"))


def _standing() -> Select[tuple[object, ...]]:
    """Read notices with how things stand that they are about."""
    about = (
        account.c.following.label("about_following"),
        claim.c.state.label("about_claim"),
        claim.c.starts_at.label("about_start"),
        displacement.c.state.label("about_displacement"),
        _CHOSEN.c.state.label("about_chosen"),
    )
    return (
        select(*(notice.c[name] for name in Notice.__slots__), *about)
        .outerjoin(account, account.c.openid == notice.c.openid)
        .outerjoin(claim, claim.c.id == notice.c.claim)
        .outerjoin(displacement, displacement.c.id == notice.c.displacement)
        .outerjoin(_CHOSEN, _CHOSEN.c.id == displacement.c.chosen)
    )


def _locked(query: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    return query.limit(_LIMIT).with_for_update(of=notice, skip_locked=True)


_ORPHANED = _locked(_standing().where(_SENDING, notice.c.leased_until <= _NOW).order_by(notice.c.leased_until))
_DUE = _locked(_standing().where(_PENDING, notice.c.due_at <= _NOW).order_by(notice.c.due_at))
_ANY_DUE = select(notice.c.id).where(_PENDING, notice.c.due_at <= _NOW).limit(1)
_ANY_ORPHANED = select(notice.c.id).where(_SENDING, notice.c.leased_until <= _NOW).limit(1)
_FENCED = or_(
    bindparam("lease", type_=_NOW.type).is_(None),
    and_(_SENDING, notice.c.leased_until == bindparam("lease", type_=_NOW.type)),
)
_WRITE_EACH = (
    update(notice)
    .where(notice.c.id == bindparam("the_id"), _FENCED)
    .values({name: bindparam(f"new_{name}", type_=notice.c[name].type) for name in _RECORDED})
)


def _write_all() -> Update:
    """Write any number of rows in one statement, as PostgreSQL can: a column of theirs is an array."""
    types = {"the_id": notice.c.id.type, "lease": _NOW.type} | {f"new_{n}": notice.c[n].type for n in _RECORDED}
    plain = {name: DateTime(timezone=True) if isinstance(kind, Instant) else kind for name, kind in types.items()}
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in plain.items()]
    rows = func.unnest(*arrays).table_valued(*(column(n, kind) for n, kind in plain.items()), name="v").render_derived()
    fenced = or_(rows.c.lease.is_(None), and_(_SENDING, notice.c.leased_until == rows.c.lease))
    changed = {name: rows.c[f"new_{name}"] for name in _RECORDED}
    return update(notice).where(notice.c.id == rows.c.the_id, fenced).values(changed)


_WRITE_ALL = _write_all()
_SETTLE = (
    update(notice)
    .where(notice.c.id == bindparam("the_id"), notice.c.state == NoticeState.SENT)
    .values({name: bindparam(f"new_{name}", type_=notice.c[name].type) for name in _RECORDED})
)
_SPEND = (
    update(notice_consent)
    .where(notice_consent.c.openid == bindparam("of"), notice_consent.c.template == bindparam("to"))
    .values(count=bindparam("left"))
)
_KEPT_OUTCOMES = (
    _standing()
    .add_columns(notice_outcome.c.msgid.label("outcome_msgid"), notice_outcome.c.status)
    .join(notice_outcome, notice_outcome.c.msgid == notice.c.msgid)
    .where(notice.c.msgid.is_not(None))
    .limit(_LIMIT)
    .with_for_update(of=notice_outcome, skip_locked=True)
)


class SqlRelayRows:
    """``RelayRows`` on one connection."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def is_due(self, *, now: datetime) -> bool:
        """Tell whether anything is to be sent."""
        for query in (_ANY_DUE, _ANY_ORPHANED):
            if (await self._connection.execute(query, {"now": now})).first() is not None:
                return True
        return False

    async def due(self, *, limit: int, now: datetime) -> list[Due]:
        """Lock notices to be sent, oldest first, those of dead workers before; what others have locked is left out."""
        found = await self._standing(_ORPHANED, {"now": now, "most": limit})
        if len(found) < limit:
            found += await self._standing(_DUE, {"now": now, "most": limit - len(found)})
        return found

    async def take(self, notices: Sequence[Notice]) -> None:
        """Write what is about to be sent, or was decided; their rows are locked."""
        await self._write(notices, [None] * len(notices))

    async def record(self, before: Sequence[Notice], after: Sequence[Notice]) -> None:
        """Write results, in one statement; a notice that is not on its way any more is left as it is."""
        changed = [(new, old.leased_until) for old, new in zip(before, after, strict=True) if new != old]
        await self._write([new for new, _ in changed], [lease for _, lease in changed])

    async def _write(self, notices: Sequence[Notice], leases: Sequence[datetime | None]) -> None:
        if not notices:
            return
        if self._connection.dialect.name == "sqlite":
            rows = [_changes(each) | {"lease": lease} for each, lease in zip(notices, leases, strict=True)]
            await self._connection.execute(_WRITE_EACH, rows)
            return
        values = zip(*map(_RECORD, notices), strict=True)
        columns = dict(zip(_NEW, map(list, values), strict=True))
        await self._connection.execute(_WRITE_ALL, columns | {"lease": list(leases)})

    async def grant(self, openid: str, template: str, *, given: bool, event: str, now: datetime) -> None:
        """Count a consent to a subscription notice, or take all of them back; the same event counts once."""
        row = {"openid": openid, "template": template, "count": int(given), "event": event, "updated_at": now}
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        new = dialect_insert(notice_consent).values(row)
        await self._connection.execute(
            new.on_conflict_do_update(
                index_elements=[notice_consent.c.openid, notice_consent.c.template],
                set_={"count": notice_consent.c.count + 1 if given else 0, "event": event, "updated_at": now},
                where=notice_consent.c.event != event,
            )
        )

    async def spend(self, wanted: Sequence[tuple[str, str]]) -> set[int]:
        """Use up one consent for each (openid, template) that has one; return the places of those in the list."""
        if not wanted:
            return set()
        both = tuple_(notice_consent.c.openid, notice_consent.c.template)
        query = select(notice_consent).where(both.in_(sorted(set(wanted))), notice_consent.c.count > 0)
        query = query.order_by(notice_consent.c.openid, notice_consent.c.template).with_for_update()
        found = (await self._connection.execute(query)).mappings()
        left: dict[tuple[str, str], int] = {(row["openid"], row["template"]): row["count"] for row in found}
        spent: set[int] = set()
        for place, pair in enumerate(wanted):
            if left.get(pair, 0) > 0:
                left[pair] -= 1
                spent.add(place)
        if left:
            rows = [{"of": openid, "to": template, "left": count} for (openid, template), count in left.items()]
            await self._connection.execute(_SPEND, rows)
        return spent

    async def keep_outcome(self, msgid: int, status: str, *, now: datetime) -> None:
        """Keep how a template ended, for whoever settles it; perhaps its msgid is not recorded yet."""
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        row = {"msgid": msgid, "status": status[:64], "at": now}
        await self._connection.execute(dialect_insert(notice_outcome).values(row).on_conflict_do_nothing())

    async def outcomes(self, *, limit: int) -> list[Outcome]:
        """Lock kept outcomes whose notice has their msgid, with it."""
        rows: Sequence[Any] = (await self._connection.execute(_KEPT_OUTCOMES, {"most": limit})).all()
        return [Outcome(row[-2], row[-1], _due(row)) for row in rows]

    async def settle(self, outcomes: Sequence[Outcome], after: Sequence[Notice]) -> None:
        """Write what outcomes made of their notices, and forget them."""
        if not outcomes:
            return
        await self._connection.execute(_SETTLE, [_changes(each) for each in after])
        settled = [outcome.msgid for outcome in outcomes]
        await self._connection.execute(delete(notice_outcome).where(notice_outcome.c.msgid.in_(settled)))

    async def forget_outcomes(self, *, before: datetime) -> None:
        """Drop outcomes that belong to no notice of ours."""
        await self._connection.execute(delete(notice_outcome).where(notice_outcome.c.at < before))

    async def backlog(self, *, now: datetime) -> Backlog:
        """Return how much waits to be sent, and since when the first of it is due."""
        pending = select(func.count().label("waiting"), func.min(notice.c.due_at).label("oldest")).where(
            _PENDING, notice.c.due_at <= now
        )
        sending = select(func.count()).where(_SENDING)
        row = (await self._connection.execute(pending)).mappings().one()
        return Backlog(row["waiting"], (await self._connection.execute(sending)).scalar_one(), row["oldest"])

    async def mobiles(self, wanted: Sequence[Notice]) -> dict[str, str]:
        """Return telephone numbers by the notice's id: given by its account, else at the desk."""
        patients = sorted({each.patient for each in wanted if each.patient is not None})
        if not patients:
            return {}
        links = select(account_patient).where(
            account_patient.c.patient_id.in_(patients), account_patient.c.removed_at.is_(None)
        )
        found: dict[tuple[str | None, str], str] = {}
        for row in await self._connection.execute(links):
            found[row.openid, row.patient_id] = open_link(self._sealer, row.openid, row.patient_id, row.mobile)
        desk = select(patient.c.id, patient.c.mobile).where(patient.c.id.in_(patients), patient.c.mobile.is_not(None))
        for row in await self._connection.execute(desk):
            found[None, row.id] = self._sealer.open(row.mobile, bound_to=person_place(row.id, "mobile")).decode()
        numbers = {
            each.id: found.get((each.openid, each.patient or "")) or found.get((None, each.patient or ""), "")
            for each in wanted
        }
        return {notice_id: number for notice_id, number in numbers.items() if number}

    async def _standing(self, query: Select[tuple[object, ...]], values: dict[str, object]) -> list[Due]:
        return [_due(row) for row in (await self._connection.execute(query, values)).all()]


def _due(row: Sequence[Any]) -> Due:
    """Return what is due; the row has the columns of a notice in their order, then how things stand."""
    fields = list(row[:_WIDTH])
    fields[_KIND], fields[_STATE] = NoticeKind(fields[_KIND]), NoticeState(fields[_STATE])
    if fields[_OUTCOME] is not None:
        fields[_OUTCOME] = CallOutcome(fields[_OUTCOME])
    following, state, starts_at, displaced, chosen = row[_WIDTH : _WIDTH + 5]
    return Due(
        Notice(*fields),
        following,
        None if state is None else ClaimState(state),
        starts_at,
        None if displaced is None else DisplacementState(displaced),
        None if chosen is None else ClaimState(chosen),
    )


def _changes(each: Notice) -> dict[str, object]:
    return dict(zip(_NEW, _RECORD(each), strict=True))
