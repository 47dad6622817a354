"""IMAP → ledger: nothing lost, nothing twice, whatever the server does (I1)."""

from __future__ import annotations

import pytest

from daemon.domain.model import MailState
from daemon.handlers.ingest import replay, work_through
from daemon.handlers.intake import sync
from daemon.ports import MailboxError
from parsers.findings import Document
from parsers.reading import ReadingContext
from tests.fakes.house import House


@pytest.fixture
def house() -> House:
    return House()


def a_mail(n: int) -> bytes:
    head = f"From: someone@example.com\r\nSubject: mail {n}\r\nMessage-ID: <{n}@example.com>\r\n"
    return f"{head}Auto-Submitted: auto-generated\r\n\r\nbody {n}\r\n".encode()


def ledger(house: House) -> list[tuple[int, int]]:
    with house.store.snapshot() as tx:
        return [(m.uidvalidity, m.uid) for m in tx.mails()]


def test_every_message_is_stored_once_however_often_we_look(house: House) -> None:
    for n in range(60):
        house.mailbox.lay(a_mail(n))
    first = sync(house.kit, house.mailbox, full=True)
    again = sync(house.kit, house.mailbox, full=False)
    assert (first.stored, again.stored) == (60, 0)
    assert len(set(ledger(house))) == 60


def test_the_mark_stays_below_a_message_without_a_body_and_the_message_comes_later(house: House) -> None:
    for n in range(3):
        house.mailbox.lay(a_mail(n))
    house.mailbox.hidden = {2}
    report = sync(house.kit, house.mailbox, full=True)
    assert (report.stored, report.missing) == (2, 1)
    with house.store.snapshot() as tx:
        mark = tx.high_water("INBOX")
    assert mark is not None
    assert mark.uid < 2
    house.mailbox.hidden = set()
    assert sync(house.kit, house.mailbox, full=False).stored == 1
    assert sorted(uid for _, uid in ledger(house)) == [1, 2, 3]


def test_a_message_that_vanished_is_no_gap_for_ever(house: House) -> None:
    for n in range(3):
        house.mailbox.lay(a_mail(n))
    house.mailbox.hidden = {2}
    sync(house.kit, house.mailbox, full=True)
    del house.mailbox.messages[2]
    report = sync(house.kit, house.mailbox, full=True)
    assert report.missing == 0


def test_what_was_stored_before_an_outage_stays(house: House) -> None:
    house.mailbox.lay(a_mail(1))
    sync(house.kit, house.mailbox, full=True)
    house.mailbox.down = True
    with pytest.raises(MailboxError):
        sync(house.kit, house.mailbox, full=True)
    assert len(ledger(house)) == 1


def test_a_recreated_mailbox_is_read_anew_and_its_copies_change_nothing(house: House) -> None:
    house.receive(a_mail(1), a_mail(2))
    house.mailbox.uidvalidity = 8
    house.receive(a_mail(3))
    with house.store.snapshot() as tx:
        twins = [m.duplicate_of for m in tx.mails() if m.uidvalidity == 8]
    assert twins == [1, 2, None]


def test_equal_message_ids_with_other_content_are_two_messages(house: House) -> None:
    house.receive(a_mail(1), a_mail(1).replace(b"body 1", b"another body"))
    with house.store.snapshot() as tx:
        assert [m.duplicate_of for m in tx.mails()] == [None, None]


class Poison:
    """A reader that dies on one message."""

    def __init__(self) -> None:
        self.healed = False

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        from parsers.reading import read_file

        if b"mail 2" in data and not self.healed:
            raise RuntimeError("a bug nobody expected")
        return read_file(name, data, context)

    def close(self) -> None:
        return None


def test_a_poison_message_is_set_aside_after_three_attempts_and_the_others_go_on(house: House) -> None:
    from dataclasses import replace

    poison = Poison()
    house.kit = replace(house.kit, reader=poison)
    for n in range(1, 4):
        house.mailbox.lay(a_mail(n))
    sync(house.kit, house.mailbox, full=True)
    for _ in range(4):
        work_through(house.kit)
    with house.store.snapshot() as tx:
        states = {m.uid: m.state for m in tx.mails()}
        failure = tx.get_mail(2).failure
    assert states == {1: MailState.APPLIED, 2: MailState.QUARANTINE, 3: MailState.APPLIED}
    assert "RuntimeError" in failure
    assert "nobody expected" not in failure
    poison.healed = True
    assert replay(house.kit, 2, "admin")
    with house.store.snapshot() as tx:
        assert tx.get_mail(2).state is MailState.APPLIED
