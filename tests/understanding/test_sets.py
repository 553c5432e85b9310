"""The sets hold what they promise, and the scorer is not to be flattered."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from chinese_calendar import is_holiday
from rapidfuzz import fuzz

from bot.catalogue_file import read_catalogue_file
from tests.support.understanding import (
    DEVELOPMENT,
    HELD_OUT,
    KINDS,
    NEARLY_THE_SAME,
    PRACTICE,
    Entry,
    Frame,
    Reading,
    Score,
    SetError,
    load_set,
    plain,
    score,
    whole_clinic,
    whole_clinic_text,
)

HALVES = {path.stem: load_set(path) for path in (DEVELOPMENT, HELD_OUT)}
PRACTISED = load_set(PRACTICE)
ENTRIES = [entry for half in HALVES.values() for entry in half]
ALL = ENTRIES + PRACTISED
WEEKDAYS = "一二三四五六日"
WEEKDAY = re.compile(r"(下下|下|这|本)?(?:个|個)?(?:周|星期|礼拜|禮拜)([一二三四五六日天])(?!周)")
EXCEPTING = re.compile("除了|别的日子|上个?(?:周|星期|礼拜)")


def said(entry: Entry) -> str:
    return f"{entry.source} {entry.number} {entry.text}"


def frames(entry: Entry) -> list[Frame]:
    return [frame for frame in (entry.expect, entry.expect.origin) if frame]


def days(entry: Entry) -> list[tuple[date, ...]]:
    """Return the allowed values of each date that is expected."""
    gaps = [gap for frame in frames(entry) for gap in (frame.date, frame.until)]
    return [known for gap in gaps if (known := tuple(day for day in gap if day))]


def is_nothing(entry: Entry) -> bool:
    """Whether no step may follow from what is said."""
    quiet = {"unknown", "greeting", "thanks"}
    return set(entry.expect.intent) <= quiet and not days(entry) and entry.expect.doctor == (None,)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


# The sets.


def test_both_halves_are_large_and_alike() -> None:
    development, held_out = HALVES.values()
    assert len(development) >= 280 and len(held_out) >= 280
    for kind in KINDS:
        counts = [sum(entry.kind == kind for entry in half) for half in HALVES.values()]
        assert min(counts) >= 9, kind
        assert max(counts) - min(counts) <= 2, kind


def test_enough_is_not_to_be_understood_as_anything() -> None:
    assert sum(is_nothing(entry) for entry in ENTRIES) >= 110


def test_enough_red_flags_and_as_many_that_only_look_like_one() -> None:
    urgent = [entry for entry in ENTRIES if entry.expect.urgent]
    assert len(urgent) >= 60
    assert {entry.kind for entry in urgent} == {"red"}
    assert sum(entry.kind == "lookalike" and not entry.expect.urgent for entry in ENTRIES) >= 60


def test_every_field_and_intent_is_tried_in_each_half() -> None:
    for half in HALVES.values():
        expected: Counter[str] = score(half, lambda text, at: {}).judged
        assert min(expected.values()) >= 8, expected
        intents = Counter(intent for entry in half for intent in entry.expect.intent if intent)
        assert len(intents) == 13 and min(intents.values()) >= 3, intents


def test_sentences_are_written_at_many_kinds_of_day() -> None:
    moments = {entry.at for entry in ENTRIES}
    assert {moment.weekday() for moment in moments} == set(range(7))
    assert {moment.utcoffset() for moment in moments} == {timedelta(hours=8)}
    assert len({moment.year for moment in moments} | {day.year for e in ENTRIES for gap in days(e) for day in gap}) == 2
    assert any((moment + timedelta(days=1)).day == 1 for moment in moments), "no end of a month"
    assert any((moment.month, moment.day) == (12, 31) for moment in moments), "no end of a year"
    assert any(is_holiday(moment.date()) and moment.weekday() == 5 for moment in moments)


def test_no_sentence_stands_twice_and_none_of_the_held_out_half_is_nearly_one_that_was_tuned_on() -> None:
    texts = Counter(plain(entry.text) for entry in ALL)
    assert [text for text, count in texts.items() if count > 1] == []
    held_out = [plain(entry.text) for entry in HALVES[HELD_OUT.stem]]
    tuned_on = [plain(entry.text) for entry in [*HALVES[DEVELOPMENT.stem], *PRACTISED]]
    pairs = ((one, other) for one in tuned_on for other in held_out)
    assert [pair for pair in pairs if fuzz.ratio(*pair, score_cutoff=NEARLY_THE_SAME)] == []


def test_practice_is_large_and_holds_red_flags_and_what_only_looks_like_one() -> None:
    assert len(PRACTISED) >= 500
    assert sum(entry.expect.urgent for entry in PRACTISED) >= 15
    assert sum(entry.kind == "lookalike" and not entry.expect.urgent for entry in PRACTISED) >= 15


def test_every_code_stands_in_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "clinic.yaml").write_text(whole_clinic_text(), encoding="utf-8")
    clinic = read_catalogue_file(tmp_path / "clinic.yaml", default_timezone="Asia/Shanghai").values
    departments = {department.code for department in clinic.departments}
    doctors = {doctor.code: doctor.department for doctor in clinic.doctors}
    for entry in ALL:
        for frame in frames(entry):
            assert set(frame.department) <= {*departments, None}, said(entry)
            assert set(frame.doctor) <= {*doctors, None}, said(entry)
            for doctor in filter(None, frame.doctor):
                assert doctors[doctor] in frame.department, said(entry)


def test_the_additions_change_no_reading_of_the_sample() -> None:
    """No doctor of the sample gets a namesake: whoever has only the sample loses only what is about the additions."""
    surnames = Counter(str(doctor["name"])[0] for doctor in whole_clinic()["doctors"])
    assert [surname for surname, count in surnames.items() if count > 1] == ["刘"]


def test_no_date_lies_in_the_past_and_no_range_is_upside_down() -> None:
    for entry in ALL:
        assert all(day >= entry.at.date() for gap in days(entry) for day in gap), said(entry)
        for frame in frames(entry):
            until = [day for day in frame.until if day]
            assert not until or all(day <= max(until) for day in frame.date if day), said(entry)


def test_every_weekday_said_agrees_with_the_date() -> None:
    checked = 0
    for entry in ALL:
        words = [WEEKDAYS.index(word.replace("天", "日")) for _, word in WEEKDAY.findall(entry.text)]
        if words and (gaps := days(entry)) and not EXCEPTING.search(entry.text):
            checked += 1
            assert any(day.weekday() in words for gap in gaps for day in gap), said(entry)
            if len(words) == 1 and len(gaps) == 1 and not any(entry.expect.until):
                assert {day.weekday() for day in gaps[0] if entry.text.count("以后") == 0} <= set(words), said(entry)
    assert checked > 100


def test_every_week_said_agrees_with_the_date() -> None:
    ahead = {"下下": 2, "下": 1, "这": 0, "本": 0}
    checked = 0
    for entry in ALL:
        named = WEEKDAY.findall(entry.text)
        if len(named) == 1 and named[0][0] and entry.expect.date != (None,):
            [(week, word)] = named
            day = monday(entry.at.date()) + timedelta(weeks=ahead[week], days=WEEKDAYS.index(word.replace("天", "日")))
            checked += 1
            assert any(day in gap for gap in days(entry)), said(entry)
    assert checked > 30


@pytest.mark.parametrize(
    ("word", "distance"),
    [("今天", 0), ("今晚", 0), ("明天", 1), ("聽日", 1), ("后天", 2), ("大后天", 3), ("三天后", 3)],
)
def test_every_near_day_said_agrees_with_the_date(word: str, distance: int) -> None:
    others = "不|换|挪|改|或|到|前|一个月|下个月|除|两"
    near = re.compile(rf"(?<![大])(?:{word})")
    found = [e for e in ALL if near.search(e.text) and len(days(e)) == 1 and not re.search(others, e.text)]
    found = [e for e in found if not re.search("今|明|后", near.sub("", e.text)) and any(e.expect.date)]
    assert found
    for entry in found:
        assert entry.at.date() + timedelta(days=distance) in days(entry)[0], said(entry)


def test_control_the_weekday_check_would_see_a_wrong_day() -> None:
    assert [WEEKDAYS[date(2026, 5, day).weekday()] for day in range(11, 18)] == list(WEEKDAYS)
    assert WEEKDAY.findall("把周五的号改到下下礼拜天") == [("", "五"), ("下下", "天")]


# Loading.


def write(folder: Path, *entries: str) -> Path:
    path = folder / "set.yaml"
    lines = ["at: 2026-05-13T09:30:00+08:00", "entries:", *(f"  - {entry}" for entry in entries)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


GOOD = "{kind: dates, text: 明天看牙, expect: {intent: book, department: dental, date: 2026-05-14}}"


def test_an_entry_is_loaded_with_its_number_and_the_moment_of_its_file(tmp_path: Path) -> None:
    [_, entry] = load_set(write(tmp_path, GOOD, GOOD))
    assert (entry.number, entry.source, entry.at.isoformat()) == (2, "set", "2026-05-13T09:30:00+08:00")
    assert entry.expect.date == (date(2026, 5, 14),)
    assert entry.expect.doctor == (None,)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("{kind: dates, text: 好, expect: {department: dental}}", "intent is missing"),
        ("{kind: dates, text: 好, expect: {intent: booking}}", "expect.intent"),
        ("{kind: dates, text: 好, expect: {intent: book, day: 2026-05-14}}", "expect.day"),
        ("{kind: dates, text: 好, expect: {intent: book, time: 14:70}}", "expect.time"),
        ("{kind: dates, text: 好, expect: {intent: book, date: 2026-02-30}}", "expect.date"),
        ("{kind: dates, text: 好, expect: {intent: book, part: [morning, dawn]}}", "expect.part"),
        ("{kind: dates, text: 好, expect: {intent: change, from: {dates: x}}}", "expect.from"),
        ("{kind: dates, text: 好, at: 2026-05-13T09:30:00, expect: {intent: book}}", "at: "),
        ("{kind: dates, text: 好, expect: {intent: book}, open: [day]}", "open.0"),
        ("{kind: other, text: 好, expect: {intent: book}}", "kind"),
        ("{kind: dates, text: '', expect: {intent: book}}", "text"),
        ("明天看牙", "expected keys and values"),
    ],
)
def test_a_mistake_is_told_with_the_number_of_its_entry(tmp_path: Path, wrong: str, named: str) -> None:
    with pytest.raises(SetError, match=rf"^set\.yaml: entry 2.*{re.escape(named)}"):
        load_set(write(tmp_path, GOOD, wrong))


@pytest.mark.parametrize(("text", "named"), [("- 明天看牙", "at and entries"), ("at: [", "line 1")])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetError, match=named):
        load_set(path)


# Scoring.


def judged(expect: str, reading: Reading, *, more: str = "") -> Score:
    """Score one reading of one entry."""
    line = f"{{at: 2026-05-13T09:30:00+08:00, kind: dates, text: 好, source: x, number: 1, expect: {expect}{more}}}"
    return score([Entry.model_validate(yaml.safe_load(line))], lambda text, at: reading)


BOOK = "{intent: book, department: dental, date: 2026-05-14}"
RIGHT = {"intent": "book", "department": "dental", "date": "2026-05-14"}


def faults(result: Score) -> list[tuple[str, str]]:
    return [(failure.gap, failure.verdict.value) for failure in result.failures]


def perfect(entry: Entry) -> Iterator[tuple[str, object]]:
    """Return what is expected, in the contract's shape."""
    for gap in ("intent", "department", "doctor", "date", "until", "part", "time", "patient"):
        yield gap, entry.expect.allowed(gap)[0]
    if entry.expect.origin:
        gaps = ("department", "doctor", "date", "until", "part", "time", "patient")
        yield "from", {gap: entry.expect.origin.allowed(gap)[0] for gap in gaps}
    yield "ask", list(entry.expect.ask)
    yield "urgent", entry.expect.urgent


def test_a_perfect_reader_has_no_fault() -> None:
    readings = {(entry.text, entry.at): dict(perfect(entry)) for entry in ALL}
    result = score(ALL, lambda text, at: readings[text, at])
    assert result.failures == []
    assert result.red_missed == result.false_alarms == result.wrong_in_silence == []
    assert result.accuracy("date") == 1
    assert result.red_found == sum(entry.expect.urgent for entry in ALL)


def test_control_a_reader_that_guesses_is_caught_as_wrong_in_silence() -> None:
    def guess(text: str, at: datetime) -> Reading:
        return {"intent": "book", "department": "general", "date": (at.date() + timedelta(days=1)).isoformat()}

    result = score(ENTRIES, guess)
    assert result.silence > 0.8
    assert result.accuracy("date") < 0.3
    assert len(result.red_missed) == result.red_flags


def test_control_a_reader_that_only_asks_is_never_wrong_in_silence_and_never_right() -> None:
    result = score(ENTRIES, lambda text, at: {"intent": "unknown", "ask": ["department", "date", "doctor"]})
    nothing = [entry for entry in ENTRIES if is_nothing(entry)]
    assert not {entry.text for entry in result.wrong_in_silence} - {entry.text for entry in nothing}
    assert result.accuracy("time") == 0
    assert result.accuracy("department") < 0.3


def test_control_a_reader_that_is_always_alarmed_is_counted() -> None:
    result = score(ENTRIES, lambda text, at: {"intent": "unknown", "urgent": True})
    assert not result.red_missed
    assert result.alarm_rate == 1
    assert result.accuracy("urgent") < 0.1


def test_a_wrong_value_is_wrong_in_silence_unless_it_is_asked() -> None:
    wrong = RIGHT | {"date": "2026-05-15"}
    assert faults(judged(BOOK, wrong)) == [("date", "wrong in silence")]
    assert len(judged(BOOK, wrong).wrong_in_silence) == 1
    asking = judged(BOOK, wrong | {"ask": ["date"]})
    assert faults(asking) == [("date", "left open"), ("ask", "left open")]
    assert asking.wrong_in_silence == []


def test_a_value_where_none_must_be_is_wrong_in_silence() -> None:
    assert faults(judged(BOOK, RIGHT | {"part": "morning"})) == [("part", "wrong in silence")]
    assert faults(judged(BOOK, RIGHT | {"from": {"date": "2026-05-14"}})) == [("from", "wrong in silence")]
    assert faults(judged("{intent: unknown}", {"intent": "book"})) == [("intent", "wrong in silence")]


def test_a_gap_left_open_is_inaccurate_only() -> None:
    result = judged(BOOK, {"intent": "unknown", "department": None})
    assert faults(result) == [("intent", "left open"), ("department", "left open"), ("date", "left open")]
    assert result.wrong_in_silence == []
    assert result.accuracy("department") == 0


def test_an_open_field_may_be_left_out_or_asked_but_not_guessed() -> None:
    without = {"intent": "book", "department": "dental"}
    assert faults(judged(BOOK, without, more=", open: [date]")) == []
    assert faults(judged(BOOK, without | {"ask": ["date"]}, more=", open: [date]")) == []
    guess = without | {"date": "2026-05-20"}
    assert faults(judged(BOOK, guess, more=", open: [date]")) == [("date", "wrong in silence")]


def test_a_gap_to_be_asked_must_be_asked() -> None:
    expect = "{intent: book, ask: [doctor]}"
    assert faults(judged(expect, {"intent": "book", "ask": ["doctor"]})) == []
    assert faults(judged(expect, {"intent": "book", "doctor": "liu-yang", "ask": ["doctor"]})) == []
    assert faults(judged(expect, {"intent": "book"})) == [("doctor", "left open"), ("ask", "left open")]
    silent = judged(expect, {"intent": "book", "doctor": "liu-yang"})
    assert faults(silent) == [("doctor", "wrong in silence"), ("ask", "left open")]


def test_the_old_appointment_is_right_only_as_a_whole() -> None:
    expect = "{intent: change, from: {date: 2026-05-15, part: [null, morning]}}"
    assert faults(judged(expect, {"intent": "change", "from": {"date": "2026-05-15"}})) == []
    assert faults(judged(expect, {"intent": "change", "from": {"date": "2026-05-15", "part": "morning"}})) == []
    assert faults(judged(expect, {"intent": "change", "from": {}})) == [("from", "left open")]
    assert faults(judged(expect, {"intent": "change", "from": {"date": "2026-05-16"}})) == [
        ("from", "wrong in silence")
    ]
    assert faults(judged(expect, {"intent": "change", "ask": ["from.date"]}, more=", open: [from]")) == []


def test_a_red_flag_counts_by_itself_and_leaves_the_rest_unjudged() -> None:
    assert faults(judged("{urgent: true}", {"intent": "book", "date": "2026-05-14", "urgent": True})) == []
    missed = judged("{urgent: true}", {"intent": "book"})
    assert (len(missed.red_missed), faults(missed)) == (1, [("urgent", "left open")])
    alarm = judged(BOOK, RIGHT | {"urgent": True})
    assert (len(alarm.false_alarms), alarm.wrong_in_silence) == (1, [])


@pytest.mark.parametrize("word", ["我妈", "妈", "妈妈", "我妈妈", "我家妈妈"])
def test_a_patient_is_the_same_by_whatever_owner(word: str) -> None:
    assert faults(judged("{intent: book, patient: 我妈}", {"intent": "book", "patient": word})) == []


def test_control_another_person_is_another() -> None:
    for word in ("我爸", "我", "张三"):
        wrong = judged("{intent: book, patient: 我妈}", {"intent": "book", "patient": word})
        assert faults(wrong) == [("patient", "wrong in silence")]


def test_the_report_says_the_figures_and_names_every_failure() -> None:
    report = str(judged(BOOK, RIGHT | {"date": "2026-05-15"}))
    assert re.search(r"date +0 of 1 +0\.0%", report)
    assert re.search(r"department +1 of 1 +100\.0%", report)
    assert "wrong in silence: 1 (100.00%)" in report
    assert "x 1 (dates) 好 @ 2026-05-13 Wed 09:30: date wrong in silence: expected 2026-05-14, got 2026-05-15" in report
