"""A catalogue file from the disk to checked values, or one line for each mistake in it."""

from dataclasses import dataclass
from pathlib import Path

from booking.catalogue import CatalogueValues, read_catalogue
from booking.staff_refusals import CatalogueError
from bot import texts
from bot.catalogue_document import Document
from bot.catalogue_workbook import WORKBOOKS, read_workbook
from bot.catalogue_yaml import read_yaml

MAX_BYTES = 5 * 1024 * 1024
SAMPLE = Path(__file__).parent / "sample" / "clinic.yaml"
"""The clinic of the demo."""


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A catalogue ready to be loaded, and what deserves a look in it, one line each."""

    values: CatalogueValues
    remarks: tuple[str, ...]


def read_catalogue_file(path: Path, *, default_timezone: str) -> CatalogueFile:
    """Read and check a catalogue, a workbook or YAML as its suffix says.

    Raises ``CatalogueError`` with a line for each mistake, and ``OSError`` when the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise CatalogueError([f"{path.name}:1: {texts.CATALOGUE_TOO_BIG}"])
    try:
        document = _document(data, path)
    except RecursionError:
        raise CatalogueError([f"{path.name}:1: {texts.CATALOGUE_TOO_DEEP}"]) from None
    reading = read_catalogue(document.content, default_timezone=default_timezone)
    mistakes = [*document.mistakes, *reading.mistakes]
    if mistakes or reading.values is None:
        raise CatalogueError(document.in_words(mistakes))
    return CatalogueFile(reading.values, tuple(document.in_words(reading.remarks)))


def _document(data: bytes, path: Path) -> Document:
    reader = read_workbook if path.suffix.lower() in WORKBOOKS else read_yaml
    return reader(data, path.name)
