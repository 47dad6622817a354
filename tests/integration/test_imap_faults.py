"""`ImapMailbox` against a scripted server: what real servers do once a year."""

from __future__ import annotations

import base64
import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from daemon.adapters.imap import ImapMailbox, ImapSettings
from daemon.adapters.oauth import OAuthError
from daemon.adapters.transport import Security
from daemon.ports import MailboxError
from tests.integration.servers.imap_script import ImapScript, Talk

RAW = b"From: someone@example.test\r\nSubject: secret subject\r\n\r\nsecret body\r\n"
NOW = dt.datetime(2026, 4, 5, 0, 30, tzinfo=dt.UTC)


class StandingClock:
    def now(self) -> dt.datetime:
        return NOW

    def today(self) -> dt.date:
        return NOW.date()


class Tokens:
    """Hands out numbered tokens and remembers what was forgotten."""

    def __init__(self) -> None:
        self.given = 0
        self.forgotten = 0

    def access_token(self) -> str:
        self.given += 1
        return f"token-{self.given}"

    def forget(self) -> None:
        self.forgotten += 1


Opener = Callable[..., ImapMailbox]


@pytest.fixture
def open_mailbox() -> Iterator[Opener]:
    opened: list[ImapMailbox] = []

    def opener(server: ImapScript, **changes: object) -> ImapMailbox:
        settings: dict[str, object] = {
            "host": "127.0.0.1", "port": server.port, "user": "roster@example.test", "password": lambda: "secret",
            "security": Security.PLAIN, "connect_timeout_s": 2.0, "read_timeout_s": 0.5, "poll_s": 0.05,
        }  # fmt: skip
        if "oauth" in changes:
            settings["password"] = None
        opened.append(ImapMailbox(ImapSettings(**{**settings, **changes}), StandingClock()))
        return opened[-1]

    yield opener
    for mailbox in opened:
        mailbox.close()


# -- connecting ----------------------------------------------------------------------------------------------------


def test_a_server_that_accepts_and_stays_silent_times_out(open_mailbox: Opener) -> None:
    async def silence(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.silence()

    with ImapScript(faults={"GREETING": silence}) as server:
        started = time.monotonic()
        with pytest.raises(MailboxError, match="no answer in time"):
            open_mailbox(server, connect_timeout_s=0.3).search()
        assert time.monotonic() - started < 5


def test_a_greeting_that_is_no_imap_is_an_error(open_mailbox: Opener) -> None:
    async def web(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"HTTP/1.1 400 Bad Request")
        talk.hang_up()

    with ImapScript(faults={"GREETING": web}) as server, pytest.raises(MailboxError):
        open_mailbox(server).search()


def test_starttls_is_never_skipped(open_mailbox: Opener) -> None:
    with ImapScript() as server:
        with pytest.raises(MailboxError, match="STARTTLS"):
            open_mailbox(server, security=Security.STARTTLS).search()

        assert not [c for c in server.commands if c.startswith((b"LOGIN", b"AUTHENTICATE"))]


def test_where_passwords_are_disabled_the_error_says_what_to_use(open_mailbox: Opener) -> None:
    with (
        ImapScript(capability=b"IMAP4rev1 LOGINDISABLED") as server,
        pytest.raises(MailboxError, match="use TLS, or OAuth2"),
    ):
        open_mailbox(server).search()


def test_without_sasl_plain_the_login_command_is_used(open_mailbox: Opener) -> None:
    with ImapScript({1: RAW}, capability=b"IMAP4rev1") as server:
        assert open_mailbox(server).search().uids == (1,)
        assert b"LOGIN" in server.commands


def test_a_throttled_login_tells_how_long_to_stay_away(open_mailbox: Opener) -> None:
    async def throttle(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ ")
        await talk.line()
        await talk.send(tag + b" BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds")

    with ImapScript(faults={"AUTHENTICATE": throttle}) as server, pytest.raises(MailboxError) as caught:
        open_mailbox(server).search()

    assert caught.value.retry_after_s == pytest.approx(299.961)


def test_xoauth2_sends_user_and_token(open_mailbox: Opener) -> None:
    seen: list[bytes] = []

    async def accept(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ ")
        seen.append(base64.b64decode(await talk.line()))
        await talk.send(tag + b" OK in")

    with ImapScript({1: RAW}, capability=b"IMAP4rev1 AUTH=XOAUTH2", faults={"AUTHENTICATE": accept}) as server:
        assert open_mailbox(server, oauth=Tokens()).search().uids == (1,)

    assert seen == [b"user=roster@example.test\x01auth=Bearer token-1\x01\x01"]


def test_a_refused_token_is_answered_politely_and_forgotten(open_mailbox: Opener) -> None:
    answers: list[bytes] = []

    async def refuse(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ ")
        await talk.line()
        await talk.send(b"+ " + base64.b64encode(b'{"status":"400"}'))
        answers.append(await talk.line())
        await talk.send(tag + b" NO [AUTHENTICATIONFAILED] for roster@example.test")

    tokens = Tokens()
    with (
        ImapScript(capability=b"IMAP4rev1 AUTH=XOAUTH2", faults={"AUTHENTICATE": refuse}) as server,
        pytest.raises(MailboxError, match="login refused") as caught,
    ):
        open_mailbox(server, oauth=tokens).search()

    assert answers == [b""]
    assert tokens.forgotten == 1
    assert "roster@example.test" not in str(caught.value)
    assert "token-1" not in str(caught.value)


def test_the_remedy_of_a_dead_refresh_token_reaches_the_caller(open_mailbox: Opener) -> None:
    class DeadTokens(Tokens):
        def access_token(self) -> str:
            raise OAuthError("sign in again", permanent=True)

    with (
        ImapScript(capability=b"IMAP4rev1 AUTH=XOAUTH2") as server,
        pytest.raises(MailboxError, match="sign in again"),
    ):
        open_mailbox(server, oauth=DeadTokens()).search()


# -- waiting -------------------------------------------------------------------------------------------------------


def test_exists_in_the_same_segment_as_idling_is_not_lost(open_mailbox: Opener) -> None:
    async def eager(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ idling", b"* 1 EXISTS")
        server.messages[1] = RAW
        await talk.line()
        await talk.send(tag + b" OK idled")

    with ImapScript(faults={"IDLE": eager}) as server:
        mailbox = open_mailbox(server)
        assert mailbox.search().uids == ()
        mailbox.wait(0.3)
        assert mailbox.search().uids == (1,)
        assert server.connections == 1


def test_exists_before_idling_is_a_hint_and_costs_the_connection(open_mailbox: Opener) -> None:
    async def early(talk: Talk, tag: bytes, rest: bytes) -> None:
        server.messages[1] = RAW
        await talk.send(b"* 1 EXISTS", b"+ idling")
        await talk.line()

    with ImapScript(faults={"IDLE": early}) as server:
        mailbox = open_mailbox(server)
        mailbox.search()
        mailbox.wait(30)  # returns at once
        assert mailbox.search().uids == (1,)
        assert server.connections == 2


def test_a_server_that_always_talks_before_idling_is_polled_instead(open_mailbox: Opener) -> None:
    async def early(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"* 1 EXISTS", b"+ idling")

    with ImapScript({1: RAW}, faults={"IDLE": early}) as server:
        mailbox = open_mailbox(server)
        for _ in range(6):
            mailbox.wait(0.1)

        assert sum(c.startswith(b"IDLE") for c in server.commands) == 3
        assert any(c.startswith(b"NOOP") for c in server.commands)
        assert server.connections <= 4


def test_a_server_that_refuses_idle_is_polled_from_then_on(open_mailbox: Opener) -> None:
    async def refuse(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(tag + b" NO not today")

    with ImapScript(faults={"IDLE": refuse}) as server:
        mailbox = open_mailbox(server)
        with pytest.raises(MailboxError):
            mailbox.wait(0.2)
        mailbox.wait(0.2)

        assert any(c.startswith(b"NOOP") for c in server.commands)


def test_a_connection_that_ends_while_idling_is_an_error(open_mailbox: Opener) -> None:
    async def end(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ idling")
        talk.hang_up()

    with ImapScript(faults={"IDLE": end}) as server:
        started = time.monotonic()
        with pytest.raises(MailboxError):
            open_mailbox(server).wait(30)
        assert time.monotonic() - started < 5


def test_a_connection_that_is_reset_while_idling_is_an_error(open_mailbox: Opener) -> None:
    async def reset(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ idling")
        talk.reset()

    with ImapScript(faults={"IDLE": reset}) as server, pytest.raises(MailboxError):
        open_mailbox(server).wait(30)


def test_a_farewell_while_idling_passes_on_the_wish_to_be_left_alone(open_mailbox: Opener) -> None:
    async def bye(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ idling")
        await talk.send(b"* BYE Suggested Backoff Time: 5000 milliseconds")
        talk.hang_up()

    with ImapScript(faults={"IDLE": bye}) as server, pytest.raises(MailboxError) as caught:
        open_mailbox(server).wait(30)

    assert caught.value.retry_after_s == 5.0


def test_done_without_an_answer_is_a_dead_connection(open_mailbox: Opener) -> None:
    async def deaf(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ idling")
        await talk.silence()

    with ImapScript(faults={"IDLE": deaf}) as server, pytest.raises(MailboxError, match="no answer in time"):
        open_mailbox(server).wait(0.1)


def test_half_a_line_while_idling_costs_only_the_connection(open_mailbox: Opener) -> None:
    async def half(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"+ idling")
        await talk.send_raw(b"* 1 EXI")
        await talk.silence()

    with ImapScript({1: RAW}, faults={"IDLE": half}) as server:
        mailbox = open_mailbox(server)
        with pytest.raises(MailboxError):
            mailbox.wait(0.3)
        assert mailbox.search().uids == (1,)


def test_a_wait_is_never_longer_than_the_idle_limit(open_mailbox: Opener) -> None:
    with ImapScript() as server:
        started = time.monotonic()
        open_mailbox(server, idle_s=0.2).wait(3600)
        assert time.monotonic() - started < 5


def test_a_wake_before_the_wait_is_not_forgotten(open_mailbox: Opener) -> None:
    with ImapScript() as server:
        mailbox = open_mailbox(server)
        mailbox.search()
        mailbox.wake()
        started = time.monotonic()
        mailbox.wait(30)
        assert time.monotonic() - started < 1


def test_a_wake_ends_one_wait_only(open_mailbox: Opener) -> None:
    with ImapScript() as server:
        mailbox = open_mailbox(server)
        mailbox.search()
        threading.Timer(0.2, mailbox.wake).start()
        mailbox.wait(30)
        started = time.monotonic()
        mailbox.wait(0.3)
        assert time.monotonic() - started >= 0.3


# -- searching and fetching ----------------------------------------------------------------------------------------


def test_the_last_message_below_the_wanted_uid_is_dropped(open_mailbox: Opener) -> None:
    with ImapScript({3: RAW, 9: RAW}) as server:
        assert open_mailbox(server).search(from_uid=10).uids == ()


def test_a_server_that_does_not_tell_uidnext_is_searched_all_the_same(open_mailbox: Opener) -> None:
    async def terse(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"* 2 EXISTS", b"* OK [UIDVALIDITY 7] valid", tag + b" OK [READ-ONLY] done")

    with ImapScript({3: RAW, 90_000: RAW}, faults={"EXAMINE": terse}) as server:
        assert open_mailbox(server).search().uids == (3, 90_000)


def test_a_mailbox_without_uidvalidity_is_refused(open_mailbox: Opener) -> None:
    async def none(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"* 0 EXISTS", tag + b" OK [READ-ONLY] done")

    with ImapScript(faults={"EXAMINE": none}) as server, pytest.raises(MailboxError, match="UIDVALIDITY"):
        open_mailbox(server).search()


def test_another_uidvalidity_after_a_reconnect_forbids_fetching_by_old_numbers(open_mailbox: Opener) -> None:
    with ImapScript({1: RAW}) as server:
        mailbox = open_mailbox(server)
        mailbox.search()
        mailbox.close()
        server.uidvalidity = 8

        with pytest.raises(MailboxError, match="re-created"):
            mailbox.fetch(1)
        assert mailbox.search().uidvalidity == 8
        assert mailbox.fetch(1) is not None


def test_the_message_comes_with_its_internal_date_in_utc(open_mailbox: Opener) -> None:
    with ImapScript({1: RAW}) as server:
        mail = open_mailbox(server).fetch(1)

    assert mail is not None
    assert mail.raw == RAW
    assert mail.received_at == dt.datetime(2026, 4, 5, 0, 30, tzinfo=dt.UTC)


def test_a_garbled_internal_date_is_replaced_by_now(open_mailbox: Opener) -> None:
    async def garbled(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"INTERNALDATE" in rest:
            await talk.send(b'* 1 FETCH (UID 1 RFC822.SIZE %d INTERNALDATE "yesterday")' % len(RAW), tag + b" OK done")
        else:
            await server.answer(talk, b"UID FETCH", tag, rest)

    with ImapScript({1: RAW}, faults={"UID FETCH": garbled}) as server:
        mail = open_mailbox(server).fetch(1)

    assert mail is not None
    assert mail.received_at == NOW


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 FLAGS (\\Seen))",
        b"* 1 FETCH (FLAGS (\\Seen))",
        b"* 1 FETCH (UID 1 BODY[] NIL)",
        b"* 4 EXISTS",
    ],
)
def test_an_answer_without_a_body_means_later(open_mailbox: Opener, answer: bytes) -> None:
    async def bodiless(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"BODY.PEEK[]" in rest:
            await talk.send(answer, tag + b" OK done")
        else:
            await server.answer(talk, b"UID FETCH", tag, rest)

    with ImapScript({1: RAW}, faults={"UID FETCH": bodiless}) as server:
        assert open_mailbox(server).fetch(1) is None


def test_flags_announced_along_with_the_body_do_not_hide_it(open_mailbox: Opener) -> None:
    async def chatty(talk: Talk, tag: bytes, rest: bytes) -> None:
        await talk.send(b"* 1 FETCH (UID 1 FLAGS (\\Seen))", b"* 2 EXISTS", b"* 2 FETCH (FLAGS ())")
        await server.answer(talk, b"UID FETCH", tag, rest)

    with ImapScript({1: RAW}, faults={"UID FETCH": chatty}) as server:
        mail = open_mailbox(server).fetch(1)

    assert mail is not None
    assert mail.raw == RAW


def test_an_empty_message_is_a_message(open_mailbox: Opener) -> None:
    with ImapScript({1: b""}) as server:
        mail = open_mailbox(server).fetch(1)

    assert mail is not None
    assert mail.raw == b""


@pytest.mark.parametrize("size", [10, 11, 20, 25])
def test_large_messages_come_in_pieces(open_mailbox: Opener, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("daemon.adapters.imap.download.CHUNK_BYTES", 10)
    raw = bytes(range(65, 65 + size))
    with ImapScript({1: raw}) as server:
        mail = open_mailbox(server).fetch(1)

    assert mail is not None
    assert mail.raw == raw


@pytest.mark.parametrize("claimed", [50, 400])
def test_a_wrong_size_does_not_change_what_is_read(
    open_mailbox: Opener, monkeypatch: pytest.MonkeyPatch, claimed: int
) -> None:
    async def miscount(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"RFC822.SIZE" in rest:
            await talk.send(b"* 1 FETCH (UID 1 RFC822.SIZE %d)" % claimed, tag + b" OK done")
        else:
            await server.answer(talk, b"UID FETCH", tag, rest)

    monkeypatch.setattr("daemon.adapters.imap.download.CHUNK_BYTES", 10)
    with ImapScript({1: RAW}, faults={"UID FETCH": miscount}) as server:
        mail = open_mailbox(server).fetch(1)

    assert mail is not None
    assert mail.raw == RAW


def test_a_server_that_ignores_ranges_is_taken_at_its_word(
    open_mailbox: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def whole(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"<0." in rest:
            await talk.send_raw(b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n%s)\r\n%s OK done\r\n" % (len(RAW), RAW, tag))
        else:
            await server.answer(talk, b"UID FETCH", tag, rest)

    monkeypatch.setattr("daemon.adapters.imap.download.CHUNK_BYTES", 10)
    with ImapScript({1: RAW}, faults={"UID FETCH": whole}) as server:
        mail = open_mailbox(server).fetch(1)

    assert mail is not None
    assert mail.raw == RAW


def test_a_message_without_end_is_given_up(open_mailbox: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(talk: Talk, tag: bytes, rest: bytes) -> None:
        if b"BODY.PEEK" in rest:
            offset = rest.partition(b"<")[2].partition(b".")[0]
            await talk.send(b"* 1 FETCH (UID 1 BODY[]<%s> {10}" % offset, b"0123456789)", tag + b" OK done")
        else:
            await server.answer(talk, b"UID FETCH", tag, rest)

    monkeypatch.setattr("daemon.adapters.imap.download.CHUNK_BYTES", 10)
    with (
        ImapScript({1: RAW}, faults={"UID FETCH": endless}) as server,
        pytest.raises(MailboxError, match="without end"),
    ):
        open_mailbox(server).fetch(1)


async def _cut(talk: Talk, tag: bytes, rest: bytes) -> None:
    await talk.send_raw(b"* 1 FETCH (UID 1 BODY[] {1000}\r\nsecret half")
    talk.hang_up()


async def _reset(talk: Talk, tag: bytes, rest: bytes) -> None:
    talk.reset()


async def _stall(talk: Talk, tag: bytes, rest: bytes) -> None:
    await talk.send_raw(b"* 1 FETCH (UID 1 BODY[] {1000}\r\nsecret half")
    await talk.silence()


async def _garbage(talk: Talk, tag: bytes, rest: bytes) -> None:
    await talk.send(b"* 1 FETCH (UID 1 BODY[] {11}", b"secret body ((((", tag + b" OK done")


async def _bye(talk: Talk, tag: bytes, rest: bytes) -> None:
    await talk.send(b"* BYE shutting down")
    talk.hang_up()


async def _no(talk: Talk, tag: bytes, rest: bytes) -> None:
    await talk.send(tag + b" NO [SERVERBUG] for someone@example.test")


@pytest.mark.parametrize("fault", [_cut, _reset, _stall, _garbage, _bye, _no])
def test_any_fault_while_fetching_costs_the_connection_and_the_next_call_works(
    open_mailbox: Opener, fault: Callable[[Talk, bytes, bytes], object]
) -> None:
    with ImapScript({1: RAW}, faults={"UID FETCH": fault}) as server:  # type: ignore[dict-item]
        mailbox = open_mailbox(server)
        mailbox.search()
        with pytest.raises(MailboxError) as caught:
            mailbox.fetch(1)
        server.faults.clear()
        mail = mailbox.fetch(1)

        assert server.connections == 2
    assert mail is not None
    assert mail.raw == RAW
    assert "secret" not in str(caught.value)
    assert "@example.test" not in str(caught.value)


def test_nothing_is_ever_written_to_the_mailbox(open_mailbox: Opener) -> None:
    with ImapScript({1: RAW, 2: RAW}) as server:
        mailbox = open_mailbox(server)
        for uid in mailbox.search().uids:
            mailbox.fetch(uid)
        mailbox.wait(0.05)
        mailbox.close()

        verbs = {command.partition(b" ")[0] for command in server.commands}
        assert verbs <= {b"CAPABILITY", b"AUTHENTICATE", b"EXAMINE", b"UID", b"IDLE", b"LOGOUT"}
        fetched = [command for command in server.commands if command.startswith(b"UID FETCH")]
        assert not [command for command in fetched if b"BODY[" in command or b"RFC822)" in command]


def test_no_subject_or_user_reaches_the_log_even_at_debug(
    open_mailbox: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with ImapScript({1: RAW}) as server:
        mailbox = open_mailbox(server)
        mailbox.fetch(1)
        mailbox.close()

    assert "roster@example.test" not in caplog.text
    assert "secret" not in caplog.text


def test_closing_twice_and_after_a_fault_raises_nothing(open_mailbox: Opener) -> None:
    with ImapScript() as server:
        mailbox = open_mailbox(server)
        mailbox.search()
    mailbox.close()
    mailbox.close()
