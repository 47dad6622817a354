"""The values between the steps: a picture out of a file, a page found in it, a cell cut out of that.

Pictures are (height, width) uint8 arrays, 0 = black, origin top left. Pixel coordinates are continuous: the top left
corner of the picture is (0, 0), the centre of its first pixel (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from parsers.codes import PageCode
from parsers.fax.faults import Fault
from parsers.fax.geometry import FormGeometry, RowPlace
from parsers.findings import Box, PageKind
from parsers.forms import FormEdition

Gray: TypeAlias = npt.NDArray[np.uint8]
Matrix: TypeAlias = npt.NDArray[np.float64]

_HEADER_MM = 12.0
"""The top of the form is free for header lines of the machines (capture.md §3.6)."""
_LINE_MM = 215.0
"""Width of a fax line (T.4)."""
_BORDER_TOLERANCE_MM = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """One picture out of a file, as stored: not turned, not stretched.

    A page that cannot be decoded is a raster without pixels and with a fault: it stays accounted for.
    """

    page: int
    """1-based: page of the PDF, frame of the TIFF."""
    gray: Gray
    """Fax pixels are not square: see `dpi_x` and `dpi_y`."""
    dpi_x: float | None
    """Pixels per inch across as the file claims; None when it claims nothing believable."""
    dpi_y: float | None
    faults: tuple[Fault, ...] = ()
    details: tuple[str, ...] = ()
    """What exactly was noticed, for an admin."""
    garbled: tuple[int, ...] = ()
    """Lines of `gray` that are not what the file holds."""


@dataclass(frozen=True, slots=True)
class CellQuality:
    """How far the place of a cell can be trusted."""

    borders: int
    """Of the four printed borders, those that were found."""
    border_error_mm: float
    """Largest distance of a found border from where the refined fit puts it; 0 for a place without borders."""
    moved_mm: tuple[float, float]
    """What the refinement moved the cell against the fit of the page, right and down."""
    streak: bool = False
    """A streak of the machine crosses the cell."""
    lines_lost: bool = False
    """Scan lines were lost, repeated or broken in it."""
    outside: bool = False
    """Reaches beyond the picture."""

    @property
    def sound(self) -> bool:
        """Whether a machine may read the cell at all; anything else is for a person."""
        clean = not (self.streak or self.lines_lost or self.outside)
        return clean and self.borders >= 3 and self.border_error_mm <= _BORDER_TOLERANCE_MM


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A place on the form, cut out upright and at true scale."""

    pixels: Gray
    """0 = black; white where the picture ends."""
    box_mm: Box
    """What the crop shows, margin included, on the page as printed."""
    px_per_mm: float
    quality: CellQuality


_UNREFINED = CellQuality(0, 0.0, (0.0, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class FittedPage:
    """A page of ours, found and placed."""

    page: int
    """Of the file."""
    text: str
    """The 20 symbols of the code as read; whoever has the key checks the seal. "" when a person named the page."""
    code: PageCode
    geometry: FormGeometry
    gray: Gray
    """The picture, light evened out and black on white, otherwise as in the file."""
    warp: Matrix
    """(3, 3): mm on the printed page → pixels of `gray`, homogeneous."""
    turned_deg: int
    """0, 90, 180 or 270: how far the page lies turned clockwise in the picture."""
    skew_deg: float
    """The rest of the turn, clockwise."""
    scale: tuple[float, float] | None
    """Size in the picture over size as printed, across and down the form; None without a believable resolution."""
    fit_error_mm: float
    """Root mean square distance of codes, marks and box borders from the fit."""
    worst_error_mm: float
    codes_found: int
    marks_found: int
    borders_found: float
    """Share of the printed box borders (of the rows that are there) found where the fit puts them."""
    rows: int
    """How many rows the page shows, counted by their boxes."""
    cells: Mapping[Box, CellQuality]
    """Every box to write into, of the rows that are there."""
    drift: Matrix
    """(n, 3): y on the form, and how far the page lies right and down of the fit at that height; all in mm."""
    streaks_mm: tuple[Box, ...] = ()
    """Where streaks run, on the form."""
    faults: tuple[Fault, ...] = ()
    details: tuple[str, ...] = field(default=())

    @property
    def edition(self) -> FormEdition:
        """The form edition of the page."""
        return self.geometry.edition

    def row_places(self) -> tuple[tuple[int, RowPlace], ...]:
        """Row No. on the roster and place of every row that is there."""
        return tuple((self.code.first_row + row.index, row) for row in self.geometry.rows[: self.rows])

    def cell(self, box_mm: Box, margin_mm: float = 1.0, px_per_mm: float = 8.0) -> Crop:
        """Cut out a place of the form with `margin_mm` around it; sampled from the picture as it came, once."""
        x, y, w, h = box_mm
        quality = self.cells.get(box_mm, _UNREFINED)
        moved = quality.moved_mm if box_mm in self.cells else self._drift_at(y + h / 2)
        area = (x - margin_mm, y - margin_mm, w + 2 * margin_mm, h + 2 * margin_mm)
        pixels = cut(self.gray, self.warp, area, moved, px_per_mm)
        return Crop(pixels, area, px_per_mm, quality)

    def header(self, px_per_mm: float = 8.0) -> Gray:
        """What the machines printed above the form: sender, time, page count. Evidence for routing, never proof."""
        return cut(self.gray, self.warp, (0.0, -4.0, _LINE_MM, 4.0 + _HEADER_MM), (0.0, 0.0), px_per_mm)

    def upright(self, px_per_mm: float = 4.0) -> Gray:
        """The whole page straightened, to be looked at."""
        wide, tall = self.geometry.size_mm
        return cut(self.gray, self.warp, (0.0, 0.0, wide, tall), (0.0, 0.0), px_per_mm)

    def _drift_at(self, y_mm: float) -> tuple[float, float]:
        if not len(self.drift):
            return 0.0, 0.0
        at = self.drift[:, 0]
        return float(np.interp(y_mm, at, self.drift[:, 1])), float(np.interp(y_mm, at, self.drift[:, 2]))


@dataclass(frozen=True, slots=True, eq=False)
class Unplaced:
    """A picture, or part of one, that is not read: what it seems to be, and why it was refused."""

    page: int
    kind: PageKind
    """FORM when it seems to be a page of ours, BLANK for an empty sheet, FOREIGN for anything else."""
    faults: tuple[Fault, ...]
    details: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    """Texts of the page codes of ours that were read: a guess for the person who names the roster."""
    turned_deg: int = 0
    gray: Gray | None = None


def cut(
    gray: Gray,
    warp: Matrix,
    area_mm: Box,
    moved_mm: tuple[float, float],
    px_per_mm: float,
    *,
    quick: bool = False,
) -> Gray:
    """The part `area_mm` of the form as (h, w) uint8 at `px_per_mm`; white where the picture ends.

    A finer picture is averaged down rather than sampled, so that no thin stroke falls between two samples; `quick`
    does without as long as the picture is less than twice as fine.
    """
    x, y, w, h = area_mm
    size = max(1, round(w * px_per_mm)), max(1, round(h * px_per_mm))
    fine = _oversampling(warp, (x + w / 2, y + h / 2), px_per_mm * (1.6 if quick else 1.0))
    step = 1.0 / (px_per_mm * fine)
    to_mm = np.array(
        [[step, 0.0, x + moved_mm[0] + step / 2], [0.0, step, y + moved_mm[1] + step / 2], [0.0, 0.0, 1.0]]
    )
    shift = np.array([[1.0, 0.0, -0.5], [0.0, 1.0, -0.5], [0.0, 0.0, 1.0]])
    matrix = shift @ warp @ to_mm
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    large = size[0] * fine, size[1] * fine
    if abs(matrix[2, 0]) < 1e-12 and abs(matrix[2, 1]) < 1e-12:
        picture = cv2.warpAffine(
            gray, matrix[:2] / matrix[2, 2], large, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=255
        )
    else:
        picture = cv2.warpPerspective(gray, matrix, large, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    if fine > 1:
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, dtype=np.uint8)


def _oversampling(warp: Matrix, centre_mm: tuple[float, float], px_per_mm: float) -> int:
    """How many samples each way make one pixel of the crop."""
    here, right, down = (
        to_pixels(warp, centre_mm),
        to_pixels(warp, (centre_mm[0] + 1, centre_mm[1])),
        to_pixels(warp, (centre_mm[0], centre_mm[1] + 1)),
    )
    finest = max(float(np.hypot(*(p - here))) for p in (right, down))
    return int(min(4, max(1, np.ceil(finest / px_per_mm - 0.25))))


def to_pixels(warp: Matrix, point_mm: tuple[float, float]) -> Matrix:
    """Where a point of the form lies in the picture: (2,) float64, continuous pixel coordinates."""
    x, y, w = warp @ np.array([point_mm[0], point_mm[1], 1.0])
    return np.array([x / w, y / w])
