"""Printed glyphs of our own form, told apart in one go: the face is known, only the fax is not.

Each glyph is a small portrait about the centre of its ink, projected so that what two faxes of one glyph differ by
counts little and what two glyphs differ by counts much (linear discriminant analysis); the nearest mean is the
reading. 60 glyphs cost about 5 ms; the general OCR needs 8 ms for a name. The means come from
`python -m tests.training.glyphs`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from parsers.fax.page import Gray
from parsers.names import UNKNOWN_GLYPH, name_key

Floats = npt.NDArray[np.float32]
SIDE: Final = 24
"""Pixels of a portrait, each way."""
_SPAN_EM: Final = 1.15
_LOOK_EM: Final = 0.08
"""How far beyond its em square a glyph is looked for."""
_INK_LEAST_EM2: Final = 0.006
"""A middle dot has 0.02; specks have less."""
_RARE: Final = 100.0
"""Handicap of kanji hardly a name holds (JIS X 0208 level 2 and beyond), in squared distance."""
_STRANGE: Final = 800.0
"""Squared distance beyond which it is no glyph of the face: twice what 999 of 1000 faxed glyphs keep to."""
_LEVEL_2_ROW: Final = 0x989F


@dataclass(frozen=True, slots=True)
class Em:
    """The em square of a glyph in a picture, in pixels."""

    x: float
    y: float
    wide: float
    tall: float


@dataclass(frozen=True, slots=True)
class Glyph:
    """One glyph as read."""

    text: str
    """`UNKNOWN_GLYPH` when it is like none."""
    sure: float
    """Against the next likely glyph, 0.5–1; 0 when unknown. Not calibrated."""
    distance: float
    """Squared distance from its mean."""


def portrait(picture: Gray, em: Em) -> Gray | None:
    """(SIDE, SIDE): the glyph in its em square, moved so that its ink is in the middle; None for a space."""
    left, right = round(em.x - _LOOK_EM * em.wide), round(em.x + (1 + _LOOK_EM) * em.wide)
    top, bottom = round(em.y - _LOOK_EM * em.tall), round(em.y + (1 + _LOOK_EM) * em.tall)
    window = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    ink = 255 - window.astype(np.float32)
    total = float(ink.sum())
    if total < _INK_LEAST_EM2 * em.wide * em.tall * 255:
        return None
    x = float((ink.sum(axis=0) * np.arange(ink.shape[1])).sum()) / total
    y = float((ink.sum(axis=1) * np.arange(ink.shape[0])).sum()) / total
    step_x, step_y = _SPAN_EM * em.wide / SIDE, _SPAN_EM * em.tall / SIDE
    middle = (SIDE - 1) / 2
    matrix = np.array([[step_x, 0.0, x - middle * step_x], [0.0, step_y, y - middle * step_y]])
    soft = cv2.blur(window, (3, 3))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(soft, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    return np.asarray(seen, dtype=np.uint8)


def read_glyphs(portraits: Sequence[Gray]) -> list[Glyph]:
    """The nearest glyph for each portrait."""
    if not portraits:
        return []
    model = _model()
    pictures = (255 - np.stack(portraits).reshape(len(portraits), -1)).astype(np.float32) / 255
    points = pictures @ model.projection - model.centre
    apart = (points**2).sum(axis=1)[:, None] + model.squares - 2 * points @ model.means.T
    rows, first = np.arange(len(apart)), apart.argmin(axis=1)
    nearest = apart[rows, first]
    apart[rows, first] = np.inf
    margins = apart.min(axis=1) - nearest
    distances = nearest - model.handicap[first]
    return [
        _glyph(model.glyphs[index], float(distance), float(margin))
        for index, distance, margin in zip(first, distances, margins, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    glyphs: str
    projection: Floats
    centre: Floats
    means: Floats
    squares: Floats
    """(n,): squared length of each mean, handicap included."""
    handicap: Floats


def _glyph(text: str, distance: float, margin: float) -> Glyph:
    if distance > _STRANGE:
        return Glyph(UNKNOWN_GLYPH, 0.0, distance)
    return Glyph(text, float(1 / (1 + np.exp(-margin / 8))), distance)


@cache
def _model() -> _Model:
    data = files("parsers.fax").joinpath("glyphs.npz").read_bytes()
    with np.load(io.BytesIO(data)) as stored:
        glyphs = str(stored["glyphs"])
        means = stored["means"].astype(np.float32) * stored["scale"]
        projection, centre = stored["projection"].astype(np.float32), stored["centre"]
    handicap = np.array([_RARE if _is_rare(g) else 0.0 for g in glyphs], dtype=np.float32)
    squares = (means**2).sum(axis=1) + handicap
    return _Model(glyphs, projection, centre, means, squares.astype(np.float32), handicap)


def _is_rare(glyph: str) -> bool:
    """Kanji of level 2 and of the extensions, but for those that are variants in names."""
    code = glyph.encode("cp932", "replace")
    level_2 = len(code) != 2 or int.from_bytes(code, "big") >= _LEVEL_2_ROW
    return level_2 and name_key(glyph) == glyph
