"""The xlsx HQ fills in with the trainees of one training before `roster import` (PRE0)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import cells
from daemon.adapters.documents.cells import cell_at, dress, face, put_date, put_text
from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.domain.model import Course

_ISSUED = dt.date(2026, 1, 1)
"""In the properties of the file: a template has no day of its own."""
_LINES = 300
"""Prepared lines; below them the list goes on undressed and is read all the same."""
_WIDTHS = {"prefecture": 11, "centre": 22, "name": 22, "kana": 22, "note": 26, "pension_office": 24}
_DATES = ("e_learning", "visit")


def list_template(course: Course, words: Mapping[str, Any]) -> bytes:
    """The empty list for `course`; same course, same bytes."""
    said = words["list"]
    members = _members(course)
    book = Workbook()
    page = book.worksheets[0]
    page.title = said["sheet"]
    head = _heading(page, course, said, len(members))
    _headers(page, head, members, said)
    _example(page, head + 1, members, said["example"])
    for line in range(head + 2, head + 2 + _LINES):
        _empty_line(page, line, members)
    _choose_prefecture(page, head + 2, said)
    _view_and_print(page, head, len(members))
    book.properties.title = f"{said['title']} {course.label}"
    book.properties.creator = words["organisation"]
    return workbook_bytes(book, _ISSUED)


def _members(course: Course) -> tuple[str, ...]:
    """The columns, by their key in words.toml."""
    own = ("e_learning", "visit") if course is Course.BEGINNER else ("terminal_id",)
    return ("prefecture", "centre", "name", "kana", *own, "pension_office", "note")


def _heading(page: Worksheet, course: Course, said: Mapping[str, Any], width: int) -> int:
    """Title and instructions; returns the row of the headers."""
    put_text(dress(cell_at(page, 1, 1), font=face(16, bold=True)), f"{said['title']}　{course.label}")
    page.row_dimensions[1].height = 30
    for row, sentence in enumerate(said["instructions"], start=2):
        put_text(dress(cell_at(page, row, 1), font=face(10), alignment=cells.SHRUNK), f"{row - 1}．{sentence}")
        page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=width)
    return len(said["instructions"]) + 3


def _headers(page: Worksheet, row: int, members: tuple[str, ...], said: Mapping[str, Any]) -> None:
    page.row_dimensions[row].height = 26
    for number, member in enumerate(members, start=1):
        cell = put_text(cell_at(page, row, number), said[member])
        dress(cell, font=face(11, bold=True), fill=cells.HEADING, border=cells.BOX, alignment=cells.MIDDLE)
        page.column_dimensions[get_column_letter(number)].width = _WIDTHS.get(member, 19)


def _example(page: Worksheet, row: int, members: tuple[str, ...], example: Mapping[str, Any]) -> None:
    """Marked in the name itself: whoever writes over the name has made it a real line."""
    page.row_dimensions[row].height = 20
    for number, member in enumerate(members, start=1):
        cell = cell_at(page, row, number)
        value = example[member]
        if isinstance(value, dt.date):
            put_date(cell, value)
        elif value:
            put_text(cell, value)
        dress(cell, font=face(11, color="7F7F7F"), fill=cells.EXAMPLE, border=cells.BOX, alignment=cells.INDENTED)


def _empty_line(page: Worksheet, row: int, members: tuple[str, ...]) -> None:
    page.row_dimensions[row].height = 20
    for number, member in enumerate(members, start=1):
        cell = dress(cell_at(page, row, number), font=face(11), border=cells.BOX, alignment=cells.INDENTED)
        # An ID may begin with 0: text keeps it. A date must not be text, or R8.4.7 stays three numbers and a letter.
        cell.number_format = cells.ERA_FORMAT if member in _DATES else "@"


def _choose_prefecture(page: Worksheet, first: int, said: Mapping[str, Any]) -> None:
    rule = DataValidation(
        type="list",
        formula1='"' + ",".join(said["prefectures"]) + '"',
        allow_blank=True,
        errorStyle="warning",
        showErrorMessage=True,
        errorTitle=said["prefecture"],
        error=said["prefecture_warning"],
    )
    rule.add(f"A{first}:A{first + _LINES - 1}")
    page.add_data_validation(rule)


def _view_and_print(page: Worksheet, head: int, width: int) -> None:
    page.freeze_panes = f"A{head + 1}"
    page.auto_filter.ref = f"A{head}:{get_column_letter(width)}{head + 1 + _LINES}"
    cells.print_on_a4(page, head, "landscape")
