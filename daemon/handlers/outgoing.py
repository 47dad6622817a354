"""From words to one frozen message in the outbox (I4: bytes and Message-ID never change after this)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from daemon.domain.calendar import TOKYO
from daemon.domain.digest_letters import content_id
from daemon.domain.model import MailPurpose, OutboxMail, OutboxState
from daemon.domain.tokens import message_id, plus_address
from daemon.errors import Refused
from daemon.ports import Job, Kit, Rendered, Transaction

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


_REPLIES = frozenset({MailPurpose.RECEIPT, MailPurpose.ADMIN})


@dataclass(frozen=True, slots=True)
class File:
    """One attachment. ASCII names survive every gateway and mail program (reference mail.md §3.2)."""

    name: str
    media: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Inline:
    """A picture shown within the HTML of a mail to the admins, named by `content_id`."""

    sha256: str
    png: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail before it is frozen."""

    purpose: MailPurpose
    dedupe_key: str
    words: Rendered
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    prefecture: str = ""
    training_id: str = ""
    stage: str = ""
    dispatch_id: str = ""
    enrollments: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    inline: tuple[Inline, ...] = ()
    """Pictures of handwriting: never in a mail that leaves HQ."""
    answers: tuple[str, ...] = ()
    """Message-IDs of the thread, oldest first; the last is answered."""
    held_because: str = ""


_INSIDE = frozenset({MailPurpose.DIGEST, MailPurpose.ALARM, MailPurpose.ADMIN})
"""Mails to the admins; `outguard` holds them to that."""


def queue(tx: Transaction, kit: Kit, draft: Draft) -> int | None:
    """Freeze the draft and put it into the outbox; None when the same intent is already there.

    The blob is durable before the row commits: a row never points at bytes that do not exist.
    """
    if tx.find_outbox(dedupe_key=draft.dedupe_key) is not None:
        return None
    if draft.inline and (draft.prefecture or draft.purpose not in _INSIDE):
        raise Refused("読み取った欄の画像は、運営本部の担当者以外には送れません")
    now = kit.clock.now()
    ident, raw = freeze(kit, draft, now)
    mail = OutboxMail(
        outbox_id=0,
        dedupe_key=draft.dedupe_key,
        purpose=draft.purpose,
        state=OutboxState.HELD if draft.held_because else OutboxState.READY,
        message_id=ident,
        sha256=kit.blobs.put(raw),
        sender=kit.letterhead.address,
        recipients=(*draft.to, *draft.cc, *_copy_to_self(kit, draft)),
        created_at=now,
        not_before_at=now,
        prefecture=draft.prefecture,
        training_id=draft.training_id,
        stage=draft.stage,
        enrollments=draft.enrollments,
        held_because=draft.held_because,
    )
    outbox_id = tx.add_outbox(mail)
    if outbox_id is not None:
        _record(tx, kit, draft, outbox_id)
    return outbox_id


def _copy_to_self(kit: Kit, draft: Draft) -> tuple[str, ...]:
    """Own copy in the watched mailbox: the evidence that settles an unknown (reference mail.md §5 M)."""
    wanted = kit.letterhead.bcc_self and draft.purpose is not MailPurpose.DIGEST
    return (kit.letterhead.address,) if wanted else ()


def _record(tx: Transaction, kit: Kit, draft: Draft, outbox_id: int) -> None:
    tx.append_event(
        kit.clock.now(),
        "meibod",
        "mail-queued",
        subject=f"outbox:{outbox_id}",
        training_id=draft.training_id,
        prefecture=draft.prefecture,
        payload={"purpose": draft.purpose, "stage": draft.stage, "rows": len(draft.enrollments)},
    )
    if not draft.held_because:
        tx.enqueue(deliver_job(outbox_id, 1))


def deliver_job(outbox_id: int, attempt: int | str) -> Job:
    """The job for one attempt: a repeated enqueue of the same attempt is dropped."""
    return Job("deliver", f"deliver:{outbox_id}:{attempt}", {"outbox_id": outbox_id})


def freeze(kit: Kit, draft: Draft, at: dt.datetime) -> tuple[str, bytes]:
    """Message-ID and the bytes to send: a function of the draft, the instant and the installation alone."""
    message = _headers(kit, draft, at)
    message.set_content(draft.words.text, charset="utf-8", cte="base64")
    if draft.words.html:
        message.add_alternative(draft.words.html, subtype="html", charset="utf-8", cte="base64")
        _show(message, draft.inline)
    for file in draft.files:
        main, _, sub = file.media.partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
    content = hashlib.sha256(_body_seed(draft)).hexdigest()
    ident = message_id(kit.key, draft.dedupe_key, content, kit.letterhead.domain)
    message["Message-ID"] = ident
    _fix_boundaries(message, ident)
    return ident, message.as_bytes(policy=SMTP)


def _show(message: EmailMessage, pictures: Iterable[Inline]) -> None:
    """Make the HTML part and its pictures one multipart/related (RFC 2387): the text part stands apart from them."""
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    for picture in pictures:
        html.add_related(picture.png, maintype="image", subtype="png", cid=f"<{content_id(picture.sha256)}>")


def _headers(kit: Kit, draft: Draft, at: dt.datetime) -> EmailMessage:
    head = kit.letterhead
    if any(ord(c) < 32 for c in draft.words.subject):
        raise Refused("件名に改行または制御文字が含まれています")
    message = EmailMessage(policy=SMTP)
    local, _, domain = head.address.partition("@")
    message["From"] = Address(head.display_name, local, domain)
    message["To"] = ", ".join(draft.to)
    if draft.cc:
        message["Cc"] = ", ".join(draft.cc)
    message["Subject"] = draft.words.subject
    message["Date"] = format_datetime(at.astimezone(TOKYO))
    if head.plus_addressing and draft.dispatch_id:
        message["Reply-To"] = plus_address(kit.key, head.address, draft.dispatch_id)
    if draft.answers:
        message["In-Reply-To"] = draft.answers[-1]
        message["References"] = " ".join(draft.answers)
    # RFC 3834 §5: nothing may answer this by machine.
    message["Auto-Submitted"] = "auto-replied" if draft.purpose in _REPLIES else "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    return message


def _body_seed(draft: Draft) -> bytes:
    words = draft.words
    digests = [hashlib.sha256(f.data).hexdigest() for f in draft.files]
    return "\0".join([words.subject, words.text, words.html, *digests]).encode()


def _fix_boundaries(message: EmailMessage, ident: str) -> None:
    """The standard library draws boundaries at random; ours follow from the Message-ID so bytes can be repeated."""
    for n, part in enumerate(p for p in message.walk() if p.is_multipart()):
        part.set_boundary("=_" + hashlib.sha256(f"{ident}:{n}".encode()).hexdigest()[:32])
