"""Members of staff for tests, bound to accounts, and their conversations."""

from datetime import datetime

from booking.actors import Actor, Role, Staff
from booking.appointments import Appointments, Wish
from booking.staffing import StaffAccounts
from handlers.dialogue import Dialogue
from storage.database import SqlDatabase
from tests.support.clinic import add_patient
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, open_for_talk

OPERATOR = Actor("cli", "root", "cli")


async def bind(
    database: SqlDatabase, talk: Talk, role: Role, *, name: str = "林前台", doctor: str | None = None
) -> Staff:
    """Bind the account of a talk to a new member of staff."""
    accounts = StaffAccounts(database)
    _, code = await accounts.add(name, role, doctor, by=OPERATOR, now=talk.now)
    bound = await accounts.bind(code, talk.openid, now=talk.now)
    assert bound is not None
    return bound


async def manager_talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """Return the talk of a manager in the clinic that is open for talk."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now, openid="o-manager")
    await bind(database, talk, Role.MANAGER, name="陈经理")
    return talk


async def staff_talk(
    database: SqlDatabase,
    dialogue: Dialogue,
    like: Talk,
    role: Role,
    *,
    name: str = "林前台",
    doctor: str | None = None,
) -> Talk:
    """Return the talk of a new member of staff, at the time of another one."""
    talk = Talk(dialogue, like.now, openid=f"o-{name}")
    await bind(database, talk, role, name=name, doctor=doctor)
    return talk


async def booked(
    database: SqlDatabase,
    appointments: Appointments,
    talk: Talk,
    slot: str,
    *,
    name: str = "李四",
    openid: str = "o-li",
) -> str:
    """Book a slot for a patient through their own account; return the appointment's id."""
    patient = await add_patient(database, name, openid=openid, now=talk.now)
    claim = await appointments.hold(Wish(slot, patient.id, openid, "wechat", f"{slot}{name}"), now=talk.now)
    await appointments.confirm(claim.id, openid=openid, now=talk.now)
    return claim.id
