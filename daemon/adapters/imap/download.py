"""Fetching: which UIDs there are, and the bytes of one message."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

from imapclient import IMAPClient

from daemon.adapters.imap.session import Session
from daemon.ports import Clock, FetchedMail, MailboxError

WINDOW = 40_000
"""UIDs asked for at once: at most 11 bytes each, so a reply stays below half of imaplib's 1 000 000 byte line."""
CHUNK_BYTES = 4 * 1024 * 1024
"""Messages above this come in pieces: a literal is held twice while it is parsed."""


def uids_from(session: Session, first: int) -> list[int]:
    """All UIDs >= first, ascending. The session has just been examined."""
    if session.exists == 0:
        return []
    found: set[int] = set()
    for window in windows(first, _highest(session), 1 if session.exists <= WINDOW else None):
        found.update(session.client.search(["UID", window]))
    # "n:*" always includes the last message, even when its UID is below n (RFC 3501 §6.4.8).
    return sorted(uid for uid in found if uid >= first)


def _highest(session: Session) -> int:
    if session.uidnext is not None:
        return session.uidnext - 1
    return max(session.client.search(["UID", "*"]), default=0)


def windows(first: int, highest: int, count: int | None = None) -> Iterator[str]:
    """UID ranges that cover first..highest; the last is open, in case UIDNEXT was too modest. `count` 1 = one range."""
    low = first
    while count != 1 and low + WINDOW <= highest:
        yield f"{low}:{low + WINDOW - 1}"
        low += WINDOW
    yield f"{low}:*"


def download(client: IMAPClient, uid: int, clock: Clock) -> FetchedMail | None:
    """The message, or None when it vanished or the server sent something without a body."""
    about = client.fetch([uid], ["RFC822.SIZE", "INTERNALDATE"]).get(uid, {})
    size = about.get(b"RFC822.SIZE")
    if not isinstance(size, int):
        return None
    raw = _whole(client, uid) if size <= CHUNK_BYTES else _in_chunks(client, uid, size)
    if raw is None or (not raw and size):
        return None
    return FetchedMail(uid, raw, _instant(about.get(b"INTERNALDATE"), clock))


def _instant(internal_date: Any, clock: Clock) -> dt.datetime:
    """INTERNALDATE in UTC; a date the server garbled is replaced by now, when we got it."""
    if isinstance(internal_date, dt.datetime) and internal_date.tzinfo is not None:
        return internal_date.astimezone(dt.UTC)
    return clock.now()


def _whole(client: IMAPClient, uid: int) -> bytes | None:
    body = client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {}).get(b"BODY[]")
    return body if isinstance(body, bytes) else None


def _in_chunks(client: IMAPClient, uid: int, size: int) -> bytes | None:
    """Partial fetches until the server has no more; RFC822.SIZE is a hint only, some servers miscount."""
    gathered = io.BytesIO()  # getvalue() shares the buffer: no second copy of 30 MB
    while True:
        offset = gathered.tell()
        piece = _piece(client, uid, offset)
        if piece is None:
            return None
        if len(piece) > CHUNK_BYTES:  # the server ignored the range and sent everything
            return piece if offset == 0 else _whole(client, uid)
        gathered.write(piece)
        if len(piece) < CHUNK_BYTES and (not piece or gathered.tell() >= size):
            return gathered.getvalue()
        if gathered.tell() > 2 * size + CHUNK_BYTES:
            raise MailboxError("the mail server sends a message without end")


def _piece(client: IMAPClient, uid: int, offset: int) -> bytes | None:
    answer = client.fetch([uid], [f"BODY.PEEK[]<{offset}.{CHUNK_BYTES}>"]).get(uid, {})
    key = f"BODY[]<{offset}>".encode()
    piece = answer.get(key)
    if piece is None and key in answer and offset:
        return b""  # NIL beyond the end
    return piece if isinstance(piece, bytes) else None
