"""Somebody's hand: digits and marks as strokes of a pen, without any data, different for every person.

A hand has habits (which form of the 7, how large, how slanted, how round, how heavy the pen) and on top of them every
single sign comes out a little different. Lengths are mm on the paper; the same generator gives the same strokes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from daemon.simulation.fax.letterforms import DIGITS, TICKS, Form, Line
from daemon.simulation.fax.sheet import Stroke

Points = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""x, y, width, height in mm."""
_STEP_MM = 0.15
"""Between two points of a drawn curve."""
_SLIP = 0.06
"""Share of signs that come out in another form than the hand's usual one."""
_CLEAR_MM = 0.25
"""Paper left between a sign and the frame by those who stay inside."""
_WIDEST = 0.9
"""Of the box, at most, that a sign fills in its width when its writer stays inside."""


@dataclass(frozen=True, slots=True)
class Hand:
    """How one person writes."""

    forms: Mapping[int, str]
    """Digit → name of the form this hand uses."""
    pen_mm: float = 0.5
    darkness: float = 0.95
    tall: float = 0.68
    """Height of a digit as a share of the box."""
    broad: float = 1.0
    """Width of a sign against the usual width of its form."""
    slant: float = 0.0
    """How far the top lies to the right of the foot, per height."""
    off: tuple[float, float] = (0.0, 0.0)
    """Where the middle of a sign lies, as a share of the box from its middle."""
    careless: float = 0.04
    """Standard deviation of place and size from sign to sign, as a share of the box."""
    wobble: float = 0.025
    """How far each point of the way strays, as a share of the height."""
    angular: float = 0.2
    """0 = curves, 1 = straight from point to point."""
    tremor_mm: float = 0.03
    pads: bool = True
    """Whether one-digit numbers get a leading zero."""
    tick: str = "check"
    stays_inside: bool = True
    """Whether signs are kept off the frame of their box; some hands do not care."""


def draw_hand(rng: np.random.Generator) -> Hand:
    """A person as one finds them at an office: ball pens mostly, some felt pens, a few pencils."""
    kind = rng.random()
    pen = rng.uniform(0.35, 0.6) if kind < 0.75 else rng.uniform(0.6, 0.9) if kind < 0.92 else rng.uniform(0.4, 0.6)
    dark = rng.uniform(0.85, 1.0) if kind < 0.92 else rng.uniform(0.6, 0.8)
    return Hand(
        {digit: _usual(forms, rng) for digit, forms in DIGITS.items()},
        pen_mm=float(pen),
        darkness=float(dark),
        tall=float(np.clip(rng.normal(0.66, 0.09), 0.45, 0.85)),
        broad=float(np.clip(rng.normal(1.0, 0.14), 0.7, 1.4)),
        slant=float(np.clip(rng.normal(0.06, 0.1), -0.18, 0.34)),
        off=(float(rng.normal(0, 0.03)), float(rng.normal(0.01, 0.035))),
        careless=float(rng.uniform(0.015, 0.055)),
        wobble=float(rng.uniform(0.01, 0.04)),
        angular=float(rng.beta(1.2, 4)),
        tremor_mm=float(rng.uniform(0.0, 0.06)),
        pads=bool(rng.random() < 0.7),
        tick=_usual(TICKS, rng),
        stays_inside=bool(rng.random() < 0.85),
    )


def neat_hand() -> Hand:
    """Somebody who writes as the form shows it: the forms most people use, in the middle of every box."""
    usual = {digit: max(forms, key=lambda f: f.usual).name for digit, forms in DIGITS.items()}
    return Hand(usual, careless=0.015, wobble=0.01, tremor_mm=0.01)


def digit(value: int, box: Box, hand: Hand, rng: np.random.Generator) -> list[Stroke]:
    """One digit into a box."""
    return sign(_chosen(DIGITS[value], hand.forms[value], rng), box, hand, rng)


def tick(box: Box, hand: Hand, rng: np.random.Generator) -> list[Stroke]:
    """A tick over a small box: larger than it, as people do it."""
    x, y, w, h = box
    grown = float(rng.uniform(1.05, 1.7))
    place = x + w * (1 - grown) / 2 + 0.12 * w, y + h * (1 - grown) / 2 - 0.1 * h, w * grown, h * grown
    return sign(_chosen(TICKS, hand.tick, rng), place, hand, rng, fills=0.9)


def sign(form: Form, box: Box, hand: Hand, rng: np.random.Generator, *, fills: float | None = None) -> list[Stroke]:
    """Any form into a box; `fills` = its height as a share of the box, None = as this hand writes digits."""
    x, y, w, h = box
    tall = h * (fills or hand.tall) * float(np.exp(rng.normal(0, hand.careless)))
    wide = tall * form.width * hand.broad * float(np.exp(rng.normal(0, hand.careless)))
    reach = wide + abs(hand.slant) * tall
    if reach > w * _WIDEST:
        wide, tall = wide * w * _WIDEST / reach, tall * w * _WIDEST / reach if form.width < 2 else tall
    linear = _turned(float(rng.normal(0, 0.03))) @ np.array([[wide, -hand.slant * tall], [0.0, tall]])
    lines = [(line - 0.5) @ linear.T for line in _strayed(form.lines, hand.wobble * min(1.0, 1 / form.width), rng)]
    off = np.array([w, h]) * (np.array(hand.off) + rng.normal(0, hand.careless, 2))
    if hand.stays_inside:
        off = _kept_inside(np.concatenate(lines), off, (w, h), hand.pen_mm / 2 + _CLEAR_MM)
    middle = off + np.array([x + w / 2, y + h / 2])
    return [_stroke(points + middle, hand, rng) for points in lines]


def line(points_mm: Iterable[tuple[float, float]], hand: Hand, rng: np.random.Generator) -> Stroke:
    """A free stroke through these points, in mm on the sheet."""
    return _stroke(np.array(list(points_mm), dtype=np.float64), hand, rng)


def _kept_inside(points: Points, off: Points, size: tuple[float, float], clear_mm: float) -> Points:
    """`off` changed so far that the points stay clear of the frame; in the middle when they are too many for it."""
    low = -np.array(size) / 2 + clear_mm - points.min(axis=0)
    high = np.array(size) / 2 - clear_mm - points.max(axis=0)
    return np.where(low > high, (low + high) / 2, np.clip(off, low, high))


def _usual(forms: Sequence[Form], rng: np.random.Generator) -> str:
    weights = np.array([form.usual for form in forms])
    return forms[int(rng.choice(len(forms), p=weights / weights.sum()))].name


def _chosen(forms: Sequence[Form], usual: str, rng: np.random.Generator) -> Form:
    name = usual if rng.random() > _SLIP else _usual(forms, rng)
    return next(form for form in forms if form.name == name)


def _strayed(lines: Sequence[Line], wobble: float, rng: np.random.Generator) -> list[Points]:
    """The points of a form, each a little beside its place; those that stand twice (corners) stay together."""
    moved: dict[tuple[float, float], Points] = {}
    for point in (p for one in lines for p in one):
        if point not in moved:
            moved[point] = np.array(point) + rng.normal(0, wobble, 2)
    return [np.array([moved[point] for point in one]) for one in lines]


def _turned(angle: float) -> Points:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _stroke(points: Points, hand: Hand, rng: np.random.Generator) -> Stroke:
    """The way of the pen through `points`; pressure and tremor differ from stroke to stroke."""
    way = _curve(points, hand.angular)
    if hand.tremor_mm and len(way) > 3:
        knots = max(2, len(way) // 8)
        shake = rng.normal(0, hand.tremor_mm, (knots, 2))
        at = np.linspace(0, knots - 1, len(way))
        way = way + np.column_stack([np.interp(at, np.arange(knots), shake[:, axis]) for axis in (0, 1)])
    width = hand.pen_mm * float(np.exp(rng.normal(0, 0.06)))
    return Stroke([(float(x), float(y)) for x, y in way], width, hand.darkness)


def _curve(points: Points, angular: float) -> Points:
    """Curves between corners, points `_STEP_MM` apart."""
    same = np.all(np.isclose(points[1:], points[:-1]), axis=1)
    starts = [0, *(np.flatnonzero(same) + 1), len(points)]
    runs = [points[a:b] for a, b in pairwise(starts) if b - a]
    return np.concatenate([_smooth(run, angular) for run in runs])


def _smooth(run: Points, angular: float) -> Points:
    """A Catmull-Rom curve through all points, drawn towards the straight lines between them by `angular`."""
    if len(run) < 2:
        return run
    padded = np.vstack([2 * run[0] - run[1], run, 2 * run[-1] - run[-2]])
    pieces = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        t = np.linspace(0, 1, max(2, int(np.hypot(*(end - start)) / _STEP_MM)), endpoint=False)[:, None]
        pull, push = (end - before) / 2, (after - start) / 2
        bent = (
            (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * pull
            + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * push
        )  # fmt: skip
        straight = start + t * (end - start)
        pieces.append(bent + angular * (straight - bent))
    return np.concatenate([*pieces, run[-1:]])
