"""The body of a Word document put into rows and columns: paragraphs and table rows below each other.

A paragraph is a row of one cell across all columns, so that titles and the code above a table are found as in a
worksheet. Cells are named as Word itself counts them, by the row and column of their table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from parsers.forms import CODE_LABEL
from parsers.tables.book import anchors_of, check_merges
from parsers.tables.grid import COLS_MOST, ROWS_MOST, Area, Cell, Grid, address
from parsers.tables.wordtext import NEW, Lore, Said, attribute, child, is_on, local, read_text
from parsers.text import fold, squash

_WRAPPERS = frozenset({"sdt", "sdtContent", "customXml", "smartTag"}) | NEW


@dataclass(slots=True)
class GridMaker:
    """Puts paragraphs and tables below each other."""

    lore: Lore
    nested: list[Element] = field(default_factory=list)
    """Tables that stand in cells."""
    cut: bool = False
    """Something stands outside the rows and columns that are read."""
    _cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    _merges: list[Area] = field(default_factory=list)
    _drawings: list[Area] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)
    """Rows that are paragraphs."""
    _hidden: set[int] = field(default_factory=set)
    _row: int = 0
    _tables: int = 0
    _floating: bool = False

    def grid(self, number: int) -> Grid:
        """Number = position among the grids, 1-based. Raises ParserError TOO_LARGE."""
        width = max((col for _, col in self._cells), default=1)
        lines = [Area(row, 1, row, width) for row in self._lines if width > 1]
        check_merges(self._merges, f"grid {number}")
        merges = (*self._merges, *lines)
        anchors = anchors_of(merges)
        return Grid(
            "",
            {key: replace(cell, merged_from=anchors.get(key, "")) for key, cell in self._cells.items()},
            number,
            drawings=(Area(1, 1, self._row, width),) if self._floating else tuple(self._drawings),
            merges=merges,
            hidden_rows=frozenset(self._hidden),
            max_row=self._row,
            max_col=width,
        )

    def add_codes(self, root: Element | None) -> None:
        """Lines of a header or footer that name the roster; the rest of it is letterhead."""
        for block, _ in _inside(root, "p", "tbl") if root is not None else ():
            for line, _ in _inside(block, "tr") if local(block) == "tbl" else ((block, False),):
                pieces = [read_text(c, self.lore).text for c, _ in _inside(line, "tc")]
                text = "　".join(pieces) or read_text(line, self.lore).text
                if CODE_LABEL in squash(fold(text)):
                    self._add_line(Said([text]))

    def add_blocks(self, body: Element) -> None:
        """The paragraphs and tables of the body, in order."""
        for block, revised in _inside(body, "p", "tbl"):
            if local(block) == "tbl":
                self.add_table(block, revised=revised)
            else:
                self._add_line(read_text(block, self.lore, revised=revised))

    def add_table(self, table: Element, *, revised: bool) -> None:
        """A table below what is there already; `revised` when it was inserted under change tracking."""
        self._tables += 1
        above: dict[int, Area] = {}
        for number, (line, new) in enumerate(_inside(table, "tr"), start=1):
            properties = child(line, "trPr")
            if child(properties, "del") is not None:
                continue
            if not self._next_row():
                break
            if is_on(child(properties, "hidden")):
                self._hidden.add(self._row)
            inserted = revised or new or child(properties, "ins") is not None
            self._add_cells(line, number, above, revised=inserted)
        self._merges += filter(_is_merged, above.values())

    def _add_line(self, said: Said) -> None:
        self._floating = self._floating or said.floating
        if said.text.strip() and self._next_row():
            self._cells[self._row, 1] = self._cell(said, 1, "")
            self._lines.append(self._row)

    def _next_row(self) -> bool:
        if self._row >= ROWS_MOST:
            self.cut = True
            return False
        self._row += 1
        return True

    def _add_cells(self, line: Element, number: int, above: dict[int, Area], *, revised: bool) -> None:
        """One row; `above` are the cells last seen in each column, as far as they are merged downwards by now."""
        col = 1 + _count(child(line, "trPr", "gridBefore"), 0)
        for cell, new in _inside(line, "tc"):
            span = _count(child(cell, "tcPr", "gridSpan"), 1)
            if col + span - 1 > COLS_MOST:
                self.cut = True
                return
            before = above.get(col)
            if before and before.last_row == self._row - 1 and _continues(cell):
                above[col] = replace(before, last_row=self._row)
            else:
                self._merges += [before] if before and _is_merged(before) else []
                above[col] = Area(self._row, col, self._row, col + span - 1)
                self._add_cell(cell, number, col, revised=revised or new)
            col += span

    def _add_cell(self, cell: Element, number: int, col: int, *, revised: bool) -> None:
        properties = child(cell, "tcPr")
        new = revised or any(child(properties, kind) is not None for kind in ("cellIns", "cellMerge"))
        gone = child(properties, "cellDel") is not None
        said = Said() if gone else read_text(cell, self.lore, revised=new)
        self.nested += said.tables
        self._floating = self._floating or said.floating
        if said.drawn:
            self._drawings.append(Area(self._row, col, self._row, col))
        place = address(number, col) if self._tables == 1 else f"Table{self._tables}!{address(number, col)}"
        self._cells[self._row, col] = self._cell(said, col, place)

    def _cell(self, said: Said, col: int, place: str) -> Cell:
        return Cell(
            self._row,
            col,
            place,
            said.text,
            said.text or None,
            struck=said.struck,
            comment="\n".join(said.comments),
            hidden=said.hidden or self._row in self._hidden,
            formula=said.automatic,
            revised=said.revised,
        )


def _is_merged(area: Area) -> bool:
    return (area.first_row, area.first_col) != (area.last_row, area.last_col)


def _continues(cell: Element) -> bool:
    """Whether the cell is merged with the one above it."""
    merge = child(cell, "tcPr", "vMerge")
    return merge is not None and attribute(merge, "val") != "restart"


def _inside(root: Element, *wanted: str, revised: bool = False) -> Iterator[tuple[Element, bool]]:
    """Elements of that name, also those in content controls; and whether they were inserted under change tracking."""
    for element in root:
        kind = local(element)
        if kind in wanted:
            yield element, revised
        elif kind in _WRAPPERS:
            yield from _inside(element, *wanted, revised=revised or kind in NEW)


def _count(element: Element | None, otherwise: int) -> int:
    text = attribute(element, "val") or ""
    return min(int(text), 10**6) if text.isdecimal() and len(text) < 10 else otherwise
