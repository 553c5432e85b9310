"""What the troubles share: an account with one patient at the small clinic."""

from datetime import datetime

import pytest

from booking.appointments import Appointments
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, known, open_for_talk


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """An account with one patient at the small clinic."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    return talk
