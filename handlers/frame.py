"""The frame with gaps: what a turn works on, and what flows are made of."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import ClassVar

from booking.actors import Actor, Staff
from booking.answers import Answers
from booking.appointments import Appointments, AppointmentView
from booking.availability import Availability
from booking.calls import Calls
from booking.current import CurrentCatalogue
from booking.desk import Desk
from booking.errors import Refused
from booking.models import Catalogue, ClaimState, Clinic
from booking.offering import Offers
from booking.patients import Known, Patients
from booking.reminders import Reminders
from booking.rules import clinic_day
from booking.sayings import Sayings
from booking.staffing import StaffAccounts
from booking.stoppages import Stoppages
from handlers.chat import Incoming, Reply
from handlers.state import Option
from handlers.texts import commands
from handlers.texts.refusals import refusal
from handlers.understanding.current import CurrentUnderstanding
from handlers.understanding.reading import Reading

BACK = "<"
"""The value of an option that means 返回."""
GO_ON = ">"
"""The value of an option that means the dialogue put aside, to which the message belongs."""
SAID = "said"
"""The gap that keeps the words about which something is asked."""
STAFF = "staff"
"""The menu of staff; the names of their other flows begin with it."""
_KEPT = (ClaimState.BOOKED, ClaimState.ARRIVED, ClaimState.COMPLETED)
NOT_UNDERSTOOD = "not_understood"
"""The outcome of a turn in which nothing was understood."""
LISTED = "list_"
"""What the names of gaps begin with that lead staff to an appointment: the list stays where that is refused."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the conversation may ask of the domain."""

    appointments: Appointments
    patients: Patients
    catalogue: CurrentCatalogue
    availability: Availability
    staff: StaffAccounts
    answers: Answers
    reminders: Reminders
    offers: Offers
    stoppages: Stoppages
    desk: Desk
    calls: Calls
    understanding: CurrentUnderstanding
    sayings: Sayings


@dataclass(frozen=True, slots=True)
class Question:
    """What a gap asks: a text, options, and the last line (a detail's question stands there)."""

    text: str
    options: tuple[Option, ...] = ()
    footer: str = ""
    lasting: bool = False
    """Whether a tap works however old its message is; the options are commands then."""


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a flow.

    ``reply``: said instead of the text, with choices of its own; what was put aside then waits without being asked.
    """

    text: str
    outcome: str = "done"
    reply: Reply | None = None


@dataclass(slots=True)
class Frame:
    """The gaps of a flow during one turn, and everything a gap needs to ask, choose and hear."""

    services: Services
    catalogue: Catalogue
    incoming: Incoming
    now: datetime
    flow: str
    gaps: dict[str, str] = field(default_factory=dict)
    trail: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Said before the next question; not kept."""
    echoes: list[str] = field(default_factory=list)
    """Those of the notes that a confirmation says as well."""
    document: bytes = b""
    """The chat as it was when the message came."""
    suspended: str = ""
    """The document of the dialogue that this one was put before."""
    held: str = ""
    """The claim held when the message came."""
    outcome: str = "asked"
    rule: str = ""
    misses: int = 0
    """How many messages in a row before this one were not understood."""
    sent: int = 0
    """When the newest message that the chat knows of was sent, by WeChat's clock."""
    account: Known | None = None
    """What this turn has read of the account; ``known`` reads it."""
    staff: Staff | None = None
    """Who of the staff writes, as far as this turn had to know."""
    held_by: Actor | None = None
    """Who held the claim that was held when the message came; None for the account itself."""
    _reading: Reading | None = None
    _visits: Sequence[AppointmentView] | None = None

    @property
    def clinic(self) -> Clinic:
        """The clinic."""
        return self.catalogue.clinic

    @property
    def today(self) -> date:
        """The clinic's calendar day."""
        return clinic_day(self.catalogue, self.now)

    @property
    def openid(self) -> str:
        """The account."""
        return self.incoming.openid

    @property
    def is_staffs(self) -> bool:
        """Whether this is a dialogue of staff; who works here may book for themselves as anybody does."""
        return self.flow.startswith(STAFF)

    @property
    def by(self) -> Actor | None:
        """Who acts in a dialogue of staff; None where the account acts for itself."""
        return self.by_in(self.flow)

    def by_in(self, flow: str) -> Actor | None:
        """Return who acts in a flow; None where the account acts for itself."""
        return self.actor if self.staff is not None and flow.startswith(STAFF) else None

    @property
    def bound(self) -> Staff:
        """Who leads this dialogue of staff."""
        if self.staff is None:
            raise RuntimeError(f"flow {self.flow} without staff")
        return self.staff

    @property
    def actor(self) -> Actor:
        """Who acts in a dialogue of staff, where nobody else can."""
        return Actor("staff", self.bound.id, "wechat")

    async def known(self) -> Known:
        """Return what is known of the account, read once a turn; whoever changes it opens it again."""
        if self.account is None:
            self.account = await self.services.patients.known(self.openid)
        return self.account

    async def last_visit(self) -> AppointmentView | None:
        """Return the account's latest appointment that stands or was kept, be it still to come; reads them once."""
        if self._visits is None:
            views = await self.services.appointments.of_account(self.openid, now=self.now)
            self._visits = [view for view in views if view.claim.state in _KEPT]
        return max(self._visits, key=lambda view: view.claim.starts_at, default=None)

    def is_ahead(self, view: AppointmentView) -> bool:
        """Tell whether an appointment is still to come."""
        return view.claim.state is ClaimState.BOOKED and view.claim.starts_at > self.now

    def read(self) -> Reading:
        """Return what the message says as a sentence; reads it once."""
        if self._reading is None:
            self._reading = self.read_as("")
        return self._reading

    def hear_instead(self, text: str) -> None:
        """Take these words of the same account for the message."""
        self.incoming, self._reading = replace(self.incoming, text=text, tapped=None), None

    def read_as(self, meant: str) -> Reading:
        """Return what the message says as a sentence of which this intent is known."""
        self._reading = self.services.understanding.of(self.catalogue).read(self.incoming.text, self.now, meant=meant)
        return self._reading

    def get(self, gap: str) -> str:
        """Return what a gap is filled with, empty when it is open."""
        return self.gaps.get(gap, "")

    def fill(self, gap: str, value: str) -> None:
        """Fill a gap, or correct what it was filled with."""
        self.gaps[gap] = value

    def forget(self, *gaps: str) -> None:
        """Open gaps again."""
        for gap in gaps:
            self.gaps.pop(gap, None)

    def note(self, text: str) -> None:
        """Say something before the next question."""
        if text not in self.notes:
            self.notes.append(text)

    def echo(self, text: str) -> None:
        """Say what was understood or taken, unless a confirmation comes next, which says it all."""
        self.note(text)
        self.echoes.append(text)

    def take_back(self, text: str) -> None:
        """Say no more what was to be said: something better is."""
        self.notes = [note for note in self.notes if note != text]

    def drop_echoes(self) -> None:
        """Leave to the confirmation what it says."""
        self.notes = [note for note in self.notes if note not in self.echoes]

    def refuse(self, error: Refused) -> None:
        """Say which rule was met."""
        self.note(refusal(error, clinic=self.clinic))
        self.outcome, self.rule = "refused", error.rule

    def refuse_and_keep(self, error: Refused, *kept: str) -> None:
        """Say which rule was met, and go back to where only these gaps are filled, and those of the list before."""
        self.refuse(error)
        self.gaps = {gap: value for gap, value in self.gaps.items() if gap in kept or gap.startswith(LISTED)}
        while self.trail and self.trail[-1] == self.gaps:
            self.trail.pop()

    def start(self, flow: str, **gaps: str) -> None:
        """Begin a flow, with what is known already."""
        self.flow, self.gaps, self.trail = flow, dict(gaps), []

    def step(self) -> None:
        """Note that an answer is about to change the gaps, so that 返回 comes back to here."""
        self.trail.append(dict(self.gaps))

    def step_back(self) -> bool:
        """Put the gaps back to where they stood before the last answer; False when there was none."""
        if not self.trail:
            return False
        self.gaps = self.trail.pop()
        return True

    def settle(self) -> None:
        """Note that something was done that 返回 cannot undo."""
        self.trail.clear()


class Gap(ABC):
    """Something a flow must know or do. ``name`` is its place among the gaps."""

    name: ClassVar[str]

    @abstractmethod
    async def ask(self, frame: Frame) -> Question | Done | None:
        """Return the question; None when the frame was changed instead (filled without asking, or opened again)."""

    def choose(self, frame: Frame, value: str) -> None:
        """Take the option the patient chose."""
        frame.fill(self.name, value)

    def hear(self, frame: Frame, text: str) -> bool:
        """Take free words; False when they say nothing to this gap. May raise ``Refused``, which is then said."""
        return False


def _hears_nothing(frame: Frame, text: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Flow:
    """A list of gaps with their questions; the first open one is asked. The last of them ends the flow.

    ``hear`` takes free words to which the open question has no ear: a name that fills another gap.
    """

    name: str
    gaps: Callable[[Frame], Iterable[Gap]]
    hear: Callable[[Frame, str], bool] = _hears_nothing


def confirm_or_back() -> tuple[Option, ...]:
    """Return the two options of every confirmation, in the contract's order."""
    return (
        Option("yes", commands.CONFIRM, commands.CONFIRM_WORDS),
        Option(BACK, commands.GO_BACK, commands.GO_BACK_WORDS),
    )
