"""What staff may know a patient by: papers' number, mobile number, file or appointment number, or the exact name."""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from booking.id_numbers import compact
from booking.masking import mask_mobile, mask_name, mask_number
from booking.mobiles import check_mobile
from booking.refusals import InvalidDetail

ClueKind = Literal["file", "appointment", "mobile", "number", "name"]
_FILE = re.compile(r"F[0-9]{8}")
_APPOINTMENT = re.compile(r"[0-9]{14}")
_NUMBER = re.compile(r"[A-Z0-9]{6,18}")


@dataclass(frozen=True, slots=True)
class Clue:
    """One way to understand what staff typed."""

    kind: ClueKind
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """What the access log says of it when nobody was found."""
        mask = {"name": mask_name, "mobile": mask_mobile, "number": mask_number}.get(self.kind)
        return f"{self.kind} {mask(self.value) if mask else self.value}"


def read_clues(text: str) -> list[Clue]:
    """Return all that a text may mean, the likeliest first; a name only where it cannot be a number."""
    plain = unicodedata.normalize("NFKC", text).strip()
    packed = compact(plain)
    clues: list[Clue] = []
    if _FILE.fullmatch(packed):
        clues.append(Clue("file", packed))
    if _APPOINTMENT.fullmatch(packed):
        clues.append(Clue("appointment", packed))
    with suppress(InvalidDetail):
        clues.append(Clue("mobile", check_mobile(plain)))
    if _NUMBER.fullmatch(packed) and any(letter.isdigit() for letter in packed):
        clues.append(Clue("number", packed))
    return clues or ([Clue("name", plain)] if plain else [])
