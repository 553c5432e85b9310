"""What a catalogue file says: every value exact, every mistake found at once, each with its line."""

import random
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.catalogue import read_catalogue
from booking.models import Template
from booking.staff_refusals import CatalogueError
from bot import texts
from bot.catalogue_file import CatalogueFile, read_catalogue_file

CLINIC = """\
clinic: {code: demo, name: 示范门诊部, address: 示范路1号, phone: "010-00000000", timezone: Asia/Shanghai}
policy: {advance_days: 7, stop_before: 1h, change_notice: 2h, cancel_notice: 2h,
         per_patient_per_day: 2, no_show_limit: 3, no_show_window_days: 90, no_show_block_days: 90}
departments:
  - {code: dental, name: 口腔科, aliases: [牙科], location: 二楼东, notes: 请提前15分钟到达}
doctors:
  - {code: wang, name: 王芳, title: 主任医师, department: dental, fee: "50.00", skills: [种植牙, 正畸],
     advance_days: 14}
rosters:
  - {doctor: wang, weekdays: [mon, wed, fri], start: "08:30", end: "11:30", slot_minutes: 30, capacity: 2, room: "203",
     valid_from: 2026-01-01, valid_to: 2027-12-31}
calendar:
  - {date: 2026-10-01, closed: true, reason: 国庆节}
  - {date: 2026-10-10, doctor: wang, start: "08:30", end: "11:30", slot_minutes: 30, capacity: 2, room: "203"}
"""
SHORT = """\
clinic: {code: demo, name: 示范门诊部, phone: "010-1"}
departments:
  - {code: dental, name: 口腔科}
  - {code: eye, name: 眼科}
doctors:
  - {code: wang, name: 王芳, department: dental, fee: 50}
  - {code: li, name: 李强, department: eye, fee: 30}
"""
ROSTER = '{doctor: wang, weekdays: [mon], start: "08:30", end: "11:30", slot_minutes: 30, capacity: 2}'


def read(folder: Path, text: str | bytes, name: str = "clinic.yaml") -> CatalogueFile:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_catalogue_file(path, default_timezone="Asia/Shanghai")


def mistakes(folder: Path, text: str | bytes, name: str = "clinic.yaml") -> list[str]:
    with pytest.raises(CatalogueError) as refused:
        read(folder, text, name)
    return refused.value.problems


def rosters(*lines: str) -> str:
    return SHORT + "rosters:\n" + "".join(f"  - {line}\n" for line in lines)


def calendar(*lines: str) -> str:
    return rosters(ROSTER) + "calendar:\n" + "".join(f"  - {line}\n" for line in lines)


def test_the_contracts_own_example_is_read_to_the_letter(tmp_path: Path) -> None:
    values = read(tmp_path, CLINIC).values

    assert values.clinic.name == "示范门诊部"
    assert values.clinic.phone == "010-00000000"
    assert values.clinic.policy.stop_before == timedelta(hours=1)
    assert values.clinic.policy.no_show_block_days == 90
    assert values.departments[0].aliases == ("牙科",)
    assert values.doctors[0].fee == Decimal("50.00")
    assert values.doctors[0].advance_days == 14
    assert values.rosters[0].weekdays == (0, 2, 4)
    assert values.rosters[0].start == time(8, 30)
    assert values.rosters[0].valid_to == date(2027, 12, 31)
    assert values.calendar[0].closed
    assert values.calendar[1].doctor == "wang"


def test_what_the_file_leaves_out_has_the_contracts_default(tmp_path: Path) -> None:
    values = read(tmp_path, SHORT).values

    policy = values.clinic.policy
    assert (policy.advance_days, policy.stop_before, policy.release_at) == (7, timedelta(hours=1), None)
    assert (policy.change_notice, policy.cancel_notice) == (timedelta(hours=2), timedelta(hours=2))
    assert (policy.per_patient_per_day, policy.no_show_limit) == (2, 3)
    assert values.clinic.timezone == "Asia/Shanghai"
    assert values.rosters == values.calendar == ()


@pytest.mark.parametrize("written", ['"08:30"', "08:30", "8:30", "'08:30:00'", "０８：３０"])
def test_a_time_is_a_time_quoted_or_not(tmp_path: Path, written: str) -> None:
    text = rosters(ROSTER.replace('"08:30"', written))
    assert read(tmp_path, text).values.rosters[0].start == time(8, 30)
    assert read(tmp_path, f"%YAML 1.1\n---\n{text}").values.rosters[0].start == time(8, 30)


@pytest.mark.parametrize(("written", "fee"), [("50.10", "50.10"), ('"0.05"', "0.05"), ("100", "100.00"), ("0", "0.00")])
def test_a_fee_is_exact(tmp_path: Path, written: str, fee: str) -> None:
    values = read(tmp_path, SHORT.replace("fee: 50", f"fee: {written}")).values
    assert str(values.doctors[0].fee) == fee


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("1h", 60), ("30m", 30), ("2d", 2880), ("1h30m", 90), ("PT1H", 60), ("PT90M", 90), ("P1D", 1440), ("0", 0)],
)
def test_durations_are_understood(tmp_path: Path, written: str, minutes: int) -> None:
    values = read(tmp_path, SHORT + f"policy: {{stop_before: {written}}}\n").values
    assert values.clinic.policy.stop_before == timedelta(minutes=minutes)


@pytest.mark.parametrize("written", ["1 hour", "60", "h", "-1h", "1.5h", "1小时", "P", "", "[1h]", "99999999999999h"])
def test_a_wrong_duration_is_named_with_its_remedy(tmp_path: Path, written: str) -> None:
    [line] = mistakes(tmp_path, SHORT + f"policy:\n  stop_before: {written or chr(34) * 2}\n")
    assert line.startswith("clinic.yaml:9: policy.stop_before: ")


def test_text_without_quotes_keeps_its_zeros(tmp_path: Path) -> None:
    text = SHORT.replace('"010-1"', "01012345678") + "rosters:\n  - " + ROSTER.replace("}", ", room: 007}\n")
    values = read(tmp_path, text).values
    assert values.clinic.phone == "01012345678"
    assert values.rosters[0].room == "007"


def test_every_mistake_is_reported_at_once_with_line_place_and_remedy(tmp_path: Path) -> None:
    text = """\
clinic: {code: demo, name: 示范, phone: "1", adress: x}
policy: {advance_days: -1, stop_before: 1 hour}
departmens: []
departments:
  - {code: dental, name: 口腔科, aliases: 牙科}
  - {code: dental, name: 眼科}
doctors:
  - {code: wang, name: 王芳, department: dentl, fee: 50.001}
  - {code: wang, name: 王方, department: dental, fee: many}
rosters:
  - {doctor: wang, weekdays: [mon, tues], start: 22:00, end: 02:00, slot_minutes: 30, capacity: 0}
  - {doctor: wong, weekdays: [], start: 08:00, end: 25:00, slot_minutes: 30, capacity: 1}
"""
    found = mistakes(tmp_path, text)

    places = [line.split(": ")[:2] for line in found]
    assert [[name.removeprefix("clinic.yaml:"), place] for name, place in places] == [
        ["1", "clinic.adress"],
        ["2", "policy.advance_days"],
        ["2", "policy.stop_before"],
        ["3", "departmens"],
        ["5", "departments[0].aliases"],
        ["6", "departments[1].code"],
        ["8", "doctors[0].fee"],
        ["8", "doctors[0].department"],
        ["9", "doctors[1].fee"],
        ["9", "doctors[1].code"],
        ["11", "rosters[0].weekdays[1]"],
        ["11", "rosters[0].capacity"],
        ["11", "rosters[0].end"],
        ["12", "rosters[1].weekdays"],
        ["12", "rosters[1].end"],
        ["12", "rosters[1].doctor"],
    ]
    assert 'clinic.yaml:8: doctors[0].department: 没有代码为 "dentl" 的科室；是不是 "dental"？' in found


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("adress: x", "address"), ("timezon: x", "timezone"), ("nmae: x", "name")],
)
def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path, wrong: str, near: str) -> None:
    [line] = mistakes(tmp_path, SHORT.replace("code: demo", f"code: demo, {wrong}"))
    assert line.endswith(f'是不是 "{near}"？')


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        (
            '{doctor: wang, weekdays: [mon], start: "22:00", end: "02:00", slot_minutes: 30, capacity: 2}',
            "end",
            "跨午夜",
        ),
        (
            '{doctor: wang, weekdays: [mon], start: "08:00", end: "08:00", slot_minutes: 30, capacity: 2}',
            "end",
            "跨午夜",
        ),
        (
            '{doctor: wang, weekdays: [mon], start: "22:00", end: "24:00", slot_minutes: 30, capacity: 2}',
            "end",
            "24:00",
        ),
        (ROSTER.replace("capacity: 2", "capacity: 0"), "capacity", "1 到"),
        (ROSTER.replace("slot_minutes: 30", "slot_minutes: 0"), "slot_minutes", "1 到"),
        (ROSTER.replace("slot_minutes: 30", "slot_minutes: 200"), "slot_minutes", "180 分钟"),
        (ROSTER.replace("}", ", valid_from: 2026-02-01, valid_to: 2026-01-01}"), "valid_to", "早于"),
        (ROSTER.replace("}", ", valid_from: 2026-02-30}"), "valid_from", "2026-02-30"),
        (ROSTER.replace("wang", "wong"), "doctor", '"wang"'),
        (ROSTER.replace("[mon]", "mon"), "weekdays", "列表"),
        (ROSTER.replace("[mon]", "[funday]"), "weekdays[0]", "星期"),
        (ROSTER.replace(", capacity: 2", ""), "capacity", "缺少"),
        (ROSTER.replace("capacity: 2", "capacity: "), "capacity", "缺少"),
        (ROSTER.replace("capacity: 2", "capacity: true"), "capacity", "整数"),
        (ROSTER.replace("capacity: 2", "capacity: 2.5"), "capacity", "整数"),
    ],
)
def test_a_roster_that_cannot_be_is_refused(tmp_path: Path, line: str, place: str, words: str) -> None:
    [found] = mistakes(tmp_path, rosters(line))
    assert found.startswith(f"clinic.yaml:9: rosters[0].{place}: ")
    assert words in found


def test_a_doctor_cannot_have_two_rosters_at_once(tmp_path: Path) -> None:
    later = ROSTER.replace('"08:30"', '"11:00"').replace('"11:30"', '"12:00"')
    [found] = mistakes(tmp_path, rosters(ROSTER, later))
    assert found.startswith("clinic.yaml:10: rosters[1].start: ")
    assert "rosters[0]" in found


@pytest.mark.parametrize(
    "other",
    [
        ROSTER.replace("[mon]", "[tue]"),
        ROSTER.replace("wang", "li"),
        ROSTER.replace('"11:30"', '"12:30"').replace('"08:30"', '"11:30"'),
        ROSTER.replace("}", ", valid_to: 2025-12-31}"),
        # 2026-01-06 to 2026-01-11 holds no Monday.
        ROSTER.replace("}", ", valid_from: 2026-01-06, valid_to: 2026-01-11}"),
    ],
)
def test_rosters_that_never_meet_are_fine(tmp_path: Path, other: str) -> None:
    first = ROSTER.replace("}", ", valid_from: 2026-01-01}")
    assert len(read(tmp_path, rosters(first, other)).values.rosters) == 2


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("{date: 2026-10-01}", "calendar[0]: "),
        ("{date: 2026-10-01, closed: perhaps}", "calendar[0].closed: "),
        ('{date: 2026-10-01, closed: true, start: "08:00"}', "calendar[0].start: "),
        ("{date: 2026-10-01, closed: true, doctor: wong}", "calendar[0].doctor: "),
        ("{date: 2026-10-01, closed: true, department: dentl}", "calendar[0].department: "),
        ("{date: 2026-10-01, closed: true, department: dental, doctor: wang}", "calendar[0].department: "),
        ('{date: 2026-10-03, start: "09:00", end: "10:00", slot_minutes: 30, capacity: 1}', "calendar[0].doctor: "),
        ('{date: 2026-10-03, doctor: wang, start: "09:00", slot_minutes: 30, capacity: 1}', "calendar[0].end: "),
        (
            '{date: 2026-10-05, doctor: wang, start: "11:00", end: "12:00", slot_minutes: 30, capacity: 1}',
            "calendar[0].start: ",
        ),
    ],
)
def test_a_calendar_day_that_makes_no_sense_is_refused(tmp_path: Path, line: str, place: str) -> None:
    [found] = mistakes(tmp_path, calendar(line))
    assert found.startswith(f"clinic.yaml:11: {place}")


def test_the_same_closing_twice_is_refused(tmp_path: Path) -> None:
    [found] = mistakes(tmp_path, calendar("{date: 2026-10-01, closed: true}", "{date: 2026-10-01, closed: true}"))
    assert found.startswith("clinic.yaml:12: calendar[1].date: ")


def test_a_closed_day_may_have_an_extra_session_and_that_is_remarked(tmp_path: Path) -> None:
    extra = '{date: 2026-10-05, doctor: wang, start: "09:00", end: "10:00", slot_minutes: 30, capacity: 1}'
    file = read(tmp_path, calendar("{date: 2026-10-05, closed: true}", extra))
    assert len(file.values.calendar) == 2
    [remark] = file.remarks
    assert remark.startswith("clinic.yaml:12: calendar[1]: 2026-10-05")


def test_minutes_that_fill_no_slot_are_remarked_not_refused(tmp_path: Path) -> None:
    [remark] = read(tmp_path, rosters(ROSTER.replace("slot_minutes: 30", "slot_minutes: 50"))).remarks
    assert remark.startswith("clinic.yaml:9: rosters[0].slot_minutes: ")
    assert "30 分钟" in remark


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "空"),
        ("# nothing but a comment\n", 1, "空"),
        ("- a\n- b\n", 1, "键"),
        ("hello", 1, "键"),
        ("clinic:\n\tcode: demo\n", 2, "Tab"),
        ("clinic: [demo\n", 1, "括号"),
        ("clinic: {code: demo\ndepartments: []\n", 2, "括号"),
        ("clinic:\n  name: a: b\n", 2, "冒号"),
        ('clinic:\n  name: "示范\n', 3, "引号"),
        ("clinic: *nowhere\n", 1, "&"),
        ("clinic: {}\n---\nclinic: {}\n", 2, "---"),
        ("clinic: @demo\n", 1, "引号"),
        ("clinic: \x07\n", 1, "控制字符"),
        ("clinic:\n  name: 示范\n  name: 示范\n", 3, "两次"),
        ("clinic: !!python/object/apply:os.getcwd []\n", 1, ""),
        ("a: " + "[" * 5000, 1, "层次"),
        ("a: &a [*a]\n", 1, "层次"),
        (SHORT.encode("gbk"), 1, "UTF-8"),
        (SHORT.encode("utf-16"), 1, "UTF-8"),
        (b"# " + b"x" * (6 * 1024 * 1024), 1, "5 MB"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_with_a_line(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    found = mistakes(tmp_path, text)
    assert any(entry.startswith(f"clinic.yaml:{line}: ") and words in entry for entry in found), found


def test_a_file_of_anchors_within_anchors_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    [line] = mistakes(tmp_path, f"a0: &a0 [x, x]\n{levels}")
    assert "层次" in line


def test_anchors_and_merges_are_understood(tmp_path: Path) -> None:
    text = rosters("&morning " + ROSTER, "{<<: *morning, weekdays: [tue], capacity: 5}")
    first, second = read(tmp_path, text).values.rosters
    assert (second.start, second.end, second.weekdays, second.capacity) == (first.start, first.end, (1,), 5)


def test_a_file_from_a_windows_editor_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + SHORT.replace("\n", "\r\n").encode()).values.clinic.code == "demo"


def test_templates_are_read_by_kind_of_notice(tmp_path: Path) -> None:
    lines = (
        "templates:",
        "  booked: {id: T1, fields: {thing1: doctor, time2: start}}",
        "  reminder_day: {id: T2, subscription: true, fields: {date3: date}}",
    )
    file = read(tmp_path, SHORT + "\n".join(lines))
    assert file.remarks == ()
    assert file.values.templates == {
        "booked": Template("T1", {"thing1": "doctor", "time2": "start"}),
        "reminder_day": Template("T2", {"date3": "date"}, subscription=True),
    }


def test_a_template_of_wrong_form_is_refused(tmp_path: Path) -> None:
    found = mistakes(tmp_path, SHORT + "templates:\n  booked: {fields: {名: doctor}, ids: x}\n  changed: x\n")
    assert [line.split(": ")[1] for line in found] == [
        "templates.booked.id",
        "templates.booked.fields.名.[key]",
        "templates.booked.ids",
        "templates.changed",
    ]


@pytest.mark.parametrize(
    ("template", "place", "words"),
    [
        ("bookd: {id: T, fields: {thing1: doctor}}", "templates.bookd", '是不是 "booked"'),
        ("booked: {id: T, fields: {thnig1: doctor}}", "templates.booked.fields.thnig1", '是不是 "thing"'),
        ("booked: {id: T, fields: {thing1: docter}}", "templates.booked.fields.thing1", '是不是 "doctor"'),
        ("booked: {id: T, fields: {phrase1: start}}", "templates.booked.fields.phrase1", "phrase 字段放不下 start"),
        ("booked: {id: T, fields: {character_string1: doctor}}", "templates.booked.fields.character_string1", "放不下"),
        ("booked: {id: T, fields: {time1: patient}}", "templates.booked.fields.time1", "可用 thing, const, name"),
        ("booked: {id: T, fields: {letter1: doctor}}", "templates.booked.fields.letter1", "微信会拒收"),
    ],
)
def test_what_wechat_would_refuse_is_refused_at_load(tmp_path: Path, template: str, place: str, words: str) -> None:
    [line] = mistakes(tmp_path, SHORT + f"templates:\n  {template}\n")
    assert line.startswith(f"clinic.yaml:9: {place}: ")
    assert words in line


def test_a_share_that_is_none_is_refused_with_an_example(tmp_path: Path) -> None:
    [line] = mistakes(tmp_path, SHORT + "policy: {offer_share: 150%}\n")
    assert "policy.offer_share" in line
    assert "50%" in line


@pytest.mark.parametrize("code", ["牙", "a b", "a{b}", "-a", "a" * 33, "a/b"])
def test_a_code_that_cannot_be_part_of_an_id_is_refused(tmp_path: Path, code: str) -> None:
    [line] = mistakes(tmp_path, SHORT.replace("code: li", f'code: "{code}"'))
    assert line.startswith("clinic.yaml:7: doctors[1].code: ")


@given(st.randoms(use_true_random=False))
def test_a_damaged_file_is_refused_in_lines_and_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    damaged = list(CLINIC)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(damaged))
        damaged[at] = chance.choice(["", "{", "]", ":", "\t", "\n", "-", "0", "*", "&x ", "'", "null", "真", "  "])
    path = tmp_path_factory.mktemp("damaged") / "clinic.yaml"
    path.write_text("".join(damaged), encoding="utf-8")
    problems: list[str] = []
    try:
        read_catalogue_file(path, default_timezone="Asia/Shanghai")
    except CatalogueError as refused:
        problems = refused.problems
    assert all(line.startswith("clinic.yaml:") for line in problems)
    assert all(texts.CATALOGUE_INVALID not in line for line in problems)


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    assert read(tmp_path, example).remarks == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (SHORT.replace("name: 眼科", 'name: ""'), "4: departments[1].name: "),
        (SHORT.replace("name: 眼科", f"name: {'眼' * 41}"), "4: departments[1].name: "),
        (SHORT.replace("name: 眼科", 'name: "眼\\n科"'), "4: departments[1].name: "),
        (SHORT.replace("name: 眼科", 'name: "眼\\u202e科"'), "4: departments[1].name: "),
        (SHORT.replace("name: 眼科", f"name: 眼科, notes: {'注' * 401}"), "4: departments[1].notes: "),
        (SHORT.replace("name: 眼科", "name: 口腔科"), "4: departments[1].name: "),
        (SHORT.replace("name: 眼科", "name: !secret x"), "4: departments[1].name: "),
        (SHORT + "policy: []\n", "8: policy: "),
        (SHORT + "policy: 5\n", "8: policy: "),
        (SHORT + "rosters: {}\n", "8: rosters: "),
        (SHORT + "rosters: [x]\n", "8: rosters[0]: "),
        (SHORT + "templates: [x]\n", "8: templates: "),
        (SHORT.replace("clinic:", "clinik:"), "1: clinik: "),
        ("clinic: {code: demo, name: 示范, phone: '1'}\n", "1: departments: "),
        (SHORT.replace("fee: 30", "fee: .inf"), "7: doctors[1].fee: "),
        (SHORT.replace("fee: 30", "fee: [30]"), "7: doctors[1].fee: "),
        (SHORT.replace("fee: 30", "fee: 1000000"), "7: doctors[1].fee: "),
        (SHORT.replace("fee: 30", "fee: 1e400"), "7: doctors[1].fee: "),
        (SHORT + "policy: {advance_days: {}}\n", "8: policy.advance_days: "),
        (SHORT + "policy: {advance_days: 366}\n", "8: policy.advance_days: "),
        (SHORT + 'policy: {release_at: "7"}\n', "8: policy.release_at: "),
    ],
)
def test_wrong_types_and_lengths_are_refused(tmp_path: Path, text: str, place: str) -> None:
    found = mistakes(tmp_path, text)
    assert any(line.startswith(f"clinic.yaml:{place}") for line in found), found


def test_two_extra_sessions_of_a_doctor_cannot_overlap(tmp_path: Path) -> None:
    extra = '{date: 2026-10-03, doctor: wang, start: "09:00", end: "10:00", slot_minutes: 30, capacity: 1}'
    [found] = mistakes(tmp_path, calendar(extra, extra))
    assert found.startswith("clinic.yaml:12: calendar[1].start: ")
    assert "calendar[0]" in found


def test_an_extra_session_belongs_to_a_doctor_only(tmp_path: Path) -> None:
    extra = (
        "{date: 2026-10-03, doctor: wang, department: dental,"
        ' start: "09:00", end: "10:00", slot_minutes: 30, capacity: 1}'
    )
    [found] = mistakes(tmp_path, calendar(extra))
    assert found.startswith("clinic.yaml:11: calendar[0].department: ")


def test_an_entry_given_by_another_program_may_hold_numbers() -> None:
    content = {
        "clinic": {"code": "demo", "name": "示范", "phone": 1},
        "policy": {"advance_days": 5},
        "departments": [{"code": 1, "name": "口腔科"}],
        "doctors": [{"code": "wang", "name": "王芳", "department": "1", "fee": Decimal("5.5")}],
    }
    values = read_catalogue(content).values
    assert values is not None
    assert (values.clinic.phone, values.clinic.policy.advance_days, values.doctors[0].fee) == ("1", 5, Decimal("5.50"))
