"""The checked roster for 中央年金事務所 (⑦, PRE6): every prefecture on one list, as a workbook and on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import cells
from daemon.adapters.documents.cells import cell_at, dress, face, put_date, put_text
from daemon.adapters.documents.facts import period_of, short_era
from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.adapters.documents.glyphs import MissingGlyphs, coverage
from daemon.domain.calendar import in_era
from daemon.domain.model import Enrollment, Training
from daemon.ports import HandoverSheet, TraineeLine
from parsers.findings import Field

_WIDTHS = {
    "number": 5.5,
    "prefecture": 11,
    "centre": 38,
    "office": 24,
    "name": 22,
    "kana": 24,
    "id_registered_on": 18,
    "concurrent_registered_on": 18,
    "period": 22,
}
"""In characters of the standard font; also the order of the columns."""
_CENTRED = frozenset({"number", "prefecture", "id_registered_on", "concurrent_registered_on", "period"})


def handover_columns(training: Training) -> tuple[str, ...]:
    """The columns by their key in words.toml; 新規登録年月日 only where the course gives new IDs."""
    asked = {f.value for f in training.course.required}
    return tuple(c for c in _WIDTHS if not c.endswith("_on") or c in asked)


def handover_content(sheet: HandoverSheet, words: Mapping[str, Any]) -> dict[str, Any]:
    """The sheet in words, as the Typst template takes it."""
    said, training = words["handover"], sheet.training
    title = said["title"]
    return {
        "title": title,
        "document_title": f"{title} {training.name} {supplement_mark(sheet, words)}".strip(),
        "training_id": training.training_id,
        "training": training.name,
        "period": period_of(training),
        "made": in_era(sheet.made_on, weekday=False),
        "document_no": sheet.document_no,
        "contact": sheet.contact,
        "supplement": supplement_mark(sheet, words),
        "because": sheet.because,
        "count": f"{len(sheet.rows)}{words['labels']['persons']}",
        "columns": list(handover_columns(training)),
        "rows": [_printed(n, line, training, said) for n, line in enumerate(sheet.rows, start=1)],
    }


def supplement_mark(sheet: HandoverSheet, words: Mapping[str, Any]) -> str:
    """「追加・訂正分（第１回）」 from the second list on, "" on the roster itself."""
    return "" if sheet.number <= 1 else str(words["handover"]["supplement"]).format(number=sheet.number - 1)


def refuse_unprintable(sheet: HandoverSheet) -> None:
    """Raise MissingGlyphs when the font of the forms lacks a character of the list."""
    font = coverage()
    texts = {n: _words_of(line) for n, line in enumerate(sheet.rows, start=1)}
    rows = {n: missing for n, text in texts.items() if (missing := font.missing(text))}
    heading = font.missing(sheet.training.name + sheet.because + sheet.document_no + sheet.contact)
    if rows or heading:
        raise MissingGlyphs(sheet.training.training_id, rows, heading)


def handover_workbook(sheet: HandoverSheet, words: Mapping[str, Any]) -> bytes:
    """The list as a workbook, dates as dates; same sheet, same bytes."""
    book = Workbook()
    page = book.worksheets[0]
    page.title = words["handover"]["sheet"]
    columns = handover_columns(sheet.training)
    head = _heading(page, sheet, words, len(columns))
    _headers(page, head, columns, words["handover"]["columns"])
    for number, line in enumerate(sheet.rows, start=1):
        period = _attended(line, sheet.training, words["handover"])
        _row(page, head + number, number, line, (sheet.training, period))
    page.freeze_panes = f"A{head + 1}"
    page.sheet_view.showGridLines = False
    cells.print_on_a4(page, head, "landscape")
    bottom = page.oddFooter
    assert bottom is not None
    bottom.left.text = words["sealed"]
    bottom.right.text = f"&P／&N {words['labels']['page']}"
    book.properties.title = handover_content(sheet, words)["document_title"]
    book.properties.creator = words["organisation"]
    return workbook_bytes(book, sheet.made_on)


def _words_of(line: TraineeLine) -> str:
    return line.prefecture + line.centre_title + line.office_title + line.person.name + line.person.kana


def _texts(line: TraineeLine) -> dict[str, str]:
    return {
        "prefecture": line.prefecture,
        "centre": line.centre_title,
        "office": line.office_title,
        "name": line.person.name,
        "kana": line.person.kana,
    }


def _date(person: Enrollment, field: Field) -> dt.date | None:
    value = person.values.get(field)
    return None if value is None else value.on


def _printed(number: int, line: TraineeLine, training: Training, said: Mapping[str, Any]) -> dict[str, str]:
    dates = {f.value: _date(line.person, f) for f in training.course.required}
    shown = {f: in_era(day, weekday=False) if day else "" for f, day in dates.items()}
    return {"number": str(number), **_texts(line), **shown, "period": _attended(line, training, said)}


def _attended(line: TraineeLine, training: Training, said: Mapping[str, Any]) -> str:
    """The days of the training, or that the trainee withdrew after an earlier list had gone."""
    return str(said["withdrawn"]) if line.person.excluded_because else _period(training)


def _period(training: Training) -> str:
    first, last = short_era(training.starts_on), short_era(training.ends_on)
    return first if first == last else f"{first}～{last}"


def _heading(page: Worksheet, sheet: HandoverSheet, words: Mapping[str, Any], width: int) -> int:
    """Everything above the table; returns the row of the headers."""
    content, labels, said = handover_content(sheet, words), words["labels"], words["handover"]
    lines = [
        (said["to"], face(12)),
        (content["title"], face(18, bold=True)),
        (f"{words['organisation']}　{sheet.document_no}　{content['made']}", face(10)),
        (f"{labels['training']}：{content['training']}", face(11)),
        (f"{labels['period']}：{content['period']}　　{labels['count']}：{content['count']}", face(11)),
    ]
    if content["supplement"]:
        marked = f"{content['supplement']}　{said['because']}：{sheet.because}"
        lines.insert(2, (marked, face(13, bold=True)))
    if sheet.contact:
        lines.append((f"{labels['contact']}：{sheet.contact}", face(10)))
    for row, (text, font) in enumerate(lines, start=1):
        put_text(dress(cell_at(page, row, 1), font=font, alignment=cells.SHRUNK), text)
        page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
        page.row_dimensions[row].height = 1.9 * (font.sz or 11)
    return len(lines) + 2


def _headers(page: Worksheet, row: int, columns: tuple[str, ...], titles: Mapping[str, str]) -> None:
    page.row_dimensions[row].height = 26
    for number, column in enumerate(columns, start=1):
        cell = put_text(cell_at(page, row, number), titles[column])
        dress(cell, font=face(11, bold=True), fill=cells.HEADING, border=cells.BOX, alignment=cells.MIDDLE)
        page.column_dimensions[get_column_letter(number)].width = _WIDTHS[column]


def _row(page: Worksheet, row: int, number: int, line: TraineeLine, attended: tuple[Training, str]) -> None:
    training, period = attended
    page.row_dimensions[row].height = cells.height_for((line.person.name, line.person.kana), least=31.0, chars=19)
    texts = _texts(line) | {"period": period}
    for at, column in enumerate(handover_columns(training), start=1):
        cell = dress(cell_at(page, row, at), font=face(11), border=cells.BOX)
        cell.alignment = cells.MIDDLE if column in _CENTRED else cells.INDENTED
        if column == "number":
            cell.value = number
        elif column.endswith("_on"):
            put_date(cell, _date(line.person, Field(column)))
        else:
            put_text(cell, texts[column])
