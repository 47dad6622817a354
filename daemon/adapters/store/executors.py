"""Which daemons have shown that they live, and when: the reaper's evidence. Not part of the port."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from daemon.adapters.store.schema import executors
from daemon.adapters.store.shape import Rows


class ExecutorRows(Rows):
    """The part of a transaction that keeps heartbeats."""

    def executor_lives(self, executor_id: str, at: dt.datetime) -> None:
        """Insert or replace."""
        mine = executors.c.executor_id == executor_id
        if not self._connection.execute(sa.update(executors).where(mine).values(seen_at=at)).rowcount:
            self._connection.execute(sa.insert(executors), {"executor_id": executor_id, "seen_at": at})

    def executor_left(self, executor_id: str) -> None:
        """It stopped in good order."""
        self._connection.execute(sa.delete(executors).where(executors.c.executor_id == executor_id))

    def executors(self) -> Mapping[str, dt.datetime]:
        """Executor → when it was last seen."""
        return {row.executor_id: row.seen_at for row in self._connection.execute(sa.select(executors))}
