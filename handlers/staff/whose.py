"""Whose days are looked at: a doctor's own, or those of a department and doctor that are chosen."""

from booking.actors import Deed
from handlers.frame import Frame

ALL = "all"


def own_doctor(frame: Frame) -> str | None:
    """Return the code of the doctor who looks; None for who may see everybody's days."""
    return None if frame.bound.may(Deed.SEE_ALL) else frame.bound.doctor
