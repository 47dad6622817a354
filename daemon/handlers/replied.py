"""What a person wrote beside or instead of a roster (domain.md §3.6): thanks, promises, questions.

Words are never evidence of a registration. What is not plainly understood goes to a person.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from daemon.domain.model import Dispatch, Phase
from daemon.handlers import questions
from daemon.handlers.desk import Applied, Desk
from daemon.handlers.pages import ABOUT_A_PAGE, ask_about_pages, unplaced
from daemon.handlers.planning import commitment_fact, complete_or_reopen, moved
from parsers.findings import Problem
from parsers.mail.wording import Wording, classify_said

_QUIET = frozenset({Problem.CHARSET_GUESSED, Problem.NAME_GUESSED, Problem.MACROS_IGNORED})
"""Notes that are told in `mail show` and need nobody."""
_ASKS = {
    Wording.CLAIM: Problem.CLAIM_WITHOUT_SHEET,
    Wording.CORRECTION: Problem.REPLY_NEEDS_READING,
    Wording.WITHDRAWAL: Problem.EXCLUSION_PROPOSED,
    Wording.OTHER: Problem.REPLY_NEEDS_READING,
}


def replied(desk: Desk, applied: Applied) -> Applied:
    """Take note of the words and of files that could not be read; one question for each kind of doubt."""
    asked = unread_files(desk)
    message = desk.document.message
    if message is None:
        return Applied(questions=asked + questions.about_mail(desk, Problem.MALFORMED_MAIL))
    wording, phrase = classify_said(message.said)
    problem = _ASKS.get(wording)
    if problem is Problem.CLAIM_WITHOUT_SHEET and (applied.recorded or applied.confirmed or applied.asked):
        problem = None  # the sheet came with the claim
    if wording is Wording.OTHER and not message.said.strip():
        problem = None if desk.document.findings or asked else Problem.REPLY_NEEDS_READING
    if problem is not None:
        asked += questions.about_mail(desk, problem, detail=message.said[:2000])
    answered(desk, wording, phrase)
    return Applied(questions=asked)


def unread_files(desk: Desk, but: Collection[str] = ()) -> int:
    """One question for each file or page that could not be read and each problem of the mail, but for these parts."""
    shown = {p.part for p in unplaced(desk)}
    notes = [n for n in desk.document.problems if n.code not in _QUIET and (not n.part or n.part not in but)]
    notes = [n for n in notes if n.code not in ABOUT_A_PAGE or n.part not in shown]
    asked = [questions.about_mail(desk, n.code, detail=n.detail, part=n.part, kind="attachment") for n in notes]
    return sum(asked) + ask_about_pages(desk)


def answered(desk: Desk, wording: Wording = Wording.OTHER, phrase: str = "") -> None:
    """A person at the office is on it: rows without dates are no longer merely "sent"."""
    tx, mail, origin = desk.tx, desk.mail, desk.origin
    if not origin.prefecture or not origin.trusted:
        return
    dispatches = [d for d in tx.dispatches(None, origin.prefecture) if d.dispatched_at is not None]
    # Whoever writes after the training writes about what was asked last.
    after = {d.training_id for d in dispatches if d.phase is Phase.POST}
    dispatches = [d for d in dispatches if d.phase is Phase.POST or d.training_id not in after]
    if origin.trainings:
        dispatches = [d for d in dispatches if d.training_id in origin.trainings]
    promised = wording in {Wording.COMMITMENT, Wording.FAX_SENT}
    for dispatch in dispatches:
        if dispatch.answered_at is None:
            tx.save_dispatch(replace(dispatch, answered_at=mail.received_at))
        if promised:
            tx.set_fact(commitment_fact(dispatch.dispatch_id), f"mail:{mail.ledger_id}: {phrase}")
        if promised or dispatch.answered_at is None:
            _refresh(desk, dispatch)


def _refresh(desk: Desk, dispatch: Dispatch) -> None:
    roll = desk.roll
    rows = roll.office(dispatch.training_id, dispatch.prefecture)
    training = roll.training(dispatch.training_id)
    roll.write(moved(desk.tx, desk.kit, training, rows, desk.cause))
    complete_or_reopen(desk.tx, desk.kit, dispatch.training_id)
