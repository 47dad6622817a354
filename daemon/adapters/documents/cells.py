"""Cells of the workbooks we make: explicit text, quiet styles, real dates in the era.

A text from outside may look like a formula (CWE-1236). Every text is written as a string cell, and one that a
spreadsheet could take for a formula also carries the quote prefix, Excel's own form of the leading apostrophe: the text
itself stays as it was.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from typing import Any, Literal

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

ERA_FORMAT = '[$-411]ggge"年"m"月"d"日";@'
"""As Excel writes it for 令和8年4月7日. A date or general format, never text: only then does a Japanese Excel turn a
typed R8.4.7 or 令和8年4月7日 into a date by itself. What it cannot turn stays text and is read as such."""

_FACE = "游ゴシック"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00")
_LINE = Side(style="thin", color="8C8C8C")
BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
UNDERLINE = Border(bottom=Side(style="hair", color="8C8C8C"))
TO_FILL = PatternFill("solid", fgColor="FFF8DC")
HEADING = PatternFill("solid", fgColor="E3EAF2")
EXAMPLE = PatternFill("solid", fgColor="F2F2F2")
UNLOCKED = Protection(locked=False)
MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
INDENTED = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
LABEL = Alignment(horizontal="left", vertical="center")
AT_RIGHT = Alignment(horizontal="right", vertical="center")
SHRUNK = Alignment(horizontal="left", vertical="center", shrink_to_fit=True)


def face(size: float = 11, *, bold: bool = False, color: str = "000000") -> Font:
    """The one typeface of our workbooks."""
    return Font(name=_FACE, size=size, bold=bold, color=color)


def cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """The cell to write into; a merged range is written through its first cell, so there is always one."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):
        raise TypeError(f"{cell.coordinate} lies inside a merged range")
    return cell


def put_text(cell: Cell, text: str) -> Cell:
    """Write `text` as a string, whatever it looks like."""
    cell.value = text
    cell.data_type = "s"
    if looks_like_formula(text):
        cell.quotePrefix = True
    return cell


def put_date(cell: Cell, day: dt.date | None) -> Cell:
    """Write a calendar date shown in the era; None leaves the cell empty but formatted for one."""
    if day is not None:
        cell.value = day
    cell.number_format = ERA_FORMAT
    return cell


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet might run `text`; full-width signs count, a Japanese Excel folds them."""
    return text.startswith(_FORMULA_STARTS) or unicodedata.normalize("NFKC", text[:1]).startswith(_FORMULA_STARTS)


def height_for(texts: Iterable[str], *, least: float, chars: int) -> float:
    """Row height in points with room for every line the longest text wraps into, `chars` narrow characters each.

    Nobody can widen a locked row by typing.
    """
    wide = max((_narrow_characters(text) for text in texts), default=0)
    return max(least, 15.5 * -(-wide // chars))


def _narrow_characters(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def dress(cell: Cell, **styles: Any) -> Cell:
    """Set several style attributes (font, fill, border, alignment, protection) of one cell."""
    for name, value in styles.items():
        setattr(cell, name, value)
    return cell


def print_on_a4(page: Worksheet, head: int, orientation: Literal["portrait", "landscape"]) -> None:
    """Fit the width of A4 and repeat the header row `head` on every page."""
    page.print_title_rows = f"{head}:{head}"
    page.page_setup.paperSize = 9  # A4
    page.page_setup.orientation = orientation
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.print_options.horizontalCentered = True
    margins = page.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.header, margins.footer = 0.6, 0.6, 0.3, 0.3
