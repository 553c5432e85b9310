"""The content of a catalogue file with the lines it stands on, whatever kind of file it came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from booking.catalogue_checks import Mistake, Place, path_text
from bot import texts


@dataclass(frozen=True, slots=True)
class Document:
    """``lines`` tells where each part stands: ``17``, or in a workbook ``doctors:4``."""

    name: str
    content: object
    lines: Mapping[Place, str]
    mistakes: list[Mistake] = field(default_factory=list)

    def in_words(self, mistakes: Iterable[Mistake]) -> list[str]:
        """Return one complete line for each mistake, in the order of the file."""
        placed = sorted(((self._line(mistake.where), mistake) for mistake in mistakes), key=lambda p: _order(p[0]))
        return [mistake_line(self.name, line, mistake) for line, mistake in placed]

    def _line(self, where: Place) -> str:
        """Return the line of a place, or of the nearest thing around it when the place itself is not there."""
        for length in range(len(where), -1, -1):
            line = self.lines.get(where[:length])
            if line is not None:
                return line
        return "1"


def mistake_line(name: str, line: str, mistake: Mistake) -> str:
    """Say one mistake: file, line, place, what is wrong and how to mend it."""
    words = texts.CATALOGUE_MISTAKES.get(mistake.kind, texts.CATALOGUE_INVALID)
    text = words.format_map({**mistake.details, "key": mistake.where[-1] if mistake.where else ""})
    if mistake.details.get("near"):
        text += texts.CATALOGUE_NEAR.format(near=mistake.details["near"])
    place = f"{path_text(mistake.where)}: " if mistake.where else ""
    return f"{name}:{line}: {place}{text}"


def _order(line: str) -> tuple[str, int]:
    sheet, _, number = line.rpartition(":")
    return sheet, int(number)
