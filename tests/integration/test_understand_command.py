"""``zhenyue understand`` as staff use it: one JSON array, one object a sentence."""

import io
import sys
from pathlib import Path

import pytest

from bot.catalogue_file import SAMPLE
from tests.support.command_line import CommandLine

AT = ("--at", "2026-11-23T10:00")


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


def test_a_sentence_is_read_on_the_loaded_catalogue(zhenyue: CommandLine) -> None:
    zhenyue("load", str(SAMPLE))
    result = zhenyue("understand", "下周三上午口腔科王医生有号吗", *AT)
    assert (result.status, result.err) == (0, "")
    assert result.rows == [
        {
            "text": "下周三上午口腔科王医生有号吗",
            "intent": "availability",
            "department": "dental",
            "doctor": "wang-fang",
            "date": "2026-12-02",
            "part": "morning",
            "ask": [],
            "urgent": False,
        }
    ]
    assert zhenyue("understand", "胸口闷痛冒冷汗", "--json", *AT).rows[0]["urgent"] is True
    (change,) = zhenyue("understand", "把周五的号改到下午", *AT).rows
    assert (change["intent"], change["from"], change["part"]) == ("change", {"date": "2026-11-27"}, "afternoon")


def test_sentences_on_standard_input_are_read_line_by_line(
    zhenyue: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhenyue("load", str(SAMPLE))
    lines = io.TextIOWrapper(io.BytesIO("牙疼\n\n周三\r\n".encode() + b"\xff\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", lines)
    rows = zhenyue("understand", "-", *AT).rows
    assert [row["text"] for row in rows] == ["牙疼", "", "周三", "\ufffd"]
    assert [row["intent"] for row in rows] == ["book", "unknown", "book", "unknown"]


def test_the_moment_may_be_given_or_is_now(zhenyue: CommandLine) -> None:
    zhenyue("load", str(SAMPLE))
    assert zhenyue("understand", "明天上午", "--at", "2027-02-28").rows[0]["date"] == "2027-03-01"
    assert zhenyue("understand", "明天上午").rows[0]["date"]
    wrong = zhenyue("understand", "明天上午", "--at", "soon")
    assert (wrong.status, wrong.out) == (2, "")


def test_without_a_catalogue_there_is_nothing_to_read_on(zhenyue: CommandLine) -> None:
    refused = zhenyue("understand", "牙疼")
    assert (refused.status, refused.out) == (1, "")
    assert zhenyue("understand").status == 2


def test_a_wrong_table_is_named_with_its_line(zhenyue: CommandLine) -> None:
    zhenyue("load", str(SAMPLE))
    data = zhenyue.folder / "data"
    data.mkdir(exist_ok=True)
    (data / "symptoms.yaml").write_text("source: a\nreviewed: b\nentries:\n  - {}\n", encoding="utf-8")
    wrong = zhenyue("understand", "牙疼")
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.err.startswith("symptoms.yaml:4: ")
