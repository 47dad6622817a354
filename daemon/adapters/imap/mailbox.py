"""`ImapMailbox`: the port's three questions on top of one session that is rebuilt after every fault."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.adapters.imap.download import download, uids_from
from daemon.adapters.imap.faults import as_mailbox_error, is_quotable
from daemon.adapters.imap.session import ImapSettings, Session, open_session
from daemon.adapters.imap.waiting import IdleRefused, SomethingBeforeIdle, idle, poll_by_noop
from daemon.ports import Clock, FetchedMail, MailboxError, MailboxView

_LONGEST_IDLE_S = 60.0
_IDLE_FAULTS_BEFORE_NOOP = 3
"""A server that talks before "+" every time would otherwise make us reconnect without a pause."""


class ImapMailbox:
    """Implements `ports.Mailbox`. All methods but `wake` belong to one thread."""

    def __init__(self, settings: ImapSettings, clock: Clock) -> None:
        """Nothing is connected yet; the first call does."""
        self._settings = settings
        self._clock = clock
        self._session: Session | None = None
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._uidvalidity: int | None = None
        self._idle_faults = 0

    def search(self, from_uid: int = 1) -> MailboxView:
        """UIDs >= from_uid on the server now. The mailbox is examined anew, so UIDVALIDITY is of this moment."""
        with self._talking() as session:
            session.examine(self._settings.mailbox)
            uids = uids_from(session, from_uid)
            self._uidvalidity = session.uidvalidity
            return MailboxView(self._settings.mailbox, session.uidvalidity, tuple(uids))

    def fetch(self, uid: int) -> FetchedMail | None:
        """The whole message, None when it vanished or came without a body.

        Raises MailboxError when the mailbox was re-created since the last search: the UID would name another mail.
        """
        with self._talking() as session:
            if self._uidvalidity not in (None, session.uidvalidity):
                raise MailboxError("the mailbox was re-created on the server; search again")
            return download(session.client, uid, self._clock)

    def wait(self, seconds: float) -> None:
        """Return on a hint, on `wake`, or after the time, but never later than after 60 s: then search."""
        if self._woken.is_set():
            self._woken.clear()
            return
        with self._talking() as session:
            session.hush()
            self._wait(session, min(seconds, self._settings.idle_s, _LONGEST_IDLE_S))
        self._woken.clear()

    def _wait(self, session: Session, seconds: float) -> None:
        if self._idle_faults >= _IDLE_FAULTS_BEFORE_NOOP or not session.client.has_capability("IDLE"):
            poll_by_noop(session, seconds, self._settings.poll_s)
            return
        try:
            idle(session, seconds)
            self._idle_faults = 0
        except SomethingBeforeIdle:
            self._idle_faults += 1
            self._drop()
        except IdleRefused:
            self._idle_faults = _IDLE_FAULTS_BEFORE_NOOP
            raise

    def wake(self) -> None:
        """Make a running `wait` (or the next one) return at once; from any thread. For shutting down."""
        self._woken.set()
        with self._lock:
            if self._session is not None:
                self._session.ring()

    def close(self) -> None:
        """Log out if possible; never raises. The next call would connect anew."""
        session = self._take()
        if session is not None:
            session.leave()

    # -- the session -------------------------------------------------------------------------------------------

    @contextmanager
    def _talking(self) -> Iterator[Session]:
        """A session to use; whatever goes wrong inside costs the connection and becomes a MailboxError."""
        try:
            yield self._ready()
        except MailboxError:
            self._drop()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the parser's place in the stream is lost
            self._drop()
            raise as_mailbox_error(error, self._settings.host) from (error if is_quotable(error) else None)
        except BaseException:
            self._drop()
            raise

    def _ready(self) -> Session:
        if self._session is not None and self._session.is_stale(self._settings):
            self.close()
        if self._session is None:
            session = open_session(self._settings, self._clock)
            with self._lock:
                self._session = session
        return self._session

    def _take(self) -> Session | None:
        with self._lock:
            session, self._session = self._session, None
        return session

    def _drop(self) -> None:
        session = self._take()
        if session is not None:
            session.drop()
