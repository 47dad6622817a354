"""The corner squares: where they are, and that the hollow one is where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from parsers.fax.geometry import FormGeometry
from parsers.fax.page import Matrix
from parsers.fax.view import VIEW_PER_MM, View, from_view, to_view

_INNER_MM: Final = 4.4
_HOLLOW_MM: Final = 1.5
_RING_MM: Final = (5.9, 7.1)
"""Between these squares around it a mark has paper."""
_SCORE_LEAST: Final = 0.42
_HOLLOW_AT: Final = 1
"""Which of the four is hollow: top right."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundMark:
    """A corner square."""

    index: int
    form_mm: Matrix
    """(2,): its centre as printed."""
    seen_mm: Matrix
    """(2,): its centre in the view."""


def find_marks(view: View, warp: Matrix, geometry: FormGeometry, reach_mm: float) -> list[FoundMark]:
    """The corner squares that are there, within `reach_mm` of where `warp` puts them."""
    centres = np.array([[x + w / 2, y + h / 2] for x, y, w, h in geometry.marks])
    expected = view.seen(warp, centres)
    found = []
    for index, centre in enumerate(centres):
        at = _search(view, expected[index], reach_mm)
        if at is not None and _is_hollow(view, at) == (index == _HOLLOW_AT):
            found.append(FoundMark(index, centre, at))
    return found


def _search(view: View, expected: Matrix, reach_mm: float) -> Matrix | None:
    """The squarest dark thing near `expected`, its middle refined by the ink around it."""
    base = np.round(to_view(expected)).astype(np.int64)
    reach = round(reach_mm * VIEW_PER_MM)
    steps = np.arange(-reach, reach + 1)
    x, y = base[0] + steps[None, :], base[1] + steps[:, None]
    inner = _square(view, x, y, _INNER_MM)
    small, large = (_square(view, x, y, side) * side**2 for side in _RING_MM)
    ring = (large - small) / (_RING_MM[1] ** 2 - _RING_MM[0] ** 2)
    score = inner - np.maximum(ring, 0.0) * 1.5
    best = np.unravel_index(int(np.argmax(score)), score.shape)
    if score[best] < _SCORE_LEAST:
        return None
    return _centroid(view, int(x[0, best[1]]), int(y[best[0], 0]))


def _square(view: View, x: np.ndarray, y: np.ndarray, side_mm: float) -> Matrix:
    half = round(side_mm * VIEW_PER_MM / 2)
    x, y = np.broadcast_arrays(x, y)
    return view.mean_ink(x - half, y - half, x + half, y + half)


def _centroid(view: View, x: int, y: int) -> Matrix | None:
    half = round(_RING_MM[0] * VIEW_PER_MM / 2)
    if x < half or y < half:
        return None
    part = 255.0 - view.gray[y - half : y + half, x - half : x + half]
    total = part.sum()
    if part.shape != (2 * half, 2 * half) or total <= 0:
        return None
    places = np.arange(2 * half) + 0.5
    px = np.array([part.sum(axis=0) @ places, part.sum(axis=1) @ places]) / total
    return from_view(px + np.array([x - half, y - half]))


def _is_hollow(view: View, at_mm: Matrix) -> bool:
    base = np.round(to_view(at_mm)).astype(np.int64)
    return bool(_square(view, base[:1], base[1:], _HOLLOW_MM)[0] < 0.5)
