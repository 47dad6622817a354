"""A sheet of paper as an array, and what pens and stamps leave on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Gray: TypeAlias = npt.NDArray[np.uint8]
_MM_PER_INCH = 25.4
_SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Paper with something on it, or a picture of one."""

    gray: Gray
    """(h, w) uint8, 0 = black."""
    per_mm: tuple[float, float]
    """Pixels per mm across and down."""

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height."""
        tall, wide = self.gray.shape
        return wide / self.per_mm[0], tall / self.per_mm[1]

    @property
    def dpi(self) -> tuple[float, float]:
        """Pixels per inch across and down."""
        return self.per_mm[0] * _MM_PER_INCH, self.per_mm[1] * _MM_PER_INCH


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line of a pen."""

    points_mm: Sequence[tuple[float, float]]
    width_mm: float = 0.5
    darkness: float = 1.0
    """1 = black ink, 0 = nothing: pencil, thin ball pens and coloured stamps lie between."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A picture laid over the paper: a digit somebody wrote, a seal, a date stamp."""

    gray: Gray
    """(h, w) uint8, 0 = ink, 255 = paper shows through."""
    box_mm: tuple[float, float, float, float]
    """x, y, width, height on the sheet."""


def printed(pdf: bytes, page: int = 0, dpi: int = 600) -> Sheet:
    """A page (0-based) of a PDF fresh from the printer."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[page].render(scale=dpi / 72, grayscale=True).to_numpy()
        gray = np.ascontiguousarray(picture.reshape(picture.shape[:2]))
    return Sheet(gray, (dpi / _MM_PER_INCH, dpi / _MM_PER_INCH))


def write(sheet: Sheet, marks: Iterable[Stroke | Stamp]) -> Sheet:
    """The sheet with strokes and stamps on it; ink only ever darkens. `sheet` itself stays as it is."""
    gray = sheet.gray.copy()
    for mark in marks:
        if isinstance(mark, Stroke):
            _draw(gray, sheet.per_mm, mark)
        else:
            _press(gray, sheet.per_mm, mark)
    return Sheet(gray, sheet.per_mm)


def _draw(gray: Gray, per_mm: tuple[float, float], stroke: Stroke) -> None:
    points = np.asarray(stroke.points_mm, dtype=np.float64).reshape(-1, 2) * per_mm
    width = stroke.width_mm * (per_mm[0] + per_mm[1]) / 2
    reach = width / 2 + 2
    low = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + reach), (gray.shape[1], gray.shape[0])).astype(int)
    if np.any(high <= low):
        return
    patch = np.full((high[1] - low[1], high[0] - low[0]), 255, dtype=np.uint8)
    fixed = np.round((points - low) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    shade = round(255 * (1 - stroke.darkness))
    thickness = max(1, round(width))
    if len(fixed) == 1:
        fixed = np.repeat(fixed, 2, axis=0)
    cv2.polylines(patch, [fixed.reshape(-1, 1, 2)], False, shade, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    _darken(gray, patch, (int(low[0]), int(low[1])))


def _press(gray: Gray, per_mm: tuple[float, float], stamp: Stamp) -> None:
    x, y, w, h = stamp.box_mm
    left, top = round(x * per_mm[0]), round(y * per_mm[1])
    size = max(1, round(w * per_mm[0])), max(1, round(h * per_mm[1]))
    shrinks = stamp.gray.shape[1] > size[0]
    patch = cv2.resize(stamp.gray, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    _darken(gray, np.asarray(patch, dtype=np.uint8), (left, top))


def _darken(gray: Gray, patch: Gray, at: tuple[int, int]) -> None:
    """Lay `patch` over the sheet with its corner at `at` (x, y); what hangs over the edge is lost."""
    left, top = max(at[0], 0), max(at[1], 0)
    right, bottom = min(at[0] + patch.shape[1], gray.shape[1]), min(at[1] + patch.shape[0], gray.shape[0])
    if right <= left or bottom <= top:
        return
    part = gray[top:bottom, left:right]
    np.minimum(part, patch[top - at[1] : bottom - at[1], left - at[0] : right - at[0]], out=part)
