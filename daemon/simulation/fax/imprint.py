"""What is pressed or printed onto a sheet: seals, date stamps, typed entries, and words too intricate for strokes.

Pictures for `Stamp`, (h, w) uint8 with 0 = ink, drawn with the font of the forms.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from daemon.adapters.documents.glyphs import font_path
from daemon.simulation.fax.hand import Box, Hand
from daemon.simulation.fax.sheet import Gray, Stamp

_PX_PER_MM = 16.0
_RED_INK = (50, 120)
"""How dark the vermilion of a seal looks to a fax machine, 0–255."""
_EM = 1.5
"""Height of a line of this font, in its size."""


def typed(text: str, box: Box, *, tall_mm: float = 5.0) -> Stamp:
    """Text as by a typewriter or a label printer, in the middle of the box."""
    x, y, w, h = box
    ink = _set(text, tall_mm)
    wide, tall = ink.shape[1] / _PX_PER_MM, ink.shape[0] / _PX_PER_MM
    return Stamp(255 - ink, (x + (w - wide) / 2, y + (h - tall) / 2, wide, tall))


def written(text: str, box: Box, hand: Hand, rng: np.random.Generator, *, fills: float = 0.6) -> Stamp:
    """Words by hand: bent letters, slanted and as thick as this hand writes, at most as wide as the box."""
    x, y, w, h = box
    tall_mm = min(h * fills, w / max(1, len(text)) / 1.02)
    bent = _bent(_set(text, tall_mm), hand, tall_mm, rng)
    inked = _with_pen(bent, hand.pen_mm * _PX_PER_MM)
    gray = np.asarray(255 - hand.darkness * inked, dtype=np.uint8)
    wide, tall = gray.shape[1] / _PX_PER_MM, gray.shape[0] / _PX_PER_MM
    off = rng.normal(0, 0.02, 2) * (w, h)
    return Stamp(gray, (x + (w - wide) / 2 + float(off[0]), y + (h - tall) / 2 + float(off[1]), wide, tall))


def seal(name: str, at_mm: tuple[float, float], rng: np.random.Generator, *, across_mm: float = 9.0) -> Stamp:
    """A round seal with one to three characters from top to bottom, its middle at `at_mm`."""
    size = round(across_mm * _PX_PER_MM)
    picture = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((6, 6, size - 6, size - 6), outline=255, width=round(0.45 * _PX_PER_MM))
    for n, letter in enumerate(name):
        each = size * 0.74 / len(name)
        font = _font(round(min(each, size * 0.5)))
        at = size / 2, size / 2 + (n - (len(name) - 1) / 2) * each
        draw.text(at, letter, fill=255, font=font, anchor="mm")
    return _pressed(np.asarray(picture), at_mm, rng)


def date_stamp(day: dt.date, at_mm: tuple[float, float], rng: np.random.Generator, *, office: str = "年金") -> Stamp:
    """A 日付印 of 16 mm: 受付 above, the day between two lines, the office below; its middle at `at_mm`."""
    size = round(16.0 * _PX_PER_MM)
    picture = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((6, 6, size - 6, size - 6), outline=255, width=round(0.5 * _PX_PER_MM))
    for y in (0.36, 0.64):
        draw.line((size * 0.06, size * y, size * 0.94, size * y), fill=255, width=round(0.35 * _PX_PER_MM))
    number = f"{day.year - 2018}.{day.month}.{day.day}"
    for text, y, tall in (("受付", 0.22, 0.17), (number, 0.5, 0.2), (office, 0.78, 0.17)):
        draw.text((size / 2, size * y), text, fill=255, font=_font(round(size * tall)), anchor="mm")
    return _pressed(np.asarray(picture), at_mm, rng)


def _pressed(ink: Gray, at_mm: tuple[float, float], rng: np.random.Generator) -> Stamp:
    """Turned a little, unevenly inked."""
    size = ink.shape[0]
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), float(rng.normal(0, 8)), 1.0)
    laid = cv2.warpAffine(ink, turn, (size, size))
    patches = cv2.resize(rng.uniform(0.7, 1.0, (5, 5)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    gray = 255 - laid / 255 * (255 - float(rng.uniform(*_RED_INK))) * np.clip(patches, 0, 1)
    mm = size / _PX_PER_MM
    return Stamp(gray.astype(np.uint8), (at_mm[0] - mm / 2, at_mm[1] - mm / 2, mm, mm))


def _set(text: str, tall_mm: float) -> Gray:
    """The text in one line, 255 = ink, as tall as its letters and a margin."""
    font = _font(round(tall_mm * _PX_PER_MM))
    wide = round(font.getlength(text)) + 2 * round(_PX_PER_MM / 2)
    tall = round(tall_mm * _PX_PER_MM * _EM)
    picture = Image.new("L", (wide, tall), 0)
    ImageDraw.Draw(picture).text((wide / 2, tall / 2), text, fill=255, font=font, anchor="mm")
    return np.asarray(picture, dtype=np.uint8)


@cache
def _font(px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_path()), px)


def _bent(ink: Gray, hand: Hand, tall_mm: float, rng: np.random.Generator) -> Gray:
    tall, wide = ink.shape
    knots = 3, max(3, round(3 * wide / tall)), 2
    strays = rng.normal(0, 0.045 * tall_mm * _PX_PER_MM, knots).astype(np.float32)
    bend = cv2.resize(strays, (wide, tall), interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(tall, dtype=np.float32))
    slanted = x + np.float32(hand.slant) * (y - np.float32(tall / 2))
    return np.asarray(cv2.remap(ink, slanted + bend[..., 0], y + bend[..., 1], cv2.INTER_LINEAR), dtype=np.uint8)


def _with_pen(ink: Gray, pen_px: float) -> np.ndarray:
    """The same strokes about `pen_px` wide; 0–255."""
    black = (ink > 110).astype(np.uint8)
    inside = cv2.distanceTransform(black, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - black, cv2.DIST_L2, 5)
    ridge = inside[(inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8))) & (black > 0)]
    usual = 2 * float(np.mean(ridge)) if len(ridge) else pen_px
    grown = np.clip((pen_px - usual) / 2, -0.35 * usual, 0.6 * usual) + inside - outside + 0.5
    return np.asarray(np.clip(grown, 0, 1) * 255)
