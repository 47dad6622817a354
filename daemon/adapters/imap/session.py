"""One IMAP connection: opened, secured, logged in, the mailbox examined; or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from imapclient import IMAPClient, SocketTimeout

from daemon.adapters.transport import Secret, Security, TokenSource, tls_context
from daemon.ports import Clock, MailboxError

_GOODBYE_S = 5.0
"""A server that does not answer LOGOUT must not hold up a shutdown."""


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """Where the mailbox is and how to get in. Exactly one of `password` and `oauth` is given."""

    host: str
    user: str
    password: Secret | None = None
    oauth: TokenSource | None = None
    port: int | None = None
    """None = 993 for TLS, 143 otherwise."""
    security: Security = Security.TLS
    ca_file: Path | None = None
    """PEM of an in-house authority, trusted besides the system's."""
    mailbox: str = "INBOX"
    """Any script; sent in modified UTF-7 (RFC 3501 §5.1.3)."""
    connect_timeout_s: float = 30.0
    read_timeout_s: float = 120.0
    """Longest silence while an answer is awaited."""
    idle_s: float = 60.0
    """Longest IDLE, 60 at most: a notice can lie unseen in a buffer until IDLE ends."""
    poll_s: float = 15.0
    """Pause between two NOOPs where the server has no IDLE."""
    max_age_s: float = 1500.0
    """A connection older than this is replaced: middleboxes and servers forget long ones silently."""
    clock_jump_s: float = 60.0
    """The wall clock running away from the monotonic one by more than this means suspend: the socket is stale.
    Infinite under a virtual clock."""

    def __post_init__(self) -> None:
        """Raise ValueError on settings that cannot work."""
        if (self.password is None) == (self.oauth is None):
            raise ValueError("IMAP needs either a password or OAuth2, not both and not neither")


class Session:
    """A connection that is logged in and has the mailbox open for reading."""

    def __init__(self, client: IMAPClient, clock: Clock) -> None:
        self.client = client
        self.uidvalidity = 0
        self.uidnext: int | None = None
        self.exists = 0
        self._clock = clock
        self._opened_s = time.monotonic()
        self._opened_at = clock.now()
        self._ear, self._bell = socket.socketpair()

    @property
    def ear(self) -> socket.socket:
        """Becomes readable when `ring` was called."""
        return self._ear

    def ring(self) -> None:
        """Interrupt a wait; from any thread."""
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def hush(self) -> None:
        """Forget rings that came too late for the wait they were meant for."""
        with contextlib.suppress(BlockingIOError):
            while self._ear.recv(64, socket.MSG_DONTWAIT):
                pass

    def examine(self, mailbox: str) -> None:
        """(Re)open the mailbox read-only and note what the server says about it."""
        said = self.client.select_folder(mailbox, readonly=True)
        if b"UIDVALIDITY" not in said:
            raise MailboxError("the mail server keeps no lasting message numbers (no UIDVALIDITY); it cannot be used")
        self.uidvalidity = int(said[b"UIDVALIDITY"])
        self.uidnext = int(said[b"UIDNEXT"]) if b"UIDNEXT" in said else None
        self.exists = int(said[b"EXISTS"])

    def is_stale(self, settings: ImapSettings) -> bool:
        """Whether the connection is too old, or the machine slept while it was open."""
        age_s = time.monotonic() - self._opened_s
        wall_s = (self._clock.now() - self._opened_at) / dt.timedelta(seconds=1)
        return age_s > settings.max_age_s or abs(wall_s - age_s) > settings.clock_jump_s

    def leave(self) -> None:
        """Log out, briefly; never raises."""
        with contextlib.suppress(Exception):
            self.client.socket().settimeout(_GOODBYE_S)
            self.client.logout()
        self.drop()

    def drop(self) -> None:
        """Cut the connection without a word; never raises."""
        with contextlib.suppress(Exception):
            self.client.shutdown()
        with contextlib.suppress(Exception):
            self.client.socket().close()
        self._ear.close()
        self._bell.close()


def open_session(settings: ImapSettings, clock: Clock) -> Session:
    """Connect, secure, log in, examine. Raises whatever went wrong; nothing stays open then."""
    # Below WARNING the libraries trace the dialogue: subjects and user names would reach the log.
    logging.getLogger("imapclient").setLevel(logging.WARNING)
    client = _connect(settings)
    session = Session(client, clock)
    try:
        if settings.security is Security.STARTTLS:
            client.starttls(tls_context(settings.ca_file))
        _log_in(client, settings)
        client.normalise_times = False  # INTERNALDATE stays aware
        session.examine(settings.mailbox)
    except BaseException:
        session.drop()
        raise
    return session


def _connect(settings: ImapSettings) -> IMAPClient:
    encrypted = settings.security is Security.TLS
    client = IMAPClient(
        settings.host,
        port=settings.port or (993 if encrypted else 143),
        ssl=encrypted,
        ssl_context=tls_context(settings.ca_file) if encrypted else None,
        timeout=SocketTimeout(settings.connect_timeout_s, settings.read_timeout_s),
    )
    # The library sends SEARCH and FETCH in two pieces; without this the second waits for the server's delayed ACK.
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def _log_in(client: IMAPClient, settings: ImapSettings) -> None:
    if settings.oauth is not None:
        _log_in_by_token(client, settings.user, settings.oauth)
    elif settings.password is not None:
        _log_in_by_password(client, settings.user, settings.password())


def _log_in_by_password(client: IMAPClient, user: str, password: str) -> None:
    if client.has_capability("AUTH=PLAIN"):
        client.plain_login(user, password)  # the only one that takes every character (RFC 4616)
    elif client.has_capability("LOGINDISABLED"):
        raise MailboxError("the mail server takes no password on this connection; use TLS, or OAuth2")
    else:
        client.login(user, password)


def _log_in_by_token(client: IMAPClient, user: str, oauth: TokenSource) -> None:
    if not client.has_capability("AUTH=XOAUTH2"):
        raise MailboxError("the mail server does not offer XOAUTH2; use a password, or the provider's IMAP host")
    answers = iter([f"user={user}\1auth=Bearer {oauth.access_token()}\1\1"])
    try:
        # A refusal comes as a challenge that wants an empty answer before the server says NO.
        client.sasl_login("XOAUTH2", lambda _: next(answers, ""))
    except IMAPClient.Error:
        oauth.forget()
        raise
