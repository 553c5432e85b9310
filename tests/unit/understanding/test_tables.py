"""The tables of words: built in, replaced by the clinic's own, and refused where they make no sense."""

from dataclasses import replace
from pathlib import Path

import pytest

from booking.staff_refusals import CatalogueError
from bot.language_tables import language_tables
from handlers.understanding.current import CurrentUnderstanding
from handlers.understanding.engine import Understanding
from handlers.understanding.tables import Tables
from tests.support.understood import MONDAY, sample_catalogue

OWN = """\
source: 本诊所
reviewed: 2026-11-01
entries:
  - {words: [打嗝不停], departments: [中医科], reason: 本诊所的做法}
  - {together: [[脚], [发凉, 冰]], unless: [冰箱], departments: [牙科]}
"""


def understanding(tables: Tables) -> Understanding:
    return Understanding(sample_catalogue(), tables, lambda _: None)


def test_every_table_has_a_source_and_a_date_of_review() -> None:
    tables = language_tables()
    for table in (tables.everyday, tables.symptoms, tables.red_flags):
        assert len(table.source) > 10
        assert table.reviewed.startswith("2026-")
        assert table.entries
    assert all(entry.reason for entry in tables.symptoms.entries)
    assert all(entry.kind for entry in tables.red_flags.entries)


def test_a_clinics_own_table_replaces_the_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "symptoms.yaml").write_text(OWN, encoding="utf-8")
    own = understanding(language_tables(tmp_path))
    assert own.read("老是打嗝不停", MONDAY).department == "tcm"
    assert own.read("脚冰", MONDAY).department == "dental"
    assert own.read("脚边的冰箱", MONDAY).department is None
    assert own.read("牙疼", MONDAY).department is None
    assert own.read("洗牙", MONDAY).department == "dental"


def test_an_understanding_is_built_once_for_each_version_of_the_catalogue() -> None:
    current = CurrentUnderstanding(Tables(wishes=language_tables().wishes), lambda _: None)
    first = current.of(sample_catalogue())
    assert current.of(sample_catalogue()) is first
    changed = replace(sample_catalogue(), version=2, doctors={})
    assert current.of(changed).read("王芳", MONDAY).doctor is None
    assert first.read("王芳", MONDAY).doctor == "wang-fang"


def test_without_tables_names_and_days_are_read_all_the_same() -> None:
    reading = understanding(Tables(wishes=language_tables().wishes)).read("明天口腔科牙疼", MONDAY)
    assert (reading.department, reading.urgent, str(reading.date)) == ("dental", False, "2026-11-24")


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("", 1),
        ("- a\n", 1),
        ("source: a\n", 1),
        ("source: a\nreviewed: b\nentries: c\n", 3),
        ("source: a\nreviewed: b\nentries:\n  - c\n", 4),
        ("source: a\nreviewed: b\nentries:\n  - {words: c}\n", 4),
        ("source: a\nreviewed: b\nentries:\n  - {words: [[c]]}\n", 4),
        ("source: a\nreviewed: b\nentries:\n  - {words: []}\n", 4),
        ("source: a\nreviewed: b\nentries:\n  - {together: c}\n", 4),
        ("source: a\nreviewed: b\nentries:\n  - {together: [[c]]}\n", 4),
        ("source: a\nreviewed: b\nentries:\n  - {together: [[c], []]}\n", 4),
        ("source: a\nreviewed: b\nentries:\n  - words: [c]\n    word: [d]\n", 5),
        ("source: a\nreviewed: b\nentries:\n  - words: [c]\n    kind: mild\n", 5),
        ("source: a\nsource: b\nreviewed: b\nentries: []\n", 1),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path, wrong: str, line: int) -> None:
    (tmp_path / "red_flags.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(CatalogueError, match=rf"^red_flags\.yaml:{line}: "):
        language_tables(tmp_path)
