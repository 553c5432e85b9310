"""Answers to what is over, chosen before, or stands no longer are explained, and change nothing."""

from datetime import timedelta

from booking.models import ClaimState
from booking.ports import ClaimFilter
from booking.stoppage_models import Scope, StopOrder
from tests.support.notice_desk import CLI, WANG, Desk


async def test_another_answer_after_the_first_changes_nothing(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.tap(notice, 2)
    before = await desk.states()
    (await desk.tap(notice, 1)).shows("改约已完成", "当前预约：")
    assert await desk.states() == before


async def test_an_offer_past_its_deadline_is_explained_and_what_is_free_is_offered(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    desk.talk.now += timedelta(hours=25)
    seen = await desk.talk.says("1")
    seen.shows("为您保留的时间已过")
    assert seen.choices
    await desk.talk.says("1", "1")
    assert (await desk.get(notice)).answer is None


async def test_an_offer_after_the_stoppage_was_lifted_says_that_the_old_one_stands(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.lift(notice)
    (await desk.tap(notice, 1)).shows("原来的预约继续有效", "当前预约：11月24日")
    assert f"{WANG}-0900 booked" in await desk.states()


async def test_an_offer_that_was_stopped_too_is_explained(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    order = StopOrder(Scope("doctor", "wang"), "生病", "again")
    await desk.stoppages.stop(order, by=CLI, now=desk.talk.now)
    while await desk.stoppages.work(now=desk.talk.now):
        pass
    (await desk.tap(notice, 1)).shows("停诊")
    assert not [state for state in await desk.states() if state.endswith(" booked")]


async def test_a_replacement_that_a_rule_forbids_leaves_the_others(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    await desk.talk.says("王芳", "10:00", "1")
    desk.talk.now += timedelta(minutes=1)
    seen = await desk.talk.says("1")
    seen.shows("同一时段只能预约一次", "已为您保留以下号").offers("王芳", "王芳", "王芳", "不再改约")
    (await desk.talk.says("0")).shows("不再改约")


async def test_what_was_chosen_and_cancelled_since_is_not_said_to_stand(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.tap(notice, 1)
    await desk.talk.says("取消预约", "1")
    for place in (1, 2):
        (await desk.tap(notice, place)).shows("这个预约已取消").hides("改约成功", "当前预约")


async def test_what_was_chosen_and_stopped_since_is_not_said_to_stand(desk: Desk) -> None:
    await desk.book()
    first = await desk.stop()
    await desk.tap(first, 1)
    async with desk.database.read() as unit:
        [chosen] = await unit.claims.find(ClaimFilter(states=(ClaimState.BOOKED,)))
    await desk.stop(chosen.session)
    (await desk.tap(first, 1)).shows("这个预约已停诊").hides("改约成功", "当前预约")


async def test_what_was_given_back_and_cancelled_since_is_not_said_to_stand(desk: Desk) -> None:
    await desk.book()
    notice = await desk.stop()
    await desk.lift(notice)
    await desk.talk.says("取消预约", "1")
    (await desk.tap(notice, 1)).shows("这个预约已取消").hides("继续有效", "当前预约")


async def test_what_can_be_chosen_no_longer_is_not_asked_about_again(desk: Desk) -> None:
    await desk.book()
    await desk.stop()
    desk.talk.now += timedelta(hours=25)
    (await desk.talk.says("知道了")).shows("好的，需要时请随时回复").offers("预约挂号", "我的预约", "就诊人", "帮助")
