"""Rows the procedure is silent about: 未修了, and the excluded with a clean-up owed (domain.md §1.4, 7 and 8).

Their record may be complete; a person closes them all the same. What the person agreed to is just that record: when
it changes, the question comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from daemon.domain.closing import DELETIONS, is_proven, needs_a_person, record_mark
from daemon.domain.model import Enrollment, Review, ReviewState
from daemon.handlers.questions import settle
from daemon.ports import Kit, Transaction

KIND = "closing"


def may_need_a_person(row: Enrollment) -> bool:
    """Whether the row stands on a roster with results and is of a kind only a person closes."""
    return bool(row.post_roster) and needs_a_person(row)


def accepted_fact(enrollment_id: str) -> str:
    """Name of the fact that holds the mark of the record a person agreed to close."""
    return f"closing-accepted:{enrollment_id}"


def ask(tx: Transaction, kit: Kit, rows: Sequence[Enrollment]) -> None:
    """Open the question for rows whose record has become complete, drop those that speak of another record."""
    mine = [r for r in rows if may_need_a_person(r)]
    if not mine:
        return
    open_ = {q.enrollment_id: q for q in tx.open_questions(r.enrollment_id for r in mine) if q.kind == KIND}
    for row in mine:
        question, wanted = open_.get(row.enrollment_id), _wanted(tx, row)
        if question is not None and (not wanted or question.text != record_mark(row)):
            settle(tx, kit, question, ReviewState.REJECTED, "meibod", "記録が変わったため")
            question = None
        if wanted and question is None:
            _open(tx, kit, row)


def _wanted(tx: Transaction, row: Enrollment) -> bool:
    if row.excluded_because:
        return row.cleanup_owed and is_proven(row)
    return is_proven(row) and tx.get_fact(accepted_fact(row.enrollment_id)) != record_mark(row)


def _open(tx: Transaction, kit: Kit, row: Enrollment) -> None:
    """The key counts: the same record read anew after a refusal is a new question."""
    deletion = next(f for f in DELETIONS if f in row.values)
    value = row.values[deletion]
    before = sum(q.kind == KIND for q in tx.reviews(state=None, enrollment_id=row.enrollment_id))
    review = Review(
        0, f"closing:{row.enrollment_id}:{record_mark(row)}:{before}", KIND, kit.clock.now(), (),
        prefecture=row.prefecture, training_id=row.training_id, roster=row.post_roster,
        enrollment_id=row.enrollment_id, text=record_mark(row),
        detail=row.excluded_because or "未修了", evidence=tx.get_reading(value.reading_id).evidence,
    )  # fmt: skip
    tx.add_review(review)


def accept(tx: Transaction, kit: Kit, row: Enrollment, review: Review, by: str, because: str) -> None:
    """A person agrees: a clean-up is done with, a 未修了 row may close. The row is moved by the caller."""
    tx.set_fact(accepted_fact(row.enrollment_id), record_mark(row))
    if row.excluded_because:
        tx.save_enrollment(replace(row, cleanup_owed=False))
    tx.append_event(
        kit.clock.now(), by, "closing-accepted", subject=f"enrollment:{row.enrollment_id}",
        training_id=row.training_id, prefecture=row.prefecture,
        payload={"because": because, "review": review.review_id, "excluded": bool(row.excluded_because)},
    )  # fmt: skip


def refuse(tx: Transaction, kit: Kit, row: Enrollment, by: str) -> Enrollment:
    """A person disagrees: the deletion leaves the register (its reading stays) and is owed again."""
    gone = [f for f in DELETIONS if f in row.values]
    left = replace(row, values={f: v for f, v in row.values.items() if f not in gone})
    tx.save_enrollment(left)
    for field in gone:
        tx.append_event(
            kit.clock.now(), by, "value-withdrawn", subject=f"enrollment:{row.enrollment_id}",
            training_id=row.training_id, prefecture=row.prefecture,
            payload={"field": field, "value": row.values[field].value},
        )  # fmt: skip
    return left
