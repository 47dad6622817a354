"""What holds of the register after every event, whatever the events were; each law is a plain assertion on a store."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field

from daemon.domain.closing import DELETIONS, FIELDS, PLACEMENT, is_ended, is_proven, record_mark
from daemon.domain.lifecycle import move, owes
from daemon.domain.model import (
    Enrollment,
    Event,
    MailState,
    Phase,
    Reading,
    SourceKind,
    State,
    Status,
    TrainingState,
)
from daemon.handlers.account import fax_of
from daemon.handlers.acknowledge_fax import told_by_fax
from daemon.handlers.ending import accepted_fact
from daemon.handlers.planning import complete_or_reopen, facts_of
from daemon.handlers.settled import is_unsettled
from daemon.ports import Kit, Transaction
from parsers.findings import Field, MessageKind


@dataclass
class Told:
    """What the history alone says of a row."""

    state: State = State.LISTED
    values: dict[Field, str] = field(default_factory=dict)
    out: bool = False
    owed: bool = False

    def hear(self, event: Event) -> None:
        """One more line."""
        said = json.loads(event.payload)
        if event.kind in {"state-changed", "trainee-sent", "trainee-reinstated", "trainee-excluded"}:
            self.state = State(said["after"])
        if event.kind in {"value-recorded", "value-corrected", "phone-report"}:
            self.values[Field(said["field"])] = said["value"]
            self.owed = self.owed or self.out
        elif event.kind == "value-withdrawn":
            del self.values[Field(said["field"])]
        elif event.kind == "trainee-excluded":
            self.out, self.owed = True, said["cleanup_owed"]
        elif event.kind == "trainee-reinstated":
            self.out = self.owed = False
        elif event.kind in {"cleanup-done", "closing-accepted"}:
            self.owed = False


def rows_of(tx: Transaction) -> list[Enrollment]:
    return [r for t in tx.trainings() for r in tx.enrollments(training_id=t.training_id)]


def every_state_is_called_for(kit: Kit) -> None:
    """Rows are where their facts put them, trainings where their rows put them."""
    with kit.store.snapshot() as tx:
        rows = rows_of(tx)
        facts = facts_of(tx, rows)
        for row in rows:
            course = tx.get_training(row.training_id).course
            assert move(row, course, facts[row.enrollment_id]) is row, (row.state, facts[row.enrollment_id])
        before = {t.training_id: t.state for t in tx.trainings()}
    with contextlib.suppress(_Undone), kit.store.transaction() as tx:
        for ident in before:
            complete_or_reopen(tx, kit, ident)
        assert {t.training_id: t.state for t in tx.trainings()} == before
        raise _Undone


class _Undone(Exception):
    """Rolls back what was only tried."""


@dataclass
class Memory:
    """What was known after the event before: nothing of it may go or change."""

    readings: dict[int, Reading] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    receipts: dict[str, tuple[int, frozenset[int]]] = field(default_factory=dict)
    """Dispatch → receipts for faxes in its thread, and the readings they have told."""

    def the_history_tells_the_register(self, kit: Kit) -> None:
        """Whoever hears every line of the history in order knows what is on record."""
        with kit.store.snapshot() as tx:
            rows = rows_of(tx)
            news = tx.events(since_seq=max(self.events, default=0))
        for event in news:
            kind, _, ident = event.subject.partition(":")
            if kind == "enrollment":
                self.told.setdefault(ident, Told()).hear(event)
        self.events |= {e.seq: e for e in news}
        for row in rows:
            told = self.told.get(row.enrollment_id, Told())
            assert told.values == {f: v.value for f, v in row.values.items()}
            assert (told.state, told.out, told.owed) == (row.state, bool(row.excluded_because), row.cleanup_owed)
            for value in row.values.values():
                self._keep(kit, value.reading_id)

    def _keep(self, kit: Kit, reading_id: int) -> None:
        if reading_id not in self.readings:
            with kit.store.snapshot() as tx:
                self.readings[reading_id] = tx.get_reading(reading_id)

    def every_receipt_for_a_fax_tells_something_new(self, kit: Kit) -> None:
        """To the office the rows belong to, of values of its faxes alone, and none of them twice."""
        with kit.store.snapshot() as tx:
            for dispatch in [d for t in tx.trainings() for d in tx.dispatches(t.training_id)]:
                told = frozenset(told_by_fax(tx, dispatch))
                mails = [m for m in tx.outbox() if m.dedupe_key.startswith(f"receipt:{dispatch.dispatch_id}:fax:")]
                before, known = self.receipts.get(dispatch.dispatch_id, (0, frozenset()))
                assert told >= known
                assert (len(mails) > before) is (told > known)
                assert len(mails) <= len(told)
                assert {m.prefecture for m in mails} <= {dispatch.prefecture}
                assert {_where_from(tx, n) for n in told - known} <= {(dispatch.prefecture, MessageKind.FAX)}
                self.receipts[dispatch.dispatch_id] = len(mails), told

    def nothing_is_lost(self, kit: Kit) -> None:
        """Lines of the history, and the evidence of every value that was ever on record, are as they were."""
        with kit.store.snapshot() as tx:
            assert {e.seq: e for e in tx.events()} == self.events
            assert {n: tx.get_reading(n) for n in self.readings} == self.readings


def _where_from(tx: Transaction, reading_id: int) -> tuple[str, MessageKind | None]:
    reading = tx.get_reading(reading_id)
    assert reading.enrollment_id is not None
    assert reading.ledger_id is not None
    return tx.get_enrollment(reading.enrollment_id).prefecture, tx.get_mail(reading.ledger_id).kind


def what_settled_faxes_brought_is_told(kit: Kit) -> None:
    """A while after the last decision: of rows that were never out, in runs under way, to offices in reach."""
    with kit.store.snapshot() as tx:
        for training in [t for t in tx.trainings() if t.state is TrainingState.APPROVED]:
            reached = {d.prefecture: d for d in tx.dispatches(training.training_id) if d.bounced_at is None}
            handed = {e for h in tx.handovers(training.training_id) for e in h.enrollments}
            for row in tx.enrollments(training_id=training.training_id):
                known = {e.kind for e in tx.events(subject=f"enrollment:{row.enrollment_id}")}
                if "trainee-excluded" in known or row.prefecture not in reached or row.enrollment_id in handed:
                    continue
                told = told_by_fax(tx, reached[row.prefecture])
                for value in row.values.values():
                    fax = fax_of(tx, value)
                    if value.status is Status.VERIFIED and fax is not None and not is_unsettled(tx, fax):
                        assert value.reading_id in told, row.enrollment_id


def every_mail_has_its_outcome(kit: Kit) -> None:
    """Understood, or somebody's question; none has made the work fail."""
    with kit.store.snapshot() as tx:
        for mail in tx.mails():
            asked = bool(tx.reviews(ledger_id=mail.ledger_id))
            assert mail.failure == ""
            assert mail.state is (MailState.REVIEW if asked else MailState.APPLIED), (mail.state, asked)


def one_placement_and_one_deletion_at_most(kit: Kit) -> None:
    with kit.store.snapshot() as tx:
        for row in rows_of(tx):
            assert len(row.values.keys() & set(PLACEMENT)) < 2
            assert len(row.values.keys() & set(DELETIONS)) < 2


def what_is_owed_is_never_closed(kit: Kit) -> None:
    with kit.store.snapshot() as tx:
        for training in tx.trainings():
            rows = tx.enrollments(training_id=training.training_id)
            for row in rows:
                if row.state is State.CLOSED:
                    assert is_proven(row)
                    assert owes(row, training.course) == ()
                    assert row.completed or tx.get_fact(accepted_fact(row.enrollment_id)) == record_mark(row)
            if training.state is TrainingState.CLOSED:
                assert all(is_ended(r, accepted=r.state is State.CLOSED) for r in rows)
            if training.state is TrainingState.COMPLETE:
                assert not any(owes(r, training.course) for r in rows)


def nothing_waits_for_nobody(kit: Kit) -> None:
    """A row that owes nothing and has not ended is somebody's question; so is every value that was only read."""
    with kit.store.snapshot() as tx:
        for training in tx.trainings():
            sent = {
                d.prefecture for d in tx.dispatches(training.training_id) if d.phase is Phase.POST and d.dispatched_at
            }
            for row in tx.enrollments(training_id=training.training_id):
                open_ = tx.reviews(enrollment_id=row.enrollment_id)
                if row.excluded_because and not row.cleanup_owed:
                    continue
                if row.post_roster and row.prefecture in sent and not owes(row, training.course):
                    assert row.state is State.CLOSED or open_
                for name, value in row.values.items():
                    mine = name in FIELDS or not row.excluded_because
                    if mine and value.status is Status.READ and value.source is not SourceKind.PERSON:
                        assert any(q.field is name for q in open_), f"nobody looks at {name}"
