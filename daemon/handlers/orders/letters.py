"""The mails to an admin about an order: a challenge, an answer, and the note that a line is unclear."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from daemon.domain.commands import Command, Instructions, Line, Verb
from daemon.domain.commands.model import ABOUT_MAILS
from daemon.domain.directory import Admin
from daemon.domain.letters import AnswerLetter, AnswerLine, AnswerOutcome, ChallengeLetter, Place, ReplyDesk
from daemon.domain.model import LedgerMail, MailPurpose, Review
from daemon.domain.tokens import ticket
from daemon.handlers.desk import Desk
from daemon.handlers.orders.origin import Standing
from daemon.handlers.orders.shown import Shown, marks, remember, shown_by
from daemon.handlers.outgoing import Draft, File, queue
from daemon.ports import Kit, Transaction

CHALLENGE, ANSWER = "challenge", "answer"
"""Stages of a mail with purpose "admin"."""


def send_challenge(desk: Desk, standing: Standing, instructions: Instructions) -> int:
    """Queue the mail that asks the admin's own address; its number in the outbox."""
    tx, kit, mail, admin = desk.tx, desk.kit, desk.mail, standing.admin
    assert admin is not None
    now = kit.clock.now()
    key = f"challenge:{mail.ledger_id}"
    shown = shown_by(tx, standing.answered.outbox_id if standing.answered is not None else None)
    letter = ChallengeLetter(
        now, admin.name, mail.subject, mail.received_at, tuple(_would(tx, kit, instructions.lines, shown)),
        tuple(a.name for a in standing.message.attachments),
        now + dt.timedelta(hours=kit.policy.admin_mail.challenge_hours), desk_of(kit, key),
    )  # fmt: skip
    # It starts a thread of its own: that an answer quotes it must prove that the admin received it.
    words = kit.templates.render(letter.template, letter)
    outbox_id = queue(tx, kit, Draft(MailPurpose.ADMIN, key, words, (admin.address,), stage=CHALLENGE))
    assert outbox_id is not None, "one challenge a mail"
    named = [c for c in instructions.commands if c.verb is not Verb.ACCEPT_ALL]
    now_marks = marks(
        tx, [n for c in named if c.verb not in ABOUT_MAILS for n in c.numbers],
        [n for c in named if c.verb in ABOUT_MAILS for n in c.numbers],
    )  # fmt: skip
    remember(tx, kit, outbox_id, key, replace(now_marks, challenge=mail.ledger_id))
    return outbox_id


def send_unclear(desk: Desk, admin: Admin, instructions: Instructions) -> None:
    """Nothing is done: the mail is answered with what would have been understood."""
    tx, kit, mail = desk.tx, desk.kit, desk.mail
    lines = tuple(_would(tx, kit, instructions.lines, Shown()))
    letter = AnswerLetter(kit.clock.now(), admin.name, mail.subject, lines, desk_of(kit, _key(mail)), help=True)
    send_answer(tx, kit, mail, Answer(admin, letter, Shown(), stage=CHALLENGE))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, before it is frozen."""

    admin: Admin
    letter: AnswerLetter
    shown: Shown
    """What an answer to it may act on."""
    files: tuple[File, ...] = ()
    stage: str = ANSWER


def send_answer(tx: Transaction, kit: Kit, mail: LedgerMail, answer: Answer) -> None:
    """Queue the answer to the mail, unless this admin got too many today."""
    admin, letter = answer.admin, answer.letter
    if _answered_today(tx, kit, admin.address) >= kit.policy.admin_mail.answers_per_day:
        return
    draft = Draft(
        MailPurpose.ADMIN, _key(mail), kit.templates.render(letter.template, letter), (admin.address,),
        stage=answer.stage, files=answer.files,
        answers=(mail.message_id,) if mail.message_id else (),
    )  # fmt: skip
    outbox_id = queue(tx, kit, draft)
    if outbox_id is not None:
        remember(tx, kit, outbox_id, _key(mail), answer.shown)


def _answered_today(tx: Transaction, kit: Kit, address: str) -> int:
    since = kit.clock.now() - dt.timedelta(hours=24)
    return sum(m.purpose is MailPurpose.ADMIN and address in m.recipients for m in tx.outbox(since=since))


def _key(mail: LedgerMail) -> str:
    return f"answer:{mail.ledger_id}"


def desk_of(kit: Kit, key: str) -> ReplyDesk:
    """How the mail with that key is answered."""
    return ReplyDesk(kit.letterhead.address, ticket(kit.key, key))


def answer_desk(kit: Kit, mail: LedgerMail) -> ReplyDesk:
    """How the answer to the mail is answered."""
    return desk_of(kit, _key(mail))


def _would(tx: Transaction, kit: Kit, lines: Iterable[Line], shown: Shown) -> Iterator[AnswerLine]:
    """What each line would do, were it done."""
    for line in lines:
        if line.command is None:
            yield AnswerLine(line.text, AnswerOutcome.UNCLEAR)
            continue
        told = list(_told(tx, kit, line, line.command, shown))
        yield from told or [AnswerLine(line.text, AnswerOutcome.WOULD)]


def _told(tx: Transaction, kit: Kit, line: Line, command: Command, shown: Shown) -> Iterator[AnswerLine]:
    """One line for each question, with the row it is about."""
    numbers = command.numbers if command.verb not in ABOUT_MAILS else ()
    if command.verb is Verb.ACCEPT_ALL:
        numbers = tuple(sorted(shown.questions))
    known = {q.review_id: q for q in tx.reviews()} if numbers else {}
    for number in numbers:
        question = known.get(number)
        glance = question is not None and question.kind == "verify" and bool(question.suggestion)
        if command.verb is Verb.ACCEPT_ALL and not glance:
            continue
        if question is None:
            yield AnswerLine(line.text, AnswerOutcome.NOT_SHOWN, number=number)
        else:
            value = value_of(command, question)
            place = place_of_question(tx, kit, question)
            yield AnswerLine(line.text, AnswerOutcome.WOULD, "", place, question.field, value, number)


def value_of(command: Command, question: Review) -> str:
    """What the command records for the question; "" for nothing."""
    if command.verb is Verb.SET:
        return command.days[0].isoformat() if command.days else command.words[0]
    return question.suggestion if command.verb in {Verb.ACCEPT, Verb.ACCEPT_ALL} else ""


def place_of_question(tx: Transaction, kit: Kit, question: Review) -> Place:
    """Which row the question is about."""
    from daemon.handlers.digest import place_of

    row = tx.find_enrollment(question.enrollment_id) if question.enrollment_id else None
    return place_of(tx, kit, row) if row is not None else Place(prefecture=question.prefecture)
