"""What is owed after the training (POST2–POST5): a destination or a reason, then exactly one deletion that fits it.

A destination keeps the ID, so only the concurrent registration is deleted; without one the ID itself is deleted
(the procedure, §2 and §3 (8)). Which of the two dates is right follows from the placement and from nothing else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.domain.model import Enrollment, Status
from parsers.findings import Field, Problem

PLACEMENT = (Field.DESTINATION, Field.NO_DESTINATION_REASON)
"""今後配属予定のセンター名, 配属予定のない理由: one of them, never both."""
DELETIONS = (Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON)
FITTING = dict(zip(PLACEMENT, DELETIONS, strict=True))
"""Placement → the deletion it calls for."""
FIELDS = frozenset((*PLACEMENT, *DELETIONS))
_RIVALS = {
    Field.DESTINATION: Field.NO_DESTINATION_REASON,
    Field.NO_DESTINATION_REASON: Field.DESTINATION,
    Field.CONCURRENT_DELETED_ON: Field.ID_DELETED_ON,
    Field.ID_DELETED_ON: Field.CONCURRENT_DELETED_ON,
}


def rival(field: Field) -> Field | None:
    """The field that may not be on record beside `field`; None for those of the time before the training."""
    return _RIVALS.get(field)


def owes_after(row: Enrollment) -> tuple[Field, ...]:
    """What is missing on a row of a roster with results; () when placement and fitting deletion are on record.

    DESTINATION stands for "a destination or a reason"; while neither is known CONCURRENT_DELETED_ON stands for
    "the deletion". An excluded row owes as long as its clean-up does.
    """
    if row.excluded_because and not row.cleanup_owed:
        return ()
    placed = [f for f in PLACEMENT if f in row.values]
    if len(placed) == 1:
        fitting = FITTING[placed[0]]
        return () if fitting in row.values else (fitting,)
    deleted = any(f in row.values for f in DELETIONS)
    return (Field.DESTINATION,) if deleted else (Field.DESTINATION, Field.CONCURRENT_DELETED_ON)


def is_whole(row: Enrollment) -> bool:
    """Whether exactly one placement and exactly the deletion that fits it are on record."""
    placed = [f for f in PLACEMENT if f in row.values]
    deleted = [f for f in DELETIONS if f in row.values]
    return len(placed) == 1 and deleted == [FITTING[placed[0]]]


def is_proven(row: Enrollment) -> bool:
    """`is_whole`, and every one of these values is verified."""
    return is_whole(row) and all(row.values[f].status is Status.VERIFIED for f in FIELDS & row.values.keys())


def needs_a_person(row: Enrollment) -> bool:
    """未修了, or excluded with a registration to clean up: the procedure is silent, so a person closes the row."""
    return row.completed is False or bool(row.excluded_because)


def is_ended(row: Enrollment, *, accepted: bool) -> bool:
    """Whether nothing is owed any more; `accepted`: a person has agreed to just this record."""
    if row.excluded_because:
        return not row.cleanup_owed
    return is_proven(row) and (accepted or not needs_a_person(row))


def record_mark(row: Enrollment) -> str:
    """What a person agrees to when closing the row, in short: another result, placement or date is another record."""
    values = [f"{f}={row.values[f].value}" for f in sorted(FIELDS & row.values.keys())]
    text = "\0".join([str(row.completed), row.excluded_because, *values])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class After:
    """What the guards of the time after the training look at beside the row."""

    ends_on: dt.date
    """Last day of the training."""
    written: frozenset[Field] = frozenset()
    """Placements and deletions that stand on the same sheet, legible or not."""


def guards(field: Field, value: str | None, row: Enrollment, after: After) -> list[Problem]:
    """Why a placement or deletion cannot enter the register by itself (domain.md §1.4, 10; §1.5)."""
    known = after.written | (FIELDS & row.values.keys())
    problems = []
    if known >= set(PLACEMENT):
        problems.append(Problem.DESTINATION_AND_REASON)
    if field not in DELETIONS:
        return problems
    if known >= set(DELETIONS):
        problems.append(Problem.BOTH_DELETIONS)
    if not known & set(PLACEMENT):
        problems.append(Problem.PLACEMENT_MISSING)
    elif not fits(field, known):
        problems.append(Problem.DELETION_DOES_NOT_FIT)
    if value is not None and dt.date.fromisoformat(value) < after.ends_on:
        problems.append(Problem.BEFORE_TRAINING_END)
    return problems


def fits(deletion: Field, known: Iterable[Field]) -> bool:
    """Whether some placement among `known` calls for that deletion."""
    return any(FITTING[p] is deletion for p in known if p in FITTING)
