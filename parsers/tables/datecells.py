"""One date column of a roster table, read downwards: split dates, dittos, merged cells, and what spoils a cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from parsers.dates import DateReading, names_era, read_date
from parsers.dates.formats import is_era
from parsers.dates.words import Word
from parsers.findings import Decision, Problem
from parsers.reading import ReadingContext
from parsers.tables.grid import Cell
from parsers.tables.layout import Column, Table, View
from parsers.tables.rows import Row, cells_of
from parsers.text import fold, squash

DITTO_CONFIDENCE = 0.995
"""A date taken over from another cell: right whenever the office meant what the sign says."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row says in one date column."""

    reading: DateReading
    text: str
    cell: Cell | None
    """Where it stands; None when there is no cell at all."""

    @property
    def written(self) -> bool:
        """Whether there is anything in the cell."""
        return bool(self.text.strip()) or self.reading.decision is Decision.REVIEW


def doubted(reading: DateReading, problem: Problem) -> DateReading:
    """The same reading as a question to a person; an empty one only gets the problem."""
    problems = tuple(dict.fromkeys((*reading.problems, problem)))
    if reading.decision is Decision.EMPTY:
        return replace(reading, problems=problems)
    candidates = reading.candidates or ((reading.value,) if reading.value else ())
    return DateReading(None, Decision.REVIEW, problems, candidates)


def _question(reading: DateReading, problem: Problem) -> DateReading:
    """As `doubted`, and an empty one becomes a question too."""
    return replace(doubted(reading, problem), decision=Decision.REVIEW)


class DateColumn:
    """Reads one column; remembers what stood above, for the dittos."""

    def __init__(self, view: View, table: Table, column: Column, context: ReadingContext) -> None:
        self._view = view
        self._table = table
        self._column = column
        self._context = context
        self._is_era = _is_era_column(view, table, column)
        self._above: tuple[Row, Entry] | None = None
        self._below_is_same = False

    def read(self, row: Row) -> Entry:
        """The entry of the next row; rows must come in the order of the sheet."""
        cells = cells_of(self._view, self._column, row.first, row.last)
        merged = [c for c in cells if c.row < row.first]
        entry = self._merged(row, cells) if merged else self._own(row, cells)
        self._above = row, entry
        return entry

    def _own(self, row: Row, cells: list[Cell]) -> Entry:
        entry = self._plain(row, cells)
        if entry.reading.ditto:
            self._below_is_same = entry.reading.ditto is Word.DITTO_BELOW
            return self._spoilt(replace(entry, reading=self._resolved(row, entry.reading)), row, cells)
        if entry.written:
            self._below_is_same = False
        elif self._below_is_same and self._above:
            candidates = self._above[1].reading
            days = candidates.candidates or ((candidates.value,) if candidates.value else ())
            unresolved = DateReading(None, Decision.REVIEW, (Problem.DITTO_UNRESOLVED,), days)
            return replace(entry, reading=unresolved)
        return self._spoilt(entry, row, cells)

    def _plain(self, row: Row, cells: list[Cell]) -> Entry:
        """The cell as it stands, dittos not yet resolved."""
        if not cells:
            empty = self._view.grid.at(row.first, self._column.first)
            return Entry(DateReading(None, Decision.EMPTY), "", empty)
        if len(cells) == 1 and not self._column.units:
            only = cells[0]
            return Entry(self._date(only.value, only.number_format), only.text, only)
        if len({c.col for c in cells}) < len(cells):  # two lines of one row, both filled
            text = "\n".join(c.text for c in cells)
            reading = self._date(text)
            problems = tuple(dict.fromkeys((Problem.TWO_DATES, *reading.problems)))
            days = reading.candidates or ((reading.value,) if reading.value else ())
            return Entry(DateReading(None, Decision.REVIEW, problems, days), text, cells[0])
        text = _joined(cells, dict(self._column.units))
        return Entry(self._date(text), text, cells[0])

    def _date(self, value: object, number_format: str = "") -> DateReading:
        return read_date(
            value,  # type: ignore[arg-type]  # CellValue is what read_date takes
            number_format=number_format,
            column_is_era=self._is_era,
            date1904=self._view.grid.date1904,
            context=self._context,
        )

    # -- as the cell above

    def _resolved(self, row: Row, reading: DateReading) -> DateReading:
        """The reading of the row just above, if nothing stands between and nothing has been moved about."""
        if self._above is None or reading.ditto is Word.DITTO_ELSEWHERE:
            return reading
        above, entry = self._above
        if above.centre != row.centre:
            return reading
        if not entry.written or entry.reading.decision is Decision.REVIEW or not follows(above, row):
            days = entry.reading.candidates or ((entry.reading.value,) if entry.reading.value else ())
            return replace(reading, candidates=days)
        return _taken_over(entry.reading)

    def _merged(self, row: Row, cells: list[Cell]) -> Entry:
        """Part of a range merged downwards: the date of its first row holds for all of them."""
        entry = self._plain(row, cells)
        above = self._above
        if len(cells) > 1 or above is None or above[0].centre != row.centre or cells[0].row <= self._table.bottom:
            return replace(entry, reading=doubted(entry.reading, Problem.DITTO_UNRESOLVED))
        reading = above[1].reading if above[1].cell == cells[0] else entry.reading
        return self._spoilt(replace(entry, reading=_taken_over(reading)), row, cells)

    # -- what spoils a cell

    def _spoilt(self, entry: Entry, row: Row, cells: list[Cell]) -> Entry:
        reading = entry.reading
        for happens, problem in SPOILERS:
            if any(happens(c) for c in cells):
                reading = _question(reading, problem)
        own = self._view.grid.at(row.first, self._column.first)
        if not cells and own and own.comment.strip():
            reading = _question(reading, Problem.CELL_COMMENT)
        if self._is_drawn_over(row):
            reading = _question(reading, Problem.DRAWING_OVER_CELLS)
        if row.hidden or any(c.hidden for c in cells) or self._column.first in self._view.grid.hidden_cols:
            reading = doubted(reading, Problem.HIDDEN_CONTENT)
        return replace(entry, reading=reading)

    def _is_drawn_over(self, row: Row) -> bool:
        columns = range(self._column.first, self._column.last + 1)
        rows = range(row.first, row.last + 1)
        return any(area.holds(r, c) for area in self._view.grid.drawings for r in rows for c in columns)


SPOILERS: tuple[tuple[Callable[[Cell], bool], Problem], ...] = (
    (lambda c: c.error, Problem.ERROR_VALUE),
    (lambda c: c.formula, Problem.FORMULA_VALUE),  # =TODAY() is no evidence of anything
    (lambda c: c.struck, Problem.STRUCK_OUT),
    (lambda c: c.revised, Problem.TRACKED_CHANGE),
    (lambda c: bool(c.comment.strip()), Problem.CELL_COMMENT),
)
"""What makes a cell a question, whatever stands in it."""


def _taken_over(reading: DateReading) -> DateReading:
    problems = tuple(dict.fromkeys((Problem.DITTO, *reading.problems)))
    confidence = min(reading.confidence, DITTO_CONFIDENCE)
    return replace(reading, problems=problems, confidence=confidence, ditto=None)


def follows(above: Row, row: Row) -> bool:
    """Whether the two rows are neighbours as they were sent; after sorting, "as above" means another row."""
    if above.hidden or row.hidden or row.first != above.last + 1:
        return False
    return above.row is None or row.row is None or above.row + 1 == row.row


def _joined(cells: list[Cell], units: dict[int, str]) -> str:
    """Text of a date spread over several cells: 令和|8|年|4|月|1|日, or 8|4|1 under 年|月|日, or one character each."""
    texts = [(c.col, squash(fold(c.text))) for c in cells]
    if units:
        return "".join(t + (units.get(col, "") if t[-1:].isdigit() else "") for col, t in texts)
    if all(t.isdigit() for _, t in texts):  # nothing says which is which: three numbers may be a date, more may not
        return ".".join(t for _, t in texts)
    return "".join(t for _, t in texts)


def _is_era_column(view: View, table: Table, column: Column) -> bool:
    """Whether bare years of the column are 和暦: the header, a format or another cell says so, and none says 西暦."""
    if column.era is not None:
        return column.era
    found = False
    for row in range(table.bottom + 1, table.last + 1):
        for col in range(column.first, column.last + 1):
            cell = view.grid.at(row, col)
            if cell is None:
                continue
            if is_era(cell.number_format) or (isinstance(cell.value, str) and names_era(cell.text)):
                found = True
            elif isinstance(cell.value, str) and _names_century(cell.text):
                return False
    return found


def _names_century(text: str) -> bool:
    key = squash(fold(text))
    return key[:4].isdigit() and key[:2] == "20" and not key[4:5].isdigit()
