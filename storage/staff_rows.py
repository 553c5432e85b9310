"""Staff accounts in SQL; a binding code is kept as its keyed hash only."""

from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, Select, and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from booking.actors import Role, Staff
from booking.errors import AccountBound
from booking.staff_refusals import StaffNameTaken
from storage.connection import SqlConnection
from storage.sealing import Sealer
from storage.staff_tables import staff

_HERE = staff.c.removed_at.is_(None)


class SqlStaffRows:
    """``StaffRows`` on one connection."""

    def __init__(self, connection: SqlConnection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def add(self, added: Staff, *, code: str, code_expires_at: datetime, request: str | None) -> None:
        """Write a new member of staff with the keyed hash of their binding code; raises ``StaffNameTaken``."""
        row = {name: getattr(added, name) for name in Staff.__slots__}
        row |= {"role": str(added.role), "request_id": request, **self._code(code, code_expires_at)}
        try:
            await self._connection.execute(insert(staff).values(row))
        except IntegrityError as error:
            raise StaffNameTaken from error

    async def renew(self, like: Staff, *, code: str, code_expires_at: datetime, request: str) -> Staff | None:
        """Give another code to whom this request added just so, and who is not bound yet; None when it added none."""
        same = and_(
            staff.c.request_id == request,
            staff.c.name == like.name,
            staff.c.role == str(like.role),
            staff.c.doctor.is_not_distinct_from(like.doctor),
        )
        renewed = update(staff).where(same, staff.c.openid.is_(None), _HERE).values(self._code(code, code_expires_at))
        row = (await self._connection.execute(renewed.returning(*staff.c))).mappings().first()
        return None if row is None else _staff(row)

    async def get(self, staff_id: str) -> Staff | None:
        """Return one by id, removed or not."""
        return await self._one(select(staff).where(staff.c.id == staff_id))

    async def find(self, name: str) -> Staff | None:
        """Return who works here under a name."""
        return await self._one(select(staff).where(staff.c.name == name, _HERE))

    async def of(self, openid: str) -> Staff | None:
        """Return who is bound to an account."""
        return await self._one(select(staff).where(staff.c.openid == openid, _HERE))

    async def all(self) -> list[Staff]:
        """Return all who work here, in the order they were added."""
        rows = await self._connection.execute(select(staff).where(_HERE).order_by(staff.c.id))
        return [_staff(row) for row in rows.mappings()]

    async def awaits(self, code: str, *, now: datetime) -> bool:
        """Tell whether somebody may still be bound by a code."""
        return (await self._connection.execute(select(staff.c.id).where(self._valid(code, now)))).first() is not None

    async def bind(self, code: str, openid: str, *, now: datetime) -> Staff | None:
        """Bind an account by a code that is valid, and use it up; None when there is none such."""
        used_up = {"code_hash": None, "code_expires_at": None}
        bound = update(staff).where(self._valid(code, now)).values(openid=openid, bound_at=now, **used_up)
        try:
            row = (await self._connection.execute(bound.returning(*staff.c))).mappings().first()
        except IntegrityError as error:
            raise AccountBound from error
        return None if row is None else _staff(row)

    async def remove(self, staff_id: str, *, now: datetime) -> Staff | None:
        """Take somebody from the staff, and the account from them; None when that was done before."""
        gone = {"openid": None, "code_hash": None, "code_expires_at": None, "removed_at": now}
        removed = update(staff).where(staff.c.id == staff_id, _HERE).values(gone)
        row = (await self._connection.execute(removed.returning(*staff.c))).mappings().first()
        return None if row is None else _staff(row)

    def _code(self, code: str, expires_at: datetime) -> dict[str, object]:
        return {"code_hash": self._sealer.fingerprint(_of(code)), "code_expires_at": expires_at}

    def _valid(self, code: str, now: datetime) -> ColumnElement[bool]:
        hashes = self._sealer.fingerprints(_of(code))
        return and_(staff.c.code_hash.in_(hashes), staff.c.code_expires_at > now, _HERE)

    async def _one(self, query: Select[tuple[object, ...]]) -> Staff | None:
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else _staff(row)


def _of(code: str) -> str:
    """Keep what is hashed here apart from all else that is."""
    return f"staff code:{code}"


def _staff(row: RowMapping) -> Staff:
    return Staff(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        doctor=row["doctor"],
        openid=row["openid"],
        created_at=row["created_at"],
        bound_at=row["bound_at"],
        removed_at=row["removed_at"],
    )
