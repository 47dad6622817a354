"""Grids of one file in, findings out: what workbooks of every make, csv and Word tables have in common.

A format is only a way to make a `Book`; everything that judges what stands in it begins here.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from parsers.errors import ParserError
from parsers.findings import Decision, Finding, Note, Page, PageKind, Problem
from parsers.reading import ReadingContext
from parsers.tables.grid import COLS_MOST, ROWS_MOST, Area, Cell, Grid, GridReading, address
from parsers.tables.roster import read_grid
from parsers.tables.values import plain_value, shown_text

SHEETS_MOST = 100
_MERGED_MOST = 200_000
"""Cells of all merged ranges of a sheet: readers make an object for each."""


@dataclass(frozen=True, slots=True)
class Book:
    """A file of tables as grids."""

    grids: tuple[Grid, ...]
    roster: str | None = None
    """Roster code of our document property."""
    notes: tuple[Note, ...] = ()
    bare: bool = False
    """Something that may spoil a value could not be seen (strokes, hidden rows, the encoding): all are questions."""


def read_book(book: Book, *, part: str, context: ReadingContext) -> GridReading:
    """Read every sheet: hidden ones are told and left alone, contradictions between sheets are questions."""
    pages: list[Page] = []
    findings: list[Finding] = []
    notes = list(book.notes)
    for grid in book.grids:
        if grid.hidden:
            if grid.cells:
                pages.append(Page(grid.number, PageKind.FOREIGN, problems=(Problem.HIDDEN_CONTENT,), part=part))
                notes.append(Note(Problem.HIDDEN_CONTENT, grid.name, part))
            continue
        reading = read_grid(grid, part=part, context=context, known_roster=book.roster)
        pages += reading.pages
        findings += reading.findings
        notes += reading.notes
    findings = _without_contradiction(findings)
    if not findings:
        notes.append(Note(Problem.NO_ROSTER_FOUND, "", part))
    if book.bare:
        findings = [_unsure(f) for f in findings]
    return GridReading(tuple(pages), tuple(findings), tuple(notes))


def check_merges(areas: Iterable[Area], name: str) -> None:
    """Refuse ranges that merge a whole sheet or more. Raises ParserError TOO_LARGE."""
    if sum((a.last_row - a.first_row + 1) * (a.last_col - a.first_col + 1) for a in areas) > _MERGED_MOST:
        raise ParserError(Problem.TOO_LARGE, f"{name}: merged cells")


def anchors_of(areas: Iterable[Area]) -> dict[tuple[int, int], str]:
    """For each cell of a merged range, as far as cells are read, the address of the range's first."""
    anchors: dict[tuple[int, int], str] = {}
    for area in areas:
        anchor = address(area.first_row, area.first_col)
        for row in range(area.first_row, min(area.last_row, ROWS_MOST) + 1):
            for col in range(area.first_col, min(area.last_col, COLS_MOST) + 1):
                anchors[row, col] = anchor
    return anchors


def _without_contradiction(findings: list[Finding]) -> list[Finding]:
    """A row that stands on two sheets with two values (原本 and a copy) is a question on both."""
    values: dict[tuple[str | None, int | None, str], set[str]] = {}
    for found in findings:
        if found.roster and found.value:
            values.setdefault((found.roster, found.row, found.field), set()).add(found.value)
    torn = {key for key, different in values.items() if len(different) > 1}
    return [_asked(f, Problem.ROW_DUPLICATED) if (f.roster, f.row, f.field) in torn else f for f in findings]


def _unsure(found: Finding) -> Finding:
    """A value from a file that does not show all: it may be struck out, hidden or another character."""
    return _asked(found, Problem.LOW_CONFIDENCE)


def _asked(found: Finding, problem: Problem) -> Finding:
    """An accepted finding as a question."""
    if found.decision is not Decision.ACCEPT:
        return found
    candidates = (found.value,) if found.value and found.field.is_date else ()
    problems = tuple(dict.fromkeys((*found.problems, problem)))
    return replace(
        found, value=None, confidence=0.0, decision=Decision.REVIEW, problems=problems, candidates=candidates
    )


def open_bare(data: bytes, reason: str, part: str) -> Book:
    """Values alone, by calamine, for workbooks whose styles nobody can read. Raises ParserError when there are none."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(s.name, book.get_sheet_by_name(s.name)) for s in book.sheets_metadata[:SHEETS_MOST]]
        grids = tuple(_bare_grid(n, name, sheet) for n, (name, sheet) in enumerate(sheets, start=1))
    except (CalamineError, OSError, ValueError) as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, reason) from e
    except BaseException as e:
        if type(e).__name__ != "PanicException":  # calamine is Rust, and a panic there is no Exception here
            raise
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, reason) from e
    return Book(grids, None, (Note(Problem.LOW_CONFIDENCE, f"styles: {reason}", part),), bare=True)


def _bare_grid(number: int, name: str, sheet: Any) -> Grid:
    cells = {}
    for row, values in enumerate(sheet.to_python(skip_empty_area=False, nrows=ROWS_MOST), start=1):
        for col, raw in enumerate(values[:COLS_MOST], start=1):
            value = plain_value(raw)
            if value is not None:
                cells[row, col] = Cell(row, col, address(row, col), shown_text(value, ""), value)
    last_row, last_col = (max((key[i] for key in cells), default=0) for i in (0, 1))
    return Grid(name, cells, number, max_row=last_row, max_col=last_col)
