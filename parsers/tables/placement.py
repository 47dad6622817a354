"""What a roster says after the training beside the dates: the result as printed, the placement, or the reason for none.

Typed text is compared with closed lists (`parsers.places`, `parsers.choices`); what is not plainly in them is for a
person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parsers.choices import ChoiceReading, read_completed, read_reason
from parsers.findings import Decision, Field, Finding, Problem
from parsers.places import PlaceReading, read_place
from parsers.tables.datecells import DITTO_CONFIDENCE, SPOILERS, follows
from parsers.tables.evidence import Sheet, evidence_of, roster_of, row_problems
from parsers.tables.grid import Cell
from parsers.tables.layout import Column, Table, View
from parsers.tables.rows import Row, cells_of
from parsers.text import fold, squash

_FIELDS = (Field.COMPLETED, Field.DESTINATION, Field.NO_DESTINATION_REASON)
_DELETED = {Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON}
_CONFIDENCE = 0.9999
"""Of typed text."""
_DITTO = frozenset({"〃", '"', "''", "″", "”", "々", "同上", "上に同じ", "同"})


@dataclass(frozen=True, slots=True)
class _Said:
    """One cell, read."""

    text: str
    value: str | None
    decision: Decision
    problems: tuple[Problem, ...]
    candidates: tuple[str, ...]
    cell: Cell | None


class Placement:
    """Reads the columns of one table, downwards; none of them in a table without a deletion."""

    def __init__(self, view: View, table: Table, sheet: Sheet) -> None:
        self._view = view
        self._sheet = sheet
        asked = bool(_DELETED & {c.meaning for c in table.dates()})
        found = [(f, table.column(f)) for f in _FIELDS] if asked else []
        self._columns = [(f, c) for f, c in found if c is not None]
        self._above: dict[Field, tuple[Row, _Said]] = {}

    def read(self, row: Row) -> Iterator[Finding]:
        """The findings of the next row; rows must come in the order of the sheet."""
        for field, column in self._columns:
            said = self._judged(self._said(field, column, row), row, column)
            self._above[field] = row, said
            yield self._finding(field, column, row, said)

    def _said(self, field: Field, column: Column, row: Row) -> _Said:
        cells = cells_of(self._view, column, row.first, row.last)
        text = "\n".join(c.text.strip() for c in cells)
        cell = cells[0] if cells else self._view.grid.at(row.first, column.first)
        merged = any(c.row < row.first for c in cells)
        if field is not Field.COMPLETED and (merged or squash(fold(text)) in _DITTO):
            return self._taken_over(field, row, replace(_EMPTY, text=text, cell=cell))
        reading = self._reading(field, text)
        return _Said(text, reading.value, reading.decision, reading.problems, reading.candidates, cell)

    def _reading(self, field: Field, text: str) -> PlaceReading | ChoiceReading:
        context = self._sheet.context
        if field is Field.DESTINATION:
            return read_place(text, context.centres, context.offices)
        return read_completed(text) if field is Field.COMPLETED else read_reason(text)

    def _taken_over(self, field: Field, row: Row, said: _Said) -> _Said:
        """As the row just above, if nothing stands between and both are of one centre; otherwise a question."""
        above = self._above.get(field)
        if above is None:
            return replace(said, decision=Decision.REVIEW, problems=(Problem.DITTO_UNRESOLVED,))
        known = above[1]
        if known.value and follows(above[0], row) and above[0].centre == row.centre:
            return replace(said, value=known.value, decision=Decision.ACCEPT, problems=(Problem.DITTO,))
        candidates = (known.value,) if known.value else known.candidates
        return replace(said, decision=Decision.REVIEW, problems=(Problem.DITTO_UNRESOLVED,), candidates=candidates)

    def _judged(self, said: _Said, row: Row, column: Column) -> _Said:
        """The entry with what is wrong with its cell, row and column."""
        for problem in self._spoilt(said.cell, row, column):
            said = _asked(said, problem)
        doubts = [*row_problems(row, self._sheet), *([Problem.AMBIGUOUS_COLUMNS] if column.ambiguous else [])]
        for problem in doubts:
            quiet = said.decision is Decision.EMPTY
            said = replace(said, problems=(*said.problems, problem)) if quiet else _asked(said, problem)
        return replace(said, problems=tuple(dict.fromkeys(said.problems)))

    def _spoilt(self, cell: Cell | None, row: Row, column: Column) -> Iterator[Problem]:
        if cell is not None:
            yield from (problem for happens, problem in SPOILERS if happens(cell))
        rows, columns = range(row.first, row.last + 1), range(column.first, column.last + 1)
        if any(area.holds(r, c) for area in self._view.grid.drawings for r in rows for c in columns):
            yield Problem.DRAWING_OVER_CELLS
        hidden = row.hidden or column.first in self._view.grid.hidden_cols or (cell is not None and cell.hidden)
        if hidden and cell is not None and cell.text.strip():
            yield Problem.HIDDEN_CONTENT

    def _finding(self, field: Field, column: Column, row: Row, said: _Said) -> Finding:
        sure = DITTO_CONFIDENCE if Problem.DITTO in said.problems else _CONFIDENCE
        return Finding(
            roster=roster_of(row, self._sheet),
            row=row.row,
            enrollment=row.enrollment,
            name=row.name,
            field=field,
            text=said.text,
            value=said.value,
            confidence=sure if said.value else 0.0,
            decision=said.decision,
            problems=said.problems,
            evidence=evidence_of(said.cell, (row.first, column.first), self._sheet),
            candidates=said.candidates,
            kana=row.kana,
            centre=row.centre or self._sheet.centre,
        )


_EMPTY = _Said("", None, Decision.EMPTY, (), (), None)


def _asked(said: _Said, problem: Problem) -> _Said:
    """The same as a question to a person."""
    candidates = said.candidates or ((said.value,) if said.value else ())
    problems = (*said.problems, problem)
    return replace(said, value=None, decision=Decision.REVIEW, problems=problems, candidates=candidates)
