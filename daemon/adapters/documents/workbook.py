"""The roster as a workbook: the heading of the printed sheet, then a table with the cells to fill unlocked.

Each row carries its key in a hidden column, the workbook its roster code in a visible cell and a document property, so
that it is recognised after sorting, filtering, inserting and re-saving.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import cells
from daemon.adapters.documents.cells import cell_at, dress, face, put_text
from daemon.adapters.documents.columns import Column, Words, columns_of
from daemon.adapters.documents.facts import Facts
from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.domain.model import Enrollment
from daemon.ports import RosterSheet
from parsers.forms import EDITIONS, XLSX_PROPERTY

_EXCEL_DAY_ZERO = dt.date(1899, 12, 30)
_DELETED_WITHIN = dt.timedelta(days=730)
"""No deletion takes longer; a year typed wrong lies beyond."""


def roster_workbook(sheet: RosterSheet, facts: Facts, words: Words) -> bytes:
    """The workbook of one roster; same sheet, same bytes."""
    book = Workbook()
    page = book.worksheets[0]
    page.title = words["workbook"]["sheet"]
    columns = columns_of(sheet, words)
    head = _Heading(page, facts, words, columns).write()
    last = _table(page, head, columns, sheet)
    _validate(page, columns, (head + 1, last), sheet, words)
    _protect(page)
    _set_up_view_and_print(page, head, last, columns, facts, words)
    # The stubs do not know custom properties.
    book.custom_doc_props.append(StringProperty(name=XLSX_PROPERTY, value=facts.roster))  # type: ignore[attr-defined]
    book.properties.title = f"{facts.form.title} {facts.training}"
    book.properties.creator = words["organisation"]
    book.properties.keywords = facts.roster
    return workbook_bytes(book, sheet.issued_on)


class _Heading:
    """The block above the table: two columns of label and value, aligned with the columns of the table."""

    def __init__(self, page: Worksheet, facts: Facts, words: Words, columns: list[Column]) -> None:
        self._page = page
        self._facts = facts
        self._words = words
        self._second = next(i for i, c in enumerate(columns, 1) if c.to_fill)
        self._last = len(columns) - 1

    def write(self) -> int:
        """Write all of it; returns the row of the table's headers."""
        facts, labels = self._facts, self._words["labels"]
        self._title()
        pairs = (
            (labels["code"], facts.roster, facts.deadline_label, facts.deadline),
            (labels["training"], facts.training, labels["period"], facts.period),
            (labels["prefecture"], facts.prefecture, labels["office"], facts.office),
            (labels["centre"], facts.centre, labels["host"], self._words["host_office"]),
            (labels["return_to"], facts.reply_mail, labels["fax"], facts.reply_fax),
            (labels["contact"], facts.contact, labels["count"], facts.count),
        )
        for row, (label, value, second_label, second) in enumerate(pairs, start=3):
            loud = row == 3
            self._pair(row, 2, self._second - 1, label, value, loud=loud)
            self._pair(row, self._second, self._last, second_label, second, loud=loud)
        return self._instructions(3 + len(pairs))

    def _title(self) -> None:
        facts, labels = self._facts, self._words["labels"]
        page = self._page
        put_text(dress(cell_at(page, 1, 2), font=face(10), alignment=cells.SHRUNK), self._words["organisation"])
        self._merge(1, 2, self._second - 1)
        issued = f"{labels['document']} {facts.document_no}　{facts.issued}"
        put_text(dress(cell_at(page, 1, self._second), font=face(10), alignment=cells.AT_RIGHT), issued)
        self._merge(1, self._second, self._last)
        put_text(dress(cell_at(page, 2, 2), font=face(18, bold=True), alignment=cells.SHRUNK), facts.form.title)
        self._merge(2, 2, self._last)
        page.row_dimensions[2].height = 32

    def _pair(self, row: int, start: int, end: int, label: str, value: str, *, loud: bool) -> None:
        font = face(13, bold=True) if loud else face(11)
        put_text(dress(cell_at(self._page, row, start), font=face(10), alignment=cells.LABEL), label)
        put_text(dress(cell_at(self._page, row, start + 1), font=font, alignment=cells.SHRUNK), value)
        for column in range(start, end + 1):
            dress(cell_at(self._page, row, column), border=cells.UNDERLINE)
        self._merge(row, start + 1, end)
        self._page.row_dimensions[row].height = 24 if loud else 19

    def _instructions(self, row: int) -> int:
        self._page.row_dimensions[row].height = 6
        after = self._facts.form.after_training
        lines = self._words["instructions"]["workbook_post" if after else "workbook"]
        for number, line in enumerate(lines, start=1):
            at = row + number
            put_text(dress(cell_at(self._page, at, 2), font=face(10), alignment=cells.SHRUNK), f"{number}．{line}")
            self._merge(at, 2, self._last)
            self._page.row_dimensions[at].height = 16
        self._page.row_dimensions[row + len(lines) + 1].height = 6
        return row + len(lines) + 2

    def _merge(self, row: int, start: int, end: int) -> None:
        if end > start:
            self._page.merge_cells(start_row=row, end_row=row, start_column=start, end_column=end)


def _table(page: Worksheet, head: int, columns: list[Column], sheet: RosterSheet) -> int:
    """Headers and rows; returns the last row."""
    page.row_dimensions[head].height = 26
    for number, column in enumerate(columns, start=1):
        cell = put_text(cell_at(page, head, number), column.header)
        dress(cell, font=face(11, bold=column.to_fill), fill=cells.HEADING, border=cells.BOX, alignment=cells.MIDDLE)
        page.column_dimensions[get_column_letter(number)].width = column.width
    for line, person in enumerate(sheet.rows, start=head + 1):
        page.row_dimensions[line].height = cells.height_for(
            (person.name, person.kana, person.note), least=31.0, chars=17
        )
        for number, column in enumerate(columns, start=1):
            _fill(cell_at(page, line, number), column, person)
    page.column_dimensions[get_column_letter(len(columns))].hidden = True
    return head + len(sheet.rows)


def _fill(cell: Cell, column: Column, person: Enrollment) -> None:
    column.write(cell, person)
    centred = column.centred or column.date
    dress(cell, font=face(12 if column.to_fill else 11), border=cells.BOX)
    cell.alignment = cells.MIDDLE if centred else cells.INDENTED
    if column.date:
        cell.number_format = cells.ERA_FORMAT
    if column.to_fill:
        dress(cell, fill=cells.TO_FILL, protection=cells.UNLOCKED)


def _validate(page: Worksheet, columns: list[Column], lines: tuple[int, int], sheet: RosterSheet, words: Words) -> None:
    """Help with typing. Every rule only warns: a date Excel does not understand must still reach us as text."""
    first, last = lines
    if last < first:
        return
    date, tick = _date_rule(sheet, words["workbook"]), _tick_rule(words["workbook"])
    for number, column in enumerate(columns, start=1):
        rule = date if column.date else tick if column.tick else _choice_rule(column) if column.choices else None
        if rule is None or not column.to_fill:
            continue
        letter = get_column_letter(number)
        rule.add(f"{letter}{first}:{letter}{last}")
        if rule not in page.data_validations.dataValidation:
            page.add_data_validation(rule)


def _choice_rule(column: Column) -> DataValidation:
    """Choices as a help, without a warning: a name typed in full is as good."""
    return DataValidation(
        type="list", formula1='"' + ",".join(column.choices) + '"', allow_blank=True, showErrorMessage=False
    )


def _date_rule(sheet: RosterSheet, said: Mapping[str, str]) -> DataValidation:
    """Before the training: from the day of issue to its last day. After it: from its last day on.

    A date outside is what the guards would question anyway: an old registration, or 8/4/7 that became 2008.
    """
    if EDITIONS[sheet.roster.edition].after_training:
        first = sheet.training.ends_on
        last = first + _DELETED_WITHIN
        said = {**said, "date_warning": said["date_warning_post"]}
    else:
        first, last = sheet.issued_on, max(sheet.issued_on, sheet.training.ends_on)
    return DataValidation(
        type="date",
        operator="between",
        formula1=str((first - _EXCEL_DAY_ZERO).days),
        formula2=str((last - _EXCEL_DAY_ZERO).days),
        **_warning(said, "date"),
    )


def _tick_rule(said: Mapping[str, str]) -> DataValidation:
    return DataValidation(type="list", formula1=f'"{said["tick"]}"', **_warning(said, "tick"))


def _warning(said: Mapping[str, str], about: str) -> dict[str, Any]:
    return {
        "allow_blank": True,
        "errorStyle": "warning",
        "showErrorMessage": True,
        "errorTitle": said[f"{about}_warning_title"],
        "error": said[f"{about}_warning"],
        "showInputMessage": True,
        "promptTitle": said[f"{about}_title"],
        "prompt": said[f"{about}_prompt"],
    }


def _protect(page: Worksheet) -> None:
    """Only the coloured cells can be changed by accident; whoever must do more lifts it without a password.

    openpyxl's flags say what is forbidden, so False allows. Excel sorts a protected sheet only where every cell is
    unlocked, which would open the names to a slip of the hand: the instructions on the sheet say how to lift it.
    """
    page.protection.sheet = True
    for allowed in ("sort", "autoFilter", "formatColumns", "formatRows", "selectLockedCells", "selectUnlockedCells"):
        setattr(page.protection, allowed, False)


def _set_up_view_and_print(
    page: Worksheet, head: int, last: int, columns: list[Column], facts: Facts, words: Words
) -> None:
    visible = get_column_letter(len(columns) - 1)
    every = get_column_letter(len(columns))
    page.freeze_panes = f"C{head + 1}"
    page.sheet_view.showGridLines = False
    first = f"{get_column_letter(next(i for i, c in enumerate(columns, 1) if c.to_fill))}{head + 1}"
    for pane in page.sheet_view.selection:
        if pane.pane == "bottomRight":  # the cursor waits in the first cell to fill
            pane.activeCell = pane.sqref = first
    page.auto_filter.ref = f"A{head}:{every}{max(last, head)}"
    page.print_area = f"A1:{visible}{max(last, head)}"
    cells.print_on_a4(page, head, "landscape" if facts.form.after_training else "portrait")
    labels = words["labels"]
    top, bottom = page.oddHeader, page.oddFooter
    assert top is not None
    assert bottom is not None
    top.right.text = words["sealed"]
    bottom.left.text = f"{labels['code']} {facts.roster}"
    bottom.right.text = f"&P／&N {labels['page']}"
