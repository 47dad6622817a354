"""Streaks along the page: a dirty or dead element of a scanner draws a line through every row, or erases one.

A black streak can turn 0 into 8 and nothing into 1, a white one 8 into 3. The form keeps a strip free above and below
the boxes of each row, and prints rules across: a dark spot in both strips at one place, or a gap in all rules and
borders at one place, is a streak. Judged row by row, so that a slanting one is found as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from parsers.fax.page import Matrix
from parsers.fax.placing import Placed
from parsers.fax.view import VIEW_PER_MM, View, to_view
from parsers.findings import Box

_STRIPS_MM: Final = ((0.6, 1.4), (11.6, 12.4))
"""Free strips of a row, from its top: between rule and box, and between box and rule."""
_DARK: Final = 0.62
_SLANT_PX: Final = 3
"""How far a streak may wander between the two strips of a row: 2 degrees over 11 mm."""
_MARGIN_MM: Final = 0.6
_BORDER_MM: Final = 0.9
"""Printed upright rules of the table are not streaks."""


@dataclass(frozen=True, slots=True)
class Streak:
    """A streak within one lane."""

    lane: int
    box: Box
    """On the form."""
    black: bool

    def crosses(self, left_mm: float, right_mm: float) -> bool:
        """Whether it touches what lies between two x."""
        x, _, w, _ = self.box
        return x <= right_mm + _MARGIN_MM and x + w >= left_mm - _MARGIN_MM


def find_streaks(placed: Placed) -> tuple[Streak, ...]:
    """Streaks through the boxes of the page, lane by lane (rows only: their lanes count from 1)."""
    return tuple(streak for lane in range(1, placed.rows + 1) for streak in _in_row(placed, lane))


def _in_row(placed: Placed, lane: int) -> Iterator[Streak]:
    boxes = placed.lanes[lane].boxes
    top = float(boxes[0, 1]) - 2.0
    left, right = float(boxes[:, 0].min()) - 2.0, float((boxes[:, 0] + boxes[:, 2]).max()) + 2.0
    offset = np.median(placed.offsets[placed.lane_of == lane], axis=0)
    dark = _both([_dark_strip(placed, (left, right), top + s[0], top + s[1], offset) for s in _STRIPS_MM])
    for start, end in _runs(dark):
        box = (left + start / VIEW_PER_MM, top, (end - start) / VIEW_PER_MM, 13.0)
        yield Streak(lane, box, black=True)
    gone = _both([_gone(placed, (left, right), top + y, offset) for y in (0.0, 13.0)])
    for start, end in _runs(gone):
        box = (left + start / VIEW_PER_MM, top, (end - start) / VIEW_PER_MM, 13.0)
        if _cuts_boxes(placed, lane, box):
            yield Streak(lane, box, black=False)


def _strip(view: View, corners_seen: Matrix, height_px: int, width_px: int) -> npt.NDArray[np.uint8]:
    """A strip of the view between two heights, straightened: it may slant with what is left of the skew."""
    a, b = to_view(corners_seen)
    slope = (b - a) / max(width_px, 1)
    matrix = np.array([[slope[0], -slope[1], a[0]], [slope[1], slope[0], a[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(view.ink, matrix, (width_px, height_px), flags=flags), dtype=np.uint8)


def _dark_strip(
    placed: Placed, span_mm: tuple[float, float], top_mm: float, bottom_mm: float, offset: Matrix
) -> npt.NDArray[np.bool_]:
    """Where a strip between two heights of the form is dark from top to bottom."""
    ends = np.array([[span_mm[0], top_mm], [span_mm[1], top_mm]]) + offset
    seen = placed.view.seen(placed.warp, ends)
    tall = max(2, round((bottom_mm - top_mm) * VIEW_PER_MM))
    wide = round((span_mm[1] - span_mm[0]) * VIEW_PER_MM)
    return np.asarray(_strip(placed.view, seen, tall, wide).mean(axis=0) > _DARK * 255)


def _gone(placed: Placed, span_mm: tuple[float, float], y_mm: float, offset: Matrix) -> npt.NDArray[np.bool_]:
    """Where a printed level rule is interrupted."""
    ends = np.array([[span_mm[0], y_mm - 0.5], [span_mm[1], y_mm - 0.5]]) + offset
    seen = placed.view.seen(placed.warp, ends)
    wide = round((span_mm[1] - span_mm[0]) * VIEW_PER_MM)
    return np.asarray(_strip(placed.view, seen, round(VIEW_PER_MM), wide).max(axis=0) < 90)


def _both(rows: list[npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    """Where both are true, give or take the slant."""
    kernel = np.ones(2 * _SLANT_PX + 1, dtype=np.uint8)
    wide = [np.convolve(row, kernel, mode="same") > 0 for row in rows]
    return np.asarray((rows[0] & wide[1]) | (rows[1] & wide[0]))


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _cuts_boxes(placed: Placed, lane: int, box: Box) -> bool:
    """Whether borders of a box there are interrupted too, above and below: a rule alone may just be worn."""
    own = (placed.lane_of == lane) & (placed.boxes[:, 0] <= box[0] + box[2])
    own &= placed.boxes[:, 0] + placed.boxes[:, 2] >= box[0]
    return bool(np.any(placed.broken[own, 1] > 0))
