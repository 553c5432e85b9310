"""Managers decide in chat what doctors ask for (R-A14)."""

from booking.staffing import StaffAccounts
from booking.stoppage_models import Scope, StoppageState
from tests.support.notice_desk import CLI, WANG, Desk
from tests.support.notice_talk import asked


async def test_a_manager_approves_a_stoppage_with_one_character(desk: Desk) -> None:
    await desk.book()
    manager, notice = await asked(desk)
    (told,) = manager.transcript
    assert "王医生申请停诊" in told
    assert "至 另行通知" in told
    seen = (await manager.says("1")).shows("已批准").ends("decided")
    ((stoppage, _),) = await desk.stoppages.all()
    assert stoppage.state is StoppageState.STOPPING
    assert (await Desk(manager, desk.database, desk.appointments).tap(notice, 1)).text == seen.text


async def test_a_manager_reads_what_session_a_doctor_asks_to_stop(desk: Desk) -> None:
    manager, _ = await asked(desk, Scope("session", WANG))
    assert "范围：王芳 11月24日 周二 09:00-10:00" in manager.transcript[0]


async def test_a_manager_refuses_and_cannot_approve_afterwards(desk: Desk) -> None:
    manager, notice = await asked(desk)
    (await manager.says("2")).shows("不批准").ends("decided")
    (await Desk(manager, desk.database, desk.appointments).tap(notice, 1)).shows("已经处理过了")
    ((stoppage, _),) = await desk.stoppages.all()
    assert stoppage.state is StoppageState.REFUSED


async def test_who_is_no_manager_any_more_decides_nothing(desk: Desk) -> None:
    """Nobody unbound can find out that there is anything to decide."""
    manager, notice = await asked(desk)
    await StaffAccounts(desk.database).remove("陈主任", by=CLI, now=manager.now)
    (await manager.says("1")).hides("批准", "停诊")
    seen = await Desk(manager, desk.database, desk.appointments).tap(notice, 1)
    seen.shows("没有找到这条通知").hides("批准", "停诊")
    ((stoppage, _),) = await desk.stoppages.all()
    assert stoppage.state is StoppageState.REQUESTED
