"""A spreadsheet of LibreOffice (ods, ODF 1.3) as grids: values, strokes, comments, merges, shapes, what is hidden.

Read from the XML itself, because no kept library gives more than values.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from xml.etree.ElementTree import Element

from parsers.archives import checked_zip, read_entry
from parsers.errors import ParserError
from parsers.findings import Note, Problem
from parsers.forms import XLSX_PROPERTY
from parsers.tables.book import SHEETS_MOST, Book
from parsers.tables.grid import Grid
from parsers.tables.odfsheet import SheetReader, whole
from parsers.tables.odfstyles import META, OFFICE, TABLE, Styles
from parsers.tables.parts import xml_part

_EPOCHS = {"1899-12-30": False, "1904-01-01": True}
"""Days from which bare numbers count, and whether that is the calendar of old Macs."""


def open_ods(data: bytes, *, part: str = "") -> Book:
    """The sheets as grids.

    Raises:
        ParserError: The bytes cannot be opened (encrypted, damaged, over a limit).
    """
    archive = checked_zip(data)
    if b"encryption-data" in (read_entry(archive, "META-INF/manifest.xml", 1_000_000) or b""):
        raise ParserError(Problem.ENCRYPTED_ATTACHMENT, "ods")
    content = xml_part(archive, "content.xml")
    body = content.find(f"{OFFICE}body/{OFFICE}spreadsheet") if content is not None else None
    if content is None or body is None:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "content.xml")
    styles = Styles()
    styles.add(xml_part(archive, "styles.xml"))
    styles.add(content)
    epoch = _epoch(body)
    tables = body.findall(f"{TABLE}table")
    readers = [SheetReader(table, styles) for table in tables[:SHEETS_MOST]]
    try:
        grids = tuple(replace(r.grid(n), date1904=bool(epoch)) for n, r in enumerate(readers, start=1))
    except RecursionError as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "elements in elements") from e
    cut = [grid.name for grid, reader in zip(grids, readers, strict=True) if reader.cut]
    cut += [f"{len(tables)} sheets"] if len(tables) > SHEETS_MOST else []
    notes = tuple(Note(Problem.TOO_LARGE, name, part) for name in cut)
    return Book(_revised(grids, body), _roster_property(archive), notes, bare=epoch is None)


def _roster_property(archive: zipfile.ZipFile) -> str | None:
    meta = xml_part(archive, "meta.xml")
    for known in meta.iter(f"{META}user-defined") if meta is not None else ():
        if known.get(f"{META}name") == XLSX_PROPERTY and known.text:
            return known.text
    return None


def _epoch(body: Element) -> bool | None:
    """Whether bare numbers count from 1904; None when from a day no other spreadsheet knows."""
    null = next(body.iter(f"{TABLE}null-date"), None)
    return _EPOCHS.get(null.get(f"{TABLE}date-value", "1899-12-30")) if null is not None else False


def _revised(grids: tuple[Grid, ...], body: Element) -> tuple[Grid, ...]:
    """Cells changed under change tracking, the change not accepted (ODF §5.4.7, addresses count from 0)."""
    changed: dict[int, set[tuple[int, int]]] = {}
    for change in body.iter(f"{TABLE}cell-content-change"):
        place = change.find(f"{TABLE}cell-address")
        if place is not None and change.get(f"{TABLE}acceptance-state", "pending") == "pending":
            sheet, row, col = (whole(place.get(f"{TABLE}{kind}"), -1) for kind in ("table", "row", "column"))
            changed.setdefault(sheet + 1, set()).add((row + 1, col + 1))
    return tuple(_marked(g, changed[g.number]) if g.number in changed else g for g in grids)


def _marked(grid: Grid, places: set[tuple[int, int]]) -> Grid:
    return replace(grid, cells={k: replace(c, revised=k in places) for k, c in grid.cells.items()})
