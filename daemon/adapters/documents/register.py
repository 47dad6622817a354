"""The register of results (POST1): one line a trainee, for HQ to fill in 修了 or 未修了; `parsers.results` reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import cells
from daemon.adapters.documents.cells import cell_at, dress, face, put_text
from daemon.adapters.documents.facts import period_of, result_of
from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.domain.model import Training
from daemon.ports import TraineeLine
from parsers.forms import COMPLETED, KEY_HEADER, NOT_COMPLETED, RESULTS, RESULTS_PROPERTY, results_key

_WIDTHS = {"number": 5.5, "prefecture": 11, "centre": 38, "name": 22, "kana": 24, "result": 14, "key": 40}
"""In characters of the standard font; also the order of the columns."""


def results_register(training: Training, rows: Sequence[TraineeLine], words: Mapping[str, Any]) -> bytes:
    """The workbook; what is known already is filled in. Same rows, same bytes."""
    book = Workbook()
    page = book.worksheets[0]
    said = words["results"]
    page.title = said["sheet"]
    head = _heading(page, training, said, words["labels"])
    _headers(page, head, said)
    for number, line in enumerate(rows, start=1):
        _row(page, head + number, number, line, training)
    last = head + max(len(rows), 1)
    _choose_result(page, head + 1, last, said)
    _view_and_print(page, head, last)
    # The stubs do not know custom properties.
    mark = StringProperty(name=RESULTS_PROPERTY, value=training.training_id)
    book.custom_doc_props.append(mark)  # type: ignore[attr-defined]
    book.properties.title = f"{said['title']} {training.name}"
    book.properties.creator = words["organisation"]
    return workbook_bytes(book, training.ends_on)


def _heading(page: Worksheet, training: Training, said: Mapping[str, Any], labels: Mapping[str, str]) -> int:
    """Title, training and instructions; returns the row of the headers."""
    put_text(dress(cell_at(page, 1, 1), font=face(16, bold=True), alignment=cells.SHRUNK), said["title"])
    page.row_dimensions[1].height = 30
    about = f"{labels['training']}：{training.name}　{labels['period']}：{period_of(training)}"
    lines = [about, *(f"{n}．{sentence}" for n, sentence in enumerate(said["instructions"], start=1))]
    for row, text in enumerate(lines, start=2):
        put_text(dress(cell_at(page, row, 1), font=face(10), alignment=cells.SHRUNK), text)
    for row in range(1, len(lines) + 2):
        page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(_WIDTHS) - 1)
    return len(lines) + 3


def _headers(page: Worksheet, row: int, said: Mapping[str, Any]) -> None:
    page.row_dimensions[row].height = 26
    for number, (column, width) in enumerate(_WIDTHS.items(), start=1):
        cell = put_text(cell_at(page, row, number), KEY_HEADER if column == "key" else said["columns"][column])
        dress(cell, font=face(11, bold=True), fill=cells.HEADING, border=cells.BOX, alignment=cells.MIDDLE)
        page.column_dimensions[get_column_letter(number)].width = width
    page.column_dimensions[get_column_letter(len(_WIDTHS))].hidden = True


def _row(page: Worksheet, row: int, number: int, line: TraineeLine, training: Training) -> None:
    person = line.person
    texts = {
        "prefecture": line.prefecture,
        "centre": line.centre_title,
        "name": person.name,
        "kana": person.kana,
        "result": "" if person.excluded_because else result_of(person),
        "key": results_key(training.training_id, person.enrollment_id),
    }
    page.row_dimensions[row].height = cells.height_for((person.name, person.kana), least=22.0, chars=19)
    for at, column in enumerate(_WIDTHS, start=1):
        cell = dress(cell_at(page, row, at), font=face(11), border=cells.BOX, alignment=cells.INDENTED)
        if column == "number":
            cell.value = number
        elif texts[column]:
            put_text(cell, texts[column])
        if column in ("number", "prefecture", "result"):
            cell.alignment = cells.MIDDLE
        if column == "result":
            dress(cell, fill=cells.TO_FILL, protection=cells.UNLOCKED)


def _choose_result(page: Worksheet, first: int, last: int, said: Mapping[str, Any]) -> None:
    rule = DataValidation(
        type="list",
        formula1=f'"{RESULTS[COMPLETED]},{RESULTS[NOT_COMPLETED]}"',
        allow_blank=True,
        errorStyle="warning",
        showErrorMessage=True,
        errorTitle=said["columns"]["result"],
        error=said["result_warning"],
    )
    column = get_column_letter(list(_WIDTHS).index("result") + 1)
    rule.add(f"{column}{first}:{column}{last}")
    page.add_data_validation(rule)


def _view_and_print(page: Worksheet, head: int, last: int) -> None:
    """Only the results can be changed by accident; the protection has no password."""
    page.protection.sheet = True
    for allowed in ("sort", "autoFilter", "formatColumns", "formatRows", "selectLockedCells", "selectUnlockedCells"):
        setattr(page.protection, allowed, False)
    page.freeze_panes = f"A{head + 1}"
    page.sheet_view.showGridLines = False
    page.auto_filter.ref = f"A{head}:{get_column_letter(len(_WIDTHS))}{last}"
    page.print_area = f"A1:{get_column_letter(len(_WIDTHS) - 1)}{last}"
    cells.print_on_a4(page, head, "portrait")
