"""Everything that can be refused or go wrong, in one place. Each leaf has a text for the patient (a test checks)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from booking.models import Claim, ClaimState


class ZhenyueError(Exception):
    """Whatever this product raises on purpose."""


class Refused(ZhenyueError):
    """A rule said no. ``rule`` is its name in metrics and logs."""

    rule = "refused"


class SoldOut(Refused):
    """Raised when the wished slot has no free seat left."""

    rule = "sold_out"


class NotOpenYet(Refused):
    """Raised when the session opens later (``release_at``, R-A6)."""

    rule = "not_open_yet"

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(f"opens at {opens_at.isoformat()}")
        self.opens_at = opens_at


class SessionClosed(Refused):
    """Raised when the session takes no bookings: closed, stopped, or gone from the roster."""

    rule = "session_closed"


class TooFarAhead(Refused):
    """Raised when the day lies beyond the booking window (R-A6)."""

    rule = "too_far_ahead"

    def __init__(self, advance_days: int, last_day: date) -> None:
        super().__init__(f"bookable until {last_day} ({advance_days} days ahead)")
        self.advance_days = advance_days
        self.last_day = last_day


class PastCutOff(Refused):
    """Raised when the slot starts in less than ``stop_before`` or has begun (R-A6)."""

    rule = "past_cut_off"

    def __init__(self, stop_before: timedelta) -> None:
        super().__init__(f"booking stops {stop_before} before the start")
        self.stop_before = stop_before


class AlreadyInSession(Refused):
    """Raised when the patient already has an appointment (or a hold of another account) in this session."""

    rule = "already_in_session"


class OverlappingAppointment(Refused):
    """Raised when the patient is expected elsewhere at that time; ``starts_at`` is the other appointment's."""

    rule = "overlap"

    def __init__(self, starts_at: datetime) -> None:
        super().__init__(f"overlaps an appointment at {starts_at.isoformat()}")
        self.starts_at = starts_at


class DayLimitReached(Refused):
    """Raised when the patient has as many appointments that day as the policy allows."""

    rule = "day_limit"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} appointments a day")
        self.limit = limit


class HoldExpired(Refused):
    """Raised when a hold is confirmed after its deadline; nothing was booked."""

    rule = "hold_expired"


class TooLateToCancel(Refused):
    """Raised when an appointment is cancelled later than ``cancel_notice`` before its start (R-A13)."""

    rule = "too_late_to_cancel"

    def __init__(self, deadline: datetime, notice: timedelta) -> None:
        super().__init__(f"could be cancelled until {deadline.isoformat()}")
        self.deadline = deadline
        self.notice = notice


class TooLateToChange(Refused):
    """Raised when an appointment is changed later than ``change_notice`` before its start (R-A12)."""

    rule = "too_late_to_change"

    def __init__(self, deadline: datetime, notice: timedelta) -> None:
        super().__init__(f"could be changed until {deadline.isoformat()}")
        self.deadline = deadline
        self.notice = notice


class NotCancellable(Refused):
    """Raised when what is cancelled is not ahead any more: moved, stopped, or over."""

    rule = "not_cancellable"

    def __init__(self, state: ClaimState) -> None:
        super().__init__(f"is {state}")
        self.state = state


class NotChangeable(Refused):
    """Raised when what is changed is not ahead any more: cancelled, moved, stopped, or over."""

    rule = "not_changeable"

    def __init__(self, state: ClaimState) -> None:
        super().__init__(f"is {state}")
        self.state = state


class SameSlot(Refused):
    """Raised when an appointment is changed to the slot it has."""

    rule = "same_slot"


class UnknownScope(Refused):
    """Raised when what is to be stopped is not there: no such session, doctor or department."""

    rule = "unknown_scope"

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(f"no {kind} {code!r}")
        self.kind = kind
        self.code = code


class EmptyRange(Refused):
    """Raised when what is to be stopped ends before it begins."""

    rule = "empty_range"


class RangePast(Refused):
    """Raised when all that is to be stopped is over."""

    rule = "range_past"


class NothingToStop(Refused):
    """Raised when all of a range is published and nothing is held in it that would be stopped."""

    rule = "nothing_to_stop"

    def __init__(self, from_at: datetime, to_at: datetime) -> None:
        super().__init__(f"nothing from {from_at.isoformat()} to {to_at.isoformat()}")
        self.from_at = from_at
        self.to_at = to_at


class AlreadyStopped(Refused):
    """Raised when all that is to be stopped is stopped already; ``stoppage`` is the id of the one that did."""

    rule = "already_stopped"

    def __init__(self, stoppage: str) -> None:
        super().__init__(f"stopped by {stoppage}")
        self.stoppage = stoppage


class ReasonMissing(Refused):
    """Raised when a stoppage is ordered without a reason."""

    rule = "reason_missing"


class TextTooLong(Refused):
    """Raised when a stoppage's reason or text is longer than ``limit`` characters."""

    rule = "text_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} characters")
        self.limit = limit


class UnknownStoppage(Refused):
    """Raised when there is no such stoppage."""

    rule = "unknown_stoppage"


class NotRequested(Refused):
    """Raised when a request for a stoppage is decided that was decided before."""

    rule = "not_requested"


class AlreadyLifted(Refused):
    """Raised when what is to be lifted is not stopped any more."""

    rule = "already_lifted"


class NotInStoppage(Refused):
    """Raised when a stoppage is to be lifted for a session it does not stop."""

    rule = "not_in_stoppage"


class StoppageOver(Refused):
    """Raised when what is to be lifted is over: its sessions have ended."""

    rule = "stoppage_over"


class OfferGone(Refused):
    """Raised when an offer is answered that is not there any more; ``why`` and ``claim`` say what became of it.

    ``expired``: past its deadline. ``answered``: another one was chosen (``claim``). ``declined``: none was wanted.
    ``restored``: the stoppage was lifted and ``claim`` is booked again. ``stopped``: that session was stopped too,
    others may follow. ``none``: nothing was offered.
    """

    rule = "offer_gone"

    def __init__(
        self,
        why: Literal["expired", "answered", "declined", "restored", "stopped", "none"],
        claim: Claim | None = None,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.claim = claim


class UnknownNotice(Refused):
    """Raised when a notice is answered that is not the account's, or has no such choice."""

    rule = "unknown_notice"


class NoticeOver(Refused):
    """Raised when a notice is answered whose visit has begun."""

    rule = "notice_over"


class UnknownPatient(Refused):
    """Raised when the patient is not linked to the account."""

    rule = "unknown_patient"


class UnknownAppointment(Refused):
    """Raised when the account has no such claim or appointment."""

    rule = "unknown_appointment"


class UnknownSlot(Refused):
    """Raised when there is no such slot."""

    rule = "unknown_slot"


class TooManyPatients(Refused):
    """Raised when the account already has as many patients as one account may have (R-D4)."""

    rule = "too_many_patients"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} patients an account")
        self.limit = limit


class IdentityMismatch(Refused):
    """Raised when the papers' number is known under another name, sex or birth date."""

    rule = "identity_mismatch"


class TooManyTries(Refused):
    """Raised when an account has named papers of others under wrong details too often, and names new ones."""

    rule = "too_many_tries"


class SharedPatient(Refused):
    """Raised when a patient whom other accounts know too is corrected in chat; the front desk does that."""

    rule = "shared_patient"


class PatientHasAppointments(Refused):
    """Raised when a patient with coming appointments of this account is removed from it."""

    rule = "patient_has_appointments"


class UnknownAccount(Refused):
    """Raised when there is no account with an openid."""

    rule = "unknown_account"


class AccountIsStaff(Refused):
    """Raised when the account of somebody who works here is to be erased: they are removed from the staff first."""

    rule = "account_is_staff"


class InvalidStaffName(Refused):
    """Raised when a member of staff is given no name, or one that is too long."""

    rule = "invalid_staff_name"

    def __init__(self, longest: int) -> None:
        super().__init__(f"a name has 1 to {longest} characters")
        self.longest = longest


class StaffNameTaken(Refused):
    """Raised when somebody who works here has the name of who is added."""

    rule = "staff_name_taken"


class DoctorNeeded(Refused):
    """Raised when a member of staff with the role of a doctor is added without one's code, or another role with it."""

    rule = "doctor_needed"


class UnknownDoctor(Refused):
    """Raised when there is no such doctor, or not any more."""

    rule = "unknown_doctor"

    def __init__(self, code: str) -> None:
        super().__init__(f"no doctor {code}")
        self.code = code


class UnknownStaff(Refused):
    """Raised when nobody who works here has the id or name."""

    rule = "unknown_staff"


class UnknownCall(Refused):
    """Raised when there is no such notice to telephone about."""

    rule = "unknown_call"


class CallSettled(Refused):
    """Raised when somebody else recorded what a call led to: ``outcome``, by the staff's id ``by``."""

    rule = "call_settled"

    def __init__(self, outcome: str, by: str) -> None:
        super().__init__(f"{outcome}, by {by}")
        self.outcome = outcome
        self.by = by


class InvalidDetail(Refused):
    """Raised when a detail is not valid (R-A10); ``detail`` and ``problem`` name the text that says how to mend it."""

    rule = "invalid_detail"

    def __init__(self, detail: str, problem: str) -> None:
        super().__init__(f"{detail}: {problem}")
        self.detail = detail
        self.problem = problem


class Busy(ZhenyueError):
    """Raised when a hold could not be settled in a few tries; asking again is right."""


class Unavailable(ZhenyueError):
    """Raised when the database or Redis does not answer: nothing is promised; a write may have been done or not."""


class PoolMissing(ZhenyueError):
    """Raised by the pool when Redis knows nothing of the session; it is rebuilt and the request retried unseen."""


class AlreadyAdmitted(ZhenyueError):
    """Raised by the pool when the patient already has a seat in the session, admitted for another request."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"admitted for {owner}")
        self.owner = owner


class StaleFence(ZhenyueError):
    """Raised by storage when a fence is not the session's newest or was used: the pool is behind and is rebuilt."""

    def __init__(self, gen: int) -> None:
        super().__init__(f"generation {gen}")
        self.gen = gen


class SeatTaken(ZhenyueError):
    """Raised by storage when the admitted seat has a live claim: the pool is told and the next seat is tried."""


class OrdinalTaken(ZhenyueError):
    """Raised by storage when a claim of the same patient and day was written meanwhile; the day is read again."""


class RepeatedRequest(ZhenyueError):
    """Raised by storage when the request was acted on before; its claim is the answer."""


class NumberTaken(ZhenyueError):
    """Raised by storage when the drawn appointment number exists; another one is drawn."""


class AccountBound(ZhenyueError):
    """Raised by storage when an account is bound that somebody of the staff has: one account is one of them."""


class ChainMoved(ZhenyueError):
    """Raised by storage when another sealer has lengthened the audit trail's chain: its end is read again."""


class PersonKnown(ZhenyueError):
    """Raised by storage when another person has these papers: written meanwhile, or meant by a correction."""


class CatalogueError(ZhenyueError):
    """Raised when a catalogue cannot be loaded. ``problems`` are complete lines for the person who wrote the file."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class StillBooked:
    """A doctor or department with people who expect to come, how many, and until which day."""

    kind: Literal["doctor", "department"]
    code: str
    name: str
    claims: int
    until: date


class RetirementRefused(ZhenyueError):
    """Raised when a catalogue leaves out a doctor or department with booked or held seats ahead; nothing is loaded."""

    def __init__(self, still_booked: tuple[StillBooked, ...]) -> None:
        super().__init__(", ".join(f"{each.kind} {each.code}: {each.claims}" for each in still_booked))
        self.still_booked = still_booked


AdjustmentProblem = Literal[
    "unknown_session",
    "past",
    "begun",
    "stopped",
    "partly_stopped",
    "stopped_then",
    "closed",
    "nothing",
    "capacity",
    "unknown_doctor",
    "other_department",
    "doctor_busy",
    "start_past",
    "leaves_day",
    "not_rostered",
    "needs_stoppage",
]


class CannotAdjust(ZhenyueError):
    """Raised when a published session cannot be changed as staff ask; ``problem`` and ``details`` say why (R-A8)."""

    def __init__(self, problem: AdjustmentProblem, **details: str) -> None:
        super().__init__(f"{problem}: {details}")
        self.problem = problem
        self.details = details


class NoCatalogue(ZhenyueError):
    """Raised when no clinic catalogue has been loaded yet."""
