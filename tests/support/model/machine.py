"""The machine: draws commands and faults, lets the real services do them, and judges each step by the model."""

from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from booking.actors import Actor
from booking.adjustment_models import Adjustment
from booking.appointments import Wish
from booking.models import CalendarDay, Claim, ClaimState
from booking.stoppage_models import Scope, StopOrder
from tests.conftest import NOW
from tests.support.clinic import CLINIC
from tests.support.model.clinic import ENDED
from tests.support.model.fate import FAULTS
from tests.support.model.judging import JudgedMachine
from tests.support.model.laws import ASKING
from tests.support.model.snapshot import Told
from tests.support.model.world import LINKS

T = TypeVar("T")
PICK = st.integers(0, 15)
WHO = st.sampled_from(["own", "own", "staff", "foreign"])
"""Who acts on what is somebody's: its account, staff, or an account that it does not belong to."""
SCENES = st.sampled_from(["quiet", "stopped", "taken back", "taken back", "cancel", "move", "stop"])
"""How an example begins: what comes of a stoppage is seldom reached, and needs several steps, by chance."""
MOST_STOPPAGES = 6
STAFF = Actor("staff", "desk", "phone")
PATIENTS = sorted(LINKS)
ACCOUNTS = sorted({openid for openids in LINKS.values() for openid in openids})
ORPHANS_ARE_OLD = timedelta(seconds=31)
TIMES = (timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=35), timedelta(hours=3))


class ClinicMachine(JudgedMachine):
    """Patients, staff, workers and faults, one step after the other."""

    @initialize(visits=st.lists(st.tuples(PICK, PICK, st.booleans()), min_size=3, max_size=8), scene=SCENES, pick=PICK)
    def opens(self, visits: list[tuple[int, int, bool]], scene: str, pick: int) -> None:
        """Begin with empty tables and an empty Valkey; some come at once, and mostly somebody's visit is stopped."""
        self.seen = self.loop.run(self.world.begin(self.now))
        for slot, patient, hesitates in visits:
            if hesitates:
                self.holds(slot, patient, account=2)
            else:
                self.holds_and_confirms(slot, patient)
        booked = self._pick(self._claims(ClaimState.BOOKED), pick)
        if scene != "quiet" and booked is not None:
            self._stop(Scope("session", booked.session))
            self.works(5)
            if scene == "taken back" and self._claims(ClaimState.OFFERED):
                self.takes_back_what_is_kept(pick, stops=True, then=9)
            elif scene != "stopped":
                self.chooses_twice(pick, place=1, then=scene, slot=pick)

    # Patients, and staff for them

    def _hold(self, slot: str, patient: str, openid: str | None, replaces: str | None = None) -> None:
        self.count += 1
        wish = Wish(slot, patient, openid, "wechat" if openid else "phone", f"r{self.count}", replaces)
        by = None if openid else STAFF
        self.about = (self.seen.slots[slot].session,)
        self._command(
            "hold",
            lambda now: lambda s: s.appointments.hold(wish, by=by, now=now),
            lambda clinic, now: clinic.hold(wish, owner=openid, now=now),
        )

    def _slot(self, pick: int) -> str:
        """A slot that is ahead; now and then any."""
        every = sorted(self.seen.slots)
        ahead = [s for s in every if self.seen.slots[s].starts_at > self.now + timedelta(hours=1)]
        return every[pick] if pick == len(every) - 1 or not ahead else ahead[pick % len(ahead)]

    @rule(slot=PICK, patient=PICK, account=st.integers(0, 5))
    def holds(self, slot: int, patient: int, account: int) -> None:
        """A patient, now and then a stranger, or staff on the telephone, asks for a seat."""
        whom = PATIENTS[patient % len(PATIENTS)]
        who = {0: "o-9", 1: None}.get(account, LINKS[whom][account % len(LINKS[whom])])
        self._hold(self._slot(slot), whom, who)

    @rule(slot=PICK, patient=PICK)
    def holds_and_confirms(self, slot: int, patient: int) -> None:
        """Most who hold confirm at once."""
        whom = PATIENTS[patient % len(PATIENTS)]
        before = set(self.seen.claims)
        self._hold(self._slot(slot), whom, LINKS[whom][-1])
        for claim_id in sorted(self.seen.claims.keys() - before):
            if self.seen.claims[claim_id].state is ClaimState.HELD:
                self._confirm(self.seen.claims[claim_id])

    @rule(claim=PICK, slot=PICK, other=st.booleans())
    def thinks_again(self, claim: int, slot: int, other: bool) -> None:
        """Who has a seat asks for one in the same session, perhaps through another account."""
        held = self._claims(ClaimState.HELD)
        first = self._pick(held or self._claims(ClaimState.BOOKED), claim)
        if first is not None:
            here = sorted(s.id for s in self.seen.slots.values() if s.session == first.session)
            account = LINKS[first.patient][0] if other else first.openid
            self._hold(here[slot % len(here)], first.patient, account)

    @rule(claim=PICK, slot=PICK, staff=st.booleans(), exchanges=st.booleans())
    def wants_another_time(self, claim: int, slot: int, staff: bool, exchanges: bool) -> None:
        """Somebody booked asks for a replacement, and takes it at once or thinks about it."""
        old = self._pick(self._claims(ClaimState.BOOKED), claim)
        if old is not None:
            self._ask_for_another(old, slot, staff=staff, exchanges=exchanges)

    def _ask_for_another(self, old: Claim, slot: int, *, staff: bool, exchanges: bool) -> None:
        before = set(self.seen.claims)
        self._hold(self._slot(slot), old.patient, None if staff else old.openid, old.id)
        for claim_id in self.seen.claims.keys() - before:
            if exchanges and self.seen.claims[claim_id].state is ClaimState.HELD:
                self._exchange(old, self.seen.claims[claim_id])

    def _whose(self, openid: str | None, who: str) -> tuple[str | None, Actor | None]:
        """Return the account that acts on what is this account's, None with staff."""
        if who == "foreign":
            self.world.visited.add("what is another's is asked for")
            return ACCOUNTS[(ACCOUNTS.index(openid or "") + 1) % len(ACCOUNTS)], None
        return (None, STAFF) if who == "staff" else (openid, None)

    def _confirm(self, held: Claim, who: str = "own") -> None:
        owner, by = self._whose(held.openid, who)
        self._command(
            "confirm",
            lambda now: lambda s: s.appointments.confirm(held.id, openid=owner, by=by, now=now),
            lambda clinic, now: clinic.confirm(held.id, owner=owner, now=now),
        )

    @rule(claim=PICK, who=WHO)
    def confirms(self, claim: int, who: str) -> None:
        """A hold, live or long over, is confirmed."""
        held = self._pick(self._claims(ClaimState.HELD), claim) or self._pick(self._in_order(), claim)
        if held is not None and held.state is not ClaimState.OFFERED:
            self._confirm(held, who)

    @rule(claim=PICK, who=WHO)
    def releases(self, claim: int, who: str) -> None:
        """A patient goes back."""
        held = self._pick(self._claims(ClaimState.HELD, ClaimState.BOOKED), claim)
        if held is not None:
            owner, by = self._whose(held.openid, who)
            self._command(
                "release",
                lambda now: lambda s: s.appointments.release(held.id, openid=owner, by=by, now=now),
                lambda clinic, now: clinic.release(held.id, owner=owner),
            )

    @rule(claim=PICK, who=WHO)
    def cancels(self, claim: int, who: str) -> None:
        """An appointment is cancelled."""
        booked = self._pick(self._claims(ClaimState.BOOKED, ClaimState.CANCELLED, ClaimState.STOPPED), claim)
        if booked is not None:
            self._cancel(booked, who)

    def _cancel(self, booked: Claim, who: str) -> None:
        owner, by = self._whose(booked.openid, who)
        self._command(
            "cancel",
            lambda now: lambda s: s.appointments.cancel(booked.id, openid=owner, by=by, now=now),
            lambda clinic, now: clinic.cancel(booked.id, owner=owner, now=now),
        )

    @rule(claim=PICK, to=PICK, who=WHO)
    def reschedules(self, claim: int, to: int, who: str) -> None:
        """An appointment is exchanged for a replacement that is held."""
        held = [c for c in self._claims(ClaimState.HELD, ClaimState.EXPIRED) if c.kind == "replacement"]
        new = self._pick(held, to)
        booked = self._claims(ClaimState.BOOKED, ClaimState.MOVED)
        old = self._pick([c for c in booked if new is not None and c.patient == new.patient] or booked, claim)
        if old is not None and new is not None:
            self._exchange(old, new, who)

    def _exchange(self, old: Claim, new: Claim, who: str = "own") -> None:
        owner, by = self._whose(new.openid, who)
        self._command(
            "reschedule",
            lambda now: lambda s: s.appointments.reschedule(old.id, to=new.id, openid=owner, by=by, now=now),
            lambda clinic, now: clinic.reschedule(old.id, new.id, owner=owner, now=now),
        )

    @precondition(lambda self: self.commands)
    @rule(which=PICK)
    def says_it_again(self, which: int) -> None:
        """One of the last messages is delivered again."""
        self._give(self.commands[-1 - which % len(self.commands[-6:])])

    # Stoppages and what follows

    @precondition(lambda self: len(self.seen.stoppages) < 3 <= self.count)
    @rule(
        which=PICK,
        kind=st.sampled_from(["session", "doctor", "part", "clinic"]),
        hours=st.integers(1, 30),
        then=st.sampled_from([0, 0, 2, 9]),
    )
    def stops(self, which: int, kind: str, hours: int, then: int) -> None:
        """Staff stop a session, a doctor, everything, or only some hours of it."""
        session = self.seen.sessions[self.seen.slots[self._slot(which)].session]
        scopes = {"session": Scope("session", session.id), "clinic": Scope("clinic")}
        scope = scopes.get(kind, Scope("doctor", session.doctor))
        half = session.starts_at + timedelta(minutes=30)
        from_at, to_at = (half, half + timedelta(hours=hours)) if kind == "part" else (None, None)
        if kind == "clinic":
            to_at = self.now + timedelta(hours=hours)
        self._stop(scope, from_at, to_at)
        self.works(then)

    def _stop(self, scope: Scope, from_at: datetime | None = None, to_at: datetime | None = None) -> None:
        """Stop something; whoever holds a seat there tries to confirm it."""
        self.count += 1
        order = StopOrder(scope, "医生生病", f"s{self.count}", from_at=from_at, to_at=to_at)
        now = self.now
        self.do("stop", lambda s: s.stoppages.stop(order, by=STAFF, now=now))
        for held in self._claims(ClaimState.HELD):
            if self.seen.slots[held.slot].stoppage is not None:
                self._confirm(held)

    @rule(batches=st.integers(0, 9))
    def works(self, batches: int) -> None:
        """A worker goes on with stoppages."""
        done: object = True
        while done and batches > 0:
            done, batches = self._works_once(self.now), batches - 1

    def _works_once(self, now: datetime) -> object:
        return self.do("work", lambda s: s.stoppages.work(now=now))

    @precondition(lambda self: self.seen.stoppages)
    @rule(which=PICK, session=PICK, whole=st.booleans())
    def lifts(self, which: int, session: int, whole: bool) -> None:
        """Staff lift a stoppage, or one session of it."""
        stoppage = self._pick(sorted(self.seen.stoppages), which)
        assert stoppage is not None
        mine = sorted(s for of, s in self.seen.stopped if of == stoppage)
        one = None if whole or not mine else mine[session % len(mine)]
        now = self.now
        self.do("lift", lambda s: s.stoppages.lift(stoppage, one, by=STAFF, now=now))

    @precondition(lambda self: len(self.seen.stoppages) < MOST_STOPPAGES and self._claims(ClaimState.OFFERED))
    @rule(which=PICK, stops=st.booleans(), then=st.integers(2, 9))
    def takes_back_what_is_kept(self, which: int, stops: bool, then: int) -> None:
        """Staff stop or move all the sessions in which seats are kept for somebody."""
        kept = self._claims(ClaimState.OFFERED)
        whom = kept[which % len(kept)].displacement
        sessions = sorted({claim.session for claim in kept if claim.displacement == whom})
        for place, session in enumerate(sessions):
            if stops:
                self._stop(Scope("session", session))
            else:
                self._adjust(session, start=time(10 + which % 3 + 2 * place, 30))
        self.works(then)

    def _asked(self) -> list[Told]:
        """The notices that ask for a choice, the newest first."""
        of = {claim.id: place for place, claim in enumerate(self._in_order())}
        asked = [n for n in self.seen.notices.values() if n.kind in ASKING]
        return sorted(asked, key=lambda n: (n.created_at, of[n.claim or ""]), reverse=True)

    @precondition(lambda self: self._asked())
    @rule(which=PICK, place=st.sampled_from([1, 1, 2, 3, 0]), who=WHO)
    def answers(self, which: int, place: int, who: str) -> None:
        """Somebody displaced chooses what is kept for them, or nothing."""
        asked = self._asked()
        self._answer(asked[which % len(asked)], place, "foreign" if who == "foreign" else "own")

    def _answer(self, asked: Told, place: int, who: str = "own") -> None:
        owner = self._whose(asked.openid, who)[0] or ""
        self._command(
            "answer",
            lambda now: lambda s: s.offers.answer(asked.id, place, openid=owner, now=now),
            lambda clinic, now: clinic.answer(asked, place, owner=owner, now=now),
        )

    @precondition(lambda self: self._asked())
    @rule(which=PICK, place=st.integers(1, 2), then=st.sampled_from(["cancel", "move", "stop", "nothing"]), slot=PICK)
    def chooses_twice(self, which: int, place: int, then: str, slot: int) -> None:
        """Somebody displaced chooses, mostly loses what they chose, and taps the same notice again."""
        asked = self._asked()
        notice = asked[which % len(asked)]
        self._answer(notice, place)
        chosen = self.seen.claims.get(self.seen.displaced[notice.displacement or ""].chosen or "")
        if chosen is not None and chosen.state is ClaimState.BOOKED:
            self._ends(chosen, then, slot)
            if self.seen.claims[chosen.id].state in ENDED:
                self.world.visited.add("what was chosen has ended, and is chosen again")
        self._answer(notice, place)

    def _ends(self, booked: Claim, how: str, slot: int) -> None:
        """An appointment comes to an end, unless somebody is in the way."""
        if how == "cancel":
            self._cancel(booked, "staff")
        elif how == "move":
            self._ask_for_another(booked, slot, staff=True, exchanges=True)
        elif how == "stop" and len(self.seen.stoppages) < MOST_STOPPAGES:
            self._stop(Scope("session", booked.session))
            self.works(2)

    # Workers

    @rule(job=st.sampled_from(["holds", "holds", "offers", "offers", "notices", "publishing", "holiday"]), ahead=PICK)
    def a_worker_comes(self, job: str, ahead: int) -> None:
        """One of the background jobs has its turn."""
        now = self.now
        if job == "holds":
            self._ends_what_is_due()
        elif job == "offers":
            self._ends_offers()
            self.do("serve_next", lambda s: s.offers.serve_next(now=now))
        elif job == "notices":
            self.do("send", lambda _: self.world.send_notices())
        else:
            self._publishes(ahead % 2 + 1 if job == "holiday" else None)

    def _ends_what_is_due(self) -> None:
        now = self.now
        self.do("expire", lambda s: s.seats.expire_holds(now=now), self.clinic.expire(now))
        self.do("complete", lambda s: s.appointments.complete_past(now=now), self.clinic.complete(now))

    def _ends_offers(self) -> None:
        now = self.now
        self.do("expire_offers", lambda s: s.offers.expire(now=now), self.clinic.expire_offers(now))

    def _deadlines(self) -> list[datetime]:
        ahead = [c.expires_at for c in self._claims(ClaimState.HELD, ClaimState.OFFERED) if c.expires_at is not None]
        return sorted({deadline for deadline in ahead if deadline > self.now})

    @precondition(lambda self: self._deadlines())
    @rule(which=PICK)
    def workers_come_at_a_deadline(self, which: int) -> None:
        """They come the moment before a hold or an offer ends, and again the moment it does."""
        deadlines = self._deadlines()
        deadline = deadlines[which % len(deadlines)]
        for moment in (deadline - timedelta(milliseconds=10), deadline):
            self.now = max(self.now, moment)
            self._ends_what_is_due()
            self._ends_offers()

    def _publishes(self, ahead: int | None) -> None:
        """Make sessions as the rosters ask; a day may have become a holiday, or none any more."""
        now = self.now
        if ahead is not None:
            day = (now + timedelta(days=ahead)).astimezone(CLINIC.zone).date()
            calendar = self.world.calendar
            closed = [entry for entry in calendar if entry.date == day]
            self.world.calendar = [e for e in calendar if e not in closed]
            self.world.calendar += [] if closed else [CalendarDay(day, closed=True)]
            self.do("load", lambda _: self.world.write_catalogue())
        self.do("publish", lambda s: s.publishing.publish(now=now))

    @rule(by=st.sampled_from(TIMES))
    def time_passes(self, by: timedelta) -> None:
        """Nothing happens for a while."""
        self.now += by

    @precondition(lambda self: self.count > 8 and self.now - NOW < timedelta(days=2))
    @rule(by=st.sampled_from([timedelta(hours=18), timedelta(hours=22)]))
    def a_night_passes(self, by: timedelta) -> None:
        """The next day is published."""
        self.now += by
        self._ends_what_is_due()
        self._publishes(None)

    @rule(which=PICK, what=st.sampled_from(["room", "later", "doctor", "fewer", "more", "roster"]))
    def adjusts(self, which: int, what: str) -> None:
        """Staff change a session."""
        session = self.seen.sessions[self.seen.slots[self._slot(which)].session]
        wishes: dict[str, dict[str, Any]] = {
            "room": {"room": f"30{which}"},
            "later": {"start": time(10 + which % 8, 30)},
            "doctor": {"doctor": "li" if session.doctor == "wang" else "wang"},
            "fewer": {"capacity": 1},
            "more": {"capacity": 3},
            "roster": {"to_roster": True},
        }
        self._adjust(session.id, **wishes[what])

    def _adjust(self, session: str, **wishes: Any) -> None:
        wish, now = Adjustment(session, **wishes), self.now
        self.do("adjust", lambda s: s.adjustments.apply(wish, by=STAFF, now=now))

    # What breaks

    @rule(fault=st.sampled_from(FAULTS), calls=st.integers(0, 5))
    def something_will_break(self, fault: Any, calls: int) -> None:
        """One of the next calls of Redis or of the database fails."""
        self.world.fate.arm(fault, calls)

    @rule(how=st.sampled_from(["copied", "wiped", "rolled back"]), copy=PICK)
    def redis_loses(self, how: str, copy: int) -> None:
        """Redis loses everything, or what came after a copy."""
        if how == "copied" or not self.world.backups:
            self.loop.run(self.world.keep_copy())
        if how != "copied":
            self.sure = False
            self.do(how, lambda _: self.world.redis.flushall() if how == "wiped" else self.world.roll_back(copy))

    @precondition(lambda self: not self.sure or self.count % 4 == 0)
    @rule(alone=st.booleans())
    def is_put_right(self, alone: bool) -> None:
        """Half a minute alone with the workers, or ``zhenyue pool rebuild``: Redis equals SQL after it."""
        if not alone:
            self.do("rebuild", lambda s: s.seats.rebuild_all(sorted(self.seen.sessions)))
            self._compare("rebuild")
            return
        self.world.fate.disarm()
        self.now += ORPHANS_ARE_OLD
        now = self.now
        self.do("repair", lambda s: s.seats.repair())
        self.do("reconcile", lambda s: s.seats.reconcile(now=now))
        self._compare("half a minute alone")
