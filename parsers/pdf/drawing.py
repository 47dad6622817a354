"""What is drawn on a page beside text: straight lines, other ink, pictures. User space, points."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import pypdfium2 as pdfium
from pypdfium2 import raw

from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.pdf.view import IDENTITY, Corners, Matrix, apply, through

_OBJECTS_MOST = 40_000
_DEPTH_MOST = 8
_THIN_PT = 2.2
"""A filled rectangle up to this thick is a line (0.78 mm; the modules of our QR are 1 mm)."""
_SHORT_PT = 4.0
_STRAIGHT_PT = 0.9
"""A stroke this close to level or plumb counts as such."""
_MITRE_PT = 3.0
_FRAME_PT = (10.0, 45.0)
"""Shortest and longest side of a frame (3.5 to 16 mm)."""

_Point: TypeAlias = tuple[float, float]
_Piece: TypeAlias = list[_Point]


@dataclass(slots=True)
class Drawing:
    """Collected while walking the page's objects."""

    lines: list[Corners] = field(default_factory=list)
    """Start and end of horizontal and vertical strokes: x0, y0, x1, y1."""
    ink: list[Corners] = field(default_factory=list)
    """Bounds of curves and slanted strokes."""
    pictures: list[Corners] = field(default_factory=list)
    frames: list[Corners] = field(default_factory=list)
    """Bounds of small rectangles: boxes for digits and ticks."""


def drawing_of(page: pdfium.PdfPage) -> Drawing:
    """Walk all objects, forms included. Raises ParserError when there are absurdly many."""
    found = Drawing()
    for kind, pointer, matrix in _objects(page):
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            found.pictures.append(_bounds([apply(matrix, x, y) for x, y in ((0, 0), (1, 0), (0, 1), (1, 1))]))
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            _add_path(found, pointer, matrix)
    return found


def _objects(page: pdfium.PdfPage) -> Iterator[tuple[int, Any, Matrix]]:
    seen = 0

    def walk(count: int, get: Callable[..., Any], outer: Matrix, depth: int) -> Iterator[tuple[int, Any, Matrix]]:
        nonlocal seen
        for index in range(count):
            seen += 1
            if seen > _OBJECTS_MOST:
                raise ParserError(Problem.TOO_LARGE, "objects on a page")
            pointer = get(index)
            matrix = through(_matrix_of(pointer), outer)
            kind = raw.FPDFPageObj_GetType(pointer)
            if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEPTH_MOST:
                inner = raw.FPDFFormObj_CountObjects(pointer)
                yield from walk(inner, partial(raw.FPDFFormObj_GetObject, pointer), matrix, depth + 1)
            else:
                yield kind, pointer, matrix

    yield from walk(raw.FPDFPage_CountObjects(page), partial(raw.FPDFPage_GetObject, page), IDENTITY, 0)


def _matrix_of(pointer: Any) -> Matrix:
    m = raw.FS_MATRIX()
    return (m.a, m.b, m.c, m.d, m.e, m.f) if raw.FPDFPageObj_GetMatrix(pointer, m) else IDENTITY


def _add_path(found: Drawing, pointer: Any, matrix: Matrix) -> None:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(pointer, fill, stroke):
        return
    stroked = bool(stroke.value) and _visible(pointer, raw.FPDFPageObj_GetStrokeColor)
    filled = bool(fill.value) and _visible(pointer, raw.FPDFPageObj_GetFillColor)
    if not (stroked or filled):
        return
    subpaths = list(_subpaths(pointer, matrix))
    _add_frame(found, subpaths)
    for pieces in subpaths:
        if stroked:
            _add_strokes(found, pieces)
        else:
            _add_filled(found, pieces)


def _add_frame(found: Drawing, subpaths: list[list[_Piece]]) -> None:
    if not 1 <= len(subpaths) <= 2 or not all(_is_straight(p) for pieces in subpaths for p in pieces):
        return
    left, low, far, high = _bounds([point for pieces in subpaths for piece in pieces for point in piece])
    if _FRAME_PT[0] <= far - left <= _FRAME_PT[1] and _FRAME_PT[0] <= high - low <= _FRAME_PT[1]:
        found.frames.append((left, low, far, high))


def _visible(pointer: Any, ask: Callable[..., Any]) -> bool:
    """Neither white nor transparent."""
    parts = [ctypes.c_uint() for _ in range(4)]
    if not ask(pointer, *parts):
        return True
    red, green, blue, alpha = (p.value for p in parts)
    return alpha > 0 and min(red, green, blue) < 250


def _subpaths(pointer: Any, matrix: Matrix) -> Iterator[list[_Piece]]:
    """The pieces of each subpath, closing line included: two points for a line, four for a Bézier curve."""
    pieces: list[_Piece] = []
    start = last = (0.0, 0.0)
    bend: list[_Point] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(raw.FPDFPath_CountSegments(pointer)):
        segment = raw.FPDFPath_GetPathSegment(pointer, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = apply(matrix, x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if pieces:
                yield pieces
            pieces, start, bend = [], point, []
        elif kind == raw.FPDF_SEGMENT_BEZIERTO and len(bend) < 2:
            bend.append(point)
            continue
        else:
            pieces.append([last, *bend, point])
            bend = []
        last = point
        if raw.FPDFPathSegment_GetClose(segment):
            pieces.append([point, start])
            last = start
    if pieces:
        yield pieces


def _is_straight(piece: _Piece) -> bool:
    """Level or plumb; a Bézier curve that does not bend counts, and so does the mitre of a frame's corner."""
    left, low, far, high = _bounds(piece)
    return min(far - left, high - low) <= _STRAIGHT_PT or max(far - left, high - low) <= _MITRE_PT


def _add_strokes(found: Drawing, pieces: list[_Piece]) -> None:
    for piece in pieces:
        left, low, far, high = _bounds(piece)
        if max(far - left, high - low) < _SHORT_PT:
            continue
        if _is_straight(piece):
            found.lines.append((*piece[0], *piece[-1]))
        else:
            found.ink.append((left, low, far, high))


def _add_filled(found: Drawing, pieces: list[_Piece]) -> None:
    left, low, far, high = _bounds([point for piece in pieces for point in piece])
    wide, tall = far - left, high - low
    if tall <= _THIN_PT and wide >= _SHORT_PT:
        found.lines.append((left, (low + high) / 2, far, (low + high) / 2))
    elif wide <= _THIN_PT and tall >= _SHORT_PT:
        found.lines.append(((left + far) / 2, low, (left + far) / 2, high))
    elif not all(_is_straight(piece) for piece in pieces):
        found.ink.append((left, low, far, high))


def _bounds(points: list[_Point]) -> Corners:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)
