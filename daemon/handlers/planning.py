"""The rows of one office after something changed: recompute states, recompute what is owed, complete a training."""

from __future__ import annotations

from dataclasses import replace

from daemon.domain.calendar import OfficeCalendar
from daemon.domain.lifecycle import Facts, is_settled, move, owes
from daemon.domain.model import Dispatch, Enrollment, Review, State, Training, TrainingState
from daemon.ports import Kit, Transaction
from parsers.findings import Problem

DOUBTFUL = frozenset({"value", "row", "exclusion"})
"""Kinds of reviews that put a row in doubt. A "verify" review does not: the row has answered."""
_NOT_YET = {Problem.PLANNED_ONLY, Problem.NOT_DONE_YET}


def calendar(kit: Kit) -> OfficeCalendar:
    """The offices' calendar with HQ's exceptions."""
    return OfficeCalendar(kit.directory.closed_days)


def dispatch_of(tx: Transaction, row: Enrollment) -> Dispatch | None:
    """The mailing the row went out with."""
    found = tx.dispatches(row.training_id, row.prefecture)
    return found[0] if found else None


def facts_of(tx: Transaction, row: Enrollment) -> Facts:
    """What is known about the row beside its values."""
    dispatch = dispatch_of(tx, row)
    questions = tx.reviews(enrollment_id=row.enrollment_id)
    readings = tx.readings(enrollment_id=row.enrollment_id)
    committed = dispatch is not None and tx.get_fact(commitment_fact(dispatch.dispatch_id)) is not None
    return Facts(
        dispatched=dispatch is not None and dispatch.dispatched_at is not None and row.state is not State.LISTED,
        bounced=dispatch is not None and dispatch.bounced_at is not None,
        acked=dispatch is not None and dispatch.answered_at is not None,
        in_progress=committed or any(_NOT_YET & set(r.problems) for r in readings),
        questions=sum(q.kind in DOUBTFUL for q in questions),
    )


def commitment_fact(dispatch_id: str) -> str:
    """Name of the fact that holds what an office promised in words."""
    return f"commitment:{dispatch_id}"


def refresh(tx: Transaction, kit: Kit, training: Training, row: Enrollment, cause: str) -> Enrollment:
    """Bring the row into the state its facts call for, with a line in the history."""
    moved = move(row, training.course, facts_of(tx, row))
    if moved is not row:
        tx.save_enrollment(moved)
        tx.append_event(
            kit.clock.now(), "meibod", "state-changed", subject=f"enrollment:{row.enrollment_id}",
            training_id=row.training_id, prefecture=row.prefecture,
            payload={"before": row.state, "after": moved.state, "cause": cause},
        )  # fmt: skip
    return moved


def refresh_office(tx: Transaction, kit: Kit, training_id: str, prefecture: str, cause: str) -> None:
    """Bring every row of one office up to date, then see whether the training is complete."""
    training = tx.get_training(training_id)
    for row in tx.enrollments(training_id=training_id, prefecture=prefecture):
        refresh(tx, kit, training, row, cause)
    complete_or_reopen(tx, kit, training_id)


def complete_or_reopen(tx: Transaction, kit: Kit, training_id: str) -> None:
    """A training is complete when every row is verified or excluded (design §2, step 6)."""
    training = tx.get_training(training_id)
    if training.state not in {TrainingState.APPROVED, TrainingState.COMPLETE}:
        return
    counts = tx.count_by_state(training_id)
    settled = sum(n for s, n in counts.items() if s in {State.VERIFIED, State.EXCLUDED})
    state = TrainingState.COMPLETE if settled == sum(counts.values()) else TrainingState.APPROVED
    if state is not training.state:
        tx.save_training(replace(training, state=state))
        tx.append_event(
            kit.clock.now(), "meibod", f"training-{state.value}", subject=f"training:{training_id}",
            training_id=training_id,
        )  # fmt: skip


def open_rows(tx: Transaction, training: Training, prefecture: str) -> list[Enrollment]:
    """Rows of one office that still owe a date."""
    rows = tx.enrollments(training_id=training.training_id, prefecture=prefecture)
    return [r for r in rows if owes(r, training.course)]


def settled_rows(rows: list[Enrollment]) -> int:
    """How many rows need nothing more."""
    return sum(is_settled(r) and r.state is not State.EXCLUDED for r in rows)


def could_be_answers(reviews: list[Review], prefecture: str) -> int:
    """Open questions that may hide an answer of that office (I5): its own, and those nobody could place."""
    return sum(r.prefecture in {"", prefecture} and r.kind not in {"verify", "outbox", "bounce"} for r in reviews)
