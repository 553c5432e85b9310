"""Loading a catalogue on real databases: whole or not at all, and never past people who are expected."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from booking.appointments import Appointments, Wish
from booking.catalogue import CatalogueValues
from booking.catalogue_loading import CatalogueLoading
from booking.errors import NoCatalogue, Unavailable
from booking.models import CalendarDay, Claim, Policy, SessionState, Template
from booking.publishing import Publishing
from booking.refusals import SessionClosed
from booking.seats import Seats
from booking.staff_refusals import RetirementRefused, StillBooked
from bot.catalogue_words import change_lines
from storage.catalogue_rows import SqlCatalogueRows
from storage.database import SqlDatabase
from storage.session_rows import SqlSessionRows
from tests.support.catalogues import AFTERNOON, MORNING, catalogue_of
from tests.support.clinic import DEPARTMENTS, DOCTORS, add_patient

WITHOUT_WANG = catalogue_of([AFTERNOON], doctors=DOCTORS[1:])


async def publish_all(database: SqlDatabase, seats: Seats, now: datetime) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    await Publishing(database, seats).publish(now=now)


async def hold(
    database: SqlDatabase, appointments: Appointments, now: datetime, slot: str = "wang-20261124-0830-0900"
) -> Claim:
    patient = await add_patient(database, "张三", openid="o1", now=now)
    return await appointments.hold(Wish(slot, patient.id, "o1", "wechat", f"r-{slot}"), now=now)


async def version_of(database: SqlDatabase) -> int:
    async with database.read() as unit:
        return await unit.catalogue.version()


async def test_a_load_is_there_whole_and_the_same_again_changes_nothing(database: SqlDatabase, now: datetime) -> None:
    values = catalogue_of(calendar=[CalendarDay(now.date(), closed=True, reason="停电")])
    first = await CatalogueLoading(database).load(values, now=now)
    assert first.version == 1

    async with database.read() as unit:
        catalogue = await unit.catalogue.load()
        assert catalogue.clinic == values.clinic
        assert tuple(catalogue.departments.values()) == values.departments
        assert tuple(catalogue.doctors.values()) == values.doctors
        assert await unit.catalogue.rosters() == list(values.rosters)
        assert await unit.catalogue.calendar() == list(values.calendar)

    again = await CatalogueLoading(database).load(values, now=now)
    assert (again.changes, again.version) == ((), 1)
    assert await version_of(database) == 1


@pytest.mark.parametrize(
    "values",
    [
        catalogue_of(),
        catalogue_of([replace(MORNING, capacity=3, room="9"), AFTERNOON]),
        catalogue_of([AFTERNOON]),
        catalogue_of([MORNING], doctors=[DOCTORS[0], DOCTORS[2]]),
        catalogue_of([MORNING, AFTERNOON], doctors=[replace(DOCTORS[0], department="eye"), *DOCTORS[1:]]),
        catalogue_of(calendar=[CalendarDay(date(2026, 11, 24), closed=True)], policy=Policy(advance_days=3)),
    ],
    ids=["the same", "another room", "no roster", "a doctor less", "another department", "a closed day"],
)
async def test_a_preview_says_what_the_load_will_say_and_writes_nothing(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime, values: CatalogueValues
) -> None:
    await publish_all(database, seats, now)
    await hold(database, appointments, now)
    loading = CatalogueLoading(database)
    shown = await loading.preview(values, now=now)
    assert await version_of(database) == 1
    assert shown == await loading.preview(values, now=now)
    assert shown == await loading.load(values, now=now)


async def test_what_changes_is_named_field_by_field(database: SqlDatabase, now: datetime) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    dearer = replace(DOCTORS[0], fee=Decimal("60.00"), title="教授")
    values = catalogue_of([replace(MORNING, capacity=3)], doctors=[dearer, *DOCTORS[1:]], departments=[*DEPARTMENTS])

    report = await CatalogueLoading(database).load(values, now=now)

    told = [(c.action, c.section, [(f.name, f.before, f.after) for f in c.fields]) for c in report.changes]
    assert told == [
        ("changed", "doctors", [("title", "主任医师", "教授"), ("fee", Decimal("50.00"), Decimal("60.00"))]),
        ("changed", "rosters", [("capacity", 2, 3)]),
        ("retired", "rosters", []),
    ]
    assert report.version == 2


async def test_calendar_days_are_compared_by_day_and_whom_they_concern(database: SqlDatabase, now: datetime) -> None:
    day = CalendarDay(now.date(), closed=True, reason="停电")
    other = CalendarDay(now.date(), closed=True, doctor="wang")
    await CatalogueLoading(database).load(catalogue_of(calendar=[day, other]), now=now)
    renamed = replace(day, reason="停水")
    report = await CatalogueLoading(database).load(catalogue_of(calendar=[renamed]), now=now)
    told = [(c.action, [(f.before, f.after) for f in c.fields]) for c in report.changes]
    assert told == [("changed", [("停电", "停水")]), ("retired", [])]


async def test_a_new_order_is_a_change_too(database: SqlDatabase, now: datetime) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)
    report = await CatalogueLoading(database).load(catalogue_of(doctors=DOCTORS[::-1]), now=now)
    assert [(c.action, c.section) for c in report.changes] == [("reordered", "doctors")]
    async with database.read() as unit:
        assert list((await unit.catalogue.load()).doctors) == [doctor.code for doctor in DOCTORS[::-1]]


async def test_a_doctor_with_held_or_booked_seats_ahead_is_not_retired(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    await publish_all(database, seats, now)
    claim = await hold(database, appointments, now)
    await appointments.confirm(claim.id, openid="o1", now=now)
    await hold(database, appointments, now, "wang-20261126-0830-0900")

    with pytest.raises(RetirementRefused) as refused:
        await CatalogueLoading(database).load(WITHOUT_WANG, now=now)

    last = datetime(2026, 11, 26, tzinfo=now.tzinfo).date()
    assert refused.value.still_booked == (StillBooked("doctor", "wang", "王芳", 2, last),)
    assert await version_of(database) == 1
    async with database.read() as unit:
        assert (await unit.catalogue.load()).doctors["wang"].active
        assert len(await unit.catalogue.rosters()) == 2
        assert {s.state for s in await unit.sessions.sessions_from(now.date())} == {SessionState.OPEN}


async def test_a_department_with_people_booked_is_not_retired(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    await publish_all(database, seats, now)
    await hold(database, appointments, now)
    moved = [replace(doctor, department="eye") for doctor in DOCTORS]

    with pytest.raises(RetirementRefused) as refused:
        await CatalogueLoading(database).load(catalogue_of(departments=DEPARTMENTS[1:], doctors=moved), now=now)

    assert [(each.kind, each.code, each.claims) for each in refused.value.still_booked] == [("department", "dental", 1)]


async def test_a_hold_that_has_run_out_or_a_visit_that_is_over_keeps_nobody(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    await publish_all(database, seats, now)
    await hold(database, appointments, now)
    later = now + timedelta(minutes=6)
    assert (await CatalogueLoading(database).load(WITHOUT_WANG, now=later)).version == 2


async def test_a_retired_doctors_sessions_close_at_once_and_reopen_when_the_doctor_returns(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    await publish_all(database, seats, now)

    report = await CatalogueLoading(database).load(WITHOUT_WANG, now=now)
    assert len(report.closed) == 8
    with pytest.raises(SessionClosed):
        await hold(database, appointments, now)

    back = await CatalogueLoading(database).load(catalogue_of(), now=now)
    assert [c.action for c in back.changes if c.section == "doctors"] == ["restored", "reordered"][:1]
    await Publishing(database, seats).publish(now=now)
    assert (await hold(database, appointments, now)).seat == 1


async def test_a_load_names_the_published_sessions_it_no_longer_matches_and_leaves_them(
    database: SqlDatabase, seats: Seats, appointments: Appointments, now: datetime
) -> None:
    await publish_all(database, seats, now)
    await hold(database, appointments, now)

    report = await CatalogueLoading(database).load(catalogue_of([replace(MORNING, capacity=1)]), now=now)

    found = {verdict.subject.session.id: verdict.action for verdict in report.published}
    assert found["wang-20261124-0830"] == "keep"
    assert found["wang-20261125-0830"] == "revise"
    assert found["li-20261125-1400"] == "close"
    async with database.read() as unit:
        there = await unit.sessions.get("wang-20261125-0830")
    assert there is not None
    assert there[0].state == SessionState.OPEN
    assert {slot.capacity for slot in there[1]} == {2}


class Pause:
    """Holds a load just before it writes, after it has looked for people."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        replace_all = SqlCatalogueRows.replace

        async def paused(rows: SqlCatalogueRows, *values: object, **named: object) -> None:
            self.reached.set()
            await self.go_on.wait()
            await replace_all(rows, *values, **named)  # type: ignore[arg-type]  # passed through as it came

        monkeypatch.setattr(SqlCatalogueRows, "replace", paused)


async def hold_while_retiring(
    database: SqlDatabase, appointments: Appointments, pause: Pause, now: datetime
) -> Sequence[object]:
    patient = await add_patient(database, "张三", openid="o1", now=now)
    wish = Wish("wang-20261124-0830-0900", patient.id, "o1", "wechat", "r1")
    loading = asyncio.create_task(CatalogueLoading(database).load(WITHOUT_WANG, now=now))
    await pause.reached.wait()
    holding = asyncio.create_task(appointments.hold(wish, now=now))
    await asyncio.wait([holding], timeout=0.2)
    pause.go_on.set()
    return await asyncio.gather(loading, holding, return_exceptions=True)


async def test_nobody_gets_a_seat_with_a_doctor_who_is_being_retired(
    database: SqlDatabase,
    seats: Seats,
    appointments: Appointments,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await publish_all(database, seats, now)
    _, held = await hold_while_retiring(database, appointments, Pause(monkeypatch), now)
    assert isinstance(held, SessionClosed)


async def test_control_without_closing_first_somebody_gets_a_seat_with_a_retired_doctor(
    database: SqlDatabase,
    seats: Seats,
    appointments: Appointments,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def leave_open(_rows: SqlSessionRows, _session_id: str, _state: SessionState) -> None:
        return None

    await publish_all(database, seats, now)
    monkeypatch.setattr(SqlSessionRows, "set_state", leave_open)
    loaded, held = await hold_while_retiring(database, appointments, Pause(monkeypatch), now)
    assert not isinstance(loaded, Exception)
    assert isinstance(held, Claim)


async def test_a_load_that_dies_half_way_leaves_the_old_catalogue(
    database: SqlDatabase, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await CatalogueLoading(database).load(catalogue_of(), now=now)

    async def dies(*_: object) -> None:
        raise OSError("died")

    monkeypatch.setattr(SqlCatalogueRows, "_refill", dies)
    with pytest.raises(Unavailable):
        await CatalogueLoading(database).load(WITHOUT_WANG, now=now)
    async with database.read() as unit:
        assert (await unit.catalogue.load()).doctors["wang"].active
        assert await unit.catalogue.rosters() == [MORNING, AFTERNOON]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_full_disk_while_loading_loads_nothing(database: SqlDatabase, now: datetime) -> None:
    async with database.begin() as unit:
        pages = (await unit.connection.exec_driver_sql("PRAGMA page_count")).scalar_one()

    @event.listens_for(database.writer.sync_engine, "begin")
    def fill(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]  # SQLAlchemy's

    many = tuple(replace(DOCTORS[0], code=f"d{n}", introduction="长" * 300) for n in range(300))
    with pytest.raises(Unavailable):
        await CatalogueLoading(database).load(catalogue_of([], doctors=many), now=now)
    event.remove(database.writer.sync_engine, "begin", fill)
    async with database.read() as unit:
        with pytest.raises(NoCatalogue):
            await unit.catalogue.load()


async def test_templates_are_stored_and_their_changes_told(database: SqlDatabase, now: datetime) -> None:
    loading = CatalogueLoading(database)
    booked, reminder = Template("T1", {"thing1": "doctor"}), Template("T2", {"date1": "date"}, subscription=True)
    await loading.load(replace(catalogue_of(), templates={"booked": booked, "reminder_day": reminder}), now=now)
    async with database.read() as unit:
        assert (await unit.catalogue.load()).templates == {"booked": booked, "reminder_day": reminder}
    report = await loading.load(replace(catalogue_of(), templates={"booked": replace(booked, id="T3")}), now=now)
    assert [(change.action, change.section) for change in report.changes] == [
        ("changed", "templates"),
        ("retired", "templates"),
    ]
    assert change_lines(report.changes[0])[1:] == ["      id: T1 → T3"]
    assert report.version == 2
