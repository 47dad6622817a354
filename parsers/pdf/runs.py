"""Characters become runs: what was written in one go, on one line, without a gap a column could lie in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from parsers.findings import Box
from parsers.pdf.page import Glyph, Mark, MarkKind, Rule, bottom, hull, middle, right

_GAP = 0.35
"""Of the line height: a wider gap ends a run."""
_GAP_AT_RULE = 0.12
"""The same where a vertical rule stands in the gap."""
_SPACE = 0.25
"""Of the line height: a gap this wide is written as a space."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text on one line."""

    glyphs: tuple[Glyph, ...]
    box: Box
    struck: bool = False

    @property
    def text(self) -> str:
        """The characters, without spaces."""
        return "".join(g.text for g in self.glyphs)

    @property
    def added(self) -> bool:
        """Comes from an annotation or form field."""
        return self.glyphs[0].added


def runs_of(
    glyphs: Sequence[Glyph], rules: Sequence[Rule], marks: Sequence[Mark], *, by_source: bool = False
) -> list[Run]:
    """Group characters in the order they were drawn; `by_source`: only those drawn by one operator."""
    upright = [r for r in rules if not r.level]
    groups: list[list[Glyph]] = []
    for glyph in glyphs:
        last = groups[-1][-1] if groups else None
        if last and _continues(last, glyph, upright) and not (by_source and last.source != glyph.source):
            groups[-1].append(glyph)
        else:
            groups.append([glyph])
    strikes = [r for r in rules if r.level]
    crossed = [m.box for m in marks if m.kind is MarkKind.STRIKE]
    return [_run(group, strikes, crossed) for group in groups]


def _continues(last: Glyph, glyph: Glyph, upright: Iterable[Rule]) -> bool:
    if last.added != glyph.added or not same_line(last.box, glyph.box):
        return False
    height = min(last.box[3], glyph.box[3])
    gap = glyph.box[0] - right(last.box)
    if not -0.4 * height <= gap <= _GAP * height:
        return False
    if gap <= _GAP_AT_RULE * height:
        return True
    y = middle(glyph.box)[1]
    return not any(right(last.box) <= r.at <= glyph.box[0] and r.start <= y <= r.end for r in upright)


def same_line(first: Box, second: Box) -> bool:
    """Whether two boxes share more than half of the lower one's height."""
    common = min(bottom(first), bottom(second)) - max(first[1], second[1])
    return common > 0.5 * min(first[3], second[3])


def _run(group: list[Glyph], strikes: Iterable[Rule], crossed: Iterable[Box]) -> Run:
    box = hull([g.box for g in group])
    return Run(tuple(group), box, _struck(box, strikes, crossed))


def _struck(box: Box, strikes: Iterable[Rule], crossed: Iterable[Box]) -> bool:
    """Whether a line runs through the middle third of the letters along half of them, or a strike-out covers them."""
    x0, x1, middle_y = box[0], right(box), middle(box)[1]
    for rule in strikes:
        through = abs(rule.at - middle_y) <= box[3] / 6
        if through and min(rule.end, x1) - max(rule.start, x0) >= box[2] / 2:
            return True
    return any(b[1] <= middle_y <= bottom(b) and min(right(b), x1) - max(b[0], x0) >= box[2] / 2 for b in crossed)


def lines_of(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs in lines from top to bottom, each from left to right."""
    lines: list[list[Run]] = []
    for run in sorted(runs, key=lambda r: middle(r.box)[1]):
        if lines and same_line(hull([r.box for r in lines[-1]]), run.box):
            lines[-1].append(run)
        else:
            lines.append([run])
    return [sorted(line, key=lambda r: r.box[0]) for line in lines]


def text_of(runs: Iterable[Run]) -> str:
    """The text of a cell: lines joined by line breaks, gaps by a space."""
    return "\n".join(_line_text(line) for line in lines_of(runs))


def _line_text(line: list[Run]) -> str:
    parts = [line[0].text]
    for before, run in pairwise(line):
        gap = run.box[0] - right(before.box)
        parts.append(" " if gap > _SPACE * min(before.box[3], run.box[3]) else "")
        parts.append(run.text)
    return "".join(parts)


def collide(runs: Sequence[Run]) -> bool:
    """Whether two runs are written over each other, so that their order is anybody's guess."""
    ordered = sorted(runs, key=lambda r: r.box[0])
    for index, run in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other.box[0] >= right(run.box):
                break
            if _overlap(run.box, other.box):
                return True
    return False


def _overlap(first: Box, second: Box) -> bool:
    wide = min(right(first), right(second)) - max(first[0], second[0])
    tall = min(bottom(first), bottom(second)) - max(first[1], second[1])
    return wide > 0.25 * min(first[2], second[2]) and tall > 0.4 * min(first[3], second[3])
