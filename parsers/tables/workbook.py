"""A returned workbook (xlsx, xlsm) in, findings out.

openpyxl gives text, styles, comments and hidden rows; calamine the cached values of formulas, which openpyxl cannot
give at the same time. Macros and links to other files are never followed.
"""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import openpyxl
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.cell.cell import MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils.cell import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904, from_excel
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineError, CalamineWorkbook

from parsers.dates.formats import JAPANESE_BUILTINS, is_era, shown
from parsers.errors import ParserError
from parsers.findings import Decision, Finding, Note, Page, PageKind, Problem
from parsers.forms import XLSX_PROPERTY
from parsers.reading import ReadingContext
from parsers.tables.grid import Area, Cell, CellValue, Grid, GridReading
from parsers.tables.package import Package, open_package
from parsers.tables.roster import read_grid
from parsers.text import squash

_ROWS_MOST = 5_000
_COLS_MOST = 300
_SHEETS_MOST = 100
_CELLS_MOST = 3_000_000
"""calamine holds a sheet as one block up to its farthest cell: one at XFD1048576 would ask for all memory there is."""


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns about everything it drops; we look at drawings ourselves
        book = openpyxl.load_workbook(io.BytesIO(data), rich_text=True, keep_links=False)
    cached = _Cached(data)
    sheets = [_Sheet(book, sheet, package, cached) for sheet in book.worksheets[:_SHEETS_MOST]]
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


@dataclass
class _Cached:
    """Cached values of formulas, read when the first formula turns up."""

    data: bytes
    _tables: dict[str, list[list[Any]]] = field(default_factory=dict)
    _book: CalamineWorkbook | None = None

    def value(self, sheet: Worksheet, row: int, col: int) -> CellValue:
        """None when there is none; rows and columns count from 1."""
        if sheet.max_row * sheet.max_column > _CELLS_MOST:
            return None
        table = self._table(sheet.title)
        if row > len(table) or col > len(table[row - 1]):
            return None
        return _plain(table[row - 1][col - 1])

    def _table(self, sheet: str) -> list[list[Any]]:
        if sheet not in self._tables:
            try:
                if self._book is None:
                    self._book = CalamineWorkbook.from_filelike(io.BytesIO(self.data))
                found = self._book.get_sheet_by_name(sheet)
                self._tables[sheet] = found.to_python(skip_empty_area=False, nrows=_ROWS_MOST)
            except (CalamineError, OSError, ValueError):
                self._tables[sheet] = []
        return self._tables[sheet]


def _plain(value: object) -> CellValue:
    """Calamine's empty string means nothing; durations and times are no dates and keep their text."""
    if value == "" or value is None:
        return None
    if isinstance(value, (dt.datetime, dt.date, bool, int, float, str)):
        return value
    return str(value)


@dataclass(frozen=True, slots=True)
class _Style:
    """What the style of a cell means to us."""

    struck: bool
    code: str
    japanese_date: bool
    """A built-in date format openpyxl does not know."""
    era: bool
    """Empty cells of such a format are kept: they say that years of the column are 和暦."""


class _Sheet:
    """One worksheet on its way to a grid."""

    def __init__(self, book: Workbook, sheet: Worksheet, package: Package, cached: _Cached) -> None:
        self._book = book
        self._sheet = sheet
        self._package = package
        self._cached = cached
        self.cut = False
        """Something stands outside the rows and columns that are read."""
        self._styles: dict[int, _Style] = {}
        self._anchors: dict[tuple[int, int], str] = {}

    def grid(self, number: int) -> Grid:
        """Number = position among the worksheets, 1-based."""
        sheet = self._sheet
        rows, cols = self._hidden_rows(), self._hidden_cols()
        merges = tuple(Area(m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges)
        for area in merges:
            anchor = _address(area.first_row, area.first_col)
            for row in range(area.first_row, min(area.last_row, _ROWS_MOST) + 1):
                for col in range(area.first_col, min(area.last_col, _COLS_MOST) + 1):
                    self._anchors[row, col] = anchor
        cells = {(c.row, c.col): c for c in self._cells(rows, cols)}
        return Grid(
            sheet.title,
            cells,
            number,
            drawings=self._package.drawings.get(sheet.title, ()),
            merges=merges,
            hidden_rows=rows,
            hidden_cols=cols,
            max_row=max((r for r, _ in cells), default=0),
            max_col=max((c for _, c in cells), default=0),
            date1904=self._book.epoch == CALENDAR_MAC_1904,
            hidden=sheet.sheet_state != "visible",
        )

    def _hidden_rows(self) -> frozenset[int]:
        dimensions = self._sheet.row_dimensions.items()
        return frozenset(n for n, d in dimensions if d.hidden or d.height == 0)

    def _hidden_cols(self) -> frozenset[int]:
        hidden: set[int] = set()
        for dimension in self._sheet.column_dimensions.values():
            if dimension.hidden or dimension.width == 0:
                hidden.update(range(dimension.min or 1, min(dimension.max or 1, _COLS_MOST) + 1))
        return frozenset(hidden)

    def _cells(self, rows: frozenset[int], cols: frozenset[int]) -> Iterator[Cell]:
        # The sparse store: iter_rows would walk every empty cell up to the farthest one.
        for (row, col), raw in self._sheet._cells.items():  # noqa: SLF001
            if row > _ROWS_MOST or col > _COLS_MOST:
                self.cut = self.cut or raw.value is not None
                continue
            anchor = self._anchors.get((row, col), "")
            hidden = row in rows or col in cols
            if isinstance(raw, MergedCell):
                yield Cell(row, col, _address(row, col), merged_from=anchor, hidden=hidden)
            elif raw.value is not None or raw.comment or anchor or self._style(raw).era:
                yield self._cell(raw, anchor, hidden=hidden)

    def _cell(self, raw: SheetCell, anchor: str, *, hidden: bool) -> Cell:
        style = self._style(raw)
        formula = raw.data_type == "f"
        source = self._cached.value(self._sheet, raw.row, raw.column) if formula else raw.value
        value = self._value(source, style)
        return Cell(
            raw.row,
            raw.column,
            raw.coordinate,
            _text(value, style.code),
            value,
            style.code,
            struck=style.struck or _runs_struck(source),
            comment=raw.comment.text if raw.comment else "",
            merged_from=anchor,
            hidden=hidden,
            formula=formula,
            error=raw.data_type == "e" or (formula and isinstance(value, str) and value.startswith("#")),
        )

    def _style(self, raw: SheetCell) -> _Style:
        key = raw.style_id
        if key not in self._styles:
            # The id, for built-in formats have no code: number_format says General for all of them.
            number = raw._style.numFmtId  # type: ignore[attr-defined]  # noqa: SLF001
            code = JAPANESE_BUILTINS.get(number, raw.number_format)
            self._styles[key] = _Style(bool(raw.font.strike), code, number in JAPANESE_BUILTINS, is_era(code))
        return self._styles[key]

    def _value(self, value: Any, style: _Style) -> CellValue:
        if isinstance(value, CellRichText):
            return str(value)
        if style.japanese_date and isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            try:
                found = from_excel(value, self._book.epoch)
            except (ValueError, OverflowError):
                return value
            return _plain(found)
        return _plain(value)


def _runs_struck(value: object) -> bool:
    if not isinstance(value, CellRichText):
        return False
    return any(isinstance(run, TextBlock) and run.font.strike and squash(run.text) for run in value)


def _text(value: CellValue, code: str) -> str:
    if isinstance(value, dt.date):
        return shown(value.date() if isinstance(value, dt.datetime) else value, code)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def _address(row: int, col: int) -> str:
    return f"{get_column_letter(col)}{row}"


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
    for row, values in enumerate(sheet.to_python(skip_empty_area=False, nrows=_ROWS_MOST), start=1):
        for col, raw in enumerate(values[:_COLS_MOST], start=1):
            value = _plain(raw)
            if value is not None:
                cells[row, col] = Cell(row, col, _address(row, col), _text(value, ""), value)
    last_row, last_col = (max((key[i] for key in cells), default=0) for i in (0, 1))
    return Grid(name, cells, number, max_row=last_row, max_col=last_col)
