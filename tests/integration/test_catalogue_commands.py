"""``zhenyue load`` and ``zhenyue publish`` as staff use them: what is printed, and the exit status."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from booking.catalogue_loading import CatalogueLoading
from booking.staff_refusals import CatalogueError, RetirementRefused, StillBooked
from bot.catalogue_file import SAMPLE, read_catalogue_file
from bot.holidays import public_holidays
from tests.support.command_line import CommandLine

ROOT = Path(__file__).parents[2]
CLINIC = """\
clinic: {code: demo, name: 示范门诊部, phone: "010-1"}
policy: {advance_days: 3}
departments:
  - {code: dental, name: 口腔科}
  - {code: eye, name: 眼科}
doctors:
  - {code: wang, name: 王芳, department: dental, fee: 50}
  - {code: li, name: 李强, department: eye, fee: 30}
rosters:
  - {doctor: wang, weekdays: &all [mon, tue, wed, thu, fri, sat, sun], start: "08:30", end: "11:30",
     slot_minutes: 30, capacity: 2}
  - {doctor: li, weekdays: *all, start: "14:00", end: "16:00", slot_minutes: 60, capacity: 1}
"""


@pytest.fixture
def zhenyue(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    return CommandLine(tmp_path, database_url, monkeypatch, capfd)


@contextmanager
def every_connection(pragma: str) -> Generator[None]:
    """Give every database connection of the block a pragma."""

    def prepare(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # DBAPI's
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(Pool, "connect", prepare)
    try:
        yield
    finally:
        event.remove(Pool, "connect", prepare)


def test_load_tells_what_was_added_changed_and_retired(zhenyue: CommandLine) -> None:
    first = zhenyue("load", zhenyue.write(CLINIC))
    assert first.status == 0
    assert "  + 医生 wang 王芳（新增）\n" in first.out
    assert "zhenyue publish" in first.out

    changed = CLINIC.replace("fee: 50", 'fee: "60.00", title: 教授').replace("  - {code: eye", "  - {code: ent")
    changed = changed.replace("department: eye", "department: ent").replace('"16:00"', '"17:00"')
    second = zhenyue("load", zhenyue.write(changed))
    assert second.status == 0
    assert "  ~ 医生 wang 王芳（修改）\n      title: 无 → 教授\n      fee: 50.00 → 60.00\n" in second.out
    assert "  + 科室 ent 眼科（新增）\n" in second.out
    assert "  - 科室 eye 眼科（停用）\n" in second.out
    assert "      end: 16:00 → 17:00\n" in second.out


def test_load_tells_rules_rosters_and_days_in_the_words_of_the_file(zhenyue: CommandLine) -> None:
    days = "calendar:\n  - {date: 2099-10-01, closed: true}\n  - {date: 2099-10-02, closed: false, department: eye}\n"
    zhenyue("load", zhenyue.write(CLINIC + days))
    changed = CLINIC.replace("{advance_days: 3}", '{advance_days: 3, stop_before: 1d2h30m, release_at: "07:00"}')
    changed = changed.replace("name: 口腔科", "name: 口腔科, aliases: [牙科, 牙医]").replace('"08:30"', '"08:00"')
    extra = (
        'calendar:\n  - {date: 2099-10-03, doctor: li, start: "09:00", end: "10:00", slot_minutes: 30, capacity: 1}\n'
    )
    told = zhenyue("load", zhenyue.write(changed + extra)).out
    for line in (
        "  ~ 规则（修改）",
        "      stop_before: 1h → 1d2h30m",
        "      release_at: 无 → 07:00",
        "      aliases: 无 → 牙科,牙医",
        "  + 排班 wang mon,tue,wed,thu,fri,sat,sun 08:00-11:30（新增）",
        "  - 排班 wang mon,tue,wed,thu,fri,sat,sun 08:30-11:30（停用）",
        "  + 日历 2099-10-03 li 09:00-10:00（新增）",
        "  - 日历 2099-10-01 全院 休诊（停用）",
        "  - 日历 2099-10-02 eye 照常（停用）",
    ):
        assert f"{line}\n" in told


def test_a_doctor_with_people_booked_is_not_retired_and_staff_read_how_many(
    zhenyue: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise RetirementRefused((StillBooked("doctor", "li", "李强", 3, date(2099, 1, 2)),))

    monkeypatch.setattr(CatalogueLoading, "load", refuse)
    refused = zhenyue("load", zhenyue.write(CLINIC))
    assert (refused.status, refused.out) == (1, "")
    assert "医生 li（李强）还有 3 个预约或锁号，最晚在 2099-01-02" in refused.err


def test_a_changed_roster_is_told_by_load_and_done_by_publish(zhenyue: CommandLine) -> None:
    zhenyue("load", zhenyue.write(CLINIC))
    zhenyue("publish")
    told = zhenyue("load", zhenyue.write(CLINIC.replace("capacity: 2", "capacity: 3"))).out
    assert "与新资料不一致" in told
    assert "0830  按资料更新" in told
    rows = zhenyue("publish", "--json").rows
    assert {row["seats"] for row in rows if row["doctor"] == "wang" and row["result"] == "revised"} == {18}
    retired = CLINIC.split("  - {code: li", maxsplit=1)[0] + "rosters: []\n"
    assert "个门诊（均无预约）" in zhenyue("load", zhenyue.write(retired)).out
    assert "无人预约" not in zhenyue("publish", "--days", "0").err


def test_loading_the_same_again_says_so(zhenyue: CommandLine) -> None:
    path = zhenyue.write(CLINIC)
    zhenyue("load", path)
    again = zhenyue("load", path)
    assert (again.status, again.err) == (0, "")
    assert again.out == "资料没有变化（版本 1）\n"


def test_a_file_with_mistakes_is_refused_whole(zhenyue: CommandLine) -> None:
    wrong = CLINIC.replace("department: eye", "department: eyes").replace("capacity: 2", "capacity: 0")
    refused = zhenyue("load", zhenyue.write(wrong))
    assert (refused.status, refused.out) == (1, "")
    first, second, last = refused.err.splitlines()
    assert first == 'clinic.yaml:8: doctors[1].department: 没有代码为 "eyes" 的科室；是不是 "eye"？'
    assert second.startswith("clinic.yaml:11: rosters[0].capacity: ")
    assert "2 处" in last
    assert zhenyue("slots").status == 1


def test_wrong_usage_has_status_two(zhenyue: CommandLine) -> None:
    zhenyue("load", zhenyue.write(CLINIC))
    for words in (
        ("load",),
        ("load", "nowhere.yaml"),
        ("load", str(zhenyue.folder)),
        ("publish", "--days", "-1"),
        ("publish", "--days", "many"),
        ("publish", "--date", "tomorrow"),
        ("publish", "--date", "2026-02-30"),
        ("publish", "--date", "2020-01-01"),
    ):
        result = zhenyue(*words)
        assert (result.status, result.out) == (2, ""), words
        assert len(result.err.splitlines()) == 1, words


def test_publishing_without_a_catalogue_is_refused(zhenyue: CommandLine) -> None:
    refused = zhenyue("publish")
    assert (refused.status, refused.out) == (1, "")
    assert "zhenyue load" in refused.err


def test_publish_reports_and_repeats_without_harm(zhenyue: CommandLine) -> None:
    zhenyue("load", zhenyue.write(CLINIC))
    first = zhenyue("publish")
    assert first.status == 0
    assert "新建 8" in first.out
    assert "Redis" in first.err
    rows = zhenyue("publish", "--json").rows
    assert len(rows) == 8
    assert {row["result"] for row in rows} == {"existing"}
    assert rows[0].keys() == {
        "session", "date", "start", "end", "department", "doctor", "slots", "seats", "claims", "result",
    }  # fmt: skip
    assert (rows[0]["start"], rows[0]["end"], rows[0]["slots"], rows[0]["seats"]) == ("08:30", "11:30", 6, 12)
    assert len(zhenyue("publish", "--days", "5", "--json").rows) == 12


def test_publish_on_one_date_makes_only_that_day(zhenyue: CommandLine) -> None:
    zhenyue("load", zhenyue.write(CLINIC))
    far = date.fromisoformat(str(zhenyue("publish", "--json").rows[0]["date"])) + timedelta(days=40)
    rows = zhenyue("publish", "--date", far.isoformat(), "--json").rows
    assert [(row["date"], row["result"]) for row in rows] == [(far.isoformat(), "created")] * 2
    assert len(zhenyue("publish", "--date", far.isoformat(), "--days", "1", "--json").rows) == 4


def test_publish_names_holidays_from_the_staffs_own_table(zhenyue: CommandLine) -> None:
    zhenyue("load", zhenyue.write(CLINIC))
    today = date.fromisoformat(str(zhenyue("publish", "--json").rows[0]["date"]))
    tomorrow = today + timedelta(days=1)
    data = zhenyue.folder / "data"
    data.mkdir(exist_ok=True)
    (data / "holidays.yaml").write_text(f"{tomorrow.year}:\n  {tomorrow}: 院庆\n", encoding="utf-8")
    told = zhenyue("publish").err
    assert f"{tomorrow} 是院庆，但日历中没有提到" in told

    zhenyue("load", zhenyue.write(f"{CLINIC}calendar:\n  - {{date: {tomorrow}, closed: false}}\n"))
    assert "院庆" not in zhenyue("publish").err

    (data / "holidays.yaml").write_text("2027: 元旦\n", encoding="utf-8")
    wrong = zhenyue("publish")
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    assert wrong.err.startswith("holidays.yaml:1: ")


def test_public_holidays_come_from_the_library_and_an_unknown_year_says_so(tmp_path: Path) -> None:
    name_of = public_holidays(tmp_path)
    assert name_of(date(2026, 10, 1)) == "国庆节"
    assert name_of(date(2026, 10, 10)) is None
    assert name_of(date(2026, 11, 22)) is None
    with pytest.raises(LookupError):
        name_of(date(2099, 1, 1))
    (tmp_path / "holidays.yaml").write_text("2099:\n  2099-01-01: 元旦\n2098: {}\n", encoding="utf-8")
    name_of = public_holidays(tmp_path)
    assert name_of(date(2099, 1, 1)) == "元旦"
    assert name_of(date(2098, 1, 1)) is None


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_database_that_cannot_be_written_is_named_and_nothing_is_loaded(zhenyue: CommandLine) -> None:
    path = zhenyue.write(CLINIC)
    with every_connection("query_only = ON"):
        refused = zhenyue("load", path)
    assert (refused.status, refused.out) == (2, "")
    assert "readonly database" in refused.err
    assert zhenyue("slots").status == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_full_disk_while_loading_is_named_and_nothing_is_loaded(zhenyue: CommandLine) -> None:
    doctors = "".join(
        f"  - {{code: d{n}, name: 王芳, department: dental, fee: 1, introduction: {'长' * 300}}}\n" for n in range(300)
    )
    path = zhenyue.write(CLINIC.replace("rosters:", f"{doctors}rosters:"))
    with every_connection("max_page_count = 60"):
        refused = zhenyue("load", path)
    assert (refused.status, refused.out) == (1, "")
    assert "full" in refused.err
    assert zhenyue("slots").status == 1
    assert zhenyue("load", path).status == 0


def test_the_sample_clinic_is_as_the_demo_promises() -> None:
    file = read_catalogue_file(SAMPLE, default_timezone="Asia/Shanghai")
    values = file.values
    assert file.remarks == ()
    assert (len(values.departments), len(values.doctors)) == (8, 20)
    assert all(doctor.title and doctor.skills and doctor.introduction for doctor in values.doctors)
    assert all(department.aliases and department.notes for department in values.departments)
    assert len({doctor.fee for doctor in values.doctors}) > 4
    assert len({doctor.advance_days for doctor in values.doctors}) > 2
    assert len({doctor.release_at for doctor in values.doctors}) > 3
    assert {roster.doctor for roster in values.rosters} == {doctor.code for doctor in values.doctors}
    assert {day for roster in values.rosters for day in roster.weekdays} == set(range(7))
    homes = {doctor.code: doctor.department for doctor in values.doctors}
    for weekday in range(5):
        open_then = {homes[roster.doctor] for roster in values.rosters if weekday in roster.weekdays}
        assert len(open_then) == 8, f"weekday {weekday}"
    assert {day.date.year for day in values.calendar} == {2026, 2027}


def test_the_sample_clinic_mentions_every_public_holiday_of_2026(tmp_path: Path) -> None:
    values = read_catalogue_file(SAMPLE, default_timezone="Asia/Shanghai").values
    mentioned = {day.date for day in values.calendar if day.doctor is None}
    name_of = public_holidays(tmp_path)
    days = (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
    assert [day for day in days if name_of(day) and day not in mentioned] == []


def test_the_sample_clinic_loads_and_publishes(zhenyue: CommandLine) -> None:
    assert zhenyue("load", str(SAMPLE)).status == 0
    assert zhenyue("publish").status == 0
    rows = zhenyue("slots", "--json").rows
    assert {row["department"] for row in rows} == {
        "general", "internal", "surgery", "pediatrics", "gynecology", "dental", "eye", "tcm",
    }  # fmt: skip
    # Whether anything is scheduled or past at this hour is the wall clock's business.
    assert "open" in {row["status"] for row in rows} <= {"open", "scheduled", "past"}


def test_a_reader_who_goes_away_early_is_no_fault(tmp_path: Path) -> None:
    environment = {"ZHENYUE_DATA_DIR": str(tmp_path / "data"), "PATH": os.environ["PATH"]}
    command = f'{sys.executable} -c "from bot.cli import main; main()" load {SAMPLE}'
    script = f"{command} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["/bin/bash", "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize(
    "text",
    ["- 2027\n", "2027: 元旦\n", "year: {}\n", "2027: {soon: 元旦}\n", "2027: {2028-01-01: 元旦}\n", "a: !x {}\n"],
)
def test_a_holiday_table_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "holidays.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"^holidays\.yaml:1: "):
        public_holidays(tmp_path)
