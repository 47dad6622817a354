"""A roster filled in by hand: what is to stand on a page, and the marks that put it there.

Everything a pension office does with a date field has a name in `Way`; the ways in `PLAIN` name a day, a reader must
leave the rest to a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import numpy as np

from daemon.simulation.fax.hand import Box, Hand, digit, line, sign, tick
from daemon.simulation.fax.imprint import date_stamp, seal, typed, written
from daemon.simulation.fax.letterforms import DASH, DITTO, KANJI, RING
from daemon.simulation.fax.sheet import Stamp, Stroke
from parsers.fax.geometry import DatePlace, FormGeometry, PlacementPlace, RowPlace
from parsers.findings import Field

Mark: TypeAlias = Stroke | Stamp
_REIWA = 2018


class Way(StrEnum):
    """What stands in a date field."""

    DATE = "date"
    """A digit in each box."""
    UNPADDED = "unpadded"
    """The same, boxes of leading zeros left empty."""
    TYPED = "typed"
    """Printed digits in the boxes."""
    STRUCK = "struck"
    """A date under a double line; nothing instead."""
    CORRECTED = "corrected"
    """`instead` struck out with a seal on it, the day written small above."""
    SEALED = "sealed"
    """A date with a seal over one of its boxes."""
    OVERWRITTEN = "overwritten"
    """One digit of `instead` written over with that of the day."""
    DITTO = "ditto"
    """〃 in the middle."""
    ARROW = "arrow"
    """A line drawn down through the boxes: as above."""
    DONE = "done"
    """済."""
    RING = "ring"
    """○."""
    DASHES = "dashes"
    """A dash in each box: none."""
    STAMPED = "stamped"
    """A date stamp over the boxes."""
    KANJI = "kanji"
    """Numerals 八 四 十."""
    SHIFTED = "shifted"
    """Every digit one box too far to the right; the last one stands behind the boxes."""
    ACROSS = "across"
    """8.4.10 over the boxes in one go."""
    WORDS = "words"
    """`text`, e.g. 手続中."""


PLAIN = frozenset({Way.DATE, Way.UNPADDED, Way.TYPED})
"""Ways that name a day beyond doubt."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One date field."""

    way: Way
    day: dt.date | None = None
    """Needed for all ways that show a date."""
    instead: dt.date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """What is filled in for one row after the training."""

    stays: bool = False
    destination: str = ""
    reason: str = ""
    """One of `parsers.forms.REASONS`, "" = none ticked."""
    words: str = ""
    """Behind その他."""


@dataclass(frozen=True, slots=True)
class Filling:
    """One page; rows by their place on it, 0-based from the top."""

    dates: Mapping[tuple[int, Field], Entry] = field(default_factory=dict)
    same_day: Mapping[Field, dt.date] = field(default_factory=dict)
    """全員同日: ticked, with this day in the header."""
    ticked_only: frozenset[Field] = frozenset()
    """全員同日 ticked and no day written."""
    not_applicable: frozenset[int] = frozenset()
    placements: Mapping[int, Placement] = field(default_factory=dict)
    message: str = ""
    """In 連絡欄."""
    confirmed_by: str = ""
    """Name of the seal in 確認印, "" = none."""


def fill(geometry: FormGeometry, filling: Filling, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    """All marks of one page."""
    marks: list[Mark] = []
    for same in geometry.same_day:
        if same.field in filling.same_day:
            marks += _date(same.digits, filling.same_day[same.field], hand, rng)
        if same.field in {*filling.same_day, *filling.ticked_only}:
            marks += tick(same.tick, hand, rng)
    for row in geometry.rows:
        marks += _row(row, filling, hand, rng)
    if filling.message:
        x, y, w, h = geometry.messages
        marks.append(written(filling.message, (x + 2, y + h * 0.3, w - 4, h * 0.4), hand, rng))
    if filling.confirmed_by:
        x, y, w, h = geometry.stamp
        marks.append(seal(filling.confirmed_by, (x + w / 2, y + h * 0.62), rng))
    return marks


def _row(row: RowPlace, filling: Filling, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    marks: list[Mark] = []
    for place in row.dates:
        entry = filling.dates.get((row.index, place.field))
        if entry is not None:
            marks += enter(place, entry, hand, rng)
    if row.index in filling.not_applicable:
        marks += tick(row.not_applicable, hand, rng)
    if row.placement is not None and row.index in filling.placements:
        marks += _placed(row.placement, filling.placements[row.index], hand, rng)
    return marks


def _placed(place: PlacementPlace, placement: Placement, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    marks: list[Mark] = []
    if placement.stays:
        marks += tick(place.stays, hand, rng)
    if placement.destination:
        marks.append(written(placement.destination, _inner(place.destination), hand, rng, fills=0.62))
    if placement.reason:
        marks += tick(place.reasons[placement.reason], hand, rng)
    if placement.words:
        marks.append(written(placement.words, place.reason_words, hand, rng))
    return marks


def enter(place: DatePlace, entry: Entry, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    """One date field. Raises ValueError when the way needs a day and the entry has none."""
    writer = _WITHOUT_DAY.get(entry.way)
    if writer is not None:
        return writer(place, entry, hand, rng)
    if entry.day is None:
        raise ValueError(f"{entry.way} needs a day")
    return _WITH_DAY[entry.way](place, entry.day, entry.instead or entry.day, (hand, rng))


# -- ways that name a day --------------------------------------------------------------------------------------

_Pen: TypeAlias = tuple[Hand, np.random.Generator]


def digits_of(day: dt.date) -> str:
    """Year of the era, month and day, two digits each."""
    return f"{day.year - _REIWA:02}{day.month:02}{day.day:02}"


def _date(boxes: Sequence[Box], day: dt.date, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    """Digits, with leading zeros when this hand writes them."""
    return _in_boxes(boxes, _without_zeros(digits_of(day)) if not hand.pads else digits_of(day), hand, rng)


def _without_zeros(digits: str) -> str:
    return "".join(" " if n % 2 == 0 and d == "0" else d for n, d in enumerate(digits))


def _in_boxes(boxes: Sequence[Box], digits: str, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    marks: list[Mark] = []
    for box, one in zip(boxes, digits, strict=True):
        if one.strip():
            marks += digit(int(one), box, hand, rng)
    return marks


def _plain(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    return _in_boxes(place.digits, digits_of(day), *pen)


def _unpadded(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    return _in_boxes(place.digits, _without_zeros(digits_of(day)), *pen)


def _typed(place: DatePlace, day: dt.date, _instead: dt.date, _pen: _Pen) -> list[Mark]:
    return [typed(one, box) for one, box in zip(digits_of(day), place.digits, strict=True)]


def _struck(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    return [*_date(place.digits, day, *pen), *_double_line(place.digits, *pen)]


def _double_line(boxes: Sequence[Box], hand: Hand, rng: np.random.Generator) -> list[Mark]:
    left, right = boxes[0][0] - rng.uniform(0, 2), boxes[-1][0] + boxes[-1][2] + rng.uniform(0, 2)
    y = boxes[0][1] + boxes[0][3] * rng.uniform(0.42, 0.55)
    gap, tilt = rng.uniform(0.8, 1.5), rng.normal(0, 0.3)
    return [
        line([(left, y + below), ((left + right) / 2, y + below + tilt / 2), (right, y + below + tilt)], hand, rng)
        for below in (0.0, float(gap))
    ]


def _corrected(place: DatePlace, day: dt.date, instead: dt.date, pen: _Pen) -> list[Mark]:
    """The procedure's way: a double line, the seal on it, the right day above in small digits."""
    hand, rng = pen
    first, last = place.digits[0], place.digits[-1]
    x, y = first[0] + rng.uniform(0, 4), place.box[1] - 1.5
    small = [(x + n * 2.6, y, 2.6, 4.2) for n in range(6)]
    return [
        *_struck(place, instead, instead, pen),
        *_in_boxes(small, digits_of(day), hand, rng),
        seal("訂正", (last[0] + rng.uniform(0, 6), last[1] + last[3] / 2), rng, across_mm=7.0),
    ]


def _sealed(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    x, y, w, h = place.digits[int(pen[1].integers(6))]
    middle = x + w / 2 + float(pen[1].normal(0, 1.5)), y + h / 2 + float(pen[1].normal(0, 1.0))
    return [*_plain(place, day, day, pen), seal("佐藤", middle, pen[1])]


def _overwritten(place: DatePlace, day: dt.date, instead: dt.date, pen: _Pen) -> list[Mark]:
    before, after = digits_of(instead), digits_of(day)
    differing = [n for n in range(6) if before[n] != after[n]] or [5]
    at = differing[-1]
    below = int(before[at]) if before[at] != after[at] else (int(after[at]) + 5) % 10
    return [*digit(below, place.digits[at], *pen), *_plain(place, day, day, pen)]


def _stamped(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    x, y, w, h = place.digits[3]
    return [date_stamp(day, (x + w / 2, y + h / 2), pen[1])]


def _kanji(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    """八 in the year, 四 in the month, 十・十二 in the day: as many signs as fit, right-aligned."""
    marks: list[Mark] = []
    for n, number in enumerate((day.year - _REIWA, day.month, day.day)):
        signs = _kanji_signs(number)[-2:]
        for box, one in zip(place.digits[2 * n + 2 - len(signs) : 2 * n + 2], signs, strict=True):
            marks += sign(KANJI[one], box, *pen, fills=0.6)
    return marks


def _kanji_signs(number: int) -> list[int]:
    tens, ones = divmod(number, 10)
    return [n for n in (tens if tens > 1 else 0, 10 if tens else 0, ones) if n] or [0]


def _shifted(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    x, y, w, h = place.digits[-1]
    behind = x + w + 2.2, y, w, h
    return _in_boxes([*place.digits[1:], behind], digits_of(day), *pen)


def _across(place: DatePlace, day: dt.date, _instead: dt.date, pen: _Pen) -> list[Mark]:
    """Digits where they happen to fall, dots between the numbers."""
    hand, rng = pen
    left, top, _, tall = place.digits[0]
    marks: list[Mark] = []
    x = left + rng.uniform(0, 3)
    for number in (day.year - _REIWA, day.month, day.day):
        for one in str(number):
            marks += digit(int(one), (x, top, 5.5, tall), hand, rng)
            x += rng.uniform(4.4, 5.4)
        if number != day.day:
            marks.append(line([(x + 0.6, top + tall * 0.78), (x + 0.8, top + tall * 0.82)], hand, rng))
        x += rng.uniform(1.8, 3.0)
    return marks


_WITH_DAY: Mapping[Way, Callable[[DatePlace, dt.date, dt.date, _Pen], list[Mark]]] = {
    Way.DATE: _plain,
    Way.UNPADDED: _unpadded,
    Way.TYPED: _typed,
    Way.STRUCK: _struck,
    Way.CORRECTED: _corrected,
    Way.SEALED: _sealed,
    Way.OVERWRITTEN: _overwritten,
    Way.STAMPED: _stamped,
    Way.KANJI: _kanji,
    Way.SHIFTED: _shifted,
    Way.ACROSS: _across,
}


# -- ways that name none ---------------------------------------------------------------------------------------


def _ditto(place: DatePlace, _entry: Entry, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    x, y, w, h = _span(place)
    return list(
        sign(DITTO, (x + w * rng.uniform(0.3, 0.45), y, 9.0, h), hand, rng, fills=float(rng.uniform(0.2, 0.35)))
    )


def _arrow(place: DatePlace, _entry: Entry, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    x, y, w, h = _span(place)
    at, foot = x + w * float(rng.uniform(0.3, 0.6)), y + h
    return [
        line([(at, y - 2.0), (at + 0.4, y + h / 2), (at, foot)], hand, rng),
        line([(at - 1.4, foot - 2.0), (at, foot), (at + 1.4, foot - 2.0)], hand, rng),
    ]


def _done(place: DatePlace, _entry: Entry, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    x, y, w, h = _span(place)
    return [written("済", (x + w * float(rng.uniform(0.25, 0.5)), y, h, h), hand, rng, fills=0.75)]


def _ring(place: DatePlace, _entry: Entry, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    x, y, w, h = _span(place)
    return list(sign(RING, (x + w * float(rng.uniform(0.25, 0.5)), y, h, h), hand, rng, fills=0.7))


def _dashes(place: DatePlace, _entry: Entry, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    return [stroke for box in place.digits for stroke in sign(DASH, box, hand, rng, fills=0.08)]


def _words(place: DatePlace, entry: Entry, hand: Hand, rng: np.random.Generator) -> list[Mark]:
    return [written(entry.text or "手続中", _span(place), hand, rng, fills=0.6)]


_WITHOUT_DAY: Mapping[Way, Callable[[DatePlace, Entry, Hand, np.random.Generator], list[Mark]]] = {
    Way.DITTO: _ditto,
    Way.ARROW: _arrow,
    Way.DONE: _done,
    Way.RING: _ring,
    Way.DASHES: _dashes,
    Way.WORDS: _words,
}


def _span(place: DatePlace) -> Box:
    """From the first box to the last."""
    first, last = place.digits[0], place.digits[-1]
    return first[0], first[1], last[0] + last[2] - first[0], first[3]


def _inner(box: Box) -> Box:
    x, y, w, h = box
    return x + 1.0, y + 0.3, w - 2.0, h - 0.6
