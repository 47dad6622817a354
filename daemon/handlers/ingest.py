"""Ledger → register: what each stored message is, and what follows from it.

Each message is one transaction: its readings, questions, states, receipts and its own new state appear together or
not at all, so a crash anywhere replays the message into the same story (I8). Three crashes while at work on one
message set it aside for a person (Mailman's rule); the others go on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from daemon.domain.calendar import TOKYO
from daemon.domain.model import LedgerMail, MailState
from daemon.handlers.acknowledge import acknowledge
from daemon.handlers.apply import apply_findings
from daemon.handlers.bounced import bounced
from daemon.handlers.correlate import attribute
from daemon.handlers.deliver import confirm_by_evidence
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.replied import replied
from daemon.handlers.roll import Roll
from daemon.points import reach
from daemon.ports import Kit, Transaction
from parsers.findings import Document, MessageKind
from parsers.reading import ReadingContext


@dataclass(frozen=True, slots=True)
class IngestReport:
    """How many messages were worked on."""

    applied: int = 0
    failed: int = 0


def work_through(kit: Kit) -> IngestReport:
    """Work on every message that nothing has looked into yet, oldest first."""
    applied = failed = 0
    while True:
        with kit.store.snapshot() as tx:
            waiting = tx.mails(state=MailState.RECEIVED, limit=50)
        if not waiting:
            return IngestReport(applied, failed)
        for mail in waiting:
            done = ingest(kit, mail.ledger_id)
            applied += done
            failed += not done
        if failed >= len(waiting) and not applied:
            return IngestReport(applied, failed)


def ingest(kit: Kit, ledger_id: int) -> bool:
    """Work on one message; False when it failed or was set aside. Harmless when repeated."""
    reach("ingest.before-claim")
    claimed = _claim(kit, ledger_id)
    if claimed is None:
        return False
    reach("ingest.after-claim")
    try:
        document = read(kit, claimed)
        reach("ingest.after-read")
        with kit.store.transaction() as tx:
            _settle(tx, kit, tx.get_mail(ledger_id), document)
            reach("ingest.before-commit")
    except Exception as failure:  # noqa: BLE001 - one message must never stop the others (reference mail.md §2.4)
        _failed(kit, ledger_id, failure)
        return False
    reach("ingest.after-commit")
    return True


def _claim(kit: Kit, ledger_id: int) -> LedgerMail | None:
    """Count the attempt before it begins: a message that kills the process is noticed by its count."""
    with kit.store.transaction() as tx:
        mail = tx.get_mail(ledger_id)
        if mail.state is not MailState.RECEIVED:
            return None
        if mail.attempts >= kit.policy.quarantine_after:
            _quarantine(tx, kit, mail)
            return None
        claimed = replace(mail, attempts=mail.attempts + 1)
        tx.save_mail(claimed)
        return claimed


def _quarantine(tx: Transaction, kit: Kit, mail: LedgerMail) -> None:
    tx.save_mail(replace(mail, state=MailState.QUARANTINE))
    tx.append_event(
        kit.clock.now(), "meibod", "mail-quarantined", subject=f"mail:{mail.ledger_id}",
        payload={"attempts": mail.attempts, "failure": mail.failure},
    )  # fmt: skip


def _failed(kit: Kit, ledger_id: int, failure: Exception) -> None:
    with kit.store.transaction() as tx:
        mail = tx.get_mail(ledger_id)
        # The type and place of the failure, never its text: that may quote the message.
        tx.save_mail(replace(mail, failure=f"{type(failure).__name__} in {_place(failure)}"))
        if mail.attempts >= kit.policy.quarantine_after:
            _quarantine(tx, kit, tx.get_mail(ledger_id))


def _place(failure: Exception) -> str:
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


def read(kit: Kit, mail: LedgerMail) -> Document:
    """What the sandboxed reader finds in the raw message."""
    with kit.store.snapshot() as tx:
        earliest = _earliest_dispatch(tx)
    context = ReadingContext(
        received_on=_received_on(mail),
        not_before_on=earliest,
        fax_senders=tuple(g.address.lower() for g in kit.directory.gateways),
        own_addresses=(kit.letterhead.address.lower(),),
    )
    return kit.reader.read("message.eml", kit.blobs.get(mail.sha256), context)


def _received_on(mail: LedgerMail) -> dt.date:
    return mail.received_at.astimezone(TOKYO).date()


def _earliest_dispatch(tx: Transaction) -> dt.date | None:
    """Lower end of the window that resolves dates without a year: the oldest mailing still open."""
    first = tx.first_dispatched_at()
    return first.astimezone(TOKYO).date() if first else None


# -- one message, by kind --------------------------------------------------------------------------------------


def _settle(tx: Transaction, kit: Kit, mail: LedgerMail, document: Document) -> None:
    message = document.message
    kind = message.kind if message else MessageKind.UNKNOWN
    origin = attribute(tx, kit, document)
    mail = replace(
        mail,
        kind=kind,
        message_id=message.message_id if message else "",
        sender=message.sender if message else "",
        subject=message.subject if message else "",
        prefecture=origin.prefecture,
        training_id=origin.trainings[0] if origin.trainings else "",
        attributed_by=origin.by,
        failure="",
    )
    twin = _twin(tx, mail)
    if twin is not None:
        _finish(tx, kit, replace(mail, duplicate_of=twin), Applied())
        return
    if message is not None:
        _witness(tx, mail, document, kit)
    applied = _BY_KIND.get(kind, _from_a_person)(Desk(tx, kit, mail, document, origin, Roll(tx)))
    _finish(tx, kit, mail, applied)


def _witness(tx: Transaction, mail: LedgerMail, document: Document, kit: Kit) -> None:
    """Whatever quotes or copies a mail of ours proves that it left the house (I4)."""
    assert document.message is not None
    message = document.message
    own = (message.message_id,) if message.kind is MessageKind.OWN else ()
    original = (message.bounce.original_message_id,) if message.bounce else ()
    confirm_by_evidence(tx, kit, (*own, *original, *message.tokens.references), mail)


def _twin(tx: Transaction, mail: LedgerMail) -> int | None:
    """An earlier row with the very same bytes: the mailbox was re-created, or the message copied within it.

    An equal Message-ID alone is not the same message (freescout#5591).
    """
    alike = [m for m in tx.mails_like(mail.sha256, "") if m.ledger_id < mail.ledger_id]
    done = [m for m in alike if m.state is not MailState.RECEIVED]
    return done[0].ledger_id if done else None


def _finish(tx: Transaction, kit: Kit, mail: LedgerMail, applied: Applied) -> None:
    state = MailState.REVIEW if tx.reviews(ledger_id=mail.ledger_id) else MailState.APPLIED
    tx.save_mail(replace(mail, state=state))
    tx.append_event(
        kit.clock.now(), "meibod", "mail-read", subject=f"mail:{mail.ledger_id}", training_id=mail.training_id,
        prefecture=mail.prefecture,
        payload={
            "kind": mail.kind, "by": mail.attributed_by, "recorded": applied.recorded, "confirmed": applied.confirmed,
            "questions": applied.questions, "duplicate_of": mail.duplicate_of,
        },
    )  # fmt: skip


def _nothing(_desk: Desk) -> Applied:
    """Machine mail that asks for nothing: its trace in the ledger is enough."""
    return Applied()


def _from_a_person(desk: Desk) -> Applied:
    """A return, a reply, or something we cannot name: read, ask where in doubt, acknowledge."""
    applied = apply_findings(desk)
    applied += replied(desk, applied)
    acknowledge(desk, applied)
    return applied


_BY_KIND: dict[MessageKind, Callable[[Desk], Applied]] = {
    MessageKind.OWN: _nothing,
    MessageKind.AUTO_REPLY: _nothing,
    MessageKind.RECEIPT: _nothing,
    MessageKind.LIST: _nothing,
    MessageKind.BOUNCE: bounced,
}


def replay(kit: Kit, ledger_id: int, by: str) -> bool:
    """Work on a message again from its raw bytes; what is on record is confirmed, not doubled."""
    with kit.store.transaction() as tx:
        mail = tx.get_mail(ledger_id)
        tx.save_mail(replace(mail, state=MailState.RECEIVED, attempts=0, failure="", duplicate_of=None))
        tx.append_event(kit.clock.now(), by, "mail-replayed", subject=f"mail:{ledger_id}")
    return ingest(kit, ledger_id)
