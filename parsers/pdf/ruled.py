"""Tables with drawn lines: which rules belong together, and which cells they enclose.

Lines that touch form a figure. A figure with several cells is a table; everything smaller (boxes for single digits,
frames, underlines) separates nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from parsers.errors import ParserError
from parsers.findings import Box, Problem
from parsers.pdf.page import Rule

_TOUCH_MM = 0.7
"""Ends and neighbours this close are taken as joined."""
_SAME_LINE_MM = 0.5
_NARROWEST_MM = 1.2
"""Lines closer than this are one (double rules)."""
_COVERED = 0.8
"""Part of a cell's side that must be drawn to separate."""
_LEAST_MM = 40.0
"""A table is at least this wide or tall …"""
_LEAST_CELLS = 4
_RULES_MOST = 6_000


@dataclass(frozen=True, slots=True)
class Region:
    """One cell as drawn, possibly merged from several."""

    first_row: int
    """1-based within the table, both ends included."""
    first_col: int
    last_row: int
    last_col: int
    box: Box
    """For a cell that is no rectangle, the rectangle around it."""
    ragged: bool = False
    """No rectangle: some rules are missing, and what stands here may belong to either side."""


@dataclass(frozen=True, slots=True)
class Table:
    """A figure of rules with several cells."""

    xs: tuple[float, ...]
    """Where columns begin and end, mm."""
    ys: tuple[float, ...]
    regions: tuple[Region, ...]
    owners: Mapping[tuple[int, int], Region]
    """Region of each elementary cell (row, column), 1-based."""

    @property
    def box(self) -> Box:
        """Outer edges."""
        return self.xs[0], self.ys[0], self.xs[-1] - self.xs[0], self.ys[-1] - self.ys[0]

    def region_at(self, x: float, y: float) -> Region | None:
        """The cell at a point, None outside the table."""
        return self.owners.get((bisect_right(self.ys, y), bisect_right(self.xs, x)))


def tables_of(rules: Sequence[Rule]) -> list[Table]:
    """All tables, from top to bottom. Raises ParserError when there are absurdly many rules."""
    if len(rules) > _RULES_MOST:
        raise ParserError(Problem.TOO_LARGE, "lines on a page")
    found = [t for figure in _figures(_joined(rules)) if (t := _table(figure)) is not None]
    return sorted(found, key=lambda t: (t.ys[0], t.xs[0]))


def _joined(rules: Iterable[Rule]) -> list[Rule]:
    """Pieces on one line become one rule (spreadsheets draw each cell's border by itself)."""
    joined: list[Rule] = []
    for line in _collinear(rules):
        merged: list[Rule] = []
        for rule in sorted(line, key=lambda r: r.start):
            if merged and rule.start <= merged[-1].end + _TOUCH_MM:
                last = merged[-1]
                merged[-1] = Rule(last.level, last.at, last.start, max(last.end, rule.end))
            else:
                merged.append(rule)
        joined += merged
    return joined


def _collinear(rules: Iterable[Rule]) -> Iterator[list[Rule]]:
    line: list[Rule] = []
    for rule in sorted(rules, key=lambda r: (r.level, r.at)):
        if line and (rule.level != line[0].level or rule.at - line[0].at > _SAME_LINE_MM):
            yield line
            line = []
        line.append(rule)
    if line:
        yield line


def _figures(rules: list[Rule]) -> list[list[Rule]]:
    """Rules that touch, directly or through others."""
    level = sorted((r for r in rules if r.level), key=lambda r: r.at)
    heights = [r.at for r in level]
    parent: dict[int, int] = {}

    def find(one: int) -> int:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for rule in (r for r in rules if not r.level):
        for index in range(bisect_left(heights, rule.start - _TOUCH_MM), len(level)):
            across = level[index]
            if across.at > rule.end + _TOUCH_MM:
                break
            if across.start - _TOUCH_MM <= rule.at <= across.end + _TOUCH_MM:
                parent[find(id(rule))] = find(id(across))
    figures: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules:
        figures[find(id(rule))].append(rule)
    return list(figures.values())


def _table(figure: list[Rule]) -> Table | None:
    level = [r for r in figure if r.level]
    plumb = [r for r in figure if not r.level]
    if not level or not plumb:
        return None
    # Outer sides need not be drawn: where the rules across end, the table ends.
    xs = _positions([r.at for r in plumb] + [min(r.start for r in level), max(r.end for r in level)])
    ys = _positions([r.at for r in level] + [min(r.start for r in plumb), max(r.end for r in plumb)])
    large = max(xs[-1] - xs[0], ys[-1] - ys[0]) >= _LEAST_MM
    if not large or (len(xs) - 1) * (len(ys) - 1) < _LEAST_CELLS:
        return None
    owners = _owners(xs, ys, level, plumb)
    return Table(xs, ys, tuple(dict.fromkeys(owners.values())), owners)


def _positions(values: Iterable[float]) -> tuple[float, ...]:
    """Sorted, those closer than `_NARROWEST_MM` taken together."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] < _NARROWEST_MM:
            groups[-1].append(value)
        else:
            groups.append([value])
    return tuple(sum(g) / len(g) for g in groups)


def _owners(
    xs: Sequence[float], ys: Sequence[float], level: list[Rule], plumb: list[Rule]
) -> dict[tuple[int, int], Region]:
    """Flood the elementary cells over sides that are not drawn."""
    rows, cols = len(ys) - 1, len(xs) - 1
    walls_right = {(r, c) for c in range(cols - 1) for r in _walled(plumb, xs[c + 1], ys)}
    walls_below = {(r, c) for r in range(rows - 1) for c in _walled(level, ys[r + 1], xs)}
    owners: dict[tuple[int, int], Region] = {}
    for start in ((r, c) for r in range(rows) for c in range(cols)):
        if (start[0] + 1, start[1] + 1) in owners:
            continue
        cells = _flood(start, rows, cols, walls_right, walls_below)
        region = _region(cells, xs, ys)
        owners |= {(r + 1, c + 1): region for r, c in cells}
    return owners


def _region(cells: set[tuple[int, int]], xs: Sequence[float], ys: Sequence[float]) -> Region:
    r0, r1 = min(r for r, _ in cells), max(r for r, _ in cells)
    c0, c1 = min(c for _, c in cells), max(c for _, c in cells)
    box = (xs[c0], ys[r0], xs[c1 + 1] - xs[c0], ys[r1 + 1] - ys[r0])
    ragged = len(cells) < (r1 - r0 + 1) * (c1 - c0 + 1)
    return Region(r0 + 1, c0 + 1, r1 + 1, c1 + 1, box, ragged)


def _walled(rules: Iterable[Rule], at: float, steps: Sequence[float]) -> list[int]:
    """Indexes of the steps along which a wall stands at `at`."""
    near = [r for r in rules if abs(r.at - at) < _NARROWEST_MM]
    walled = []
    for index, (start, end) in enumerate(pairwise(steps)):
        covered = sum(max(0.0, min(r.end, end) - max(r.start, start)) for r in near)
        if covered >= _COVERED * (end - start):
            walled.append(index)
    return walled


def _flood(
    start: tuple[int, int],
    rows: int,
    cols: int,
    walls_right: set[tuple[int, int]],
    walls_below: set[tuple[int, int]],
) -> set[tuple[int, int]]:
    cells, todo = {start}, [start]
    while todo:
        r, c = todo.pop()
        ways = (
            ((r, c + 1), c + 1 < cols and (r, c) not in walls_right),
            ((r, c - 1), c > 0 and (r, c - 1) not in walls_right),
            ((r + 1, c), r + 1 < rows and (r, c) not in walls_below),
            ((r - 1, c), r > 0 and (r - 1, c) not in walls_below),
        )
        for cell, is_open in ways:
            if is_open and cell not in cells:
                cells.add(cell)
                todo.append(cell)
    return cells
