"""Where an office stands in one half of the procedure, as a receipt tells it: confirmed, missing, under check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from daemon.domain.closing import FIELDS, owes_after
from daemon.domain.letters import RosterRows
from daemon.domain.lifecycle import owes_before
from daemon.domain.model import (
    Dispatch,
    Enrollment,
    LedgerMail,
    Phase,
    SourceKind,
    State,
    Status,
    Training,
    Value,
)
from daemon.handlers.ending import KIND
from daemon.handlers.letterwork import by_roster
from daemon.handlers.planning import DOUBTFUL
from daemon.ports import Kit, Transaction
from parsers.findings import Field, MessageKind, Problem


@dataclass(frozen=True, slots=True)
class Account:
    """The rows of one office; `asked` and `missing` are parts of `rows`, all others are confirmed."""

    training: Training
    dispatch: Dispatch
    rows: tuple[Enrollment, ...]
    """Everybody who is asked for something in that half."""
    asked: tuple[Enrollment, ...]
    """Those HQ must look at first."""
    missing: tuple[Enrollment, ...]
    """Those of the others who owe something."""

    @property
    def confirmed(self) -> tuple[Enrollment, ...]:
        """Rows that owe nothing and are nobody's question."""
        other = {r.enrollment_id for r in (*self.asked, *self.missing)}
        return tuple(r for r in self.rows if r.enrollment_id not in other)


def account(tx: Transaction, training: Training, dispatch: Dispatch, office: Sequence[Enrollment]) -> Account:
    """Draw it up from all rows of the office in the training, as they are now."""
    phase = dispatch.phase
    rows = tuple(r for r in office if (r.post_roster if phase is Phase.POST else r.state is not State.EXCLUDED))
    asked = {r.enrollment_id: r for r in rows if _in_question(tx, r) or _unseen(tx, r, phase)}
    missing = (r for r in rows if r.enrollment_id not in asked and _owed(r, training, phase))
    return Account(training, dispatch, rows, tuple(asked.values()), tuple(missing))


def values_of(row: Enrollment, phase: Phase) -> list[Value]:
    """What is on record for that half."""
    return [v for f, v in row.values.items() if (f in FIELDS) is (phase is Phase.POST)]


def fax_of(tx: Transaction, value: Value) -> LedgerMail | None:
    """The fax the value was read from, or read from by a person; None when it came another way."""
    ledger_id = tx.get_reading(value.reading_id).ledger_id
    mail = tx.get_mail(ledger_id) if ledger_id is not None else None
    return mail if mail is not None and mail.kind is MessageKind.FAX else None


def grouped(
    tx: Transaction, kit: Kit, account: Account, rows: Iterable[Enrollment],
    problems: Mapping[str, tuple[Problem, ...]] | None = None,
) -> tuple[RosterRows, ...]:  # fmt: skip
    """Some rows of the account as a letter names them; `problems` by enrollment."""
    rosters = {r.code: r for r in tx.rosters(account.training.training_id, account.dispatch.prefecture)}
    return by_roster(kit, rosters, rows, names=kit.policy.names_in_reminders, problems=problems)


def _owed(row: Enrollment, training: Training, phase: Phase) -> tuple[Field, ...]:
    return owes_after(row) if phase is Phase.POST else owes_before(row, training.course)


def _in_question(tx: Transaction, row: Enrollment) -> bool:
    """Whether HQ must look at the row first; whether to close it is no doubt about what the office sent."""
    ordinary = not row.excluded_because and row.completed is not False
    if ordinary or row.state not in {State.QUERY, State.EXCLUDED}:
        return row.state is State.QUERY
    return any(q.kind in DOUBTFUL - {KIND} for q in tx.reviews(enrollment_id=row.enrollment_id))


def _unseen(tx: Transaction, row: Enrollment, phase: Phase) -> bool:
    """Whether a date read from a fax waits for a glance: it gets a receipt of its own when somebody has looked."""
    read = [v for v in values_of(row, phase) if v.status is Status.READ and v.source is SourceKind.FAX]
    return any(fax_of(tx, v) is not None for v in read)
