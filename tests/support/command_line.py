"""The command line in this process, on a database of the test's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import orjson
import pytest

from bot.cli import run

SECRET_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass(frozen=True, slots=True)
class Result:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, object]]:
        """Return the JSON array on standard output, which must hold nothing else."""
        return cast("list[dict[str, object]]", orjson.loads(self.out))


class CommandLine:
    """Runs commands of ``zhenyue``."""

    def __init__(
        self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(folder)
        for name, value in {"DATA_DIR": folder / "data", "DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}.items():
            monkeypatch.setenv(f"ZHENYUE_{name}", str(value))
        self._capfd = capfd
        self.folder = folder

    def __call__(self, *words: str) -> Result:
        """Run a command."""
        self._capfd.readouterr()
        status = run(words)
        printed = self._capfd.readouterr()
        return Result(status, printed.out, printed.err)

    def write(self, text: str, name: str = "clinic.yaml") -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)
