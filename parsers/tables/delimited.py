"""A csv file as a grid: UTF-8 or CP932 (what Excel in Japan writes), comma, tab or semicolon."""

from __future__ import annotations

import csv
import io

from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.tables.grid import Cell, Grid, address

_ROWS_MOST = 20_000
_COLS_MOST = 300
_FIELD_MOST_CHARS = 100_000


def read_delimited(name: str, data: bytes) -> Grid:
    """The table in `data`, every value as text, addresses as a spreadsheet would give them.

    Raises:
        ParserError: UNREADABLE_ATTACHMENT when it is no text or no table, TOO_LARGE over 20 000 rows.
    """
    text = _decoded(data)
    cells: dict[tuple[int, int], Cell] = {}
    row = 0
    csv.field_size_limit(_FIELD_MOST_CHARS)
    try:
        for row, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)), start=1):
            if row > _ROWS_MOST:
                raise ParserError(Problem.TOO_LARGE, f"more than {_ROWS_MOST} rows")
            for col, value in enumerate(values[:_COLS_MOST], start=1):
                if value.strip():
                    cells[row, col] = Cell(row, col, address(row, col), value, value)
    except csv.Error as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, str(e)) from e
    return Grid(name, cells, max_row=row, max_col=max((col for _, col in cells), default=0))


def _decoded(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp932"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ParserError(Problem.UNREADABLE_ATTACHMENT, "neither UTF-8 nor CP932 text")


def _delimiter(text: str) -> str:
    head = "\n".join(text.splitlines()[:20])
    return max(",\t;", key=head.count)
