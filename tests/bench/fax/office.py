"""Pages filled in by somebody at a pension office, as the bench needs them: known dates, known hands, known tricks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.fax import Sheet, Stamp, printed, write
from parsers.fax.geometry import FormGeometry, geometry_of
from parsers.findings import Box, Field
from parsers.forms import PRE_EXISTING_ID, PRE_NEW_ID
from tests.fakes.rosters import KEY, roster_sheet
from tests.training import pens
from tests.training.mnist import Writers

COURSES = {PRE_NEW_ID.number: Course.BEGINNER, PRE_EXISTING_ID.number: Course.WM_SKILL_UP}
PLAIN, FREE, AMBIGUOUS = "plain", "free", "ambiguous"
"""As the form asks (a ball pen, one digit a box, zeros written); any pen, size and carelessness; what no reader may."""
TRICKS = ("struck", "overwritten", "seal", "ditto", "done", "kanji", "shifted", "across", "two-in-one", "dash", "line")
_TRIES = 40


@dataclass(frozen=True, slots=True)
class Truth:
    """What one date field holds."""

    row: int
    field: Field
    day: dt.date | None
    """None for an empty field, and for one only a person may read."""
    trick: str = ""
    meant: dt.date | None = None
    """Of a field with one digit written over another: the day with the digit that was written last."""
    digits: tuple[int, ...] = ()
    """Positions of the six digits in the file they come from; −1 = an empty box."""


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A page with what stands on it."""

    sheet: Sheet
    truths: tuple[Truth, ...]
    window: tuple[dt.date, dt.date]


@cache
def blank_page(edition: int) -> tuple[Sheet, FormGeometry]:
    """A full first page fresh from the printer, 12 pixels per mm."""
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    geometry = geometry_of(edition)
    assert geometry is not None
    pdf = documents.roster(roster_sheet(COURSES[edition], geometry.edition.rows_per_page)).pdf
    return printed(pdf, dpi=round(pens.PX_PER_MM * 25.4)), geometry


class Office:
    """Fills in pages with the digits of one set of writers; one hand a page, taken in turn."""

    def __init__(self, writers: Writers, rng: np.random.Generator) -> None:
        self._writers = writers
        self._rng = rng
        self._hands = writers.hands()
        self._next = int(rng.integers(len(self._hands)))

    def page(self, style: str, edition: int = PRE_NEW_ID.number) -> Filled:
        """One page; "ambiguous" holds nothing but tricks and empty fields, the others a sixth of empty fields."""
        sheet, geometry = blank_page(edition)
        hand, digits = self._hand(style), self._digits()
        first = dt.date(2024, 4, 1) + dt.timedelta(days=int(self._rng.integers(6 * 365)))
        window = first, first + dt.timedelta(days=28)
        usual = self._day(window)
        truths, marks = [], []
        for row in geometry.rows:
            for place in row.dates:
                day = usual if self._rng.random() < 0.3 else self._day(window)
                truth = self._truth(style, row.index + 1, place.field, day)
                if truth.day is not None or truth.trick:
                    chosen = self._chosen(day, style, digits)
                    truth = replace(truth, digits=chosen, meant=day if truth.trick == "overwritten" else None)
                    marks += self._written(chosen, place.digits, truth.trick, digits, hand)
                truths.append(truth)
        return Filled(write(sheet, marks), tuple(truths), window)

    def _day(self, window: tuple[dt.date, dt.date]) -> dt.date:
        return window[0] + dt.timedelta(days=int(self._rng.integers(29)))

    def _truth(self, style: str, row: int, field: Field, day: dt.date) -> Truth:
        if self._rng.random() < 1 / 6:
            return Truth(row, field, None)
        if style == AMBIGUOUS:
            return Truth(row, field, None, TRICKS[int(self._rng.integers(len(TRICKS)))])
        return Truth(row, field, day)

    def _hand(self, style: str) -> pens.Hand:
        while True:
            hand = pens.draw_hand(self._rng)
            as_asked = hand.pen_mm <= 0.6 and hand.tall_mm >= 5.0 and hand.beyond_mm == 0.0
            if style != PLAIN or as_asked:
                return hand

    def _digits(self) -> dict[int, list[int]]:
        """Positions of the digits of the next hand, by what they show; of the whole set where that hand has none."""
        self._next = (self._next + 1) % len(self._hands)
        own = self._hands[self._next]
        labels = self._writers.labels
        found = {d: [int(i) for i in own if labels[i] == d] for d in range(10)}
        return {d: kept or [int(i) for i in np.flatnonzero(labels == d)] for d, kept in found.items()}

    def _ink(self, digit: int, digits: dict[int, list[int]], hand: pens.Hand) -> pens.Ink:
        return self._drawn(self._one_of(digits[digit]), hand)

    def _another(self, than: int, under: pens.Ink | None, digits: dict[int, list[int]], hand: pens.Hand) -> pens.Ink:
        """Another digit than `than`, one that shows when it is written over `under`."""
        others = [digit for digit in digits if digit != than]
        ink = self._ink(others[0], digits, hand)
        for _ in range(_TRIES):
            ink = self._ink(self._one_of(others), digits, hand)
            if under is None or pens.shows(under, ink):
                break
        return ink

    def _drawn(self, position: int, hand: pens.Hand) -> pens.Ink:
        return pens.digit(self._writers.images[position], hand, self._rng)

    def _chosen(self, day: dt.date, style: str, digits: dict[int, list[int]]) -> tuple[int, ...]:
        """Which digits of the hand are written; who writes freely leaves zeros away now and then."""
        symbols = f"{day.year - 2018:02d}{day.month:02d}{day.day:02d}"
        bare = style == FREE and self._rng.random() < 0.3
        return tuple(
            -1 if bare and at % 2 == 0 and symbol == "0" else self._one_of(digits[int(symbol)])
            for at, symbol in enumerate(symbols)
        )

    def _one_of(self, positions: list[int]) -> int:
        return positions[int(self._rng.integers(len(positions)))]

    def _written(
        self,
        chosen: Sequence[int],
        boxes: Sequence[Box],
        trick: str,
        digits: dict[int, list[int]],
        hand: pens.Hand,
    ) -> list[Stamp]:
        """Pictures to lay over the form."""
        inks = [None if position < 0 else self._drawn(position, hand) for position in chosen]
        if trick:
            return self._tricky(trick, chosen, inks, boxes, digits, hand)
        return [Stamp(ink, around(box)) for ink, box in zip(inks, boxes, strict=True) if ink is not None]

    def _tricky(
        self,
        trick: str,
        chosen: Sequence[int],
        inks: list[pens.Ink | None],
        boxes: Sequence[Box],
        digits: dict[int, list[int]],
        hand: pens.Hand,
    ) -> list[Stamp]:
        rng = self._rng
        spare = [self._ink(int(rng.integers(10)), digits, hand) for _ in boxes]
        plain = [Stamp(ink, around(box)) for ink, box in zip(inks, boxes, strict=True) if ink is not None]
        at = int(rng.integers(6))
        if trick in {"overwritten", "two-in-one"}:
            at = int(rng.choice([k for k, position in enumerate(chosen) if position >= 0]))
            spare[at] = self._another(int(self._writers.labels[chosen[at]]), inks[at], digits, hand)
        if trick in {"struck", "overwritten", "two-in-one", "dash"}:
            return [
                *plain[:at],
                *plain[at + 1 :],
                Stamp(_spoilt(trick, inks[at], spare[at], hand, rng), around(boxes[at])),
            ]
        if trick == "seal":
            blank = np.full_like(spare[0], 255)
            return [*plain, Stamp(pens.seal(blank, rng), around(boxes[at]))]
        if trick == "ditto":
            return [Stamp(pens.ditto(hand, rng), around(boxes[k])) for k in sorted({1, 3, 5} if at else {at})]
        if trick == "done":
            ink = 255 * (1 - pens.glyph("済", 6.5, hand.pen_mm, rng))
            return [Stamp(ink.astype(np.uint8), (boxes[at][0] - 1, boxes[at][1] - 0.5, 8.0, 10.0))]
        if trick == "kanji":
            return [Stamp(_kanji(hand, rng), around(box)) for box in boxes[1::2]]
        if trick == "shifted":
            left = bool(at % 2)
            to = [None, *inks[:-1]] if not left else [*inks[1:], None]
            return [Stamp(ink, around(box)) for ink, box in zip(to, boxes, strict=True) if ink is not None]
        if trick == "line":
            x, y = boxes[0][0], boxes[0][1] + boxes[0][3] / 2
            bar = np.full((10, 600), 0, np.uint8)
            return [*plain, Stamp(bar, (x, y, boxes[-1][0] + 7 - x, 0.5))]
        shift = float(rng.uniform(3.5, 5.5))
        return [Stamp(s.gray, (s.box_mm[0] + shift, s.box_mm[1], s.box_mm[2], s.box_mm[3])) for s in plain]


def around(box: Box) -> Box:
    """Where a picture by `pens` goes."""
    return box[0] - pens.AROUND_MM, box[1] - pens.AROUND_MM, box[2] + 2 * pens.AROUND_MM, box[3] + 2 * pens.AROUND_MM


def _kanji(hand: pens.Hand, rng: np.random.Generator) -> pens.Ink:
    ink = pens.glyph(str(rng.choice(list("一二三四五六七八九十"))), 5.5, hand.pen_mm, rng)
    return np.asarray(255 * (1 - ink), dtype=np.uint8)


def _spoilt(trick: str, ink: pens.Ink | None, spare: pens.Ink, hand: pens.Hand, rng: np.random.Generator) -> pens.Ink:
    one = spare if ink is None else ink
    if trick == "two-in-one":
        return pens.beside(one, spare)
    if trick == "dash":
        return pens.dash(hand, rng)
    return pens.written_over(one, spare) if trick == "overwritten" else pens.struck(one, hand, rng)
