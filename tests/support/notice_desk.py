"""What happens behind the scene while somebody talks: appointments, stoppages, and notices that arrive."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from booking.actors import Actor
from booking.appointments import Appointments, Wish
from booking.current import CurrentCatalogue
from booking.models import ClaimState
from booking.notice_payloads import visit
from booking.notices import Notice, NoticeKind, new_notice
from booking.ports import ClaimFilter
from booking.stoppage_models import Scope, StopOrder
from booking.stoppages import Stoppages
from bot.wechat.render import reply_text, without_links
from handlers.chat import Incoming
from handlers.notices import render, tap_id
from storage.database import SqlDatabase
from tests.support.talk import Seen, Talk

WANG, LI = "wang-20261124-0900", "li-20261124-1000"
CLI = Actor("cli", "root", "cli")


class Desk:
    """What happens behind the scene while somebody talks."""

    def __init__(self, talk: Talk, database: SqlDatabase, appointments: Appointments) -> None:
        self.talk = talk
        self.database = database
        self.appointments = appointments
        self.current = CurrentCatalogue(database)
        self.stoppages = Stoppages(database=database, seats=appointments._seats, current=self.current)

    async def book(self, slot: str = f"{WANG}-0900", patient: str = "p-张三") -> str:
        """Book for the account without a word, and return the claim's id."""
        now, openid = self.talk.now, self.talk.openid
        held = await self.appointments.hold(Wish(slot, patient, openid, "wechat", f"book {slot} {patient}"), now=now)
        return (await self.appointments.confirm(held.id, openid=openid, now=now)).claim.id

    async def stop(self, session: str = WANG, *, shown: bool = True) -> Notice:
        """Stop a session, do all that follows, and deliver what the account is told with its choices."""
        order = StopOrder(Scope("session", session), "医生临时外出", f"stop {session}")
        await self.stoppages.stop(order, by=CLI, now=self.talk.now)
        while await self.stoppages.work(now=self.talk.now):
            pass
        return await self.deliver(NoticeKind.STOPPED, shown=shown)

    async def lift(self, notice: Notice) -> None:
        """Lift the stoppage that a notice tells of, and do all that follows."""
        await self.stoppages.lift(str(notice.stoppage), by=CLI, now=self.talk.now)
        while await self.stoppages.work(now=self.talk.now):
            pass

    async def remind(self, claim_id: str, kind: NoticeKind = NoticeKind.REMINDER_DAY, *, shown: bool = True) -> Notice:
        """Write a reminder and deliver it."""
        async with self.database.read() as unit:
            claim = await unit.claims.get(claim_id)
            assert claim is not None
            found = await unit.sessions.get(claim.session)
        assert found is not None
        await self.write(kind, claim_id, {"visit": visit(claim, found[0], "张三")}, claim.starts_at)
        return await self.deliver(kind, shown=shown)

    async def write(self, kind: NoticeKind, claim: str | None, payload: dict[str, Any], until: datetime) -> None:
        """Write a notice to the account."""
        made = new_notice(
            kind, dedupe_key=f"{kind}:{claim}", payload=payload, now=self.talk.now, openid=self.talk.openid,
            patient="p-张三", claim=claim, visit_at=until, asks_until=until,
        )  # fmt: skip
        async with self.database.begin() as unit:
            await unit.notices.add([made])

    async def deliver(self, kind: NoticeKind, *, shown: bool = True) -> Notice:
        """Send the newest open notice of a kind, as the relay would; as a template it shows no choices."""
        async with self.database.begin() as unit:
            found = [n for n in await unit.notices.open_of(self.talk.openid, self.talk.now) if n.kind is kind]
            if shown:
                await unit.notices.shown([found[0].id], now=self.talk.now)
        if shown:
            catalogue = await self.current.get()
            text = without_links(reply_text(render(found[0], catalogue, now=self.talk.now)))
            self.talk.transcript.append(f"（通知）\n诊约：{text}")
        return replace(found[0], shown=shown)

    async def tap(self, notice: Notice, digit: int) -> Seen:
        """Tap a choice of a notice, however old."""
        return await self.talk.sends(
            Incoming(self.talk.openid, "text", self.talk.next_id(), text=str(digit), tapped=tap_id(notice.id, digit))
        )

    async def get(self, notice: Notice) -> Notice:
        """The notice as it stands now."""
        async with self.database.read() as unit:
            found = await unit.notices.get(notice.id)
        assert found is not None
        return found

    async def states(self) -> list[str]:
        """Slot and state of what the account has or had, by start."""
        async with self.database.read() as unit:
            claims = await unit.claims.find(ClaimFilter(openid=self.talk.openid))
        return [f"{claim.slot} {claim.state}" for claim in claims if claim.state is not ClaimState.RELEASED]

    async def change_room(self, claim_id: str) -> Notice:
        """Tell the account that the room of its visit has changed."""
        async with self.database.read() as unit:
            claim = await unit.claims.get(claim_id)
            assert claim is not None
            found = await unit.sessions.get(claim.session)
        assert found is not None
        old = visit(claim, found[0], "张三")
        content = {"before": old, "visit": old | {"room": "301"}, "changes": ["room"], "reason": "设备检修"}
        await self.write(NoticeKind.SESSION_CHANGED, claim_id, content, claim.starts_at)
        return await self.deliver(NoticeKind.SESSION_CHANGED)
