"""Questions to people: opened once, closed by a person or by a better sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from daemon.domain import closing
from daemon.domain.model import Enrollment, MailState, Reading, Review, ReviewState, SourceKind, Status
from daemon.handlers.desk import Desk
from daemon.handlers.settled import look_again
from daemon.ports import Kit, Transaction
from parsers.findings import Evidence, Finding, Problem


def about_mail(desk: Desk, problem: Problem, *, detail: str = "", part: str = "", kind: str = "mail") -> bool:
    """Ask about a mail or one of its files; False when the question is already there."""
    mail, origin = desk.mail, desk.origin
    review = Review(
        0, f"{mail.ledger_id}:{part}:{problem}", kind, desk.kit.clock.now(), (problem,), prefecture=origin.prefecture,
        training_id=desk.training_id, ledger_id=mail.ledger_id, detail=detail, evidence=Evidence(part=part),
    )  # fmt: skip
    return desk.tx.add_review(review) is not None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a finding needs a person."""

    kind: str
    """value | row | exclusion | verify"""
    problems: tuple[Problem, ...]
    reading_id: int


def about_finding(desk: Desk, finding: Finding, row: Enrollment | None, doubt: Doubt) -> bool:
    """Ask about one value; False when the same question is open already."""
    if row is not None and _asked(desk.tx, row, finding, doubt.kind):
        return False
    mail = desk.mail
    ident = row.enrollment_id if row else f"{finding.roster}:{finding.row}:{finding.name}"
    cell = f"{finding.evidence.part}:{finding.evidence.sheet}:{finding.evidence.cell}:{finding.evidence.page}"
    review = Review(
        0, f"{mail.ledger_id}:{cell}:{ident}:{finding.field}:{doubt.kind}", doubt.kind, desk.kit.clock.now(),
        doubt.problems,
        prefecture=row.prefecture if row else desk.origin.prefecture,
        training_id=row.training_id if row else desk.training_id,
        roster=_roster_of(row, finding),
        enrollment_id=row.enrollment_id if row else "",
        field=finding.field, ledger_id=mail.ledger_id, reading_id=doubt.reading_id, text=finding.text,
        suggestion=finding.value or "", candidates=finding.candidates, evidence=finding.evidence,
        detail="" if row else finding.name,
    )  # fmt: skip
    return desk.tx.add_review(review) is not None


def _roster_of(row: Enrollment | None, finding: Finding) -> str:
    if row is None:
        return finding.roster or ""
    return row.post_roster if finding.roster == row.post_roster and finding.roster else row.roster


def _asked(tx: Transaction, row: Enrollment, finding: Finding, kind: str) -> bool:
    """The same words about the same field of the same row are one question, however often the sheet comes back."""
    return any(
        r.kind == kind and r.field is finding.field and r.text == finding.text and r.suggestion == (finding.value or "")
        for r in tx.reviews(enrollment_id=row.enrollment_id)
    )


def close_answered(tx: Transaction, kit: Kit, row: Enrollment, finding: Finding, reading_id: int) -> None:
    """A sheet that passed every guard answers open questions about the same field, unless they speak of another day.

    What is only read still waits for a person's glance, however often it is read again.
    """
    known = row.values.get(finding.field)
    kinds = {"value"} if known is not None and known.status is Status.READ else {"value", "verify"}
    for review in tx.reviews(enrollment_id=row.enrollment_id):
        same = review.field is finding.field and review.kind in kinds
        if same and review.suggestion in {"", finding.value}:
            settle(tx, kit, review, ReviewState.REJECTED, "meibod", f"answered by reading {reading_id}")


def contradicted(tx: Transaction, row: Enrollment, finding: Finding) -> bool:
    """Whether an open question about the field suggests another day than the finding."""
    return any(
        r.kind == "value" and r.field is finding.field and r.suggestion not in {"", finding.value}
        for r in tx.reviews(enrollment_id=row.enrollment_id)
    )


def settle(tx: Transaction, kit: Kit, review: Review, state: ReviewState, by: str, because: str) -> Review:
    """Close a question and write down who or what closed it."""
    now = kit.clock.now()
    closed = replace(review, state=state, settled_at=now, settled_by=by, settled_because=because)
    tx.save_review(closed)
    tx.append_event(
        now, by, "review-settled", subject=f"review:{review.review_id}", training_id=review.training_id,
        prefecture=review.prefecture, payload={"state": state, "because": because, "row": review.enrollment_id},
    )  # fmt: skip
    _mail_state(tx, kit, review)
    return closed


def _mail_state(tx: Transaction, kit: Kit, review: Review) -> None:
    """A mail whose last question is closed, by whomever, has nothing open any more."""
    if review.ledger_id is None:
        return
    mail = tx.get_mail(review.ledger_id)
    if mail.state is MailState.REVIEW and not tx.reviews(ledger_id=review.ledger_id):
        tx.save_mail(replace(mail, state=MailState.APPLIED))
    look_again(tx, kit, mail)


def drop(tx: Transaction, kit: Kit, row: Enrollment, by: str, because: str) -> None:
    """Questions about a row that is out are nobody's any more, unless the clean-up it owes may be the answer."""
    for review in tx.reviews(enrollment_id=row.enrollment_id):
        if not (row.cleanup_owed and row.post_roster and review.field in closing.FIELDS):
            settle(tx, kit, review, ReviewState.REJECTED, by, because)


def glance_again(tx: Transaction, kit: Kit, row: Enrollment) -> None:
    """Somebody is back in: what was only read waits for a glance again, as its question went out with the row."""
    asked = {r.field for r in tx.reviews(enrollment_id=row.enrollment_id)}
    for field, value in row.values.items():
        if value.status is Status.READ and value.source is not SourceKind.PERSON and field not in asked:
            _ask_again(tx, kit, row, tx.get_reading(value.reading_id))


def _ask_again(tx: Transaction, kit: Kit, row: Enrollment, reading: Reading) -> None:
    before = len(tx.reviews(state=None, enrollment_id=row.enrollment_id))
    later = row.post_roster and reading.field in closing.FIELDS
    review = Review(
        0, f"again:{reading.reading_id}:{before}", "verify", kit.clock.now(), reading.problems,
        prefecture=row.prefecture, training_id=row.training_id, roster=row.post_roster if later else row.roster,
        enrollment_id=row.enrollment_id, field=reading.field, ledger_id=reading.ledger_id,
        reading_id=reading.reading_id, text=reading.text, suggestion=reading.value or "", evidence=reading.evidence,
    )  # fmt: skip
    tx.add_review(review)
    if reading.ledger_id is not None:
        mail = tx.get_mail(reading.ledger_id)
        if mail.state is MailState.APPLIED:
            tx.save_mail(replace(mail, state=MailState.REVIEW))
