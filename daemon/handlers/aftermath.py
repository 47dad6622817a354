"""What only HQ can bring to its end, for the digest: removals announced, clean-ups of cancelled runs, hearsay."""

from __future__ import annotations

from collections.abc import Callable

from daemon.domain.letters import DigestPurge, DigestRows
from daemon.domain.model import Enrollment, Training, TrainingState
from daemon.handlers import retention
from daemon.handlers.letterwork import by_roster
from daemon.handlers.said import is_by_telephone
from daemon.ports import Kit, Transaction


def purges(tx: Transaction, kit: Kit) -> tuple[DigestPurge, ...]:
    """Told every day from the announcement to the removal (domain.md §6), soonest first."""
    names = {t.training_id: t.name for t in tx.trainings()}
    found = [
        DigestPurge(names.get(n.training_id, ""), n.training_id, n.files, n.rows, n.goes_on)
        for n in retention.notices(tx, kit)
    ]
    return tuple(sorted(found, key=lambda p: (p.goes_on, p.training_id)))


def cleanups(tx: Transaction, kit: Kit) -> tuple[DigestRows, ...]:
    """A cancelled run sends no rosters with results: whoever was registered for it is HQ's own work (§1.4, 8)."""
    cancelled = [t for t in tx.trainings() if t.state is TrainingState.CANCELLED]
    return tuple(found for t in cancelled for found in _grouped(tx, kit, t, lambda row: row.cleanup_owed))


_AWAITED = {TrainingState.APPROVED, TrainingState.COMPLETE}


def by_telephone(tx: Transaction, kit: Kit) -> tuple[DigestRows, ...]:
    """口頭: the row owes nothing, so nobody is reminded, and the proof has not come (§1.5, evidence level F)."""
    running = [t for t in tx.trainings() if t.state in _AWAITED]
    return tuple(found for t in running for found in _grouped(tx, kit, t, _only_said))


def _only_said(row: Enrollment) -> bool:
    return not row.excluded_because and any(is_by_telephone(v) for v in row.values.values())


def _grouped(
    tx: Transaction, kit: Kit, training: Training, wanted: Callable[[Enrollment], bool]
) -> list[DigestRows]:  # fmt: skip
    rows: dict[str, list[Enrollment]] = {}
    for row in tx.enrollments(training_id=training.training_id):
        if wanted(row):
            rows.setdefault(row.prefecture, []).append(row)
    rosters = {r.code: r for r in tx.rosters(training.training_id)} if rows else {}
    order = {p: n for n, p in enumerate(kit.directory.offices)}
    return [
        DigestRows(
            training.training_id, training.name, place,
            by_roster(kit, rosters, rows[place], names=kit.policy.digest_with_names),
        )
        for place in sorted(rows, key=lambda p: order.get(p, len(order)))
    ]  # fmt: skip
