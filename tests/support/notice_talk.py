"""What the conversations about notices share."""

from booking.actors import Actor, Role
from booking.errors import Unavailable
from booking.notices import Notice, NoticeKind
from booking.staffing import StaffAccounts
from booking.stoppage_models import Scope, StopOrder
from tests.support.notice_desk import CLI, Desk
from tests.support.talk import Talk


async def unavailable(_: object) -> None:
    """Say that there is no database."""
    raise Unavailable("database")


WANG_HERSELF = Scope("doctor", "wang")


async def asked(desk: Desk, scope: Scope = WANG_HERSELF) -> tuple[Talk, Notice]:
    """A manager at their telephone, and what a doctor's request tells them."""
    accounts, now = StaffAccounts(desk.database), desk.talk.now
    _, code = await accounts.add("陈主任", Role.MANAGER, by=CLI, now=now)
    await accounts.bind(code, "o-manager", now=now)
    doctor, _ = await accounts.add("王医生", Role.DOCTOR, "wang", by=CLI, now=now)
    order = StopOrder(scope, "家中有事", "ask")
    await desk.stoppages.request(order, by=Actor("staff", doctor.id, "wechat"), now=now)
    manager = Talk(desk.talk.dialogue, now, openid="o-manager")
    return manager, await Desk(manager, desk.database, desk.appointments).deliver(NoticeKind.STOP_REQUEST)
