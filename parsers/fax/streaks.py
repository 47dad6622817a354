"""Streaks along the page: a dirty or dead element of a scanner draws a line through every row, or erases one.

A black streak can turn 0 into 8 and nothing into 1, a white one 8 into 3. The form keeps a strip free above and below
the boxes of each row, and prints rules across: a dark spot in both strips at one place, or a gap in all rules and
borders at one place, is a streak. Judged row by row, so that a slanting one is found as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from parsers.fax.page import Matrix
from parsers.fax.placing import Placed
from parsers.fax.view import VIEW_PER_MM, to_view
from parsers.findings import Box

_FREE_MM: Final = (0.45, 0.85)
"""Above and below the digit boxes, away from them, nothing is printed."""
_DARK: Final = 0.62
_SLANT_PX: Final = 3
"""How far a streak may wander between the two strips of a lane: 2 degrees over 11 mm."""
_MARGIN_MM: Final = 0.6
_ASIDE_MM: Final = 2.0
_RULE_MM: Final = 0.9
_WIDEST_MM: Final = 4.0
_PALE: Final = 165
"""A printed rule darker than this anywhere across its width is there."""


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
    """Streaks through the boxes of the page, lane by lane: 全員同日 is lane 0, rows count from 1."""
    if not placed.rows:
        return ()
    lanes = _LaneStrips(placed)
    near, far = _FREE_MM
    above = lanes.strips(lanes.tops - far, far - near).mean(axis=1) < (1 - _DARK) * 255
    below = lanes.strips(lanes.bottoms + near, far - near).mean(axis=1) < (1 - _DARK) * 255
    # Below 全員同日 runs a heavy rule, too close to look between: its second strip is the first one of the next row.
    below[0] = above[1]
    gone = [lanes.strips(rule - 0.5, 1.0).min(axis=1) > _PALE for rule in (lanes.rules_above, lanes.rules_below)]
    found = []
    for lane in range(placed.rows + 1):
        black = [lanes.box(lane, *run) for run in _runs(_both(above[lane], below[lane]) & ~lanes.printed)]
        white = [lanes.box(lane, *run) for run in _runs(_both(gone[0][lane], gone[1][lane]))]
        found += [Streak(lane, box, black=True) for box in black]
        found += [Streak(lane, box, black=False) for box in white if _cuts_boxes(placed, lane, box)]
    return tuple(found)


class _LaneStrips:
    """The part of every lane that holds its boxes, to be looked at in level strips."""

    def __init__(self, placed: Placed) -> None:
        self._placed = placed
        form = placed.geometry
        rows = form.rows[: placed.rows]
        same, dates = form.same_day[0], [row.dates[0] for row in rows]
        digits = [same.digits[0], *(date.digits[0] for date in dates)]
        self.tops = np.array([box[1] for box in digits])
        self.bottoms = np.array([box[1] + box[3] for box in digits])
        end = form.rows[0].box[1]
        self.rules_below = np.array([end, *(date.box[1] + date.box[3] for date in dates)])
        self.rules_above = np.array([end, *(date.box[1] for date in dates)])
        """全員同日 has no rule close above it; the one below stands for both."""
        lanes = range(placed.rows + 1)
        self._offsets = np.array([np.median(placed.offsets[placed.lane_of == lane], axis=0) for lane in lanes])
        self._left = float(placed.boxes[:, 0].min()) - _ASIDE_MM
        right = float((placed.boxes[:, 0] + placed.boxes[:, 2]).max()) + _ASIDE_MM
        self._x = np.arange(self._left, right, 1 / VIEW_PER_MM)
        row = form.rows[0]
        rules = [x for box in (row.box, *(d.box for d in row.dates)) for x in (box[0], box[0] + box[2])]
        self.printed = (np.abs(self._x[:, None] - np.array(rules)) < _RULE_MM).any(axis=1)
        """Columns where the form itself has an upright rule."""

    def strips(self, tops_mm: Matrix, tall_mm: float) -> npt.NDArray[np.uint8]:
        """(lanes, height, width): brightness of a strip of every lane, given where each begins on the form."""
        y = np.arange(0.0, tall_mm, 1 / VIEW_PER_MM)
        shape = len(tops_mm), len(y), len(self._x)
        form = np.empty((*shape, 2))
        form[..., 0] = self._x + self._offsets[:, 0, None, None]
        form[..., 1] = (tops_mm + self._offsets[:, 1])[:, None, None] + y[None, :, None]
        view = self._placed.view
        px = np.floor(to_view(view.seen(self._placed.warp, form.reshape(-1, 2)))).astype(np.int64)
        tall, wide = view.gray.shape
        return view.gray[np.clip(px[:, 1], 0, tall - 1), np.clip(px[:, 0], 0, wide - 1)].reshape(shape)

    def box(self, lane: int, start: int, end: int) -> Box:
        """Columns `start` to `end` of a lane, on the form."""
        top, bottom = float(self.tops[lane]) - _ASIDE_MM, float(self.bottoms[lane]) + _ASIDE_MM
        return self._left + start / VIEW_PER_MM, top, (end - start) / VIEW_PER_MM, bottom - top


def _both(above: npt.NDArray[np.bool_], below: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where both are true, give or take the slant."""
    kernel = np.ones(2 * _SLANT_PX + 1)
    wide = [np.convolve(flags, kernel, mode="same") > 0 for flags in (above, below)]
    return np.asarray((above & wide[1]) | (below & wide[0]))


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Start and end of every run as narrow as a streak; ink that spread from a whole border is wider."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start <= _WIDEST_MM * VIEW_PER_MM:
            yield start, end


def _cuts_boxes(placed: Placed, lane: int, box: Box) -> bool:
    """Whether borders of a box there are interrupted too, above and below: a rule alone may just be worn."""
    own = (placed.lane_of == lane) & (placed.boxes[:, 0] <= box[0] + box[2])
    own &= placed.boxes[:, 0] + placed.boxes[:, 2] >= box[0]
    return bool(np.any(placed.broken[own, 1] > 0))
