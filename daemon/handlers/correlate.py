"""Which office and which training a mail belongs to, and on what evidence (reference mail.md §5 F, G).

Strongest first: signed plus-address, our Message-ID quoted, dispatch code, roster code, address book. The register
is never changed on the address alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from daemon.domain.tokens import dispatch_of_plus
from daemon.ports import Kit, Transaction
from parsers.findings import Document


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where a mail comes from."""

    prefecture: str = ""
    """Whose office wrote; "" = unknown."""
    trainings: tuple[str, ...] = ()
    """Trainings it is about, in order of mention."""
    by: str = ""
    """plus-address, message-id, subject-code, roster-code, sender."""
    trusted: bool = False
    """A signed token of ours, or an address of the book, names the prefecture."""


def attribute(tx: Transaction, kit: Kit, document: Document) -> Attribution:
    """Place the mail; the sender's own entry in the address book decides whose office it is, tokens which thread."""
    tokens = _threads(tx, kit, document)
    rosters = _rosters(tx, document)
    message = document.message
    book = kit.directory.prefecture_of_sender(message.sender) if message else None
    trainings = tuple(dict.fromkeys([t for _, t, _ in tokens] + [t for _, t in rosters]))
    if book is not None:
        by = tokens[0][2] if tokens and tokens[0][0] == book else "sender"
        return Attribution(book, trainings, by, trusted=True)
    if tokens:
        prefecture, _, by = tokens[0]
        signed = by in {"plus-address", "message-id"}
        return Attribution(prefecture, trainings, by, trusted=signed)
    places = {p for p, _ in rosters}
    if len(places) == 1:
        return Attribution(places.pop(), trainings, "roster-code")
    return Attribution("", trainings)


def _threads(tx: Transaction, kit: Kit, document: Document) -> list[tuple[str, str, str]]:
    """(prefecture, training, evidence) for every token that names a mail of ours."""
    message = document.message
    if message is None:
        return []
    found = []
    for plus in message.tokens.plus:
        ident = dispatch_of_plus(kit.key, plus)
        dispatch = tx.find_dispatch(ident) if ident else None
        if dispatch:
            found.append((dispatch.prefecture, dispatch.training_id, "plus-address"))
    for reference in message.tokens.references:
        mail = tx.find_outbox(message_id=reference)
        if mail is not None and mail.prefecture:
            found.append((mail.prefecture, mail.training_id, "message-id"))
    for code in message.tokens.codes:
        dispatch = tx.find_dispatch(code)
        if dispatch:
            found.append((dispatch.prefecture, dispatch.training_id, "subject-code"))
    return found


def _rosters(tx: Transaction, document: Document) -> list[tuple[str, str]]:
    codes = [f.roster for f in document.findings if f.roster] + [p.roster for p in document.pages if p.roster]
    codes += list(document.message.tokens.codes) if document.message else []
    rosters = [tx.find_roster(code) for code in dict.fromkeys(codes)]
    return [(r.prefecture, r.training_id) for r in rosters if r is not None]
