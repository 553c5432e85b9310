"""The sample clinic on PostgreSQL, with doctors whom a whole city wants: 200 seats on one morning each."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy.engine import make_url

from bench.clinic import SAMPLE, add_accounts, publish
from bench.scripts import SOLD_OUT_DOCTOR, WANTED
from tests.support.servers import create_database, drop_database

SEATS, SLOTS = 200, 8
DOCTORS = (SOLD_OUT_DOCTOR, "罗阳", "罗星", "罗月", "罗辰", "罗江")
"""One for each round; each sells out in hers."""
CODES = {name: f"wanted-{place}" for place, name in enumerate(DOCTORS)}
openid = WANTED.openid


def plain(url: str) -> str:
    """Return a database's address as asyncpg takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def own_database(url: str, name: str) -> Generator[str]:
    """Make an empty database on the server at ``url`` for the length of a block."""
    made = asyncio.run(create_database(url, name, "template1"))
    try:
        yield made
    finally:
        asyncio.run(drop_database(made))


def open_wanted_clinic(folder: Path, database: str, patients: int) -> None:
    """Load and publish the catalogue, and let so many accounts be known with a patient each."""
    zone = ZoneInfo("Asia/Shanghai")
    written = folder / "wanted.yaml"
    written.write_text(_catalogue(datetime.now(zone).date() + timedelta(days=2)))
    publish(folder, written, database=database)
    asyncio.run(add_accounts(database, {openid(number): number for number in range(patients)}))


def _catalogue(day: date) -> str:
    sample = yaml.safe_load(SAMPLE.read_text())
    sample["calendar"] = [entry for entry in sample["calendar"] if entry["date"] != day]
    for name, code in CODES.items():
        sample["doctors"].append(
            {"code": code, "name": name, "title": "主任医师", "department": "internal", "fee": "50.00"}
        )
        sample["calendar"].append(
            {
                "date": day,
                "doctor": code,
                "start": "08:00",
                "end": "12:00",
                "slot_minutes": 30,
                "capacity": SEATS // SLOTS,
                "room": "115",
            }
        )
    return yaml.safe_dump(sample, allow_unicode=True, sort_keys=False)
