"""Waiting for something to happen in the mailbox: IDLE where there is one, NOOP where not. A hint, never a truth.

Traps (imapclient 4.1, measured): a dead connection looks like "nothing new", at once and for ever, until DONE is
answered or not; a notice that came in one segment with "+" shows up only in the answer to DONE; a notice before "+"
leaves the session half inside IDLE. So every wait ends with DONE answered, or with the connection thrown away.
"""

from __future__ import annotations

import re
import select
import time
from typing import Any

from imapclient import IMAPClient

from daemon.adapters.imap.faults import retry_after_s
from daemon.adapters.imap.session import Session
from daemon.adapters.transport import server_words
from daemon.ports import MailboxError

_MAILBOX_NOTICE = re.compile(r"\d+ (EXISTS|RECENT|EXPUNGE|FETCH)")


class SomethingBeforeIdle(Exception):
    """The server spoke about the mailbox before it entered IDLE: a hint, and the end of this connection."""


class IdleRefused(Exception):
    """The server advertises IDLE and will not do it."""


def idle(session: Session, seconds: float) -> None:
    """IDLE until a notice, the bell, or the time; DONE is answered when this returns."""
    client = session.client
    _enter_idle(client)
    notices: list[tuple[Any, ...]] = []
    if _readable(session, seconds):
        notices += client.idle_check(timeout=0)
    if any(notice[:1] == (b"BYE",) for notice in notices):
        raise _farewell(notices)
    # The truth about the connection: a dead one cannot answer DONE, whatever idle_check said. What the answer holds
    # besides does not matter, because the caller searches in any case.
    client.idle_done()


def _enter_idle(client: IMAPClient) -> None:
    try:
        client.idle()
    except IMAPClient.AbortError:
        raise
    except IMAPClient.Error as error:
        if _MAILBOX_NOTICE.search(str(error)):
            raise SomethingBeforeIdle from None
        raise IdleRefused from None


def _farewell(notices: list[tuple[Any, ...]]) -> MailboxError:
    parts = (part for notice in notices for part in notice)
    said = " ".join(part.decode("ascii", "replace") if isinstance(part, bytes) else str(part) for part in parts)
    words = server_words(said)
    return MailboxError(f"the mail server ended the session: {words}", retry_after_s=retry_after_s(said))


def _readable(session: Session, seconds: float) -> bool:
    """Whether the server sent something; False after the time or when the bell rang."""
    connection = session.client.socket()
    pending = getattr(connection, "pending", None)
    if pending is not None and pending():  # decrypted already, so poll would not see it
        return True
    return connection.fileno() in _poll([connection.fileno(), session.ear.fileno()], seconds)


def _poll(descriptors: list[int], seconds: float) -> set[int]:
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poller.poll(max(0.0, seconds) * 1000)}


def poll_by_noop(session: Session, seconds: float, every_s: float) -> None:
    """NOOP now and then until one reports a new message, the bell rings, or the time is over."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if _poll([session.ear.fileno()], min(left, every_s)):
            return
        _, notices = session.client.noop()
        if any(b"EXISTS" in notice for notice in notices):
            return
