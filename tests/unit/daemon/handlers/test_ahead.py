"""Reading ahead: the order stays, suspects stand alone, two workers never take the same message."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from daemon.domain.model import MailState
from daemon.handlers.ahead import CLAIM, Turn, turn_on
from daemon.handlers.ingest import work_through
from daemon.handlers.intake import sync
from parsers.findings import Document
from parsers.reading import ReadingContext, read_file
from tests.fakes.house import House


class SeveralReaders:
    """Readers that may be asked from three threads; tells what it saw through `seen`."""

    parallel = 3

    def __init__(self, seen: Callable[[bytes], None] = lambda data: None) -> None:
        self.seen = seen

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        self.seen(data)
        return read_file(name, data, context)

    def close(self) -> None:
        return None


@pytest.fixture
def house() -> House:
    return House()


def a_mail(n: int) -> bytes:
    head = f"From: someone@example.com\r\nSubject: mail {n}\r\nMessage-ID: <{n}@example.com>\r\n"
    return f"{head}Auto-Submitted: auto-generated\r\n\r\nbody {n}\r\n".encode()


def lay(house: House, count: int) -> None:
    for n in range(1, count + 1):
        house.mailbox.lay(a_mail(n))
    sync(house.kit, house.mailbox, full=True)


def attempts(house: House) -> dict[int, int]:
    with house.store.snapshot() as tx:
        return {m.uid: m.attempts for m in tx.mails()}


def test_messages_are_applied_in_the_order_they_came_however_they_are_read(house: House) -> None:
    later = threading.Event()

    def slow_first(data: bytes) -> None:
        if b"mail 1\r" in data:
            later.wait(10)
        if b"mail 3\r" in data:
            later.set()

    house.kit = replace(house.kit, reader=SeveralReaders(slow_first))
    lay(house, 9)
    assert work_through(house.kit).applied == 9
    with house.store.snapshot() as tx:
        applied = [e.subject for e in tx.events() if e.kind == "mail-read"]
    assert applied == [f"mail:{n}" for n in range(1, 10)]


def test_a_crash_costs_the_messages_that_were_read_ahead_one_attempt_and_the_others_none(house: House) -> None:
    class Crash(BaseException):
        pass

    def end(data: bytes) -> None:
        if b"mail 2\r" in data:
            raise Crash

    house.kit = replace(house.kit, reader=SeveralReaders(end))
    lay(house, 20)
    with pytest.raises(Crash):
        work_through(house.kit)
    counted = attempts(house)
    assert {counted[n] for n in range(1, CLAIM + 1)} == {1}
    assert {counted[n] for n in range(2 * CLAIM + 1, 21)} == {0}


def test_after_a_crash_nobody_is_claimed_beside_the_suspect(house: House) -> None:
    lay(house, 6)
    with house.store.transaction() as tx:
        for mail in tx.mails()[:3]:
            tx.save_mail(replace(mail, attempts=1))
    claimed_beside: dict[int, list[int]] = {}

    def look(data: bytes) -> None:
        n = int(data.split(b"Subject: mail ")[1].split(b"\r")[0])
        with house.store.snapshot() as tx:
            mails = tx.mails()
        if n <= 3:
            claimed_beside[n] = [m.uid for m in mails if m.state is MailState.RECEIVED and m.attempts == 2]

    house.kit = replace(house.kit, reader=SeveralReaders(look))
    assert work_through(house.kit).applied == 6
    assert claimed_beside == {1: [1], 2: [2], 3: [3]}


def test_who_comes_while_another_works_leaves_word_and_goes() -> None:
    turn = Turn()
    assert turn.take()
    assert not turn.take()
    assert turn.again()
    assert not turn.again()
    assert turn.take()
    turn.drop()
    assert turn.take()


def test_two_workers_at_once_count_each_message_once(house: House) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(data: bytes) -> None:
        inside.set()
        go_on.wait(10)

    house.kit = replace(house.kit, reader=SeveralReaders(wait))
    lay(house, 5)
    first = threading.Thread(target=work_through, args=(house.kit,))
    first.start()
    inside.wait(10)
    assert work_through(house.kit).applied == 0
    go_on.set()
    first.join(20)
    assert set(attempts(house).values()) == {1}
    assert turn_on(house.store).take()


def test_what_another_daemon_settled_meanwhile_is_left_alone(house: House) -> None:
    def settle(data: bytes) -> None:
        with house.store.transaction() as tx:
            tx.save_mail(replace(tx.get_mail(1), state=MailState.APPLIED))

    house.kit = replace(house.kit, reader=SeveralReaders(settle))
    lay(house, 1)
    assert work_through(house.kit).applied == 0
    with house.store.snapshot() as tx:
        assert [e.kind for e in tx.events() if e.subject == "mail:1"] == []
