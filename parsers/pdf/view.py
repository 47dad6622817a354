"""From PDF user space to millimetres on the upright page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from parsers.findings import Box

MM_PER_PT = 25.4 / 72
Corners: TypeAlias = tuple[float, float, float, float]
"""left, bottom, right, top in points, user space."""
Matrix: TypeAlias = tuple[float, float, float, float, float, float]
"""a b c d e f of ISO 32000-1 §8.3.3: x' = a·x + c·y + e, y' = b·x + d·y + f."""
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def through(inner: Matrix, outer: Matrix) -> Matrix:
    """The matrix that applies `inner` first."""
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """The point after the matrix."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


@dataclass(frozen=True, slots=True)
class View:
    """How one page is looked at."""

    visible: Corners
    """The crop box."""
    turn_deg: int
    """Clockwise turn from user space to what is read: 0, 90, 180, 270."""

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height as read."""
        left, low, far, high = self.visible
        wide, tall = (far - left) * MM_PER_PT, (high - low) * MM_PER_PT
        return (tall, wide) if self.turn_deg % 180 else (wide, tall)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies, mm from the top left corner as read."""
        left, low, far, high = self.visible
        return {
            0: ((x - left) * MM_PER_PT, (high - y) * MM_PER_PT),
            90: ((y - low) * MM_PER_PT, (x - left) * MM_PER_PT),
            180: ((far - x) * MM_PER_PT, (y - low) * MM_PER_PT),
            270: ((high - y) * MM_PER_PT, (far - x) * MM_PER_PT),
        }[self.turn_deg]

    def box(self, corners: Sequence[float]) -> Box:
        """The mm box of a rectangle in user space."""
        x0, y0 = self.point(corners[0], corners[1])
        x1, y1 = self.point(corners[2], corners[3])
        return round(min(x0, x1), 3), round(min(y0, y1), 3), round(abs(x1 - x0), 3), round(abs(y1 - y0), 3)
