"""Where the tables of a grid are: header rows in up to three tiers, columns, and the rows that belong to them.

A sheet may hold several tables, one below the other or side by side, under title rows of any number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parsers.findings import Field
from parsers.tables.grid import Area, Cell, Grid
from parsers.tables.headers import UNITS, Claim, Meaning, Role, claim
from parsers.text import label_key

_TIERS_ABOVE = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, or several that hold one date (年|月|日)."""

    meaning: Meaning
    first: int
    last: int
    units: tuple[tuple[int, str], ...] = ()
    """(column, what follows the number in it) for split dates."""
    era: bool | None = None
    """What the header says about the years: True = 和暦, False = 西暦."""
    ambiguous: bool = False
    """Its header could not be told, or another column claims the same."""


@dataclass(frozen=True, slots=True)
class Table:
    """A roster table: header rows `top`–`bottom`, data rows below up to `last`."""

    top: int
    bottom: int
    last: int
    columns: tuple[Column, ...]

    def column(self, meaning: Meaning) -> Column | None:
        """The first column with that meaning."""
        return next((c for c in self.columns if c.meaning is meaning), None)

    def dates(self) -> list[Column]:
        """The columns an office writes dates into, in reading order."""
        return [c for c in self.columns if isinstance(c.meaning, Field) and c.meaning.is_date]


class View:
    """A grid with its merged ranges resolved."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._areas: dict[tuple[int, int], Area] = {}
        for area in grid.merges:
            for row in range(area.first_row, min(area.last_row, grid.max_row) + 1):
                for col in range(area.first_col, min(area.last_col, grid.max_col) + 1):
                    self._areas[row, col] = area
        self.rows: dict[int, list[Cell]] = {}
        for key in sorted(grid.cells):
            cell = grid.cells[key]
            if cell.text or cell.formula:
                self.rows.setdefault(cell.row, []).append(cell)
        self._claims: dict[tuple[str, ...], Claim] = {}

    def area(self, row: int, col: int) -> Area:
        """The merged range the cell lies in, or the cell alone."""
        return self._areas.get((row, col)) or Area(row, col, row, col)

    def anchor(self, row: int, col: int) -> Cell | None:
        """The cell that holds the content shown at that place."""
        area = self._areas.get((row, col))
        return self.grid.at(area.first_row, area.first_col) if area else self.grid.at(row, col)

    def text(self, row: int, col: int) -> str:
        """What stands at that place, merged ranges included."""
        cell = self.anchor(row, col)
        return cell.text if cell else ""

    def claim(self, *tiers: str) -> Claim:
        """`headers.claim`, remembered: every text of a sheet is asked about."""
        if tiers not in self._claims:
            self._claims[tiers] = claim(list(tiers)) if any(len(t) < 60 for t in tiers) else Claim()
        return self._claims[tiers]


def find_tables(view: View) -> list[Table]:
    """All roster tables, top to bottom, left to right."""
    heads = [row for row in view.rows if _is_header(view, row)]
    heads = [row for i, row in enumerate(heads) if i == 0 or heads[i - 1] != row - 1]
    tables: list[Table] = []
    for i, row in enumerate(heads):
        top, bottom = _tiers(view, row)
        last = heads[i + 1] - 1 if i + 1 < len(heads) else view.grid.max_row
        columns = _columns(view, top, bottom)
        tables += [Table(top, bottom, last, _settled(view, top, side)) for side in _sides(columns)]
    return [t for t in tables if t.dates()]


def _is_header(view: View, row: int) -> bool:
    """A row of labels that names people and something else about them."""
    meanings: set[Meaning] = set()
    for cell in view.rows[row]:
        meanings.update(view.claim(cell.text).meanings)
    return bool(meanings & {Role.NAME, Role.KEY}) and len(meanings) >= 2


def _tiers(view: View, row: int) -> tuple[int, int]:
    """First and last row of the header whose main row is `row`."""
    labelled = [c for c in view.rows[row] if view.claim(c.text).meanings]
    bottom = max(view.area(c.row, c.col).last_row for c in labelled)
    if _is_sub_tier(view, bottom + 1, labelled):
        bottom += 1
    top = row
    while row - top < _TIERS_ABOVE and _is_upper_tier(view, top - 1, labelled):
        top -= 1
    return top, bottom


def _is_sub_tier(view: View, row: int, labelled: list[Cell]) -> bool:
    """年|月|日 or 新規|兼務 under a date header, and nothing under the name."""
    texts = [c.text for c in view.rows.get(row, ())]
    if not texts or not all(label_key(t) in UNITS or label_key(t) in ("新規", "兼務", "id") for t in texts):
        return False
    people = [c.col for c in labelled if {Role.NAME, Role.KEY} & set(view.claim(c.text).meanings)]
    return all(not view.grid.text(row, col) for col in people)


def _is_upper_tier(view: View, row: int, labelled: list[Cell]) -> bool:
    """A label that groups some columns (登録年月日 over 新規|兼務), not a title across all of them."""
    main = labelled[0].row
    first, last = view.rows[main][0].col, view.rows[main][-1].col
    people = [c.col for c in labelled if Role.NAME in view.claim(c.text).meanings]
    for cell in view.rows.get(row, ()):
        area = view.area(cell.row, cell.col)
        groups = any(isinstance(m, Field) for m in view.claim(cell.text).meanings)
        over_names = any(area.first_col <= col <= area.last_col for col in people)
        below = view.grid.text(row + 1, cell.col)
        if groups and first <= cell.col <= last and not over_names and below:
            return True
    return False


def _columns(view: View, top: int, bottom: int) -> list[Column]:
    """Every column whose header means something; neighbours under one label are one column."""
    found: list[Column] = []
    upper: tuple[str, ...] = ()
    for col in range(1, view.grid.max_col + 1):
        tiers, last = _labels(view, top, bottom, col)
        unit = None
        if tiers and label_key(tiers[-1]) in UNITS:
            unit, tiers = tiers[-1], tiers[:-1]
            tiers = tiers or upper  # 年|月|日 under a label that is not merged over them
        if not tiers:
            continue
        upper = tiers
        _add(found, view.claim(*tiers), (col, last), unit)
    return found


def _labels(view: View, top: int, bottom: int, col: int) -> tuple[tuple[str, ...], int]:
    """Labels above a column from top to bottom, and the last column the lowest of them is merged over."""
    areas: list[Area] = []
    for row in range(top, bottom + 1):
        area = view.area(row, col)
        if area not in areas and view.text(row, col).strip():
            areas.append(area)
    texts = tuple(view.grid.text(a.first_row, a.first_col) for a in areas)
    return texts, areas[-1].last_col if areas else col


def _add(found: list[Column], claimed: Claim, span: tuple[int, int], unit: str | None) -> None:
    col, last = span
    units = () if unit is None else ((col, UNITS[label_key(unit)]),)
    said = label_key(unit or "")
    era = True if "和暦" in said or "令和" in said else False if "西暦" in said else claimed.era
    for meaning in claimed.meanings:
        column = Column(meaning, col, last, units, era, ambiguous=len(claimed.meanings) > 1 or claimed.bare)
        before = next((c for c in reversed(found) if c.meaning is meaning), None)
        if before and before.last >= col - (1 if units and before.units else 0):
            found.remove(before)
            era = before.era if before.era is not None else era
            column = replace(before, last=max(before.last, last), units=before.units + units, era=era)
        found.append(column)


def _sides(columns: list[Column]) -> Iterator[list[Column]]:
    """Tables side by side: whatever comes first (No.) begins a new one when it comes again."""
    if not columns:
        return
    starts = [i for i, c in enumerate(columns) if c.meaning is columns[0].meaning]
    sides = [columns[a:b] for a, b in zip(starts, [*starts[1:], len(columns)], strict=True)]
    named = [s for s in sides if any(c.meaning in (Role.NAME, Role.KEY) for c in s)]
    yield from named if len(named) == len(sides) else [columns]


_PAIRS = {
    Field.CONCURRENT_REGISTERED_ON: Field.ID_REGISTERED_ON,
    Field.CONCURRENT_DELETED_ON: Field.ID_DELETED_ON,
}


def _settled(view: View, top: int, columns: list[Column]) -> tuple[Column, ...]:
    """Doubles are ambiguous; a bare 登録年月日 is 兼務 when the table and its title know of no other date."""
    sure = [c for c in columns if not c.ambiguous]
    new_id = _asks_for_new_id(view, top)
    settled: list[Column] = []
    for column in columns:
        rivals = [c for c in columns if c.meaning is column.meaning and c is not column]
        if column.ambiguous and column.meaning is Field.CONCURRENT_REGISTERED_ON and not new_id:
            known = (column.meaning, Field.ID_REGISTERED_ON)
            alone = not any(c.meaning in known for c in columns if c is not column)
            settled.append(replace(column, ambiguous=not alone))
        elif column.ambiguous and any(c.meaning is column.meaning for c in sure):
            partner = _PAIRS.get(column.meaning) if isinstance(column.meaning, Field) else None
            if partner and not any(c.meaning is partner for c in columns):  # 登録年月日 beside 兼務登録年月日
                settled.append(replace(column, meaning=partner))
        else:
            settled.append(replace(column, ambiguous=column.ambiguous or (bool(rivals) and not _is_role(column))))
    return tuple(settled)


def _is_role(column: Column) -> bool:
    return isinstance(column.meaning, Role)


def _asks_for_new_id(view: View, top: int) -> bool:
    """Whether a title above the table is that of the form with two dates (ＩＤ登録用)."""
    titles = [label_key(c.text) for r, cells in view.rows.items() if r < top for c in cells]
    return any("id登録用" in t for t in titles)
