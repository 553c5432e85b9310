"""Staff accounts: added by the clinic, bound to a WeChat account by a code used once, removed at once (R-B7)."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from booking.actors import Actor, Role, Staff, account
from booking.audit import Entry, Facts
from booking.errors import AccountBound
from booking.ids import new_id
from booking.ports import Database, Unit
from booking.recent import Recent
from booking.staff_refusals import DoctorNeeded, InvalidStaffName, StaffNameTaken, UnknownDoctor, UnknownStaff

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits that are not taken for one another; 32 of them, so 5 bits each."""
CODE_LETTERS = 12
"""60 bits: at the two messages a second that an account may send, nobody guesses one."""
_GROUP = 4
VALID_FOR = timedelta(hours=24)
LONGEST_NAME = 20
LOOK_AGAIN_AFTER = 1.0
"""Seconds after which it is read again which accounts are bound; others need not be looked up one by one."""


class StaffAccounts:
    """Who works here, and through which account. Every call is one transaction."""

    def __init__(self, database: Database, *, look_again_after: float = LOOK_AGAIN_AFTER) -> None:
        self._database = database
        self._look_again_after = look_again_after
        self._bound = Recent(self._read_bound)

    async def add(
        self,
        name: str,
        role: Role,
        doctor: str | None = None,
        *,
        by: Actor,
        now: datetime,
        request: str | None = None,
    ) -> tuple[Staff, str]:
        """Add somebody and return them with their binding code, which is valid once, for 24 hours.

        The same ``request`` again finds who was added by it, and draws a new code in place of the one nobody may have
        read: codes are kept as hashes only.
        Raises ``InvalidStaffName``, ``DoctorNeeded``, ``UnknownDoctor``, ``StaffNameTaken``.
        """
        named = check_staff_name(name)
        if (role is Role.DOCTOR) != (doctor is not None):
            raise DoctorNeeded
        code = new_code()
        added = Staff(new_id(now), named, role, doctor, None, now, None, None)
        async with self._database.begin() as unit:
            if doctor is not None:
                await _check_doctor(unit, doctor)
            found = await _renewed(unit, added, code, request=request, by=by, now=now)
            if found is None:
                if await unit.staff.find(named) is not None:
                    raise StaffNameTaken
                await unit.staff.add(added, code=code, code_expires_at=now + VALID_FOR, request=request)
                await unit.audit.record(_entry("staff_added", by, now, added, after=_facts(added)))
        return found or added, shown_code(code)

    async def bind(self, code: str, openid: str, *, now: datetime) -> Staff | None:
        """Bind an account to whom the code was given; None for a wrong, used or expired code, or a bound account.

        Whether there is such a code is read first, so that a wrong one costs and shows no more than other words.
        """
        plain = read_code(code)
        if plain is None:
            return None
        async with self._database.read() as unit:
            if not await unit.staff.awaits(plain, now=now):
                return None
        try:
            async with self._database.begin() as unit:
                bound = await unit.staff.bind(plain, openid, now=now)
                if bound is not None:
                    unbound = {**_facts(bound), "openid": None}
                    await unit.audit.record(
                        _entry("staff_bound", account(openid), now, bound, before=unbound, after=_facts(bound))
                    )
        except AccountBound:
            return None
        self._bound.outdate()
        return bound

    async def remove(self, who: str, *, by: Actor, now: datetime) -> Staff:
        """Remove somebody by id or name; their account is unbound, and told nothing more that is for staff.

        Raises ``UnknownStaff``.
        """
        async with self._database.begin() as unit:
            found = await unit.staff.get(who) or await unit.staff.find(who.strip())
            removed = await unit.staff.remove(found.id, now=now) if found is not None else None
            if found is None or removed is None:
                raise UnknownStaff
            if found.openid is not None:
                await unit.notices.withhold_from_staff(found.openid, now=now)
            await unit.audit.record(_entry("staff_removed", by, now, removed, before=_facts(found)))
        return removed

    async def may_be(self, openid: str) -> bool:
        """Tell whether somebody may be bound to an account; who was by another process in the last second is missed.

        Nearly everybody who writes is a patient, so this spares a query for each of their messages.
        """
        return openid in await self._bound.get(self._look_again_after)

    async def _read_bound(self) -> set[str]:
        return {one.openid for one in await self.all() if one.openid is not None}

    async def of(self, openid: str) -> Staff | None:
        """Return who is bound to an account."""
        async with self._database.read() as unit:
            return await unit.staff.of(openid)

    async def all(self) -> list[Staff]:
        """Return all who work here, in the order they were added."""
        async with self._database.read() as unit:
            return await unit.staff.all()

    async def name_of(self, staff_id: str) -> str | None:
        """Return the name of who works or worked here."""
        async with self._database.read() as unit:
            found = await unit.staff.get(staff_id)
        return None if found is None else found.name

    async def bound(self, roles: Collection[Role]) -> list[Staff]:
        """Return those of some roles who can be reached through an account."""
        async with self._database.read() as unit:
            return [one for one in await unit.staff.all() if one.openid is not None and one.role in roles]


def check_staff_name(name: str) -> str:
    """Return a name as it is kept; raises ``InvalidStaffName``."""
    named = " ".join(name.split())
    if not 0 < len(named) <= LONGEST_NAME or not named.isprintable():
        raise InvalidStaffName(LONGEST_NAME)
    return named


def new_code() -> str:
    """Draw a binding code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))


def shown_code(code: str) -> str:
    """Return a code as it is read and typed: ``K7PM-4QXR-9TBE``."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def read_code(text: str) -> str | None:
    """Return the code that a text is, however it is grouped; None when it can be none."""
    plain = "".join(letter for letter in text.upper() if letter.isalnum())
    return plain if len(plain) == CODE_LETTERS and set(plain) <= set(ALPHABET) else None


async def _renewed(
    unit: Unit, like: Staff, code: str, *, request: str | None, by: Actor, now: datetime
) -> Staff | None:
    if request is None:
        return None
    found = await unit.staff.renew(like, code=code, code_expires_at=now + VALID_FOR, request=request)
    if found is not None:
        await unit.audit.record(_entry("staff_code_renewed", by, now, found, before=_facts(found), after=_facts(found)))
    return found


async def _check_doctor(unit: Unit, doctor: str) -> None:
    known = (await unit.catalogue.load()).doctors.get(doctor)
    if known is None or not known.active:
        raise UnknownDoctor(doctor)


def _facts(staff: Staff) -> Facts:
    return {"role": staff.role.value, "doctor": staff.doctor, "openid": staff.openid}


def _entry(
    action: str, by: Actor, now: datetime, staff: Staff, *, before: Facts | None = None, after: Facts | None = None
) -> Entry:
    return Entry(now, by, action, "staff", staff.id, before, after, personal={"name": staff.name})
