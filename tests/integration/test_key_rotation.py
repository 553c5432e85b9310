"""The secret key changes while patients register and correct: nothing is unreadable, nobody becomes two (R-C7)."""

import asyncio
import base64
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import func, select

from booking.audit_chain import AuditChain
from booking.models import PaperKind, Patient, PatientDetails, Sex
from booking.patients import Patients
from storage.clock import DatabaseClock
from storage.database import SqlDatabase
from storage.patient_tables import patient
from storage.sealing import Sealer
from tests.conftest import SECRET
from tests.support.backups import opened
from tests.support.command_line import CommandLine
from tests.support.trail import write_entries

NEW = bytes(range(32))
STAGES = ((SECRET, ()), (SECRET, (NEW,)), (NEW, (SECRET,)))
"""The keys of one process after the other while all are restarted: the old alone, the new for reading, swapped."""


def details(number: int, mobile: int = 0) -> PatientDetails:
    papers = f"E{number:08}"
    return PatientDetails(
        "Li Si", PaperKind.PASSPORT, papers, Sex.FEMALE, date(1985, 1, 31), f"1381234{mobile:02}{number:02}"
    )


class Fleet:
    """Processes of each stage of a rotation, all serving at once."""

    def __init__(self, url: str, stages: tuple[tuple[bytes, tuple[bytes, ...]], ...]) -> None:
        self.databases = [SqlDatabase.open(url, Sealer(current, previous)) for current, previous in stages]

    async def write(self, person: int, now: datetime) -> list[Patient]:
        """The same person through every process: registered, again from another account, the number changed."""
        found = []
        for turn, database in enumerate(self.databases):
            patients = Patients(database)
            found.append(await patients.register(f"o{turn}", details(person), now=now))
            found.append(await patients.register(f"o{turn}", details(person, mobile=turn + 1), now=now))
        return found

    async def reseal(self, over: asyncio.Event) -> int:
        """What background work and ``zhenyue reseal`` do, in the processes that have the new key."""
        count = 0
        while not over.is_set():
            async with self.databases[-1].begin() as unit:
                count += await unit.patients.reseal(limit=3)
            await asyncio.sleep(0)
        return count

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for database in self.databases:
            await database.close()


async def test_while_the_key_changes_under_writes_everyone_stays_one_person_and_readable(
    database_url: str, now: datetime
) -> None:
    for before, after in ((STAGES[0], STAGES[1]), (STAGES[1], STAGES[2])):
        over = asyncio.Event()
        async with Fleet(database_url, (before, after)) as fleet:
            resealing = asyncio.create_task(fleet.reseal(over))
            written = await asyncio.gather(*(fleet.write(person, now) for person in range(5)))
            over.set()
            await resealing
        assert [len({one.id for one in person}) for person in written] == [1] * 5
    async with Fleet(database_url, (STAGES[2],)) as last, last.databases[0].begin() as unit:
        while await unit.patients.reseal(limit=3):
            pass
    async with opened(database_url, NEW) as alone:
        readable = {found.details.paper_number for found in await Patients(alone).of_account("o1")}
        assert readable == {details(person).paper_number for person in range(5)}
        assert await AuditChain(alone).seal() > 0
        assert (await AuditChain(alone).verify(now=now)).faults == ()


async def test_control_without_the_step_in_between_the_same_papers_become_two_persons(
    database_url: str, now: datetime
) -> None:
    async with Fleet(database_url, (STAGES[0], (NEW, ()))) as hasty:
        for account, database in enumerate(hasty.databases):
            await Patients(database).register(f"o{account}", details(1), now=now)
        async with hasty.databases[0].read() as unit:
            persons = (await unit.connection.execute(select(func.count()).select_from(patient))).scalar_one()
    assert persons == 2


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    async def fill() -> None:
        async with opened(database_url, SECRET) as database:
            clock = DatabaseClock(database)
            await clock.read()
            await Patients(database).register("o1", details(1), now=clock.now())
            await write_entries(database, clock.now(), count=4)
            await AuditChain(database).seal()

    asyncio.run(fill())
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


def swap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHENYUE_SECRET_KEY", base64.b64encode(NEW).decode())
    monkeypatch.setenv("ZHENYUE_SECRET_KEY_PREVIOUS", base64.b64encode(SECRET).decode())


def test_reseal_moves_everything_at_once_and_says_when_the_old_key_may_go(
    zhenyue: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    swap_keys(monkeypatch)
    result = zhenyue("reseal")
    assert (result.status, result.err) == (0, "")
    assert "这次重新加密 6 行" in result.out  # a person, a link, and the sealed parts of four entries
    assert "可以去掉 ZHENYUE_SECRET_KEY_PREVIOUS" in result.out
    monkeypatch.delenv("ZHENYUE_SECRET_KEY_PREVIOUS")
    assert zhenyue("audit", "--verify").status == 0
    assert "无需更换" in zhenyue("reseal").out


def test_reseal_without_the_old_key_is_refused(zhenyue: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    swap_keys(monkeypatch)
    monkeypatch.delenv("ZHENYUE_SECRET_KEY_PREVIOUS")
    assert zhenyue("reseal").status == 2


def test_a_process_that_still_writes_under_the_old_key_is_noticed(
    zhenyue: CommandLine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.commands import resealing

    async def and_then_the_old_one_writes(database: SqlDatabase) -> int:
        count = await reseal_all(database)
        async with opened(database_url, SECRET) as old:
            await Patients(old).register("o2", details(2), now=datetime.now(UTC))
        return count

    reseal_all = resealing._reseal_all
    monkeypatch.setattr(resealing, "_reseal_all", and_then_the_old_one_writes)
    swap_keys(monkeypatch)
    result = zhenyue("reseal")
    assert result.status == 1
    assert "仍有进程在用另一把密钥" in result.err
