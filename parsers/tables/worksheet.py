"""One worksheet of an opened workbook as a grid: values as displayed, strokes, comments, merges, what is hidden."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.cell.cell import MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils.datetime import CALENDAR_MAC_1904, from_excel
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineError, CalamineWorkbook

from parsers.dates.formats import JAPANESE_BUILTINS, is_era
from parsers.tables.book import anchors_of
from parsers.tables.grid import COLS_MOST, ROWS_MOST, Area, Cell, CellValue, Grid, address
from parsers.tables.package import Package
from parsers.tables.values import plain_value, shown_text
from parsers.text import squash

_CELLS_MOST = 3_000_000
"""calamine holds a sheet as one block up to its farthest cell: one at XFD1048576 would ask for all memory there is."""


@dataclass
class CachedValues:
    """Cached values of formulas, read when the first formula turns up."""

    data: bytes
    _tables: dict[str, list[list[Any]]] = field(default_factory=dict)
    _book: CalamineWorkbook | None = None

    def value(self, sheet: Worksheet, row: int, col: int) -> CellValue:
        """None when there is none; rows and columns count from 1."""
        table = self._table(sheet)
        if row > len(table) or col > len(table[row - 1]):
            return None
        return plain_value(table[row - 1][col - 1])

    def _table(self, sheet: Worksheet) -> list[list[Any]]:
        if sheet.title not in self._tables:
            too_large = sheet.max_row * sheet.max_column > _CELLS_MOST
            self._tables[sheet.title] = [] if too_large else self._read(sheet.title)
        return self._tables[sheet.title]

    def _read(self, title: str) -> list[list[Any]]:
        try:
            if self._book is None:
                self._book = CalamineWorkbook.from_filelike(io.BytesIO(self.data))
            return self._book.get_sheet_by_name(title).to_python(skip_empty_area=False, nrows=ROWS_MOST)
        except (CalamineError, OSError, ValueError):
            return []
        except BaseException as e:
            if type(e).__name__ != "PanicException":  # calamine is Rust, and a panic there is no Exception here
                raise
            return []


@dataclass(frozen=True, slots=True)
class _Style:
    """What the style of a cell means to us."""

    struck: bool
    code: str
    japanese_date: bool
    """A built-in date format openpyxl does not know."""
    era: bool
    """Empty cells of such a format are kept: they say that years of the column are 和暦."""


class SheetReader:
    """One worksheet on its way to a grid."""

    def __init__(self, book: Workbook, sheet: Worksheet, package: Package, cached: CachedValues) -> None:
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
        self._anchors = anchors_of(merges)
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
                hidden.update(range(dimension.min or 1, min(dimension.max or 1, COLS_MOST) + 1))
        return frozenset(hidden)

    def _cells(self, rows: frozenset[int], cols: frozenset[int]) -> Iterator[Cell]:
        # The sparse store: iter_rows would walk every empty cell up to the farthest one.
        for (row, col), raw in self._sheet._cells.items():  # noqa: SLF001
            if row > ROWS_MOST or col > COLS_MOST:
                self.cut = self.cut or raw.value is not None
                continue
            anchor = self._anchors.get((row, col), "")
            hidden = row in rows or col in cols
            if isinstance(raw, MergedCell):
                yield Cell(row, col, address(row, col), merged_from=anchor, hidden=hidden)
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
            shown_text(value, style.code),
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
            return plain_value(found)
        return plain_value(value)


def _runs_struck(value: object) -> bool:
    if not isinstance(value, CellRichText):
        return False
    return any(isinstance(run, TextBlock) and run.font.strike and squash(run.text) for run in value)
