"""What an xlsx package holds beside the cells: limits before opening it, drawings, embedded things.

openpyxl drops shapes and text boxes, and expands merged ranges cell by cell; so both are looked at here, in the XML.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from parsers.archives import checked_zip, is_encrypted, is_ole2, ole2_names
from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.tables.grid import Area

_SHEET_MOST_BYTES = 24_000_000
"""About half a million cells; openpyxl needs some seconds for it."""
_MERGED_MOST = 200_000
"""Cells of all merged ranges of a sheet: openpyxl makes an object for each."""
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_NESTED = (".zip", ".xlsx", ".xlsm", ".docx", ".pptx", ".xls", ".7z", ".rar", ".lzh", ".gz", ".bin")
_VML_NOTE = "Note"


@dataclass(frozen=True, slots=True)
class Package:
    """An opened package that passed the limits."""

    drawings: dict[str, tuple[Area, ...]]
    """By name of the worksheet."""
    nested: tuple[str, ...]
    """Embedded files, never opened."""


def open_package(data: bytes) -> Package:
    """Check the limits and find the drawings.

    Raises:
        ParserError: ENCRYPTED_ATTACHMENT, TOO_LARGE, UNREADABLE_ATTACHMENT or UNSUPPORTED_TYPE (no zip at all).
    """
    if is_ole2(data):
        encrypted = "EncryptedPackage" in ole2_names(data)
        raise ParserError(Problem.ENCRYPTED_ATTACHMENT if encrypted else Problem.UNSUPPORTED_TYPE, "OLE2")
    archive = checked_zip(data)
    if is_encrypted(archive):
        raise ParserError(Problem.ENCRYPTED_ATTACHMENT, "zip entry")
    names = archive.namelist()
    sheets = [n for n in names if n.startswith("xl/worksheets/") and n.endswith(".xml")]
    for name in sheets:
        _check_sheet(archive, name)
    nested = tuple(n for n in names if n.lower().endswith(_NESTED) and "/embeddings/" in n.lower())
    drawn = any(n.startswith("xl/worksheets/_rels/") for n in names)
    drawings = {title: _drawings_of(archive, path) for title, path in _titles(archive)} if drawn else {}
    return Package(drawings, nested)


def _titles(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Name and part of every sheet."""
    relations = _xml(archive, "xl/_rels/workbook.xml.rels")
    known = relations if relations is not None else ()
    targets = {r.get("Id"): _resolved("xl", r.get("Target", "")) for r in known}
    book = _xml(archive, "xl/workbook.xml")
    found = []
    for sheet in (e for e in book.iter() if _local(e) == "sheet") if book is not None else ():
        key = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
        if key in targets:
            found.append((sheet.get("name", ""), targets[key]))
    return found


def _resolved(folder: str, target: str) -> str:
    """Path of a relationship's target inside the package."""
    return target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))


def _check_sheet(archive: zipfile.ZipFile, name: str) -> None:
    if archive.getinfo(name).file_size > _SHEET_MOST_BYTES:
        raise ParserError(Problem.TOO_LARGE, f"{name}: {archive.getinfo(name).file_size} bytes")
    try:
        xml = archive.read(name)
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, OSError, EOFError) as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, name) from e
    except Exception as e:
        if type(e).__module__ not in {"zlib", "lzma", "_lzma"}:  # they share no base but Exception
            raise
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, name) from e
    if sum(_cells_in(*m.groups()) for m in _MERGE.finditer(xml)) > _MERGED_MOST:
        raise ParserError(Problem.TOO_LARGE, f"{name}: merged cells")


def _cells_in(left: bytes, top: bytes, right: bytes, bottom: bytes) -> int:
    return (_column(right) - _column(left) + 1) * (int(bottom) - int(top) + 1)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# -- drawings


def _drawings_of(archive: zipfile.ZipFile, sheet: str) -> tuple[Area, ...]:
    areas: list[Area] = []
    folder, base = posixpath.split(sheet)
    for relation in _xml(archive, f"{folder}/_rels/{base}.rels") or ():
        kind, path = relation.get("Type", ""), _resolved(folder, relation.get("Target", ""))
        if kind.endswith("/drawing"):
            areas += _anchored(_xml(archive, path))
        elif kind.endswith("/vmlDrawing"):
            areas += _vml(archive, path)
    return tuple(areas)


def _xml(archive: zipfile.ZipFile, name: str) -> Element | None:
    """The parsed part; None when it is missing or no XML (a drawing we cannot read is none to rely on)."""
    try:
        parsed: Element = fromstring(archive.read(name))
    except (KeyError, ParseError, DefusedXmlException, zipfile.BadZipFile, ValueError):
        return None
    return parsed


def _local(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _anchored(root: Element | None) -> list[Area]:
    """Areas of a DrawingML part (ECMA-376 part 1, 20.5.2); rows and columns there count from 0."""
    areas = []
    for anchor in root if root is not None else ():
        corners = [_corner(e) for e in anchor if _local(e) in ("from", "to")]
        if len(corners) == 2:
            (row, col, _, _), (last_row, last_col, row_offset, col_offset) = corners
            # An offset of 0 ends at the border and covers nothing of the last cell.
            areas.append(Area(row + 1, col + 1, last_row + (row_offset > 0), last_col + (col_offset > 0)))
        elif len(corners) == 1:
            row, col, _, _ = corners[0]
            height, width = _extent(anchor)
            areas.append(Area(row + 1, col + 1, row + 1 + height, col + 1 + width))
    return areas


def _corner(element: Element) -> tuple[int, int, int, int]:
    values = {_local(e): int(e.text) for e in element if e.text and e.text.strip().lstrip("-").isdigit()}
    return values.get("row", 0), values.get("col", 0), values.get("rowOff", 0), values.get("colOff", 0)


_EMU_PER_ROW, _EMU_PER_COLUMN = 171_450, 609_600
"""Standard row (13.5 pt) and column (64 px): one-cell anchors give a size and no end."""


def _extent(anchor: Element) -> tuple[int, int]:
    for element in anchor:
        if _local(element) == "ext":
            cx, cy = element.get("cx", "0"), element.get("cy", "0")
            if cx.isdigit() and cy.isdigit():
                return int(cy) // _EMU_PER_ROW, int(cx) // _EMU_PER_COLUMN
    return 0, 0


def _vml(archive: zipfile.ZipFile, name: str) -> list[Area]:
    """Old-style form controls (check boxes); comments live there too and are no drawings."""
    areas = []
    root = _xml(archive, name)
    for element in root.iter() if root is not None else ():
        if _local(element) != "ClientData" or element.get("ObjectType") == _VML_NOTE:
            continue
        anchor = next((e.text or "" for e in element if _local(e) == "Anchor"), "")
        numbers = [int(n) for n in re.findall(r"-?\d+", anchor)]
        if len(numbers) == 8:
            areas.append(Area(numbers[2] + 1, numbers[0] + 1, numbers[6] + 1, numbers[4] + 1))
    return areas
