"""Printed names of a placed page, read back: the second proof that rows did not shift.

The form sets a name from the left in em squares of a known size, smaller or condensed only when it would not fit its
cell; so the squares are known and each glyph is read by itself (`parsers.fax.glyphs`). What was not set in em
squares (Latin letters), or is no glyph of the face, comes out as `UNKNOWN_GLYPH` and is for the general OCR, when it is
asked to help.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from parsers.fax.glyphs import Em, Glyph, portrait, read_glyphs
from parsers.fax.page import FittedPage, Gray

_PER_MM: Final = 8.0
_PT_MM: Final = 25.4 / 72
# Measures of `name-cell` in mail_templates/forms/sheet.typ; a test reads printed names of every edition back.
_LEFT_MM: Final = 1.5
_TOP_MM: Final = 3.8
_BELOW_MM, _BELOW_DETAIL_MM = 0.9, 3.5
_DETAIL_MM: Final = (1.9, 0.8)
"""Where a line of detail has ink and a name has none, above the lower edge of the cell."""
_DETAIL_INK: Final = 0.02
_HALF_LINE_MM: Final = 3.3
_ROOMY_MM: Final = 40.0
_MOST_PT, _MOST_NARROW_PT, _LEAST_PT = 16.0, 14.0, 12.0
_FILLED: Final = 0.995
_CONDENSED: Final = 0.7
"""Names are condensed to this share; what needs more is wrapped."""
_TRIED_MOST: Final = 3
_TAIL_EM: Final = 0.2
"""The last glyph ends this far, at most, before its square does; a condensed line reaches that close to the edge."""
_STRANGE_DISTANCE, _ODD_DISTANCE = 900.0, 420.0
"""Squared distances of a glyph from its mean: cap, and what 999 of 1000 faxed glyphs keep to."""
_SPECKS: Final = "゛゜"
"""What specks are taken for; no name holds them alone."""
_INK_LEAST_EM2: Final = 0.006
_RULE_MM: Final = 0.9
_LINE_LEAST_MM: Final = 1.5
_MARGIN_MM: Final = 0.2
_SQUEEZE: Final = 0.7
_OWN: Final = 0.75
"""Share of the width of a connected part that must lie in a square to belong to it alone."""
_LOOK_EM: Final = 0.2


@dataclass(frozen=True, slots=True)
class ReadName:
    """A name as read."""

    text: str
    """Without spaces; `UNKNOWN_GLYPH` for a glyph that could not be read; "" for no ink."""
    score: float
    """Of the least certain glyph; 0 when one is unknown."""
    foreign: bool = False
    """It does not look set in em squares of the face: Latin letters, a name wrapped into two lines, a spoilt one."""


def names_of(page: FittedPage, rows: Collection[int] | None = None, *, thorough: bool = False) -> dict[int, ReadName]:
    """The printed name of every row, by row No.

    Args:
        page: A placed page.
        rows: Only these rows; None = all.
        thorough: Ask the general OCR about foreign names: 20 ms each, and 0.1 s to load it.
    """
    places = [(number, row) for number, row in page.row_places() if rows is None or number in rows]
    cells = [page.cell(row.name, 0.0, _PER_MM).pixels for _, row in places]
    names = read_names(cells)
    found = {number: name for (number, _), name in zip(places, names, strict=True)}
    if thorough:
        for (number, _), cell in zip(places, cells, strict=True):
            if found[number].foreign:
                found[number] = _by_general_ocr(cell) or found[number]
    return found


def read_names(cells: Sequence[Gray]) -> list[ReadName]:
    """The names in pictures of their cells, cut without margin at `_PER_MM` pixels a mm; all glyphs in one go."""
    tries = [[_portraits(line, squares) for squares in line.settings()] for line in map(_Line, cells)]
    glyphs = iter(read_glyphs([seen for ways in tries for way in ways for seen in way]))
    read = [[[next(glyphs) for _ in way] for way in ways] for ways in tries]
    return [_name(min(ways, key=_strangeness, default=[])) for ways in read]


def _name(glyphs: Sequence[Glyph]) -> ReadName:
    text, sure = "".join(g.text for g in glyphs), min((g.sure for g in glyphs), default=0.0)
    odd = sum(g.distance > _ODD_DISTANCE or g.text in _SPECKS for g in glyphs)
    return ReadName(text, sure, foreign=bool(glyphs) and 2 * odd >= len(glyphs))


def _strangeness(glyphs: Sequence[Glyph]) -> float:
    """Mean distance of the glyphs from what they were taken for."""
    return float(np.mean([min(g.distance, _STRANGE_DISTANCE) for g in glyphs])) if glyphs else _STRANGE_DISTANCE


def _portraits(line: _Line, squares: Sequence[Em]) -> list[Gray]:
    return [seen for own, em in line.isolated(squares) if (seen := portrait(own, em)) is not None]


class _Line:
    """The line of a cell that holds the name; all measures in mm of the cell but those of `Em`."""

    def __init__(self, cell: Gray) -> None:
        self._inner = cell.shape[1] / _PER_MM - 2 * _LEFT_MM
        self._middle = _middle_mm(cell)
        self._most = (_MOST_PT if cell.shape[1] / _PER_MM > _ROOMY_MM else _MOST_NARROW_PT) * _PT_MM
        self._top, bottom = (round((self._middle + way * _HALF_LINE_MM) * _PER_MM) for way in (-1, 1))
        self._cell, self._picture = cell, cell[self._top : bottom]
        ink = np.asarray(self._picture < 128, dtype=np.uint8)
        _, self._labels, self._stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)

    def settings(self) -> Iterator[list[Em]]:
        """The ways the name may have been set, as rows of em squares from the left."""
        end, most, inner = self.end() - _LEFT_MM, self._most, self._inner
        if end <= 0:
            return
        if end <= inner:
            yield self._squares(most, most, min(int(end / most - 0.1) + 1, int(inner / most)))
        if end < inner - (1 + _TAIL_EM) * most:
            return
        narrowest = _CONDENSED * _LEAST_PT * _PT_MM
        filled = []
        for count in range(int(inner / most) + 1, int(inner * _FILLED / narrowest) + 1):
            wide = inner * _FILLED / count
            if wide * (1 - _TAIL_EM) > inner - end:
                filled.append(self._squares(wide, max(wide, _LEAST_PT * _PT_MM), count))
        yield from sorted(filled, key=self._ink_between)[:_TRIED_MOST]

    def _ink_between(self, squares: Sequence[Em]) -> float:
        """How much ink stands where squares meet: little, when these are the squares."""
        columns = (self._picture < 128).sum(axis=0)
        edges = [round(em.x) for em in squares[1:]]
        return float(np.mean([columns[at - 1 : at + 1].mean() for at in edges]))

    def end(self) -> float:
        """Where the ink of the name ends; 0 without any. Rules of the table and specks are no ink."""
        left, wide = self._stats[:, cv2.CC_STAT_LEFT], self._stats[:, cv2.CC_STAT_WIDTH]
        tall = self._stats[:, cv2.CC_STAT_HEIGHT]
        solid = self._stats[:, cv2.CC_STAT_AREA] >= _INK_LEAST_EM2 * (self._most * _PER_MM) ** 2
        solid &= (left > _RULE_MM * _PER_MM) & (left + wide < self._picture.shape[1] - _RULE_MM * _PER_MM)
        solid &= tall < self._picture.shape[0]
        solid[0] = False
        ends = left + wide
        return float(ends[solid].max()) / _PER_MM if solid.any() else 0.0

    def isolated(self, squares: Sequence[Em]) -> Iterator[tuple[Gray, Em]]:
        """For each square a picture with the ink of its glyph alone, and the square in it.

        What reaches over from the next square is left out; parts that lie in both are cut where the squares meet.
        """
        left = self._stats[:, cv2.CC_STAT_LEFT].astype(np.float64)
        wide = self._stats[:, cv2.CC_STAT_WIDTH].astype(np.float64)
        for em in squares:
            inside = np.minimum(left + wide, em.x + em.wide) - np.maximum(left, em.x)
            own, others = inside >= _OWN * wide, inside <= (1 - _OWN) * wide
            low, high = max(0, round(em.x - _LOOK_EM * em.wide)), round(em.x + (1 + _LOOK_EM) * em.wide)
            labels = self._labels[:, low:high]
            ours = own[labels]
            first, last = max(0, round(em.x) - low), round(em.x + em.wide) - low
            ours[:, first:last] |= ~others[labels[:, first:last]]
            picture = np.where(ours, self._picture[:, low:high], np.uint8(255))
            yield np.asarray(picture, dtype=np.uint8), Em(em.x - low, em.y - self._top, em.wide, em.tall)

    def lines(self) -> list[Gray]:
        """The name alone, for the general OCR: two lines when it was wrapped."""
        low, high = round((_TOP_MM - _MARGIN_MM) * _PER_MM), round((2 * self._middle - _TOP_MM + _MARGIN_MM) * _PER_MM)
        side = round(_RULE_MM * _PER_MM)
        area = self._cell[low:high, side:-side]
        inked = np.concatenate([[False], (area < 128).sum(axis=1) > 1, [False]])
        edges = np.flatnonzero(inked[1:] != inked[:-1])
        bands = [area[top:bottom] for top, bottom in edges.reshape(-1, 2) if bottom - top >= _LINE_LEAST_MM * _PER_MM]
        return [band[:, : int(np.flatnonzero((band < 128).any(axis=0))[-1]) + 3] for band in bands]

    def _squares(self, wide_mm: float, tall_mm: float, count: int) -> list[Em]:
        wide, tall = wide_mm * _PER_MM, tall_mm * _PER_MM
        return [Em(_LEFT_MM * _PER_MM + k * wide, self._middle * _PER_MM - tall / 2, wide, tall) for k in range(count)]


def _middle_mm(cell: Gray) -> float:
    """Height of the middle of the name: a line of detail below pushes it up."""
    tall, side = cell.shape[0] / _PER_MM, round(_LEFT_MM * _PER_MM)
    low, high = (round((tall - at) * _PER_MM) for at in _DETAIL_MM)
    strip = cell[low:high, side:-side]
    detail = bool(np.count_nonzero(strip < 128) > _DETAIL_INK * strip.size)
    return float(_TOP_MM + (tall - _TOP_MM - (_BELOW_DETAIL_MM if detail else _BELOW_MM)) / 2)


def _by_general_ocr(cell: Gray) -> ReadName | None:
    """The name by the general OCR; None when it sees none."""
    from parsers.fax.ocr import read_line

    found = [read_line(line, squeeze=_SQUEEZE) for line in _Line(cell).lines()]
    text = "".join("".join(line.text.split()) for line in found)
    return ReadName(text, min(line.score for line in found)) if text else None
