"""Whether the table ends where its rows were last found: a row that was lost must not look like a shorter roster."""

from __future__ import annotations

from typing import Final

import numpy as np

from parsers.fax.geometry import FormGeometry
from parsers.fax.page import Matrix
from parsers.fax.view import VIEW_PER_MM, View, to_view

_EMPTY_SCORE: Final = 0.30
"""Borders of a row that is not there score about 0.1."""
_SEARCH_MM: Final = 0.8
_RULE: Final = 0.5
_NO_RULE: Final = 0.35


def ends_after(view: View, warp: Matrix, geometry: FormGeometry, rows: int, next_score: float) -> bool:
    """Whether row `rows` (counted from 1) is plainly the last: closed by a rule, and nothing of a table below it.

    `next_score` is what the borders of the next row scored.
    """
    below = geometry.rows[rows].box
    x, y, w, h = below
    upright = [x, x + w, *(d.box[0] for d in geometry.rows[rows].dates)]
    inside = view.inside(view.seen(warp, np.array([[x, y + h], [x + w, y + h]])))
    if next_score > _EMPTY_SCORE or not inside.all():
        return False
    closed = _darkest(view, warp, [(x + 1, y), (x + w - 1, y)]) >= _RULE
    goes_on = max(_darkest(view, warp, [(at, y + 2), (at, y + h - 2)]) for at in upright) > _NO_RULE
    return closed and not goes_on


def _darkest(view: View, warp: Matrix, ends_mm: list[tuple[float, float]]) -> float:
    """Share of ink along the darkest line parallel to a printed one, within `_SEARCH_MM` of it."""
    (x0, y0), (x1, y1) = ends_mm
    along = np.linspace(0.0, 1.0, 120)[None, :]
    shifts = np.arange(-_SEARCH_MM, _SEARCH_MM, 1 / VIEW_PER_MM)[:, None]
    level = abs(x1 - x0) > abs(y1 - y0)
    x = x0 + (x1 - x0) * along + (0 if level else shifts)
    y = y0 + (y1 - y0) * along + (shifts if level else 0)
    form = np.stack(np.broadcast_arrays(x, y), axis=-1).reshape(-1, 2)
    px = np.floor(to_view(view.seen(warp, form))).astype(np.int64)
    tall, wide = view.gray.shape
    light = view.gray[np.clip(px[:, 1], 0, tall - 1), np.clip(px[:, 0], 0, wide - 1)].reshape(len(shifts), -1)
    return float((light < 128).mean(axis=1).max())
