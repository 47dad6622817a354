"""The rows of one office after something changed: recompute states, recompute what is owed, complete a training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from daemon.domain.calendar import OfficeCalendar
from daemon.domain.lifecycle import Facts, is_settled, move, owes
from daemon.domain.model import Dispatch, Enrollment, State, Training, TrainingState
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


def facts_of(tx: Transaction, rows: Sequence[Enrollment]) -> dict[str, Facts]:
    """What is known about each row beside its values; a few questions to the store, however many rows."""
    idents = [row.enrollment_id for row in rows]
    doubts = Counter(q.enrollment_id for q in tx.open_questions(idents) if q.kind in DOUBTFUL)
    problems = tx.problems_read(idents)
    offices = {(row.training_id, row.prefecture): row for row in rows}
    dispatches = {office: dispatch_of(tx, row) for office, row in offices.items()}
    committed = {office for office, d in dispatches.items() if d and tx.get_fact(commitment_fact(d.dispatch_id))}
    found = {}
    for row in rows:
        office, ident = (row.training_id, row.prefecture), row.enrollment_id
        dispatch = dispatches[office]
        found[ident] = Facts(
            dispatched=dispatch is not None and dispatch.dispatched_at is not None and row.state is not State.LISTED,
            bounced=dispatch is not None and dispatch.bounced_at is not None,
            acked=dispatch is not None and dispatch.answered_at is not None,
            in_progress=office in committed or bool(_NOT_YET & problems.get(ident, frozenset())),
            questions=doubts[ident],
        )
    return found


def commitment_fact(dispatch_id: str) -> str:
    """Name of the fact that holds what an office promised in words."""
    return f"commitment:{dispatch_id}"


def refresh(tx: Transaction, kit: Kit, training: Training, row: Enrollment, cause: str) -> Enrollment:
    """Bring the row into the state its facts call for, with a line in the history."""
    changed = moved(tx, kit, training, (row,), cause)
    tx.save_enrollments(changed)
    return changed[0] if changed else row


def moved(tx: Transaction, kit: Kit, training: Training, rows: Sequence[Enrollment], cause: str) -> list[Enrollment]:
    """Those rows whose facts call for another state, in that state and yet to be saved; a line each in the history."""
    facts = facts_of(tx, rows)
    changed = []
    for row in rows:
        after = move(row, training.course, facts[row.enrollment_id])
        if after is row:
            continue
        changed.append(after)
        tx.append_event(
            kit.clock.now(), "meibod", "state-changed", subject=f"enrollment:{row.enrollment_id}",
            training_id=row.training_id, prefecture=row.prefecture,
            payload={"before": row.state, "after": after.state, "cause": cause},
        )  # fmt: skip
    return changed


def refresh_office(tx: Transaction, kit: Kit, training_id: str, prefecture: str, cause: str) -> None:
    """Bring every row of one office up to date, then see whether the training is complete."""
    training = tx.get_training(training_id)
    rows = tx.enrollments(training_id=training_id, prefecture=prefecture)
    tx.save_enrollments(moved(tx, kit, training, rows, cause))
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


def could_be_answers(tx: Transaction, prefecture: str) -> int:
    """Open questions that may hide an answer of that office (I5): its own, and those nobody could place."""
    counts = tx.count_questions(("", prefecture))
    return sum(n for kind, n in counts.items() if kind not in {"verify", "outbox", "bounce"})
