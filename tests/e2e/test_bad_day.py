"""The clinic's bad day, through the real processes and WeChat's side of them: nobody is forgotten (R-A14, R-A15)."""

import os
import random

from redis.asyncio import Redis

from emulator.client import EmulatedUser
from tests.support.bad_day import SETTLED, wrongs
from tests.support.bad_day_clinic import book_forty, gathered, publish
from tests.support.bad_day_story import Story, eventually
from tests.support.system import System

SEED = int(os.environ.get("ZHENYUE_CHAOS_SEED", "20261122"))


async def test_a_doctor_with_forty_patients_is_stopped_and_nobody_is_forgotten(
    empty_system: System, valkey: Redis
) -> None:
    system = empty_system
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
    seen = await gathered(system, people)
    assert wrongs(seen) == []
    assert {seen.fates[person.number] for person in silent} == {"restored"}
    assert {fate for number, fate in seen.fates.items() if number not in seen.calls} <= SETTLED
    for person in silent:
        await eventually(lambda user=person.user: _lacks(user, "您原来的预约已为您恢复"))

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


async def _lacks(user: EmulatedUser, words: str) -> str:
    return "" if any(words in message for message in await user.messages()) else f"{words} is not on the page"
