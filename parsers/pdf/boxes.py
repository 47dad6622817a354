"""Dates typed over printed boxes: 令和 □□年□□月□□日, as our forms print them.

Each digit belongs to the unit whose boxes it stands in. A digit between the boxes, a third one in a unit, or words
beside them make the reading doubtful; a whole date typed across the boxes is taken as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parsers.findings import Box
from parsers.pdf.page import Glyph, bottom, middle, right
from parsers.pdf.runs import Run, collide, lines_of, text_of
from parsers.text import fold, squash

DIGITS = 6
"""Boxes of one date: two each for year, month, day."""
_SLACK_MM = (1.0, 1.5)
"""How far outside its box the middle of a digit may stand, across and down."""
_SLOT_MM = 3.5
"""How far a printed unit may stand from the middle between its boxes."""
_ONE_LINE_MM = 3.0
_WHOLE_DATE = re.compile(r"(\d{1,4}|元)[年./-]\d{1,2}[月./-]\d{1,2}日?")
_TAG = re.compile(r"\d{1,4}[0-9A-Z]")
"""The row's tag beside its boxes: number and check symbol."""
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class BoxedText:
    """What the office wrote into the boxes, "" = nothing; without what the form prints."""

    text: str
    runs: tuple[Run, ...] = ()
    doubtful: bool = False


def is_digit_box(frame: Box) -> bool:
    """Upright, 7 × 9 mm give or take (design §5), scaled or not."""
    return frame[3] >= 5.5 and 1.1 <= frame[3] / frame[2] <= 1.6


def is_tick_box(frame: Box) -> bool:
    """Square, about 5 mm."""
    return 3.5 <= frame[2] <= 6.5 and abs(frame[2] - frame[3]) <= 0.8


def read_boxes(runs: Sequence[Run], boxes: Sequence[Box]) -> BoxedText:
    """Read the six boxes of one date; `runs` = all text of the cell, `boxes` from left to right."""
    printed = printed_around(runs, boxes)
    if printed is None:
        text = text_of(runs) if runs else ""
        return BoxedText(text, tuple(runs), doubtful=bool(text))
    written = [run for run in runs if run not in printed]
    if not written:
        return BoxedText("")
    glyphs = [g for run in written for g in run.glyphs]
    units = _units(glyphs, boxes)
    if units is not None:
        return BoxedText(_composed(units), tuple(written))
    text = text_of(written)
    plain = squash(fold(text))
    clear = len(lines_of(written)) == 1 and not collide(written)
    return BoxedText(text, tuple(written), not clear or not (_WHOLE_DATE.search(plain) or not _DIGIT.search(plain)))


def printed_around(runs: Sequence[Run], boxes: Sequence[Box]) -> list[Run] | None:
    """What the form prints around the boxes: era, units, the row's tag. None when that is not as it should be."""
    level = middle(boxes[0])[1]
    found: list[Run] = []
    for word, slot in (
        ("年", (right(boxes[1]) + boxes[2][0]) / 2),
        ("月", (right(boxes[3]) + boxes[4][0]) / 2),
        ("日", right(boxes[5]) + (boxes[2][0] - right(boxes[1])) / 2),
        ("令和", boxes[0][0] - boxes[0][2] / 2),
    ):
        near = [r for r in runs if r.text == word and not r.added and abs(middle(r.box)[1] - level) < boxes[0][3] / 2]
        best = min(near, key=lambda r: abs(middle(r.box)[0] - slot), default=None)
        if best is None or abs(middle(best.box)[0] - slot) > _SLOT_MM:
            return None
        found.append(best)
    era = found[-1]
    left = [r for r in runs if _TAG.fullmatch(r.text) and not r.added and right(r.box) <= boxes[0][0]]
    tags = [r for r in left if bottom(r.box) <= era.box[1] + 1.0]
    return found + tags[:1]


def _units(glyphs: Sequence[Glyph], boxes: Sequence[Box]) -> list[str] | None:
    """Digits of year, month and day; None unless all characters are digits (or 元) in boxes, at most two a unit."""
    heights = [middle(g.box)[1] for g in glyphs]
    if max(heights) - min(heights) > _ONE_LINE_MM:
        return None
    units = ["", "", ""]
    for glyph in sorted(glyphs, key=lambda g: g.box[0]):
        char = fold(glyph.text)
        box = next((i for i, b in enumerate(boxes) if _stands_in(glyph.box, b)), None)
        if box is None or not (char.isdecimal() or (char == "元" and box < 2)):
            return None
        units[box // 2] += char
    return units if all(len(u) <= 2 for u in units) else None


def _stands_in(glyph: Box, box: Box) -> bool:
    x, y = middle(glyph)
    across, down = _SLACK_MM
    return box[0] - across <= x <= right(box) + across and box[1] - down <= y <= bottom(box) + down


def _composed(units: Sequence[str]) -> str:
    """As a person would write it; without a year only month and day."""
    year, month, day = units
    return f"{month}月{day}日" if not year and month and day else f"令和{year}年{month}月{day}日"
