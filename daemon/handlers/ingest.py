"""Ledger → register: what each stored message is, and what follows from it.

Each message is one transaction: its readings, questions, states, receipts and its own new state appear together or
not at all, so a crash anywhere replays the message into the same story (I8). Messages are read ahead
(`handlers.ahead`), applied in order; one that keeps failing is set aside (`handlers.claims`), the others go on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from daemon.domain.calendar import TOKYO
from daemon.domain.model import LedgerMail, MailState
from daemon.errors import Refused
from daemon.handlers.acknowledge import acknowledge
from daemon.handlers.ahead import opened, turn_on
from daemon.handlers.apply import apply_findings
from daemon.handlers.bounced import bounced
from daemon.handlers.claims import claim, strike
from daemon.handlers.correlate import attribute
from daemon.handlers.deliver import confirm_by_evidence
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.faxed import faxed
from daemon.handlers.orders.origin import recognise
from daemon.handlers.orders.receive import asked_by, concerns, receive
from daemon.handlers.orders.work import work_orders
from daemon.handlers.pages import record_pages
from daemon.handlers.pictures import believed, keep
from daemon.handlers.replied import replied, unread_files
from daemon.handlers.roll import Roll
from daemon.handlers.settled import look_again
from daemon.handlers.tombstones import is_removed
from daemon.handlers.vouching import named_pages, vouched
from daemon.handlers.windows import first_days
from daemon.points import reach
from daemon.ports import Kit, Transaction
from parsers.findings import Document, MessageKind
from parsers.reading import ReadingContext

FirstDays = tuple[tuple[str, dt.date], ...]
BATCH = 200
"""Messages looked up at a time."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """How many messages were worked on."""

    applied: int = 0
    failed: int = 0


def work_through(kit: Kit) -> IngestReport:
    """Work on every message that nothing has looked into yet, oldest first.

    One worker at a time in this process: a call that comes while another works returns at once, and the other looks
    again before it ends.
    """
    turn = turn_on(kit.store)
    if not turn.take():
        return IngestReport()
    total = IngestReport()
    try:
        while True:
            report = _round(kit)
            work_orders(kit)
            total = IngestReport(total.applied + report.applied, total.failed + report.failed)
            # What failed is tried again at the next call: an outage must not cost three strikes within a second.
            if not report.applied and not turn.again():
                return total
    except BaseException:
        turn.drop()
        raise


def _round(kit: Kit) -> IngestReport:
    with kit.store.snapshot() as tx:
        waiting = tx.mails(state=MailState.RECEIVED, limit=BATCH)
        days = first_days(tx) if waiting else ()
    looked = partial(read, kit, days=days)
    applied = sum(_apply(kit, found.mail.ledger_id, found.document) for found in opened(kit, waiting, looked))
    return IngestReport(applied, len(waiting) - applied)


def ingest(kit: Kit, ledger_id: int) -> bool:
    """Work on one message; False when it failed or was set aside. Harmless when repeated."""
    with kit.store.snapshot() as tx:
        looked = partial(read, kit, days=first_days(tx))
    return any(_apply(kit, ledger_id, partial(looked, claimed)) for claimed in claim(kit, (ledger_id,)))


def _apply(kit: Kit, ledger_id: int, document: Callable[[], Document]) -> bool:
    try:
        found = document()
        reach("ingest.after-read")
        with kit.store.transaction() as tx:
            mail = tx.get_mail(ledger_id)
            if mail.state is not MailState.RECEIVED:
                return False  # another daemon on the same database was faster
            _settle(tx, kit, mail, found)
            reach("ingest.before-commit")
    except Exception as failure:  # noqa: BLE001 - one message must never stop the others (reference mail.md §2.4)
        strike(kit, ledger_id, failure)
        return False
    reach("ingest.after-commit")
    return True


def read(kit: Kit, mail: LedgerMail, days: FirstDays = ()) -> Document:
    """What the sandboxed reader finds in the raw message; `days` as `windows.first_days` gives them."""
    with kit.store.snapshot() as tx:
        earliest = _earliest_dispatch(tx)
        named = named_pages(tx, mail.ledger_id)
    context = ReadingContext(
        received_on=_received_on(mail),
        not_before_on=earliest,
        first_days=days,
        fax_senders=tuple(g.address.lower() for g in kit.directory.gateways),
        own_addresses=(kit.letterhead.address.lower(),),
        centres=tuple(dict.fromkeys(c.name for c in kit.directory.centres.values())),
        offices=tuple(dict.fromkeys(o.name for o in kit.directory.pension_offices.values())),
        named=named,
    )
    return believed(kit.reader.read("message.eml", kit.blobs.get(mail.sha256), context))


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
    pages = vouched(tx, kit.key, mail.ledger_id, document)
    origin = attribute(tx, kit, document, pages)
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
    desk = Desk(tx, kit, mail, document, origin, Roll(tx), pages)
    record_pages(desk)
    applied = _BY_KIND.get(kind, _from_a_person)(desk)
    keep(tx, kit, document, mail.ledger_id)
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
    done = replace(mail, state=state)
    tx.save_mail(done)
    look_again(tx, kit, done)
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
    standing = recognise(desk)
    asked = asked_by(desk, standing) if standing is not None else None
    if standing is not None and asked is not None and concerns(desk, standing, asked):
        applied += receive(desk, standing, asked)
        applied += Applied(questions=unread_files(desk, asked.tables))
    else:
        applied += replied(desk, applied)
    acknowledge(desk, applied)
    return applied


def _by_fax(desk: Desk) -> Applied:
    """From a machine of ours: read, ask where in doubt. The office is told once all of it is settled (`settled`)."""
    applied = apply_findings(desk)
    return applied + faxed(desk, applied)


_BY_KIND: dict[MessageKind, Callable[[Desk], Applied]] = {
    MessageKind.FAX: _by_fax,
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
        if is_removed(tx, mail.sha256):
            raise Refused("原本は保存期間を過ぎたため削除されています。読み直せません")
        tx.save_mail(replace(mail, state=MailState.RECEIVED, attempts=0, failure="", duplicate_of=None))
        tx.append_event(kit.clock.now(), by, "mail-replayed", subject=f"mail:{ledger_id}")
    return ingest(kit, ledger_id)
