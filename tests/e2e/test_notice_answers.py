"""Patients answer what the clinic tells them, through the real protocol and real processes (R-A14)."""

from emulator.client import EmulatedUser, Message
from tests.e2e.test_booking import HONG, MING, booked
from tests.support.bad_day_story import eventually
from tests.support.system import System, register


async def told(system: System, user: EmulatedUser, of: str) -> Message:
    """The next message that tells of this, once it is known to have arrived: nobody answers within milliseconds.

    Until then a digit shows the notice once more instead of answering what may not have been read.
    """
    while of not in (message := await user.next_message(patience=30)):
        pass

    async def under_way() -> str:
        return ", ".join({str(row["state"]) for row in await system.notices()} & {"pending", "sending"})

    await eventually(under_way)
    return message


async def stop(system: System, number: str) -> None:
    """Stop the session of an appointment."""
    (row,) = [row for row in await system.appointments() if row["number"] == number]
    await system.run("stop", "session", str(row["session"]), "--reason", "医生临时外出")


async def statuses(system: System, user: EmulatedUser) -> list[str]:
    """What became of the user's appointments."""
    rows = await system.appointments(openid=user.openid)
    return sorted(str(row["status"]) for row in rows)


async def test_a_stoppage_is_answered_with_one_character(system: System) -> None:
    user = await system.emulator.user("小明")
    await register(user, *MING)
    await stop(system, await booked(user))
    notice = await told(system, user, "停诊")
    assert [choice.number for choice in notice.choices][-1] == "0"
    assert "改约成功" in await user.say("1")
    assert await statuses(system, user) == ["booked", "stopped"]
    assert "改约已完成" in await user.tap("2", message=notice)
    assert await statuses(system, user) == ["booked", "stopped"]


async def test_a_tap_answers_in_the_middle_of_another_booking_which_goes_on(system: System) -> None:
    user = await system.emulator.user("小红")
    await register(user, *HONG)
    number = await booked(user)
    await user.say("预约")
    question = user.last
    assert question is not None
    await stop(system, number)
    notice = await told(system, user, "停诊")
    declined = await user.tap("0", message=notice)
    assert "不再改约" in declined
    assert [choice.label for choice in declined.choices] == [choice.label for choice in question.choices]
    assert await statuses(system, user) == ["stopped"]


async def test_a_digit_that_may_mean_the_notice_or_the_question_is_asked_about(system: System) -> None:
    user = await system.emulator.user("小红")
    await register(user, *HONG)
    number = await booked(user)
    await user.say("预约")
    await stop(system, number)
    await told(system, user, "停诊")
    which = await user.say("1")
    assert which.choices[0].label.startswith("停诊通知")
    assert which.choices[1].label == "继续刚才的对话"
    assert await statuses(system, user) == ["stopped"]
    assert "改约成功" in await user.tap("1")
