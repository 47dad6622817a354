"""The last look before SMTP (I3): recipients from the address book only, rows of that prefecture and nobody else's.

The frozen message is opened again with our own readers, so the check sees what the office would see, not what the
code that wrote it believed.
"""

from __future__ import annotations

from daemon.domain.model import MailPurpose, OutboxMail
from daemon.handlers.handed import handed_mark, marks_of
from daemon.ports import Kit, Transaction
from parsers.findings import Document
from parsers.reading import ReadingContext


def objections(kit: Kit, mail: OutboxMail) -> tuple[str, ...]:
    """Why the mail must not leave; empty when nothing speaks against it. No names, no addresses."""
    found = [*_recipients(kit, mail)]
    if mail.purpose is MailPurpose.SUBMISSION:
        with kit.store.snapshot() as tx:
            found += _handover(tx, kit, mail)
    elif mail.enrollments and not mail.prefecture:
        found.append("a mail to nobody in particular is about trainees")
    if mail.prefecture:
        with kit.store.snapshot() as tx:
            found += _rows(tx, mail)
        if mail.attempts == 0 and mail.purpose is not MailPurpose.DIGEST:
            document = kit.reader.read("outgoing.eml", kit.blobs.get(mail.sha256), ReadingContext())
            with kit.store.snapshot() as tx:
                found += _contents(tx, kit, mail, document)
    return tuple(dict.fromkeys(found))


def _recipients(kit: Kit, mail: OutboxMail) -> list[str]:
    own = {kit.letterhead.address.lower()}
    if mail.prefecture:
        office = kit.directory.offices.get(mail.prefecture)
        if office is None:
            return ["the prefecture is not in the address book"]
        allowed = {a.lower() for a in office.recipients}
    elif mail.purpose is MailPurpose.SUBMISSION:
        allowed = {a.lower() for a in kit.policy.handover.to}
    else:
        allowed = {a.address.lower() for a in kit.directory.admins}
    strangers = [a for a in mail.recipients if a.lower() not in allowed | own]
    return [f"{len(strangers)} recipients are not in the address book"] if strangers else []


def _rows(tx: Transaction, mail: OutboxMail) -> list[str]:
    rows = [tx.find_enrollment(e) for e in mail.enrollments]
    if any(r is None for r in rows):
        return ["it names rows that do not exist"]
    foreign = sum(r is not None and r.prefecture != mail.prefecture for r in rows)
    return [f"{foreign} rows belong to another prefecture"] if foreign else []


def _handover(tx: Transaction, kit: Kit, mail: OutboxMail) -> list[str]:
    """To 中央年金事務所: the very files of one checked roster, about the rows on it and nobody else."""
    handover = next((h for h in tx.handovers(mail.training_id) if h.outbox_id == mail.outbox_id), None)
    if handover is None:
        return ["no checked roster belongs to it"]
    found = [] if set(handover.enrollments) == set(mail.enrollments) else ["it is about other rows than its roster"]
    marks = marks_of(tx, handover)
    if any(handed_mark(tx.get_enrollment(e)) != marks.get(e) for e in handover.enrollments):
        found.append("rows have changed since the roster was made")
    document = kit.reader.read("outgoing.eml", kit.blobs.get(mail.sha256), ReadingContext())
    carried = {a.sha256 for a in document.message.attachments} if document.message else set()
    if carried != {handover.xlsx_sha256, handover.pdf_sha256}:
        found.append("it carries other files than its roster")
    return found + _envelope(kit, mail, document)


def _contents(tx: Transaction, kit: Kit, mail: OutboxMail, document: Document) -> list[str]:
    """Every roster, row and code that can be read in the mail belongs to the prefecture and is listed in the row."""
    found = []
    codes = {f.roster for f in document.findings if f.roster} | {p.roster for p in document.pages if p.roster}
    codes |= set(document.message.tokens.codes if document.message else ())
    for code in sorted(codes):
        roster, dispatch = tx.find_roster(code), tx.find_dispatch(code)
        where = roster.prefecture if roster else dispatch.prefecture if dispatch else None
        if where is not None and where != mail.prefecture:
            found.append("it carries a code of another prefecture")
    people = {f.enrollment for f in document.findings if f.enrollment}
    if people - set(mail.enrollments):
        found.append("a sheet holds rows that the mail is not about")
    for ident in people:
        row = tx.find_enrollment(ident)
        if row is None or row.prefecture != mail.prefecture:
            found.append("a sheet holds rows of another prefecture")
    return found + _envelope(kit, mail, document)


def _envelope(kit: Kit, mail: OutboxMail, document: Document) -> list[str]:
    """To and Cc say the same as the envelope: nobody is promised a mail, or gets one in secret, but ourselves."""
    if document.message is None:
        return ["the frozen bytes are no mail"]
    shown = {a.lower() for a in document.message.recipients}
    sent = {a.lower() for a in mail.recipients} - {kit.letterhead.address.lower()}
    return ["header and envelope name different recipients"] if shown != sent else []
