"""The store: transactions one after the other, snapshots beside them, the same on SQLite and PostgreSQL.

Writers are serialised on both (BEGIN IMMEDIATE; an advisory lock), so a handler may read, decide and write inside one
block without seeing another writer in between. A transaction takes milliseconds and is never held over the network.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import sqlalchemy as sa

from daemon.adapters.store.engine import reading_engine, writing_engine
from daemon.adapters.store.outage import outages_told
from daemon.adapters.store.transaction import SqlTransaction
from daemon.adapters.store.upgrade import migrate, version_problem
from daemon.ports import Job

WRITER_LOCK = 0x6D656962
"""Advisory lock of the one writer on PostgreSQL ("meib")."""


class Queue(Protocol):
    """What a work queue does with jobs; the adapters of `daemon.adapters.work` implement it."""

    def write(self, connection: sa.Connection, jobs: Sequence[Job]) -> None:
        """Record the jobs through the caller's open transaction. They exist if and only if it commits."""

    def committed(self, jobs: Sequence[Job]) -> None:
        """The transaction that handed out these jobs is durable."""


class SqlStore:
    """`daemon.ports.Store`.

    A process without a work queue (every command but `run`) drops enqueued jobs: they are recorded nowhere, and need
    not be. The rows of the domain are the truth, and the sweeper of the daemon derives every missing job from them.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        """`url` names a migrated database (`open_store` migrates); `durable=False` skips syncs, for tests only."""
        self.url = url
        self._writer = writing_engine(url, durable=durable)
        self._reader = reading_engine(url)
        self._queue: Queue | None = None
        self._busy = threading.local()

    def attach(self, queue: Queue | None) -> None:
        """From now on jobs go to this queue; None = dropped."""
        self._queue = queue

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """Read and write. Leaving the block commits, an exception rolls back.

        Raises StoreUnavailable, and RuntimeError inside another.
        """
        with outages_told(), self._alone(), self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITER_LOCK)))
            tx = SqlTransaction(connection, writable=True)
            yield tx
            tx.flush()
            queue = self._queue
            if queue is not None and tx.jobs:
                queue.write(connection, tx.jobs)
        # A crash here, after the commit: the jobs are in the database, or the sweeper finds their rows.
        if queue is not None and tx.jobs:
            queue.committed(tx.jobs)

    @contextmanager
    def snapshot(self) -> Iterator[SqlTransaction]:
        """Read only, one moment of the database; does not queue behind writers."""
        with outages_told(), self._reader.begin() as connection:
            yield SqlTransaction(connection, writable=False)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A thread that opens a transaction inside its own would wait for itself until the time-out."""
        if getattr(self._busy, "now", False):
            raise RuntimeError("a transaction inside a transaction")
        self._busy.now = True
        try:
            yield
        finally:
            self._busy.now = False

    def check(self) -> list[str]:
        """Integrity of the file or reachability of the server, and the schema's version."""
        try:
            with self._reader.begin() as connection:
                problem = version_problem(connection)
                return [*_damage(connection), *([problem] if problem else [])]
        except sa.exc.DBAPIError as error:
            return [f"the database does not answer: {type(error.orig).__name__}"]

    def close(self) -> None:
        """Give back all connections; the last one folds the write-ahead log into the file."""
        self._reader.dispose()
        self._writer.dispose()


def _damage(connection: sa.Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text("select 1"))
        return []
    said = [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check")]
    broken = list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
    problems = [] if said == ["ok"] else [f"the database file is damaged: {line}" for line in said]
    return problems + [f"{len(broken)} rows refer to rows that do not exist"] * bool(broken)


def open_store(url: str, *, durable: bool = True) -> SqlStore:
    """Bring the database up to date and open it; raises Refused when it belongs to a newer program."""
    migrate(url)
    return SqlStore(url, durable=durable)
