"""The rows of one office after something changed: recompute states, recompute what is owed, complete a training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from daemon.domain.calendar import OfficeCalendar
from daemon.domain.closing import record_mark
from daemon.domain.lifecycle import SETTLED, Facts, move
from daemon.domain.model import (
    Dispatch,
    Enrollment,
    MailPurpose,
    OutboxState,
    Phase,
    State,
    Training,
    TrainingState,
)
from daemon.handlers import ending
from daemon.handlers.handed import submitted_rows, watch
from daemon.ports import Kit, Transaction
from parsers.findings import Problem

DOUBTFUL = frozenset({"value", "row", "exclusion", "closing"})
"""Kinds of reviews that put a row in doubt. A "verify" review does not: the row has answered."""
_NOT_YET = {Problem.PLANNED_ONLY, Problem.NOT_DONE_YET}


def calendar(kit: Kit) -> OfficeCalendar:
    """The offices' calendar with HQ's exceptions."""
    return OfficeCalendar(kit.directory.closed_days)


def phase_of(row: Enrollment) -> Phase:
    """Which half of the procedure the row is in: after the training once it stands on a roster with results."""
    return Phase.POST if row.post_roster else Phase.PRE


def mailing(tx: Transaction, training_id: str, prefecture: str, phase: Phase = Phase.PRE) -> Dispatch | None:
    """The mailing of that half of the procedure to that office."""
    return next((d for d in tx.dispatches(training_id, prefecture) if d.phase is phase), None)


def dispatch_of(tx: Transaction, row: Enrollment, phase: Phase | None = None) -> Dispatch | None:
    """The mailing the row went out with, in the phase it is in unless told otherwise."""
    return mailing(tx, row.training_id, row.prefecture, phase or phase_of(row))


def facts_of(tx: Transaction, rows: Sequence[Enrollment]) -> dict[str, Facts]:
    """What is known about each row beside its values; a few questions to the store, however many rows."""
    idents = [row.enrollment_id for row in rows]
    doubts = Counter(q.enrollment_id for q in tx.open_questions(idents) if q.kind in DOUBTFUL)
    problems = tx.problems_read(idents)
    offices = dict.fromkeys((row.training_id, row.prefecture) for row in rows)
    mailings = {(*office, d.phase): d for office in offices for d in tx.dispatches(*office)}
    committed = {key for key, d in mailings.items() if tx.get_fact(commitment_fact(d.dispatch_id))}
    submitted = submitted_rows(tx, rows)
    left = _left(tx, rows)
    found = {}
    for row in rows:
        key, ident = (row.training_id, row.prefecture, Phase.PRE), row.enrollment_id
        first = mailings.get(key)
        results = mailings.get((row.training_id, row.prefecture, Phase.POST))
        found[ident] = Facts(
            dispatched=first is not None and first.dispatched_at is not None and ident in left,
            bounced=first is not None and first.bounced_at is not None,
            acked=first is not None and first.answered_at is not None,
            in_progress=key in committed or bool(_NOT_YET & problems.get(ident, frozenset())),
            questions=doubts[ident],
            submitted=ident in submitted,
            results_out=results is not None and results.dispatched_at is not None,
            results_bounced=results is not None and results.bounced_at is not None,
            accepted=ending.may_need_a_person(row) and tx.get_fact(ending.accepted_fact(ident)) == record_mark(row),
        )
    return found


_TELLS_NOTHING = frozenset({State.QUERY, State.EXCLUDED})
"""States from which one cannot see whether the row has ever been sent."""
_OUT = (OutboxState.SENT, OutboxState.CONFIRMED)


def _left(tx: Transaction, rows: Sequence[Enrollment]) -> set[str]:
    """Those rows that have left the house: the state says so, or else a mail that did."""
    vague = [r for r in rows if r.state in _TELLS_NOTHING]
    found = {r.enrollment_id for r in rows if r.state is not State.LISTED and r.state not in _TELLS_NOTHING}
    for training_id, prefecture in dict.fromkeys((r.training_id, r.prefecture) for r in vague):
        mails = tx.outbox(states=_OUT, training_id=training_id, prefecture=prefecture)
        found |= {e for m in mails if m.purpose is MailPurpose.DISPATCH for e in m.enrollments}
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
    ending.ask(tx, kit, rows)
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
    """A training is complete when every row is verified or excluded (design §2, step 6), closed when all have ended."""
    training = tx.get_training(training_id)
    state = _state_called_for(tx, training)
    watch(tx, training, state)
    if state is training.state:
        return
    now = kit.clock.now()
    tx.save_training(replace(training, state=state))
    if state is TrainingState.CLOSED:
        tx.set_fact(closed_fact(training_id), now.isoformat())
    reopened = training.state is TrainingState.CLOSED
    tx.append_event(
        now, "meibod", "training-reopened" if reopened else f"training-{state.value}",
        subject=f"training:{training_id}", training_id=training_id, payload={"before": training.state},
    )  # fmt: skip


_BEFORE = frozenset({TrainingState.APPROVED, TrainingState.COMPLETE})
_AFTER = frozenset({TrainingState.RESULTS, TrainingState.CLOSED})


def _state_called_for(tx: Transaction, training: Training) -> TrainingState:
    counts = tx.count_by_state(training.training_id)
    if training.state in _BEFORE:
        settled = sum(n for s, n in counts.items() if s in SETTLED)
        return TrainingState.COMPLETE if settled == sum(counts.values()) else TrainingState.APPROVED
    if training.state not in _AFTER:
        return training.state
    ended = all(s in {State.CLOSED, State.EXCLUDED} for s, n in counts.items() if n)
    owed = ended and any(r.cleanup_owed for r in tx.enrollments(training_id=training.training_id))
    return TrainingState.CLOSED if ended and not owed else TrainingState.RESULTS


def closed_fact(training_id: str) -> str:
    """Name of the fact that says when the training was closed."""
    return f"closed-at:{training_id}"


def could_be_answers(tx: Transaction, prefecture: str) -> int:
    """Open questions that may hide an answer of that office (I5): its own, and those nobody could place."""
    counts = tx.count_questions(("", prefecture))
    return sum(n for kind, n in counts.items() if kind not in _NO_ANSWER)


_NO_ANSWER = {"verify", "outbox", "bounce", "closing", "pages", "order"}
"""Kinds of reviews behind which no answer can hide: HQ's own decisions, and a page that did not arrive."""
