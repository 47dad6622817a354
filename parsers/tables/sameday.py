"""The line 「全員同日」: one tick and one date that stand for every row left empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from parsers.dates import DateReading, read_date
from parsers.dates.formats import is_era
from parsers.findings import Decision, Field, Problem
from parsers.reading import ReadingContext
from parsers.tables.datecells import DITTO_CONFIDENCE, Entry
from parsers.tables.grid import Cell
from parsers.tables.layout import Table, View
from parsers.text import label_key, squash

_LABEL = "全員同日"
_TICKS = frozenset("☑☒✓✔レ○◯〇●◎■✅⭕")
_TICK_WORDS = {"true", "v", "対象外"}
"""× is not among them: it may say no."""
_FREE = re.compile(r"[□☐▢◻]")


def is_ticked(text: str) -> bool | None:
    """True for a tick, False for an empty box or nothing, None for anything else."""
    key = label_key(text)
    if not key or _FREE.fullmatch(key) or key in ("false", "0", "-", "無"):
        return False
    return True if set(squash(text)) <= _TICKS or key in _TICK_WORDS else None


@dataclass(frozen=True, slots=True)
class SameDay:
    """What a 全員同日 line says about one date field."""

    entry: Entry
    """Reading already as it is to be given to an empty row."""


def same_day(view: View, table: Table, context: ReadingContext) -> dict[Field, SameDay]:
    """Lines that say something, by field; a line nobody touched is not among them."""
    fields = [c.meaning for c in table.dates() if isinstance(c.meaning, Field)]
    found: dict[Field, SameDay] = {}
    for label in _labels(view):
        ticked = _ticked(view, label)
        date = _date(view, label, context)
        if not ticked and date is None:
            continue
        entry = _entry(ticked, date, label)
        meant = _fields_of(view, table, label, date, fields)
        if len(meant) > 1 or any(f in found for f in meant):
            entry = _unclear(entry)
        if any(c.revised for c in view.rows[label.row]):
            entry = replace(entry, reading=_doubt(entry.reading, Problem.TRACKED_CHANGE))
        found |= {field: SameDay(entry) for field in meant}
    return found


def _labels(view: View) -> Iterator[Cell]:
    """Cells that hold the label, wherever they stand."""
    for cells in view.rows.values():
        yield from (c for c in cells if _LABEL in c.text and len(c.text) < 80)


def _ticked(view: View, label: Cell) -> bool:
    before, _, after = label.text.partition(_LABEL)
    own = before.strip()[-1:] + after.strip()[:1]
    if set(own) & _TICKS:
        return True
    beside = [c for c in view.rows[label.row] if label.col - 2 <= c.col <= view.area(label.row, label.col).last_col + 2]
    return any(is_ticked(c.text) is True for c in beside if c is not label)


def _date(view: View, label: Cell, context: ReadingContext) -> tuple[DateReading, Cell] | None:
    """The first cell to the right of the label that says anything about a date."""
    for cell in view.rows[label.row]:
        if cell.col <= label.col or is_ticked(cell.text) is not None:
            continue
        reading = read_date(
            cell.value if cell.value is not None else cell.text,
            number_format=cell.number_format,
            column_is_era=is_era(cell.number_format),
            date1904=view.grid.date1904,
            context=context,
        )
        if reading.decision is Decision.ACCEPT or reading.candidates:
            spoilt = cell.struck or cell.formula or cell.hidden
            return (
                (_doubt(reading, Problem.STRUCK_OUT if cell.struck else Problem.FORMULA_VALUE), cell)
                if spoilt
                else (
                    reading,
                    cell,
                )
            )
    return None


def _doubt(reading: DateReading, problem: Problem) -> DateReading:
    days = reading.candidates or ((reading.value,) if reading.value else ())
    return DateReading(None, Decision.REVIEW, (*reading.problems, problem), days)


def _entry(ticked: bool, date: tuple[DateReading, Cell] | None, label: Cell) -> Entry:
    if date is None:  # a tick, and no date beside it
        return Entry(DateReading(None, Decision.REVIEW, (Problem.DONE_WITHOUT_DATE,)), label.text, label)
    reading, cell = date
    if ticked and reading.value:
        taken = DateReading(
            reading.value, Decision.ACCEPT, (Problem.DITTO,), (), min(reading.confidence, DITTO_CONFIDENCE)
        )
        return Entry(taken, cell.text, cell)
    return Entry(_doubt(reading, Problem.DITTO_UNRESOLVED), cell.text, cell)


def _unclear(entry: Entry) -> Entry:
    """Two dates to fill and one line: which of them it means, nobody knows."""
    return Entry(_doubt(entry.reading, Problem.AMBIGUOUS_COLUMNS), entry.text, entry.cell)


def _fields_of(
    view: View, table: Table, label: Cell, date: tuple[DateReading, Cell] | None, fields: list[Field]
) -> list[Field]:
    """The fields a line is about: named in it, or the column its date stands in, or all."""
    if len(fields) == 1:
        return fields
    named = [f for f in fields for c in view.rows[label.row] if f in view.claim(c.text.replace(_LABEL, "")).meanings]
    if named:
        return list(dict.fromkeys(named))
    if date:
        under = [c.meaning for c in table.dates() if c.first <= date[1].col <= c.last]
        if under:
            return [f for f in fields if f in under]
    return fields
