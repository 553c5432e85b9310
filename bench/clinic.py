"""The clinic of the benchmark: the sample catalogue, loaded and published by the commands, and its accounts."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from bench.processes import ROOT, SECRET_KEY, zhenyue
from bench.scripts import SCRIPTS, Script
from booking.models import PaperKind, PatientDetails, Sex
from handlers.texts.patients import CONSENT_VERSION
from storage.database import SqlDatabase, SqlUnit
from storage.sealing import Sealer

SAMPLE = ROOT / "bot" / "sample" / "clinic.yaml"


@contextmanager
def data_folder() -> Generator[Path]:
    """Make an empty folder for the length of a block."""
    folder = Path(mkdtemp(prefix="zhenyue-bench-"))
    try:
        yield folder
    finally:
        rmtree(folder)


def open_clinic(folder: Path, accounts: int) -> None:
    """Load and publish the sample, and let so many accounts of each script be known."""
    zhenyue(folder, "migrate")
    zhenyue(folder, "load", str(SAMPLE))
    zhenyue(folder, "publish")
    asyncio.run(_add_accounts(folder, accounts))


async def _add_accounts(folder: Path, accounts: int) -> None:
    database = SqlDatabase.open(f"sqlite+aiosqlite:///{folder / 'zhenyue.db'}", Sealer(SECRET_KEY))
    try:
        async with database.begin() as unit:
            for script in SCRIPTS.values():
                for account in range(accounts):
                    await _add_account(unit, script, account)
    finally:
        await database.close()


async def _add_account(unit: SqlUnit, script: Script, account: int) -> None:
    openid, now = script.openid(account), datetime.now(UTC)
    await unit.patients.follow(openid, following=True, now=now)
    if script.registered:
        await unit.patients.record_consent(openid, CONSENT_VERSION, now=now)
        patient = await unit.patients.add(f"bench-{account}", details(account), now=now)
        await unit.patients.link(openid, patient.id, mobile=patient.details.mobile, now=now)


def details(number: int) -> PatientDetails:
    """Return the details of the person with this number."""
    return PatientDetails(
        name="张三",
        paper_kind=PaperKind.PASSPORT,
        paper_number=f"E{number:08}",
        sex=Sex.FEMALE,
        birth_date=date(1990, 5, 1),
        mobile="13800138000",
    )
