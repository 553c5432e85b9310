"""Putting a process together: what is wrong in the clinic's own tables stops the start, with the place."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import app
from bot.settings import ConfigurationError


def test_a_table_of_words_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "symptoms.yaml").write_text("entries: 3\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"symptoms\.yaml:1"):
        app._understanding(SimpleNamespace(data_dir=tmp_path))  # type: ignore[arg-type]  # all that is looked at
