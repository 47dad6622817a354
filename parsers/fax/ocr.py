"""The general OCR, for print: lines of text found in a picture, lines of text read (PP-OCRv6 small, onnxruntime).

The models are those in the wheel of rapidocr; the program around them is not loaded: it costs 0.8 s and 40 MB, sets up
logging and fetches what it does not find. Everything runs in the calling thread. Never for handwriting: of boxed dates
it makes nonsense at high scores (capture.md §2.4).

Pictures are (height, width) uint8, 0 = black, with square pixels.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from parsers.fax.page import Gray, Matrix

_HEIGHT: Final = 48
"""Pixels of a line, as the network was trained."""
_AROUND: Final = 2
"""White above and below the glyphs, so that no stroke touches the edge."""
_BESIDE: Final = 4
_LINE_MOST: Final = 3200
"""Pixels of the longest line."""
_LEAST_WIDTH: Final = 32
_GRID: Final = 32
"""The finder of lines wants sides that are multiples of this."""
_FOUND_AT: Final = 0.3
_BOX_SCORE: Final = 0.5
_GROWN_BY: Final = 1.6
"""Found areas are the cores of lines: grown by area · this / circumference (DB's "unclip")."""
_LINES_MOST: Final = 400
_SHORT_SIDE_LEAST: Final = 4.0

Floats = npt.NDArray[np.float32]


class NoModels(RuntimeError):
    """The models are not installed; reinstall rapidocr in the version the lock file names."""


@dataclass(frozen=True, slots=True)
class Text:
    """One line as read."""

    text: str
    score: float
    """Of the least certain glyph, not the mean: one bad glyph must show (OnnxTR#95). 0 for an empty line."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a line of text lies."""

    corners: Matrix
    """(4, 2): top left, top right, bottom right, bottom left, in pixels of the picture."""

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        x, y = self.corners.mean(axis=0)
        return float(x), float(y)


def read_line(picture: Gray, squeeze: float = 1.0) -> Text:
    """Read one line of print, cut out close around its ink.

    Args:
        picture: The line, of any size; the network sees it 48 pixels high.
        squeeze: Condense it across to this share. Kanji are read as well at 0.5 and cost half.
    """
    if min(picture.shape) < 2:
        return Text("", 0.0)
    scores = _recogniser().run(None, {"x": _line_input(picture, squeeze)})[0][0]
    return _collapsed(scores)


def find_lines(picture: Gray) -> tuple[Place, ...]:
    """Lines of print in a page, top to bottom; about 5 pixels per mm suit a page of ordinary print."""
    tall, wide = picture.shape
    size = max(_GRID, round(wide / _GRID) * _GRID), max(_GRID, round(tall / _GRID) * _GRID)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    heat = _finder().run(None, {"x": _as_input(np.asarray(small, dtype=np.uint8))})[0][0, 0]
    scale = np.array([wide / size[0], tall / size[1]])
    places = [Place(corners * scale) for corners in _cores(np.asarray(heat, dtype=np.float32))]
    return tuple(sorted(places, key=lambda p: (p.middle[1], p.middle[0])))


def cut_line(picture: Gray, place: Place) -> Gray:
    """A found line, straightened."""
    corners = place.corners.astype(np.float32)
    top, side = corners[1] - corners[0], corners[3] - corners[0]
    wide, tall = max(2, round(float(np.hypot(*top)))), max(2, round(float(np.hypot(*side))))
    target = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    line = cv2.warpPerspective(picture, matrix, (wide, tall), borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    return np.asarray(line, dtype=np.uint8)


def _line_input(picture: Gray, squeeze: float) -> Floats:
    high = _HEIGHT - 2 * _AROUND
    wide = round(picture.shape[1] * high / picture.shape[0] * squeeze)
    wide = min(max(wide, _LEAST_WIDTH - 2 * _BESIDE), _LINE_MOST)
    line = np.full((_HEIGHT, wide + 2 * _BESIDE), 255, dtype=np.uint8)
    line[_AROUND:-_AROUND, _BESIDE:-_BESIDE] = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
    return _as_input(line)


def _as_input(picture: Gray) -> Floats:
    """(1, 3, h, w), white = 1, black = -1."""
    plane = picture.astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(np.broadcast_to(plane, (1, 3, *plane.shape)))


def _collapsed(scores: Floats) -> Text:
    """CTC: repeated symbols are one, blanks (0) none."""
    best = scores.argmax(axis=1)
    new = (best != 0) & (best != np.concatenate([[0], best[:-1]]))
    if not new.any():
        return Text("", 0.0)
    # A glyph spans several steps; the surest of them tells how sure it is.
    runs = np.cumsum(new)
    sure = [float(scores[(runs == k) & (best != 0)].max(axis=1).max()) for k in range(1, int(runs[-1]) + 1)]
    alphabet = _alphabet()
    return Text("".join(alphabet[i] for i in best[new]), min(sure))


def _cores(heat: Floats) -> Iterator[Matrix]:
    """Grown rectangles around what the finder marked (DB, arXiv:1911.08947)."""
    mask = cv2.dilate((heat > _FOUND_AT).astype(np.uint8), np.ones((2, 2), dtype=np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours[:_LINES_MOST]:
        core = cv2.minAreaRect(contour)
        (x, y), (w, h), turn = core
        if min(w, h) < 2 or _mean_inside(heat, contour) < _BOX_SCORE:
            continue
        grown = w * h * _GROWN_BY / (2 * (w + h))
        if min(w, h) + 2 * grown >= _SHORT_SIDE_LEAST:
            yield _upright(cv2.boxPoints(((x, y), (w + 2 * grown, h + 2 * grown), turn)).astype(np.float64))


def _mean_inside(heat: Floats, contour: npt.NDArray[Any]) -> float:
    x, y, w, h = cv2.boundingRect(contour)
    inside = np.zeros((h, w), dtype=np.uint8)
    cv2.fillPoly(inside, [contour - [[x, y]]], 1)
    return float(cv2.mean(heat[y : y + h, x : x + w], inside)[0])


def _upright(corners: Matrix) -> Matrix:
    """The corners from the top left one clockwise, for a line that runs from left to right."""
    left = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, bottom_left), (top_right, bottom_right) = (
        sorted(side, key=lambda p: p[1]) for side in (left[:2], left[2:])
    )
    return np.array([top_left, top_right, bottom_right, bottom_left])


def _models() -> Path:
    found = find_spec("rapidocr")
    if found is None or not found.submodule_search_locations:
        raise NoModels("rapidocr is not installed")
    return Path(found.submodule_search_locations[0]) / "models"


def _session(name: str) -> Any:
    """A network that runs in the calling thread: pools made before a fork would hang after it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # onnxruntime warns of systems it does not know
        import onnxruntime
    path = _models() / name
    if not path.is_file():
        raise NoModels(f"{name} is not in the wheel of rapidocr")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # lines differ in length: an arena would keep the largest of everything
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@cache
def _recogniser() -> Any:
    return _session("PP-OCRv6_rec_small.onnx")


@cache
def _finder() -> Any:
    return _session("PP-OCRv6_det_small.onnx")


@cache
def _alphabet() -> tuple[str, ...]:
    """Class → glyph: the blank first, the space last."""
    glyphs = _recogniser().get_modelmeta().custom_metadata_map["character"].splitlines()
    return ("", *glyphs, " ")
