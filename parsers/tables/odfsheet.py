"""One table of an ods as a grid.

Rows and cells may be repeated by the million in one element: only what holds or means something is unfolded, and no
more of it than a person could have typed.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from xml.etree.ElementTree import Element

from parsers.dates.formats import is_era
from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.tables.book import anchors_of, check_merges
from parsers.tables.grid import COLS_MOST, ROWS_MOST, Area, Cell, CellValue, Grid, address
from parsers.tables.odfstyles import DRAW, OFFICE, SVG, TABLE, TEXT, Styles
from parsers.tables.values import shown_text

_CELLS_MOST = 300_000
"""Filled cells of a sheet."""
_SPACES_MOST = 100
_ROW_MM, _COL_MM = 4.5, 22.0
"""Standard row and column of LibreOffice: shapes without an end cell give a size."""
_MM = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6, "px": 25.4 / 96}
_CELLS = frozenset({f"{TABLE}table-cell", f"{TABLE}covered-table-cell"})
_GROUPS = frozenset(f"{TABLE}{kind}" for kind in ("table-header-rows", "table-rows", "table-row-group"))
_COLUMN_GROUPS = frozenset(f"{TABLE}table-{kind}" for kind in ("header-columns", "columns", "column-group"))


class SheetReader:
    """One table on its way to a grid."""

    def __init__(self, table: Element, styles: Styles) -> None:
        self._table = table
        self._styles = styles
        self.cut = False
        """Something stands outside the rows and columns that are read."""
        self._column_styles: list[str] = []
        self._hidden_cols: set[int] = set()
        self._hidden_rows: set[int] = set()
        self._merges: list[Area] = []
        self._drawings: list[Area] = []
        self._cells: dict[tuple[int, int], Cell] = {}

    def grid(self, number: int) -> Grid:
        """Number = position among the tables, 1-based. Raises ParserError TOO_LARGE."""
        name = self._table.get(f"{TABLE}name", "")
        self._read_columns(self._table, hidden=False)
        self._read_rows()
        if self._table.find(f"{TABLE}shapes") is not None:  # they float over the sheet: nobody knows over what
            self._drawings.append(Area(1, 1, ROWS_MOST, COLS_MOST))
        check_merges(self._merges, name)
        anchors = anchors_of(self._merges)
        cells = {key: replace(c, merged_from=anchors.get(key, "")) for key, c in self._cells.items()}
        for (row, col), anchor in anchors.items():
            cells.setdefault((row, col), Cell(row, col, address(row, col), merged_from=anchor))
        return Grid(
            name,
            cells,
            number,
            drawings=tuple(self._drawings),
            merges=tuple(self._merges),
            hidden_rows=frozenset(self._hidden_rows),
            hidden_cols=frozenset(self._hidden_cols),
            max_row=max((r for r, _ in cells), default=0),
            max_col=max((c for _, c in cells), default=0),
            hidden=not self._styles.is_shown(self._table.get(f"{TABLE}style-name", "")),
        )

    def _read_columns(self, group: Element, *, hidden: bool) -> None:
        for element in group:
            if element.tag in _COLUMN_GROUPS:
                self._read_columns(element, hidden=hidden or element.get(f"{TABLE}display") == "false")
            elif element.tag == f"{TABLE}table-column":
                first = len(self._column_styles) + 1
                times = whole(element.get(f"{TABLE}number-columns-repeated"), 1)
                last = min(first + times - 1, COLS_MOST)
                self._column_styles += [element.get(f"{TABLE}default-cell-style-name", "")] * (last - first + 1)
                if hidden or _is_collapsed(element):
                    self._hidden_cols.update(range(first, last + 1))

    def _read_rows(self) -> None:
        row = 1
        for element, hidden in _rows(self._table, hidden=False):
            times = whole(element.get(f"{TABLE}number-rows-repeated"), 1)
            last = min(row + times - 1, ROWS_MOST)
            if hidden:
                self._hidden_rows.update(range(row, last + 1))
            filled = list(self._filled(element)) if row <= ROWS_MOST else []
            self._place(row, filled)
            filled = [(cell, e) for cell, e in filled if cell.text or cell.comment or cell.formula or len(e)]
            if len(self._cells) + len(filled) * (last - row) > _CELLS_MOST:
                raise ParserError(Problem.TOO_LARGE, f"{self._table.get(f'{TABLE}name', '')}: cells")
            for at in range(row + 1, last + 1) if filled else ():  # a format without content says enough once
                self._place(at, filled)
            beyond = row + times - 1 > ROWS_MOST
            self.cut = self.cut or (beyond and any(_text(cell) for cell in element))
            row += times

    def _filled(self, row: Element) -> list[tuple[Cell, Element]]:
        """The cells of a row that hold or mean something, their row not yet known."""
        found = []
        col = 1
        for element in row:
            if element.tag not in _CELLS:
                continue
            times = whole(element.get(f"{TABLE}number-columns-repeated"), 1)
            if element.tag != f"{TABLE}covered-table-cell":
                for at in range(col, min(col + times - 1, COLS_MOST) + 1):
                    cell = self._cell(element, at, row)
                    if cell.text or cell.comment or cell.formula or len(element) or is_era(cell.number_format):
                        found.append((cell, element))
            self.cut = self.cut or (col + times - 1 > COLS_MOST and bool(_text(element)))
            col += times
        return found

    def _place(self, row: int, filled: list[tuple[Cell, Element]]) -> None:
        for cell, element in filled:
            col = cell.col
            hidden = row in self._hidden_rows or col in self._hidden_cols
            self._cells[row, col] = replace(cell, row=row, address=address(row, col), hidden=hidden)
            down, right = (whole(element.get(f"{TABLE}number-{kind}-spanned"), 1) for kind in ("rows", "columns"))
            if down * right > 1:
                self._merges.append(Area(row, col, row + down - 1, col + right - 1))
            self._drawings += [_covered(shape, row, col) for shape in element if shape.tag.startswith(DRAW)]

    def _cell(self, element: Element, col: int, row: Element) -> Cell:
        style = element.get(f"{TABLE}style-name") or row.get(f"{TABLE}default-cell-style-name") or self._default(col)
        code = self._styles.code(style)
        text = _text(element) or element.get(f"{OFFICE}string-value", "")
        value = _value(element, text)
        if isinstance(value, dt.date):
            code = code or _code_of(text)
        note = element.find(f"{OFFICE}annotation")
        formula = f"{TABLE}formula" in element.attrib
        return Cell(
            0,
            col,
            "",
            text or shown_text(value, code),
            value,
            code,
            struck=bool(text.strip()) and self._is_struck(element, style),
            comment=_text(note) if note is not None else "",
            formula=formula,
            error=formula and text.startswith(("#", "Err:")),
        )

    def _default(self, col: int) -> str:
        """Style of the column."""
        return self._column_styles[col - 1] if col <= len(self._column_styles) else ""

    def _is_struck(self, element: Element, style: str) -> bool:
        """Wholly, or a run of the text."""
        if self._styles.is_struck("table-cell", style):
            return True
        spans = (s for p in element.findall(f"{TEXT}p") for s in p.iter(f"{TEXT}span"))
        return any(self._styles.is_struck("text", s.get(f"{TEXT}style-name", "")) and _said(s).strip() for s in spans)


def _rows(group: Element, *, hidden: bool) -> Iterator[tuple[Element, bool]]:
    """Every row element in order, and whether it is hidden."""
    for element in group:
        if element.tag in _GROUPS:
            yield from _rows(element, hidden=hidden or element.get(f"{TABLE}display") == "false")
        elif element.tag == f"{TABLE}table-row":
            yield element, hidden or _is_collapsed(element)


def _is_collapsed(element: Element) -> bool:
    return element.get(f"{TABLE}visibility", "visible") != "visible"


def whole(text: str | None, otherwise: int) -> int:
    """A count as written, at most a thousand million; `otherwise` when it is none."""
    return min(int(text), 10**9) if text and text.isdecimal() and len(text) < 12 else otherwise


def _covered(shape: Element, row: int, col: int) -> Area:
    """The cells a shape anchored in a cell lies over: to its end cell, or as many as its size tells."""
    end = re.search(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})$", shape.get(f"{TABLE}end-cell-address", ""))
    if end:
        last_col = 0
        for letter in end.group(1):
            last_col = last_col * 26 + ord(letter) - 64
        return Area(row, col, int(end.group(2)), last_col)
    height, width = (_length_mm(shape.get(f"{SVG}{side}", "")) for side in ("height", "width"))
    return Area(row, col, row + math.ceil(height / _ROW_MM), col + math.ceil(width / _COL_MM))


def _length_mm(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)(mm|cm|in|pt|pc|px)", text)
    return float(match.group(1)) * _MM[match.group(2)] if match else 0.0


# -- content


def _text(element: Element) -> str:
    """The paragraphs of a cell or comment, one a line; comments and shapes of the cell are not its text."""
    return "\n".join(_said(p) for p in element.findall(f"{TEXT}p"))


def _said(element: Element) -> str:
    """Text of a paragraph as it is shown."""
    pieces = [element.text or ""]
    for inner in element:
        kind = inner.tag
        if kind == f"{TEXT}s":
            pieces.append(" " * min(whole(inner.get(f"{TEXT}c"), 1), _SPACES_MOST))
        elif kind in (f"{TEXT}line-break", f"{TEXT}tab"):
            pieces.append("\n" if kind.endswith("break") else "\t")
        elif kind == f"{TEXT}ruby":
            pieces += [_said(base) for base in inner.findall(f"{TEXT}ruby-base")]
        elif kind in (f"{TEXT}span", f"{TEXT}a"):
            pieces.append(_said(inner))
        pieces.append(inner.tail or "")
    return "".join(pieces)


def _code_of(shown: str) -> str:
    """A format for a date of unknown style, by what was shown of it: two numbers hide the year or the day."""
    numbers = re.findall(r"\d+", shown)
    if len(numbers) != 2:
        return ""
    return "yyyy/m" if len(numbers[0]) == 4 else "m/d"


def _value(element: Element, text: str) -> CellValue:
    """The typed value; what does not parse is the text as shown."""
    kind = element.get(f"{OFFICE}value-type", "")
    if kind == "boolean":
        return element.get(f"{OFFICE}boolean-value") == "true"
    with suppress(ValueError):
        if kind == "date":
            return dt.datetime.fromisoformat(element.get(f"{OFFICE}date-value", "")[:19])
        if kind in ("float", "currency"):
            number = float(element.get(f"{OFFICE}value", ""))
            return number if math.isfinite(number) else text
    return text or None
