"""The page straightened by a first guess, and sums over it: the ground on which marks and borders are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from parsers.fax.align import inverse, project
from parsers.fax.page import Gray, Matrix, cut

VIEW_PER_MM: Final = 5.0
_AROUND_MM: Final = 6.0
"""How much of the picture around the page is looked at."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The page at `VIEW_PER_MM`, straightened by `warp`. Positions in it are called seen: mm, origin as on the form."""

    gray: Gray
    """0 = ink, 255 = paper."""
    sums: npt.NDArray[np.int32]
    """Integral of `gray`, one row and column larger."""
    warp: Matrix
    picture_px: tuple[int, int]
    """Width and height of the picture."""

    def seen(self, warp: Matrix, form_mm: Matrix) -> Matrix:
        """Where a better warp puts points of the form in this view: (n, 2) mm."""
        return project(inverse(self.warp) @ warp, form_mm)

    def pixels(self, seen_mm: Matrix) -> Matrix:
        """Points of this view in the picture: (n, 2) pixels."""
        return project(self.warp, seen_mm)

    def mean_ink(self, left: Counts, top: Counts, right: Counts, bottom: Counts) -> Matrix:
        """Mean ink (0 to 1) of windows given in pixels of the view, cut off at its edge; empty ones have none."""
        tall, wide = self.sums.shape
        x0, x1 = _within(left, wide - 1), _within(right, wide - 1)
        y0, y1 = _within(top, tall - 1) * wide, _within(bottom, tall - 1) * wide
        sums = self.sums.reshape(-1)
        light = sums[y1 + x1] - sums[y0 + x1] - sums[y1 + x0] + sums[y0 + x0]
        area = np.maximum((x1 - x0) * ((y1 - y0) // wide), 1)
        return np.asarray(np.where((x1 > x0) & (y1 > y0), 1.0 - light / (area * 255.0), 0.0))

    def inside(self, seen_mm: Matrix, slack_mm: float = 0.0) -> npt.NDArray[np.bool_]:
        """Which points lie inside the picture, not nearer than `slack_mm` to its edge."""
        low = self.pixels(seen_mm - slack_mm)
        high = self.pixels(seen_mm + slack_mm)
        both = np.stack([low, high])
        wide, tall = self.picture_px
        return np.asarray(
            (both[..., 0] >= 0).all(0)
            & (both[..., 0] <= wide).all(0)
            & (both[..., 1] >= 0).all(0)
            & (both[..., 1] <= tall).all(0)
        )


def view_of(gray: Gray, warp: Matrix, size_mm: tuple[float, float]) -> View:
    """Straighten the picture by `warp`."""
    wide, tall = size_mm
    area = (-_AROUND_MM, -_AROUND_MM, wide + 2 * _AROUND_MM, tall + 2 * _AROUND_MM)
    straight = cut(gray, warp, area, (0.0, 0.0), VIEW_PER_MM, quick=True)
    sums = np.asarray(cv2.integral(straight), dtype=np.int32)
    return View(straight, sums, warp, (gray.shape[1], gray.shape[0]))


def _within(px: Counts, most: int) -> Counts:
    return np.minimum(np.maximum(px, 0), most)


def to_view(mm: Matrix) -> Matrix:
    """Positions in mm as continuous pixels of the view."""
    return np.asarray((mm + _AROUND_MM) * VIEW_PER_MM)


def from_view(px: Matrix) -> Matrix:
    """Inverse of `to_view`."""
    return np.asarray(px / VIEW_PER_MM - _AROUND_MM)
