"""What is offered is read once a second for everybody, and right at once about this process's own doings (R-A9)."""

import asyncio
from datetime import datetime, timedelta

import pytest

from booking.absence import Why
from booking.appointments import Appointments, Wish
from booking.availability import Availability, Search
from booking.current import CurrentCatalogue
from booking.errors import Unavailable
from storage.catalogue_rows import SqlCatalogueRows
from storage.database import SqlDatabase
from storage.session_rows import SqlSessionRows
from tests.support.clinic import add_patient, add_session, open_clinic

SLOT = "wang-20261124-0900-0900"


@pytest.fixture
async def availability(database: SqlDatabase, appointments: Appointments, now: datetime) -> Availability:
    """Hears of what the booking service does."""
    await open_clinic(database)
    await add_session(database, now + timedelta(days=1))
    available = Availability(database, CurrentCatalogue(database))
    appointments._watch = appointments._holds._watch = available.seats_moved
    return available


async def free(availability: Availability, now: datetime) -> int:
    """Free seats of the slot as the chat would say."""
    found = await availability.find(Search(doctors=("wang",)), now=now)
    return next((count.free for count in found.counts if count.slot.id == SLOT), 0)


async def test_seats_that_move_before_anybody_asked_are_counted_once(
    availability: Availability, appointments: Appointments, database: SqlDatabase, now: datetime
) -> None:
    patient = await add_patient(database, "张三", openid="o1", now=now)
    await appointments.hold(Wish(SLOT, patient.id, "o1", "wechat", "m1"), now=now)
    assert await free(availability, now) == 1


async def test_own_holds_bookings_and_releases_are_seen_at_once(
    availability: Availability, appointments: Appointments, database: SqlDatabase, now: datetime
) -> None:
    patients = [await add_patient(database, name, openid="o1", now=now) for name in ("张三", "李四")]
    assert await free(availability, now) == 2
    first = await appointments.hold(Wish(SLOT, patients[0].id, "o1", "wechat", "m1"), now=now)
    assert await free(availability, now) == 1
    await appointments.confirm(first.id, openid="o1", now=now)
    second = await appointments.hold(Wish(SLOT, patients[1].id, "o1", "wechat", "m2"), now=now)
    assert await free(availability, now) == 0
    await appointments.release(second.id, openid="o1", now=now)
    assert await free(availability, now) == 1
    later = Wish("wang-20261124-0900-0930", patients[1].id, "o1", "wechat", "m4")
    await appointments.hold(Wish(SLOT, patients[1].id, "o1", "wechat", "m3"), now=now)
    await appointments.hold(later, now=now)
    assert await free(availability, now) == 1
    assert await free(availability, now + timedelta(seconds=2)) == 1


async def test_what_others_do_is_seen_after_a_second(
    availability: Availability, database: SqlDatabase, now: datetime
) -> None:
    assert len((await availability.find(Search(), now=now)).counts) == 2
    await add_session(database, now + timedelta(days=2))
    assert len((await availability.find(Search(), now=now + timedelta(milliseconds=999))).counts) == 2
    assert len((await availability.find(Search(), now=now + timedelta(seconds=1))).counts) == 4


async def test_many_who_ask_at_once_cost_one_reading(
    availability: Availability, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = []
    really_read = SqlSessionRows.slots

    async def read(self: SqlSessionRows, wanted: object) -> object:
        readings.append(wanted)
        return await really_read(self, wanted)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(SqlSessionRows, "slots", read)
    found = await asyncio.gather(*(availability.find(Search(), now=now) for _ in range(20)))
    assert len(readings) == 1
    assert len({id(each) for each in found}) == 1


async def test_a_reading_that_failed_is_tried_again(
    availability: Availability, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: SqlSessionRows, wanted: object) -> object:
        raise Unavailable("database")

    with monkeypatch.context() as patch:
        patch.setattr(SqlSessionRows, "slots", fail)
        with pytest.raises(Unavailable):
            await availability.find(Search(), now=now)
    assert len((await availability.find(Search(), now=now)).counts) == 2


async def test_why_a_day_has_nothing_is_found_out_once_for_all(
    availability: Availability, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = []
    really_read = SqlCatalogueRows.rosters

    async def read(self: SqlCatalogueRows) -> object:
        readings.append(1)
        return await really_read(self)

    monkeypatch.setattr(SqlCatalogueRows, "rosters", read)
    day, wanted = (now + timedelta(days=5)).date(), Search(doctors=("wang",))
    found = await asyncio.gather(*(availability.why_none(wanted, day, now=now) for _ in range(5)))
    assert {one.why for one in [*found, await availability.why_none(wanted, day, now=now)]} == {Why.NONE}
    assert len(readings) == 1
    await availability.why_none(wanted, day, now=now + timedelta(seconds=1))
    assert len(readings) == 2
