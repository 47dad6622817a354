"""What became of each line of an order, for the admin who sent it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from daemon.domain.commands import Line, Verb
from daemon.domain.commands.model import ABOUT_QUESTIONS
from daemon.domain.directory import Admin
from daemon.domain.letters import AnswerLetter, AnswerLine, AnswerOutcome
from daemon.domain.model import OutboxState
from daemon.handlers.orders.book import Order, Outcome
from daemon.handlers.orders.files import Wanted
from daemon.handlers.orders.intents import PROPOSES
from daemon.handlers.orders.letters import Answer, answer_desk, place_of_question, send_answer, value_of
from daemon.handlers.orders.material import Material
from daemon.handlers.orders.overview import overview
from daemon.handlers.orders.proposals import Preview
from daemon.handlers.orders.shown import Shown, still_true
from daemon.handlers.orders.steps import Step
from daemon.ports import Kit, Transaction


@dataclass(frozen=True, slots=True)
class Matter:
    """What the order was about."""

    material: Material
    shown: Shown
    steps: tuple[Step, ...]
    admin: Admin
    preview: Preview = Preview()
    wanted: Wanted = Wanted()


def answer(tx: Transaction, kit: Kit, order: Order, matter: Matter) -> None:
    """Queue the answer; what the answered mail showed and still holds can be settled by answering this one."""
    mail, clear = matter.material.mail, matter.material.instructions.clear
    lines = tuple(_lines(tx, kit, order, matter) if clear else _undone(matter.material.instructions.lines))
    asked = [s.command for s in matter.steps if s.command.verb is Verb.STATUS] if clear else []
    explain = any(s.command.verb is Verb.HELP for s in matter.steps) or not (matter.preview.proposals or lines)
    letter = AnswerLetter(
        kit.clock.now(), matter.admin.name, mail.subject, lines, answer_desk(kit, mail),
        overview(tx, kit, asked) if asked else None, matter.preview.proposals,
        help=explain or not clear,
    )  # fmt: skip
    kept = replace(still_true(tx, matter.shown), challenge=None, proposal=None, digest="", mail_marks=())
    if letter.open_proposal:
        (shown,) = letter.proposals
        mails = tuple(m.mark for m in shown.mails)
        kept = replace(kept, proposal=matter.preview.order, digest=shown.digest, mail_marks=mails)
    send_answer(tx, kit, mail, Answer(matter.admin, letter, kept, matter.wanted.files))


def _undone(lines: tuple[Line, ...]) -> Iterator[AnswerLine]:
    """A line is unclear, so none was done: what would have been understood."""
    for line in lines:
        yield AnswerLine(line.text, AnswerOutcome.UNCLEAR if line.command is None else AnswerOutcome.WOULD)


def _lines(tx: Transaction, kit: Kit, order: Order, matter: Matter) -> Iterator[AnswerLine]:
    for step in matter.steps:
        yield _line(tx, kit, step, order.outcomes.get(step.key) or _looked_at(matter, step))
    answered = {step.text for step in matter.steps}
    for line in matter.material.instructions.lines:
        if line.text not in answered:  # 全件OK, and nothing was left to glance at
            yield AnswerLine(line.text, AnswerOutcome.NOT_SHOWN)
    if matter.preview.refused and not any(s.command.verb in PROPOSES for s in matter.steps):
        yield AnswerLine(
            "、".join(t.name for t in matter.material.tables), AnswerOutcome.REFUSED, matter.preview.refused
        )


def _looked_at(matter: Matter, step: Step) -> Outcome:
    """A line that changes nothing by itself: what it asks for stands below, or why not."""
    if matter.preview.refused and step.command.verb in PROPOSES:
        return Outcome(AnswerOutcome.REFUSED, matter.preview.refused)
    if step.key in matter.wanted.refused:
        return Outcome(AnswerOutcome.REFUSED, matter.wanted.refused[step.key])
    if step.key in matter.wanted.given:
        return Outcome(AnswerOutcome.ATTACHED)
    return Outcome(AnswerOutcome.SHOWN)


def _line(tx: Transaction, kit: Kit, step: Step, outcome: Outcome) -> AnswerLine:
    line = AnswerLine(step.text, outcome.outcome, outcome.because, number=step.number)
    if step.command.verb in ABOUT_QUESTIONS:
        return _about_question(tx, kit, step, line)
    if step.command.verb is Verb.RELEASE and outcome.outcome is AnswerOutcome.DONE and step.number is not None:
        gone = tx.get_outbox(step.number).state is OutboxState.CANCELLED
        return replace(line, outcome=AnswerOutcome.NEEDLESS) if gone else line
    return line


def _about_question(tx: Transaction, kit: Kit, step: Step, line: AnswerLine) -> AnswerLine:
    if step.number is None or line.outcome is AnswerOutcome.NOT_SHOWN:
        return line
    question = tx.get_review(step.number)
    done = line.outcome is AnswerOutcome.DONE
    value = value_of(step.command, question) if done else ""
    because = line.because or (question.settled_because if line.outcome is AnswerOutcome.CHANGED else "")
    place = place_of_question(tx, kit, question)
    return replace(line, place=place, field=question.field, value=value, because=because)
