"""Three strikes for a message, none for the house."""

from __future__ import annotations

import pytest

from daemon.domain.model import LedgerMail, MailState
from daemon.errors import Unavailable
from daemon.handlers.ingest import work_through
from daemon.handlers.intake import sync
from parsers.findings import Document
from parsers.reading import ReadingContext, read_file
from tests.fakes.house import House

RAW = b"From: someone@example.com\r\nSubject: x\r\nAuto-Submitted: auto-generated\r\n\r\nbody\r\n"


class FailingReader:
    """Fails with the exceptions it is given, then reads."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        if self._failures:
            raise self._failures.pop(0)
        return read_file(name, data, context)

    def close(self) -> None:
        return None


def worked_on(monkeypatch: pytest.MonkeyPatch, times: int, *failures: Exception) -> LedgerMail:
    """The message after `times` rounds."""
    house = House()
    reader = FailingReader(*failures)
    monkeypatch.setattr(house.kit.reader, "read", reader.read)
    house.mailbox.lay(RAW)
    sync(house.kit, house.mailbox, full=True)
    for _ in range(times):
        work_through(house.kit)
    with house.store.snapshot() as tx:
        return tx.mails()[0]


def test_a_message_that_fails_three_times_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    mail = worked_on(monkeypatch, 4, *[ValueError()] * 3)
    assert mail.state is MailState.QUARANTINE
    assert mail.failure.startswith("ValueError in")


def test_an_outage_of_the_house_is_no_strike_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    outage = [Unavailable("the disk is full")] * 5
    waiting = worked_on(monkeypatch, 5, *outage)
    assert (waiting.state, waiting.attempts) == (MailState.RECEIVED, 0)
    assert waiting.failure.startswith("Unavailable in")
    assert worked_on(monkeypatch, 6, *outage).state is MailState.APPLIED
