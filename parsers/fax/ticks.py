"""Boxes to tick: empty, ticked, or something a person must look at."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import cv2
import numpy as np

from parsers.fax.page import FittedPage
from parsers.findings import Box

_PX_PER_MM = 8.0
_INSET_MM = 0.65
_LEAST_MM2 = 0.6
_LEAST_MM = 1.6
_SPECK_MM2, _SPECK_MM = 0.15, 0.8
"""Not even a dot somebody made."""
_STREAK_MM = 0.35
"""How far beside its place a streak may show."""
_FULL = 0.75
"""Share of the inside that is black when a tick was blotted out, or the box filled in."""


class Tick(Enum):
    """What a box to tick holds."""

    EMPTY = "empty"
    TICKED = "ticked"
    DOUBTFUL = "doubtful"


def tick_of(page: FittedPage, box: Box) -> Tick:
    """Look into a box of 5 by 5 mm; one that cannot be trusted (streak, lost lines) is doubtful unless it is empty."""
    crop = page.cell(box, 0.0, _PX_PER_MM)
    inset = round(_INSET_MM * _PX_PER_MM)
    ink = (crop.pixels < 128).astype(np.uint8)
    for left, right in _streaks(page, box):
        ink[:, left:right] = 0
    inner = ink[inset:-inset, inset:-inset]
    _, _, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    pieces = [s for s in stats[1:] if s[4] > _SPECK_MM2 * _PX_PER_MM**2 and max(s[2], s[3]) > _SPECK_MM * _PX_PER_MM]
    if not pieces:
        return Tick.EMPTY if not crop.quality.outside else Tick.DOUBTFUL
    area = sum(float(s[4]) for s in pieces) / _PX_PER_MM**2
    long = max(max(s[2], s[3]) for s in pieces) / _PX_PER_MM
    clear = area >= _LEAST_MM2 and long >= _LEAST_MM and inner.mean() < _FULL
    return Tick.TICKED if clear and crop.quality.sound else Tick.DOUBTFUL


def _streaks(page: FittedPage, box: Box) -> Iterator[tuple[int, int]]:
    """Columns of the crop that a streak of the machine may have drawn."""
    x, y, w, h = box
    for left, top, wide, tall in page.streaks_mm:
        if left < x + w and left + wide > x and top < y + h and top + tall > y:
            columns = ((edge - x) * _PX_PER_MM for edge in (left - _STREAK_MM, left + wide + _STREAK_MM))
            low, high = (max(0, round(column)) for column in columns)
            yield low, high
