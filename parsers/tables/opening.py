"""Which file of tables is opened by whom; each opener loads when the first file of its kind arrives."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from parsers import sniff
from parsers.findings import Problem
from parsers.tables.book import Book, open_bare


def open_table(media: str, data: bytes, *, part: str) -> Book:
    """The tables of a file of kind `media` as grids.

    Raises:
        ParserError: The bytes cannot be opened (encrypted, damaged, over a limit).
        KeyError: Nobody opens this kind.
    """
    return _OPENERS[media](data, part)


def preload() -> None:
    """Load every opener, for a process that will be forked."""
    for name in ("delimited", "opendocument", "wordprocessing", "xls"):
        import_module(f"parsers.tables.{name}")


def _csv(data: bytes, part: str) -> Book:
    from parsers.tables.delimited import open_delimited

    return open_delimited(data, part=part)


def _xls(data: bytes, part: str) -> Book:
    from parsers.tables.xls import open_xls

    return open_xls(data, part=part)


def _ods(data: bytes, part: str) -> Book:
    from parsers.tables.opendocument import open_ods

    return open_ods(data, part=part)


def _xlsb(data: bytes, part: str) -> Book:
    """Nobody reads the styles of this kind: values to choose from, none of them taken."""
    from parsers.archives import checked_zip

    checked_zip(data)
    return open_bare(data, Problem.UNSUPPORTED_TYPE, part)


_OPENERS: dict[str, Callable[[bytes, str], Book]] = {
    sniff.CSV: _csv,
    sniff.TEXT: _csv,
    sniff.XLS: _xls,
    sniff.XLSB: _xlsb,
    sniff.ODS: _ods,
}
