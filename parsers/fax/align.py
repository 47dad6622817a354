"""Least squares between points on the form (mm) and points in the picture (pixels)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parsers.fax.page import Matrix
from parsers.fax.picture import PerMm
from parsers.findings import Box


@dataclass(frozen=True, slots=True)
class Shape:
    """What a warp does, in mm on both sides."""

    scale: tuple[float, float]
    """Across and down the form."""
    turn_deg: float
    """Clockwise, -180 to 180."""
    shear_deg: float
    """How far the axes of the form are from standing square in the picture."""
    mirrored: bool


def affine(form_mm: Matrix, pixels: Matrix, weights: Matrix) -> Matrix:
    """(3, 3) affine warp that takes `form_mm` (n, 2) to `pixels` (n, 2), n >= 3, by weighted least squares."""
    sides = np.column_stack([form_mm, np.ones(len(form_mm))]) * weights[:, None]
    solution, *_ = np.linalg.lstsq(sides, pixels * weights[:, None], rcond=None)
    return np.asarray(np.vstack([solution.T, [0.0, 0.0, 1.0]]), dtype=np.float64)


def homography(form_mm: Matrix, pixels: Matrix, weights: Matrix) -> Matrix:
    """(3, 3) projective warp, n >= 4 points, by normalised direct linear transformation with weights."""
    a, ta = _normalised(form_mm)
    b, tb = _normalised(pixels)
    zero, one = np.zeros(len(a)), np.ones(len(a))
    upper = np.column_stack([a, one, zero, zero, zero, -b[:, :1] * a, -b[:, 0]])
    lower = np.column_stack([zero, zero, zero, a, one, -b[:, 1:] * a, -b[:, 1]])
    rows = np.vstack([upper * weights[:, None], lower * weights[:, None]])
    warp = np.linalg.eigh(rows.T @ rows)[1][:, 0].reshape(3, 3)
    warp = np.linalg.inv(tb) @ warp @ ta
    return np.asarray(warp / warp[2, 2])


def project(warp: Matrix, points: Matrix) -> Matrix:
    """Points (n, 2) through a warp."""
    out = np.column_stack([points, np.ones(len(points))]) @ warp.T
    return np.asarray(out[:, :2] / out[:, 2:])


def inverse(warp: Matrix) -> Matrix:
    """Pixels back to mm."""
    return np.asarray(np.linalg.inv(warp), dtype=np.float64)


def residuals_mm(warp: Matrix, form_mm: Matrix, pixels: Matrix) -> Matrix:
    """(n, 2): how far right and down of the fit each point lies, in mm on the form."""
    return np.asarray(project(inverse(warp), pixels) - form_mm)


def shape_of(warp: Matrix, per_mm: PerMm, size_mm: tuple[float, float]) -> Shape:
    """Scale, turn and shear in the middle of the page, true to scale when `per_mm` is."""
    x, y = size_mm[0] / 2, size_mm[1] / 2
    here = project(warp, np.array([[x, y], [x + 1, y], [x, y + 1]])) / np.array(per_mm)
    across, down = here[1] - here[0], here[2] - here[0]
    turn = float(np.degrees(np.arctan2(across[1], across[0])))
    square = float(np.degrees(np.arctan2(down[1], down[0]))) - turn
    square = (square + 180.0) % 360.0 - 180.0
    mirrored = bool(np.linalg.det(np.column_stack([across, down])) < 0)
    shear = abs(square) - 90.0
    return Shape((float(np.hypot(*across)), float(np.hypot(*down))), turn, shear, mirrored)


def corners_of(box: Box) -> Matrix:
    """(4, 2): top left, top right, bottom right, bottom left."""
    x, y, w, h = box
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])


def _normalised(points: Matrix) -> tuple[Matrix, Matrix]:
    """Points moved and scaled to about unit size, and the matrix that did it."""
    centre, spread = points.mean(axis=0), max(float(points.std()), 1e-9)
    matrix = np.array([[1 / spread, 0, -centre[0] / spread], [0, 1 / spread, -centre[1] / spread], [0, 0, 1]])
    return np.asarray((points - centre) / spread), matrix
