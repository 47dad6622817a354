"""A form without readable codes: found by its corner squares alone, which also tell how it lies.

Good enough to say "this is a page of ours, its codes are gone", and to place it once a person has named it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from parsers.fax.geometry import FormGeometry
from parsers.fax.page import Gray, Matrix
from parsers.fax.picture import PerMm, Picture

_PER_MM: Final = 4.0
_SIDE_MM: Final = (3.6, 6.4)
_FILL_LEAST: Final = 0.68
_HOLLOW_MM: Final = 1.4
_MOST: Final = 40
_SCALE: Final = (0.78, 1.10)
_ASTRAY_MM: Final = 16.0
"""How far a corner may lie from where two others put it: axes differ in scale, photographs slant."""
_TOP_RIGHT: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Corner squares of one form: at least three, the hollow one among them."""

    indices: tuple[int, ...]
    """Which of the form's marks."""
    pixels: Matrix
    """(n, 2): their centres in the picture."""


def find_corners(picture: Picture, geometry: FormGeometry) -> Corners | None:
    """The corner squares of a form anywhere in the picture, however it lies; None when there is no such set."""
    for per_mm in picture.densities:
        solid, hollow = _squares(picture.gray, per_mm)
        best = max(
            (c for h in hollow for t in solid if (c := _completed(t, h, solid, geometry)) is not None),
            key=lambda c: (len(c[0]), -c[2]),
            default=None,
        )
        if best is not None:
            indices, centres, _ = best
            return Corners(indices, np.asarray(centres * np.array(per_mm)))
    return None


def _squares(gray: Gray, per_mm: PerMm) -> tuple[Matrix, Matrix]:
    """Centres in mm of the picture: (n, 2) solid squares, (m, 2) hollow ones."""
    size = round(gray.shape[1] / per_mm[0] * _PER_MM), round(gray.shape[0] / per_mm[1] * _PER_MM)
    small = cv2.resize(gray, (max(size[0], 8), max(size[1], 8)), interpolation=cv2.INTER_AREA)
    dark = np.asarray(small < 128, dtype=np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=4)
    boxes = stats[1:].astype(np.float64)
    sides = boxes[:, 2:4] / _PER_MM
    fits = ((sides >= _SIDE_MM[0]) & (sides <= _SIDE_MM[1])).all(axis=1)
    fits &= boxes[:, 4] >= _FILL_LEAST * boxes[:, 2] * boxes[:, 3]
    centres = (boxes[fits, :2] + boxes[fits, 2:4] / 2)[:_MOST]
    hollow = np.array([_is_hollow(dark, c) for c in centres], dtype=bool)
    return centres[~hollow] / _PER_MM, centres[hollow] / _PER_MM


def _is_hollow(dark: Gray, centre_px: Matrix) -> bool:
    x, y = np.round(centre_px).astype(int)
    half = max(1, round(_HOLLOW_MM * _PER_MM / 2))
    return bool(dark[max(0, y - half) : y + half, max(0, x - half) : x + half].mean() < 0.5)


def _completed(
    top_left: Matrix, top_right: Matrix, solid: Matrix, geometry: FormGeometry
) -> tuple[tuple[int, ...], Matrix, float] | None:
    """The set of corners that `top_left` and `top_right` belong to: indices, centres, total straying in mm."""
    printed = np.array([[x + w / 2, y + h / 2] for x, y, w, h in geometry.marks])
    along, printed_along = top_right - top_left, printed[_TOP_RIGHT] - printed[0]
    length = float(np.hypot(*along))
    scale = length / float(np.hypot(*printed_along))
    if not _SCALE[0] <= scale <= _SCALE[1]:
        return None
    right = along / length
    down = np.array([-right[1], right[0]])
    indices, centres, straying = [0, _TOP_RIGHT], [top_left, top_right], 0.0
    for index in (2, 3):
        offset = (printed[index] - printed[0]) * scale
        away = np.hypot(*(solid - (top_left + right * offset[0] + down * offset[1])).T)
        nearest = int(np.argmin(away))
        if away[nearest] <= _ASTRAY_MM:
            indices.append(index)
            centres.append(solid[nearest])
            straying += float(away[nearest])
    return (tuple(indices), np.array(centres), straying) if len(indices) >= 3 else None
