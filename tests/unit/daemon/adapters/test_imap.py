"""The parts of the IMAP adapter that need no server."""

from __future__ import annotations

import imaplib
import itertools
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient.exceptions import LoginError, ProtocolError

from daemon.adapters.imap import Backoff, ImapSettings
from daemon.adapters.imap.download import WINDOW, windows
from daemon.adapters.imap.faults import as_mailbox_error, is_quotable, retry_after_s
from daemon.adapters.transport import server_words


@given(first=st.integers(1, 500_000), highest=st.integers(0, 500_000))
def test_windows_cover_every_uid_once_and_the_last_is_open(first: int, highest: int) -> None:
    ranges = [window.split(":") for window in windows(first, highest)]

    assert ranges[0][0] == str(first)
    assert ranges[-1][1] == "*"
    for (_, high), (low, _) in itertools.pairwise(ranges):
        assert int(low) == int(high) + 1
    assert highest - int(ranges[-1][0]) < WINDOW


@given(first=st.integers(1, 10**9), highest=st.integers(0, 4 * 10**9))
def test_a_small_mailbox_is_one_window_however_large_its_numbers(first: int, highest: int) -> None:
    assert list(windows(first, highest, 1)) == [f"{first}:*"]


def test_a_window_of_the_largest_uids_stays_far_below_the_line_limit_of_imaplib() -> None:
    assert WINDOW * len(" 4294967295") < 1_000_000 / 2


def test_the_pause_doubles_from_five_seconds_to_ten_minutes() -> None:
    pauses = [Backoff().pause_s(n, chance=0.0) for n in range(1, 12)]

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600]


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_adds_at_most_a_quarter(failures: int, chance: float) -> None:
    assert 5 <= Backoff().pause_s(failures, chance) <= 600 * 1.25


def test_the_servers_wish_is_obeyed_up_to_an_hour() -> None:
    assert Backoff().pause_s(1, 0.0, hint_s=299.961) == 299.961
    assert Backoff().pause_s(8, 0.0, hint_s=10) == 600
    assert Backoff().pause_s(1, 0.0, hint_s=86_400) == 3600


def test_a_backoff_hint_is_read_in_seconds() -> None:
    assert retry_after_s("Request is throttled. Suggested Backoff Time: 299961 milliseconds") == 299.961
    assert retry_after_s("LOGIN failed.") is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "h: [Errno 111] Connection refused"),
        (TimeoutError("timed out"), "h: no answer in time"),
        (LoginError("a@example.test no"), "h: login refused (<address> no); check user and credential"),
        (imaplib.IMAP4.error("search failed: no, b@example.test"), "h: search failed: no, <address>"),
        (imaplib.IMAP4.abort("unexpected response: b'Subject: secret'"), "h: the session broke (abort)"),
        (ProtocolError("Tuple incomplete before 'secret'"), "h: the session broke (ProtocolError)"),
        (ValueError("secret"), "h: the session broke (ValueError)"),
    ],
)  # fmt: skip
def test_an_error_becomes_a_sentence_without_content(error: Exception, sentence: str) -> None:
    assert str(as_mailbox_error(error, "h")) == sentence


def test_what_may_quote_mail_is_not_chained() -> None:
    assert not is_quotable(ProtocolError("…"))
    assert not is_quotable(imaplib.IMAP4.abort("unexpected response: …"))
    assert is_quotable(ssl.SSLError("handshake"))


def test_settings_want_exactly_one_credential() -> None:
    with pytest.raises(ValueError, match="either a password or OAuth2"):
        ImapSettings("h", "u")


@given(st.text())
def test_server_words_are_one_short_line_without_addresses(text: str) -> None:
    words = server_words(f"550 <someone@example.test> {text} other@example.jp")

    assert words.isprintable()
    assert len(words) <= 300
    assert "someone@" not in words
    assert "other@" not in words
