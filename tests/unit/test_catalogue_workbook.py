"""The catalogue as a workbook says the same as the YAML, and names sheet and row of each mistake."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from booking.models import Template
from booking.staff_refusals import CatalogueError
from bot.catalogue_file import CatalogueFile, read_catalogue_file
from tests.support.workbooks import Cell, workbook

SHEETS: dict[str, list[list[Cell]]] = {
    "clinic": [["code", "name", "address", "phone"], ["demo", "示范门诊部", "示范路1号", "010-00000000"]],
    "policy": [["advance_days", "stop_before", "release_at"], [7, "1h", time(7)]],
    "departments": [
        ["code", "name", "aliases"],
        ["dental", "口腔科", "牙科，牙医"],
        [None, None, None],
        ["eye", "眼科", None],
    ],
    "doctors": [
        ["code", "name", "department", "fee", "skills"],
        ["wang", "王芳", "dental", 50, "种植牙、正畸"],
        ["li", "李强", "eye", 30.5, None],
    ],
    "rosters": [
        ["doctor", "weekdays", "start", "end", "slot_minutes", "capacity", "room", "valid_from"],
        ["wang", "mon,wed", time(8, 30), "11:30", 30, 2, 203, date(2026, 1, 1)],
    ],
    "calendar": [["date", "closed", "reason"], [date(2026, 10, 1), True, "国庆节"], ["2026-10-02", "true", "国庆节"]],
    "templates": [
        ["kind", "id", "field", "value", "subscription"],
        ["booked", "T1", "thing1", "doctor", None],
        ["booked", "T1", "time2", "start", True],
    ],
}


def read(folder: Path, sheets: dict[str, list[list[Cell]]]) -> CatalogueFile:
    path = folder / "clinic.xlsx"
    path.write_bytes(workbook(sheets))
    return read_catalogue_file(path, default_timezone="Asia/Shanghai")


def mistakes(folder: Path, sheets: dict[str, list[list[Cell]]]) -> list[str]:
    with pytest.raises(CatalogueError) as refused:
        read(folder, sheets)
    return refused.value.problems


def test_a_workbook_is_read_like_the_yaml(tmp_path: Path) -> None:
    file = read(tmp_path, SHEETS)
    values = file.values
    assert values.clinic.policy.release_at == time(7)
    assert values.departments[0].aliases == ("牙科", "牙医")
    assert values.departments[1].code == "eye"
    assert [doctor.fee for doctor in values.doctors] == [Decimal("50.00"), Decimal("30.50")]
    assert values.doctors[0].skills == ("种植牙", "正畸")
    roster = values.rosters[0]
    assert (roster.weekdays, roster.start, roster.end) == ((0, 2), time(8, 30), time(11, 30))
    assert (roster.room, roster.capacity, roster.valid_from) == ("203", 2, date(2026, 1, 1))
    assert [(day.date, day.closed) for day in values.calendar] == [(date(2026, 10, 1), True), (date(2026, 10, 2), True)]
    assert values.templates == {"booked": Template("T1", {"thing1": "doctor", "time2": "start"}, subscription=True)}


def test_a_template_s_mistake_names_its_row(tmp_path: Path) -> None:
    rows = [*SHEETS["templates"], ["booked", "T1", "phrase3", "date"]]
    [line] = mistakes(tmp_path, SHEETS | {"templates": rows})
    assert line.startswith("clinic.xlsx:templates:4: templates.booked.fields.phrase3: ")


def test_mistakes_name_sheet_and_row(tmp_path: Path) -> None:
    wrong = SHEETS | {
        "doctors": [
            ["code", "name", "department", "fee", "titel"],
            ["wang", "王芳", "dentl", 50, "主任医师"],
            ["wang", "王芳", "dental", "x", None],
        ],
        "Sheet1": [["anything"], ["else"]],
    }
    found = mistakes(tmp_path, wrong)
    assert [line.split(": ")[:2] for line in found] == [
        ["clinic.xlsx:Sheet1:1", "Sheet1"],
        ["clinic.xlsx:doctors:2", "doctors[0].titel"],
        ["clinic.xlsx:doctors:2", "doctors[0].department"],
        ["clinic.xlsx:doctors:3", "doctors[1].fee"],
        ["clinic.xlsx:doctors:3", "doctors[1].code"],
    ]


def test_two_rows_for_one_clinic_or_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    wrong = SHEETS | {
        "clinic": [*SHEETS["clinic"], ["other", "另一家", "x", "1"]],
        "departments": [["code", "name", "name"], ["dental", "口腔科", "牙科"], ["eye", "眼科", "眼科"]],
    }
    found = mistakes(tmp_path, wrong)
    assert [line.split(": ")[:2] for line in found] == [
        ["clinic.xlsx:clinic:3", "clinic"],
        ["clinic.xlsx:departments:1", "departments.name"],
    ]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", b"clinic: {}"])
def test_what_is_no_workbook_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clinic.xlsx"
    path.write_bytes(data)
    with pytest.raises(CatalogueError) as refused:
        read_catalogue_file(path, default_timezone="Asia/Shanghai")
    [line] = refused.value.problems
    assert line.startswith("clinic.xlsx:1: ")


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    [line] = mistakes(tmp_path, {"Sheet1": []})
    assert "空" in line
