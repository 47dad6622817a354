"""The receipt: what was confirmed, what is missing, what is being looked at; to the sender, in the thread (PRE5)."""

from __future__ import annotations

import hashlib

from daemon.domain.calendar import TOKYO
from daemon.domain.closing import owes_after
from daemon.domain.letters import ReceiptLetter, RosterRows
from daemon.domain.lifecycle import owes_before
from daemon.domain.model import Dispatch, Enrollment, LedgerMail, MailPurpose, Phase, State, Training
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.ending import KIND
from daemon.handlers.letterwork import about, by_roster, sender
from daemon.handlers.outgoing import Draft, queue
from daemon.handlers.planning import DOUBTFUL
from daemon.ports import Kit
from parsers.findings import Document, Field, MessageKind, Problem

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


def _concerned(desk: Desk, dispatch: Dispatch) -> list[Enrollment]:
    """Everybody who is asked for something in that half: before the training the excluded are not."""
    rows = desk.roll.office(dispatch.training_id, dispatch.prefecture)
    if dispatch.phase is Phase.POST:
        return [r for r in rows if r.post_roster]
    return [r for r in rows if r.state is not State.EXCLUDED]


def _owed(row: Enrollment, training: Training, phase: Phase) -> tuple[Field, ...]:
    return owes_after(row) if phase is Phase.POST else owes_before(row, training.course)


def _receipt(desk: Desk, applied: Applied, training: Training, dispatch: Dispatch) -> None:
    tx, kit, mail = desk.tx, desk.kit, desk.mail
    rows = _concerned(desk, dispatch)
    letter = _letter(desk, applied, training, rows, dispatch)
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
        enrollments=tuple(r.enrollment_id for r in rows),
        answers=(first, mail.message_id) if _is_id(mail.message_id) else (first,),
    )
    queue(tx, kit, draft)


def _half(dispatch: Dispatch) -> str:
    after = ":after" if dispatch.phase is Phase.POST else ""
    return dispatch.training_id + after


def _letter(
    desk: Desk, applied: Applied, training: Training, rows: list[Enrollment], dispatch: Dispatch
) -> ReceiptLetter:
    ours = {r.enrollment_id for r in rows}
    phase = dispatch.phase
    asked = [r for r in rows if _in_question(desk, r)]
    clear = [r for r in rows if not _in_question(desk, r)]
    missing = [r for r in clear if _owed(r, training, phase)]
    assert desk.document.message is not None
    return ReceiptLetter(
        office_title=desk.kit.directory.offices[desk.mail.prefecture].title,
        sender=sender(desk.kit),
        received_on=desk.mail.received_at.astimezone(TOKYO).date(),
        attachments=len(desk.document.message.attachments),
        about=about(training, dispatch.dispatch_id, phase),
        confirmed=len(clear) - len(missing),
        total=len(rows),
        new=len(applied.new_rows & ours),
        again=len((applied.again_rows & ours) - applied.new_rows),
        missing=_grouped(desk, training, missing, {}),
        under_check=_grouped(desk, training, asked, dict(applied.asked)),
        unread=_unread(desk.document, applied),
    )


def _in_question(desk: Desk, row: Enrollment) -> bool:
    """Whether HQ must look at the row first; whether to close it is no doubt about what the office sent."""
    ordinary = not row.excluded_because and row.completed is not False
    if ordinary or row.state not in {State.QUERY, State.EXCLUDED}:
        return row.state is State.QUERY
    return any(q.kind in DOUBTFUL - {KIND} for q in desk.tx.reviews(enrollment_id=row.enrollment_id))


def _grouped(
    desk: Desk, training: Training, rows: list[Enrollment], problems: dict[str, tuple[Problem, ...]]
) -> tuple[RosterRows, ...]:
    rosters = {r.code: r for r in desk.tx.rosters(training.training_id, desk.mail.prefecture)}
    return by_roster(desk.kit, rosters, rows, names=desk.kit.policy.names_in_reminders, problems=problems)


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
