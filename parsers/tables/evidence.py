"""From an entry of a row to a finding: what all findings of a sheet share, and where the evidence stands."""

from __future__ import annotations

from dataclasses import dataclass

from parsers.findings import Evidence, Field, Finding, Problem
from parsers.reading import ReadingContext
from parsers.tables.datecells import Entry
from parsers.tables.grid import Cell, Grid, address
from parsers.tables.layout import Column
from parsers.tables.rows import Row


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all findings of a grid share."""

    grid: Grid
    part: str
    context: ReadingContext
    code: str | None
    several: bool
    """Rows of several rosters on one sheet: a row without a key belongs to none of them for certain."""
    centre: str = ""


def field_of(column: Column) -> Field:
    """The field of a column an office fills in."""
    assert isinstance(column.meaning, Field)
    return column.meaning


def row_problems(row: Row, sheet: Sheet) -> list[Problem]:
    """What is wrong with the row as a whole, whatever stands in it."""
    problems = list(row.problems)
    if row.struck:
        problems.append(Problem.STRUCK_OUT)
    known = row.enrollment or (row.number is not None and not sheet.several)
    if sheet.code and not known:
        problems.append(Problem.ROW_UNMATCHED)
    return problems


def roster_of(row: Row, sheet: Sheet) -> str | None:
    """Code of the roster the row belongs to, None when that is not certain."""
    return row.roster or (None if sheet.several else sheet.code)


def finding_of(entry: Entry, row: Row, column: Column, sheet: Sheet) -> Finding:
    """The finding of one cell."""
    reading = entry.reading
    return Finding(
        roster=roster_of(row, sheet),
        row=row.row,
        enrollment=row.enrollment,
        name=row.name,
        field=field_of(column),
        text=entry.text,
        value=reading.value.isoformat() if reading.value else None,
        confidence=reading.confidence if reading.value else 0.0,
        decision=reading.decision,
        problems=reading.problems,
        evidence=evidence_of(entry.cell, (row.first, column.first), sheet),
        candidates=tuple(d.isoformat() for d in reading.candidates),
        kana=row.kana,
        centre=row.centre or sheet.centre,
    )


def evidence_of(cell: Cell | None, place: tuple[int, int], sheet: Sheet) -> Evidence:
    """Where the value stands, or where it would stand in a worksheet."""
    if cell is None:
        on_paper = next(iter(sheet.grid.cells.values())).page if sheet.grid.cells else None
        name = "" if on_paper else address(*place)
        return Evidence(sheet.part, page=on_paper, sheet=sheet.grid.name, cell=name)
    return Evidence(sheet.part, page=cell.page, box_mm=cell.box_mm, sheet=sheet.grid.name, cell=cell.address)
