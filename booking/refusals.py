"""What a patient can be refused. Each leaf has a text for the patient (a test checks)."""

from datetime import date, datetime, timedelta
from typing import Literal

from booking.errors import Refused
from booking.models import Claim, ClaimState


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


class InvalidDetail(Refused):
    """Raised when a detail is not valid (R-A10); ``detail`` and ``problem`` name the text that says how to mend it."""

    rule = "invalid_detail"

    def __init__(self, detail: str, problem: str) -> None:
        super().__init__(f"{detail}: {problem}")
        self.detail = detail
        self.problem = problem
