"""Questions to people: opened once, closed by a person or by a better sheet."""

from __future__ import annotations

from dataclasses import replace

from daemon.domain.model import Enrollment, LedgerMail, Review, ReviewState
from daemon.handlers.correlate import Attribution
from daemon.ports import Kit, Transaction
from parsers.findings import Finding, Problem


def about_mail(
    tx: Transaction, kit: Kit, mail: LedgerMail, origin: Attribution, problem: Problem, *, detail: str = "",
    part: str = "", kind: str = "mail",
) -> bool:  # fmt: skip
    """Ask about a mail or one of its files; False when the question is already there."""
    review = Review(
        0, f"{mail.ledger_id}:{part}:{problem}", kind, kit.clock.now(), (problem,), prefecture=origin.prefecture,
        training_id=origin.trainings[0] if origin.trainings else "", ledger_id=mail.ledger_id, detail=detail,
    )  # fmt: skip
    return tx.add_review(review) is not None


def about_finding(
    tx: Transaction, kit: Kit, mail: LedgerMail, finding: Finding, row: Enrollment | None, kind: str,
    problems: tuple[Problem, ...], reading_id: int, where: tuple[str, str],
) -> bool:  # fmt: skip
    """Ask about one value; `where` = (prefecture, training). False when the same question is open already."""
    prefecture, training_id = where
    if row is not None and _asked(tx, row, finding, kind):
        return False
    ident = row.enrollment_id if row else f"{finding.roster}:{finding.row}:{finding.name}"
    cell = f"{finding.evidence.part}:{finding.evidence.sheet}:{finding.evidence.cell}:{finding.evidence.page}"
    review = Review(
        0, f"{mail.ledger_id}:{cell}:{ident}:{finding.field}:{kind}", kind, kit.clock.now(), problems,
        prefecture=row.prefecture if row else prefecture,
        training_id=row.training_id if row else training_id,
        roster=row.roster if row else (finding.roster or ""),
        enrollment_id=row.enrollment_id if row else "",
        field=finding.field, ledger_id=mail.ledger_id, reading_id=reading_id, text=finding.text,
        suggestion=finding.value or "", candidates=finding.candidates, evidence=finding.evidence,
        detail="" if row else finding.name,
    )  # fmt: skip
    return tx.add_review(review) is not None


def _asked(tx: Transaction, row: Enrollment, finding: Finding, kind: str) -> bool:
    """The same words about the same field of the same row are one question, however often the sheet comes back."""
    return any(
        r.kind == kind and r.field is finding.field and r.text == finding.text and r.suggestion == (finding.value or "")
        for r in tx.reviews(enrollment_id=row.enrollment_id)
    )


def close_answered(tx: Transaction, kit: Kit, row: Enrollment, finding: Finding, reading_id: int) -> None:
    """A sheet that passed every guard answers open questions about the same field, unless they speak of another day."""
    for review in tx.reviews(enrollment_id=row.enrollment_id):
        same = review.field is finding.field and review.kind in {"value", "verify"}
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
    return closed
