"""What staff can be refused, in chat or on the command line. Each refusal has a text (a test checks)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from booking.errors import Refused, ZhenyueError


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
