"""A returned workbook (xlsx, xlsm) in, findings out.

openpyxl gives text, styles, comments and hidden rows; calamine the cached values of formulas, which openpyxl cannot
give at the same time. Macros and links to other files are never followed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from openpyxl.workbook.workbook import Workbook

from parsers.findings import Note, Problem
from parsers.forms import XLSX_PROPERTY
from parsers.reading import ReadingContext
from parsers.tables.book import SHEETS_MOST, Book, open_bare, read_book
from parsers.tables.grid import GridReading
from parsers.tables.loading import load_cells
from parsers.tables.package import Package, open_package
from parsers.tables.worksheet import CachedValues, SheetReader


def read_workbook(data: bytes, *, part: str, context: ReadingContext) -> GridReading:
    """Read every sheet of an xlsx or xlsm.

    Raises:
        ParserError: The bytes cannot be opened (encrypted, damaged, over a limit, no workbook).
    """
    return read_book(open_book(data, part=part), part=part, context=context)


def open_book(data: bytes, *, part: str = "") -> Book:
    """The sheets as grids. Raises ParserError as `read_workbook` does."""
    package = open_package(data)
    try:
        book = _dressed_book(data, package, part)
    except Exception as e:  # noqa: BLE001 - openpyxl raises whatever the producer's XML trips it over, even afterwards
        book = open_bare(data, type(e).__name__, part)
    nested = tuple(Note(Problem.NESTED_TOO_DEEP, name, part) for name in package.nested)
    return replace(book, notes=nested + book.notes)


def _dressed_book(data: bytes, package: Package, part: str) -> Book:
    """Values with their styles."""
    book = load_cells(data)
    cached = CachedValues(data)
    sheets = [SheetReader(book, sheet, package, cached) for sheet in book.worksheets[:SHEETS_MOST]]
    grids = tuple(sheet.grid(n) for n, sheet in enumerate(sheets, start=1))
    cut = [grid.name for grid, sheet in zip(grids, sheets, strict=True) if sheet.cut]
    if len(book.worksheets) > SHEETS_MOST:
        cut.append(f"{len(book.worksheets)} sheets")
    return Book(grids, _roster_property(book), tuple(Note(Problem.TOO_LARGE, name, part) for name in cut))


def _roster_property(book: Workbook) -> str | None:
    properties: Any = book.custom_doc_props  # type: ignore[attr-defined]  # unknown to the stubs
    for known in properties.props:
        if known.name == XLSX_PROPERTY and known.value:
            return str(known.value)
    return None
