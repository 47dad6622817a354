"""Instructions → steps: one for each question and each mail that is named, in the order they are to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from daemon.domain.commands import Command, Line, Verb
from daemon.domain.commands.model import ABOUT_MAILS, ABOUT_QUESTIONS
from daemon.handlers.orders.material import Material
from daemon.handlers.orders.shown import Shown
from daemon.handlers.orders.steps import Step
from daemon.ports import Transaction


def steps_of(tx: Transaction, material: Material, shown: Shown) -> list[Step]:
    """Every step of a clear mail. 全件OK comes last and leaves out what another line of the mail names."""
    lines = list(enumerate(material.instructions.lines))
    named = {n for _, line in lines if line.command for n in _questions(line.command)}
    found = [s for at, line in lines if line.command for s in _steps(at, line, line.command)]
    for at, line in lines:
        if line.command is not None and line.command.verb is Verb.ACCEPT_ALL:
            found += [_step(at, line, Command(Verb.ACCEPT, (n,))) for n in _glances(tx, shown) if n not in named]
    return found


def _questions(command: Command) -> tuple[int, ...]:
    return command.numbers if command.verb in ABOUT_QUESTIONS else ()


def _steps(at: int, line: Line, command: Command) -> Iterator[Step]:
    if command.verb is Verb.ACCEPT_ALL:
        return
    if command.verb in ABOUT_QUESTIONS or command.verb in ABOUT_MAILS:
        yield from (_step(at, line, replace(command, numbers=(n,))) for n in command.numbers)
    else:
        yield _step(at, line, command)


def _step(at: int, line: Line, command: Command) -> Step:
    number = f":{command.numbers[0]}" if command.numbers else ""
    return Step(f"{at}{number}", line.text, command, command.mark)


def _glances(tx: Transaction, shown: Shown) -> list[int]:
    """Values the mail shows that only wait for a glance: read, allowed by every guard, not verified yet."""
    found = []
    for number in sorted(shown.questions):
        question = tx.get_review(number)
        if question.kind == "verify" and question.suggestion:
            found.append(number)
    return found
