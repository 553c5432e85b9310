"""A database of the release before, with rows in it, brought to the current schema."""

from datetime import datetime, timedelta

from alembic import command
from sqlalchemy import Connection, update

from booking.appointments import Appointments, Wish
from booking.models import Policy
from booking.patient_search import Clue
from booking.ports import SlotFilter
from booking.stoppage_models import Scope
from storage.database import SqlDatabase
from storage.migrate import _config, migrate, newest_revision, revision
from storage.pool import RedisPool
from storage.tables import clinic
from tests.support.clinic import add_session, open_clinic
from tests.support.stopping import Ward, order

TUESDAY = "wang-20261124-0900"
BEFORE = "0002"
POLICY_OF_BEFORE = (
    "advance_days",
    "stop_before",
    "change_notice",
    "cancel_notice",
    "release_at",
    "per_patient_per_day",
)
DAY = timedelta(days=1)


async def as_before(database: SqlDatabase) -> None:
    """Bring the schema back to the release before; its rows stay."""

    def back(connection: Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, BEFORE)

    async with database.begin() as unit:
        kept = (await unit.connection.execute(clinic.select())).mappings().one()["policy"]
        policy = {name: value for name, value in kept.items() if name in POLICY_OF_BEFORE}
        await unit.connection.execute(update(clinic).values(policy=policy))
        await unit.connection.run_sync(back)


async def test_what_was_booked_before_is_there_after_the_upgrade(
    database: SqlDatabase, pool: RedisPool, appointments: Appointments, now: datetime
) -> None:
    """Booked, held, cancelled: all is as it was; its patients are found, stopped, offered another time and told."""
    await open_clinic(database)
    await add_session(database, now + DAY)
    await add_session(database, now + 2 * DAY)
    ward = Ward.open(database, pool, appointments)
    booked = await ward.book(f"{TUESDAY}-0900", "张三", now=now)
    cancelled = await ward.book(f"{TUESDAY}-0930", "李四", now=now)
    await appointments.cancel(cancelled.id, openid="o-李四", now=now)
    await appointments.hold(Wish(f"{TUESDAY}-0930", "p-李四", "o-李四", "wechat", "m1"), now=now)
    async with database.read() as unit:
        slots = await unit.sessions.slots(SlotFilter(session=TUESDAY))
    await as_before(database)
    assert await revision(database) == BEFORE

    assert await migrate(database) == (BEFORE, newest_revision())

    assert (await ward.claim(booked.id)) == booked
    async with database.read() as unit:
        assert await unit.sessions.slots(SlotFilter(session=TUESDAY)) == slots
        assert (await unit.catalogue.load()).clinic.policy.offer_for == Policy().offer_for
        for clue in (Clue("name", "张三"), Clue("mobile", "13800138000")):
            assert "p-张三" in {found.id for found in await unit.patients.with_clue(clue, limit=5)}
    await ward.stop(order(Scope("session", TUESDAY)), now=now)
    [told] = await ward.notices("stopped")
    answer = await ward.offers.answer(told.id, 1, openid="o-张三", now=now)
    assert answer.old.number == booked.number
    async with database.read() as unit:
        assert await unit.chain.is_waiting()
