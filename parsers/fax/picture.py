"""A raster made fit for measuring: black on white, evenly lit, with guesses at how many of its pixels make a mm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from parsers.fax.faults import Fault
from parsers.fax.page import Gray, Raster

_MM_PER_INCH: Final = 25.4
_LINES_PX: Final = {1728: 204.0, 2048: 204.0, 2432: 204.0, 3456: 408.0, 4096: 408.0, 4864: 408.0}
"""Pixels of a fax line (T.4) → dpi across."""
_FAX_DPI_DOWN: Final = (98.0, 196.0, 391.0)
_A4_MM: Final = (210.0, 297.0)
_WHITE_LEAST = 0.35
_BLANK_PER_MM = 4.0
_BLANK_SIDE_MM, _BLANK_END_MM = 4.0, 16.0
"""Shadows of the glass at the sides, header lines at the top (or, upside down, at the foot)."""
_WRITTEN_MM, _WRITTEN_LEAST = 1.3, 3
"""Three shapes of this size: less is no word."""
_STREAK = 0.5
"""Share of the height of the page that only a streak has."""
_MIDDLE_TONES = 0.10
_PAPER_AT = 0.94
"""Brightness against the paper around it that counts as white: texture and noise of the paper go."""

PerMm = tuple[float, float]
"""Pixels per mm across and down the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A page as it is measured."""

    gray: Gray
    densities: tuple[PerMm, ...]
    """Guesses, the likeliest first; the first is what the file claims, if it claims anything believable."""
    claimed: bool
    """Whether the first guess is a claim."""
    toned: bool
    """A photograph or grey scan, not the two tones of a fax."""
    faults: tuple[Fault, ...]

    @property
    def blank(self) -> bool:
        """Nothing written or printed, as on the back of a sheet: specks, streaks and header lines do not count.

        Judged by shapes and not by their share of the page: a note of five characters is an answer too.
        """
        per_mm = self.densities[0]
        size = [max(8, round(self.gray.shape[1 - axis] / per_mm[axis] * _BLANK_PER_MM)) for axis in (0, 1)]
        small = cv2.resize(self.gray, (size[0], size[1]), interpolation=cv2.INTER_AREA)
        side, end = round(_BLANK_SIDE_MM * _BLANK_PER_MM), round(_BLANK_END_MM * _BLANK_PER_MM)
        inner = np.asarray(small[end : size[1] - end, side : size[0] - side] < 128, dtype=np.uint8)
        if not inner.size:
            return False
        _, _, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
        extent = stats[1:, 2:4]
        large = (extent.max(axis=1) >= _WRITTEN_MM * _BLANK_PER_MM) & (extent[:, 1] < _STREAK * inner.shape[0])
        return bool(np.count_nonzero(large) < _WRITTEN_LEAST)


def picture_of(raster: Raster) -> Picture:
    """Turn negatives, even out the light of photographs, guess the resolution. `raster` must have pixels."""
    gray, faults = raster.gray, raster.faults
    sample = gray[::7, ::5]
    toned = bool(np.count_nonzero((sample > 32) & (sample < 224)) > _MIDDLE_TONES * sample.size)
    if not toned and np.count_nonzero(sample > 127) < _WHITE_LEAST * sample.size:
        gray, faults = np.asarray(255 - gray, dtype=np.uint8), (*faults, Fault.INVERTED)
    if toned:
        gray = _evened(gray)
    densities = _densities(raster)
    claimed = raster.dpi_x is not None
    if not claimed:
        faults = (*faults, Fault.RESOLUTION_UNKNOWN)
    return Picture(np.ascontiguousarray(gray, dtype=np.uint8), densities, claimed, toned, faults)


def _evened(gray: Gray) -> Gray:
    """Every pixel against the paper around it; shadows and slopes of light go, ink stays."""
    tall, wide = gray.shape
    shrink = max(1, max(tall, wide) // 400)
    small = cv2.resize(gray, (max(1, wide // shrink), max(1, tall // shrink)), interpolation=cv2.INTER_AREA)
    side = max(small.shape) // 24 | 1
    paper = cv2.dilate(small, np.ones((side, side), dtype=np.uint8))
    paper = cv2.GaussianBlur(paper, (0, 0), side / 2)
    ground = cv2.resize(paper, (wide, tall), interpolation=cv2.INTER_LINEAR)
    ratio = cv2.divide(gray, np.maximum(ground, 8), scale=255.0)
    ink = float(np.percentile(ratio[::5, ::5], 2))
    span = max(_PAPER_AT * 255 - ink, 40.0)
    curve = np.clip((np.arange(256) - ink) * (255.0 / span), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(ratio, curve), dtype=np.uint8)


def _densities(raster: Raster) -> tuple[PerMm, ...]:
    tall, wide = raster.gray.shape
    found: list[PerMm] = []
    if raster.dpi_x is not None and raster.dpi_y is not None:
        found.append((raster.dpi_x / _MM_PER_INCH, raster.dpi_y / _MM_PER_INCH))
    line = next((dpi for px, dpi in _LINES_PX.items() if abs(wide - px) <= 8), None)
    if line is not None:
        downs = sorted({*_FAX_DPI_DOWN, line}, key=lambda dpi: abs(np.log(tall / dpi * _MM_PER_INCH / _A4_MM[1])))
        found += [(line / _MM_PER_INCH, dpi / _MM_PER_INCH) for dpi in downs[:2]]
    lying = next((dpi for px, dpi in _LINES_PX.items() if abs(tall - px) <= 8), None)
    if line is None and lying is not None:  # a fax page turned by whoever wrapped it
        downs = sorted({*_FAX_DPI_DOWN, lying}, key=lambda dpi: abs(np.log(wide / dpi * _MM_PER_INCH / _A4_MM[1])))
        found += [(dpi / _MM_PER_INCH, lying / _MM_PER_INCH) for dpi in downs[:2]]
    side = max(wide / _A4_MM[0], tall / _A4_MM[1]) if wide < tall else max(wide / _A4_MM[1], tall / _A4_MM[0])
    found += [(side, side), (wide / _A4_MM[0], tall / _A4_MM[1])]
    distinct: list[PerMm] = []
    for guess in found:
        if not any(abs(np.log(guess[0] / d[0])) < 0.05 and abs(np.log(guess[1] / d[1])) < 0.05 for d in distinct):
            distinct.append(guess)
    return tuple(distinct)
