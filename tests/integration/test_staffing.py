"""Staff accounts: codes used once, one account one person, unbound at once, every step in the audit trail (R-B7)."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from booking.actors import MAY, Actor, Deed, Role
from booking.notices import NoticeKind, NoticeState, new_notice
from booking.staff_refusals import DoctorNeeded, InvalidStaffName, StaffNameTaken, UnknownDoctor, UnknownStaff
from booking.staffing import ALPHABET, CODE_LETTERS, LOOK_AGAIN_AFTER, StaffAccounts
from storage.database import SqlDatabase
from storage.sealing import Sealer
from storage.staff_tables import audit, staff
from tests.support.clinic import open_clinic

OPERATOR = Actor("cli", "root", "cli")


@pytest.fixture
async def accounts(database: SqlDatabase) -> StaffAccounts:
    await open_clinic(database)
    return StaffAccounts(database)


async def actions(database: SqlDatabase) -> list[tuple[str, str, str]]:
    async with database.read() as unit:
        rows = await unit.connection.execute(select(audit.c.action, audit.c.actor_kind, audit.c.actor))
        return [(row.action, row.actor_kind, row.actor) for row in rows]


async def test_a_code_binds_one_account_once(accounts: StaffAccounts, database: SqlDatabase, now: datetime) -> None:
    added, code = await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    assert await accounts.of("o-lin") is None
    bound = await accounts.bind(code.lower().replace("-", " "), "o-lin", now=now + timedelta(hours=23))
    assert bound is not None
    assert (bound.id, bound.openid, bound.role) == (added.id, "o-lin", Role.FRONTDESK)
    assert await accounts.bind(code, "o-other", now=now) is None
    assert await accounts.of("o-lin") == bound
    assert await actions(database) == [("staff_added", "cli", "root"), ("staff_bound", "account", "o-lin")]


async def test_most_accounts_are_known_to_be_nobodys_without_a_query(
    accounts: StaffAccounts, database: SqlDatabase, now: datetime
) -> None:
    """Who is bound here is seen at once, who is elsewhere when it is looked at again, and who leaves at once."""
    assert not await accounts.may_be("o-lin")
    _, code = await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    await accounts.bind(code, "o-lin", now=now)
    assert await accounts.may_be("o-lin")
    _, code = await accounts.add("陈经理", Role.MANAGER, by=OPERATOR, now=now)
    await StaffAccounts(database).bind(code, "o-chen", now=now)
    assert not await accounts.may_be("o-chen")
    accounts._bound._looked -= LOOK_AGAIN_AFTER
    assert await accounts.may_be("o-chen")
    await StaffAccounts(database).remove("陈经理", by=OPERATOR, now=now)
    assert await accounts.of("o-chen") is None


async def test_a_code_is_over_after_a_day(accounts: StaffAccounts, now: datetime) -> None:
    _, code = await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    assert await accounts.bind(code, "o-lin", now=now + timedelta(hours=24)) is None


async def test_who_left_is_told_nothing_more_that_is_for_staff(
    accounts: StaffAccounts, database: SqlDatabase, now: datetime
) -> None:
    """What waits to be sent is not, and nothing is left to answer; what is theirs as a patient stays."""
    _, code = await accounts.add("陈经理", Role.MANAGER, by=OPERATOR, now=now)
    await accounts.bind(code, "o-chen", now=now)
    request, alert, own, anothers = (
        new_notice(kind, dedupe_key=key, payload={}, now=now, openid=openid, patient=patient, asks_until=until)
        for kind, key, openid, patient, until in (
            (NoticeKind.STOP_REQUEST, "n1", "o-chen", None, now + timedelta(days=7)),
            (NoticeKind.ALERT, "n2", "o-chen", None, None),
            (NoticeKind.STOPPED, "n3", "o-chen", "p1", now + timedelta(days=1)),
            (NoticeKind.ALERT, "n4", "o-lin", None, None),
        )
    )
    async with database.begin() as unit:
        await unit.notices.add([replace(request, state=NoticeState.SENT), alert, own, anothers])
    await accounts.remove("陈经理", by=OPERATOR, now=now)
    async with database.read() as unit:
        assert [each.id for each in await unit.notices.open_of("o-chen", now)] == [own.id]
        found = [await unit.notices.get(each.id) for each in (request, alert, own, anothers)]
    assert [each.state for each in found if each is not None] == ["sent", "void", "pending", "pending"]


async def test_codes_cannot_be_guessed_and_are_kept_only_as_a_keyed_hash(
    accounts: StaffAccounts, database: SqlDatabase, sealer: Sealer, now: datetime
) -> None:
    codes = [(await accounts.add(f"员工{n}", Role.MANAGER, by=OPERATOR, now=now))[1] for n in range(20)]
    assert len(ALPHABET) ** CODE_LETTERS >= 2**50
    assert len(set(codes)) == 20
    async with database.read() as unit:
        rows = list(await unit.connection.execute(select(staff)))
    plain = {code.replace("-", "") for code in codes}
    assert not any(str(value).replace("-", "") in plain for row in rows for value in row)
    assert {row.code_hash for row in rows} == {sealer.fingerprint(f"staff code:{code}") for code in plain}


async def test_a_code_survives_the_change_of_the_secret_key(database: SqlDatabase, now: datetime) -> None:
    await open_clinic(database)
    _, code = await StaffAccounts(database).add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    rotated = SqlDatabase.open(
        database.writer.url.render_as_string(hide_password=False),
        Sealer(b"f" * 32, [b"0123456789abcdef0123456789abcdef"]),
    )
    assert await StaffAccounts(rotated).bind(code, "o-lin", now=now) is not None
    await rotated.close()


async def test_one_account_is_one_member_of_staff(accounts: StaffAccounts, now: datetime) -> None:
    _, first = await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    _, second = await accounts.add("赵经理", Role.MANAGER, by=OPERATOR, now=now)
    assert await accounts.bind(first, "o-lin", now=now) is not None
    assert await accounts.bind(second, "o-lin", now=now) is None
    bound = await accounts.bind(second, "o-zhao", now=now)  # not used up by the refusal
    assert bound is not None
    assert bound.role is Role.MANAGER


async def test_of_two_accounts_with_one_code_one_is_bound(accounts: StaffAccounts, now: datetime) -> None:
    _, code = await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    bound = await asyncio.gather(*(accounts.bind(code, f"o-{n}", now=now) for n in range(8)))
    assert sum(one is not None for one in bound) == 1


async def test_who_leaves_is_unbound_at_once_and_may_come_back(
    accounts: StaffAccounts, database: SqlDatabase, now: datetime
) -> None:
    added, code = await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    await accounts.bind(code, "o-lin", now=now)
    removed = await accounts.remove("林前台", by=OPERATOR, now=now)
    assert removed.removed_at == now
    assert not any(removed.may(deed) for deed in Deed)
    assert await accounts.of("o-lin") is None
    assert await accounts.all() == []
    with pytest.raises(UnknownStaff):
        await accounts.remove(added.id, by=OPERATOR, now=now)
    _, again = await accounts.add("林前台", Role.MANAGER, by=OPERATOR, now=now)
    back = await accounts.bind(again, "o-lin", now=now)
    assert back is not None
    assert back.role is Role.MANAGER
    assert [action for action, *_ in await actions(database)] == [
        "staff_added", "staff_bound", "staff_removed", "staff_added", "staff_bound",
    ]  # fmt: skip


async def test_a_code_of_who_left_meanwhile_binds_nobody(accounts: StaffAccounts, now: datetime) -> None:
    added, code = await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    await accounts.remove(added.id, by=OPERATOR, now=now)
    assert await accounts.bind(code, "o-lin", now=now) is None


@pytest.mark.parametrize("code", ["", "ABC", "0OI1-0OI1-0OI1", "K7PM-4QXR-9TBE", "码" * 12, "K7PM-4QXR-9TBE2"])
async def test_what_is_no_code_binds_nobody(accounts: StaffAccounts, code: str, now: datetime) -> None:
    await accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now)
    assert await accounts.bind(code, "o-lin", now=now) is None


async def test_wrong_orders_are_refused_each_by_its_rule(
    accounts: StaffAccounts, database: SqlDatabase, now: datetime
) -> None:
    await accounts.add("王芳", Role.DOCTOR, "wang", by=OPERATOR, now=now)
    for name, role, doctor, error in (
        ("", Role.MANAGER, None, InvalidStaffName),
        ("林" * 21, Role.MANAGER, None, InvalidStaffName),
        ("林\u0000", Role.MANAGER, None, InvalidStaffName),
        ("李强", Role.DOCTOR, None, DoctorNeeded),
        ("李强", Role.MANAGER, "li", DoctorNeeded),
        ("李强", Role.DOCTOR, "nobody", UnknownDoctor),
        (" 王芳 ", Role.FRONTDESK, None, StaffNameTaken),
    ):
        with pytest.raises(error):
            await accounts.add(name, role, doctor, by=OPERATOR, now=now)
    assert len(await accounts.all()) == len(await actions(database)) == 1


async def test_of_one_name_added_twice_at_once_one_is_taken(accounts: StaffAccounts, now: datetime) -> None:
    orders = (accounts.add("林前台", Role.FRONTDESK, by=OPERATOR, now=now) for _ in range(6))
    done = await asyncio.gather(*orders, return_exceptions=True)
    assert sum(isinstance(one, StaffNameTaken) for one in done) == 5
    assert len(await accounts.all()) == 1


async def test_the_same_request_again_is_the_same_person_with_another_code(
    accounts: StaffAccounts, database: SqlDatabase, now: datetime
) -> None:
    first, lost = await accounts.add("王芳", Role.DOCTOR, "wang", by=OPERATOR, now=now, request="m1")
    later = now + timedelta(hours=1)
    second, code = await accounts.add("王芳", Role.DOCTOR, "wang", by=OPERATOR, now=later, request="m1")
    assert second == first
    assert await accounts.bind(lost, "o-wang", now=later) is None
    for name, role, request in (
        ("王芳", Role.MANAGER, "m1"),
        ("王芳", Role.FRONTDESK, "m2"),
        ("王芳", Role.MANAGER, None),
    ):
        with pytest.raises(StaffNameTaken):
            await accounts.add(name, role, by=OPERATOR, now=later, request=request)
    assert await accounts.bind(code, "o-wang", now=now + timedelta(hours=24)) is not None
    assert [action for action, *_ in await actions(database)] == ["staff_added", "staff_code_renewed", "staff_bound"]


async def test_who_can_be_reached_by_role(accounts: StaffAccounts, now: datetime) -> None:
    orders = (("甲", Role.MANAGER, None), ("乙", Role.DOCTOR, "wang"), ("丙", Role.MANAGER, None))
    for second, (name, role, doctor) in enumerate(orders):
        _, code = await accounts.add(name, role, doctor, by=OPERATOR, now=now + timedelta(seconds=second))
        if name != "丙":
            await accounts.bind(code, f"o-{name}", now=now)
    assert [one.name for one in await accounts.bound((Role.MANAGER,))] == ["甲"]
    assert [one.name for one in await accounts.bound((Role.DOCTOR, Role.MANAGER))] == ["甲", "乙"]
    assert [one.name for one in await accounts.all()] == ["甲", "乙", "丙"]


def test_every_deed_is_allowed_to_somebody() -> None:
    assert set().union(*MAY.values()) == set(Deed)
