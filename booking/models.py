"""The clinic's things as frozen values: what the rules work on and what storage hands out.

Times are aware ``datetime`` in UTC; ``date`` and ``time`` are the clinic's own. Codes are the identity of
departments and doctors, and readable (``wang``); ids of sessions and slots are made of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

Channel = Literal["wechat", "phone", "onsite", "kiosk", "api"]
"""Through what an appointment came (R-A1)."""


class SessionState(StrEnum):
    """Whether a clinic session takes bookings. ``closed`` by the roster, ``stopped`` by a stoppage (R-A14)."""

    OPEN = "open"
    CLOSED = "closed"
    STOPPED = "stopped"


class ClaimKind(StrEnum):
    """``replacement`` is the new seat of a reschedule, ``offer`` a seat kept for a displaced patient."""

    MAIN = "main"
    REPLACEMENT = "replacement"
    OFFER = "offer"


class ClaimState(StrEnum):
    """The life of a claim. The first six occupy their seat, the others do not."""

    HELD = "held"
    OFFERED = "offered"
    BOOKED = "booked"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    RELEASED = "released"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    MOVED = "moved"


LIVE = (
    ClaimState.HELD,
    ClaimState.OFFERED,
    ClaimState.BOOKED,
    ClaimState.ARRIVED,
    ClaimState.COMPLETED,
    ClaimState.NO_SHOW,
)
APPOINTED = (
    ClaimState.BOOKED,
    ClaimState.ARRIVED,
    ClaimState.COMPLETED,
    ClaimState.NO_SHOW,
    ClaimState.CANCELLED,
    ClaimState.STOPPED,
    ClaimState.MOVED,
)
"""States of what was once confirmed: an appointment, as against a hold that came to nothing."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The clinic's own numbers; every one is data, never code (R-A6, R-A12, R-A13)."""

    advance_days: int = 7
    stop_before: timedelta = timedelta(hours=1)
    change_notice: timedelta = timedelta(hours=2)
    cancel_notice: timedelta = timedelta(hours=2)
    per_patient_per_day: int = 2
    no_show_limit: int = 3
    no_show_window_days: int = 90
    no_show_block_days: int = 90
    release_at: time | None = None
    offer_for: timedelta = timedelta(hours=24)
    """How long a replacement is kept for a displaced patient, at most (R-A14)."""
    offer_share: float = 0.5
    """Which share of a session's free seats may be kept for displaced patients."""
    remind_at: time = time(18)
    """When those who come tomorrow are reminded (R-B3)."""
    remind_before: timedelta = timedelta(hours=2)
    """How long before the visit they are reminded again; zero means never."""
    publish_at: time = time(0, 30)
    """When each day's publishing is done."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinic itself. ``hours`` is shown to patients as it stands; empty means it follows from the rosters."""

    code: str
    name: str
    address: str
    phone: str
    timezone: str
    hours: str = ""
    policy: Policy = field(default_factory=Policy)

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Department:
    """A department 科室."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    location: str = ""
    notes: str = ""
    advance_days: int | None = None
    release_at: time | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Doctor:
    """A doctor 医生; ``fee`` in yuan, fixed in a session when it is published."""

    code: str
    name: str
    title: str
    department: str
    fee: Decimal
    skills: tuple[str, ...] = ()
    introduction: str = ""
    advance_days: int | None = None
    release_at: time | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """A WeChat template: its id there, and what each of its fields (``thing1``) is filled with (``doctor``)."""

    id: str
    fields: Mapping[str, str]
    subscription: bool = False
    """Whether it is a subscription notice 订阅通知, which uses up one consent."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Clinic, departments and doctors at one moment, in the order of the file; small enough to keep in memory."""

    clinic: Clinic
    departments: Mapping[str, Department]
    doctors: Mapping[str, Doctor]
    version: int
    templates: Mapping[str, Template] = field(default_factory=dict)
    """WeChat templates by kind of notice."""

    def advance_days(self, doctor: Doctor) -> int:
        """How many days ahead this doctor can be booked: the doctor's own, else the department's, else the clinic's."""
        own = doctor.advance_days
        if own is None:
            own = self.departments[doctor.department].advance_days
        return self.clinic.policy.advance_days if own is None else own

    def release_at(self, doctor: Doctor) -> time | None:
        """When a new day's sessions of this doctor open; None means as soon as they are published."""
        return doctor.release_at or self.departments[doctor.department].release_at or self.clinic.policy.release_at


@dataclass(frozen=True, slots=True)
class Roster:
    """A doctor's weekly working time 排班; ``weekdays`` counts Monday as 0; both ends of the validity included."""

    doctor: str
    weekdays: tuple[int, ...]
    start: time
    end: time
    slot_minutes: int
    capacity: int
    room: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that differs from the rosters: closed (for all, a department or a doctor), or an extra session."""

    date: date
    closed: bool = False
    reason: str = ""
    department: str | None = None
    doctor: str | None = None
    start: time | None = None
    end: time | None = None
    slot_minutes: int | None = None
    capacity: int | None = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class ClinicSession:
    """A doctor's half-day 门诊, published from a roster. ``gen`` counts rebuilds of its pool in Redis.

    ``adjusted``: staff changed it since, so the rosters do not change it back (R-A8).
    """

    id: str
    doctor: str
    department: str
    date: date
    starts_at: datetime
    ends_at: datetime
    room: str
    fee: Decimal
    state: SessionState
    opens_at: datetime
    gen: int = 1
    adjusted: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A period of a session with ``capacity`` seats; ``position`` counts from 0 and never changes."""

    id: str
    session: str
    position: int
    starts_at: datetime
    ends_at: datetime
    capacity: int
    stoppage: str | None = None
    """The stoppage that keeps people out of this slot (R-A14)."""


@dataclass(frozen=True, slots=True)
class SlotCount:
    """A slot with its session and how its seats stand; what availability is made of."""

    session: ClinicSession
    slot: Slot
    booked: int
    held: int

    @property
    def free(self) -> int:
        """Seats nobody has a claim on."""
        return max(0, self.slot.capacity - self.booked - self.held)


@dataclass(frozen=True, slots=True)
class Claim:
    """Any hold, offer or appointment on one seat. ``seat`` counts from 1 in its slot.

    ``(gen, seq)`` is the fence handed out by the pool; ``seq`` is None for what did not come through it.
    ``first_booked_at`` survives changes: displaced patients are served in its order. ``displacement`` names for whom an
    offer is kept. ``waived``: the clinic changed the visit, so the patient may change or cancel until it begins (R-A8).
    """

    id: str
    session: str
    slot: str
    position: int
    seat: int
    patient: str
    openid: str | None
    kind: ClaimKind
    state: ClaimState
    gen: int
    seq: int | None
    request_id: str
    number: str
    channel: Channel
    date: date
    starts_at: datetime
    ends_at: datetime
    ordinal: int | None
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    first_booked_at: datetime
    displacement: str | None = None
    waived: bool = False


class Sex(StrEnum):
    """As in the identity number; the texts say 男 and 女."""

    MALE = "male"
    FEMALE = "female"


class PaperKind(StrEnum):
    """By what papers a patient is known (contract, 其他证件)."""

    ID_CARD = "id_card"
    PASSPORT = "passport"
    HK_MACAO_PERMIT = "hk_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    FOREIGN_RESIDENT = "foreign_resident"
    CHILD = "child"
    """A child without a number: known by name, birth date and a guardian's identity number."""


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """What a person says of a patient, already validated (R-A10). ``paper_number`` of a child is the guardian's."""

    name: str = field(repr=False)
    paper_kind: PaperKind
    paper_number: str = field(repr=False)
    sex: Sex
    birth_date: date
    mobile: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Patient:
    """A person 就诊人, once, however many accounts know them. ``mobile`` is the one given by the asking account."""

    id: str
    file_number: str
    details: PatientDetails
    created_at: datetime
