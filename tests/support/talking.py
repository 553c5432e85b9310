"""The small clinic with a dialogue in front of it, on a real database and a real Valkey."""

from datetime import datetime, time, timedelta
from pathlib import Path

from booking.answers import Answers
from booking.appointments import Appointments, Wish
from booking.availability import Availability
from booking.calls import Calls
from booking.current import CurrentCatalogue
from booking.desk import Desk
from booking.models import ClaimState, Roster
from booking.offering import Offers
from booking.patients import Patients
from booking.ports import ClaimFilter, SlotFilter
from booking.reminders import Reminders
from booking.sayings import Sayings
from booking.staffing import StaffAccounts
from booking.stoppages import Stoppages
from bot.holidays import public_holidays
from bot.language_tables import language_tables
from handlers.dialogue import Dialogue
from handlers.frame import Services
from handlers.texts.patients import CONSENT_VERSION
from handlers.understanding.current import CurrentUnderstanding
from storage.database import SqlDatabase
from tests.support.clinic import CLINIC, DEPARTMENTS, DOCTORS, add_patient, add_session, open_clinic
from tests.support.talk import Talk

ID_NUMBER = "110101199003074477"
"""A valid number: a man, born on 7 March 1990."""
OTHER_ID_NUMBER = "110101198506154466"
"""Another one: a woman, born on 15 June 1985."""
MENU = ("预约挂号", "我的预约", "就诊人", "帮助")
WAYS = ("按科室", "按医生", "按时间", "为其他人预约")
ROSTERS = [
    Roster("wang", (0, 1, 2, 3, 4), time(8, 30), time(11, 30), 30, 2),
    Roster("li", (0, 1, 2, 3, 4), time(13, 30), time(17, 0), 30, 2),
    Roster("zhao", (5,), time(8, 30), time(11, 30), 30, 2),
]


def dialogue_of(database: SqlDatabase, appointments: Appointments, *, staff_again_after: float = 0) -> Dialogue:
    """A dialogue with its services, as the composition root makes it."""
    current = CurrentCatalogue(database)
    # Tests change the database behind the services' back, so nothing may be remembered here.
    availability = Availability(database, current, kept=timedelta(0))
    pool, seats = appointments._pool, appointments._seats  # the same as the service under test
    return Dialogue(
        Services(
            appointments,
            Patients(database),
            current,
            availability,
            StaffAccounts(database, look_again_after=staff_again_after),
            Answers(database, look_again_after=0),
            Reminders(database, current),
            Offers(database=database, pool=pool, seats=seats, current=current),
            Stoppages(database=database, seats=seats, current=current),
            Desk(database),
            Calls(database),
            CurrentUnderstanding(language_tables(), public_holidays(Path("/nonexistent"))),
            Sayings(database),
        )
    )


async def open_for_talk(database: SqlDatabase, now: datetime, **policy: object) -> None:
    """Two dentists and an eye doctor with sessions tomorrow, one dentist on the day after, too."""
    await open_clinic(database, **policy)
    async with database.begin() as unit:
        await unit.catalogue.replace((await unit.catalogue.load()).clinic, DEPARTMENTS, DOCTORS, ROSTERS, [])
    tomorrow = now + timedelta(days=1)
    await add_session(database, tomorrow)
    await add_session(database, tomorrow + timedelta(days=1), capacities=(2, 2, 2))
    await add_session(database, tomorrow + timedelta(hours=1), doctor="li")
    await add_session(database, tomorrow + timedelta(hours=5), doctor="zhao", capacities=(1,))


async def known(database: SqlDatabase, talk: Talk, *names: str) -> None:
    """Make the account one that has agreed and registered these patients before."""
    async with database.begin() as unit:
        await unit.patients.follow(talk.openid, following=True, now=talk.now)
        await unit.patients.record_consent(talk.openid, CONSENT_VERSION, now=talk.now)
    for name in names:
        await add_patient(database, name, openid=talk.openid, now=talk.now)


async def sell(appointments: Appointments, database: SqlDatabase, slot: str, seats: int, now: datetime) -> None:
    """Book seats of a slot for strangers."""
    for n in range(seats):
        stranger = await add_patient(database, f"{slot} {n}", openid="o-stranger", now=now)
        claim = await appointments.hold(Wish(slot, stranger.id, "o-stranger", "wechat", f"{slot}-{n}"), now=now)
        await appointments.confirm(claim.id, openid="o-stranger", now=now)


async def states(database: SqlDatabase, openid: str = "o-zhang") -> list[ClaimState]:
    """The states of the account's claims, by start."""
    async with database.read() as unit:
        return [claim.state for claim in await unit.claims.find(ClaimFilter(openid=openid))]


async def free(database: SqlDatabase, slot: str) -> int:
    """How many seats of a slot nobody has."""
    async with database.read() as unit:
        (count,) = await unit.sessions.slots(SlotFilter(slot=slot))
    return count.free


async def states_of(database: SqlDatabase, openid: str = "o-zhang") -> list[ClaimState]:
    """The states of an account's claims in the order of their making."""
    async with database.read() as unit:
        claims = await unit.claims.find(ClaimFilter(openid=openid))
    return [claim.state for claim in sorted(claims, key=lambda claim: claim.id)]


async def held_of(database: SqlDatabase, openid: str = "o-zhang") -> list[str]:
    """The claims that an account holds."""
    async with database.read() as unit:
        return [claim.id for claim in await unit.claims.find(ClaimFilter(openid=openid, states=(ClaimState.HELD,)))]


__all__ = [
    "CLINIC",
    "ID_NUMBER",
    "MENU",
    "OTHER_ID_NUMBER",
    "WAYS",
    "add_session",
    "dialogue_of",
    "free",
    "known",
    "open_for_talk",
    "sell",
    "states",
]
