"""How many messages it takes, from the first word to the success: by menus, and in sentences (issue 6).

The table in docs/conversation.md is what is measured here; ``ZHENYUE_WRITE_DOCS=1`` writes it anew.
"""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from booking.appointments import Appointments
from storage.database import SqlDatabase
from tests.support.talk import Talk
from tests.support.talking import ID_NUMBER, add_session, dialogue_of, known, open_for_talk

DOCUMENT = Path(__file__).parents[2] / "docs" / "conversation.md"
DETAILS = f"张三 {ID_NUMBER} 13812345678"
BOOKED, CHANGED, CANCELLED = "预约成功", "改约成功", "取消成功"


class Journey(NamedTuple):
    """A way to a success, and in how many messages at most it is to be had."""

    who: str
    how: str
    goal: int
    says: tuple[str, ...]
    reads: str = BOOKED


JOURNEYS = (
    Journey("a returning patient books", "menus", 6, ("预约", "2", "1", "1", "1", "1")),
    Journey("a returning patient books", "sentences", 2, ("明天上午九点口腔科王医生", "确认")),
    Journey("a returning patient books again", "sentences", 2, ("老样子", "确认")),
    Journey("a new patient books, registration included", "menus", 8, ("预约", "1", DETAILS, "2", "1", "1", "1", "1")),
    Journey("a new patient books, registration included", "sentences", 5, ("明天下午眼科", "同意", DETAILS, "确认")),
    Journey("somebody changes", "menus", 5, ("改约", "1", "2", "1", "1"), CHANGED),
    Journey("somebody changes", "sentences", 2, ("把明天的号改到后天十点", "确认"), CHANGED),
    Journey("somebody cancels", "menus", 4, ("我的预约", "1", "2", "1"), CANCELLED),
    Journey("somebody cancels", "sentences", 2, ("取消明天的预约", "确认"), CANCELLED),
)


@pytest.fixture(scope="module")
def database_kind() -> str:
    """Words are words on any database; one will do."""
    return "sqlite"


@pytest.fixture
async def talk(database: SqlDatabase, appointments: Appointments, now: datetime) -> Talk:
    """A new account at the small clinic."""
    await open_for_talk(database, now)
    return Talk(dialogue_of(database, appointments), now)


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: f"{journey.who}, {journey.how}")
async def test_it_takes_no_more_messages_than_the_goal(talk: Talk, database: SqlDatabase, journey: Journey) -> None:
    if not journey.who.startswith("a new"):
        await known(database, talk, "张三")
    if journey.reads != BOOKED or journey.who.endswith("again"):
        (await talk.says("王芳", "明天", "09:00", "1")).shows(BOOKED)
    if journey.who.endswith("again"):
        talk.now += timedelta(days=7)
        await add_session(database, talk.now + timedelta(days=1))
    begun = talk.messages
    (await talk.says(*journey.says)).shows(journey.reads).ends()
    assert talk.messages - begun <= journey.goal


def test_the_document_says_what_is_measured() -> None:
    rows = [
        f"| {one.who} | {one.how} | {one.goal} | {len(one.says)} | {' → '.join(one.says)} |".replace(DETAILS, "…")
        for one in JOURNEYS
    ]
    table = "\n".join(("| who | by | goal | messages | what is said |", "| --- | --- | --- | --- | --- |", *rows))
    document = DOCUMENT.read_text(encoding="utf-8")
    if os.environ.get("ZHENYUE_WRITE_DOCS"):
        document = re.sub(r"\| who \| by \|.*?(?=\n\n)", lambda _: table, document, flags=re.DOTALL)
        DOCUMENT.write_text(document, encoding="utf-8")
    assert table in document
