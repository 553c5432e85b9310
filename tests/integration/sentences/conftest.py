"""What patients say is read alike on any database, so that one will do: accounts at the small clinic."""

from datetime import datetime

import pytest

from booking.appointments import Appointments
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, known, open_for_talk


@pytest.fixture(scope="module")
def database_kind() -> str:
    """One is enough."""
    return "sqlite"


@pytest.fixture
async def new(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A new account."""
    await open_for_talk(database, now)
    return Talk(dialogue_of(database, appointments), now)


@pytest.fixture
async def talk(database: SqlDatabase, new: Talk) -> Talk:
    """An account with one patient."""
    await known(database, new, "张三")
    return new
