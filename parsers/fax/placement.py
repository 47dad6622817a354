"""What a row says about the time after the training: stays, another place in handwriting, or a reason.

A tick is read; words are not. A place written by hand goes to a person with its picture, who picks it from the list.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.fax.geometry import PlacementPlace
from parsers.fax.page import FittedPage
from parsers.fax.surround import covered
from parsers.fax.ticks import Tick, tick_of
from parsers.findings import Box, Decision, Field, Problem
from parsers.forms import REASONS, STAYS, STAYS_LABEL

TICK_CONFIDENCE = 0.9999
_WORD_INK_MM2 = 1.2
"""Less than two strokes of a pen."""
_HANDWRITTEN = "（手書き）"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one field of a row."""

    field: Field
    box: Box
    text: str
    value: str | None
    decision: Decision
    problems: tuple[Problem, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def confidence(self) -> float:
        """That of a tick; 0 without a value."""
        return TICK_CONFIDENCE if self.value is not None else 0.0


def choices(page: FittedPage, place: PlacementPlace) -> tuple[Choice, ...]:
    """今後配属予定のセンター名 and 配属予定のない理由 of one row."""
    return _destination(page, place), _reason(page, place)


def _destination(page: FittedPage, place: PlacementPlace) -> Choice:
    tick, words = tick_of(page, place.stays), covered(page, place.destination) > _WORD_INK_MM2
    box = place.destination if words else place.stays
    if words:
        text = STAYS_LABEL + _HANDWRITTEN if tick is not Tick.EMPTY else _HANDWRITTEN
        problem = Problem.AMBIGUOUS_PLACE if tick is not Tick.EMPTY else Problem.UNKNOWN_PLACE
        return Choice(Field.DESTINATION, box, text, None, Decision.REVIEW, (problem,))
    if tick is Tick.DOUBTFUL:
        return _doubtful(Field.DESTINATION, box, STAYS)
    if tick is Tick.TICKED:
        return Choice(Field.DESTINATION, box, STAYS_LABEL, STAYS, Decision.ACCEPT)
    return Choice(Field.DESTINATION, box, "", None, Decision.EMPTY)


def _reason(page: FittedPage, place: PlacementPlace) -> Choice:
    ticks = {value: tick_of(page, box) for value, box in place.reasons.items()}
    chosen = tuple(value for value, tick in ticks.items() if tick is not Tick.EMPTY)
    words = covered(page, place.reason_words) > _WORD_INK_MM2
    box = _around(place)
    text = "・".join(REASONS[value] for value in chosen) + (_HANDWRITTEN if words else "")
    if Tick.DOUBTFUL in ticks.values():
        return Choice(Field.NO_DESTINATION_REASON, box, text, None, Decision.REVIEW, (Problem.LOW_CONFIDENCE,), chosen)
    if len(chosen) > 1:
        return Choice(Field.NO_DESTINATION_REASON, box, text, None, Decision.REVIEW, (Problem.SEVERAL_CHOICES,), chosen)
    if words and chosen != ("other",):
        options = chosen or ("other",)
        return Choice(Field.NO_DESTINATION_REASON, box, text, None, Decision.REVIEW, (Problem.UNKNOWN_REASON,), options)
    if chosen:
        return Choice(Field.NO_DESTINATION_REASON, box, text, chosen[0], Decision.ACCEPT)
    return Choice(Field.NO_DESTINATION_REASON, box, "", None, Decision.EMPTY)


def _doubtful(field: Field, box: Box, candidate: str) -> Choice:
    return Choice(field, box, "？", None, Decision.REVIEW, (Problem.LOW_CONFIDENCE,), (candidate,))


def _around(place: PlacementPlace) -> Box:
    """From the first reason to the end of the words."""
    boxes = (*place.reasons.values(), place.reason_words)
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, round(right - left, 3), round(bottom - top, 3)
