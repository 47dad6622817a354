"""The receipt: what was confirmed, what is missing, what is being looked at; to the sender, in the thread (PRE5)."""

from __future__ import annotations

import hashlib

from daemon.domain.calendar import TOKYO
from daemon.domain.letters import ReceiptLetter
from daemon.domain.model import Dispatch, LedgerMail, MailPurpose, Phase, Training
from daemon.handlers.account import Account, account, grouped
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.letterwork import about, sender
from daemon.handlers.outgoing import Draft, queue
from daemon.ports import Kit
from parsers.findings import Document, MessageKind, Problem

_TELL = frozenset(
    {
        Problem.ENCRYPTED_ATTACHMENT, Problem.UNREADABLE_ATTACHMENT, Problem.UNSUPPORTED_TYPE, Problem.TOO_LARGE,
        Problem.NO_ROSTER_FOUND, Problem.ATTACHMENT_MISSING, Problem.SAME_AS_SENT,
    }
)  # fmt: skip
"""Problems the office can mend itself, so the receipt says them."""


def acknowledge(desk: Desk, applied: Applied) -> None:
    """Queue one receipt for each training of the sender's office that the mail brought a sheet of."""
    message, origin = desk.document.message, desk.origin
    if message is None or message.asks_no_reply or message.kind is not MessageKind.RETURN:
        return
    if any(n.code is Problem.IMAGE_NOT_READ for n in desk.document.problems) and not applied.new_rows:
        return  # a person reads the pages first; "nothing could be read" would be wrong
    if not origin.trusted or origin.prefecture not in desk.kit.directory.offices or not message.attachments:
        return  # whoever wrote, nothing is told to an office until a person has looked
    for training_id, phase in applied.halves or _likely(desk):
        dispatch = desk.roll.dispatch(training_id, origin.prefecture, phase)
        if dispatch is not None:
            _receipt(desk, applied, desk.roll.training(training_id), dispatch)


def _likely(desk: Desk) -> tuple[tuple[str, Phase], ...]:
    """Nothing names a roster: the training of the thread, in the half it is in."""
    found = []
    for training_id in desk.origin.trainings[:1]:
        results = desk.roll.dispatch(training_id, desk.origin.prefecture, Phase.POST)
        found.append((training_id, Phase.POST if results and results.dispatched_at else Phase.PRE))
    return tuple(found)


def _receipt(desk: Desk, applied: Applied, training: Training, dispatch: Dispatch) -> None:
    tx, kit, mail = desk.tx, desk.kit, desk.mail
    stands = account(tx, training, dispatch, desk.roll.office(training.training_id, dispatch.prefecture))
    letter = _letter(desk, applied, stands)
    to, cc = _addressees(kit, mail)
    first = tx.get_outbox(dispatch.outbox_id).message_id
    draft = Draft(
        purpose=MailPurpose.RECEIPT,
        dedupe_key=f"receipt:{_half(dispatch)}:{_same_mail(mail, desk.document)}",
        words=kit.templates.render(letter.template, letter),
        to=to,
        cc=cc,
        prefecture=mail.prefecture,
        training_id=training.training_id,
        stage=letter.template.split("/")[1],
        dispatch_id=dispatch.dispatch_id,
        enrollments=tuple(r.enrollment_id for r in stands.rows),
        answers=(first, mail.message_id) if _is_id(mail.message_id) else (first,),
    )
    queue(tx, kit, draft)


def _half(dispatch: Dispatch) -> str:
    after = ":after" if dispatch.phase is Phase.POST else ""
    return dispatch.training_id + after


def _letter(desk: Desk, applied: Applied, stands: Account) -> ReceiptLetter:
    ours = {r.enrollment_id for r in stands.rows}
    assert desk.document.message is not None
    return ReceiptLetter(
        office_title=desk.kit.directory.offices[desk.mail.prefecture].title,
        sender=sender(desk.kit),
        received_on=desk.mail.received_at.astimezone(TOKYO).date(),
        attachments=len(desk.document.message.attachments),
        about=about(stands.training, stands.dispatch.dispatch_id, stands.dispatch.phase),
        confirmed=len(stands.confirmed),
        total=len(stands.rows),
        new=len(applied.new_rows & ours),
        again=len((applied.again_rows & ours) - applied.new_rows),
        missing=grouped(desk.tx, desk.kit, stands, stands.missing),
        under_check=grouped(desk.tx, desk.kit, stands, stands.asked, dict(applied.asked)),
        unread=_unread(desk.document, applied),
    )


def _unread(document: Document, applied: Applied) -> tuple[Problem, ...]:
    found = [n.code for n in document.problems if n.code in _TELL]
    if applied.blank:
        found.append(Problem.SAME_AS_SENT)
    return tuple(dict.fromkeys(found))


def _addressees(kit: Kit, mail: LedgerMail) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sender when the address book knows it (I3: recipients only from the book), else the office itself."""
    office = kit.directory.offices[mail.prefecture]
    known = [a for a in office.recipients if a.lower() == mail.sender.lower()]
    return (tuple(known[:1]), ()) if known else (office.to, office.cc)


def _same_mail(mail: LedgerMail, document: Document) -> str:
    """The same message delivered twice (list, forwarder) gets one receipt; another body is another message."""
    assert document.message is not None
    parts = [mail.message_id, document.message.said, *(a.sha256 for a in document.message.attachments)]
    identity = parts if mail.message_id else [*parts, mail.sha256]
    return hashlib.sha256("\0".join(identity).encode()).hexdigest()[:20]


def _is_id(message_id: str) -> bool:
    """Only a well-formed Message-ID may enter our own headers (RFC 5322 §3.6.4)."""
    inside = message_id[1:-1]
    plain = all(33 <= ord(c) < 127 and c not in "<>" for c in inside)
    return len(message_id) <= 250 and message_id[:1] == "<" and message_id[-1:] == ">" and "@" in inside and plain
