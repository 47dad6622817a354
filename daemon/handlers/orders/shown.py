"""What a mail to the admins shows: an answer may act on that, on nothing else, and only while it still holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from daemon.domain.model import OutboxMail, Review
from daemon.domain.tokens import ticket
from daemon.ports import Kit, Transaction


@dataclass(frozen=True, slots=True)
class Shown:
    """Kept beside a mail of ours."""

    questions: Mapping[int, str] = field(default_factory=dict)
    """Number of the question → its mark at that time."""
    mails: Mapping[int, str] = field(default_factory=dict)
    """Number in the outbox → its mark at that time."""
    proposal: int | None = None
    """Ledger id of the order whose proposal it shows."""
    digest: str = ""
    """Mark of the proposal as it was shown."""
    mail_marks: tuple[str, ...] = ()
    """Marks of the mails the proposal would send."""
    challenge: int | None = None
    """Ledger id of the order it asks to confirm."""


def question_mark(tx: Transaction, question: Review) -> str:
    """Another mark when anything about the question, or the value it is about, has changed."""
    row = tx.find_enrollment(question.enrollment_id) if question.enrollment_id else None
    known = row.values.get(question.field) if row is not None and question.field is not None else None
    about = (
        question.kind, question.state, question.enrollment_id, question.field, question.text, question.suggestion,
        question.candidates, question.detail, question.reading_id, row.excluded_because if row else "",
        (known.value, known.status) if known else None,
    )  # fmt: skip
    return _short(repr(about))


def mail_mark(mail: OutboxMail) -> str:
    """Another mark when the mail was tried, released, held or cancelled since."""
    return _short(f"{mail.state} {mail.attempts} {mail.held_because} {mail.sha256}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def marks(tx: Transaction, questions: Iterable[int], mails: Iterable[int]) -> Shown:
    """The present marks; numbers nobody knows are left out."""
    found = {q.review_id: question_mark(tx, q) for q in _questions(tx, set(questions))}
    known = {m.outbox_id: mail_mark(m) for m in _mails(tx, set(mails))}
    return Shown(found, known)


def _questions(tx: Transaction, numbers: set[int]) -> list[Review]:
    return [q for q in tx.reviews() if q.review_id in numbers] if numbers else []


def _mails(tx: Transaction, numbers: set[int]) -> list[OutboxMail]:
    found = []
    for number in sorted(numbers):
        try:
            found.append(tx.get_outbox(number))
        except KeyError:
            continue
    return found


def remember(tx: Transaction, kit: Kit, outbox_id: int, dedupe_key: str, shown: Shown) -> None:
    """Write down what the mail shows, and the ticket its links carry."""
    tx.set_fact(f"shown:{outbox_id}", json.dumps(asdict(shown), sort_keys=True))
    tx.set_fact(_ticket_fact(ticket(kit.key, dedupe_key)), str(outbox_id))


def shown_by(tx: Transaction, outbox_id: int | None) -> Shown:
    """What the mail shows; nothing for one that is not known to show anything."""
    text = tx.get_fact(f"shown:{outbox_id}") if outbox_id is not None else None
    if text is None:
        return Shown()
    raw: dict[str, Any] = json.loads(text)
    return Shown(
        {int(n): m for n, m in raw["questions"].items()}, {int(n): m for n, m in raw["mails"].items()},
        raw["proposal"], raw["digest"], tuple(raw["mail_marks"]), raw["challenge"],
    )  # fmt: skip


def still_true(tx: Transaction, shown: Shown) -> Shown:
    """The part that has not changed: what the next mail of the conversation may carry on."""
    now = marks(tx, shown.questions, shown.mails)
    return replace(
        shown,
        questions={n: m for n, m in shown.questions.items() if now.questions.get(n) == m},
        mails={n: m for n, m in shown.mails.items() if now.mails.get(n) == m},
    )


def by_ticket(tx: Transaction, code: str) -> int | None:
    """The mail whose links carry the ticket, None when we never made it."""
    found = tx.get_fact(_ticket_fact(code))
    return None if found is None else int(found)


def _ticket_fact(code: str) -> str:
    return f"ticket:{code}"
