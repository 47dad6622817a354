"""What the digest says of runs that are over: removals that are announced, registrations that must still be deleted."""

from __future__ import annotations

from daemon.domain.letters import DigestCleanup, DigestPurge
from daemon.domain.model import Enrollment, Training, TrainingState
from daemon.handlers import retention
from daemon.handlers.letterwork import by_roster
from daemon.ports import Kit, Transaction


def purges(tx: Transaction, kit: Kit) -> tuple[DigestPurge, ...]:
    """Told every day from the announcement to the removal (domain.md §6), soonest first."""
    names = {t.training_id: t.name for t in tx.trainings()}
    found = [
        DigestPurge(names.get(n.training_id, ""), n.training_id, n.files, n.rows, n.goes_on)
        for n in retention.notices(tx, kit)
    ]
    return tuple(sorted(found, key=lambda p: (p.goes_on, p.training_id)))


def cleanups(tx: Transaction, kit: Kit) -> tuple[DigestCleanup, ...]:
    """A cancelled run sends no rosters with results: whoever was registered for it is HQ's own work (§1.4, 8)."""
    cancelled = [t for t in tx.trainings() if t.state is TrainingState.CANCELLED]
    return tuple(c for training in cancelled for c in _of_training(tx, kit, training))


def _of_training(tx: Transaction, kit: Kit, training: Training) -> list[DigestCleanup]:
    owed: dict[str, list[Enrollment]] = {}
    for row in tx.enrollments(training_id=training.training_id):
        if row.cleanup_owed:
            owed.setdefault(row.prefecture, []).append(row)
    rosters = {r.code: r for r in tx.rosters(training.training_id)} if owed else {}
    order = {p: n for n, p in enumerate(kit.directory.offices)}
    return [
        DigestCleanup(
            training.training_id, training.name, place,
            by_roster(kit, rosters, owed[place], names=kit.policy.digest_with_names),
        )
        for place in sorted(owed, key=lambda p: order.get(p, len(order)))
    ]  # fmt: skip
