"""The stored mail of an order, opened again: its own words, its tables. The mail was read in the sandbox before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from daemon.domain.commands import Instructions, read_commands
from daemon.domain.model import LedgerMail, OutboxMail
from daemon.handlers.orders.book import Order
from daemon.ports import Kit, Transaction
from parsers import sniff
from parsers.mail.markup import text_of_html
from parsers.mail.message import MailPart, read_message
from parsers.reading import ReadingContext

TABLES = frozenset({sniff.XLSX, sniff.CSV})
_TELLING = 6
"""Shorter lines may stand in our mail and in an answer by chance."""


@dataclass(frozen=True, slots=True)
class Table:
    """An attached file that may be a list."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Hash of the content."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Material:
    """All an order is made of."""

    mail: LedgerMail
    instructions: Instructions
    tables: tuple[Table, ...]


def material(tx: Transaction, kit: Kit, order: Order) -> Material:
    """The same bytes give the same instructions, however often the work begins anew."""
    mail = tx.get_mail(order.ledger_id)
    found = read_message(kit.blobs.get(mail.sha256), ReadingContext(own_addresses=(kit.letterhead.address.lower(),)))
    answered = tx.get_outbox(order.answered) if order.answered is not None else None
    text = own_words(kit, found.message.opening, answered)
    tables = tuple(Table(p.name, p.data) for p in found.parts if _is_table(p))
    return Material(mail, read_commands(text), tables)


def _is_table(part: MailPart) -> bool:
    return not part.is_message and sniff.sniff(part.data) in TABLES


def own_words(kit: Kit, opening: str, answered: OutboxMail | None) -> str:
    """`opening` up to the first line that stands in the answered mail: a quote whose mark the mailer left out."""
    if answered is None:
        return opening
    ours = {line.strip() for line in _lines_of(kit.blobs.get(answered.sha256))}
    lines = opening.split("\n")
    quoted = (n for n, line in enumerate(lines) if len(line.strip()) >= _TELLING and line.strip() in ours)
    return "\n".join(lines[: next(quoted, len(lines))])


def _lines_of(raw: bytes) -> list[str]:
    """Every line a mail we wrote may be quoted with, from its text and from its HTML."""
    mail = BytesParser(policy=default).parsebytes(raw)
    assert isinstance(mail, EmailMessage)
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    texts = [str(plain.get_content()) if plain is not None else ""]
    texts.append(text_of_html(str(rich.get_content())) if rich is not None else "")
    return "\n".join(texts).splitlines()
