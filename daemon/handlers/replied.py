"""What a person wrote beside or instead of a roster (domain.md §3.6): thanks, promises, questions.

Words are never evidence of a registration. What is not plainly understood goes to a person.
"""

from __future__ import annotations

from dataclasses import replace

from daemon.domain.model import LedgerMail
from daemon.handlers import questions
from daemon.handlers.apply import Applied
from daemon.handlers.correlate import Attribution
from daemon.handlers.planning import commitment_fact, refresh_office
from daemon.ports import Kit, Transaction
from parsers.findings import Document, MessageKind, Problem
from parsers.mail.wording import Wording, classify_said

_QUIET = frozenset({Problem.CHARSET_GUESSED, Problem.NAME_GUESSED, Problem.MACROS_IGNORED})
"""Notes that are told in `mail show` and need nobody."""
_ASKS = {
    Wording.CLAIM: Problem.CLAIM_WITHOUT_SHEET,
    Wording.CORRECTION: Problem.REPLY_NEEDS_READING,
    Wording.WITHDRAWAL: Problem.EXCLUSION_PROPOSED,
    Wording.OTHER: Problem.REPLY_NEEDS_READING,
}


def replied(
    tx: Transaction, kit: Kit, mail: LedgerMail, document: Document, origin: Attribution, applied: Applied
) -> Applied:
    """Take note of the words and of files that could not be read; one question for each kind of doubt."""
    asked = _files(tx, kit, mail, document, origin)
    message = document.message
    if message is None:
        return Applied(questions=asked + questions.about_mail(tx, kit, mail, origin, Problem.MALFORMED_MAIL))
    if message.kind is MessageKind.FAX:
        return Applied(questions=asked)
    wording, phrase = classify_said(message.said)
    problem = _ASKS.get(wording)
    if problem is Problem.CLAIM_WITHOUT_SHEET and (applied.recorded or applied.confirmed or applied.asked):
        problem = None  # the sheet came with the claim
    if wording is Wording.OTHER and not message.said.strip():
        problem = None if document.findings or asked else Problem.REPLY_NEEDS_READING
    if problem is not None:
        asked += questions.about_mail(tx, kit, mail, origin, problem, detail=message.said[:2000])
    _answered(tx, kit, mail, origin, wording, phrase)
    return Applied(questions=asked)


def _files(tx: Transaction, kit: Kit, mail: LedgerMail, document: Document, origin: Attribution) -> int:
    asked = 0
    for note in document.problems:
        if note.code not in _QUIET:
            asked += questions.about_mail(
                tx, kit, mail, origin, note.code, detail=note.detail, part=note.part, kind="attachment"
            )
    return asked


def _answered(tx: Transaction, kit: Kit, mail: LedgerMail, origin: Attribution, wording: Wording, phrase: str) -> None:
    """A person at the office is on it: rows without dates are no longer merely "sent"."""
    if not origin.prefecture or not origin.trusted:
        return
    dispatches = [d for d in tx.dispatches(None, origin.prefecture) if d.dispatched_at is not None]
    if origin.trainings:
        dispatches = [d for d in dispatches if d.training_id in origin.trainings]
    for dispatch in dispatches:
        if dispatch.answered_at is None:
            tx.save_dispatch(replace(dispatch, answered_at=mail.received_at))
        if wording in {Wording.COMMITMENT, Wording.FAX_SENT}:
            tx.set_fact(commitment_fact(dispatch.dispatch_id), f"mail:{mail.ledger_id}: {phrase}")
        refresh_office(tx, kit, dispatch.training_id, origin.prefecture, f"mail:{mail.ledger_id}")
