"""Work in the same thread, in order, when asked: for the simulation, the demo's virtual time, and unit tests.

Jobs live in memory only. A crash loses them, and the sweeper derives them again from the rows, as it must anyway.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from daemon.adapters.store import SqlStore
from daemon.ports import Handler, Job


class InlineWork:
    """`daemon.ports.Work` that runs what was committed, one job after the other, inside `drain`."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._handlers: Mapping[str, Handler] = {}
        self._waiting: deque[Job] = deque()
        self._seen: set[str] = set()
        self.failures: list[tuple[Job, Exception]] = []
        """Jobs that raised, with what they raised; a simulation asserts that there are none."""
        store.attach(self)

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Jobs that were committed before wait for `drain` like those that come."""
        self._handlers = dict(handlers)

    async def stop(self, timeout_s: float) -> None:  # noqa: ARG002 - nothing runs between two calls of drain
        """Forget everything."""
        self._store.attach(None)
        self._waiting.clear()

    def reap(self) -> int:
        """Nobody else works here."""
        return 0

    def prune(self, finished_before: dt.datetime) -> int:  # noqa: ARG002 - keys cost little and live as long as the process
        """Nothing is kept."""
        return 0

    async def drain(self) -> int:
        """Run everything that waits, and what that hands in; returns how many jobs ran."""
        done = 0
        while self._waiting:
            job = self._waiting.popleft()
            try:
                await self._handlers[job.name](job.args)
            except Exception as error:  # noqa: BLE001 - one job must not stop the others
                self.failures.append((job, error))
            done += 1
        return done

    def write(self, connection: sa.Connection, jobs: Sequence[Job]) -> None:
        """Nothing yet: a rollback must leave no trace (`daemon.adapters.store.Queue`)."""

    def committed(self, jobs: Sequence[Job]) -> None:
        """Take the jobs whose key is new."""
        for job in jobs:
            if job.key not in self._seen:
                self._seen.add(job.key)
                self._waiting.append(job)
