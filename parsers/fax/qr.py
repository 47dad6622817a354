"""Finding the page codes of a picture, and whatever other QR codes stand on it.

Only QR is looked for: other symbologies have been "found" in plain text, and read wrongly (capture.md §3.5, §4). Both
codes stand in opposite corners, so the corners are tried first, at several scales and with specks closed; the whole
picture only when that finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import zxingcpp

from parsers.codes import PAGE_SYMBOLS, BadCode, PageCode, parse_page_code
from parsers.fax.page import Gray, Matrix
from parsers.fax.picture import PerMm

_CORNER: Final = (0.36, 0.27)
"""Share of the picture, across and down, in which a code in a corner lies for sure."""
_SCALES_PER_MM: Final = (6.0, 8.0, 5.0, 4.0)
_WHOLE_PER_MM: Final = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class FoundCode:
    """A QR code somewhere in the picture."""

    text: str
    code: PageCode | None
    """None when it is none of ours."""
    corners: Matrix
    """(4, 2): top left, top right, bottom right, bottom left of the symbol as printed, in pixels of the picture."""

    @property
    def centre(self) -> Matrix:
        """(2,), in pixels."""
        return np.asarray(self.corners.mean(axis=0))


Window = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def find_codes(gray: Gray, per_mm: PerMm) -> list[FoundCode]:
    """Every QR code of the picture, each once; stops as soon as two page codes of ours are found."""
    found: list[FoundCode] = []
    for pair in _corner_pairs(gray.shape):
        for window in pair:
            _add(found, _persist(gray, window, per_mm))
        if _complete(found):
            return found
        if any(f.code is not None for f in found):
            break
    _add(found, _whole(gray, per_mm))
    return found


def every_code(gray: Gray, per_mm: PerMm) -> list[FoundCode]:
    """Every QR code anywhere in the picture, for one that shows more than a page: slower, at several scales."""
    found: list[FoundCode] = []
    for target in _SCALES_PER_MM[:3]:
        view, scale = _scaled(gray, per_mm, target)
        _add(found, [_placed(one, (0, 0), scale) for one in _read(view, bare=False)])
    return found


def search_at(gray: Gray, per_mm: PerMm, window: Window) -> list[FoundCode]:
    """Look once more, with everything, where a code must be. `window` may hang over the edge."""
    tall, wide = gray.shape
    left, top, right, bottom = max(0, window[0]), max(0, window[1]), min(wide, window[2]), min(tall, window[3])
    if right - left < 20 or bottom - top < 10:
        return []
    found: list[FoundCode] = []
    _add(found, _persist(gray, (left, top, right, bottom), per_mm))
    return found


def _corner_pairs(shape: tuple[int, ...]) -> tuple[tuple[Window, Window], ...]:
    """Opposite corners: upright or upside down first, then lying on a side."""
    tall, wide = shape
    w, h = round(wide * _CORNER[0]), round(tall * _CORNER[1])
    return (
        ((0, 0, w, h), (wide - w, tall - h, wide, tall)),
        ((wide - w, 0, wide, h), (0, tall - h, w, tall)),
    )


def _complete(found: list[FoundCode]) -> bool:
    ours = [f for f in found if f.code is not None]
    return len(ours) >= 2


def _add(found: list[FoundCode], more: list[FoundCode]) -> None:
    """Join, leaving out what was found before (the same text at the same place)."""
    for one in more:
        size = float(np.ptp(one.corners, axis=0).max())
        if not any(f.text == one.text and float(np.abs(f.centre - one.centre).max()) < size / 2 for f in found):
            found.append(one)


def _persist(gray: Gray, window: Window, per_mm: PerMm) -> list[FoundCode]:
    """Try one window in all ways, until a code of ours turns up."""
    best: list[FoundCode] = []
    left, top, right, bottom = window
    part = gray[top:bottom, left:right]
    for view, scale in _views(part, per_mm):
        found = [_placed(one, (left, top), scale) for one in _read(view, bare=True)]
        if any(f.code is not None for f in found):
            return found
        best = best or found
    return best


def _views(part: Gray, per_mm: PerMm) -> Iterator[tuple[Gray, tuple[float, float]]]:
    """The window at several scales, then with white specks closed, with black ones removed, and softened."""
    for target in _SCALES_PER_MM:
        yield _scaled(part, per_mm, target)
    large, scale = _scaled(part, per_mm, 8.0)
    kernel = np.ones((3, 3), dtype=np.uint8)
    yield np.asarray(cv2.erode(cv2.dilate(large, kernel), kernel), dtype=np.uint8), scale
    yield np.asarray(cv2.dilate(cv2.erode(large, kernel), kernel), dtype=np.uint8), scale
    for sigma in (1.5, 2.2):
        soft = cv2.GaussianBlur(large, (0, 0), sigma)
        yield np.asarray(np.where(soft < 128, 0, 255), dtype=np.uint8), scale
    for shift in (-40, 40):  # over-inked finders fail by one pixel (zxing-cpp#49): thinner, then bolder
        soft = cv2.GaussianBlur(large, (0, 0), 1.2)
        yield np.asarray(np.where(soft < 128 + shift, 0, 255), dtype=np.uint8), scale


def _scaled(part: Gray, per_mm: PerMm, target: float) -> tuple[Gray, tuple[float, float]]:
    """`part` with square pixels, `target` of them a mm; and by how much each axis was stretched."""
    size = max(8, round(part.shape[1] * target / per_mm[0])), max(8, round(part.shape[0] * target / per_mm[1]))
    view = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return np.asarray(view, dtype=np.uint8), (size[0] / part.shape[1], size[1] / part.shape[0])


def _whole(gray: Gray, per_mm: PerMm) -> list[FoundCode]:
    """The whole picture at the usual scale, and once more softened."""
    found: list[FoundCode] = []
    view, scale = _scaled(gray, per_mm, _WHOLE_PER_MM)
    _add(found, [_placed(one, (0, 0), scale) for one in _read(view, bare=False)])
    if not any(f.code is not None for f in found):
        soft = np.asarray(cv2.GaussianBlur(view, (0, 0), 1.2), dtype=np.uint8)
        _add(found, [_placed(one, (0, 0), scale) for one in _read(soft, bare=False)])
    return found


def _read(view: Gray, *, bare: bool) -> list[zxingcpp.Barcode]:
    """QR codes of a view; `bare` = one that is at the right scale already, without the detours that takes."""
    return zxingcpp.read_barcodes(
        view,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        try_rotate=not bare,
        try_downscale=not bare,
        try_invert=False,
    )


def _placed(barcode: zxingcpp.Barcode, at: tuple[int, int], scale: tuple[float, float]) -> FoundCode:
    position = barcode.position
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    corners = np.array([[p.x / scale[0] + at[0], p.y / scale[1] + at[1]] for p in points], dtype=np.float64)
    return FoundCode(barcode.text, page_code_of(barcode.text), corners)


def page_code_of(text: str) -> PageCode | None:
    """The page code a QR text holds; None when it is none of ours, or misread."""
    try:
        return parse_page_code(text)
    except BadCode:
        return None


def looks_like_ours(text: str) -> bool:
    """Whether a QR text has the shape of a page code, valid or not."""
    return len(text) == PAGE_SYMBOLS and text.isalnum() and text.isascii() and text == text.upper()
