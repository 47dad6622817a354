"""Mail that machines write: reports of failed delivery (RFC 3464) and absence notices (RFC 3834)."""

from __future__ import annotations

import datetime as dt
import hashlib
from email.parser import BytesHeaderParser
from email.utils import format_datetime

from daemon.domain.calendar import TOKYO


def mail_date(at: dt.datetime) -> str:
    """A Date header (RFC 5322 §3.3) in Tokyo's zone."""
    return format_datetime(at.astimezone(TOKYO).replace(microsecond=0))


def undeliverable(sender: str, recipient: str, raw: bytes, at: dt.datetime) -> bytes:
    """What a Japanese Postfix sends back for an address nobody has, the head of the original included."""
    headers = raw.split(b"\r\n\r\n", 1)[0]
    ident = hashlib.sha256(recipient.encode() + raw).hexdigest()[:16]
    line = f"--{ident}"
    text = [
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.example (Mail Delivery System)",
        f"To: {sender}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {mail_date(at)}",
        f"Message-ID: <{ident}@mx.example>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{ident}"',
        "",
        line,
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "This is the mail system at host mx.example.",
        "",
        "I'm sorry to have to inform you that your message could not be delivered",
        "to one or more recipients.",
        "",
        f"<{recipient}>: host mx.example said: 550 5.1.1 <{recipient}>: Recipient address rejected: User unknown",
        "",
        line,
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
        "",
        line,
        "Content-Type: text/rfc822-headers",
        "",
    ]
    return "\r\n".join(text).encode() + b"\r\n" + headers + f"\r\n\r\n{line}--\r\n".encode()


def message_id_of(raw: bytes) -> str:
    """The Message-ID of a raw mail, "" when it has none."""
    return str(BytesHeaderParser().parsebytes(raw.split(b"\r\n\r\n", 1)[0]).get("Message-ID", "")).strip()
