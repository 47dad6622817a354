"""Admins who answer by mail: what they send, as their mail programs and the receiving server make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.utils import format_datetime

from daemon.domain.model import Review
from daemon.domain.policy import AdminMailRule, Policy
from daemon.handlers.digest import send_digest
from tests.fakes.house import ADDRESS, House

ADMIN = "admin@hq.example.jp"
SERVER = "mx.hq.example.jp"
VOUCHED = f"{SERVER}; dmarc=pass header.from=hq.example.jp; dkim=pass header.d=hq.example.jp"
POLICY = replace(Policy(), admin_mail=AdminMailRule(authserv_id=SERVER))


@dataclass
class Order:
    """A mail from an admin."""

    text: str
    to: EmailMessage | None = None
    """The mail of ours it answers."""
    sender: str = ADMIN
    vouched: str = VOUCHED
    """Authentication-Results; "" = the server wrote none."""
    subject: str = ""
    files: Sequence[tuple[str, bytes]] = ()
    headers: Sequence[tuple[str, str]] = ()
    html: str = ""
    """Instead of plain text."""
    message_id: str = ""
    date: str = ""

    def raw(self, house: House) -> bytes:
        mail = EmailMessage()
        if self.vouched:
            mail["Authentication-Results"] = self.vouched
        mail["From"] = self.sender
        mail["To"] = ADDRESS
        mail["Subject"] = self.subject or (f"Re: {self.to['Subject']}" if self.to else "指示")
        number = len(house.mailbox.messages)
        mail["Message-ID"] = self.message_id or f"<order-{number}@hq.example.jp>"
        mail["Date"] = self.date or format_datetime(house.clock.now())
        if self.to is not None:
            mail["In-Reply-To"] = str(self.to["Message-ID"])
        for name, value in self.headers:
            mail[name] = value
        mail.set_content(self.html or self.text, subtype="html" if self.html else "plain")
        for name, data in self.files:
            mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        return mail.as_bytes()


def say(house: House, text: str, to: EmailMessage | None = None, **more: object) -> list[EmailMessage]:
    """The admin writes; what the house sends back to the admin."""
    before = len(house.sent_to(ADMIN))
    house.receive(Order(text, to, **more).raw(house))  # type: ignore[arg-type]
    return house.sent_to(ADMIN)[before:]


def digest(house: House, at: str) -> EmailMessage:
    """Today's digest, sent."""
    house.at(at)
    assert send_digest(house.kit) is not None
    house.drain()
    return house.sent_to(ADMIN)[-1]


def body(mail: EmailMessage) -> str:
    """Its plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def open_questions(house: House) -> list[Review]:
    with house.store.snapshot() as tx:
        return tx.reviews()
