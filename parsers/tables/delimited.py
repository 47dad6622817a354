"""A csv file as a grid of texts. What may be read in two ways (`parsers.separated`) makes all its values questions."""

from __future__ import annotations

from parsers import separated
from parsers.errors import ParserError
from parsers.findings import Note, Problem
from parsers.separated import Decoded
from parsers.tables.book import Book
from parsers.tables.grid import COLS_MOST, Cell, Grid, address

_ROWS_MOST = 20_000


def open_delimited(data: bytes, *, part: str = "") -> Book:
    """The table an office sent back. Raises ParserError as `read_delimited` does."""
    text, guessed = _decoded(data)
    torn = separated.is_torn(text)
    notes = [Note(Problem.CHARSET_GUESSED, "", part)] if guessed else []
    notes += [Note(Problem.LOW_CONFIDENCE, "quotes", part)] if torn else []
    return Book((_grid("", text),), notes=tuple(notes), bare=guessed or torn)


def read_delimited(name: str, data: bytes) -> Grid:
    """The table in `data`, every value as text, addresses as a spreadsheet would give them.

    Raises:
        ParserError: UNREADABLE_ATTACHMENT when it is no text or no table, TOO_LARGE over 20 000 rows.
    """
    return _grid(name, _decoded(data).text)


def _decoded(data: bytes) -> Decoded:
    found = separated.decoded(data)
    if found is None:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "neither UTF-8 nor CP932 text")
    return found


def _grid(name: str, text: str) -> Grid:
    cells: dict[tuple[int, int], Cell] = {}
    widths: list[int] = []
    try:
        for row, values in enumerate(separated.rows(text), start=1):
            if row > _ROWS_MOST:
                raise ParserError(Problem.TOO_LARGE, f"more than {_ROWS_MOST} rows")
            widths.append(len(values))
            for col, value in enumerate(values[:COLS_MOST], start=1):
                if value.strip():
                    cells[row, col] = Cell(row, col, address(row, col), value, value)
    except separated.Malformed as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, str(e)) from e
    last_col = max((col for _, col in cells), default=0)
    slipped = separated.slipped(widths)
    return Grid(name, cells, slipped_rows=slipped, max_row=len(widths), max_col=last_col)
