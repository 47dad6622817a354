"""Japanese words for codes on the terminal: the same tables as the mails (`mail_templates/words.toml`)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from parsers.findings import Evidence, Field, Problem

if TYPE_CHECKING:
    from daemon.adapters.templates import Words
    from daemon.domain.model import MailState, OutboxState, State, TrainingState


@cache
def _words() -> Words:
    from daemon.adapters.resources import data_path
    from daemon.adapters.templates import Words as Tables

    return Tables([data_path("mail_templates")])


def state(code: State) -> str:
    """Where a trainee stands."""
    return _words().word(code, "state")


def training(code: TrainingState) -> str:
    """Where a training stands."""
    return _words().word(code, "training")


def mail(code: MailState) -> str:
    """Where a message of the ledger stands."""
    return _words().word(code, "mail")


def outbox(code: OutboxState) -> str:
    """Where an outgoing mail stands."""
    return _words().word(code, "outbox")


def purpose(code: str, stage: str = "") -> str:
    """What an outgoing mail is for."""
    shown = _words().word(code, "purpose")
    return f"{shown}（{_words().word(stage, 'stage')}）" if stage else shown


def kind(code: str) -> str:
    """What a question is about."""
    return _words().word(code, "review")


def way(code: str) -> str:
    """How a roster reached 中央年金事務所."""
    return _words().word(code, "way")


def hold(text: str) -> str:
    """Why a mail is held."""
    return _words().hold(text) if text else ""


def field(code: Field) -> str:
    """A column of the roster."""
    return _words().word(code, "field")


def problem(code: Problem) -> str:
    """The sentence for admins."""
    return _words().problem(code, "admin")


def problems(codes: tuple[Problem, ...]) -> str:
    """All sentences in one line."""
    return "／".join(problem(c) for c in codes)


def place(where: Evidence) -> str:
    """Where in the mail something stands: 「2/fax.tif 3頁」, 「1/名簿.xlsx 名簿!F12」."""
    sheet = f"{where.sheet}!" if where.sheet else ""
    cell = f"{sheet}{where.cell}" if where.cell else f"{where.page}頁" if where.page else ""
    return " ".join(part for part in (where.part, cell) if part)


def reading(where: Evidence) -> str:
    """How a picture was read: both readings when they differ, the fit, who named the page; "" for anything else."""
    parts = []
    if where.readers:
        parts.append(f"読取 {'／'.join(dict.fromkeys(where.readers))}")
    if where.fit_error_mm is not None:
        parts.append(f"位置ずれ {where.fit_error_mm:.2f}mm")
    if where.named_by:
        parts.append(f"ページの指定 {where.named_by}")
    return "　".join(parts)
