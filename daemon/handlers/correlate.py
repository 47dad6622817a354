"""Which office and which training a mail belongs to, and on what evidence (reference mail.md §5 F, G).

Strongest first: signed plus-address, our Message-ID quoted, dispatch code, roster code, address book. The register
is never changed on the address alone.

A fax comes from our own machine, whoever sent it: its sealed pages say whose it is. The number of the sending machine
is believed for routing a fax nobody can read, and for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from daemon.domain.fax import dialled, numbers_in, slip_of
from daemon.domain.tokens import dispatch_of_plus
from daemon.handlers.vouching import Vouched
from daemon.ports import Kit, Transaction
from parsers.findings import Document, MessageKind


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where a mail comes from."""

    prefecture: str = ""
    """Whose office wrote; "" = unknown."""
    trainings: tuple[str, ...] = ()
    """Trainings it is about, in order of mention."""
    by: str = ""
    """plus-address, message-id, subject-code, roster-code, page-code, fax-number, sender."""
    trusted: bool = False
    """A signed token of ours, a sealed page, a person, or an address of the book names the prefecture."""


def attribute(tx: Transaction, kit: Kit, document: Document, pages: Vouched) -> Attribution:
    """Place the mail; the sender's own entry in the address book decides whose office it is, tokens which thread."""
    if document.message is not None and document.message.kind is MessageKind.FAX:
        return _of_fax(tx, kit, document, pages)
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


def _of_fax(tx: Transaction, kit: Kit, document: Document, pages: Vouched) -> Attribution:
    """By the pages that are known to be ours; else by roster codes read off them; else by the sender's number."""
    ours = [tx.find_roster(p.roster) for p in document.pages if p.roster and pages.is_ours(p)]
    known = [r for r in ours if r is not None]
    trainings = tuple(dict.fromkeys(r.training_id for r in known))
    if known:
        places = {r.prefecture for r in known}
        # Rosters of several offices in one fax: each row belongs where its own page says.
        return Attribution(places.pop() if len(places) == 1 else "", trainings, "page-code", trusted=True)
    guesses = [tx.find_roster(code) for p in document.pages for code in (p.roster, *p.guesses) if code]
    likely = {(r.prefecture, r.training_id) for r in guesses if r is not None}
    numbers = office_by_number(kit, document)
    places = {p for p, _ in likely} | ({numbers} - {""})
    if len(places) != 1:
        return Attribution()
    return Attribution(places.pop(), tuple(sorted({t for _, t in likely})), "roster-code" if likely else "fax-number")


def office_by_number(kit: Kit, document: Document) -> str:
    """The one office whose fax number the gateway or a header line names; "" when none or several."""
    message = document.message
    gateway = kit.directory.gateway_of(message.sender) if message else None
    if message is None or gateway is None:
        return ""
    slip = slip_of(gateway, message.subject, [a.name for a in message.attachments])
    numbers = {dialled(slip.csid)} | {n for p in document.pages for n in numbers_in(p.header)}
    found = {kit.directory.prefecture_of_fax(n) for n in numbers} - {None}
    return found.pop() or "" if len(found) == 1 else ""


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
