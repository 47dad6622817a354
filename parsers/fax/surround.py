"""Writing where none belongs: between the boxes, above and below them, in the margins of a row.

The form leaves gaps of 2 mm between boxes; what reaches into their middle was not written into a box. Printed signs
(年, 月, 日, 令和, the row tag) stand outside the places looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from parsers.fax.cells import CROP_PX_PER_MM, Strip
from parsers.fax.geometry import DatePlace
from parsers.fax.page import FittedPage, Gray
from parsers.findings import Box

_PX_PER_MM = CROP_PX_PER_MM
_CLEAR_MM = 0.5
"""From a printed line to where paper must be white."""
_SIGN_FREE_MM = 4.0
"""年, 月 and 日 stand in the lower part of the wider gaps."""
_SPECK_MM2 = 0.08
_GAP_INK_MM2 = 0.4
_BAND_MM = 0.75
_STROKE_MM = (0.2, 3.0)
"""How thick a stroke may be where it runs through a band, steep or slanting."""
_STREAK_MM = 1.8
"""Width of a streak with its slant over the height of a cell."""
_RIM_MM = 0.5
"""How far a frame may reach into the place it encloses."""
_MARK_MM = 1.0
"""Shorter than this is no stroke."""
_ROOM_MM = 1.9
"""Between a box and the rule of the table: less leaves no paper to look at."""
_HAND_TALL_MM = 4.2
_HAND_INK_MM2 = 1.5


def crosses_boxes(page: FittedPage, strip: Strip, place: DatePlace) -> bool:
    """Whether something is written between, above or below the six boxes of a date; streaks are no writing."""
    if any(_ink_mm2(strip.part(gap)) > _GAP_INK_MM2 for gap in _gaps(place.digits) if not _streaked(page, gap)):
        return True
    return any(_runs_through(strip.part(band)) for band in _above_and_below(place))


def _streaked(page: FittedPage, gap: Box) -> bool:
    """Whether a streak of the machine runs through a place; boxes it crosses say so themselves."""
    x, y, w, h = gap
    return any(
        s[0] <= x + w + _CLEAR_MM and s[0] + s[2] >= x - _CLEAR_MM and s[1] <= y + h and s[1] + s[3] >= y
        for s in page.streaks_mm
    )


def _ink_mm2(pixels: Gray) -> float:
    """Area of the pieces of ink, specks left out."""
    if pixels.min(initial=255) >= 128:
        return 0.0
    stats = _pieces(pixels)
    return sum(float(s[4]) for s in stats if s[4] > _SPECK_MM2 * _PX_PER_MM**2) / _PX_PER_MM**2


def _runs_through(band: Gray) -> bool:
    """Whether a stroke leads from one long side of a band to the other; a printed line that swelled does not."""
    if band.min(initial=255) >= 128:
        return False
    tall = band.shape[0]
    thick = [float(s[4]) / tall for s in _pieces(band) if s[3] == tall]
    # What is as long as several boxes is a rule or a frame that ran over the whole band: no stroke of a pen.
    return any(_STROKE_MM[0] * _PX_PER_MM <= t <= _STROKE_MM[1] * _PX_PER_MM for t in thick)


def _gaps(digits: Sequence[Box]) -> Iterator[Box]:
    """The paper between neighbouring boxes, in wide gaps above the printed sign."""
    for left, right in pairwise(digits):
        start, end = left[0] + left[2] + _CLEAR_MM, right[0] - _CLEAR_MM
        tall = left[3] if end - start < 2.0 else _SIGN_FREE_MM
        yield start, left[1], end - start, tall


def _above_and_below(place: DatePlace) -> Iterator[Box]:
    """The paper above and below the boxes, where the cell of the table leaves some."""
    first, last = place.digits[0], place.digits[-1]
    wide, bottom = last[0] + last[2] - first[0], first[1] + first[3]
    _, top, _, tall = place.box
    if first[1] - top >= _ROOM_MM:
        yield first[0], first[1] - _CLEAR_MM - _BAND_MM, wide, _BAND_MM
    if top + tall - bottom >= _ROOM_MM:
        yield first[0], bottom + _CLEAR_MM, wide, _BAND_MM


def handwriting(page: FittedPage, box: Box) -> bool:
    """Whether a place that may hold small print has something as tall as handwriting, or a stamp, in it."""
    inset = 0.9
    x, y, w, h = box
    pixels = page.cell((x + inset, y + inset, w - 2 * inset, h - 2 * inset), 0.0, _PX_PER_MM).pixels
    tall = _HAND_TALL_MM * _PX_PER_MM
    return any(max(s[3], s[2] / 2) >= tall and s[4] >= _HAND_INK_MM2 * _PX_PER_MM**2 / 2 for s in _written(pixels))


def writing_below(page: FittedPage) -> bool:
    """Whether something as tall as handwriting stands under the last row: a trainee added by hand.

    The printed （以下余白） is smaller; streaks of the machine are left out.
    """
    rows = page.geometry.rows
    if page.rows >= len(rows) or page.rows == 0:
        return False
    x, y, w, h = rows[page.rows - 1].box
    bottom = rows[-1].box[1] + rows[-1].box[3]
    edges = sorted({x, x + w, *(edge for s in page.streaks_mm for edge in (s[0] - 0.3, s[0] + s[2] + 0.3))})
    clear = [(a, b) for a, b in pairwise(edges) if not any(s[0] < (a + b) / 2 < s[0] + s[2] for s in page.streaks_mm)]
    return any(handwriting(page, (a, y + h, b - a, bottom - y - h)) for a, b in clear if b - a > 4.0)


def covered(page: FittedPage, box: Box, below_mm: float = 0.0) -> float:
    """Area of writing in mm² in a place from `below_mm` under its top edge, without what is left of its frame."""
    x, y, w, h = box
    inset = 0.6
    place = (x + inset, y + inset + below_mm, w - 2 * inset, h - 2 * inset - below_mm)
    pixels = page.cell(place, 0.0, _PX_PER_MM).pixels
    tall, wide = pixels.shape
    rim = _RIM_MM * _PX_PER_MM
    written = 0.0
    for left, top, w_px, h_px, area in _written(pixels):
        inside = left + w_px > rim and top + h_px > rim and left < wide - rim and top < tall - rim
        if inside and area > _SPECK_MM2 * _PX_PER_MM**2 and max(w_px, h_px) >= _MARK_MM * _PX_PER_MM:
            written += float(area)
    return written / _PX_PER_MM**2


def _written(pixels: Gray) -> npt.NDArray[np.int32]:
    """The pieces of ink as `_pieces`, without streaks of the machine: straight from the upper edge to the lower one."""
    pieces = _pieces(pixels)
    streak = (pieces[:, 3] == pixels.shape[0]) & (pieces[:, 2] <= _STREAK_MM * _PX_PER_MM)
    return np.asarray(pieces[~streak], dtype=np.int32)


def _pieces(pixels: Gray) -> npt.NDArray[np.int32]:
    """(n, 5): left, top, width, height and area in pixels of every piece of ink."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((pixels < 128).astype(np.uint8), connectivity=8)
    return np.asarray(stats[1:], dtype=np.int32)
