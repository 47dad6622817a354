"""The register as one JSON-ready document (contract 3.5)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from daemon.domain.calendar import TOKYO
from daemon.domain.lifecycle import owes
from daemon.domain.model import (
    Enrollment,
    Handover,
    MailState,
    OutboxState,
    Phase,
    ReviewState,
    Roster,
    Training,
    Value,
)
from daemon.handlers.intake import mailbox_line
from daemon.ports import Kit, Transaction


def status(kit: Kit) -> dict[str, Any]:
    """Everything known, per training, prefecture, roster and trainee; instants in Asia/Tokyo."""
    with kit.store.snapshot() as tx:
        return {
            "as_of": _shown(kit.clock.now()),
            "trainings": [_training(tx, kit, t) for t in tx.trainings()],
            "mail": _mail(tx),
            "outbox": _outbox(tx),
        }


def _shown(at: dt.datetime | None) -> str | None:
    return None if at is None else at.astimezone(TOKYO).isoformat(timespec="seconds")


def _training(tx: Transaction, kit: Kit, training: Training) -> dict[str, Any]:
    rosters = [r for r in tx.rosters(training.training_id) if r.phase is Phase.PRE]
    rows: dict[str, list[Enrollment]] = {r.code: [] for r in rosters}
    for row in tx.enrollments(training_id=training.training_id):
        rows[row.roster].append(row)
    order = list(kit.directory.offices)
    prefectures = sorted({r.prefecture for r in rosters}, key=lambda p: order.index(p) if p in order else len(order))
    return {
        "training": training.training_id,
        "course": training.course,
        "name": training.name,
        "starts_on": str(training.starts_on),
        "ends_on": str(training.ends_on),
        "deadline_on": str(training.deadline_on),
        "state": training.state,
        "handovers": [_handover(h) for h in tx.handovers(training.training_id)],
        "prefectures": [
            _prefecture(tx, training, p, [r for r in rosters if r.prefecture == p], rows) for p in prefectures
        ],
    }


def _prefecture(
    tx: Transaction, training: Training, prefecture: str, rosters: list[Roster], rows: dict[str, list[Enrollment]]
) -> dict[str, Any]:
    sent = {d.phase: d.dispatched_at for d in tx.dispatches(training.training_id, prefecture)}
    return {
        "prefecture": prefecture,
        "dispatched_at": _shown(sent.get(Phase.PRE)),
        "results_dispatched_at": _shown(sent.get(Phase.POST)),
        "rosters": [_roster(tx, training, r, rows[r.code]) for r in sorted(rosters, key=lambda r: (r.centre, r.code))],
    }


def _handover(handover: Handover) -> dict[str, Any]:
    return {
        "number": handover.number,
        "rows": len(handover.enrollments),
        "because": handover.because,
        "made_at": _shown(handover.made_at),
        "submitted_at": _shown(handover.submitted_at),
        "submitted_by": handover.submitted_by or None,
        "how": handover.how or None,
        "xlsx_sha256": handover.xlsx_sha256,
        "pdf_sha256": handover.pdf_sha256,
    }


def _roster(tx: Transaction, training: Training, roster: Roster, rows: list[Enrollment]) -> dict[str, Any]:
    return {
        "roster": roster.code,
        "centre": roster.centre,
        "pension_office": roster.pension_office,
        "trainees": [trainee(tx, training, e) for e in rows],
    }


def trainee(tx: Transaction, training: Training, row: Enrollment) -> dict[str, Any]:
    """One trainee as the contract shows it."""
    return {
        "enrollment": row.enrollment_id,
        "row": row.row,
        "name": row.name,
        "state": row.state,
        "owes": list(owes(row, training.course)),
        "excluded_because": row.excluded_because or None,
        "cleanup_owed": row.cleanup_owed,
        "completed": row.completed,
        "post_roster": row.post_roster or None,
        "post_row": row.post_row or None,
        "replaces": row.replaces or None,
        "dates": {field: _value(tx, value) for field, value in row.values.items() if field.is_date},
        "placement": {field: _value(tx, value) for field, value in row.values.items() if not field.is_date},
    }


def _value(tx: Transaction, value: Value) -> dict[str, Any]:
    return {
        "value": value.value,
        "status": value.status,
        "source": value.source,
        "evidence": _evidence(tx, value.reading_id),
    }


def _evidence(tx: Transaction, reading_id: int) -> str:
    """Message, part and place in one line: "mail:12/2/roster.xlsx/名簿!H9"."""
    reading = tx.get_reading(reading_id)
    where = reading.evidence
    sheet = f"{where.sheet}!" if where.sheet else ""
    cell = f"{sheet}{where.cell}" if where.cell else f"p.{where.page}" if where.page else ""
    steps = [f"mail:{reading.ledger_id}" if reading.ledger_id is not None else "", where.part, cell, reading.said_by]
    return "/".join(s for s in steps if s)


def _mail(tx: Transaction) -> dict[str, Any]:
    line = mailbox_line(tx)
    return {
        "on_server": line.on_server,
        "accounted": line.accounted,
        "review": len(tx.reviews(state=ReviewState.OPEN)),
        "quarantine": tx.count_mails().get(MailState.QUARANTINE, 0),
        "last_success_at": _shown(line.last_success_at),
    }


def _outbox(tx: Transaction) -> dict[str, int]:
    counts: Counter[OutboxState] = Counter(tx.count_outbox())
    return {state.value.replace("-", "_"): counts.get(state, 0) for state in OutboxState}
