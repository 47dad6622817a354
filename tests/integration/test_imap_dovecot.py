"""`ImapMailbox` against a real Dovecot."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from daemon.adapters.imap import ImapMailbox, ImapSettings
from daemon.adapters.transport import Security
from daemon.ports import MailboxError
from tests.integration.servers.dovecot import PASSWORD, Dovecot
from tests.integration.servers.processes import free_port, wait_until
from tests.integration.servers.wire import Wire

pytestmark = pytest.mark.dovecot


_NUMBERS = itertools.count(1)


class WallClock:
    """The system's clock, shiftable."""

    shift = dt.timedelta()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.shift

    def today(self) -> dt.date:
        return self.now().date()


@pytest.fixture
def user() -> str:
    return f"user-{next(_NUMBERS)}"


Opener = Callable[..., ImapMailbox]


@pytest.fixture
def open_mailbox(dovecot: Dovecot, user: str) -> Iterator[Opener]:
    opened: list[ImapMailbox] = []

    def opener(clock: WallClock | None = None, **changes: object) -> ImapMailbox:
        settings: dict[str, object] = {
            "host": "127.0.0.1", "port": dovecot.imap, "user": user, "password": lambda: PASSWORD,
            "security": Security.PLAIN, "connect_timeout_s": 5.0, "read_timeout_s": 5.0,
        }  # fmt: skip
        opened.append(ImapMailbox(ImapSettings(**{**settings, **changes}), clock or WallClock()))
        return opened[-1]

    yield opener
    for mailbox in opened:
        mailbox.close()


def message(number: int, size: int = 0) -> bytes:
    head = b"From: someone@example.test\r\nSubject: no %d\r\nMessage-ID: <%d@example.test>\r\n\r\n" % (number, number)
    filling = b"0123456789abcdef" * 4 + b"\r\n"
    return head + b"hello\r\n" + filling * (size // len(filling))


def test_a_delivered_message_comes_back_byte_for_byte_with_its_arrival_time(
    dovecot: Dovecot, open_mailbox: Opener, user: str
) -> None:
    dovecot.deliver(message(1), user)
    mailbox = open_mailbox()

    view = mailbox.search()
    mail = mailbox.fetch(view.uids[0])

    assert mail is not None
    assert mail.raw.endswith(message(1))  # LMTP puts Return-Path and Received before it
    assert mail.received_at.tzinfo is dt.UTC
    assert abs(dt.datetime.now(dt.UTC) - mail.received_at) < dt.timedelta(minutes=1)
    assert (view.mailbox, view.uidvalidity) == ("INBOX", dovecot.uidvalidity(user))


def test_reading_leaves_no_trace_in_the_mailbox(dovecot: Dovecot, open_mailbox: Opener, user: str) -> None:
    dovecot.deliver(message(1), user)
    mailbox = open_mailbox()

    assert mailbox.fetch(mailbox.search().uids[0]) is not None

    flags = dovecot.flags(1, user)
    assert b"\\Seen" not in flags
    assert b"\\Recent" in flags  # nobody but staff has opened it for writing


def test_a_search_from_beyond_the_last_message_finds_nothing(dovecot: Dovecot, open_mailbox: Opener, user: str) -> None:
    dovecot.deliver(message(1), user)

    assert open_mailbox().search(from_uid=2).uids == ()


def test_new_mail_ends_the_idle_wait_at_once(dovecot: Dovecot, open_mailbox: Opener, user: str) -> None:
    mailbox = open_mailbox()
    assert mailbox.search().uids == ()
    threading.Timer(0.3, dovecot.deliver, (message(1), user)).start()

    started = time.monotonic()
    mailbox.wait(30)

    assert time.monotonic() - started < 10
    assert mailbox.search().uids == (1,)


def test_mail_that_came_between_search_and_idle_is_found_after_the_wait(
    dovecot: Dovecot, open_mailbox: Opener, user: str
) -> None:
    mailbox = open_mailbox()
    mailbox.search()
    dovecot.deliver(message(1), user)

    mailbox.wait(1)

    assert mailbox.search().uids == (1,)


def test_a_quiet_wait_keeps_the_connection(dovecot: Dovecot, open_mailbox: Opener) -> None:
    with Wire(dovecot.imap) as wire:
        mailbox = open_mailbox(port=wire.port)
        mailbox.search()
        mailbox.wait(0.2)
        mailbox.wait(0.2)
        mailbox.search()

        assert wire.accepted == 1


def test_without_idle_new_mail_is_noticed_by_polling(open_mailbox: Opener, user: str) -> None:
    with Dovecot(capability="IMAP4rev1 AUTH=PLAIN") as server:
        mailbox = open_mailbox(port=server.imap, poll_s=0.1)
        mailbox.search()
        threading.Timer(0.3, server.deliver, (message(1), user)).start()

        started = time.monotonic()
        mailbox.wait(30)

        assert time.monotonic() - started < 10
        assert mailbox.search().uids == (1,)


def test_wake_interrupts_a_wait_from_another_thread(open_mailbox: Opener) -> None:
    mailbox = open_mailbox()
    mailbox.search()
    threading.Timer(0.3, mailbox.wake).start()

    started = time.monotonic()
    mailbox.wait(30)

    assert time.monotonic() - started < 5
    assert mailbox.search().uids == ()  # the session is still good


def test_a_message_that_vanished_after_the_search_is_none(dovecot: Dovecot, open_mailbox: Opener, user: str) -> None:
    for number in (1, 2, 3):
        dovecot.deliver(message(number), user)
    mailbox = open_mailbox()
    assert mailbox.search().uids == (1, 2, 3)
    dovecot.expunge(2, user)

    assert mailbox.fetch(2) is None
    assert mailbox.fetch(3) is not None
    assert mailbox.search().uids == (1, 3)


def test_flags_changed_by_staff_meanwhile_do_not_disturb_a_fetch(
    dovecot: Dovecot, open_mailbox: Opener, user: str
) -> None:
    for number in (1, 2):
        dovecot.deliver(message(number), user)
    mailbox = open_mailbox()
    mailbox.search()
    with dovecot.session(user) as staff:
        staff.uid("STORE", "1:2", "+FLAGS", "(\\Seen \\Flagged)")

    mail = mailbox.fetch(2)

    assert mail is not None
    assert mail.raw.endswith(message(2))


def test_a_recreated_mailbox_shows_its_new_uidvalidity_and_old_numbers_are_refused(
    dovecot: Dovecot, open_mailbox: Opener, user: str
) -> None:
    dovecot.deliver(message(1), user)
    mailbox = open_mailbox()
    before = mailbox.search()
    dovecot.recreate(user)
    dovecot.deliver(message(2), user)

    with pytest.raises(MailboxError):  # the session was killed …
        mailbox.wait(1)
    with pytest.raises(MailboxError, match="re-created"):  # … and UID 1 is another mail now
        mailbox.fetch(1)

    after = mailbox.search()
    assert after.uidvalidity == before.uidvalidity + 1
    mail = mailbox.fetch(1)
    assert mail is not None
    assert mail.raw.endswith(message(2))


def test_thirty_megabytes_come_whole_and_without_a_second_copy(
    dovecot: Dovecot, open_mailbox: Opener, user: str
) -> None:
    big = message(1, 30_000_000)
    dovecot.seed([big], user)
    mailbox = open_mailbox(read_timeout_s=30.0)
    mailbox.search()

    tracemalloc.start()
    mail = mailbox.fetch(1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert mail is not None
    assert mail.raw == big
    assert peak < len(big) * 1.6  # the message, growth slack, and one chunk while it is parsed


def test_three_thousand_messages_are_found_in_windows(
    dovecot: Dovecot, open_mailbox: Opener, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.seed((message(number) for number in range(3000)), user)
    monkeypatch.setattr("daemon.adapters.imap.download.WINDOW", 700)
    mailbox = open_mailbox()

    assert mailbox.search().uids == tuple(range(1, 3001))
    assert mailbox.search(from_uid=2801).uids == tuple(range(2801, 3001))


def test_a_mailbox_with_a_japanese_name_is_opened(dovecot: Dovecot, open_mailbox: Opener, user: str) -> None:
    dovecot.doveadm("mailbox", "create", "-u", user, "名簿受付")
    dovecot.doveadm("save", "-u", user, "-m", "名簿受付", given=message(1))
    mailbox = open_mailbox(mailbox="名簿受付")

    view = mailbox.search()

    assert view.mailbox == "名簿受付"
    mail = mailbox.fetch(view.uids[0])
    assert mail is not None
    assert mail.raw == message(1)


def test_a_restarted_server_costs_one_error_and_nothing_else(open_mailbox: Opener, user: str) -> None:
    with Dovecot() as server:
        server.deliver(message(1), user)
        mailbox = open_mailbox(port=server.imap)
        assert mailbox.search().uids == (1,)
        server.restart()

        with pytest.raises(MailboxError):
            mailbox.search()

        assert mailbox.search().uids == (1,)


def test_a_server_that_is_down_is_an_error_that_says_so(open_mailbox: Opener) -> None:
    with pytest.raises(MailboxError, match=r"127\.0\.0\.1: .*refused"):
        open_mailbox(port=free_port()).search()


def test_a_killed_session_is_noticed_while_idling(dovecot: Dovecot, open_mailbox: Opener, user: str) -> None:
    mailbox = open_mailbox()
    mailbox.search()
    threading.Timer(0.3, dovecot.kill_sessions).start()

    started = time.monotonic()
    with pytest.raises(MailboxError):
        mailbox.wait(30)

    assert time.monotonic() - started < 10
    assert mailbox.search().uids == ()


def test_a_frozen_server_is_noticed_at_the_end_of_the_wait(dovecot: Dovecot, open_mailbox: Opener) -> None:
    mailbox = open_mailbox(read_timeout_s=0.5)
    mailbox.search()
    dovecot.freeze()
    try:
        with pytest.raises(MailboxError, match="no answer in time"):
            mailbox.wait(0.2)
    finally:
        dovecot.resume()

    assert mailbox.search().uids == ()


def test_a_stalled_line_is_noticed_by_the_read_timeout(dovecot: Dovecot, open_mailbox: Opener) -> None:
    with Wire(dovecot.imap) as wire:
        mailbox = open_mailbox(port=wire.port, read_timeout_s=0.5)
        mailbox.search()
        wire.stall()

        with pytest.raises(MailboxError, match="no answer in time"):
            mailbox.search()

        wire.flow()
        assert mailbox.search().uids == ()


def test_an_old_connection_is_replaced_before_it_is_used(dovecot: Dovecot, open_mailbox: Opener) -> None:
    with Wire(dovecot.imap) as wire:
        mailbox = open_mailbox(port=wire.port, max_age_s=0.0)
        mailbox.search()
        mailbox.search()

        assert wire.accepted == 2


def test_after_the_machine_slept_the_connection_is_replaced(dovecot: Dovecot, open_mailbox: Opener) -> None:
    clock = WallClock()
    with Wire(dovecot.imap) as wire:
        mailbox = open_mailbox(clock, port=wire.port)
        mailbox.search()
        clock.shift = dt.timedelta(hours=8)
        mailbox.search()
        mailbox.search()

        assert wire.accepted == 2


def test_a_virtual_clock_may_run_away(dovecot: Dovecot, open_mailbox: Opener) -> None:
    clock = WallClock()
    with Wire(dovecot.imap) as wire:
        mailbox = open_mailbox(clock, port=wire.port, clock_jump_s=math.inf)
        mailbox.search()
        clock.shift = dt.timedelta(days=90)
        mailbox.search()

        assert wire.accepted == 1


def test_a_wrong_password_says_what_to_check_and_nothing_secret(open_mailbox: Opener, user: str) -> None:
    with pytest.raises(MailboxError) as caught:
        open_mailbox(password=lambda: "wrong-secret").search()

    assert "check user and credential" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)
    assert user not in str(caught.value)


def test_the_password_is_asked_at_every_connect(dovecot: Dovecot, open_mailbox: Opener) -> None:
    asked: list[str] = []

    def password() -> str:
        asked.append("once")
        return PASSWORD

    mailbox = open_mailbox(password=password)
    mailbox.search()
    mailbox.close()
    mailbox.search()

    assert len(asked) == 2


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_an_encrypted_connection_works_when_the_authority_is_known(
    dovecot: Dovecot, open_mailbox: Opener, user: str, security: Security
) -> None:
    dovecot.deliver(message(1), user)
    port = dovecot.imaps if security is Security.TLS else dovecot.imap
    mailbox = open_mailbox(port=port, security=security, ca_file=dovecot.certificate)

    assert mailbox.search().uids == (1,)
    threading.Timer(0.3, dovecot.deliver, (message(2), user)).start()
    started = time.monotonic()
    mailbox.wait(30)
    assert time.monotonic() - started < 10
    assert mailbox.fetch(mailbox.search().uids[-1]) is not None


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_an_unknown_certificate_is_refused(dovecot: Dovecot, open_mailbox: Opener, security: Security) -> None:
    port = dovecot.imaps if security is Security.TLS else dovecot.imap

    with pytest.raises(MailboxError, match="certificate is not trusted"):
        open_mailbox(port=port, security=security).search()


def test_many_connections_leave_no_session_behind(dovecot: Dovecot, open_mailbox: Opener) -> None:
    wait_until("earlier sessions gone", lambda: not dovecot.sessions())
    mailbox = open_mailbox()
    for _ in range(5):
        mailbox.search()
        mailbox.close()

    wait_until("sessions gone", lambda: not dovecot.sessions())


def test_the_default_context_verifies() -> None:
    from daemon.adapters.transport import tls_context

    context = tls_context(None)

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
