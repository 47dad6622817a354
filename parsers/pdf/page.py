"""One PDF page as it looks: characters, straight lines, and marks, in mm from the top left corner, reading upright."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from parsers.findings import Box


@dataclass(frozen=True, slots=True)
class Glyph:
    """One visible character."""

    text: str
    """One character; U+FFFD when the font does not say which."""
    box: Box
    """One em high, whatever the ink: letters of one size have equal height."""
    added: bool = False
    """Belongs to an annotation or form field, not to the page itself."""
    source: int = 0
    """Characters drawn by one operator have the same number."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight horizontal or vertical line."""

    level: bool
    """Horizontal."""
    at: float
    """y of a horizontal rule, x of a vertical one."""
    start: float
    end: float


class MarkKind(StrEnum):
    """What lies on a page beside characters and rules."""

    STRIKE = "strike"
    """A strike-out annotation."""
    NOTE = "note"
    """A sticky note or a highlight with words."""
    INK = "ink"
    """Something drawn: a curve, an arrow, a stamp, a picture."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on the page that may change what the text under it means."""

    kind: MarkKind
    box: Box
    text: str = ""


@dataclass(frozen=True, slots=True)
class PageContent:
    """All that matters of one page."""

    number: int
    """1-based."""
    size_mm: tuple[float, float]
    glyphs: tuple[Glyph, ...]
    rules: tuple[Rule, ...]
    marks: tuple[Mark, ...]
    frames: tuple[Box, ...]
    """Small rectangles: boxes for digits and ticks."""
    turned_deg: int
    """How far the text was turned clockwise on the page as displayed: 0, 90, 180, 270."""
    picture_share: float
    """Part of the page that its largest picture covers, 0 to 1."""


def right(box: Box) -> float:
    """The x of the right edge."""
    return box[0] + box[2]


def bottom(box: Box) -> float:
    """The y of the bottom edge."""
    return box[1] + box[3]


def middle(box: Box) -> tuple[float, float]:
    """Both coordinates of the centre."""
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def hull(boxes: list[Box]) -> Box:
    """The smallest box around all of `boxes` (at least one)."""
    x, y = min(b[0] for b in boxes), min(b[1] for b in boxes)
    wide, tall = max(right(b) for b in boxes) - x, max(bottom(b) for b in boxes) - y
    return x, y, round(wide, 3), round(tall, 3)


def shared(first: Box, second: Box) -> float:
    """Area common to both, mm²; a box without extent counts as 0.01 mm thick."""
    wide = min(right(first), right(second)) - max(first[0], second[0])
    tall = min(bottom(first), bottom(second)) - max(first[1], second[1])
    return max(0.0, wide) * max(0.0, tall)


def area(box: Box) -> float:
    """mm²."""
    return box[2] * box[3]
