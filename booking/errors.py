"""What is raised on purpose: a refusal, which says why, or something that went wrong inside.

Refusals are in ``booking.refusals`` and ``booking.staff_refusals``.
"""


class ZhenyueError(Exception):
    """Whatever this product raises on purpose."""


class Refused(ZhenyueError):
    """A rule said no. ``rule`` is its name in metrics and logs."""

    rule = "refused"


class Busy(ZhenyueError):
    """Raised when a hold could not be settled in a few tries; asking again is right."""


class Unavailable(ZhenyueError):
    """Raised when the database or Redis does not answer: nothing is promised; a write may have been done or not."""


class Contended(Unavailable):
    """Raised when the database undid a transaction because another one had what it wanted: nothing was written."""


class PoolMissing(ZhenyueError):
    """Raised by the pool when Redis knows nothing of the session; it is rebuilt and the request retried unseen."""


class SessionMoved(ZhenyueError):
    """Raised by the pool when the session has a newer generation than the one its positions were read in."""

    def __init__(self, gen: int) -> None:
        super().__init__(gen)
        self.gen = gen


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


class NoCatalogue(ZhenyueError):
    """Raised when no clinic catalogue has been loaded yet."""
