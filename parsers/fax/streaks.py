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

from parsers.fax.placing import Placed
from parsers.fax.view import VIEW_PER_MM, to_view
from parsers.findings import Box

_STRIPS_MM: Final = ((0.6, 1.4), (11.6, 12.4))
"""Free strips of a row, from its top: between rule and box, and between box and rule."""
_DARK: Final = 0.62
_SLANT_PX: Final = 3
"""How far a streak may wander between the two strips of a row: 2 degrees over 11 mm."""
_MARGIN_MM: Final = 0.6
_ROW_MM: Final = 13.0
_BOX_TOP_MM: Final = 2.0
_ASIDE_MM: Final = 2.0
_RULE_MM: Final = 0.9
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
    """Streaks through the boxes of the page, lane by lane (rows only: their lanes count from 1)."""
    if not placed.rows:
        return ()
    rows = _Rows(placed)
    dark = [rows.strips(top, bottom).mean(axis=1) < (1 - _DARK) * 255 for top, bottom in _STRIPS_MM]
    gone = [rows.strips(y - 0.5, y + 0.5).min(axis=1) > _PALE for y in (0.0, _ROW_MM)]
    found = []
    for row in range(placed.rows):
        black = [rows.box(row, *run) for run in _runs(_both(dark[0][row], dark[1][row]) & ~rows.printed)]
        white = [rows.box(row, *run) for run in _runs(_both(gone[0][row], gone[1][row]))]
        found += [Streak(row + 1, box, black=True) for box in black]
        found += [Streak(row + 1, box, black=False) for box in white if _cuts_boxes(placed, row + 1, box)]
    return tuple(found)


class _Rows:
    """The part of every row that holds its boxes, to be looked at in strips."""

    def __init__(self, placed: Placed) -> None:
        self._placed = placed
        lanes = [placed.lane_of == lane for lane in range(1, placed.rows + 1)]
        first = placed.boxes[lanes[0]]
        self._left = float(first[:, 0].min()) - _ASIDE_MM
        right = float((first[:, 0] + first[:, 2]).max()) + _ASIDE_MM
        self._tops = np.array([placed.boxes[own][0, 1] - _BOX_TOP_MM for own in lanes])
        self._offsets = np.array([np.median(placed.offsets[own], axis=0) for own in lanes])
        self._x = np.arange(self._left, right, 1 / VIEW_PER_MM)
        row = placed.geometry.rows[0]
        rules = [x for box in (row.box, *(d.box for d in row.dates)) for x in (box[0], box[0] + box[2])]
        self.printed = (np.abs(self._x[:, None] - np.array(rules)) < _RULE_MM).any(axis=1)
        """Columns where the form itself has an upright rule."""

    def strips(self, top_mm: float, bottom_mm: float) -> npt.NDArray[np.uint8]:
        """(rows, height, width): brightness between two heights below the top of every row."""
        y = np.arange(top_mm, bottom_mm, 1 / VIEW_PER_MM)
        shape = len(self._tops), len(y), len(self._x)
        form = np.empty((*shape, 2))
        form[..., 0] = self._x + self._offsets[:, 0, None, None]
        form[..., 1] = (self._tops + self._offsets[:, 1])[:, None, None] + y[None, :, None]
        view = self._placed.view
        px = np.round(to_view(view.seen(self._placed.warp, form.reshape(-1, 2))) - 0.5).astype(np.int64)
        tall, wide = view.gray.shape
        return view.gray[np.clip(px[:, 1], 0, tall - 1), np.clip(px[:, 0], 0, wide - 1)].reshape(shape)

    def box(self, row: int, start: int, end: int) -> Box:
        """Columns `start` to `end` of a row, on the form."""
        return self._left + start / VIEW_PER_MM, float(self._tops[row]), (end - start) / VIEW_PER_MM, _ROW_MM


def _both(above: npt.NDArray[np.bool_], below: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Where both are true, give or take the slant."""
    kernel = np.ones(2 * _SLANT_PX + 1)
    wide = [np.convolve(flags, kernel, mode="same") > 0 for flags in (above, below)]
    return np.asarray((above & wide[1]) | (below & wide[0]))


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _cuts_boxes(placed: Placed, lane: int, box: Box) -> bool:
    """Whether borders of a box there are interrupted too, above and below: a rule alone may just be worn."""
    own = (placed.lane_of == lane) & (placed.boxes[:, 0] <= box[0] + box[2])
    own &= placed.boxes[:, 0] + placed.boxes[:, 2] >= box[0]
    return bool(np.any(placed.broken[own, 1] > 0))
