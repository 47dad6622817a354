"""The files of the demo's folder: mails, digests, documents, status. Names follow from time, purpose and prefecture."""

from __future__ import annotations

import email
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from daemon.domain.calendar import TOKYO
from daemon.domain.model import LedgerMail, MailPurpose, OutboxMail, OutboxState
from daemon.handlers.glances import standing_alone
from daemon.handlers.outgoing import Inline
from daemon.handlers.status import status
from daemon.simulation.world import World
from parsers.findings import MessageKind

_LEFT = {OutboxState.SENT, OutboxState.CONFIRMED}
HQ_ITSELF = "本部"


@dataclass(frozen=True, slots=True)
class Written:
    """Where everything lies, relative to the demo's folder."""

    sent: dict[int, str]
    """Outbox id → .eml."""
    received: dict[int, str]
    """Ledger id → .eml."""
    digests: dict[int, str]
    """Outbox id → .html."""
    documents: dict[str, tuple[str, str, str]]
    """Roster code → xlsx, pdf, layout.json."""
    returned: dict[int, tuple[str, ...]]
    """Ledger id → the files that came with it."""


def write_all(world: World, folder: Path) -> Written:
    """Write every file; the folders are made."""
    with world.kit.store.snapshot() as tx:
        outgoing = [m for m in tx.outbox() if m.state in _LEFT]
        incoming = tx.mails()
        places = {r.code: (r.prefecture, r.centre) for t in tx.trainings() for r in tx.rosters(t.training_id)}
    blobs = world.kit.blobs
    sent = {m.outbox_id: _put(folder, _sent_name(m), blobs.get(m.sha256)) for m in outgoing}
    received = {m.ledger_id: _put(folder, _received_name(m), blobs.get(m.sha256)) for m in incoming}
    digests = {
        m.outbox_id: _put(folder, f"digests/{_stamp(m)[:8]}.html", _html(blobs.get(m.sha256)))
        for m in outgoing
        if m.purpose is MailPurpose.DIGEST
    }
    _put(folder, "status.json", (json.dumps(status(world.kit), ensure_ascii=False, indent=1) + "\n").encode())
    _put(folder, "truth.json", (json.dumps(world.truth.told(), ensure_ascii=False, indent=1) + "\n").encode())
    returned = {
        m.ledger_id: tuple(_attached(folder, m, blobs.get(m.sha256)))
        for m in incoming
        if m.kind is not MessageKind.OWN and m.duplicate_of is None
    }
    return Written(sent, received, digests, _documents(world, folder, places), returned)


def open_message(raw: bytes) -> EmailMessage:
    """A raw mail as the standard library sees it."""
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def _put(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name


def _stamp(mail: OutboxMail) -> str:
    at = mail.started_at or mail.created_at
    return at.astimezone(TOKYO).strftime("%Y%m%d-%H%M")


def _sent_name(mail: OutboxMail) -> str:
    purpose = f"{mail.purpose.value}-{mail.stage}" if mail.stage else mail.purpose.value
    return f"mails/sent/{_stamp(mail)}-{purpose}-{mail.prefecture or HQ_ITSELF}-{mail.outbox_id:04}.eml"


def _received_name(mail: LedgerMail) -> str:
    stamp = mail.received_at.astimezone(TOKYO).strftime("%Y%m%d-%H%M")
    kind = mail.kind.value if mail.kind else "unread"
    return f"mails/received/{stamp}-{kind}-{mail.prefecture or HQ_ITSELF}-{mail.ledger_id:04}.eml"


def _html(raw: bytes) -> bytes:
    """The digest as a browser shows it; the text in a frame when there is no HTML part."""
    message = open_message(raw)
    page = message.get_body(("html",))
    if page is not None:
        shown = [p.get_payload(decode=True) for p in message.walk() if p.get_content_type() == "image/png"]
        pictures = [Inline(hashlib.sha256(png).hexdigest(), png) for png in shown if isinstance(png, bytes)]
        return standing_alone(str(page.get_content()), pictures).encode()
    text = message.get_body(("plain",))
    return f"<!doctype html><meta charset=utf-8><pre>{text.get_content() if text else ''}</pre>".encode()


def _documents(world: World, folder: Path, places: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str, str]]:
    found = {}
    for code, made in sorted(world.documents.made.items()):
        prefecture, centre = places[code]
        base = f"documents/{prefecture}_{centre}_{code}"
        manifest = json.dumps(made.manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
        found[code] = (
            _put(folder, f"{base}.xlsx", made.xlsx),
            _put(folder, f"{base}.pdf", made.pdf),
            _put(folder, f"{base}.layout.json", manifest),
        )
    return found


def _attached(folder: Path, mail: LedgerMail, raw: bytes) -> Iterator[str]:
    """The files an office sent, to open beside ours."""
    for part in open_message(raw).iter_attachments():
        name, data = part.get_filename(), part.get_payload(decode=True)
        if name and isinstance(data, bytes):
            yield _put(folder, f"documents/returned/{mail.ledger_id:04}_{mail.prefecture or HQ_ITSELF}_{name}", data)
