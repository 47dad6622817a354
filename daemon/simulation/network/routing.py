"""From sender to mailbox: who gets what, what comes back undelivered, and a record of all of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from daemon.simulation.clock import VirtualClock
from daemon.simulation.network.mailbox_server import MailboxServer
from daemon.simulation.network.reports import mail_date, message_id_of, undeliverable
from daemon.simulation.network.submission_server import SubmissionServer
from daemon.simulation.network.weather import Weather

AUTHSERV_ID = "mx.example"
"""The name under which HQ's server says who sent a mail."""
Receive = Callable[[str, bytes], None]
"""Called for each mail to an address outside HQ: recipient, raw message as delivered."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One DATA that the submission server took."""

    at: dt.datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    message_id: str
    sha256: str
    """Of `raw`, in hex."""


class Network:
    """Two servers on the loopback and the world behind them."""

    def __init__(self, clock: VirtualClock, hq: str, uid_validity: int) -> None:
        """`hq`: address of the watched mailbox; plus-parts of it arrive there too."""
        self._clock = clock
        self._hq = hq.lower()
        self.weather = Weather()
        self.mailbox = MailboxServer(uid_validity, self.weather)
        self.smtp = SubmissionServer(self._submitted, self.weather)
        self.taken: list[Submission] = []
        """Every DATA that was answered for, or would have been had the line held."""
        self.dead: set[str] = set()
        """Addresses nobody has."""
        self.receive: Receive = lambda _recipient, _raw: None

    async def start(self) -> None:
        """Both servers listen."""
        await self.mailbox.start()
        await self.smtp.start()

    async def stop(self) -> None:
        """Both servers are gone."""
        await self.smtp.stop()
        await self.mailbox.stop()

    async def _submitted(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> None:
        digest = hashlib.sha256(raw).hexdigest()
        self.taken.append(Submission(self._clock.now(), sender, recipients, raw, message_id_of(raw), digest))
        for recipient in recipients:
            await self.carry(sender, recipient, raw)

    async def carry(self, sender: str, recipient: str, raw: bytes) -> None:
        """Bring one message to one recipient, with the trace lines a final delivery adds (RFC 5321 §4.4)."""
        if recipient.lower() in self.dead:
            await self._bounce(sender, recipient, raw)
        elif self._is_hq(recipient):
            await self.mailbox.deliver(self._traced(sender, recipient, raw), self._clock.now())
        else:
            self.receive(recipient.lower(), self._traced(sender, recipient, raw))

    def _is_hq(self, address: str) -> bool:
        local, _, domain = address.lower().partition("@")
        return f"{local.partition('+')[0]}@{domain}" == self._hq

    def _traced(self, sender: str, recipient: str, raw: bytes) -> bytes:
        stamp = mail_date(self._clock.now())
        head = (
            f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
            f"Received: from relay.example by {AUTHSERV_ID} with ESMTP for <{recipient}>; {stamp}\r\n"
        )
        return self._vouched(sender, recipient).encode() + head.encode() + raw

    def _vouched(self, sender: str, recipient: str) -> str:
        """What HQ's own server says about senders of HQ's domain (RFC 8601); nothing about anybody else."""
        domain = sender.partition("@")[2]
        if not self._is_hq(recipient) or domain != self._hq.partition("@")[2]:
            return ""
        return (
            f"Authentication-Results: {AUTHSERV_ID}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}\r\n"
        )

    async def _bounce(self, sender: str, recipient: str, raw: bytes) -> None:
        """A report to the envelope sender; none for a report (RFC 5321 §4.5.5)."""
        if sender:
            report = undeliverable(sender, recipient, raw, self._clock.now())
            await self.carry("", sender, report)
