"""A mail as the clerk at the office sees it: subject, text, files to open."""

from __future__ import annotations

import email
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default


@dataclass(frozen=True, slots=True)
class Received:
    """One mail of HQ."""

    message_id: str
    subject: str
    text: str
    reply_to: str
    """Where an answer goes."""
    files: tuple[tuple[str, bytes], ...]
    """Name and bytes."""
    sent_on: str
    """Date header as written."""

    def file(self, ending: str, code: str) -> bytes | None:
        """The attached file of that roster with that ending."""
        return next((data for name, data in self.files if code in name and name.endswith(ending)), None)


def open_mail(raw: bytes) -> Received:
    """Read one of our own mails."""
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    files = []
    for part in message.iter_attachments():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        files.append((part.get_filename() or "", payload))
    return Received(
        str(message["Message-ID"]),
        str(message["Subject"]),
        str(body.get_content()) if body else "",
        str(message["Reply-To"] or message["From"].addresses[0].addr_spec),
        tuple(files),
        str(message["Date"]),
    )
