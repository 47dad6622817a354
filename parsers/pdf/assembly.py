"""A page becomes a grid: each drawn table a block of rows, the lines of text around them rows of their own.

Every character must stand clearly inside one cell. Where a piece of text crosses a line, sits on one, is written over
other text, or has something drawn over it, its cell is listed in `Grid.drawings`, so that it ends in review.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parsers.findings import Box
from parsers.pdf.columns import rows_of
from parsers.pdf.page import Mark, MarkKind, PageContent, bottom, hull, middle, right, shared
from parsers.pdf.ruled import Region, Table, tables_of
from parsers.pdf.runs import Run, collide, lines_of, runs_of, text_of
from parsers.tables.grid import Area, Cell, Grid
from parsers.text import fold, squash

_EDGE = 0.2
"""A character whose middle is nearer than this (of its height) to the line above or below stands on the line."""
_DATED = re.compile(r"\d[年./]\d{1,2}[月./]\d|\d月\d{1,2}日")
_COVERED_MM2 = 1.0
"""Ink over a cell counts from this area on."""


@dataclass(slots=True)
class _Builder:
    """Cells and doubtful areas as they come, row by row."""

    page: int
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    doubtful: list[Area] = field(default_factory=list)
    merges: list[Area] = field(default_factory=list)
    rows: int = 0
    cols: int = 0

    def put(self, area: Area, runs: Sequence[Run], notes: Iterable[Mark], merged_from: str = "") -> None:
        """Fill the anchor of `area`."""
        text = text_of(runs) if runs else ""
        comment = "\n".join(m.text for m in notes)
        if not text and not comment and not merged_from:
            return
        self.cells[area.first_row, area.first_col] = Cell(
            area.first_row,
            area.first_col,
            text=text,
            value=text or None,
            struck=any(run.struck for run in runs),
            comment=comment,
            merged_from=merged_from,
            page=self.page,
            box_mm=hull([run.box for run in runs]) if runs else None,
        )


def grid_of(content: PageContent) -> Grid:
    """The page as a grid. Raises ParserError when the page holds absurdly much."""
    runs = runs_of(content.glyphs, content.rules, content.marks)
    tables = tables_of(content.rules)
    # Lines around a table stand in columns of their own, or a footer would be taken for the table's next row.
    beside = max((len(t.xs) - 1 for t in tables), default=0)
    builder = _Builder(content.number)
    inside: dict[int, list[Run]] = defaultdict(list)
    outside: list[Run] = []
    for run in runs:
        home = _home(run, tables)
        (outside if home is None else inside[home]).append(run)
    for block in _blocks(tables, outside):
        if isinstance(block, int):
            _add_table(builder, tables[block], inside[block], content.marks)
        else:
            _add_lines(builder, block, content.marks, beside)
    return Grid(
        f"page {content.number}",
        builder.cells,
        number=content.number,
        drawings=tuple(builder.doubtful),
        merges=tuple(builder.merges),
        max_row=builder.rows,
        max_col=builder.cols,
    )


def loose_ends(content: PageContent) -> list[str]:
    """Words off the tables that may be an answer: annotations, and lines with a date below the last table."""
    tables = tables_of(content.rules)
    if not tables:
        return []
    end = max(t.ys[-1] for t in tables)
    outside = [r for r in runs_of(content.glyphs, content.rules, content.marks) if _home(r, tables) is None]
    found = []
    for line in lines_of(outside):
        text = text_of(line)
        below = middle(line[0].box)[1] > end and _DATED.search(squash(fold(text)))
        if below or any(run.added for run in line):
            found.append(text)
    return found


def dated_rows(grid: Grid) -> int:
    """Rows of at least three cells with a date among them: what a roster without its header looks like."""
    rows: dict[int, list[str]] = defaultdict(list)
    for cell in grid.cells.values():
        if cell.text:
            rows[cell.row].append(squash(fold(cell.text)))
    return sum(len(texts) >= 3 and any(_DATED.search(t) for t in texts) for texts in rows.values())


def _home(run: Run, tables: Sequence[Table]) -> int | None:
    """Index of the smallest table that most of the run stands in."""
    x, y = middle(run.box)
    holding = [i for i, t in enumerate(tables) if t.region_at(x, y) is not None]
    return min(holding, key=lambda i: tables[i].box[2] * tables[i].box[3], default=None)


def _blocks(tables: Sequence[Table], outside: list[Run]) -> list[int | list[list[Run]]]:
    """Tables and the groups of lines between them, from top to bottom."""
    things: list[tuple[float, int | list[Run]]] = [(t.ys[0], i) for i, t in enumerate(tables)]
    things += [(min(r.box[1] for r in line), line) for line in lines_of(outside)]
    blocks: list[int | list[list[Run]]] = []
    for _, thing in sorted(things, key=lambda pair: pair[0]):
        if isinstance(thing, int):
            blocks.append(thing)
        elif blocks and isinstance(blocks[-1], list):
            blocks[-1].append(thing)
        else:
            blocks.append([thing])
    return blocks


def sorted_into(table: Table, runs: Iterable[Run]) -> tuple[dict[Region, list[Run]], set[Region]]:
    """Runs by the cell they stand in, and the cells for which that is not quite sure."""
    contents: dict[Region, list[Run]] = defaultdict(list)
    doubtful: set[Region] = set()
    for run in runs:
        home, touched = regions_of(run, table)
        contents[home].append(run)
        if len(touched) > 1 or home.ragged:
            doubtful |= touched
    return contents, doubtful


def _add_table(builder: _Builder, table: Table, runs: list[Run], marks: Iterable[Mark]) -> None:
    top = builder.rows
    contents, doubtful = sorted_into(table, runs)
    for region in table.regions:
        inside = contents.get(region, [])
        over = [m for m in marks if shared(m.box, region.box) >= _COVERED_MM2]
        if region in doubtful or collide(inside) or any(m.kind is MarkKind.INK for m in over):
            builder.doubtful.append(_area(region, top))
        notes = [m for m in marks if m.kind is MarkKind.NOTE and table.region_at(*middle(m.box)) is region]
        _put_region(builder, region, top, inside, notes)
    builder.rows += len(table.ys) - 1
    builder.cols = max(builder.cols, len(table.xs) - 1)


def _put_region(builder: _Builder, region: Region, top: int, runs: list[Run], notes: list[Mark]) -> None:
    area = _area(region, top)
    single = (area.first_row, area.first_col) == (area.last_row, area.last_col)
    if single or region.ragged:  # the rectangle around a ragged cell is no merged range
        builder.put(area, runs, notes)
        return
    builder.merges.append(area)
    anchor = f"R{area.first_row}C{area.first_col}"
    builder.put(area, runs, notes, anchor)
    for row in range(area.first_row, area.last_row + 1):
        for col in range(area.first_col, area.last_col + 1):
            builder.cells.setdefault((row, col), Cell(row, col, merged_from=anchor, page=builder.page))


def regions_of(run: Run, table: Table) -> tuple[Region, set[Region]]:
    """The cell most characters stand in, and all cells any of them touches."""
    counted: Counter[Region] = Counter()
    touched: set[Region] = set()
    for glyph in run.glyphs:
        x, y = middle(glyph.box)
        slack = _EDGE * glyph.box[3]
        for at in (y, y - slack, y + slack):
            region = table.region_at(x, at)
            if region is not None:
                touched.add(region)
                counted[region] += 2 if at == y else 1
    return counted.most_common(1)[0][0], touched


def _area(region: Region, top: int) -> Area:
    return Area(top + region.first_row, region.first_col, top + region.last_row, region.last_col)


def _add_lines(builder: _Builder, lines: list[list[Run]], marks: Iterable[Mark], beside: int) -> None:
    ink = [m.box for m in marks if m.kind is MarkKind.INK]
    for pieces in rows_of(lines):
        builder.rows += 1
        for piece in pieces:
            box = hull([run.box for run in piece.runs])
            first, last = beside + piece.first_col, beside + piece.last_col
            notes = [m for m in marks if m.kind is MarkKind.NOTE and _near(m.box, box)]
            builder.put(Area(builder.rows, first, builder.rows, first), piece.runs, notes)
            if not piece.sure or collide(piece.runs) or any(shared(b, box) >= _COVERED_MM2 for b in ink):
                builder.doubtful.append(Area(builder.rows, first, builder.rows, last))
            builder.cols = max(builder.cols, last)


def _near(note: Box, text: Box) -> bool:
    x, y = middle(note)
    return text[0] - note[2] <= x <= right(text) + note[2] and text[1] <= y <= bottom(text)
