"""Every test that docs/security.md names exists, so that each defence can be attacked by whoever reads it."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
NAMED = re.compile(r"`((?:tests/)?[\w/]*\.py)?(?:::(\w+))?`")


def named(text: str) -> list[tuple[str, str]]:
    """Files and names in their order; a name alone is in the file named last, a file by its name alone anywhere."""
    found, file = [], ""
    for path, name in NAMED.findall(text):
        file = path or file
        if path or name:
            found.append((file, name))
    return found


def missing(text: str) -> list[str]:
    """What is named and not there."""
    root = DOCUMENT.parents[1]
    lost = []
    for file, name in named(text):
        paths = [root / file] if "/" in file else sorted((root / "tests").rglob(file))
        if not any(
            path.is_file() and re.search(rf"def {name}|class {name}", path.read_text("utf-8")) for path in paths
        ):
            lost.append(f"{file}::{name}")
    return lost


def test_every_test_that_the_document_names_exists() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert len(named(text)) > 40
    assert missing(text) == []


def test_control_a_test_that_is_gone_is_missed() -> None:
    assert missing("`tests/unit/test_sealing.py::test_of_nothing`, `::test_neither`, `test_none.py`") == [
        "tests/unit/test_sealing.py::test_of_nothing",
        "tests/unit/test_sealing.py::test_neither",
        "test_none.py::",
    ]
