"""Proof that nothing is lost or altered: ledger, audit chain, blobs, database (I1, I6, I8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daemon.domain.model import MailPurpose
from daemon.handlers.intake import mailbox_line
from daemon.handlers.pictures import all_named
from daemon.handlers.tombstones import is_removed
from daemon.ports import Kit, Store, Transaction


@dataclass(frozen=True, slots=True)
class Proof:
    """One check."""

    what: str
    """ledger | audit | blobs | database | register"""
    checked: int
    problems: tuple[str, ...]


def verify(kit: Kit, verify_chain: Callable[[Store], list[str]], *, quick: bool = False) -> list[Proof]:
    """Run every check; `quick` leaves out reading all blobs and the whole chain."""
    proofs = [Proof("database", 1, tuple(kit.store.check())), _ledger(kit), _register(kit)]
    if not quick:
        with kit.store.snapshot() as tx:
            last = tx.last_event()
        proofs.append(Proof("audit", last.seq if last else 0, tuple(verify_chain(kit.store))))
        proofs.append(_blobs(kit))
    return proofs


def _ledger(kit: Kit) -> Proof:
    with kit.store.snapshot() as tx:
        line = mailbox_line(tx)
        stuck = [m for m in tx.mails() if m.attempts and m.state == "received"]
    problems = [f"{line.missing} messages on the server are not in the ledger"] if line.missing else []
    problems += [f"mail {m.ledger_id} has been begun {m.attempts} times and not ended" for m in stuck]
    return Proof("ledger", line.on_server, tuple(problems))


def _blobs(kit: Kit) -> Proof:
    """Every blob a row points at exists and is whole, or was removed on purpose."""
    with kit.store.snapshot() as tx:
        wanted = {m.sha256: f"mail {m.ledger_id}" for m in tx.mails()}
        wanted |= {m.sha256: f"outbox {m.outbox_id}" for m in tx.outbox()}
        made = [h for t in tx.trainings() for h in tx.handovers(t.training_id)]
        wanted |= {sha: f"handover {h.handover_id}" for h in made for sha in (h.xlsx_sha256, h.pdf_sha256)}
        wanted |= dict(all_named(tx))
        # Removed on purpose: the tombstone keeps the hash, the row stays.
        wanted = {sha256: owner for sha256, owner in wanted.items() if not is_removed(tx, sha256)}
    problems = []
    for sha256, owner in wanted.items():
        try:
            kit.blobs.get(sha256)
        except Exception as error:  # noqa: BLE001 - missing or damaged: both are the finding
            problems.append(f"blob of {owner}: {type(error).__name__}")
    return Proof("blobs", len(wanted), tuple(problems))


def _register(kit: Kit) -> Proof:
    """No value without evidence, no mail to an office about rows of another (I2, I3)."""
    with kit.store.snapshot() as tx:
        rows = tx.enrollments()
        problems = [p for row in rows for p in _values(tx, row.enrollment_id)]
        where = {row.enrollment_id: row.prefecture for row in rows}
        # The checked roster for 中央年金事務所 goes over all prefectures; its own guard is in `outguard`.
        mails = [m for m in tx.outbox() if m.purpose is not MailPurpose.SUBMISSION]
        strays = [m for m in mails if any(where.get(e) != m.prefecture for e in m.enrollments)]
        problems += [f"outbox {m.outbox_id} names rows of another prefecture" for m in strays]
    return Proof("register", len(rows), tuple(problems))


def _values(tx: Transaction, enrollment_id: str) -> list[str]:
    row = tx.get_enrollment(enrollment_id)
    problems = []
    for field, value in row.values.items():
        try:
            reading = tx.get_reading(value.reading_id)
        except KeyError:
            problems.append(f"{enrollment_id}: {field} has no reading")
            continue
        if reading.value != value.value or reading.enrollment_id != enrollment_id:
            problems.append(f"{enrollment_id}: {field} differs from its reading")
    return problems
