"""The roster as a workbook: the heading of the printed sheet, then a table with the cells to fill unlocked.

Each row carries its key in a hidden column, the workbook its roster code in a visible cell and a document property, so
that it is recognised after sorting, filtering, inserting and re-saving.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import cells
from daemon.adapters.documents.cells import cell_at, dress, face, put_date, put_text
from daemon.adapters.documents.facts import Facts, masked_id
from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.domain.model import Enrollment
from daemon.ports import RosterSheet
from parsers.findings import Field
from parsers.forms import KEY_HEADER, XLSX_PROPERTY, row_key

Words = Mapping[str, Any]
_EXCEL_DAY_ZERO = dt.date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the table."""

    header: str
    width: float
    """In characters of the standard font."""
    write: Callable[[Cell, Enrollment], object]
    to_fill: bool = False
    date: bool = False
    centred: bool = False


def roster_workbook(sheet: RosterSheet, facts: Facts, words: Words) -> bytes:
    """The workbook of one roster; same sheet, same bytes."""
    book = Workbook()
    page = book.worksheets[0]
    page.title = words["workbook"]["sheet"]
    columns = _columns(sheet, words)
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


def _columns(sheet: RosterSheet, words: Words) -> list[_Column]:
    labels = words["labels"]
    code = sheet.roster.code
    fields = [_Column(words["fields"][f.value], 18, _nothing, to_fill=True, date=True) for f in _dates(sheet)]
    if Field.ID_REGISTERED_ON in _dates(sheet):
        before = [
            _Column(labels["e_learning"], 16, lambda c, p: put_date(c, p.e_learning_on), date=True),
            _Column(labels["visit"], 16, lambda c, p: put_date(c, p.visit_on), date=True),
        ]
    else:
        before = [
            _Column(labels["terminal_id"], 11, lambda c, p: put_text(c, masked_id(p.terminal_id)), centred=True),
        ]
    return [
        _Column(labels["number"], 5.5, lambda c, p: setattr(c, "value", p.row), centred=True),
        _Column(_plain(labels["name"]), 21, lambda c, p: put_text(c, p.name)),
        _Column(labels["kana"], 21, lambda c, p: put_text(c, p.kana)),
        *before,
        *fields,
        _Column(labels["not_applicable"], 8, _nothing, to_fill=True, centred=True),
        _Column(labels["note"], 22, lambda c, p: put_text(c, p.note) if p.note else None, to_fill=True),
        _Column(KEY_HEADER, 32, lambda c, p: put_text(c, row_key(code, p.row, p.enrollment_id))),
    ]


def _dates(sheet: RosterSheet) -> tuple[Field, ...]:
    return sheet.training.course.edition.fields


def _plain(label: str) -> str:
    return label.replace("　", "")


def _nothing(_cell: Cell, _person: Enrollment) -> None:
    """A cell the office fills in."""


class _Heading:
    """The block above the table: two columns of label and value, aligned with the columns of the table."""

    def __init__(self, page: Worksheet, facts: Facts, words: Words, columns: list[_Column]) -> None:
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
            (labels["code"], facts.roster, labels["deadline"], facts.deadline),
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
        lines = self._words["instructions"]["workbook"]
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


def _table(page: Worksheet, head: int, columns: list[_Column], sheet: RosterSheet) -> int:
    """Headers and rows; returns the last row."""
    page.row_dimensions[head].height = 26
    for number, column in enumerate(columns, start=1):
        cell = put_text(cell_at(page, head, number), column.header)
        dress(cell, font=face(11, bold=column.to_fill), fill=cells.HEADING, border=cells.BOX, alignment=cells.MIDDLE)
        page.column_dimensions[get_column_letter(number)].width = column.width
    for line, person in enumerate(sheet.rows, start=head + 1):
        page.row_dimensions[line].height = _height(person)
        for number, column in enumerate(columns, start=1):
            _fill(cell_at(page, line, number), column, person)
    page.column_dimensions[get_column_letter(len(columns))].hidden = True
    return head + len(sheet.rows)


def _height(person: Enrollment) -> float:
    """Points: room for every line a long name or kana wraps into; nobody can widen a locked row by typing."""
    wide = max(_columns_taken(text) for text in (person.name, person.kana, person.note))
    return max(31.0, 15.5 * -(-wide // 17))


def _columns_taken(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _fill(cell: Cell, column: _Column, person: Enrollment) -> None:
    column.write(cell, person)
    centred = column.centred or column.date
    dress(cell, font=face(12 if column.to_fill else 11), border=cells.BOX)
    cell.alignment = cells.MIDDLE if centred else cells.INDENTED
    if column.date:
        cell.number_format = cells.ERA_FORMAT
    if column.to_fill:
        dress(cell, fill=cells.TO_FILL, protection=cells.UNLOCKED)


def _validate(
    page: Worksheet, columns: list[_Column], lines: tuple[int, int], sheet: RosterSheet, words: Words
) -> None:
    """Help with typing. Every rule only warns: a date Excel does not understand must still reach us as text."""
    first, last = lines
    if last < first:
        return
    rules = {True: _date_rule(sheet, words["workbook"]), False: _tick_rule(words["workbook"])}
    for number, column in enumerate(columns, start=1):
        if column.to_fill and (column.date or column.centred):
            letter = get_column_letter(number)
            rules[column.date].add(f"{letter}{first}:{letter}{last}")
    for rule in rules.values():
        page.add_data_validation(rule)


def _date_rule(sheet: RosterSheet, said: Mapping[str, str]) -> DataValidation:
    """From the day of issue to the last day of the training.

    A date outside is what the guards would question anyway: an old registration, or 8/4/7 that became 2008.
    """
    days = (sheet.issued_on, max(sheet.issued_on, sheet.training.ends_on))
    first, last = (str((day - _EXCEL_DAY_ZERO).days) for day in days)
    return DataValidation(
        type="date",
        operator="between",
        formula1=first,
        formula2=last,
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
    page: Worksheet, head: int, last: int, columns: list[_Column], facts: Facts, words: Words
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
    cells.print_on_a4(page, head, "portrait")
    labels = words["labels"]
    top, bottom = page.oddHeader, page.oddFooter
    assert top is not None
    assert bottom is not None
    top.right.text = words["sealed"]
    bottom.left.text = f"{labels['code']} {facts.roster}"
    bottom.right.text = f"&P／&N {labels['page']}"
