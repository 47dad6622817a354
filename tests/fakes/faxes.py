"""Faxed pages for tests: sheets sent through simulated machines, and the truth about where everything on them went."""

from __future__ import annotations

import numpy as np

from daemon.simulation.fax import FaxPass, Sheet, fax, placed
from parsers.fax.page import FittedPage, Raster


def send(sheet: Sheet, *passes: FaxPass, seed: int = 1) -> Sheet:
    """A sheet through these passes."""
    rng = np.random.default_rng(seed)
    for how in passes:
        sheet = fax(sheet, how, rng)
    return sheet


def truth(size_mm: tuple[float, float], *passes: FaxPass) -> np.ndarray:
    """(3, 3): mm as printed → mm on the received page. Lost lines are not in it."""
    matrix = np.eye(3)
    for how in passes:
        step = placed(size_mm, how)
        matrix = step @ matrix
        corners = np.array([[0, 0, 1], [*size_mm, 1]]) @ step.T
        size_mm = (215.0, float(np.abs(np.diff(corners[:, 1]))[0])) if how.whole_line else size_mm
    return matrix


def worst_error_mm(page: FittedPage, received: Sheet, matrix: np.ndarray) -> float:
    """How far any box of the page lies from where it truly went, at most; mm on the received page."""
    boxes = np.array(list(page.cells))
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    moved = np.array([quality.moved_mm for quality in page.cells.values()])
    found = _through(page.warp, centres + moved) / np.array(received.per_mm)
    return float(np.hypot(*(found - _through(matrix, centres)).T).max())


def as_raster(page: Sheet, dpi: tuple[float, float] | None = (0.0, 0.0)) -> Raster:
    """A received page as it comes out of its file; `dpi` None = the file claims nothing."""
    claimed = (None, None) if dpi is None else page.dpi if dpi == (0.0, 0.0) else dpi
    return Raster(1, page.gray, *claimed)


def placed_page(found: object) -> FittedPage:
    """The page, when it was placed; fails with the reasons otherwise."""
    assert isinstance(found, FittedPage), getattr(found, "faults", found)
    return found


def whited(sheet: Sheet, *boxes_mm: tuple[float, float, float, float]) -> Sheet:
    """The sheet with these boxes covered by white paper."""
    return painted(sheet, *((box, np.full((1, 1), 255, dtype=np.uint8)) for box in boxes_mm))


def painted(sheet: Sheet, *patches: tuple[tuple[float, float, float, float], np.ndarray]) -> Sheet:
    """The sheet with pictures stuck over it, each stretched to its box in mm."""
    gray = sheet.gray.copy()
    for (x, y, w, h), picture in patches:
        left, top = round(x * sheet.per_mm[0]), round(y * sheet.per_mm[1])
        wide, tall = round(w * sheet.per_mm[0]), round(h * sheet.per_mm[1])
        rows = np.arange(tall) * picture.shape[0] // tall
        columns = np.arange(wide) * picture.shape[1] // wide
        gray[top : top + tall, left : left + wide] = picture[np.ix_(rows, columns)]
    return Sheet(gray, sheet.per_mm)


def _through(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    out = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return out[:, :2] / out[:, 2:]
