"""``make understand``: how well sentences are read, on what was tuned on and on the half that was not.

What went wrong is not shown of that half: whoever looked at it would tune on it.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.holidays import public_holidays
from bot.language_tables import language_tables
from handlers.understanding.engine import Understanding
from tests.support.understanding import DEVELOPMENT, HELD_OUT, PRACTICE, load_set, score, whole_clinic_text
from tests.support.understood import catalogue_in


def reader() -> Understanding:
    """Return the reader of the clinic that the sets are about, with the tables as they come."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clinic.yaml"
        file.write_text(whole_clinic_text(), encoding="utf-8")
        nothing = Path(folder) / "nothing of its own"
        return Understanding(catalogue_in(file), language_tables(nothing), public_holidays(nothing))


def main() -> None:
    """Print all three."""
    understanding = reader()

    def read(text: str, at: datetime) -> Mapping[str, object]:
        return understanding.read(text, at).as_row(text)

    print(f"development: {score(load_set(DEVELOPMENT), read)}\n")  # noqa: T201  # what was asked for
    print(f"practice: {score(load_set(PRACTICE), read)}\n")  # noqa: T201  # the same
    print(f"held out: {str(score(load_set(HELD_OUT), read)).partition('failures')[0]}")  # noqa: T201  # the same


if __name__ == "__main__":
    main()
