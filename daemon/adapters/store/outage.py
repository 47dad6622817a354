"""Failures of the database that pass by themselves, told apart from mistakes in our own statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from daemon.errors import Unavailable

_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_READONLY")
"""Disk full or failing, held by somebody else, or not there."""
_SQLSTATES = ("08", "53", "55P03", "57P", "57014", "58", "40")
"""Connection lost, out of disk or memory, lock or statement timed out, server stopping, system error, deadlock
(PostgreSQL, appendix A)."""


class StoreUnavailable(Unavailable):
    """The database cannot be used now: server away, disk full, held for too long. What was begun is undone."""

    def __init__(self, reason: str, /) -> None:
        super().__init__(f"the database is not available: {reason}")


@contextmanager
def outages_told() -> Iterator[None]:
    """Raise StoreUnavailable for what passes by itself; everything else goes through as it is."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if not _passes(error):
            raise
        raise StoreUnavailable(_name(error)) from error


def _passes(error: sa.exc.DBAPIError) -> bool:
    # A server that does not answer the first time gives no code at all.
    no_code = _name(error) == "OperationalError"
    return error.connection_invalidated or no_code or _name(error).startswith(_SQLITE + _SQLSTATES)


def _name(error: sa.exc.DBAPIError) -> str:
    """The code of the database, or the name of the driver's exception; never its text, which may quote values."""
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return code or type(error.orig).__name__
