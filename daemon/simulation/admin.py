"""The person at HQ who decides: looks through the open questions twice a day, telephones, and says what is right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from daemon.domain.lifecycle import owes
from daemon.domain.model import OutboxState, Review, Training, TrainingState
from daemon.errors import Refused
from daemon.handlers import cases, handover, outbox, pages, review, said
from daemon.handlers.rename import settle_with_name
from daemon.handlers.said import DELETIONS
from daemon.ports import Kit, Transaction
from daemon.simulation.offices.truth import Truth
from parsers.findings import Problem

NAME = "研修担当"
_ASK_AGAIN = frozenset(
    {
        Problem.CLAIM_WITHOUT_SHEET, Problem.ATTACHMENT_MISSING, Problem.IMAGE_NOT_READ, Problem.UNSUPPORTED_TYPE,
        Problem.UNREADABLE_ATTACHMENT, Problem.ENCRYPTED_ATTACHMENT, Problem.NO_ROSTER_FOUND,
        Problem.PLACEMENT_MISSING, Problem.PAGES_MISSING,
    }
)  # fmt: skip
"""After these the office is asked to send the sheet as it should be."""
_SEEN = {
    "bounce": "宛先を確認し、届くようになった",
    "outbox": "送信箱を確認",
    "closing": "電話で確認: 登録は削除された",
}
"""Why a question of that kind may simply be accepted."""
_TYPED_IN = "ＦＡＸの画像を見て入力"
_MAILS = frozenset({"mail", "attachment", "bounce", "pages"})
"""Questions about which there is something to be done besides an answer."""
_IN_A_WORD = frozenset({"value", "verify", "exclusion", "closing", "row"})
"""Questions that can be answered by a line in a mail."""
_NAMES = frozenset({Problem.NAME_DIFFERS, Problem.NAME_VARIANT})
_PATIENCE_DAYS = 4
_PATIENCE_AFTER_DAYS = 36
"""Days after the training until somebody telephones; the follow-up mail has gone by then."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing the admin did, for the story."""

    at: dt.datetime
    kind: str
    """Kind of the review; "outbox", "handover"; "errand" for what HQ did because somebody telephoned."""
    prefecture: str
    training_id: str
    problems: tuple[Problem, ...]
    text: str
    """As written by the office."""
    verdict: str
    """accepted | set | rejected | released | cancelled | submitted; the case, for an errand."""
    value: str = ""
    because: str = ""
    ledger_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the admin says to one question."""

    verdict: str
    """accepted | set | rejected | renamed | placed"""
    value: str = ""
    because: str = ""


@dataclass(slots=True)
class Admin:
    """Knows what anybody who looks at the sheet and telephones knows: the truth as of today."""

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
        self._hand_over(kit)
        self._chase(kit)
        return len(self.decisions) - before

    # -- questions ---------------------------------------------------------------------------------------------

    def answers(self, kit: Kit, until: dt.datetime) -> list[tuple[Review, Answer]]:
        """What can be said in a word to each question that was open at the instant `until`."""
        with kit.store.snapshot() as tx:
            waiting = [q for q in tx.reviews() if q.opened_at <= until and q.kind in _IN_A_WORD]
        found = ((q, self._answer(kit, q)) for q in waiting)
        return [(q, answer) for q, answer in found if answer.verdict != "renamed"]

    def told(self, kit: Kit, question: Review, answer: Answer) -> bool:
        """Whether the question is settled; noted down when it is."""
        with kit.store.snapshot() as tx:
            if tx.get_review(question.review_id).state == "open":
                return False
        self._call_back(question, answer)
        self._note(kit, question, answer)
        return True

    def _settle(self, kit: Kit, question: Review) -> None:
        with kit.store.snapshot() as tx:
            if tx.get_review(question.review_id).state != "open":
                return  # answered together with another one
        try:
            answer = self._act(kit, question)
        except Refused:
            return  # something else of the row must be put right first; looked at again at the next visit
        self._call_back(question, answer)
        self._note(kit, question, answer)

    def _note(self, kit: Kit, question: Review, answer: Answer) -> None:
        self.decisions.append(
            Decision(
                kit.clock.now(), question.kind, question.prefecture, question.training_id, question.problems,
                question.text, answer.verdict, answer.value, answer.because, question.ledger_id,
            )
        )  # fmt: skip

    def _act(self, kit: Kit, question: Review) -> Answer:
        """On the command line: look, decide, enter."""
        if question.kind == pages.KIND:
            return self._triage(kit, question)
        answer = self._of_mail(kit, question) if question.kind in _MAILS else self._answer(kit, question)
        ident = question.review_id
        match answer.verdict:
            case "rejected":
                review.reject(kit, ident, NAME, answer.because)
            case "set":
                review.set_value(kit, ident, answer.value, NAME, answer.because)
            case "renamed":
                name = self.truth.renamed(question.enrollment_id) or ""
                self.truth.seen.add("renamed")
                settle_with_name(kit, ident, (name, ""), NAME, answer.because)
            case _:
                review.accept(kit, ident, NAME, answer.because)
        return answer

    def _answer(self, kit: Kit, question: Review) -> Answer:
        match question.kind:
            case "value" | "verify":
                return self._value(kit, question)
            case "exclusion":
                reason = self.truth.withdrawn(question.enrollment_id)
                return (
                    Answer("rejected", "", "電話で確認: 受講する") if reason is None else Answer("accepted", "", reason)
                )
            case "row":
                return Answer("rejected", "", "名簿にない行のため記録しない")
        return Answer("accepted", question.suggestion, _SEEN.get(question.kind, "確認"))

    def _value(self, kit: Kit, question: Review) -> Answer:
        if Problem.OTHER_PREFECTURE in question.problems:
            return Answer("rejected", "", "他県の名簿のため記録しない")
        if not question.enrollment_id or question.field is None:
            return Answer("rejected", "", "どの行か不明のため記録しない")
        true = self.truth.value(question.enrollment_id, question.field, kit.clock.today())
        if _NAMES & set(question.problems) and self._misspelt(kit, question):
            return Answer("renamed", question.suggestion, "電話で確認: 名簿の字体が誤り")
        if true is None:
            return Answer("rejected", "", "電話で確認: その手続きはされていない")
        if question.suggestion == true:
            return Answer("accepted", true, "原本と照合")
        return Answer("set", true, "電話で確認")

    def _triage(self, kit: Kit, question: Review) -> Answer:
        """A page without a readable code: look at it, say which page of which roster it is; else put it aside."""
        with kit.store.snapshot() as tx:
            mail = tx.get_mail(question.ledger_id or 0)
        places = self.truth.pages.get(mail.message_id, ())
        at = question.evidence.page or 0
        place = places[at - 1] if 0 < at <= len(places) else None
        if place is None or Problem.NAMED_PAGE_DIFFERS in question.problems:
            answer = Answer("accepted", "", _TYPED_IN if self._type_in(kit, mail.message_id) else "名簿ではないページ")
            review.accept(kit, question.review_id, NAME, answer.because)
            return answer
        where = f"{place[0]}/{place[1]}"
        pages.place_page(kit, question.review_id, where, NAME, "画像を見て指定")
        self.truth.seen.add("page-named")
        return Answer("placed", where, "画像を見て指定")

    def _misspelt(self, kit: Kit, question: Review) -> bool:
        name = self.truth.renamed(question.enrollment_id)
        with kit.store.snapshot() as tx:
            return name is not None and tx.get_enrollment(question.enrollment_id).name != name

    def _of_mail(self, kit: Kit, question: Review) -> Answer:
        """Read the mail or look at the picture, and do what it calls for."""
        if question.kind == "bounce":
            self.mend(question)
            return Answer("accepted", "", _SEEN["bounce"])
        if Problem.EXCLUSION_PROPOSED in question.problems and self._withdraw(kit, question):
            return Answer("accepted", "", "受講辞退を登録")
        with kit.store.snapshot() as tx:
            mail = tx.get_mail(question.ledger_id) if question.ledger_id is not None else None
        if mail is not None and question.kind == "attachment" and self._type_in(kit, mail.message_id):
            return Answer("accepted", "", _TYPED_IN)
        return Answer("accepted", "", "読んで対応")

    def _call_back(self, question: Review, answer: Answer) -> None:
        """Ask the office for the sheet as it should be, where what came is of no use."""
        undone = answer.verdict == "rejected" and question.field in DELETIONS
        if question.prefecture and answer.because != _TYPED_IN and (undone or _ASK_AGAIN & set(question.problems)):
            self.telephone(question.prefecture, question.training_id)

    def _withdraw(self, kit: Kit, question: Review) -> bool:
        """Take out whoever the office says has stepped back."""
        with kit.store.snapshot() as tx:
            rows = tx.enrollments(prefecture=question.prefecture)
        gone = [r for r in rows if self.truth.withdrawn(r.enrollment_id) and not r.excluded_because]
        for row in gone:
            cases.withdraw(kit, row.enrollment_id, NAME, self.truth.withdrawn(row.enrollment_id) or "")
        return bool(gone)

    def _type_in(self, kit: Kit, message_id: str) -> bool:
        """Read the dates off the pictures of a fax, and telephone about odd ones. False = no such fax."""
        today = kit.clock.today()
        for one in self.truth.faxed.get(message_id, ()):
            if one.field.is_date and one.value == self.truth.value(one.enrollment, one.field, today):
                on = dt.date.fromisoformat(one.value)
                with suppress(Refused):  # it is on record already, or the trainee is out
                    said.correct(kit, one.enrollment, said.Said(one.field, on, NAME, _TYPED_IN))
        return bool(self.truth.faxed.get(message_id))

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

    def _hand_over(self, kit: Kit) -> None:
        """Print what is ready for 中央年金事務所, hand it in, write it down (PRE6)."""
        with kit.store.snapshot() as tx:
            ready = [h for t in tx.trainings() for h in tx.handovers(t.training_id) if h.submitted_at is None]
        for one in ready:
            handover.mark(kit, one.training_id, one.number, NAME)
            self.truth.seen.add("submitted" if one.number == 1 else "supplement")
            self.decisions.append(
                Decision(
                    kit.clock.now(), "handover", "", one.training_id, (), str(one.number), "submitted", "", one.because
                )
            )

    def _chase(self, kit: Kit) -> None:
        """Well after the day somebody telephones, every few days, whoever still owes."""
        today = kit.clock.today()
        with kit.store.snapshot() as tx:
            owing = sorted(set(self._owing(tx, today)))
        for office in owing:
            if (today - self._called.get(office, dt.date.min)).days >= _PATIENCE_DAYS:
                self._called[office] = today
                self.telephone(*office)

    def _owing(self, tx: Transaction, today: dt.date) -> Iterator[tuple[str, str]]:
        for training in tx.trainings():
            if _is_late(training, today):
                for row in tx.enrollments(training_id=training.training_id):
                    if owes(row, training.course):
                        yield row.prefecture, training.training_id


def _is_late(training: Training, today: dt.date) -> bool:
    if training.state is TrainingState.APPROVED:
        return (today - training.deadline_on).days > _PATIENCE_DAYS
    return training.state is TrainingState.RESULTS and (today - training.ends_on).days > _PATIENCE_AFTER_DAYS
