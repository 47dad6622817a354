"""Typed values of cells: what a library gives as one of ours, and what a person sees of it."""

from __future__ import annotations

import datetime as dt

from parsers.dates.formats import shown
from parsers.tables.grid import CellValue


def plain_value(value: object) -> CellValue:
    """Calamine's empty string means nothing; durations and times are no dates and keep their text."""
    if value == "" or value is None:
        return None
    if isinstance(value, (dt.datetime, dt.date, bool, int, float, str)):
        return value
    return str(value)


def shown_text(value: CellValue, code: str) -> str:
    """What a person sees of a value in a cell with this format code."""
    if isinstance(value, dt.date):
        return shown(value.date() if isinstance(value, dt.datetime) else value, code)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)
