"""Six boxes become a day: which of them are filled, what they say together, and whether that may be accepted.

Rules: numbers below ten are written in one manner throughout a date, with a zero before them, or alone in the left or
the right box; a change of manner is how a lost or shifted digit looks. A day must exist and lie within the lifetime of
the form. The window may only object, never choose. Nothing is repaired: what is not clear in every box goes to a
person, with the days that come into question.

How sure a date is: one minus the chance that some digit is another one and the date still exists and lies in the
window. A doubtful digit nothing else could stand for does no harm; one that makes another possible day does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from parsers.fax.digits import BoxReading
from parsers.findings import Decision, Problem

_REIWA_YEAR = 2018
_YEAR_MOST = 49
"""Digits shifted by one box make a year of 60 and more."""
_CANDIDATES_MOST = 4
_DIGIT_LEAST = 0.8
"""Whatever else speaks for it, no digit of an accepted date is less sure."""
_MOST = 0.9999
"""No more is claimed than the number of dates the calibration saw can support."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days between which a date must lie; None = open."""

    first_on: dt.date | None = None
    last_on: dt.date | None = None

    def objection(self, day: dt.date) -> Problem | None:
        """Why `day` cannot be."""
        if self.first_on is not None and day < self.first_on:
            return Problem.BEFORE_DISPATCH
        if self.last_on is not None and day > self.last_on:
            return Problem.AFTER_RECEIPT
        return None


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """What stands in six boxes."""

    text: str
    """令和08年04月10日; □ = an empty box, ？ = one that was not read."""
    value: dt.date | None
    """The day as both readers have it, whether accepted or not."""
    confidence: float
    decision: Decision
    problems: tuple[Problem, ...] = ()
    candidates: tuple[dt.date, ...] = ()

    def doubted(self, *problems: Problem) -> WrittenDate:
        """The same for a person to look at."""
        days = self.candidates or ((self.value,) if self.value else ())
        joined = tuple(dict.fromkeys((*self.problems, *problems)))
        return WrittenDate(self.text, None, 0.0, Decision.REVIEW, joined, days)


EMPTY = WrittenDate("", None, 0.0, Decision.EMPTY)


def date_of(boxes: Sequence[BoxReading], window: Window, accepts: float) -> WrittenDate:
    """What six boxes (year, month, day, two each) say; `accepts` is the least confidence of an accepted date."""
    if all(box.blank for box in boxes):
        return EMPTY
    text = _text(boxes)
    problems = list(dict.fromkeys(box.problem for box in boxes if box.problem))
    pairs = [boxes[0:2], boxes[2:4], boxes[4:6]]
    if not problems and (any(pair[0].blank and pair[1].blank for pair in pairs) or not _one_manner(boxes, window)):
        problems.append(Problem.NOT_A_DATE)
    if problems:
        return WrittenDate(text, None, 0.0, Decision.REVIEW, tuple(problems), _candidates(pairs, window))
    day = _day_of([box.digit for box in boxes])
    if day is None:
        return WrittenDate(text, None, 0.0, Decision.REVIEW, (Problem.IMPOSSIBLE_DATE,), _candidates(pairs, window))
    return _judged(text, day, boxes, window, accepts)


def _judged(text: str, day: dt.date, boxes: Sequence[BoxReading], window: Window, accepts: float) -> WrittenDate:
    sure = min(1 - _doubt(boxes, window), _MOST)
    objections = [window.objection(day)]
    if sure < accepts or any(not box.blank and box.sure < _DIGIT_LEAST for box in boxes):
        objections.append(Problem.LOW_CONFIDENCE)
    problems = tuple(p for p in objections if p)
    if problems:
        pairs = [boxes[0:2], boxes[2:4], boxes[4:6]]
        others = tuple(c for c in _candidates(pairs, window) if c != day)
        candidates = ((day, *others) if window.objection(day) is None else others)[:_CANDIDATES_MOST]
        return WrittenDate(text, None, 0.0, Decision.REVIEW, problems, candidates)
    return WrittenDate(text, day, sure, Decision.ACCEPT)


def _doubt(boxes: Sequence[BoxReading], window: Window) -> float:
    """The chance that one digit is another and the date still one that may be."""
    digits = [box.digit for box in boxes]
    numbers = [_number(digits[at : at + 2]) for at in (0, 2, 4)]
    total = 0.0
    for at, box in enumerate(boxes):
        if box.digit is None:
            continue
        share = box.others or (1 / 9,) * 10
        pair = at // 2
        for other in range(10):
            both = (other, digits[at + 1]) if at % 2 == 0 else (digits[at - 1], other)
            day = _day(*numbers[:pair], _number(both), *numbers[pair + 1 :])
            if other != box.digit and day is not None and window.objection(day) is None:
                total += (1 - box.sure) * share[other]
    return min(total, 1.0)


def _one_manner(boxes: Sequence[BoxReading], window: Window) -> bool:
    """Whether all numbers below ten are written alike: 08, or 8 alone in the right box, or in the left one.

    One number alone in a box, and no other like it, proves no manner: the digit beside it may be lost, or all of them
    shifted. It will do where that would make no other day that may be.
    """
    manners = []
    for left, right in (boxes[0:2], boxes[2:4], boxes[4:6]):
        if left.blank or right.blank:
            manners.append("right" if left.blank else "left")
        elif left.digit == 0:
            manners.append("zero")
    alone = manners in (["left"], ["right"])
    return len(set(manners)) <= 1 and not (alone and _may_be_another([box.digit for box in boxes], window))


def _may_be_another(digits: Sequence[int | None], window: Window) -> bool:
    """Whether a digit lost from the one empty box, or all digits shifted by a box, make another day that may be."""
    empty = digits.index(None)
    rest = [*digits[:empty], *digits[empty + 1 :]]
    # Shifted to the left, the last box is empty and the first digit lost; to the right, the other way round.
    lost = {0: (0, 5), 5: (5, 0)}.get(empty, (empty,))
    ways = [[*rest[:at], digit, *rest[at:]] for at in lost for digit in range(10)]
    days = {_day_of(way) for way in ways} - {_day_of(digits)}
    return any(day is not None and window.objection(day) is None for day in days)


def _day_of(digits: Sequence[int | None]) -> dt.date | None:
    """What six boxes say, an empty one being None."""
    return _day(*(_number(digits[at : at + 2]) for at in (0, 2, 4)))


def _number(digits: Sequence[int | None]) -> int:
    """Two boxes as a number; an empty one (None) counts for nothing, wherever it stands."""
    number = 0
    for digit in digits:
        number = number if digit is None else number * 10 + digit
    return number


@lru_cache(maxsize=4096)
def _day(year: int, month: int, day: int) -> dt.date | None:
    """The day in the era 令和, if there is one."""
    if not 1 <= year <= _YEAR_MOST:
        return None
    try:
        return dt.date(_REIWA_YEAR + year, month, day)
    except ValueError:
        return None


def _candidates(pairs: Sequence[Sequence[BoxReading]], window: Window) -> tuple[dt.date, ...]:
    """Days in the window that the guesses for the boxes allow, likeliest first."""
    options: list[list[int]] = []
    for pair in pairs:
        choices = [[None] if box.blank else list(box.guesses) for box in pair]
        options.append(list(dict.fromkeys(_number(both) for both in product(*choices))))
    days = [_day(*numbers) for numbers in product(*options)]
    fitting = [day for day in days if day is not None and window.objection(day) is None]
    return tuple(dict.fromkeys(fitting))[:_CANDIDATES_MOST]


def _text(boxes: Sequence[BoxReading]) -> str:
    marks = ["□" if b.blank else "？" if b.digit is None else str(b.digit) for b in boxes]
    return f"令和{marks[0]}{marks[1]}年{marks[2]}{marks[3]}月{marks[4]}{marks[5]}日"
