"""What every step of the machine goes through: the real services do it, and the model judges what came of it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from booking.appointments import Wish
from booking.errors import Busy, Refused, Unavailable
from booking.models import Claim, ClaimState
from booking.pool_port import PoolReading
from booking.refusals import SessionClosed, SoldOut
from booking.staff_refusals import CannotAdjust
from booking.stoppage_models import DisplacementState
from tests.conftest import NOW
from tests.support.model.clinic import Clinic, Expected
from tests.support.model.fate import Death
from tests.support.model.laws import changes, state_is_sound, step_is_lawful
from tests.support.model.snapshot import Snapshot, pool_differs
from tests.support.model.world import LINKS, POLICY, Loop, Services, World

T = TypeVar("T")
Deed = Callable[[Services], Awaitable[Any]]


class Violation(AssertionError):
    """Something that was promised did not hold."""


@dataclass(frozen=True)
class Command:
    """What was asked for: it can be asked again, as a redelivery or by an impatient patient."""

    kind: str
    deed: Callable[[datetime], Deed]
    expect: Callable[[Clinic, datetime], Expected]


class JudgedMachine(RuleBasedStateMachine):
    """A machine whose rules are judged; ``ClinicMachine`` has them."""

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

    @property
    def clinic(self) -> Clinic:
        """The model at this moment."""
        return Clinic(self.seen.claims, self.seen.slots, self.seen.sessions, self.seen.displaced, LINKS, POLICY)

    def do(self, kind: str, deed: Deed, expected: Expected | None = None) -> Any:
        """Let the services do something and judge what came of it."""
        before = self.seen
        came, struck, after = self.loop.run(self.world.attempt(deed))
        self.seen, self.struck = after, struck
        self._notes_what_is_rare(kind, before)
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

    def _notes_what_is_rare(self, kind: str, before: Snapshot) -> None:
        """Note what hardly happens by chance and has to happen, or its law is never asked."""
        soon = self.now + timedelta(seconds=1)
        for state, job in ((ClaimState.HELD, "expire"), (ClaimState.OFFERED, "expire_offers")):
            waits = [c.expires_at for c in before.claims.values() if c.state is state and c.expires_at is not None]
            if kind == job and any(self.now < deadline <= soon for deadline in waits):
                self.world.visited.add("workers come a moment before a deadline")
        for id_, old in before.displaced.items():
            if old.state is DisplacementState.OFFERED and self.seen.displaced[id_].state is DisplacementState.WAITING:
                self.world.visited.add("the last seat kept for somebody is taken away")

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
            right |= {SessionClosed} if expected.new else set()  # Redis may not know yet what is open again
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
        view = getattr(came, "view", came)
        shown = getattr(view, "claim", view)
        if expected.result is not None and getattr(shown, "id", None) != expected.result:
            wrongs.append(f"answered {came}; right would be {expected.result}")
        if isinstance(shown, Claim) and shown != after.claims[shown.id]:
            wrongs.append(f"answered {shown}, which is {after.claims[shown.id]}")
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

    def _compare(self, after: str) -> None:
        if self.struck or not self.world.compares:
            return
        readings = self._pools(self.seen.sessions)
        wrongs = [wrong for s, found in readings.items() for wrong in pool_differs(self.seen, s, found, at_rest=True)]
        if wrongs:
            raise Violation(f"after {after}:\n" + "\n".join(wrongs))
        self.sure = True
