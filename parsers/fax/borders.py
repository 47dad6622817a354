"""The printed borders of the boxes: which rows are there, and where each box came to lie.

A row is moved as a whole first (twelve and more borders outvote what somebody wrote across one of them), then each box
by its own four borders. Rows are 13 mm apart and a row is searched within a fraction of that, so that no row can be
taken for its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from parsers.fax.page import Matrix
from parsers.fax.view import VIEW_PER_MM, Counts, View, to_view

_INSET_MM: Final = 1.0
"""Borders are measured along their middle, clear of the corners."""
_LINE_PX: Final = 2
_FINE_MM: Final = 0.8
_FOUND: Final = 0.5
"""Share of ink along a border that makes it one."""
_NEARER: Final = 0.12
"""What a border loses for lying at the far end of the search."""
_AGREE_MM: Final = 0.35
EDGES: Final = ("left", "right", "top", "bottom")


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """Boxes that were printed on one line: 全員同日, then the rows of the table. One line of each array a lane."""

    moved_mm: Matrix
    """(lanes, 2): how far right and down of the expected place each lane lies as a whole."""
    score: Matrix
    """(lanes,): mean share of ink along its borders: about 0.8 where it is printed, 0.1 where nothing is."""


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """The boxes of a page, one line of each array a box."""

    centres_mm: Matrix
    """(n, 2): middle of the box in the view, from its borders."""
    edges_mm: Matrix
    """(n, 4): how far each border (left, right, top, bottom) lies from where it was expected; nan = not found."""

    @property
    def found(self) -> npt.NDArray[np.int64]:
        """(n,): how many borders of each box."""
        return np.asarray((~np.isnan(self.edges_mm)).sum(axis=1))


def expected_boxes(view: View, warp: Matrix, boxes: Matrix) -> Matrix:
    """Where `warp` puts boxes (n, 4) in the view: (n, 4) mm, upright; their slant over 9 mm is no matter."""
    low = view.seen(warp, boxes[:, :2])
    high = view.seen(warp, boxes[:, :2] + boxes[:, 2:])
    across = view.seen(warp, np.column_stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1]]))
    down = view.seen(warp, np.column_stack([boxes[:, 0], boxes[:, 1] + boxes[:, 3]]))
    centre = (low + high) / 2
    size = np.column_stack([np.hypot(*(across - low).T), np.hypot(*(down - low).T)])
    return np.column_stack([centre - size / 2, size])


def find_lanes(view: View, expected: Matrix, starts: Counts, reach_mm: float) -> Lanes:
    """Move lanes as a whole.

    Args:
        view: The page.
        expected: (n, 4), where its boxes are thought to be in the view, lane by lane.
        starts: (lanes,), index of the first box of each lane.
        reach_mm: How far to search.
    """
    reach = round(reach_mm * VIEW_PER_MM)
    steps = np.arange(-reach, reach + 1)
    sizes = np.diff(np.append(starts, len(expected)))
    level = np.add.reduceat(_profiles(view, expected, steps, (2, 3)).mean(axis=0), starts, axis=0)
    down = _best_steps(level, steps)
    moved = expected.copy()
    moved[:, 1] += np.repeat(steps[down], sizes) / VIEW_PER_MM
    upright = np.add.reduceat(_profiles(view, moved, steps, (0, 1)).mean(axis=0), starts, axis=0)
    across = _best_steps(upright, steps)
    lanes = np.arange(len(starts))
    score = (level[lanes, down] + upright[lanes, across]) / (2 * sizes)
    return Lanes(np.column_stack([steps[across], steps[down]]) / VIEW_PER_MM, score)


def find_borders(view: View, expected: Matrix) -> Borders:
    """Each border of each box, searched close to `expected` (n, 4)."""
    reach = round(_FINE_MM * VIEW_PER_MM)
    steps = np.arange(-reach, reach + 1)
    edges = _peaks(_profiles(view, expected, steps, (0, 1, 2, 3)), steps) + _rounding(expected)
    edges_mm = edges.T / VIEW_PER_MM
    moved = np.column_stack([_agreed(edges_mm[:, 0], edges_mm[:, 1]), _agreed(edges_mm[:, 2], edges_mm[:, 3])])
    centres = expected[:, :2] + expected[:, 2:] / 2 + moved
    return Borders(centres, edges_mm)


def broken_edges(view: View, boxes_mm: Matrix) -> npt.NDArray[np.float64]:
    """(n, 2): longest stretch in mm missing at once from left and right borders, and from top and bottom.

    Lost or garbled scan lines cut both upright borders at the same height; a white streak cuts both level ones.
    """
    low = np.round(to_view(boxes_mm[:, :2])).astype(np.int64)
    high = np.round(to_view(boxes_mm[:, :2] + boxes_mm[:, 2:])).astype(np.int64)
    return np.column_stack([_longest_gap(view, low, high, along=1), _longest_gap(view, low, high, along=0)])


def _longest_gap(view: View, low: Counts, high: Counts, along: int) -> npt.NDArray[np.float64]:
    inset, across = round(_INSET_MM * VIEW_PER_MM / 2), 1 - along
    lengths = (high - low)[:, along] - 2 * inset
    steps = np.arange(max(int(lengths.max()), 1))
    places = low[:, along][:, None] + inset + steps
    gone = np.asarray(steps < lengths[:, None])
    for side in (low, high):
        at = np.broadcast_to(side[:, across][:, None], places.shape)
        windows = (at - 2, places, at + 3, places + 1) if along == 1 else (places, at - 2, places + 1, at + 3)
        gone &= view.mean_ink(*windows) < 0.12
    longest = np.zeros(len(gone), dtype=np.int64)
    run = np.zeros(len(gone), dtype=np.int64)
    for column in gone.T:
        run = np.where(column, run + 1, 0)
        longest = np.maximum(longest, run)
    return np.asarray(longest / VIEW_PER_MM)


def _profiles(view: View, boxes_mm: Matrix, steps: Counts, edges: tuple[int, ...]) -> Matrix:
    """(len(edges), n, len(steps)): mean ink along each border, moved by each step."""
    low = to_view(boxes_mm[:, :2])
    high = to_view(boxes_mm[:, :2] + boxes_mm[:, 2:])
    inset = _INSET_MM * VIEW_PER_MM
    from_px, to_px = np.round(low + inset).astype(np.int64), np.round(high - inset).astype(np.int64)
    out = []
    for edge in edges:
        across = edge // 2  # 0: upright borders, moved along x; 1: level borders, moved along y
        line = np.round((low, high)[edge % 2][:, across]).astype(np.int64)[:, None] + steps - _LINE_PX // 2
        start, end = (np.broadcast_to(v[:, 1 - across][:, None], line.shape) for v in (from_px, to_px))
        ends = line + _LINE_PX
        out.append(view.mean_ink(line, start, ends, end) if across == 0 else view.mean_ink(start, line, end, ends))
    return np.stack(out)


def _rounding(boxes_mm: Matrix) -> Matrix:
    """(4, n): what was lost when borders were rounded to pixels, in pixels."""
    low, high = to_view(boxes_mm[:, :2]), to_view(boxes_mm[:, :2] + boxes_mm[:, 2:])
    lines = np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]])
    return np.asarray(np.round(lines) - lines)


def _best_steps(profiles: Matrix, steps: Counts) -> Counts:
    """(lanes,): index of the step at which the borders of a lane are darkest; the nearer of equals."""
    relative = profiles / np.maximum(profiles.max(axis=1, keepdims=True), 1e-9)
    return np.asarray(np.argmax(relative - 0.02 * np.abs(steps) / len(steps), axis=1))


def _peaks(profiles: Matrix, steps: Counts) -> Matrix:
    """(edges, n): where each border is, in pixels from the middle of the search; nan = nowhere."""
    nearer = profiles - _NEARER * np.abs(steps) / float(steps.max())
    best = np.argmax(nearer, axis=2)
    padded = np.pad(profiles, ((0, 0), (0, 0), (2, 2)))
    around = np.stack([np.take_along_axis(padded, best[..., None] + k, axis=2)[..., 0] for k in range(5)], axis=-1)
    height = np.take_along_axis(profiles, best[..., None], axis=2)[..., 0]
    weight = np.maximum(around - 0.5 * height[..., None], 0.0)
    shift = (weight * np.arange(-2, 3)).sum(axis=-1) / np.maximum(weight.sum(axis=-1), 1e-9)
    return np.where(height >= _FOUND, steps[best] + shift, np.nan)


def _agreed(one: Matrix, other: Matrix) -> Matrix:
    """How far a box is moved along one axis by its two borders: their mean, or, where they differ, the smaller move."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other) > 2 * _AGREE_MM
        nearer = np.where(np.abs(one) <= np.abs(other), one, other)
    mean = np.where(np.isnan(one), other, np.where(np.isnan(other), one, (one + other) / 2))
    return np.nan_to_num(np.where(apart, nearer, mean))


def seen_boxes(borders: Borders, expected: Matrix) -> Matrix:
    """(n, 4): the boxes where their borders put them, in the view."""
    return np.column_stack([borders.centres_mm - expected[:, 2:] / 2, expected[:, 2:]])
