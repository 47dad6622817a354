"""状況: where everything stands, or one training, or one trainee; as in the digest, for the admin who asked."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.domain.commands import Command
from daemon.domain.letters import KnownValue, Overview, TraineeStatus
from daemon.domain.lifecycle import owes
from daemon.domain.model import Enrollment, OutboxState
from daemon.handlers.deliver import KILL_SWITCH
from daemon.handlers.rows import find_rows
from daemon.ports import Kit, Transaction


def overview(tx: Transaction, kit: Kit, asked: Sequence[Command]) -> Overview:
    """All trainings on the board unless single ones, or trainees, are asked for; unknown ones are left out."""
    from daemon.handlers.digest import board

    rows = [row for c in asked if c.row for row in find_rows(tx, c.row)]
    named = {c.training for c in asked if c.training}
    everything = any(not c.row and not c.training for c in asked)
    return Overview(
        board(tx, kit, None if everything else named) if everything or named else (),
        tuple(_trainee(tx, kit, row) for row in rows),
        len(tx.reviews()),
        len(tx.outbox(states=[OutboxState.HELD])),
        tx.get_fact(KILL_SWITCH) == "on",
    )


def _trainee(tx: Transaction, kit: Kit, row: Enrollment) -> TraineeStatus:
    from daemon.handlers.digest import place_of

    training = tx.get_training(row.training_id)
    values = tuple(
        KnownValue(field, value.value, value.status, value.source, value.received_on)
        for field, value in row.values.items()
    )
    return TraineeStatus(
        place_of(tx, kit, row), row.state, tuple(owes(row, training.course)), values, row.excluded_because,
        tuple(q.review_id for q in tx.reviews(enrollment_id=row.enrollment_id)),
    )  # fmt: skip
