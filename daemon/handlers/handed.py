"""Which rows stand, as they are now, on a roster that went to 中央年金事務所 (PRE6): facts, no documents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from daemon.domain.model import Course, Enrollment, Handover, Training, TrainingState
from daemon.ports import Transaction
from parsers.findings import Field

_LOOK = "handover-look"
WITHDRAWN = "withdrawn"
"""Mark of a row that is told only to be taken off."""
_FIELDS = frozenset(f for course in Course for f in course.required)


def handed_mark(row: Enrollment) -> str:
    """What 中央年金事務所 is told of the row, in short: another name or date is another row, as is a withdrawal."""
    if row.excluded_because:
        return WITHDRAWN
    values = [f"{f}={row.values[f].value}" for f in sorted(_FIELDS & row.values.keys(), key=Field)]
    return hashlib.sha256("\0".join([row.name, row.kana, *values]).encode()).hexdigest()[:16]


def marks_fact(handover_id: int) -> str:
    """Name of the fact that holds the mark of each row as it stands on that roster."""
    return f"handover-marks:{handover_id}"


def marks_of(tx: Transaction, handover: Handover) -> dict[str, str]:
    """Enrollment → its mark on that roster."""
    found: dict[str, str] = json.loads(tx.get_fact(marks_fact(handover.handover_id)) or "{}")
    return found


def last_marks(tx: Transaction, handovers: Iterable[Handover]) -> dict[str, str]:
    """Enrollment → its mark on the latest of these rosters it stands on."""
    marks: dict[str, str] = {}
    for handover in sorted(handovers, key=lambda h: h.number):
        marks |= marks_of(tx, handover)
    return marks


def submitted_rows(tx: Transaction, rows: Sequence[Enrollment]) -> frozenset[str]:
    """Those rows whose present name and dates went to 中央年金事務所."""
    found = set()
    for training_id in dict.fromkeys(r.training_id for r in rows):
        done = [h for h in tx.handovers(training_id) if h.submitted_at is not None]
        marks = last_marks(tx, done) if done else {}
        mine = [r for r in rows if r.training_id == training_id and r.enrollment_id in marks]
        found |= {r.enrollment_id for r in mine if marks[r.enrollment_id] == handed_mark(r)}
    return frozenset(found)


_MAY_OWE = frozenset({TrainingState.COMPLETE, TrainingState.RESULTS, TrainingState.CLOSED, TrainingState.CANCELLED})


def watch(tx: Transaction, training: Training, state: TrainingState) -> None:
    """Something about the training changed: whether a roster is owed is looked at by the next tick."""
    waiting = waiting_trainings(tx)
    if state in _MAY_OWE and training.training_id not in waiting:
        tx.set_fact(_LOOK, json.dumps([*waiting, training.training_id]))


def waiting_trainings(tx: Transaction) -> list[str]:
    """Trainings something has changed in since the last look."""
    found: list[str] = json.loads(tx.get_fact(_LOOK) or "[]")
    return found


def looked_at(tx: Transaction, training_id: str) -> None:
    """Nothing is owed for that training until it changes again."""
    left = [t for t in waiting_trainings(tx) if t != training_id]
    tx.set_fact(_LOOK, json.dumps(left))
