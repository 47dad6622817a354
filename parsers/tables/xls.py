"""A workbook of Excel 97–2003 (xls) as grids: xlrd gives values and styles, `biff` formulas and shapes.

Excel 5 and 95 say less about themselves: their values are only candidates. calamine is no second choice here: it asks
for as much memory as a damaged sheet claims to need.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import xlrd
from xlrd.biffh import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_EMPTY, XL_CELL_ERROR, XL_CELL_NUMBER, error_text_from_code
from xlrd.xldate import XLDateError, xldate_as_datetime

from parsers.dates.formats import JAPANESE_BUILTINS, is_era
from parsers.errors import ParserError
from parsers.findings import Note, Problem
from parsers.forms import XLSX_PROPERTY
from parsers.tables.biff import SheetRecords, worksheets
from parsers.tables.book import SHEETS_MOST, Book, anchors_of, check_merges
from parsers.tables.compound import Compound
from parsers.tables.grid import COLS_MOST, ROWS_MOST, Cell, CellValue, Grid, address
from parsers.tables.values import plain_value, shown_text

_BIFF8 = 80
_GENERAL = "General"


def open_xls(data: bytes, *, part: str = "") -> Book:
    """The worksheets as grids.

    Raises:
        ParserError: The bytes cannot be opened (encrypted, damaged, over a limit).
    """
    compound = Compound(data)
    records = worksheets(compound.records())
    for number, sheet in enumerate(records, start=1):
        check_merges(sheet.merges, f"sheet {number}")
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO())
        readers = [_SheetReader(book, s, r) for s, r in zip(book.sheets(), records, strict=True)][:SHEETS_MOST]
        grids = tuple(reader.grid(n) for n, reader in enumerate(readers, start=1))
    except Exception as e:  # xlrd raises whatever a strange record trips it over
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, type(e).__name__) from e
    cut = [grid.name for grid, reader in zip(grids, readers, strict=True) if reader.cut]
    cut += [f"{book.nsheets} sheets"] if book.nsheets > SHEETS_MOST else []
    notes = tuple(Note(Problem.TOO_LARGE, name, part) for name in cut)
    return Book(grids, compound.custom_property(XLSX_PROPERTY), notes, bare=book.biff_version < _BIFF8)


@dataclass(frozen=True, slots=True)
class _Style:
    """What the style of a cell means to us."""

    code: str
    era: bool
    """Empty cells of such a format are kept: they say that years of the column are 和暦."""
    struck: bool


_NO_STYLE = _Style("", era=False, struck=False)


class _SheetReader:
    """One worksheet on its way to a grid."""

    def __init__(self, book: Any, sheet: Any, records: SheetRecords) -> None:
        self._book = book
        self._sheet = sheet
        self._records = records
        self._anchors = anchors_of(records.merges)
        self._styles: dict[int, _Style] = {}
        self.cut = sheet.nrows > ROWS_MOST or sheet.ncols > COLS_MOST
        """Something stands outside the rows and columns that are read."""

    def grid(self, number: int) -> Grid:
        """Number = position among the worksheets, 1-based."""
        rows = frozenset(n + 1 for n, info in self._sheet.rowinfo_map.items() if info.hidden or info.height == 0)
        cols = frozenset(n + 1 for n, info in self._sheet.colinfo_map.items() if info.hidden or info.width == 0)
        cells = {(c.row, c.col): c for c in self._cells(rows, cols)}
        return Grid(
            self._sheet.name,
            cells,
            number,
            drawings=tuple(self._records.drawings),
            merges=tuple(self._records.merges),
            hidden_rows=rows,
            hidden_cols=cols,
            max_row=max((r for r, _ in cells), default=0),
            max_col=max((c for _, c in cells), default=0),
            date1904=self._book.datemode == 1,
            hidden=self._sheet.visibility != 0,
        )

    def _cells(self, rows: frozenset[int], cols: frozenset[int]) -> Iterator[Cell]:
        for row in range(1, min(self._sheet.nrows, ROWS_MOST) + 1):
            for col in range(1, min(self._sheet.row_len(row - 1), COLS_MOST) + 1):
                anchor = self._anchors.get((row, col), "")
                hidden = row in rows or col in cols
                if anchor and anchor != address(row, col):
                    yield Cell(row, col, address(row, col), merged_from=anchor, hidden=hidden)
                    continue
                cell, style = self._cell(row, col, anchor, hidden=hidden)
                if cell.text or cell.comment or cell.formula or anchor or style.era:
                    yield cell

    def _cell(self, row: int, col: int, anchor: str, *, hidden: bool) -> tuple[Cell, _Style]:
        at = row - 1, col - 1
        kind = self._sheet.cell_type(*at)
        style = _NO_STYLE if kind == XL_CELL_EMPTY else self._style(self._sheet.cell_xf_index(*at))
        value = self._value(kind, self._sheet.cell_value(*at), style)
        note = self._sheet.cell_note_map.get(at)
        cell = Cell(
            row,
            col,
            address(row, col),
            shown_text(value, style.code),
            value,
            style.code,
            struck=style.struck or self._runs_struck(at),
            comment=note.text if note else "",
            merged_from=anchor,
            hidden=hidden,
            formula=(row, col) in self._records.formulas,
            error=kind == XL_CELL_ERROR,
        )
        return cell, style

    def _value(self, kind: int, raw: Any, style: _Style) -> CellValue:
        if kind == XL_CELL_ERROR:
            return str(error_text_from_code.get(raw, "#ERR!"))
        if kind == XL_CELL_BOOLEAN:
            return bool(raw)
        dated = kind == XL_CELL_DATE or (kind == XL_CELL_NUMBER and style.era)
        if dated and raw >= 1:  # less is a time of day
            try:
                return plain_value(xldate_as_datetime(raw, self._book.datemode))
            except (XLDateError, ValueError, OverflowError):
                return float(raw)
        return plain_value(raw)

    def _style(self, index: int) -> _Style:
        if index not in self._styles:
            style = self._book.xf_list[index]
            known = self._book.format_map.get(style.format_key)
            # Built-in formats of Japan have no code in the file.
            code = (known and known.format_str) or JAPANESE_BUILTINS.get(style.format_key, _GENERAL)
            self._styles[index] = _Style(code, is_era(code), bool(self._book.font_list[style.font_index].struck_out))
        return self._styles[index]

    def _runs_struck(self, at: tuple[int, int]) -> bool:
        """Whether a run of the text is struck; a run goes on to the next one."""
        runs = self._sheet.rich_text_runlist_map.get(at, ())
        text = str(self._sheet.cell_value(*at))
        ends = [start for start, _ in runs[1:]] + [len(text)]
        pieces = ((font, text[start:end]) for (start, font), end in zip(runs, ends, strict=False))
        return any(self._book.font_list[font].struck_out and piece.strip() for font, piece in pieces)
