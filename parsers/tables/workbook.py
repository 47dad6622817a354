"""A returned workbook (xlsx, xlsm) in, findings out.

openpyxl gives text, styles, comments and hidden rows; calamine the cached values of formulas, which openpyxl cannot
give at the same time. Macros and links to other files are never followed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

from openpyxl.workbook.workbook import Workbook
from python_calamine import CalamineError, CalamineWorkbook

from parsers.errors import ParserError
from parsers.findings import Decision, Finding, Note, Page, PageKind, Problem
from parsers.forms import XLSX_PROPERTY
from parsers.reading import ReadingContext
from parsers.tables.grid import Cell, Grid, GridReading, address
from parsers.tables.loading import load_cells
from parsers.tables.package import Package, open_package
from parsers.tables.roster import read_grid
from parsers.tables.worksheet import COLS_MOST, ROWS_MOST, CachedValues, SheetReader, plain_value, shown_text

_SHEETS_MOST = 100


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook as grids."""

    grids: tuple[Grid, ...]
    roster: str | None
    """Roster code of our document property."""
    notes: tuple[Note, ...] = ()
    bare: bool = False
    """Read without styles: strike-out, hidden rows and formats are unknown."""


def read_workbook(data: bytes, *, part: str, context: ReadingContext) -> GridReading:
    """Read every sheet of an xlsx or xlsm.

    Raises:
        ParserError: The bytes cannot be opened (encrypted, damaged, over a limit, no workbook).
    """
    book = open_book(data, part=part)
    pages: list[Page] = []
    findings: list[Finding] = []
    notes = list(book.notes)
    for grid in book.grids:
        if grid.hidden:
            if grid.cells:
                pages.append(Page(grid.number, PageKind.FOREIGN, problems=(Problem.HIDDEN_CONTENT,), part=part))
                notes.append(Note(Problem.HIDDEN_CONTENT, grid.name, part))
            continue
        reading = read_grid(grid, part=part, context=context, known_roster=book.roster)
        pages += reading.pages
        findings += reading.findings
        notes += reading.notes
    findings = _without_contradiction(findings)
    if not findings:
        notes.append(Note(Problem.NO_ROSTER_FOUND, "", part))
    if book.bare:
        findings = [_unsure(f) for f in findings]
    return GridReading(tuple(pages), tuple(findings), tuple(notes))


def _without_contradiction(findings: list[Finding]) -> list[Finding]:
    """A row that stands on two sheets with two values (原本 and a copy) is a question on both."""
    values: dict[tuple[str | None, int | None, str], set[str]] = {}
    for found in findings:
        if found.roster and found.value:
            values.setdefault((found.roster, found.row, found.field), set()).add(found.value)
    torn = {key for key, different in values.items() if len(different) > 1}
    return [_asked(f, Problem.ROW_DUPLICATED) if (f.roster, f.row, f.field) in torn else f for f in findings]


def _unsure(found: Finding) -> Finding:
    """A value from a workbook whose styles are unknown: it may be struck out or hidden."""
    return _asked(found, Problem.LOW_CONFIDENCE)


def _asked(found: Finding, problem: Problem) -> Finding:
    """An accepted finding as a question."""
    if found.decision is not Decision.ACCEPT:
        return found
    candidates = (found.value,) if found.value and found.field.is_date else ()
    problems = tuple(dict.fromkeys((*found.problems, problem)))
    return replace(
        found, value=None, confidence=0.0, decision=Decision.REVIEW, problems=problems, candidates=candidates
    )


def open_book(data: bytes, *, part: str = "") -> Book:
    """The sheets as grids. Raises ParserError as `read_workbook` does."""
    package = open_package(data)
    try:
        book = _dressed_book(data, package, part)
    except Exception as e:  # noqa: BLE001 - openpyxl raises whatever the producer's XML trips it over, even afterwards
        book = _bare_book(data, type(e).__name__, part)
    nested = tuple(Note(Problem.NESTED_TOO_DEEP, name, part) for name in package.nested)
    return replace(book, notes=nested + book.notes)


def _dressed_book(data: bytes, package: Package, part: str) -> Book:
    """Values with their styles."""
    book = load_cells(data)
    cached = CachedValues(data)
    sheets = [SheetReader(book, sheet, package, cached) for sheet in book.worksheets[:_SHEETS_MOST]]
    grids = tuple(sheet.grid(n) for n, sheet in enumerate(sheets, start=1))
    cut = [grid.name for grid, sheet in zip(grids, sheets, strict=True) if sheet.cut]
    if len(book.worksheets) > _SHEETS_MOST:
        cut.append(f"{len(book.worksheets)} sheets")
    return Book(grids, _roster_property(book), tuple(Note(Problem.TOO_LARGE, name, part) for name in cut))


def _roster_property(book: Workbook) -> str | None:
    properties: Any = book.custom_doc_props  # type: ignore[attr-defined]  # unknown to the stubs
    for known in properties.props:
        if known.name == XLSX_PROPERTY and known.value:
            return str(known.value)
    return None


def _bare_book(data: bytes, reason: str, part: str) -> Book:
    """Values alone, for workbooks whose styles openpyxl stumbles over. Raises ParserError when there are none."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(s.name, book.get_sheet_by_name(s.name)) for s in book.sheets_metadata[:_SHEETS_MOST]]
        grids = tuple(_bare_grid(n, name, sheet) for n, (name, sheet) in enumerate(sheets, start=1))
    except (CalamineError, OSError, ValueError) as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, reason) from e
    return Book(grids, None, (Note(Problem.LOW_CONFIDENCE, f"styles: {reason}", part),), bare=True)


def _bare_grid(number: int, name: str, sheet: Any) -> Grid:
    cells = {}
    for row, values in enumerate(sheet.to_python(skip_empty_area=False, nrows=ROWS_MOST), start=1):
        for col, raw in enumerate(values[:COLS_MOST], start=1):
            value = plain_value(raw)
            if value is not None:
                cells[row, col] = Cell(row, col, address(row, col), shown_text(value, ""), value)
    last_row, last_col = (max((key[i] for key in cells), default=0) for i in (0, 1))
    return Grid(name, cells, number, max_row=last_row, max_col=last_col)
