"""Dates as Japanese offices write them: lexer, grammar, meaning, and the reader that decides."""

from parsers.dates.reader import DateReading, names_era, read_date

__all__ = ["DateReading", "names_era", "read_date"]
