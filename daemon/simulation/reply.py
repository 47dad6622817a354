"""What the admin writes to the daemon: answers to the digest, a line for each question; lists and results; 承認."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.domain.model import Review
from daemon.simulation.admin import NAME, Answer
from daemon.simulation.installation import ADMIN
from daemon.simulation.offices.incoming import Received
from daemon.simulation.offices.writing import Words, write
from parsers.findings import Field

_GREETING = "お疲れさまです。日報の確認事項について、次のとおりお願いします。"


APPROVED = "承認"


@dataclass(frozen=True, slots=True)
class Letter:
    """Something asked for by mail."""

    text: str
    files: tuple[tuple[str, bytes], ...] = ()


def answer(to: Received, letter: Letter, at: dt.datetime) -> bytes:
    """The raw mail, answering one of the daemon's."""
    return write(Words(ADMIN, NAME, to.reply_to, f"RE: {to.subject}", letter.text, letter.files, to), at)


def reply(digest: Received, said: Iterable[tuple[Review, Answer]], at: dt.datetime) -> bytes:
    """The raw mail: the lines above the quoted digest."""
    lines = [_line(question, word) for question, word in said]
    text = "\n".join([_GREETING, "", *lines, "", "よろしくお願いします。"])
    return answer(digest, Letter(text), at)


def _line(question: Review, answer: Answer) -> str:
    number = question.review_id
    if answer.verdict == "rejected":
        return f"{number} 却下 {answer.because}"
    if answer.verdict != "set":
        return f"{number} OK"
    if question.field is not None and question.field.is_date:
        day = dt.date.fromisoformat(answer.value)
        return f"{number} R{day.year - 2018}.{day.month}.{day.day} {answer.because}"
    word = "理由" if question.field is Field.NO_DESTINATION_REASON else "配属"
    return f"{number} {word} {answer.value}"
