"""The clinic of the benchmark: the sample catalogue, loaded and published by the commands, and its accounts."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from bench.processes import ROOT, SECRET_KEY, zhenyue
from bench.scripts import TURNS
from booking.models import PaperKind, PatientDetails, Sex
from handlers.texts.patients import CONSENT_VERSION
from storage.database import SqlDatabase, SqlUnit
from storage.sealing import Sealer
from storage.valkey import EmbeddedValkey

SAMPLE = ROOT / "bot" / "sample" / "clinic.yaml"


@contextmanager
def data_folder() -> Generator[Path]:
    """Make an empty folder for the length of a block."""
    folder = Path(mkdtemp(prefix="zhenyue-bench-"))
    try:
        yield folder
    finally:
        rmtree(folder)


@contextmanager
def valkey_in(folder: Path) -> Generator[EmbeddedValkey]:
    """Run the embedded Valkey of a folder for the length of a block."""
    valkey = EmbeddedValkey(folder)
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.leave()


def open_clinic(folder: Path, accounts: int) -> None:
    """Load and publish the sample, and let so many accounts of each script of a turn be known."""
    publish(folder, SAMPLE)
    known = {script.openid(n): n if script.registered else None for script in TURNS for n in range(accounts)}
    asyncio.run(add_accounts(f"sqlite+aiosqlite:///{folder / 'zhenyue.db'}", known))


def publish(folder: Path, catalogue: Path, *, database: str = "") -> None:
    """Load and publish a catalogue."""
    for words in (("migrate",), ("load", str(catalogue)), ("publish",)):
        zhenyue(folder, *words, database=database)


async def add_accounts(url: str, known: Mapping[str, int | None]) -> None:
    """Write accounts, each with the number of its patient; None has no patient and has agreed to nothing."""
    database = SqlDatabase.open(url, Sealer(SECRET_KEY))
    try:
        async with database.begin() as unit:
            for openid, number in known.items():
                await _add_account(unit, openid, number)
    finally:
        await database.close()


async def _add_account(unit: SqlUnit, openid: str, number: int | None) -> None:
    now = datetime.now(UTC)
    await unit.patients.follow(openid, following=True, now=now)
    if number is not None:
        await unit.patients.record_consent(openid, CONSENT_VERSION, now=now)
        patient = await unit.patients.add(f"bench-{number}", details(number), now=now)
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
