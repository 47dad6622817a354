"""Since when a date on each open roster may lie: what a reader of handwriting weighs its doubts against."""

from __future__ import annotations

import datetime as dt

from daemon.domain.calendar import TOKYO
from daemon.domain.model import Phase, Training, TrainingState
from daemon.ports import Transaction

_OVER = frozenset({TrainingState.DRAFT, TrainingState.CLOSED, TrainingState.CANCELLED})


def first_days(tx: Transaction) -> tuple[tuple[str, dt.date], ...]:
    """Roster code and first day, for every roster of a training that is under way.

    Before the training no registration is older than the mailing, after it no deletion older than its last day: the
    same limits as the guards of `domain.acceptance`, which have the last word.
    """
    found: list[tuple[str, dt.date]] = []
    for training in tx.trainings():
        if training.state not in _OVER:
            found += _of(tx, training)
    return tuple(found)


def _of(tx: Transaction, training: Training) -> list[tuple[str, dt.date]]:
    mailed: dict[str, dt.date] = {}
    for dispatch in tx.dispatches(training.training_id):
        if dispatch.phase is Phase.PRE and dispatch.dispatched_at is not None:
            day = dispatch.dispatched_at.astimezone(TOKYO).date()
            mailed[dispatch.prefecture] = min(day, mailed.get(dispatch.prefecture, day))
    days: list[tuple[str, dt.date]] = []
    for roster in tx.rosters(training.training_id):
        first = training.ends_on if roster.phase is Phase.POST else mailed.get(roster.prefecture)
        if first is not None:
            days.append((roster.code, first))
    return days
