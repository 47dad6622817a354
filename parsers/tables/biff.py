"""The records of an xls (MS-XLS) that tell what xlrd does not: passwords, formulas, and where shapes lie."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.tables.grid import Area

_BOF = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_EOF, _FILEPASS, _BOUNDSHEET = 0x000A, 0x002F, 0x0085
_FORMULA = frozenset({0x0006, 0x0206, 0x0406})
_MERGED, _DRAWING, _OBJECT = 0x00E5, 0x00EC, 0x005D
_WORKSHEET = 0
_CLIENT_ANCHOR = b"\x00\x00\x10\xf0\x12\x00\x00\x00"
"""Header of an OfficeArtClientAnchorSheet (MS-XLS §2.5.193), 18 bytes long."""
_COMMON_OBJECT = b"\x15\x00\x12\x00"
"""How an object of Excel 97 begins (MS-XLS §2.5.143)."""
_NO_SHAPES = frozenset({0x14, 0x19})
"""Types of objects that cover nothing: arrows of filters and lists, and comments (MS-XLS §2.5.143)."""


@dataclass(slots=True)
class SheetRecords:
    """What is known of one worksheet; rows and columns count from 1."""

    formulas: set[tuple[int, int]] = field(default_factory=set)
    drawings: list[Area] = field(default_factory=list)
    merges: list[Area] = field(default_factory=list)


def worksheets(stream: bytes) -> list[SheetRecords]:
    """One entry for every worksheet of the workbook stream, in its order; damage ends the walk early.

    Raises:
        ParserError: ENCRYPTED_ATTACHMENT, whatever the password is (write-protected ones have a known one).
    """
    places: list[int] = []
    for kind, data in _records(stream, 0):
        if kind == _FILEPASS:
            raise ParserError(Problem.ENCRYPTED_ATTACHMENT, "xls")
        if kind == _BOUNDSHEET and len(data) >= 6 and data[5] == _WORKSHEET:
            places.append(struct.unpack_from("<I", data)[0])
    return [_sheet(stream, place) for place in places]


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Records of the substream that begins at `at`; charts inside of a sheet are substreams of their own, left out."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += (kind in _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _sheet(stream: bytes, place: int) -> SheetRecords:
    found = SheetRecords()
    anchor: Area | None = None
    for kind, data in _records(stream, place):
        if kind in _FORMULA and len(data) >= 4:
            row, col = struct.unpack_from("<HH", data)
            found.formulas.add((row + 1, col + 1))
        elif kind == _MERGED:
            found.merges += _merges(data)
        elif kind == _DRAWING:
            anchor = _anchor(data) or anchor
        elif kind == _OBJECT:
            anchor = anchor if data.startswith(_COMMON_OBJECT) else _old_anchor(data)
            if anchor and struct.unpack_from("<H", data, 4)[0] not in _NO_SHAPES:
                found.drawings.append(anchor)
            anchor = None
    return found


def _merges(data: bytes) -> Iterator[Area]:
    for at in range(2, len(data) - 7, 8):
        top, bottom, left, right = struct.unpack_from("<4H", data, at)
        if top <= bottom and left <= right:
            yield Area(top + 1, left + 1, bottom + 1, right + 1)


def _anchor(data: bytes) -> Area | None:
    at = data.find(_CLIENT_ANCHOR)
    return _area(data, at + 10) if at >= 0 else None


def _old_anchor(data: bytes) -> Area | None:
    """Excel 5, and writers that never learnt better, put the place into the object itself."""
    return _area(data, 10)


def _area(data: bytes, at: int) -> Area | None:
    if at + 16 > len(data):
        return None
    left, _, top, _, right, right_offset, bottom, bottom_offset = struct.unpack_from("<8H", data, at)
    # An offset of 0 ends at the border and covers nothing of the last cell.
    return Area(top + 1, left + 1, bottom + (bottom_offset > 0), right + (right_offset > 0))
