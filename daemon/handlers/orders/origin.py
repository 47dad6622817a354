"""Who wrote a mail, which mail of ours it answers, and how far that is proven. Decides nothing, changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from daemon.domain.directory import Admin
from daemon.domain.model import MailPurpose, OutboxMail
from daemon.domain.tokens import tickets_in
from daemon.handlers.desk import Desk
from daemon.handlers.orders.shown import by_ticket
from daemon.ports import Kit, Transaction
from parsers.findings import Message, MessageKind
from parsers.mail.authentication import Verdict, author_verdict

TO_ADMINS = frozenset({MailPurpose.DIGEST, MailPurpose.ALARM, MailPurpose.ADMIN})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mail stands to the admins."""

    message: Message
    admin: Admin | None
    """Whose address the mail bears; None = it is a stranger who answers a mail of ours to the admins."""
    answered: OutboxMail | None
    """The mail of ours it answers, by a token of ours; None for a mail that answers none, or one to somebody else."""
    verdict: Verdict
    """What the receiving server says about the author."""
    fresh: bool
    """Sent and answered within the time a token counts."""

    @property
    def personal(self) -> bool:
        """Written by one person, to be seen as it is read: no list, no machine, no second author, nothing hidden."""
        message = self.message
        plain = message.kind in {MessageKind.REPLY, MessageKind.RETURN} and not message.asks_no_reply
        return plain and not message.automatic_reason and len(message.authors) == 1

    def proven(self, kit: Kit) -> bool:
        """Whether it may act without being asked about."""
        vouched = self.verdict is Verdict.PASSED or not kit.policy.admin_mail.require_authentication
        return vouched and self.answered is not None and self.fresh and not self.message.hides_text


def recognise(desk: Desk) -> Standing | None:
    """None for a mail that has nothing to do with the admins."""
    message, kit = desk.document.message, desk.kit
    if message is None:
        return None
    admin = next((a for a in kit.directory.admins if a.address.lower() == message.sender), None)
    answered = _answered(desk.tx, message)
    if admin is None and answered is None:
        return None
    own = answered if admin is not None and answered and admin.address in answered.recipients else None
    verdict = author_verdict(message.authentication, kit.policy.admin_mail.authserv_id, message.sender)
    return Standing(message, admin, own, verdict, _fresh(kit, desk, own))


def _answered(tx: Transaction, message: Message) -> OutboxMail | None:
    """The nearest mail to the admins that it refers to by our Message-ID, or whose link made it."""
    found = (tx.find_outbox(message_id=reference) for reference in message.tokens.references)
    nearest = next((m for m in found if m is not None and m.purpose in TO_ADMINS and not m.prefecture), None)
    if nearest is not None:
        return nearest
    numbers = (by_ticket(tx, code) for code in tickets_in(message.subject))
    return next((tx.get_outbox(n) for n in numbers if n is not None), None)


def _fresh(kit: Kit, desk: Desk, answered: OutboxMail | None) -> bool:
    """An old mail sent again is no news: neither its date nor that of what it answers may lie far back."""
    lasts = dt.timedelta(days=kit.policy.admin_mail.token_days)
    received = desk.mail.received_at
    if answered is not None and received - answered.created_at > lasts:
        return False
    sent_at = desk.document.message.sent_at if desk.document.message else ""
    return bool(sent_at) and abs(received - dt.datetime.fromisoformat(sent_at)) <= lasts
