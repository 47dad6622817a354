"""One command at a time: what it changes and the line that says so commit in one transaction (I4, I8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from daemon.domain.commands import Command
from daemon.domain.commands.model import ABOUT_MAILS, ABOUT_QUESTIONS, READS_ONLY
from daemon.domain.letters import AnswerOutcome
from daemon.domain.model import ReviewState
from daemon.errors import Refused
from daemon.handlers.orders.book import Order, Outcome, acted_fact, find_order, save_order
from daemon.handlers.orders.shown import Shown, mail_mark, question_mark
from daemon.points import reach
from daemon.ports import Kit, Store, Transaction


@dataclass(frozen=True, slots=True)
class Step:
    """One command about one thing."""

    key: str
    """Its place in the mail."""
    text: str
    """The line as written."""
    command: Command
    mark: str
    """What it does once for a mail of ours."""

    @property
    def number(self) -> int | None:
        """The question or mail it is about."""
        return self.command.numbers[0] if self.command.numbers else None


class Overtaken(Exception):
    """Another process has done the step meanwhile."""


@dataclass(frozen=True, slots=True)
class _Stamped:
    """The store while one step runs: whatever commits says in the same transaction that the step is done."""

    store: Store
    stamp: Callable[[Transaction], None]

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.store.transaction() as tx:
            yield tx
            self.stamp(tx)
            reach("order.before-commit")
        reach("order.after-commit")

    def snapshot(self) -> AbstractContextManager[Transaction]:
        return self.store.snapshot()

    def check(self) -> list[str]:
        return self.store.check()


def run(kit: Kit, order: Order, step: Step, by: str, act: Callable[[Kit], object]) -> Outcome:
    """Do the step unless it has an outcome; the outcome is durable when this returns."""

    def stamp(tx: Transaction) -> None:
        _note(tx, kit, order, step, by, Outcome(AnswerOutcome.DONE))

    try:
        act(replace(kit, store=_Stamped(kit.store, stamp)))
    except Refused as refusal:
        return _without_effect(kit, order, step, by, Outcome(AnswerOutcome.REFUSED, str(refusal)))
    except Overtaken:
        pass
    return _present(kit, order, step)


def _present(kit: Kit, order: Order, step: Step) -> Outcome:
    with kit.store.snapshot() as tx:
        found = find_order(tx, order.ledger_id)
    assert found is not None
    return found.outcomes[step.key]


def objection(tx: Transaction, order: Order, shown: Shown, step: Step) -> AnswerOutcome | None:
    """Why the step may not be done for the mail it answers, None when nothing speaks against it."""
    command = step.command
    if command.verb in ABOUT_QUESTIONS or command.verb in ABOUT_MAILS:
        seen = shown.mails if command.verb in ABOUT_MAILS else shown.questions
        if step.number not in seen:
            return AnswerOutcome.NOT_SHOWN
    if command.verb not in READS_ONLY and tx.get_fact(acted_fact(order.context, step.mark)) is not None:
        return AnswerOutcome.REPEATED
    if command.verb in ABOUT_QUESTIONS or command.verb in ABOUT_MAILS:
        return None if _unchanged(tx, shown, step) else AnswerOutcome.CHANGED
    return None


def _unchanged(tx: Transaction, shown: Shown, step: Step) -> bool:
    number = step.number
    assert number is not None
    if step.command.verb in ABOUT_MAILS:
        return mail_mark(tx.get_outbox(number)) == shown.mails[number]
    question = tx.get_review(number)
    return question.state is ReviewState.OPEN and question_mark(tx, question) == shown.questions[number]


def set_aside(kit: Kit, order: Order, step: Step, by: str, why: AnswerOutcome, because: str = "") -> Outcome:
    """Write down an outcome that comes without an effect of its own."""
    return _without_effect(kit, order, step, by, Outcome(why, because))


def _without_effect(kit: Kit, order: Order, step: Step, by: str, outcome: Outcome) -> Outcome:
    try:
        with kit.store.transaction() as tx:
            _note(tx, kit, order, step, by, outcome)
    except Overtaken:
        return _present(kit, order, step)
    return outcome


def _note(tx: Transaction, kit: Kit, order: Order, step: Step, by: str, outcome: Outcome) -> None:
    """Once: two daemons that do the same step collide here, and the second takes its effect back."""
    present = find_order(tx, order.ledger_id)
    if present is None or step.key in present.outcomes:
        raise Overtaken
    save_order(tx, replace(present, outcomes={**present.outcomes, step.key: outcome}))
    if outcome.outcome is AnswerOutcome.DONE:
        tx.set_fact(acted_fact(order.context, step.mark), f"mail:{order.ledger_id}")
    payload = {
        "command": step.command.verb, "step": step.key, "outcome": outcome.outcome, "about": step.number,
        "context": order.context,
    }  # fmt: skip
    tx.append_event(kit.clock.now(), by, "command-run", subject=f"mail:{order.ledger_id}", payload=payload)
