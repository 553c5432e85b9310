"""The clinic's bad day, through the real processes and WeChat's side of them: nobody is forgotten (R-A14, R-A15)."""

import asyncio
import json
import os
import random

import pytest
from redis.asyncio import Redis

from emulator.client import EmulatedUser, Message
from tests.support.bad_day import SETTLED, wrongs
from tests.support.bad_day_clinic import RESTORED_WORDS, book_forty, gathered, publish
from tests.support.bad_day_story import Story, eventually
from tests.support.system import System, choose

SEED = int(os.environ.get("ZHENYUE_CHAOS_SEED", "20261122"))


@pytest.fixture(params=["empty_system", pytest.param("system_on_servers", marks=pytest.mark.postgres)])
def stage(request: pytest.FixtureRequest) -> System:
    """Embedded, and on servers of its own."""
    system: System = request.getfixturevalue(request.param)
    return system


@pytest.mark.timeout(300)
async def test_a_doctor_with_forty_patients_is_stopped_and_nobody_is_forgotten(stage: System, valkey: Redis) -> None:
    system = stage
    await publish(system)
    people = await book_forty(system, valkey)
    await system.start()
    story = Story(system, people, random.Random(SEED), await system.emulator.user("陈经理"))  # noqa: S311  # repeatable
    await story.arrive()
    await story.bind()

    await story.stop()
    await eventually(story.settled_notices)
    for person in people:
        page = [message for message in await person.user.messages() if "停诊" in message]
        assert bool(page) is person.reachable
        if page:
            assert "已为您保留以下号" in page[-1]
            assert [choice.label for choice in page[-1].choices][-1] == "不再改约"

    lifted, kept = story.sessions
    blocked = [person for person in people if not person.reachable]
    silent = [person for person in story.of(lifted) if person.reachable][:5]
    assert {person.session for person in blocked} == {kept}
    await story.answer([person for person in people if person not in silent])
    unreachable = await system.listing("notices", "--unreachable")
    assert {row["number"] for row in unreachable} == {person.number for person in blocked}
    assert all(row["mobile"] for row in unreachable)

    await story.lift(lifted)
    for person in silent:
        await eventually(lambda user=person.user: _lacks(user, RESTORED_WORDS))
    seen = await gathered(system, people)
    assert wrongs(seen) == []
    assert {seen.fates[person.number] for person in silent} == {"restored"}
    assert {fate for number, fate in seen.fates.items() if number not in seen.calls} <= SETTLED
    calls = await story.calls()
    assert "需电话通知2人" in calls
    assert {choice.label[:2] for choice in calls.choices} == {f"{person.user.name[0]}*" for person in blocked}
    for _ in blocked:
        await story.calls()
        await story.manager.say("1")
        await story.manager.tap("已取消")
    assert [row["settled"] for row in await system.listing("stoppages")] == [True]
    assert (await system.attempt("audit", "--verify"))[0] == 0
    assert (await system.attempt("pool", "verify"))[0] == 0


@pytest.mark.timeout(300)
async def test_a_changed_session_is_told_to_those_booked_who_keep_change_or_cancel(
    empty_system: System, valkey: Redis
) -> None:
    system = empty_system
    await publish(system)
    people = await book_forty(system, valkey)
    await system.start()
    story = Story(system, people, random.Random(SEED), await system.emulator.user("陈经理"))  # noqa: S311  # repeatable
    session = story.sessions[0]
    keeps, cancels, changes = story.of(session)[:3]
    await asyncio.gather(*(story.greet(person.user) for person in (keeps, cancels, changes)))

    [row] = json.loads(await system.run("adjust", session, "--room", "301", "--start", "13:00", "--json"))
    assert (row["changes"], row["appointments"]) == ("room time", 20)
    for person in (keeps, cancels, changes):
        await eventually(lambda user=person.user: _lacks(user, "301"))
    assert (await system.attempt("pool", "verify"))[0] == 0

    assert "已为您保留预约" in await answered(keeps.user, "保留预约")
    await answered(cancels.user, "取消预约")
    assert "取消成功" in await cancels.user.say("1")
    await answered(changes.user, "改约")
    await choose(changes.user, "1. 确认")
    assert "改约成功" in await changes.user.say("1")
    status = {row["number"]: row["status"] for row in await system.appointments()}
    assert [status[person.number] for person in (keeps, cancels, changes)] == ["booked", "cancelled", "moved"]


async def answered(user: EmulatedUser, label: str) -> Message:
    """Tap a choice of the newest message of the account."""
    return await user.tap(label, message=(await user.messages())[-1])


async def _lacks(user: EmulatedUser, words: str) -> str:
    return "" if any(words in message for message in await user.messages()) else f"{words} is not on the page"
