"""The admin's answer to the morning's digest: one line for each question, as the digest explains it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from daemon.domain.model import Review
from daemon.simulation.admin import NAME, Answer
from daemon.simulation.installation import ADMIN
from daemon.simulation.offices.incoming import Received
from daemon.simulation.offices.writing import Words, write
from parsers.findings import Field

_GREETING = "お疲れさまです。日報の確認事項について、次のとおりお願いします。"


def reply(digest: Received, answers: Iterable[tuple[Review, Answer]], at: dt.datetime) -> bytes:
    """The raw mail: the lines above the quoted digest."""
    lines = [_line(question, answer) for question, answer in answers]
    text = "\n".join([_GREETING, "", *lines, "", "よろしくお願いします。"])
    return write(Words(ADMIN, NAME, digest.reply_to, f"RE: {digest.subject}", text, answers=digest), at)


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
