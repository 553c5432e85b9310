"""A workbook into the same plain content as YAML: one sheet a list, the keys in its first row, one entry a row."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

from booking.catalogue_checks import Mistake, Place
from booking.staff_refusals import CatalogueError
from bot import texts
from bot.catalogue_document import Document

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
SINGLE = ("clinic", "policy")
"""Sheets that describe one thing, in one row."""
LIST_KEYS = ("aliases", "skills", "weekdays")
"""Cells that hold several values."""
SEPARATORS = re.compile(r"[,，、;；\n]")
DURATIONS = ("stop_before", "change_notice", "cancel_notice", "offer_for", "remind_before")

Cell = int | float | str | bool | time | date | datetime | timedelta


def read_workbook(data: bytes, name: str) -> Document:
    """Read a workbook; raises ``CatalogueError`` with one line when it is none."""
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = {
            sheet: workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False) for sheet in workbook.sheet_names
        }
    except CalamineError as error:
        raise CatalogueError([f"{name}:1: {texts.CATALOGUE_NO_WORKBOOK.format(problem=error)}"]) from None
    lines: dict[Place, str] = {(): "1"}
    mistakes: list[Mistake] = []
    content: dict[str, object] = {}
    for sheet, rows in sheets.items():
        key = sheet.strip()
        if rows:
            content[key] = _section(key, rows, lines, mistakes)
    return Document(name, content, lines, mistakes)


def _section(sheet: str, rows: Sequence[Sequence[Cell]], lines: dict[Place, str], mistakes: list[Mistake]) -> object:
    lines[(sheet,)] = f"{sheet}:1"
    keys = [str(cell).strip() for cell in rows[0]]
    repeated = {key for key in keys if key and keys.count(key) > 1}
    mistakes += [Mistake((sheet, key), "repeated_column") for key in sorted(repeated)]
    entries: list[dict[str, object]] = []
    for number, row in enumerate(rows[1:], start=2):
        entry = {key: _content(key, cell) for key, cell in zip(keys, row, strict=False) if cell != ""}
        if entry:
            place: Place = (sheet,) if sheet in SINGLE else (sheet, len(entries))
            lines[place] = f"{sheet}:{number}"
            entries.append(entry)
    if sheet == "templates":
        return _templates(entries, lines)
    if sheet not in SINGLE:
        return entries
    if len(entries) > 1:
        mistakes.append(Mistake((sheet,), "more_than_one_row"))
    return entries[0] if entries else None


def _templates(entries: Sequence[dict[str, object]], lines: dict[Place, str]) -> dict[str, object]:
    """Gather templates from rows of ``kind, id, field, value``, one row a field; any may say ``subscription``."""
    templates: dict[str, object] = {}
    for index, entry in enumerate(entries):
        kind = str(entry.get("kind", ""))
        lines.setdefault(("templates", kind), lines["templates", index])
        template = templates.setdefault(kind, {"id": entry.get("id"), "fields": {}})
        fields = template["fields"] if isinstance(template, dict) else {}
        field = str(entry.get("field", ""))
        lines.setdefault(("templates", kind, "fields", field), lines["templates", index])
        fields[field] = entry.get("value")
        if isinstance(template, dict) and entry.get("subscription") is not None:
            template["subscription"] = entry["subscription"]
    return templates


def _content(key: str, cell: Cell) -> object:
    """Return a cell as the text staff see in it; several values in one cell are set apart by commas."""
    if isinstance(cell, bool):
        return cell
    text = _text(key, cell)
    if key in LIST_KEYS:
        return [part.strip() for part in SEPARATORS.split(text) if part.strip()]
    return text


def _text(key: str, cell: Cell) -> str:
    match cell:
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("minutes")
        case timedelta():
            minutes = round(cell.total_seconds() / 60)
            return f"{minutes}m" if key in DURATIONS else f"{minutes // 60:02}:{minutes % 60:02}"
        case float() if cell.is_integer():
            return str(int(cell))
    return str(cell).strip()
