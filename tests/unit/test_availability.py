"""What is left to book, and what is nearest to what could not be had (R-A2, R-A3, R-A9)."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from booking.availability import Avoid, Part, Search, fits, nearest, part_of_day
from booking.hours import OpenDays, opening_hours
from booking.models import Catalogue, Clinic, ClinicSession, Department, Doctor, Roster, SessionState, Slot, SlotCount
from booking.snapshot import Found, Snapshot

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CLINIC = Clinic("demo", "示范门诊部", "示范路1号", "010-00000000", "Asia/Shanghai")
CATALOGUE = Catalogue(
    CLINIC,
    {"dental": Department("dental", "口腔科"), "old": Department("old", "针灸科", active=False)},
    {
        "wang": Doctor("wang", "王芳", "", "dental", Decimal(50)),
        "li": Doctor("li", "李强", "", "dental", Decimal(50)),
        "he": Doctor("he", "何洁", "", "dental", Decimal(50)),
        "gone": Doctor("gone", "钱进", "", "dental", Decimal(50), active=False),
        "needle": Doctor("needle", "孙真", "", "old", Decimal(50)),
    },
    1,
)


def count(hours: float, doctor: str = "wang", *, booked: int = 0, held: int = 0) -> SlotCount:
    """A slot of two seats that begins this many hours from now, in a session of its own day and half."""
    starts_at = NOW + timedelta(hours=hours)
    local = starts_at.astimezone(CLINIC.zone)
    session = ClinicSession(
        id=f"{doctor}-{local:%d%p}",
        doctor=doctor,
        department=CATALOGUE.doctors[doctor].department,
        date=local.date(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
        room="",
        fee=Decimal(50),
        state=SessionState.OPEN,
        opens_at=NOW - timedelta(days=9),
    )
    slot = Slot(f"{doctor}{hours}", session.id, 0, starts_at, starts_at + timedelta(minutes=30), 2)
    return SlotCount(session, slot, booked, held)


def ids(counts: tuple[SlotCount, ...] | list[SlotCount]) -> list[str]:
    """The slots' ids."""
    return [entry.slot.id for entry in counts]


def snapshot(*counts: SlotCount) -> Snapshot:
    """A snapshot of these slots, as of now."""
    return Snapshot(CATALOGUE, counts, taken_at=NOW)


def found(taken: Snapshot, search: Search) -> list[str]:
    """What a search finds in it."""
    return ids(taken.find(search, lambda entry: fits(entry, search, CLINIC.zone)).counts)


def test_only_what_a_patient_could_book_is_left() -> None:
    all_kinds = [count(2), count(3, booked=1, held=1), count(0.5), count(24 * 9), count(4, "gone"), count(4, "needle")]
    assert found(snapshot(*all_kinds), Search()) == ["wang2"]


def test_a_search_narrows_by_each_of_its_sides() -> None:
    taken = snapshot(count(1), count(5), count(10), count(25, "li"))
    assert found(taken, Search()) == ["wang1", "wang5", "wang10", "li25"]
    assert found(taken, Search(doctors=("li", "he"))) == ["li25"]
    assert found(taken, Search(department="eye")) == []
    assert found(taken, Search(day=date(2026, 11, 23), part=Part.AFTERNOON)) == ["wang5"]


def test_what_this_process_does_to_a_seat_is_seen_at_once() -> None:
    taken = snapshot(count(1, booked=1), count(2))
    assert found(taken, Search()) == ["wang1", "wang2"]
    taken.change("wang1", held=1)
    assert found(taken, Search()) == ["wang2"]
    taken.change("wang1", held=-1, booked=1)
    assert found(taken, Search()) == ["wang2"]
    taken.change("wang1", booked=-1)
    taken.change("elsewhere", held=1)
    assert found(taken, Search()) == ["wang1", "wang2"]
    taken.change("wang2", held=-5)
    assert taken.counts["wang2"].free == 2


def test_parts_of_the_day_are_the_clinics() -> None:
    parts = [part_of_day(NOW + timedelta(hours=hours), CLINIC.zone) for hours in (0, 2.5, 3, 8.5, 9)]
    assert parts == [Part.MORNING, Part.MORNING, Part.AFTERNOON, Part.AFTERNOON, Part.EVENING]


def test_free_seats_add_up_in_the_order_they_come() -> None:
    def doctor(entry: SlotCount) -> str:
        return entry.session.doctor

    some = Found([count(1, "li"), count(2, booked=1), count(3, "li", held=1)])
    assert some.free_by(doctor) == {"li": 3, "wang": 1}
    assert some.free_by(doctor) is some.free_by(doctor)


def test_the_same_doctors_nearest_times_come_first_then_each_colleagues() -> None:
    same = [count(hours) for hours in (1, 2, 5, 24, 25, 26)]
    others = [count(hours, doctor) for doctor in ("li", "he") for hours in (4, 5, 30)]
    near = nearest([*same, *others], count(4.5), avoid=Avoid.SLOT)
    assert ids(near.same_doctor) == ["wang1", "wang2", "wang5", "wang24"]
    assert sorted(ids(near.others)) == ["he4", "he5", "li4", "li5"]
    assert [ids(near.others)[0][:2], ids(near.others)[1][:2]] == ["he", "li"]


def test_where_colleagues_have_little_the_doctor_offers_more_and_the_other_way_round() -> None:
    same = [count(hours) for hours in range(1, 10)]
    near = nearest([*same, count(4, "li")], count(4.5), avoid=Avoid.SLOT)
    assert (len(near.same_doctor), len(near.others)) == (7, 1)
    near = nearest([count(hours, "li") for hours in range(1, 10)], count(4.5), avoid=Avoid.SLOT)
    assert (len(near.same_doctor), len(near.others)) == (0, 8)


def test_alternatives_avoid_what_the_rule_forbids() -> None:
    wanted = count(1)
    free = [wanted, count(1, "li"), count(1.25, "he"), count(2), count(24)]
    left = {avoid: set(ids(_all(free, wanted, avoid))) for avoid in Avoid}
    assert left[Avoid.NOTHING] == {"wang1", "li1", "he1.25", "wang2", "wang24"}
    assert left[Avoid.SLOT] == {"li1", "he1.25", "wang2", "wang24"}
    assert left[Avoid.PERIOD] == {"wang2", "wang24"}
    assert left[Avoid.SESSION] == {"li1", "he1.25", "wang24"}
    assert left[Avoid.DAY] == {"wang24"}


def _all(free: list[SlotCount], wanted: SlotCount, avoid: Avoid) -> list[SlotCount]:
    near = nearest(free, wanted, avoid=avoid)
    return [*near.same_doctor, *near.others]


def test_opening_hours_follow_from_the_rosters_in_force() -> None:
    rosters = [
        Roster("wang", (0, 1), time(8, 30), time(11, 30), 30, 2),
        Roster("li", (0, 1), time(9), time(12), 30, 2),
        Roster("he", (0,), time(13), time(17), 30, 2),
        Roster("he", (1,), time(13), time(17), 30, 2, valid_from=date(2026, 11, 23), valid_to=date(2026, 11, 23)),
        Roster("he", (6,), time(13), time(17), 30, 2, valid_to=date(2026, 11, 22)),
        Roster("he", (6,), time(13), time(17), 30, 2, valid_from=date(2026, 11, 24)),
    ]
    both = ((time(8, 30), time(12)), (time(13), time(17)))
    assert opening_hours(rosters, date(2026, 11, 23)) == [OpenDays((0, 1), both)]
