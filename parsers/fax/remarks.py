"""A placed page with everything a reader of its cells must know: quality of each cell, streaks, lost lines, rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from parsers.codes import PageCode
from parsers.fax.faults import Fault
from parsers.fax.page import CellQuality, FittedPage, Matrix, Raster
from parsers.fax.picture import Picture
from parsers.fax.placing import Placed
from parsers.fax.scanlines import broken_lines
from parsers.fax.streaks import Streak, find_streaks
from parsers.findings import Box

_GAP_MOST_MM = 0.8
_APART_MM = 0.5
_BROKEN_LINES_MOST = 2


def fitted(raster: Raster, picture: Picture, placed: Placed, code: PageCode, text: str) -> FittedPage:
    """The page as the reader of its cells takes it. `placed` must be free of objections."""
    geometry = placed.geometry
    streaks = find_streaks(placed)
    turn = placed.shape.turn_deg
    quarter = round(turn / 90) * 90
    cells = _cells(placed, streaks, picture, raster.garbled)
    return FittedPage(
        page=raster.page,
        text=text,
        code=code,
        geometry=geometry,
        gray=picture.gray,
        warp=placed.warp,
        turned_deg=quarter % 360,
        skew_deg=turn - quarter,
        scale=placed.shape.scale if placed.per_mm is not None and (picture.claimed or not picture.toned) else None,
        fit_error_mm=placed.fit_error_mm,
        worst_error_mm=placed.worst_error_mm,
        codes_found=len(placed.codes),
        marks_found=len(placed.marks),
        borders_found=placed.borders_share,
        rows=placed.rows,
        cells=cells,
        drift=_drift(placed),
        streaks_mm=tuple(s.box for s in streaks),
        faults=tuple(dict.fromkeys(_faults(picture, placed, code, streaks, cells))),
        details=raster.details,
    )


def _cells(
    placed: Placed, streaks: tuple[Streak, ...], picture: Picture, garbled: tuple[int, ...]
) -> dict[Box, CellQuality]:
    found = placed.borders.found
    inside = _inside(placed)
    errors = placed.misfits_mm
    lost = _lines_lost(placed, picture) | (_crossings(placed, np.array(garbled)) > 0)
    white_gap = placed.broken[:, 1] > _GAP_MOST_MM
    cells = {}
    for i, box in enumerate(placed.boxes):
        crossed = any(s.lane == placed.lane_of[i] and s.crosses(box[0], box[0] + box[2]) for s in streaks)
        cells[_key(box)] = CellQuality(
            borders=int(found[i]),
            border_error_mm=float(errors[i]),
            moved_mm=(float(placed.offsets[i, 0]), float(placed.offsets[i, 1])),
            streak=bool(crossed or white_gap[i]),
            lines_lost=bool(lost[i]),
            outside=not inside[i],
        )
    return cells


def _key(box: Matrix) -> Box:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _inside(placed: Placed) -> np.ndarray:
    low = placed.view.seen(placed.warp, placed.boxes[:, :2])
    high = placed.view.seen(placed.warp, placed.boxes[:, :2] + placed.boxes[:, 2:])
    return np.asarray(placed.view.inside(low, 0.5) & placed.view.inside(high, 0.5))


def _lines_lost(placed: Placed, picture: Picture) -> np.ndarray:
    """Which boxes have lost, repeated or broken scan lines in them."""
    edges = placed.borders.edges_mm
    apart = np.zeros(len(edges), dtype=bool)
    for lane in np.unique(placed.lane_of):
        own = placed.lane_of == lane
        shift = edges[own, 3] - edges[own, 2]
        shift = shift[~np.isnan(shift)]
        apart[own] = len(shift) > 0 and abs(float(np.median(shift))) > _APART_MM
    return np.asarray(apart | (placed.broken[:, 0] > _GAP_MOST_MM) | _crossed_by_broken(placed, picture))


def _crossed_by_broken(placed: Placed, picture: Picture) -> np.ndarray:
    """A line that looks broken may be a worn rule; several in one box are not."""
    lines = np.zeros(0) if picture.toned else broken_lines(picture.gray)
    return np.asarray(_crossings(placed, lines) > _BROKEN_LINES_MOST)


def _crossings(placed: Placed, lines: np.ndarray) -> np.ndarray:
    """How many of these lines of the picture cross each box."""
    if not len(lines):
        return np.zeros(len(placed.boxes), dtype=np.int64)
    low = placed.view.pixels(placed.view.seen(placed.warp, placed.boxes[:, :2]))[:, 1]
    high = placed.view.pixels(placed.view.seen(placed.warp, placed.boxes[:, :2] + placed.boxes[:, 2:]))[:, 1]
    top, bottom = np.minimum(low, high), np.maximum(low, high)
    return np.asarray(((lines[None, :] >= top[:, None]) & (lines[None, :] <= bottom[:, None])).sum(axis=1))


def _drift(placed: Placed) -> Matrix:
    """(lanes, 3): height on the form and offset of each lane from the fit, for places without borders of their own."""
    rows = []
    for lane in np.unique(placed.lane_of):
        own = placed.lane_of == lane
        middle = float(np.mean(placed.boxes[own, 1] + placed.boxes[own, 3] / 2))
        rows.append([middle, *np.median(placed.offsets[own], axis=0)])
    return np.array(rows)


def _faults(
    picture: Picture,
    placed: Placed,
    code: PageCode,
    streaks: tuple[Streak, ...],
    cells: dict[Box, CellQuality],
) -> Iterator[Fault]:
    yield from picture.faults
    if len(placed.codes) < 2:
        yield Fault.ONE_CODE_LOST if placed.codes else Fault.NO_CODE
    if len(placed.marks) < 4:
        yield Fault.MARK_LOST
    if streaks:
        yield Fault.STREAKS
    if any(c.lines_lost for c in cells.values()):
        yield Fault.LINES_LOST
    full = code.page < code.pages
    if (full and placed.rows < len(placed.geometry.rows)) or any(c.outside for c in cells.values()):
        yield Fault.INCOMPLETE
    if placed.gaps or placed.uncertain:
        yield Fault.ROWS_UNCERTAIN
