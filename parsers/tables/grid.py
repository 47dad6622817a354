"""A table as cells, whatever it came from: a worksheet, a csv, or words on a PDF page put into rows and columns.

The openers of each format (`parsers.tables.opening`) and the PDF reader make grids; `parsers.tables.roster.read_grid`
turns them into findings. Rows and columns count from 1. Cells that hold nothing and mean nothing are simply absent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from parsers.findings import Box, Finding, Note, Page

CellValue: TypeAlias = dt.datetime | dt.date | int | float | str | bool | None
"""What a cell holds: dates come as dates only when the file itself types them as dates."""

ROWS_MOST = 5_000
COLS_MOST = 300
"""Rows and columns of a sheet that are read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. A merged range has its text in the anchor; the other cells of it carry only `merged_from`."""

    row: int
    """1-based."""
    col: int
    """1-based."""
    address: str = ""
    """As people say it, e.g. "F12"; "" where the source has no such thing (PDF)."""
    text: str = ""
    """As displayed (typed values) or written (text), line breaks kept."""
    value: CellValue = None
    """Typed value; equal to `text` for text, None when empty."""
    number_format: str = ""
    """Format code, e.g. "ge.m.d"; built-in Japanese formats by the code Excel shows in Japan."""
    struck: bool = False
    """Struck through, wholly or in part."""
    comment: str = ""
    merged_from: str = ""
    """Address of the anchor when the cell is part of a merged range (the anchor names itself), else ""."""
    hidden: bool = False
    """In a hidden row or column."""
    formula: bool = False
    error: bool = False
    """Holds an error value such as #REF!."""
    revised: bool = False
    """Changed under change tracking, and nobody has accepted the change (Word, LibreOffice)."""
    page: int | None = None
    """PDF only: page, 1-based."""
    box_mm: Box | None = None
    """PDF only: where the text stands on the page."""


@dataclass(frozen=True, slots=True)
class Area:
    """A block of cells, both ends included, 1-based."""

    first_row: int
    first_col: int
    last_row: int
    last_col: int

    def holds(self, row: int, col: int) -> bool:
        """Whether the cell lies in the block."""
        return self.first_row <= row <= self.last_row and self.first_col <= col <= self.last_col


@dataclass(frozen=True, slots=True)
class Grid:
    """One worksheet or one table region of a page."""

    name: str
    """Sheet name; for a PDF anything that names the page."""
    cells: Mapping[tuple[int, int], Cell]
    """By (row, column)."""
    number: int = 1
    """Position of the sheet in the workbook, or the page number: becomes `Page.page`."""
    drawings: tuple[Area, ...] = ()
    """Where shapes, pictures and text boxes lie."""
    merges: tuple[Area, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_cols: frozenset[int] = frozenset()
    slipped_rows: frozenset[int] = frozenset()
    """csv only: rows with more cells than the table has columns; what stands in them may have slipped sideways."""
    max_row: int = 0
    max_col: int = 0
    date1904: bool = False
    """Serial numbers count from 1904 (old Mac workbooks)."""
    hidden: bool = False
    """The whole sheet is hidden."""

    def at(self, row: int, col: int) -> Cell | None:
        """The cell, None when it is absent."""
        return self.cells.get((row, col))

    def text(self, row: int, col: int) -> str:
        """Text of the cell, "" when it is absent."""
        cell = self.cells.get((row, col))
        return cell.text if cell else ""


@dataclass(frozen=True, slots=True)
class GridReading:
    """What a grid, or a whole workbook, turned out to say."""

    pages: tuple[Page, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = field(default=())


def address(row: int, col: int) -> str:
    """Spreadsheet address of a cell, e.g. F12; both count from 1."""
    letters = ""
    while col:
        col, rest = divmod(col - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
