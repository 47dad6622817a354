"""What pens leave in a box: digits of MNIST in the width and place of somebody's hand, and everything that is no digit.

Pictures are (h, w) uint8 at `PX_PER_MM`, 0 = ink, drawn for a box of 7 by 9 mm with 1 mm of paper around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from daemon.adapters.documents.glyphs import font_path

PX_PER_MM = 12.0
BOX_MM = (7.0, 9.0)
AROUND_MM = 1.0
_SIZE = round((BOX_MM[0] + 2 * AROUND_MM) * PX_PER_MM), round((BOX_MM[1] + 2 * AROUND_MM) * PX_PER_MM)
Ink = npt.NDArray[np.uint8]
_VISIBLE = 1.3
"""How much more ink than either of its digits one written over has, if that can be seen."""

NO_DIGITS = ("struck", "mark", "other")
"""Classes 11, 12 and 13 of the network; 10 is an empty box."""


@dataclass(frozen=True, slots=True)
class Hand:
    """How one person writes that day."""

    pen_mm: float
    darkness: float
    tall_mm: float
    slant: float
    narrow: float
    at_mm: tuple[float, float]
    """Habitual distance from the middle of the box."""
    careless_mm: float
    beyond_mm: float = 0.0
    """How far a digit may reach over the edge of its box, at most."""


def draw_hand(rng: np.random.Generator, *, bold: bool = False) -> Hand:
    """Ball pens mostly, felt pens and thin pencils now and then; `bold`: felt pens alone, up to very broad ones."""
    pen = rng.uniform(0.38, 0.6) if rng.random() < 0.7 else rng.uniform(0.6, 0.95)
    if bold:
        pen = rng.uniform(0.8, 1.4)
    return Hand(
        pen_mm=float(pen),
        darkness=float(rng.uniform(0.75, 1.0)),
        tall_mm=float(rng.uniform(4.2, 7.0)),
        slant=float(rng.normal(0, 0.1)),
        narrow=float(rng.uniform(0.8, 1.1)),
        at_mm=(float(rng.normal(0, 0.3)), float(rng.normal(0, 0.35))),
        careless_mm=float(rng.uniform(0.1, 0.45)),
        beyond_mm=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.25 else 0.0,
    )


def digit(image: npt.NDArray[np.uint8], hand: Hand, rng: np.random.Generator) -> Ink:
    """One digit of MNIST ((28, 28), 255 = ink) as `hand` puts it into the box."""
    rows, cols = np.flatnonzero(image.max(1) > 60), np.flatnonzero(image.max(0) > 60)
    part = image[max(rows[0] - 1, 0) : rows[-1] + 2, max(cols[0] - 1, 0) : cols[-1] + 2]
    tall = hand.tall_mm * float(np.exp(rng.normal(0, 0.06))) * PX_PER_MM
    wide = tall * part.shape[1] / part.shape[0] * hand.narrow
    room = 6.3 * PX_PER_MM
    if wide > room:
        tall, wide = tall * room / wide, room
    size = max(4, round(wide)), max(6, round(tall))
    large = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=0)
    return _placed(_with_pen(large, hand.pen_mm * PX_PER_MM), hand, rng)


def _with_pen(soft: npt.NDArray[np.uint8], pen_px: float) -> npt.NDArray[np.float32]:
    """The same strokes `pen_px` wide: the outline is moved by half of what is missing. Share of ink, 0–1."""
    ink = (cv2.GaussianBlur(soft, (0, 0), 1.2) > 110).astype(np.uint8)
    inside = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5)
    ridge = inside[(inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8))) & (ink > 0)]
    wide = 2 * float(np.mean(ridge)) if len(ridge) else 2.0
    move = max((pen_px - wide) / 2, -0.33 * wide)
    return np.asarray(np.clip(move + inside - outside + 0.5, 0, 1), dtype=np.float32)


def _placed(ink: npt.NDArray[np.float32], hand: Hand, rng: np.random.Generator) -> Ink:
    """`ink` in the middle of the box, give or take, slanted and turned a little."""
    slant = hand.slant + float(rng.normal(0, 0.04))
    turn = float(np.clip(rng.normal(0, 0.05), -0.15, 0.15))
    middle = np.array([ink.shape[1] / 2, ink.shape[0] / 2])
    linear = np.array([[np.cos(turn), np.sin(turn) - slant], [-np.sin(turn), np.cos(turn)]])
    off = np.array(hand.at_mm) + rng.normal(0, hand.careless_mm, 2)
    half = np.abs(linear) @ (middle - 12)
    # The picture shows 1 mm around the box: who stays inside keeps clear of the frame, who does not crosses it.
    edge = AROUND_MM + 0.35 if hand.beyond_mm == 0.0 else AROUND_MM - hand.beyond_mm
    room = np.array(_SIZE) / 2 - half - edge * PX_PER_MM
    off = np.clip(off * PX_PER_MM, -np.maximum(room, 1), np.maximum(room, 1))
    to = np.array(_SIZE) / 2 + off
    matrix = np.hstack([linear, (to - linear @ middle)[:, None]])
    laid = cv2.warpAffine(ink, matrix, _SIZE, flags=cv2.INTER_LINEAR)
    return np.asarray(255 * (1 - hand.darkness * laid), dtype=np.uint8)


def no_digit(kind: str, one: Ink, two: Ink, hand: Hand, rng: np.random.Generator) -> Ink:
    """Something of the class `kind`; `one` and `two` are different digits of the same hand as `digit` draws them."""
    if kind == "struck":
        return _struck(one, two, hand, rng)
    if kind == "mark":
        return _mark(hand, rng)
    return _other(one, two, hand, rng)


def _lines(hand: Hand, lines: list[list[tuple[float, float]]], base: Ink | None = None) -> Ink:
    """Pen strokes through points in mm from the top left of the picture, on `base` or on nothing."""
    picture = np.full((_SIZE[1], _SIZE[0]), 255, np.uint8)
    shade = round(255 * (1 - hand.darkness))
    for line in lines:
        points = np.round(np.array(line) * PX_PER_MM * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(picture, [points], False, shade, max(2, round(hand.pen_mm * PX_PER_MM)), cv2.LINE_AA, 4)
    return picture if base is None else np.minimum(picture, base)


def _struck(one: Ink, two: Ink, hand: Hand, rng: np.random.Generator) -> Ink:
    """A digit crossed out by one line, two lines, a cross or a zigzag; or written over with another, if that shows."""
    way = int(rng.integers(6))
    y = float(rng.uniform(4.0, 7.0))
    tilt = float(rng.normal(0, 0.5))
    across = [(0.2 + rng.uniform(0, 1.2), y - tilt), (8.8 - rng.uniform(0, 1.2), y + tilt)]
    if way == 0:
        return _lines(hand, [across], one)
    if way == 1:
        gap = float(rng.uniform(0.7, 1.5))
        return _lines(hand, [across, [(x, v + gap) for x, v in across]], one)
    if way == 2:
        low, high = rng.uniform(1.3, 3.0), rng.uniform(8.0, 9.8)
        left, right = rng.uniform(0.8, 2.4), rng.uniform(6.6, 8.2)
        both = [[(left, low), (right, high)], [(right, low), (left, high)]]
        return _lines(hand, both if rng.random() < 0.7 else both[:1], one)
    if way == 3:
        steps = int(rng.integers(5, 10))
        xs = np.linspace(1.4, 7.6, steps)
        zigzag = [(float(x), float(5.5 + (-1) ** i * rng.uniform(0.8, 3.2))) for i, x in enumerate(xs)]
        return _lines(hand, [zigzag], one)
    return written_over(one, two) if shows(one, two) else _lines(hand, [across], one)


def _mark(hand: Hand, rng: np.random.Generator) -> Ink:
    """〃, a tick, a dash, a dot, a slash over the whole box, a circle bigger than a zero, 〻."""
    x, y = 4.5 + rng.normal(0, 0.6), 5.5 + rng.normal(0, 0.7)
    way = int(rng.integers(7))
    if way == 0:
        long, apart, lean = rng.uniform(0.7, 2.2), rng.uniform(0.6, 1.6), rng.normal(0.2, 0.3)
        return _lines(
            hand,
            [[(x + s - lean / 2, y - long / 2), (x + s + lean / 2, y + long / 2)] for s in (-apart / 2, apart / 2)],
        )
    if way == 1:
        a, b = rng.uniform(0.6, 1.6), rng.uniform(2.0, 4.0)
        return _lines(hand, [[(x - a - 0.4, y - a * 0.6), (x - 0.4, y + a), (x + b * 0.8, y - b)]])
    if way == 2:
        half = rng.uniform(1.0, 3.4)
        return _lines(hand, [[(x - half, y + rng.normal(0, 0.3)), (x + half, y + rng.normal(0, 0.3))]])
    if way == 3:
        return _lines(hand, [[(x, y), (x + rng.uniform(0.05, 0.5), y + rng.uniform(0.05, 0.5))]])
    if way == 4:
        return _lines(
            hand, [[(rng.uniform(6.2, 8.4), rng.uniform(0.8, 2.2)), (rng.uniform(0.6, 2.8), rng.uniform(8.8, 10.2))]]
        )
    if way == 5:
        angle = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.1), 24)
        rx, ry = rng.uniform(3.2, 4.6), rng.uniform(3.9, 5.2)
        return _lines(hand, [[(float(4.5 + rx * np.cos(a)), float(5.5 + ry * np.sin(a))) for a in angle]])
    wave = [(float(v), float(y + rng.uniform(0.3, 1.2) * np.sin(v * 2.2))) for v in np.linspace(1.4, 7.6, 14)]
    return _lines(hand, [wave])


_WORDS = "一二三四五六七八九十済同上右令和年月日元完無未迄頃予定ンクマスルハヘコソ・、AEFHKNPRTVXY?#%&×△□"
"""Nothing that in a box for a digit is one: a Z there is a 2, フ a 7."""
_DIGIT_EM = 0.73
"""Height of a digit of the face."""
_fonts: dict[int, ImageFont.FreeTypeFont] = {}


def glyph(text: str, tall_mm: float, pen_mm: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """`text` as by a hand: bent, with the pen's width. Share of ink, 0–1."""
    size = round(tall_mm * PX_PER_MM)
    font = _fonts.setdefault(size, ImageFont.truetype(str(font_path()), size))
    picture = Image.new("L", (round(size * (0.3 + len(text))), round(size * 1.5)), 0)
    ImageDraw.Draw(picture).text((size * 0.15, 0), text, fill=255, font=font)
    soft = np.asarray(picture)
    tall, wide = soft.shape
    bend = cv2.resize(rng.normal(0, 1, (3, 3, 2)).astype(np.float32), (wide, tall), interpolation=cv2.INTER_CUBIC)
    grid = np.stack(np.meshgrid(np.arange(wide), np.arange(tall)), axis=-1).astype(np.float32) + bend * size * 0.05
    bent = cv2.remap(soft, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR)
    return _with_pen(np.asarray(bent, np.uint8), pen_mm * PX_PER_MM)


def lettered(symbol: int, hand: Hand, rng: np.random.Generator) -> Ink:
    """A digit of somebody who writes like print, with `hand`'s pen and slant."""
    ink = glyph(str(symbol), hand.tall_mm / _DIGIT_EM, hand.pen_mm, rng)
    rows, cols = np.flatnonzero(ink.max(1) > 0.5), np.flatnonzero(ink.max(0) > 0.5)
    return _placed(np.pad(ink[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1], 12), hand, rng)


def _other(one: Ink, two: Ink, hand: Hand, rng: np.random.Generator) -> Ink:
    """Words, kanji numerals, two digits, a digit cut by the frame, a scribble, a seal or part of one."""
    way = int(rng.integers(8))
    if way <= 2:
        ink = glyph(str(rng.choice(list(_WORDS))), float(rng.uniform(3.5, 6.0)), hand.pen_mm, rng)
        return _placed(np.pad(ink, 12), hand, rng)
    if way == 3:
        return beside(one, two)
    if way == 4:
        return _cut_off(one, rng)
    if way == 5:
        points = [(float(rng.uniform(1.2, 7.8)), float(rng.uniform(1.4, 9.6))) for _ in range(int(rng.integers(5, 14)))]
        return _lines(hand, [points])
    return seal(one if way == 6 else np.full_like(one, 255), rng)


def beside(one: Ink, two: Ink) -> Ink:
    """Two digits squeezed into one box."""
    tall, wide = one.shape
    both = np.full_like(one, 255)
    for index, part in enumerate((one, two)):
        small = cv2.resize(part, (round(wide * 0.55), round(tall * 0.8)), interpolation=cv2.INTER_AREA)
        x, y = (3, wide - small.shape[1] - 3)[index], round(tall * 0.1)
        both[y : y + small.shape[0], x : x + small.shape[1]] = np.minimum(
            both[y : y + small.shape[0], x : x + small.shape[1]], small
        )
    return both


def _cut_off(one: Ink, rng: np.random.Generator) -> Ink:
    """A digit that belongs to the next box: a third to a half of it lies in this one."""
    shift = float(rng.uniform(3.2, 4.6) * PX_PER_MM * rng.choice([-1, 1]))
    matrix = np.array([[1.0, 0.0, shift], [0.0, 1.0, rng.normal(0, 8)]])
    moved = cv2.warpAffine(one, matrix, (one.shape[1], one.shape[0]), borderValue=255)
    return np.asarray(moved, np.uint8)


def seal(under: Ink, rng: np.random.Generator) -> Ink:
    """A round or square seal over the box, or the edge of one."""
    tall, wide = under.shape
    picture = np.full((tall, wide), 255, np.uint8)
    radius = round(rng.uniform(3.0, 7.5) * PX_PER_MM)
    at = round(wide / 2 + rng.normal(0, 25)), round(tall / 2 + rng.normal(0, 30))
    if np.hypot(at[0] - wide / 2, at[1] - tall / 2) > radius * 0.9:
        at = wide // 2 + radius, tall // 2
    shade = int(rng.integers(0, 90))
    pen = max(3, round(rng.uniform(0.3, 0.7) * PX_PER_MM))
    if rng.random() < 0.75:
        cv2.circle(picture, at, radius, shade, pen, cv2.LINE_AA)
    else:
        corner = at[0] - radius, at[1] - radius
        cv2.rectangle(picture, corner, (at[0] + radius, at[1] + radius), shade, pen)
    name = str(rng.choice(["佐藤", "鈴木", "高橋", "印", "済", "8.4.1", "受付"]))
    ink = glyph(name, float(radius / PX_PER_MM * rng.uniform(0.7, 1.1)), 0.5, rng)
    x, y = at[0] - ink.shape[1] // 2, at[1] - ink.shape[0] // 2
    matrix = np.array([[1.0, 0, x], [0, 1.0, y]])
    words = cv2.warpAffine(ink, matrix, (wide, tall))
    picture = np.minimum(picture, (255 - (255 - shade) * words).astype(np.uint8))
    return np.minimum(picture, under)


def shows(one: Ink, two: Ink) -> bool:
    """Whether two digits on top of each other are more than either: one that hides within another nobody can see."""
    ink = [int(np.count_nonzero(part < 128)) for part in (np.minimum(one, two), one, two)]
    return ink[0] > _VISIBLE * max(ink[1:])


def written_over(one: Ink, two: Ink) -> Ink:
    """A digit on top of another."""
    return np.minimum(one, two)


def struck(one: Ink, hand: Hand, rng: np.random.Generator) -> Ink:
    """A digit under a double line."""
    y, tilt = float(rng.uniform(4.4, 6.2)), float(rng.normal(0, 0.3))
    lines = [[(0.6, y + gap - tilt), (8.4, y + gap + tilt)] for gap in (0.0, float(rng.uniform(0.8, 1.3)))]
    return _lines(hand, lines, one)


def dash(hand: Hand, rng: np.random.Generator) -> Ink:
    """A horizontal dash."""
    y = 5.5 + float(rng.normal(0, 0.5))
    return _lines(hand, [[(2.4, y), (6.6, y + float(rng.normal(0, 0.3)))]])


def ditto(hand: Hand, rng: np.random.Generator) -> Ink:
    """〃."""
    lean = float(rng.normal(0.2, 0.25))
    return _lines(hand, [[(4.5 + s + lean, 4.6), (4.5 + s - lean, 6.3)] for s in (-0.6, 0.6)])
