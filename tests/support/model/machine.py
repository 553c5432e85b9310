"""The machine: draws commands and faults, lets the real services do them, and judges each step by the model."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from booking.actors import Actor
from booking.adjustment_models import Adjustment
from booking.appointments import Wish
from booking.errors import Busy, Refused, Unavailable
from booking.models import CalendarDay, Claim, ClaimState
from booking.notices import NoticeKind
from booking.pool_port import PoolReading
from booking.refusals import SoldOut
from booking.staff_refusals import CannotAdjust
from booking.stoppage_models import Scope, StopOrder
from tests.conftest import NOW
from tests.support.clinic import CLINIC
from tests.support.model.clinic import Clinic, Expected
from tests.support.model.fate import FAULTS, Death
from tests.support.model.laws import changes, state_is_sound, step_is_lawful
from tests.support.model.snapshot import Snapshot, pool_differs
from tests.support.model.world import LINKS, POLICY, Loop, Services, World

T = TypeVar("T")
PICK = st.integers(0, 11)
STAFF = Actor("staff", "desk", "phone")
PATIENTS = sorted(LINKS)
ORPHANS_ARE_OLD = timedelta(seconds=31)
TIMES = (timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=35), timedelta(hours=3))
Deed = Callable[[Services], Awaitable[Any]]


class Violation(AssertionError):
    """Something that was promised did not hold."""


@dataclass(frozen=True)
class Command:
    """What was asked for: it can be asked again, as a redelivery or by an impatient patient."""

    kind: str
    deed: Callable[[datetime], Deed]
    expect: Callable[[Clinic, datetime], Expected]


class ClinicMachine(RuleBasedStateMachine):
    """Patients, staff, workers and faults, one step after the other."""

    def __init__(self, world: World, loop: Loop) -> None:
        super().__init__()
        self.world = world
        self.loop = loop
        self.now = NOW
        self.count = 0
        self.sure = world.compares
        """Whether Redis must equal SQL: no fault since they were last compared."""
        self.struck = False
        """Whether a fault met the last command."""
        self.about: tuple[str, ...] = ()
        """Sessions that a command is about, whether it changes them or not."""
        self.commands: list[Command] = []
        self.seen: Snapshot

    # What every step goes through

    @property
    def clinic(self) -> Clinic:
        """The model at this moment."""
        return Clinic(self.seen.claims, self.seen.slots, self.seen.sessions, LINKS, POLICY)

    def do(self, kind: str, deed: Deed, expected: Expected | None = None) -> Any:
        """Let the services do something and judge what came of it."""
        before = self.seen
        came, struck, after = self.loop.run(self.world.attempt(deed))
        self.seen, self.struck = after, struck
        wrongs = step_is_lawful(kind, before, after, now=self.now) + state_is_sound(after, POLICY)
        if struck:
            self.sure = False
            if isinstance(came, Death):
                self.world.services = self.world.start()
        wrongs += self._outcome(kind, before, came, expected, struck=struck)
        if any(c.seat != before.claims[c.id].seat for c in after.claims.values() if c.id in before.claims):
            self.sure = False  # who moved up is moved in Redis by the reconciler
        if self.sure:
            wrongs += self._seats(before)
        self.about = ()
        if wrongs:
            raise Violation(f"{kind} → {repr(came)[:200]} at {self.now}:\n" + "\n".join(wrongs))
        self.now += timedelta(milliseconds=1)  # no two things happen at once, so that their order is always the same
        return came

    def _outcome(
        self, kind: str, before: Snapshot, came: object, expected: Expected | None, *, struck: bool
    ) -> list[str]:
        after = self.seen
        if isinstance(came, (Death, Unavailable)) and struck:
            return []  # nothing or all of it: each is lawful, and the same again must find it
        if isinstance(came, Exception):
            if not isinstance(came, (Refused, Busy, CannotAdjust)):
                return [f"raised {came!r} from {came.__cause__!r}"]
            left = [] if before.without_generations() == after.without_generations() else ["raised, and left something"]
            return left + ([] if expected is None else self._refusal(came, expected))
        return [] if expected is None else self._done(kind, before, came, expected)

    def _refusal(self, came: Exception, expected: Expected) -> list[str]:
        right = expected.refusals | expected.may
        if not self.sure:
            right |= {SoldOut, Busy}  # a seat may look taken for a while, an admission be under way
        if type(came) in right:
            return []
        return [f"refused {came!r}; right would be {sorted(k.__name__ for k in right) or expected.changes or 'done'}"]

    def _done(self, kind: str, before: Snapshot, came: object, expected: Expected) -> list[str]:
        after = self.seen
        if expected.refusals:
            return [f"done, and had to be refused by {sorted(k.__name__ for k in expected.refusals)}"]
        new = [after.claims[id_] for id_ in after.claims.keys() - before.claims.keys()]
        steps = {id_: step[1] for id_, step in changes(before, after).items() if step[0] is not None}
        wrongs = [] if steps == expected.changes else [f"changed {steps}; right would be {expected.changes}"]
        if (expected.new is None) != (not new):
            wrongs.append(f"made {new}; wished for {expected.new}")
        if expected.new is not None and new:
            wrongs += self._kept(new[0], expected.new)
        answered = getattr(getattr(came, "claim", came), "id", None)
        if expected.result is not None and answered != expected.result:
            wrongs.append(f"answered {came}; right would be {expected.result}")
        return wrongs

    def _kept(self, claim: Claim, wish: Wish) -> list[str]:
        """What was promised with a hold."""
        asked = (wish.slot, wish.patient, wish.request_id, self.now + timedelta(minutes=5))
        got = (claim.slot, claim.patient, claim.request_id, claim.expires_at)
        return [] if asked == got else [f"asked for {asked}, got {got}"]

    def _seats(self, before: Snapshot) -> list[str]:
        """Seats are free or live, in Redis as in SQL; a session whose change is still to be told may lag."""
        touched = {*self.seen.touched_since(before), *self.about}
        readings = self._pools(touched)
        told = [s for s, found in readings.items() if found is None or found.gen == self.seen.sessions[s].gen]
        return [wrong for s in told for wrong in pool_differs(self.seen, s, readings[s], at_rest=False)]

    def _pools(self, sessions: Iterable[str]) -> dict[str, PoolReading | None]:
        """What Redis says of those that are not over."""
        ahead = sorted(s for s in sessions if self.seen.sessions[s].ends_at > self.now)
        return self.loop.run(self.world.read_pools(ahead))

    def _pick(self, things: Sequence[T], pick: int) -> T | None:
        return things[pick % len(things)] if things else None

    def _claims(self, *states: ClaimState) -> list[Claim]:
        return [c for c in self._in_order() if c.state in states]

    def _in_order(self) -> list[Claim]:
        """All claims in an order that is the same each time: ids are drawn by chance."""
        return sorted(self.seen.claims.values(), key=lambda c: (c.created_at, c.slot, c.seat, c.request_id))

    def _command(self, kind: str, deed: Callable[[datetime], Deed], expect: Callable[..., Expected]) -> None:
        self.commands.append(Command(kind, deed, expect))
        self._give(self.commands[-1])

    def _give(self, command: Command) -> None:
        self.do(command.kind, command.deed(self.now), command.expect(self.clinic, self.now))

    @initialize(visits=st.lists(st.tuples(PICK, PICK, st.booleans()), min_size=3, max_size=8))
    def opens(self, visits: list[tuple[int, int, bool]]) -> None:
        """Begin with empty tables and an empty Valkey; some come at once."""
        self.seen = self.loop.run(self.world.begin(self.now))
        for slot, patient, hesitates in visits:
            if hesitates:
                self.holds(slot, patient, account=2)
            else:
                self.holds_and_confirms(slot, patient)

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
                self._confirm(self.seen.claims[claim_id], stranger=False, staff=False)

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
        if old is None:
            return
        before = set(self.seen.claims)
        self._hold(self._slot(slot), old.patient, None if staff else old.openid, old.id)
        for claim_id in self.seen.claims.keys() - before:
            if exchanges and self.seen.claims[claim_id].state is ClaimState.HELD:
                self._exchange(old, self.seen.claims[claim_id])

    def _confirm(self, held: Claim, *, stranger: bool, staff: bool) -> None:
        owner = None if staff else "o-9" if stranger else held.openid
        by = STAFF if staff else None
        self._command(
            "confirm",
            lambda now: lambda s: s.appointments.confirm(held.id, openid=owner, by=by, now=now),
            lambda clinic, now: clinic.confirm(held.id, owner=owner, now=now),
        )

    @rule(claim=PICK, stranger=st.booleans(), staff=st.booleans())
    def confirms(self, claim: int, stranger: bool, staff: bool) -> None:
        """A hold, live or long over, is confirmed."""
        held = self._pick(self._claims(ClaimState.HELD), claim) or self._pick(self._in_order(), claim)
        if held is not None and held.state is not ClaimState.OFFERED:
            self._confirm(held, stranger=stranger, staff=staff)

    @rule(claim=PICK, stranger=st.booleans())
    def releases(self, claim: int, stranger: bool) -> None:
        """A patient goes back."""
        held = self._pick(self._claims(ClaimState.HELD, ClaimState.BOOKED), claim)
        if held is not None:
            owner = "o-9" if stranger else held.openid
            self._command(
                "release",
                lambda now: lambda s: s.appointments.release(held.id, openid=owner, now=now),
                lambda clinic, now: clinic.release(held.id, owner=owner),
            )

    @rule(claim=PICK, staff=st.booleans())
    def cancels(self, claim: int, staff: bool) -> None:
        """An appointment is cancelled."""
        booked = self._pick(self._claims(ClaimState.BOOKED, ClaimState.CANCELLED, ClaimState.STOPPED), claim)
        if booked is not None:
            owner, by = (None, STAFF) if staff else (booked.openid, None)
            self._command(
                "cancel",
                lambda now: lambda s: s.appointments.cancel(booked.id, openid=owner, by=by, now=now),
                lambda clinic, now: clinic.cancel(booked.id, owner=owner, now=now),
            )

    @rule(claim=PICK, to=PICK)
    def reschedules(self, claim: int, to: int) -> None:
        """An appointment is exchanged for a replacement that is held."""
        held = [c for c in self._claims(ClaimState.HELD, ClaimState.EXPIRED) if c.kind == "replacement"]
        new = self._pick(held, to)
        booked = self._claims(ClaimState.BOOKED, ClaimState.MOVED)
        old = self._pick([c for c in booked if new is not None and c.patient == new.patient] or booked, claim)
        if old is not None and new is not None:
            self._exchange(old, new)

    def _exchange(self, old: Claim, new: Claim) -> None:
        self._command(
            "reschedule",
            lambda now: lambda s: s.appointments.reschedule(old.id, to=new.id, openid=new.openid, now=now),
            lambda clinic, now: clinic.reschedule(old.id, new.id, owner=new.openid, now=now),
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
        self.count += 1
        session = self.seen.sessions[self.seen.slots[self._slot(which)].session]
        scopes = {"session": Scope("session", session.id), "clinic": Scope("clinic")}
        scope = scopes.get(kind, Scope("doctor", session.doctor))
        half = session.starts_at + timedelta(minutes=30)
        from_at, to_at = (half, half + timedelta(hours=hours)) if kind == "part" else (None, None)
        if kind == "clinic":
            to_at = self.now + timedelta(hours=hours)
        order = StopOrder(scope, "医生生病", f"s{self.count}", from_at=from_at, to_at=to_at)
        now = self.now
        self.do("stop", lambda s: s.stoppages.stop(order, by=STAFF, now=now))
        for held in self._claims(ClaimState.HELD):
            if self.seen.slots[held.slot].stoppage is not None:
                self._confirm(held, stranger=False, staff=False)
        self.works(then)

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

    @rule(which=PICK, place=st.integers(0, 3))
    def answers(self, which: int, place: int) -> None:
        """Somebody displaced chooses what is kept for them, or nothing."""
        kinds = (NoticeKind.STOPPED, NoticeKind.OFFER)
        of = {claim.id: place for place, claim in enumerate(self._in_order())}
        asked = [n for n in self.seen.notices.values() if n.kind in kinds]
        asked.sort(key=lambda n: (n.created_at, of[n.claim or ""]), reverse=True)
        chosen = self._pick(asked, which)
        if chosen is None or chosen.openid is None:
            return
        openid, now = chosen.openid, self.now
        self.do("answer", lambda s: s.offers.answer(chosen.id, place, openid=openid, now=now))

    # Workers

    @rule(job=st.sampled_from(["holds", "holds", "offers", "offers", "notices", "publishing", "holiday"]), ahead=PICK)
    def a_worker_comes(self, job: str, ahead: int) -> None:
        """One of the background jobs has its turn."""
        now = self.now
        if job == "holds":
            self._ends_what_is_due()
        elif job == "offers":
            self.do("expire_offers", lambda s: s.offers.expire(now=now))
            self.do("serve_next", lambda s: s.offers.serve_next(now=now))
        elif job == "notices":
            self.do("send", lambda _: self.world.send_notices())
        else:
            self._publishes(ahead % 2 + 1 if job == "holiday" else None)

    def _ends_what_is_due(self) -> None:
        now = self.now
        self.do("expire", lambda s: s.seats.expire_holds(now=now), self.clinic.expire(now))
        self.do("complete", lambda s: s.appointments.complete_past(now=now), self.clinic.complete(now))

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
        wish = Adjustment(session.id, **wishes[what])
        now = self.now
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

    def _compare(self, after: str) -> None:
        if self.struck or not self.world.compares:
            return
        readings = self._pools(self.seen.sessions)
        wrongs = [wrong for s, found in readings.items() for wrong in pool_differs(self.seen, s, found, at_rest=True)]
        if wrongs:
            raise Violation(f"after {after}:\n" + "\n".join(wrongs))
        self.sure = True
