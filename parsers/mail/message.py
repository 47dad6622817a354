"""One mail: raw bytes in, what it says about itself and its attachments out.

Judges by headers and structure only; media types are those declared. Whoever reads the parts corrects them by
content. Same bytes and context, same answer; never raises, whatever the bytes hold.
"""

from __future__ import annotations

import email.utils
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from parsers.findings import Bounce, Message, MessageKind, Note, Problem
from parsers.mail import automatic, receipts, reports
from parsers.mail.addresses import Mailbox, addresses, authors, sender
from parsers.mail.attachments import MESSAGE_TYPES, Leaf, read_leaf
from parsers.mail.automatic import Machine, Sign
from parsers.mail.bodies import Body, read_body
from parsers.mail.bounces import Letter, guess_bounce, is_machine
from parsers.mail.headers import Headers, decode_words
from parsers.mail.markup import HIDDEN
from parsers.mail.promises import promised
from parsers.mail.quotes import Said, above_quotes, split_with_start
from parsers.mail.structure import Section, grow
from parsers.mail.tokens import find_tokens
from parsers.mail.wording import Wording, classify_said

if TYPE_CHECKING:
    from parsers.reading import ReadingContext

_MACHINE_KINDS = frozenset(
    {
        MessageKind.FAX,
        MessageKind.BOUNCE,
        MessageKind.AUTO_REPLY,
        MessageKind.RECEIPT,
        MessageKind.LIST,
        MessageKind.OWN,
    }
)


@dataclass(frozen=True, slots=True)
class MailPart:
    """One leaf of a mail that is not its text, decoded."""

    path: str
    """Section number as IMAP counts it, with the name when there is one: "2", "2.1/roster.xlsx"."""
    name: str
    """For display, never a path: no / \\ NUL, bidi or control characters, at most 120 characters; never empty."""
    declared: str
    """Media type as declared, lower case; "application/octet-stream" when there is none."""
    data: bytes
    """Transfer encoding undone."""
    is_message: bool
    """A mail attached whole (message/rfc822); `read_message(part.data, …)` reads it."""


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """All that `read_message` found."""

    message: Message
    notes: tuple[Note, ...]
    """Problems of the mail as a whole or of one part (`Note.part` = `MailPart.path`)."""
    parts: tuple[MailPart, ...]
    """What may be read, in the order of the mail. Empty for BOUNCE and RECEIPT: what they carry is our own."""


def read_message(raw: bytes, context: ReadingContext) -> ParsedMail:
    """Take one mail apart (RFC 5322, RFC 2045–2049, RFC 2231, and what Japanese mailers make of them)."""
    tree = grow(raw)
    body = read_body(tree.root)
    leaves = tuple(read_leaf(section, body.cids) for section in body.attachments)
    mail = _Mail(tree.root, body, leaves, split_with_start(body.text), context)
    verdict = _judge(mail)
    notes = [Note(code) for code in dict.fromkeys(tree.problems + body.problems + mail.header_problems())]
    notes += [Note(Problem.NAME_GUESSED, leaf.name, leaf.path) for leaf in leaves if leaf.name_guessed]
    notes += _missing(mail, verdict.kind)
    ours = verdict.kind in (MessageKind.BOUNCE, MessageKind.RECEIPT)
    parts = () if ours else tuple(MailPart(x.path, x.name, x.declared, x.data, x.is_message) for x in leaves)
    return ParsedMail(_message(mail, verdict), tuple(notes), parts)


class _Verdict(NamedTuple):
    kind: MessageKind
    reason: str = ""
    """Which header or word made it automatic; "" when a person wrote it."""
    bounce: Bounce | None = None


class _Mail:
    """One mail taken apart, and the questions that are asked more than once."""

    def __init__(
        self, root: Section, body: Body, leaves: tuple[Leaf, ...], split: tuple[Said, int], context: ReadingContext
    ) -> None:
        self.root, self.body, self.leaves, self.context = root, body, leaves, context
        self.text, self.lines_above = split
        self.headers: Headers = root.headers
        self.sender: Mailbox = sender(root.headers)
        self.subject = root.headers.text("subject")
        self.sign: Sign = automatic.look(root.headers, self.subject, self.text.said, context.own_addresses)
        self.unattended = automatic.forbids_answer(root.headers, self.sender)
        self.carries_roster = any(self._own_roster(leaf) for leaf in leaves)
        """Something of its own that may be a roster; an attached mail is somebody else's."""

    def _own_roster(self, leaf: Leaf) -> bool:
        explains = self.unattended and leaf.declared in ("text/plain", "text/html")
        return leaf.may_be_roster and not leaf.is_message and not explains

    def header_problems(self) -> tuple[Problem, ...]:
        guessed = any(decode_words(self.headers.raw(field)).guessed for field in ("subject", "from"))
        return (Problem.CHARSET_GUESSED,) if guessed else ()


def _judge(mail: _Mail) -> _Verdict:
    """Machines first, the more certain the earlier; what is left was written by a person."""
    report = _report(mail)
    if report is not None:
        return report
    address = mail.sender.address
    if address and address in mail.context.fax_senders:
        if receipts.is_fax_send_receipt(mail.subject, machine=True):
            return _Verdict(MessageKind.RECEIPT, "fax-send-receipt")
        return _Verdict(MessageKind.FAX, mail.sign.reason or "fax-sender")
    if address and address in mail.context.own_addresses:
        return _Verdict(MessageKind.OWN, mail.sign.reason or "own-address")
    return _irregular(mail) or _by_sign(mail)


def _report(mail: _Mail) -> _Verdict | None:
    """Standard reports; a person who forwards one as an attachment is no mail system."""
    if mail.root.media != "multipart/report" and not mail.unattended:
        return None
    bounce = reports.delivery_report(mail.body)
    if bounce is not None:
        return _Verdict(_kind_of(bounce), "delivery-status", bounce)
    if reports.is_disposition_report(mail.root, mail.body):
        return _Verdict(MessageKind.RECEIPT, "disposition-notification")
    return None


def _kind_of(bounce: Bounce) -> MessageKind:
    return MessageKind.RECEIPT if bounce.action == "delivered" else MessageKind.BOUNCE


def _irregular(mail: _Mail) -> _Verdict | None:
    """Bounces and receipts that only their words give away."""
    if mail.carries_roster:
        return None
    if receipts.is_fax_send_receipt(mail.subject, machine=mail.sign.machine is not Machine.NONE or mail.unattended):
        return _Verdict(MessageKind.RECEIPT, "fax-send-receipt")
    if receipts.is_read_receipt(mail.subject, mail.text.said):
        return _Verdict(MessageKind.RECEIPT, "read-receipt")
    bounce = _bounce(mail)
    return None if bounce is None else _Verdict(_kind_of(bounce), "bounce-wording", bounce)


def _bounce(mail: _Mail) -> Bounce | None:
    failed = addresses(mail.headers, "x-failed-recipients")
    system = bool(failed) or is_machine(mail.sender)
    # An absence note may say "not delivered" too; Exim marks its bounces auto-replied.
    if mail.sign.machine is Machine.RESPONDER and not system:
        return None
    others = mail.body.attachments + mail.body.reports
    bounce = guess_bounce(
        Letter(mail.sender, addresses(mail.headers, "to"), mail.subject, mail.body.text),
        unattended=mail.unattended or mail.root.media == "multipart/report",
        failed=failed,
        returned=any(s.media in MESSAGE_TYPES or "headers" in s.media for s in others),
    )
    return None if bounce is None else _completed(mail, bounce)


def _completed(mail: _Mail, bounce: Bounce) -> Bounce:
    """What the words left open, from the mail that came back; a gateway may have wrapped the real report in its own."""
    for leaf in mail.leaves:
        if leaf.is_message and not bounce.recipients:
            inner = reports.delivery_report(read_body(grow(leaf.data).root))
            bounce = bounce if inner is None else inner
    # Mail2000 and its kin make the returned mail's headers those of a plain section.
    bare = (reports.message_id(s.headers) for s in mail.root.leaves() if s is not mail.root)
    found = bounce.original_message_id or reports.original_message_id(mail.body) or next(filter(None, bare), "")
    return replace(bounce, original_message_id=found)


def _by_sign(mail: _Mail) -> _Verdict:
    sign = mail.sign
    if is_machine(mail.sender) and not mail.carries_roster:
        # A mail system that says something we do not understand may report a bounce: a person must look.
        return _Verdict(MessageKind.UNKNOWN, sign.reason or "mail-system")
    if sign.machine is not Machine.NONE and automatic.says_address_is_dead(mail.text.said):
        return _Verdict(MessageKind.UNKNOWN, sign.reason)
    if sign.machine is Machine.RESPONDER:
        return _Verdict(MessageKind.AUTO_REPLY, sign.reason)
    if sign.machine is not Machine.NONE and not mail.carries_roster:
        kind = MessageKind.LIST if sign.machine is Machine.LIST else MessageKind.AUTO_REPLY
        # An office's group address adds list headers to what its people write.
        return _Verdict(_written(mail), sign.reason) if _answers_us(mail) else _Verdict(kind, sign.reason)
    return _Verdict(_written(mail), sign.reason)


def _answers_us(mail: _Mail) -> bool:
    """A list mail that answers somebody or names a roster: an office's group address passed it on."""
    if mail.sign.machine is not Machine.LIST:
        return False
    tokens = find_tokens(mail.headers, (mail.subject, mail.text.said))
    return bool(tokens.codes or tokens.plus or tokens.references)


def _written(mail: _Mail) -> MessageKind:
    if any(leaf.may_be_roster for leaf in mail.leaves):
        return MessageKind.RETURN
    if not mail.sender.address and not mail.headers.has("subject") and not mail.headers.has("message-id"):
        return MessageKind.UNKNOWN
    return MessageKind.REPLY


def _missing(mail: _Mail, kind: MessageKind) -> list[Note]:
    """添付忘れ, a gateway that took the file away, or a fax mail without its page."""
    if any(leaf.may_be_roster for leaf in mail.leaves):
        return []
    if kind is MessageKind.FAX:
        return [Note(Problem.ATTACHMENT_MISSING, "fax mail without a page")]
    if kind not in (MessageKind.REPLY, MessageKind.LIST, MessageKind.UNKNOWN):
        return []
    wording, phrase = classify_said(mail.text.said)
    words = promised(mail.text.said) or (phrase if wording is Wording.ENCLOSED else "")
    return [Note(Problem.ATTACHMENT_MISSING, words)] if words else []


def _message(mail: _Mail, verdict: _Verdict) -> Message:
    names = tuple(leaf.name for leaf in mail.leaves)
    headers = mail.headers
    machine = verdict.kind in _MACHINE_KINDS or mail.sign.machine is not Machine.NONE
    return Message(
        kind=verdict.kind,
        subject=mail.subject,
        sender=mail.sender.address,
        sender_name=mail.sender.name,
        said=mail.text.said,
        attachments=tuple(leaf.listed() for leaf in mail.leaves),
        bounce=verdict.bounce,
        message_id=reports.message_id(headers),
        sent_at=_sent_at(headers),
        tokens=find_tokens(
            headers, (mail.subject, mail.text.said, *names, mail.text.quoted, *_returned_subjects(mail))
        ),
        automatic_reason=verdict.reason,
        asks_no_reply=machine or mail.unattended,
        recipients=addresses(headers, "to", "cc"),
        authentication=headers.raw("authentication-results").decode("utf-8", "replace"),
        above=len(above_quotes(mail.body.text, mail.lines_above)),
        hides_text=any(HIDDEN in line for line in mail.body.marked.split("\n")[: mail.lines_above]),
        authors=authors(headers),
    )


def _returned_subjects(mail: _Mail) -> tuple[str, ...]:
    """Subjects of mails that came back: a relay may have rewritten our Message-ID, not our roster code."""
    return tuple(reports.original_headers(s).text("subject") for s in mail.body.attachments + mail.body.reports)


def _sent_at(headers: Headers) -> str:
    """Date as ISO 8601 with offset; a date without an offset is UTC (RFC 5322 §3.3, "-0000")."""
    text = headers.raw("date")[:200].decode("ascii", "replace")
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return moment.isoformat() if moment.tzinfo else f"{moment.isoformat()}+00:00"
    except (TypeError, ValueError, IndexError, OverflowError):
        return ""
