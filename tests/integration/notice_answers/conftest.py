"""A patient who is told something, and the clinic behind the scene."""

from datetime import datetime

import pytest

from booking.appointments import Appointments
from storage.database import SqlDatabase
from tests.support.notice_desk import Desk
from tests.support.talk import Talk
from tests.support.talking import dialogue_of, known, open_for_talk


@pytest.fixture
async def desk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Desk:
    """An account with one patient, and a clinic with sessions tomorrow."""
    await open_for_talk(database, now)
    talk = Talk(dialogue_of(database, appointments), now)
    await known(database, talk, "张三")
    return Desk(talk, database, appointments)
