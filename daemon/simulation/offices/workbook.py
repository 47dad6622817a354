"""Our roster workbook under the hands of a clerk: opened, filled in, perhaps sorted or shortened, saved again."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.simulation.spelling import Entry
from parsers.findings import Field
from parsers.forms import KEY_HEADER, parse_row_key

HEADERS = {
    Field.ID_REGISTERED_ON: "新規登録年月日",
    Field.CONCURRENT_REGISTERED_ON: "兼務登録年月日",
    Field.DESTINATION: "今後配属予定のセンター名",
    Field.NO_DESTINATION_REASON: "配属予定のない理由",
    Field.CONCURRENT_DELETED_ON: "兼務登録削除年月日",
    Field.ID_DELETED_ON: "ＩＤ削除年月日",
}
"""What the clerk looks for above the columns."""
_NAME, _OUT, _NOTE, _NUMBER = "氏名", "対象外", "備考", "No."


@dataclass(frozen=True, slots=True)
class Line:
    """One trainee on the sheet."""

    roster: str
    row: int
    enrollment: str
    name: str


class Workbook:
    """One roster, open on the clerk's desk."""

    def __init__(self, data: bytes) -> None:
        """Open the file as it came by mail."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._book = openpyxl.load_workbook(io.BytesIO(data))
        self._page: Worksheet = self._book.worksheets[0]
        self._head, self._columns = _find_table(self._page)

    def lines(self) -> list[Line]:
        """Who stands on the sheet, from top to bottom."""
        found = []
        for row in range(self._head + 1, self._page.max_row + 1):
            key = parse_row_key(str(self._page.cell(row, self._columns[KEY_HEADER]).value or ""))
            if key is not None:
                name = str(self._page.cell(row, self._columns[_NAME]).value or "")
                found.append(Line(*key, name))
        return found

    def fields(self) -> tuple[Field, ...]:
        """What the sheet asks for, in the order of the columns."""
        return tuple(f for f, header in HEADERS.items() if header in self._columns)

    def enter(self, enrollment: str, field: Field, entry: Entry) -> None:
        """Type something into a date cell."""
        cell: Any = self._page.cell(self._row(enrollment), self._columns[HEADERS[field]])
        cell.value = entry.content
        if entry.number_format:
            cell.number_format = entry.number_format

    def tick_out(self, enrollment: str, reason: str) -> None:
        """対象外 with the reason beside it."""
        row = self._row(enrollment)
        self._page.cell(row, self._columns[_OUT]).value = "○"
        self._page.cell(row, self._columns[_NOTE]).value = reason

    def rename(self, enrollment: str, name: str) -> None:
        """Put the name right."""
        self._page.cell(self._row(enrollment), self._columns[_NAME]).value = name

    def remark(self, enrollment: str, text: str) -> None:
        """Write into 備考."""
        self._page.cell(self._row(enrollment), self._columns[_NOTE]).value = text

    def remove(self, enrollments: Iterable[str]) -> None:
        """Delete rows."""
        for row in sorted((self._row(e) for e in enrollments), reverse=True):
            self._page.delete_rows(row)

    def sort(self, key: Callable[[Line], Any]) -> None:
        """Put the rows in another order, every cell with its row."""
        lines = self.lines()
        rows = [self._row(line.enrollment) for line in lines]
        contents = {line.enrollment: self._contents(self._row(line.enrollment)) for line in lines}
        for row, line in zip(rows, sorted(lines, key=key), strict=True):
            for column, (value, number_format) in enumerate(contents[line.enrollment], start=1):
                cell: Any = self._page.cell(row, column)
                cell.value = value
                cell.number_format = number_format

    def add_by_hand(self, name: str, field: Field, entry: Entry) -> None:
        """A person HQ does not know, written below the last row."""
        row = self._page.max_row + 1
        self._page.cell(row, self._columns[_NAME]).value = name
        cell: Any = self._page.cell(row, self._columns[HEADERS[field]])
        cell.value = entry.content

    def save(self, on: dt.date) -> bytes:
        """The file as it goes out again."""
        return workbook_bytes(self._book, on)

    def _contents(self, row: int) -> list[tuple[Any, str]]:
        width = max(self._columns.values())
        cells = [self._page.cell(row, column) for column in range(1, width + 1)]
        return [(c.value, c.number_format) for c in cells]

    def _row(self, enrollment: str) -> int:
        for row in range(self._head + 1, self._page.max_row + 1):
            key = parse_row_key(str(self._page.cell(row, self._columns[KEY_HEADER]).value or ""))
            if key is not None and key[2] == enrollment:
                return row
        raise KeyError(enrollment)


def _find_table(page: Worksheet) -> tuple[int, dict[str, int]]:
    """The row of the headers and the columns by header."""
    for row, values in enumerate(page.iter_rows(values_only=True), start=1):
        found = {str(v).replace("\n", ""): column for column, v in enumerate(values, start=1) if v is not None}
        if KEY_HEADER in found:
            return row, found
    raise ValueError("this is none of HQ's sheets")
