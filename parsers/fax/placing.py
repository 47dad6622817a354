"""From code corners to a page held by its marks and borders: the fit, refined step by step, and what speaks against it.

Everything is measured first and judged at the end: `Placed` holds the evidence, `objections` what refuses the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from parsers.fax.align import Shape, affine, corners_of, homography, residuals_mm, shape_of
from parsers.fax.borders import (
    Borders,
    Lanes,
    broken_edges,
    expected_boxes,
    find_borders,
    find_lanes,
    seen_boxes,
)
from parsers.fax.ending import ends_after
from parsers.fax.faults import Fault
from parsers.fax.geometry import FormGeometry
from parsers.fax.marks import FoundMark, find_marks
from parsers.fax.page import Matrix
from parsers.fax.picture import PerMm, Picture
from parsers.fax.qr import FoundCode
from parsers.fax.view import View, view_of

_REACH_MM: Final = (3.0, 2.0)
"""How far a lane is searched, first and after the fit was made again. A row is 13 mm high."""
_LANE_SCORE: Final = 0.55
"""A lane that is printed there scores about 0.8, an empty place 0.1."""
_SETTLING_MM: Final = 1.0
_MARK_REACH_MM: Final = 4.0
_MARK_REACH_BENT_MM: Final = 9.0
_FLAT_MM: Final = 0.6
"""Corners of codes are found to about 0.15 mm; what fits worse was not scanned but photographed."""
_MOVED_AGAIN_MM: Final = 2.0
_CODE_WEIGHT: Final = 0.5
_MARK_WEIGHT: Final = 2.0
_BORDERS_LEAST: Final = 0.80
_TRUSTED_LEAST: Final = 0.6
_MISFIT_MM: Final = 0.5
_FIT_MOST_MM: Final = 0.7
_WORST_MOST_MM: Final = 2.5
_BEND_MM: Final = 0.45
"""An affine fit worse than this is tried again in perspective."""
_SCALE: Final = (0.80, 1.06)
_SCALES_APART: Final = 1.08
_SKEW_MOST_DEG: Final = 4.5
_TILT_MOST_DEG: Final = 25.0
_SHEAR_MOST_DEG: Final = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A hypothesis measured."""

    geometry: FormGeometry
    warp: Matrix
    bent: bool
    """Projective rather than affine."""
    shape: Shape
    per_mm: PerMm | None
    """The resolution under which its scale is plausible; None when there is none."""
    view: View
    codes: tuple[tuple[FoundCode, int], ...]
    """Found codes and which of the two places each takes."""
    marks: tuple[FoundMark, ...]
    rows: int
    """How many the page shows."""
    gaps: tuple[int, ...]
    """Indices of rows that should be there, with rows found below them, and are not."""
    uncertain: bool
    """Whether something below the last row looks half like another one."""
    boxes: Matrix
    """(n, 4): the boxes of 全員同日 and of the rows that are there, as printed."""
    lane_of: npt.NDArray[np.int64]
    """(n,): lane of each box."""
    borders: Borders
    offsets: Matrix
    """(n, 2): how far each box lies from the final fit, right and down, mm."""
    broken: Matrix
    """(n, 2): see `broken_edges`."""
    fit_error_mm: float
    worst_error_mm: float

    @property
    def borders_share(self) -> float:
        """Share of the borders found."""
        return float(self.borders.found.mean() / 4) if len(self.boxes) else 0.0

    @property
    def misfits_mm(self) -> Matrix:
        """(n,): how far opposite borders of each box are from where they stand to each other in print."""
        edges = self.borders.edges_mm
        with np.errstate(invalid="ignore"):
            across, down = np.abs(edges[:, 0] - edges[:, 1]), np.abs(edges[:, 2] - edges[:, 3])
        return np.asarray(np.fmax(np.nan_to_num(across), np.nan_to_num(down)))

    @property
    def trusted_share(self) -> float:
        """Share of the boxes held by three borders at least that agree with one another."""
        held = (self.borders.found >= 3) & (self.misfits_mm <= _MISFIT_MM)
        return float(held.mean()) if len(held) else 0.0


def place(
    picture: Picture,
    geometry: FormGeometry,
    anchors: tuple[Matrix, Matrix],
    codes: list[tuple[FoundCode, int]],
    *,
    slanted: bool = False,
) -> Placed:
    """Measure the page under a first guess.

    Args:
        picture: The picture.
        geometry: What is printed where.
        anchors: (n, 2) mm on the form, (n, 2) pixels: what the first guess rests on.
        codes: Found codes and the place each takes.
        slanted: Begin in perspective even where two codes alone would not ask for it.
    """
    warp, bent = _first_guess(*anchors, slanted=slanted)
    view = view_of(picture.gray, warp, geometry.size_mm)
    marks = find_marks(view, warp, geometry, _MARK_REACH_BENT_MM if bent else _MARK_REACH_MM)
    points = _points(view, codes, geometry, marks) if codes or len(marks) >= 3 else (*anchors, np.ones(len(anchors[0])))
    better = homography(*points) if bent else affine(*points)
    if _moves(view, better, geometry) > _MOVED_AGAIN_MM:
        view = view_of(picture.gray, better, geometry.size_mm)
        marks = find_marks(view, better, geometry, _MARK_REACH_MM) or marks
        points = _points(view, codes, geometry, marks)
    return _with_boxes(picture, geometry, _Start(view, points, tuple(codes), tuple(marks)))


def _first_guess(form_mm: Matrix, pixels: Matrix, *, slanted: bool) -> tuple[Matrix, bool]:
    """Affine, or in perspective where two codes do not fit into one plane seen from straight above."""
    weights = np.ones(len(form_mm))
    flat = affine(form_mm, pixels, weights)
    if len(form_mm) < 8 or (not slanted and _rms(flat, (form_mm, pixels, weights)) <= _FLAT_MM):
        return flat, False
    return homography(form_mm, pixels, weights), True


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    view: View
    points: tuple[Matrix, Matrix, Matrix]
    """mm on the form, pixels, weights of codes and marks."""
    codes: tuple[tuple[FoundCode, int], ...]
    marks: tuple[FoundMark, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Boxes:
    """All boxes of a form, lane by lane."""

    boxes: Matrix
    starts: npt.NDArray[np.int64]

    @property
    def lane_of(self) -> npt.NDArray[np.int64]:
        return np.repeat(np.arange(len(self.starts)), np.diff(np.append(self.starts, len(self.boxes))))

    @property
    def centres(self) -> Matrix:
        return np.asarray(self.boxes[:, :2] + self.boxes[:, 2:] / 2)

    def first(self, lanes: int) -> _Boxes:
        """Those of the first lanes alone."""
        end = int(np.append(self.starts, len(self.boxes))[lanes])
        return _Boxes(self.boxes[:end], self.starts[:lanes])


def _with_boxes(picture: Picture, geometry: FormGeometry, start: _Start) -> Placed:
    view, everything = start.view, _boxes_of(geometry)
    warp, bent = _fit(start.points, start)
    for reach in _REACH_MM:
        expected = expected_boxes(view, warp, everything.boxes)
        lanes = find_lanes(view, expected, everything.starts, reach)
        warp, bent = _fit(_joined(start.points, *_lane_points(view, everything, expected, lanes)), start)
    rows, gaps = _rows_there(lanes)
    own = everything.first(rows + 1)
    expected = expected_boxes(view, warp, own.boxes)
    expected[:, :2] += find_lanes(view, expected, own.starts, _SETTLING_MM).moved_mm[own.lane_of]
    borders = find_borders(view, expected)
    sound = borders.found >= 3
    points = _joined(start.points, own.centres[sound], view.pixels(borders.centres_mm[sound]), 0.5)
    warp, bent = _fit(points, start)
    errors = np.hypot(*residuals_mm(warp, points[0], points[1]).T)
    shape, per_mm = _plausible(picture, warp, geometry)
    return Placed(
        geometry=geometry,
        warp=warp,
        bent=bent,
        shape=shape,
        per_mm=per_mm,
        view=view,
        codes=start.codes,
        marks=start.marks,
        rows=rows,
        gaps=gaps,
        uncertain=rows < len(geometry.rows) and not ends_after(view, warp, geometry, rows, lanes.score[rows + 1]),
        boxes=own.boxes,
        lane_of=own.lane_of,
        borders=borders,
        offsets=residuals_mm(warp, own.centres, view.pixels(borders.centres_mm)),
        broken=broken_edges(view, seen_boxes(borders, expected)),
        fit_error_mm=float(np.sqrt(np.mean(errors**2))),
        worst_error_mm=float(errors.max()),
    )


def _boxes_of(geometry: FormGeometry) -> _Boxes:
    lanes = list(geometry.lanes())
    ends = np.cumsum([len(lane) for lane in lanes])
    return _Boxes(np.array([box for lane in lanes for box in lane]), np.concatenate([[0], ends[:-1]]))


def _points(
    view: View, codes: list[tuple[FoundCode, int]], geometry: FormGeometry, marks: list[FoundMark]
) -> tuple[Matrix, Matrix, Matrix]:
    form = [corners_of(geometry.codes[index]) for _, index in codes] + [m.form_mm[None] for m in marks]
    seen = [code.corners for code, _ in codes] + [view.pixels(m.seen_mm[None]) for m in marks]
    weights = [_CODE_WEIGHT] * (4 * len(codes)) + [_MARK_WEIGHT] * len(marks)
    return np.vstack(form), np.vstack(seen), np.array(weights)


def _joined(
    points: tuple[Matrix, Matrix, Matrix], form_mm: Matrix, pixels: Matrix, weight: float
) -> tuple[Matrix, Matrix, Matrix]:
    if not len(form_mm):
        return points
    weights = np.concatenate([points[2], np.full(len(form_mm), weight)])
    return np.vstack([points[0], form_mm]), np.vstack([points[1], pixels]), weights


def _lane_points(view: View, everything: _Boxes, expected: Matrix, lanes: Lanes) -> tuple[Matrix, Matrix, float]:
    """The first and last box of every lane that was found, where it was found."""
    found = np.flatnonzero(lanes.score >= _LANE_SCORE)
    ends = np.append(everything.starts, len(everything.boxes))
    boxes = np.concatenate([ends[found], ends[found + 1] - 1])
    seen = expected[boxes, :2] + expected[boxes, 2:] / 2 + np.tile(lanes.moved_mm[found], (2, 1))
    return everything.centres[boxes], view.pixels(seen), 1.0


def _fit(points: tuple[Matrix, Matrix, Matrix], start: _Start) -> tuple[Matrix, bool]:
    """The warp through the points: affine, as scanners are, or in perspective when that is needed and well held."""
    flat = affine(*points)
    if len(start.marks) < 3 or len(start.codes) < 2:
        return flat, False
    error = _rms(flat, points)
    if error <= _BEND_MM:
        return flat, False
    bent = homography(*points)
    return (bent, True) if _rms(bent, points) < 0.6 * error else (flat, False)


def _rms(warp: Matrix, points: tuple[Matrix, Matrix, Matrix]) -> float:
    errors = residuals_mm(warp, points[0], points[1])
    return float(np.sqrt((errors**2).sum(axis=1).mean()))


def _moves(view: View, warp: Matrix, geometry: FormGeometry) -> float:
    """How far a better warp moves the corners of the page in the view, at most."""
    corners = corners_of((0.0, 0.0, *geometry.size_mm))
    return float(np.hypot(*(view.seen(warp, corners) - corners).T).max())


def _rows_there(lanes: Lanes) -> tuple[int, tuple[int, ...]]:
    """How many rows the page has, and which of them were not found."""
    scores = lanes.score[1:]
    there = np.flatnonzero(scores >= _LANE_SCORE)
    rows = int(there[-1]) + 1 if len(there) else 0
    return rows, tuple(i for i in range(rows) if scores[i] < _LANE_SCORE)


def _plausible(picture: Picture, warp: Matrix, geometry: FormGeometry) -> tuple[Shape, PerMm | None]:
    """The shape under the first resolution that makes its scale one of a fax machine's; else under the first."""
    shapes = [(shape_of(warp, per_mm, geometry.size_mm), per_mm) for per_mm in picture.densities]
    for shape, per_mm in shapes:
        if all(_SCALE[0] <= s <= _SCALE[1] for s in shape.scale):
            return shape, per_mm
    return shapes[0][0], None


def objections(placed: Placed, picture: Picture) -> tuple[Fault, ...]:
    """Why the page must not be read; empty when it may."""
    shape, found = placed.shape, []
    if placed.borders_share < _BORDERS_LEAST or not placed.rows or shape.mirrored:
        found.append(Fault.NOT_THE_FORM)
    if placed.fit_error_mm > _FIT_MOST_MM or placed.worst_error_mm > _WORST_MOST_MM:
        found.append(Fault.BAD_FIT)
    apart = max(shape.scale) / max(min(shape.scale), 1e-9)
    lens = picture.toned and apart <= _SCALES_APART  # a camera has no scale
    if placed.per_mm is None and not lens:
        found.append(Fault.BAD_SCALE)
    skew = abs(shape.turn_deg - 90 * round(shape.turn_deg / 90))
    tilt = _TILT_MOST_DEG if placed.bent or picture.toned else _SKEW_MOST_DEG
    if skew > tilt or (abs(shape.shear_deg) > _SHEAR_MOST_DEG and not placed.bent):
        found.append(Fault.BAD_SKEW)
    if len(placed.codes) < 2 and len(placed.marks) < 2:
        found.append(Fault.BAD_FIT)
    if placed.trusted_share < _TRUSTED_LEAST:
        found.append(Fault.BAD_FIT)
    return tuple(dict.fromkeys(found))
