"""The tick under 対象外, and the remarks and strokes that say as much."""

from __future__ import annotations

from dataclasses import replace

from parsers.dates import DateReading
from parsers.findings import Decision, Field, Finding, Problem
from parsers.tables.datecells import Entry
from parsers.tables.evidence import Sheet, finding_of, row_problems
from parsers.tables.grid import Cell
from parsers.tables.headers import Role
from parsers.tables.layout import Column, Table, View
from parsers.tables.rows import Row, cells_of, proposes_exclusion
from parsers.tables.sameday import is_ticked

_CONFIDENCE = 0.9999
"""Of a typed tick."""


def exclusion(view: View, table: Table, row: Row, sheet: Sheet) -> Finding | None:
    """A finding of 対象外 for the row; None when nothing says so. Only a plain tick has a value."""
    column = table.column(Field.NOT_APPLICABLE)
    cells = cells_of(view, column, row.first, row.last)
    text = " ".join(c.text.strip() for c in cells)
    ticked = is_ticked(text)
    if column and ticked is not False:
        spoilt = ticked is None or row.hidden or any(c.struck or c.formula or c.hidden or c.revised for c in cells)
        problems = [Problem.EXCLUSION_PROPOSED] if spoilt else []
        return _finding(text, cells[0], row, sheet, problems)
    note, name = table.column(Role.NOTE), table.column(Role.NAME)
    if note and proposes_exclusion(row.note):
        cell = cells_of(view, note, row.first, row.last)[0]
        return _finding(row.note, cell, row, sheet, [Problem.EXCLUSION_PROPOSED])
    if name and row.struck:
        cell = cells_of(view, name, row.first, row.last)[0]
        return _finding(row.name, cell, row, sheet, [Problem.EXCLUSION_PROPOSED, Problem.STRUCK_OUT])
    return None


def _finding(text: str, cell: Cell, row: Row, sheet: Sheet, problems: list[Problem]) -> Finding:
    faults = tuple(dict.fromkeys((*problems, *row_problems(row, sheet))))
    reading = DateReading(None, Decision.REVIEW if faults else Decision.ACCEPT, faults)
    place = Column(Field.NOT_APPLICABLE, cell.col, cell.col)
    found = finding_of(Entry(reading, text, cell), row, place, sheet)
    return found if faults else replace(found, value="true", confidence=_CONFIDENCE)
