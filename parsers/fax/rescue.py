"""A second chance for page codes no decoder finds: sampled where the corner squares say they must be.

Over-inked modules and scan lines lost within a code defeat a decoder that has to find the symbol by itself. Here its
place is known, both copies carry the same modules and may be averaged, and lost lines are tried at every height. What
comes out must still satisfy the symbol's error correction and the check symbols of the page code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

from parsers.fax.align import affine, corners_of, homography, project
from parsers.fax.geometry import FormGeometry
from parsers.fax.page import Gray, Matrix, cut
from parsers.fax.picture import Picture
from parsers.fax.qr import FoundCode, page_code_of
from parsers.fax.squares import Corners, find_corners

_MODULES: Final = 25
_PER_MODULE: Final = 8
_ALIGNMENT: Final = 16
"""First row and column of the alignment pattern."""
_AROUND_MM: Final = 2.6
"""Room around the code that is cut out; the quiet zone is 3 mm at least."""
_LEVELS: Final = (0.5, 0.62, 0.74, 0.84)
"""Share of ink above which a module is dark: ink spreads, never shrinks as much."""
_SPLITS: Final = (0, 3, 6, 9, 12, 15, 18, 21)
"""Module rows at which scan lines may be missing; 0 = none are."""

Ink = npt.NDArray[np.float64]
Modules = npt.NDArray[np.bool_]


def _patterns() -> tuple[Modules, Modules]:
    """Finders with their separators, timing lines and the alignment pattern of version 2: where, and which are dark."""
    known, dark = np.zeros((_MODULES, _MODULES), dtype=bool), np.zeros((_MODULES, _MODULES), dtype=bool)
    timing = np.arange(_MODULES) % 2 == 0
    for lines in (known, known.T):
        lines[6] = True
    dark[6], dark[:, 6] = timing, timing
    for y, x in ((0, 0), (0, _MODULES - 7), (_MODULES - 7, 0)):
        known[max(0, y - 1) : y + 8, max(0, x - 1) : x + 8] = True
        dark[max(0, y - 1) : y + 8, max(0, x - 1) : x + 8] = False
        _rings(dark, y, x, 7)
    known[_ALIGNMENT : _ALIGNMENT + 5, _ALIGNMENT : _ALIGNMENT + 5] = True
    _rings(dark, _ALIGNMENT, _ALIGNMENT, 5)
    return known, dark


def _rings(dark: Modules, y: int, x: int, side: int) -> None:
    """A dark square ring, a light one within, and what is inside that dark."""
    dark[y : y + side, x : x + side] = True
    dark[y + 1 : y + side - 1, x + 1 : x + side - 1] = False
    dark[y + 2 : y + side - 2, x + 2 : x + side - 2] = True


_PATTERNS: Final = _patterns()


def rescued_codes(picture: Picture, geometry: FormGeometry) -> list[FoundCode]:
    """Both codes of a form whose corner squares are there, if either can be read at all; empty otherwise."""
    corners = find_corners(picture, geometry)
    if corners is None:
        return []
    warp = _warp(corners, geometry)
    parts = [p for box in geometry.codes if (p := _symbol(picture.gray, warp, box)) is not None]
    text = next(_texts([pixels for pixels, _ in parts]), None) if parts else None
    if text is None:
        return []
    return [FoundCode(text, page_code_of(text), project(warp, corners_of(box))) for _, box in parts]


def _warp(corners: Corners, geometry: FormGeometry) -> Matrix:
    marks = np.array([[x + w / 2, y + h / 2] for x, y, w, h in geometry.marks])[list(corners.indices)]
    weights = np.ones(len(marks))
    if len(marks) < 4:
        return affine(marks, corners.pixels, weights)
    return homography(marks, corners.pixels, weights)


def _symbol(
    gray: Gray, warp: Matrix, box: tuple[float, float, float, float]
) -> tuple[Gray, tuple[float, float, float, float]] | None:
    """The symbol cut to its own edges, and where these lie on the form; None when nothing like one is there."""
    x, y, w, h = box
    area = (x - _AROUND_MM, y - _AROUND_MM, w + 2 * _AROUND_MM, h + 2 * _AROUND_MM)
    part = cut(gray, warp, area, (0.0, 0.0), float(_PER_MODULE))
    dark = part < 128
    columns, rows = _extent(dark.mean(axis=0)), _extent(dark.mean(axis=1))
    if columns is None or rows is None:
        return None
    left, right, top, bottom = *columns, *rows
    if min(right - left, bottom - top) < 0.75 * w * _PER_MODULE:
        return None
    own = (area[0] + left / _PER_MODULE, area[1] + top / _PER_MODULE)
    size = ((right - left) / _PER_MODULE, (bottom - top) / _PER_MODULE)
    return np.ascontiguousarray(part[top:bottom, left:right]), (*own, *size)


def _extent(share: npt.NDArray[np.floating]) -> tuple[int, int] | None:
    """First and last line that belongs to the symbol: finder patterns make at least a fifth of it dark."""
    inked = np.flatnonzero(share > 0.16)
    return (int(inked[0]), int(inked[-1]) + 1) if len(inked) else None


def _texts(symbols: list[Gray]) -> Iterator[str]:
    """Page codes read from either symbol, or from both laid over one another."""
    for split in _SPLITS:
        sampled = [_modules(symbol, split) for symbol in symbols]
        if len(sampled) > 1:
            sampled.insert(0, np.asarray(np.mean(sampled, axis=0)))
        for ink in sampled:
            for level in _LEVELS:
                yield from _decoded(ink > level)


def _modules(symbol: Gray, split: int) -> Ink:
    """(25, 25): share of ink in the middle of each module; lines are missing above module row `split`."""
    tall, wide = symbol.shape
    pitch = wide / _MODULES
    size = _MODULES * _PER_MODULE, _MODULES * _PER_MODULE
    if split == 0:
        even = np.asarray(cv2.resize(symbol, size, interpolation=cv2.INTER_AREA))
    else:
        upper = np.arange(split * _PER_MODULE) + 0.5
        lower = np.arange(split * _PER_MODULE, size[1]) + 0.5
        y = np.concatenate([upper, lower - size[1]]) * pitch / _PER_MODULE
        y[len(upper) :] += tall
        x = (np.arange(size[0]) + 0.5) * pitch / _PER_MODULE
        grid = np.meshgrid(x - 0.5, y - 0.5)
        even = cv2.remap(symbol, grid[0].astype(np.float32), grid[1].astype(np.float32), cv2.INTER_LINEAR)
    cells = np.asarray(even).reshape(_MODULES, _PER_MODULE, _MODULES, _PER_MODULE)[:, 2:6, :, 2:6]
    return np.asarray(1.0 - cells.mean(axis=(1, 3)) / 255.0)


def _decoded(dark: npt.NDArray[np.bool_]) -> Iterator[str]:
    """Texts of ours in a symbol drawn anew from its modules; what every symbol has in the same place is known."""
    known, value = _PATTERNS
    clean = np.pad(np.where(np.where(known, value, dark), 0, 255).astype(np.uint8), 4, constant_values=255)
    large = np.kron(clean, np.ones((4, 4), dtype=np.uint8))
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    for found in zxingcpp.read_barcodes(large, formats=formats, is_pure=True, try_invert=False):
        if page_code_of(found.text) is not None:
            yield found.text
