"""The person at HQ who decides: looks through the open questions twice a day, telephones, and says what is right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon.domain.lifecycle import owes
from daemon.domain.model import OutboxState, Review, TrainingState
from daemon.errors import Refused
from daemon.handlers import outbox, review
from daemon.ports import Kit
from daemon.simulation.offices.truth import Truth
from parsers.findings import Problem

NAME = "研修担当"
_ASK_AGAIN = frozenset(
    {
        Problem.CLAIM_WITHOUT_SHEET, Problem.ATTACHMENT_MISSING, Problem.IMAGE_NOT_READ, Problem.UNSUPPORTED_TYPE,
        Problem.PAGE_UNPLACED, Problem.UNREADABLE_ATTACHMENT, Problem.ENCRYPTED_ATTACHMENT, Problem.NO_ROSTER_FOUND,
    }
)  # fmt: skip
"""After these the office is asked to send the sheet as it should be."""
_PATIENCE_DAYS = 4


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing the admin did, for the story."""

    at: dt.datetime
    kind: str
    prefecture: str
    training_id: str
    problems: tuple[Problem, ...]
    text: str
    """As written by the office."""
    verdict: str
    """accepted | set | rejected | released | cancelled"""
    value: str = ""
    because: str = ""
    ledger_id: int | None = None


@dataclass(slots=True)
class Admin:
    """Knows what anybody who telephones knows: the truth as of today."""

    truth: Truth
    telephone: Callable[[str, str], None]
    """Prefecture and training: ask the office to send the sheet properly."""
    mend: Callable[[Review], None]
    """Get a bounced address working again."""
    decisions: list[Decision] = field(default_factory=list)
    _called: dict[tuple[str, str], dt.date] = field(default_factory=dict)

    def visit(self, kit: Kit) -> int:
        """Go through everything that waits; returns how many things were settled."""
        before = len(self.decisions)
        with kit.store.snapshot() as tx:
            waiting = tx.reviews()
        for question in waiting:
            self._settle(kit, question)
        self._outbox(kit)
        self._chase(kit)
        return len(self.decisions) - before

    # -- questions ---------------------------------------------------------------------------------------------

    def _settle(self, kit: Kit, question: Review) -> None:
        with kit.store.snapshot() as tx:
            if tx.get_review(question.review_id).state != "open":
                return  # answered together with another one
        try:
            verdict, value, because = self._decide(kit, question)
        except Refused:
            return  # the other date of the row must be put right first; looked at again at the next visit
        self.decisions.append(
            Decision(
                kit.clock.now(), question.kind, question.prefecture, question.training_id, question.problems,
                question.text, verdict, value, because, question.ledger_id,
            )
        )  # fmt: skip

    def _decide(self, kit: Kit, question: Review) -> tuple[str, str, str]:
        match question.kind:
            case "value" | "verify":
                return self._value(kit, question)
            case "exclusion":
                return self._exclusion(kit, question)
            case "row":
                return self._reject(kit, question, "名簿にない行のため記録しない")
            case "bounce":
                self.mend(question)
                return self._accept(kit, question, "宛先を確認し、届くようになった")
            case "outbox":
                return self._accept(kit, question, "送信箱を確認")
            case _:
                return self._mail(kit, question)

    def _value(self, kit: Kit, question: Review) -> tuple[str, str, str]:
        if Problem.OTHER_PREFECTURE in question.problems:
            return self._reject(kit, question, "他県の名簿のため記録しない")
        if not question.enrollment_id or question.field is None:
            return self._reject(kit, question, "どの行か不明のため記録しない")
        day = self.truth.registered(question.enrollment_id, question.field, kit.clock.today())
        if day is None:
            return self._reject(kit, question, "電話で確認: まだ登録されていない")
        if question.suggestion == day.isoformat():
            return self._accept(kit, question, "原本と照合")
        because = "電話で確認"
        review.set_value(kit, question.review_id, day.isoformat(), NAME, because)
        return "set", day.isoformat(), because

    def _exclusion(self, kit: Kit, question: Review) -> tuple[str, str, str]:
        reason = self.truth.withdrawn(question.enrollment_id)
        if reason is None:
            return self._reject(kit, question, "電話で確認: 受講する")
        return self._accept(kit, question, reason)

    def _mail(self, kit: Kit, question: Review) -> tuple[str, str, str]:
        answered = self._accept(kit, question, "読んで対応")
        if _ASK_AGAIN & set(question.problems) and question.prefecture:
            self.telephone(question.prefecture, question.training_id)
        return answered

    def _accept(self, kit: Kit, question: Review, because: str) -> tuple[str, str, str]:
        review.accept(kit, question.review_id, NAME, because)
        return "accepted", question.suggestion, because

    def _reject(self, kit: Kit, question: Review, because: str) -> tuple[str, str, str]:
        review.reject(kit, question.review_id, NAME, because)
        return "rejected", "", because

    # -- mail that waits ---------------------------------------------------------------------------------------

    def _outbox(self, kit: Kit) -> None:
        with kit.store.snapshot() as tx:
            waiting = tx.outbox(states=[OutboxState.HELD, OutboxState.REFUSED])
        for mail in waiting:
            after = outbox.release(kit, mail.outbox_id, NAME)
            verdict = "cancelled" if after.state is OutboxState.CANCELLED else "released"
            self.decisions.append(
                Decision(
                    kit.clock.now(), "outbox", mail.prefecture, mail.training_id, (), f"{mail.purpose} {mail.stage}",
                    verdict, "", mail.held_because or mail.reply,
                )
            )  # fmt: skip

    # -- what no mail brought about ----------------------------------------------------------------------------

    def _chase(self, kit: Kit) -> None:
        """Well after the deadline somebody telephones, every few days, whoever still owes."""
        today = kit.clock.today()
        with kit.store.snapshot() as tx:
            late = [t for t in tx.trainings() if t.state is TrainingState.APPROVED]
            late = [t for t in late if (today - t.deadline_on).days > _PATIENCE_DAYS]
            owing = sorted(
                {
                    (e.prefecture, t.training_id)
                    for t in late
                    for e in tx.enrollments(training_id=t.training_id)
                    if owes(e, t.course)
                }
            )
        for office in owing:
            if (today - self._called.get(office, dt.date.min)).days >= _PATIENCE_DAYS:
                self._called[office] = today
                self.telephone(*office)
