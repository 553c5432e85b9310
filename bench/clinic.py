"""The clinic of the benchmark: the sample catalogue, loaded and published by the commands, and its accounts."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from sqlalchemy import Table, insert

from bench.processes import ROOT, SECRET_KEY, zhenyue
from bench.scripts import TURNS
from booking.models import PaperKind, PatientDetails, Sex
from handlers.texts.patients import CONSENT_VERSION
from storage.database import SqlDatabase
from storage.patient_sealing import link_columns, person_columns
from storage.patient_tables import account, account_patient, consent, patient
from storage.sealing import Sealer
from storage.valkey import EmbeddedValkey

WRITTEN_AT_ONCE = 5000
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
    """Open a database and write accounts; see ``write_accounts``."""
    database = SqlDatabase.open(url, Sealer(SECRET_KEY))
    try:
        await write_accounts(database, known)
    finally:
        await database.close()


async def write_accounts(database: SqlDatabase, known: Mapping[str, int | None]) -> None:
    """Write accounts, each with the number of its patient; None has no patient and has agreed to nothing."""
    accounts = iter(known.items())
    while some := dict(islice(accounts, WRITTEN_AT_ONCE)):
        async with database.begin() as unit:
            for table, rows in _rows(some, datetime.now(UTC)).items():
                if rows:
                    await unit.connection.execute(insert(table), rows)


def _rows(known: Mapping[str, int | None], now: datetime) -> dict[Table, list[dict[str, object]]]:
    """Return accounts and patients as rows, in the order in which they may be written."""
    sealer, followed = Sealer(SECRET_KEY), {"following": True, "reminders": True}
    rows: dict[Table, list[dict[str, object]]] = {account: [], patient: [], account_patient: [], consent: []}
    for openid, number in known.items():
        rows[account].append({"openid": openid, "first_seen_at": now, "follow_changed_at": now} | followed)
        if number is None:
            continue
        person, patient_id = details(number), f"p{number}"
        columns = person_columns(sealer, patient_id, person, desk_mobile=None)
        rows[patient].append(columns | {"id": patient_id, "file_number": f"F{number:08}", "created_at": now})
        link = link_columns(sealer, openid, patient_id, person.mobile)
        rows[account_patient].append(link | {"openid": openid, "patient_id": patient_id, "added_at": now})
        rows[consent].append({"openid": openid, "version": CONSENT_VERSION, "agreed_at": now})
    return rows


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
