"""A call to a patient that led to an appointment, or to the end of one, is settled with it (R-A14)."""

from contextlib import suppress
from datetime import datetime

from booking.errors import Refused
from booking.notices import CallOutcome
from handlers.frame import Frame

CALL, SEEN = "list_call", "list_call_seen"
"""The notice that is telephoned about, and when it had been telephoned before."""


async def settle_call(frame: Frame, outcome: CallOutcome) -> None:
    """Record what the call of this dialogue led to, and give back what was kept for the patient."""
    call, seen = frame.get(CALL), frame.get(SEEN)
    if not call or frame.by is None:
        return
    calls = frame.services.calls
    with suppress(Refused):  # somebody else recorded the call: what was booked or cancelled stands all the same
        await calls.settle(
            call, outcome, by=frame.by, seen=datetime.fromisoformat(seen) if seen else None, now=frame.now
        )
    with suppress(Refused):
        found = await calls.get(call, by=frame.by, now=frame.now)
        if found.displacement is not None:
            await frame.services.offers.choose_for(found.displacement.id, None, by=frame.by, now=frame.now)
