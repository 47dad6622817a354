"""Engines for one database: SQLite file or PostgreSQL, told apart by the URL alone.

SQLite: write-ahead log so that readers never wait, synchronous FULL because NORMAL may take back an acknowledged
commit at power loss, foreign keys on (they are off by default), writers queue at BEGIN IMMEDIATE instead of failing
half-way. PostgreSQL: psycopg 3, limits on every statement and on a transaction that was left open.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from daemon.errors import Refused

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for the one before it."""
JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024
STATEMENT_TIMEOUT_MS = 60_000
_FEW: dict[str, Any] = {"pool_size": 2, "max_overflow": 30, "pool_use_lifo": True}
"""SQLite connections that are kept: each holds its own cache of up to 2 MB. More are opened when needed, and closed."""
IDLE_TIMEOUT_MS = 60_000
"""PostgreSQL ends a session that sits in an open transaction for longer: a hung daemon must not block the others."""


def database_url(url: str) -> sa.URL:
    """Parse and complete a database URL; raises Refused for anything but a SQLite file and PostgreSQL."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise Refused('database URL unreadable; write "sqlite:////path/to/meibod.sqlite" or "postgresql://…"') from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise Refused(f"no database of kind {parsed.get_backend_name()!r}; use sqlite or postgresql")
    if not parsed.database or parsed.database == ":memory:":
        raise Refused("a SQLite database needs a file: several connections share it")
    return parsed.set(drivername="sqlite+pysqlite")


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite URL, None for PostgreSQL."""
    parsed = database_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def private_file(path: Path) -> None:
    """Make the file (mode 0600) when it is not there; SQLite gives its log files the same mode.

    An existing file is never opened: closing any descriptor of it would drop the POSIX locks of every connection this
    process has to it, another process would think itself alone and remove the log under our feet
    (sqlite.org/howtocorrupt.html §2.2).
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def writing_engine(url: str, *, durable: bool = True, foreign_keys: bool = True) -> sa.Engine:
    """An engine whose every transaction may write. `durable=False` skips the syncs: for tests and demos only."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed, pool_pre_ping=True, connect_args=_postgres_arguments(parsed))
    private_file(Path(parsed.database or ""))
    engine = sa.create_engine(parsed, **_FEW)
    synchronous = "FULL" if durable else "OFF"
    _on_connect(engine, [f"synchronous={synchronous}", f"foreign_keys={'ON' if foreign_keys else 'OFF'}"])
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def reading_engine(url: str) -> sa.Engine:
    """An engine that cannot write; its transactions see one moment of the database and wait for nobody."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(
            parsed,
            pool_pre_ping=True,
            connect_args=_postgres_arguments(parsed),
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
    engine = sa.create_engine(parsed, **_FEW)
    _on_connect(engine, ["query_only=ON"])
    _begin_with(engine, "BEGIN")
    return engine


def implicit_engine(url: str) -> sa.Engine:
    """An engine for a library that begins transactions by itself (DBOS), as durable as our own."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "postgresql":
        return writing_engine(url)
    private_file(Path(parsed.database or ""))
    engine = sa.create_engine(parsed, **_FEW)
    _on_connect(engine, ["synchronous=FULL", "foreign_keys=ON"], isolation_level="IMMEDIATE")
    return engine


def _on_connect(engine: sa.Engine, pragmas: list[str], isolation_level: str | None = None) -> None:
    wanted = [f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", f"journal_size_limit={JOURNAL_LIMIT_BYTES}"]

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in wanted + pragmas:
            connection.execute(f"PRAGMA {pragma}").close()
        connection.isolation_level = isolation_level  # type: ignore[assignment]


def _begin_with(engine: sa.Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(statement)


def _postgres_arguments(url: sa.URL) -> dict[str, Any]:
    """Session settings; whoever writes `options` into the URL has the last word."""
    limits = {
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT_MS,
        "lock_timeout": BUSY_TIMEOUT_MS,
    }
    ours = " ".join(f"-c {name}={value}" for name, value in limits.items())
    theirs = url.query.get("options", "")
    return {
        "options": f"{ours} {theirs if isinstance(theirs, str) else ' '.join(theirs)}".strip(),
        "connect_timeout": 10,
    }
