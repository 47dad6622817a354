"""One fax pass: a sheet is fed into a machine, scanned, thresholded, sent, and what the other side receives.

Resolutions are those of T.4; a received page is 1-bit with pixels that are not square. Sending it on is another pass:
the receiver prints it first (dots spread), which `fax` does by itself when its sheet is a received one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, erf, sqrt

import cv2
import numpy as np
import numpy.typing as npt

from daemon.simulation.fax.sheet import Gray, Sheet

NORMAL = (204.0, 98.0)
FINE = (204.0, 196.0)
SUPERFINE = (204.0, 391.0)
"""Dots per inch across and down (T.4)."""

_MM_PER_INCH = 25.4
_LINE_PX = 1728
"""A line of 215 mm at 204 dpi; an A4 sheet fills 210 mm of it."""
_PRINTER_PER_MM = 11.0
"""Enough for dots of 1/8 mm that spread by less than half their size."""
_DOT_SPREAD_MM = 0.06
_OPTICS_MM = 0.05
_HEADER_MM = 3.4
_PAPER = 255.0


@dataclass(frozen=True, slots=True)
class Streak:
    """Dirt on the scanner, or a dead element of it: a straight line along the whole page."""

    x_mm: float
    width_mm: float
    black: bool = True


@dataclass(frozen=True, slots=True)
class LostLines:
    """What a line without error correction does: lines dropped, or one line repeated in their place."""

    y_mm: float
    count: int
    """Scan lines."""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class FaxPass:
    """Everything that happens to a sheet on its way through two machines; lengths on the page as sent."""

    dpi: tuple[float, float] = FINE
    scale: tuple[float, float] = (1.0, 1.0)
    """Across and down; receivers reduce to 87–97 %, rollers stretch."""
    turned_deg: int = 0
    """0, 90, 180 or 270: how the sheet is fed, clockwise."""
    skew_deg: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    gain_mm: float = 0.04
    """How far printed ink spreads (dot gain)."""
    threshold: float = 0.5
    """Share of reflected light below which a pixel is black."""
    uneven: float = 0.04
    """Slow wandering of the threshold over the page, standard deviation."""
    noise: float = 0.03
    """Noise of each pixel before the threshold, standard deviation."""
    speckles_per_cm2: float = 0.0
    streaks: tuple[Streak, ...] = ()
    lost: tuple[LostLines, ...] = ()
    header: str = ""
    """Burnt in at the top by the sender; ASCII."""
    header_pushes: bool = False
    """Whether the line is added above the page rather than printed over it."""
    cut_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """What is missing on the left, top, right and bottom of the received page."""
    folded_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Corners folded over or torn off: legs of the triangle at top left, top right, bottom left, bottom right."""
    length_mm: float | None = None
    """Where the page is cut off; None = as long as the sheet."""
    whole_line: bool = True
    """A page of 215 mm width with the sheet in its middle; False for a patch of paper, which keeps its size."""


def fax(sheet: Sheet, how: FaxPass, rng: np.random.Generator) -> Sheet:
    """Send `sheet` once. The result is 1-bit (0 or 255) at `how.dpi`; same arguments, same pixels."""
    light = _scan(_on_paper(sheet, how.gain_mm, max(how.dpi)), how)
    _add_noise(light, how, rng)
    page = np.where(light < how.threshold * _PAPER, 0, 255).astype(np.uint8)
    per_mm = how.dpi[0] / _MM_PER_INCH, how.dpi[1] / _MM_PER_INCH
    _add_speckles(page, how, per_mm, rng)
    for streak in how.streaks:
        left = round(streak.x_mm * per_mm[0])
        wide = max(1, round(streak.width_mm * per_mm[0]))
        page[:, max(0, left) : max(0, left + wide)] = 0 if streak.black else 255
    page = _cut(_with_header(page, how, per_mm), how, per_mm)
    for lost in sorted(how.lost, key=lambda one: one.y_mm, reverse=True):
        page = _lose(page, lost, per_mm)
    return Sheet(np.ascontiguousarray(page), per_mm)


def placed(size_mm: tuple[float, float], how: FaxPass) -> npt.NDArray[np.float64]:
    """(3, 3): mm on the sheet → mm on the received page, lost lines not counted. For tests and training."""
    wide, tall = size_mm
    turn = {0: np.eye(3), 90: np.array([[0.0, -1.0, tall], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])}
    turn[180] = np.array([[-1.0, 0.0, wide], [0.0, -1.0, tall], [0.0, 0.0, 1.0]])
    turn[270] = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, wide], [0.0, 0.0, 1.0]])
    fed = (wide, tall) if how.turned_deg in {0, 180} else (tall, wide)
    line_mm = _LINE_PX / (NORMAL[0] / _MM_PER_INCH) if how.whole_line else fed[0]
    below = _HEADER_MM if how.header and how.header_pushes else 0.0
    return np.asarray(_moved(0.0, below) @ _paper_to_page(fed, line_mm, how) @ turn[how.turned_deg], dtype=np.float64)


def _on_paper(sheet: Sheet, gain_mm: float, finest_dpi: float) -> Sheet:
    """The sheet printed: dots as wide as they are far apart, and ink that spreads."""
    gray, per_mm = sheet.gray, sheet.per_mm
    if min(per_mm) > 2 * _PRINTER_PER_MM and finest_dpi < 300:  # finer than anybody will look: four times the work
        half = gray.shape[1] // 2, gray.shape[0] // 2
        gray = np.asarray(cv2.resize(gray, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        per_mm = per_mm[0] / 2, per_mm[1] / 2
    repeat = [max(1, ceil(_PRINTER_PER_MM / one)) for one in per_mm]
    if repeat != [1, 1]:
        size = gray.shape[1] * repeat[0], gray.shape[0] * repeat[1]
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
        per_mm = per_mm[0] * repeat[0], per_mm[1] * repeat[1]
    soft = cv2.GaussianBlur(gray, (0, 0), _DOT_SPREAD_MM * per_mm[0], sigmaY=_DOT_SPREAD_MM * per_mm[1])
    return Sheet(np.asarray(cv2.LUT(soft, _spread(gain_mm)), dtype=np.uint8), per_mm)


def _spread(gain_mm: float) -> Gray:
    """A tone curve that moves every edge outwards by `gain_mm`.

    A blurred edge is dark to half where it was; it is dark to Phi(-gain / sigma) that much further out.
    """
    level = 0.5 * (1 - erf(-gain_mm / _DOT_SPREAD_MM / sqrt(2)))
    light = np.arange(256) / _PAPER
    return np.clip(((light - level) * 4 + 0.5) * _PAPER, 0, _PAPER).astype(np.uint8)


def _scan(sheet: Sheet, how: FaxPass) -> npt.NDArray[np.float32]:
    """Light reflected at every pixel of the page, 0–255, before the threshold."""
    gray, per_mm = sheet.gray, sheet.per_mm
    if how.turned_deg:
        gray = np.ascontiguousarray(np.rot90(gray, -how.turned_deg // 90))
        per_mm = per_mm if how.turned_deg == 180 else (per_mm[1], per_mm[0])
    wide_mm, tall_mm = gray.shape[1] / per_mm[0], gray.shape[0] / per_mm[1]
    out = how.dpi[0] / _MM_PER_INCH, how.dpi[1] / _MM_PER_INCH
    line_mm = _LINE_PX / (NORMAL[0] / _MM_PER_INCH) if how.whole_line else wide_mm
    size = round(line_mm * out[0]), round((how.length_mm or tall_mm) * out[1])
    # What one sensor sees, and one line step, as a bell of the same variance; the optics on top.
    sigma = [sqrt(1 / (12 * out[i] ** 2) + _OPTICS_MM**2) * per_mm[i] for i in (0, 1)]
    soft = cv2.GaussianBlur(gray, (0, 0), sigma[0], sigmaY=sigma[1])
    matrix = _paper_to_page((wide_mm, tall_mm), line_mm, how)
    full = _scaled(out) @ matrix @ _scaled((1 / per_mm[0], 1 / per_mm[1]))
    centre = np.array([[1.0, 0.0, -0.5], [0.0, 1.0, -0.5], [0.0, 0.0, 1.0]])
    full = centre @ full @ np.linalg.inv(centre)
    page = cv2.warpAffine(soft, full[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    return np.asarray(page, dtype=np.float32)


def _paper_to_page(paper_mm: tuple[float, float], line_mm: float, how: FaxPass) -> npt.NDArray[np.float64]:
    """Mm on the sheet → mm on the page: turned about its middle, reduced towards the middle of its top edge."""
    turn = np.deg2rad(how.skew_deg)
    cos, sin = np.cos(turn), np.sin(turn)
    middle = _moved(-paper_mm[0] / 2, -paper_mm[1] / 2)
    turned = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    back = _moved(0.0, paper_mm[1] / 2)
    placed = _moved(line_mm / 2 + how.shift_mm[0], how.shift_mm[1])
    return np.asarray(placed @ _scaled(how.scale) @ back @ turned @ middle, dtype=np.float64)


def _moved(x: float, y: float) -> npt.NDArray[np.float64]:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _scaled(factor: tuple[float, float]) -> npt.NDArray[np.float64]:
    return np.diag([factor[0], factor[1], 1.0])


def _add_noise(light: npt.NDArray[np.float32], how: FaxPass, rng: np.random.Generator) -> None:
    tall, wide = light.shape
    if how.uneven:
        coarse = rng.normal(0.0, how.uneven * _PAPER, (max(2, tall // 250), max(2, wide // 250))).astype(np.float32)
        light += cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_CUBIC)
    if how.noise:
        light += rng.standard_normal((tall, wide), dtype=np.float32) * np.float32(how.noise * _PAPER)


def _add_speckles(page: Gray, how: FaxPass, per_mm: tuple[float, float], rng: np.random.Generator) -> None:
    """Black and white specks of one to three pixels."""
    tall, wide = page.shape
    area_cm2 = wide / per_mm[0] * tall / per_mm[1] / 100
    for _ in range(int(rng.poisson(how.speckles_per_cm2 * area_cm2))):
        x, y = int(rng.integers(wide)), int(rng.integers(tall))
        w, h = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        page[y : y + h, x : x + w] = 0 if rng.random() < 0.7 else 255


def _with_header(page: Gray, how: FaxPass, per_mm: tuple[float, float]) -> Gray:
    if not how.header:
        return page
    line = _header_line(how.header, page.shape[1], per_mm)
    if how.header_pushes:
        return np.vstack([line, page])
    page = page.copy()
    top = round(1.0 * per_mm[1])
    part = page[top : top + len(line)]
    part[:] = line[: len(part)]
    return page


def _header_line(text: str, wide: int, per_mm: tuple[float, float]) -> Gray:
    """A line of machine print, white behind it."""
    fine = 12.0
    picture = np.full((round(_HEADER_MM * fine), round(wide / per_mm[0] * fine)), 255, dtype=np.uint8)
    cv2.putText(picture, text, (60, round(2.6 * fine)), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 3, cv2.LINE_AA)
    size = wide, max(1, round(_HEADER_MM * per_mm[1]))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.where(small < 150, 0, 255).astype(np.uint8)


def _cut(page: Gray, how: FaxPass, per_mm: tuple[float, float]) -> Gray:
    left, top, right, bottom = how.cut_mm
    tall, wide = page.shape
    page = page.copy()
    page[:, : round(left * per_mm[0])] = 255
    page[:, wide - round(right * per_mm[0]) :] = 255
    page[: round(top * per_mm[1])] = 255
    for index, leg in enumerate(how.folded_mm):
        x, y = wide * (index % 2), tall * (index // 2)
        dx, dy = round(leg * per_mm[0]) * (-1) ** (index % 2), round(leg * per_mm[1]) * (-1) ** (index // 2)
        if leg:
            cv2.fillConvexPoly(page, np.array([[x, y], [x + dx, y], [x, y + dy]], dtype=np.int32), 255)
    return page[: tall - round(bottom * per_mm[1])]


def _lose(page: Gray, lost: LostLines, per_mm: tuple[float, float]) -> Gray:
    at = min(max(0, round(lost.y_mm * per_mm[1])), len(page) - 1)
    if lost.repeated:
        page = page.copy()
        page[at : at + lost.count] = page[at]
        return page
    return np.delete(page, slice(at, at + lost.count), axis=0)
