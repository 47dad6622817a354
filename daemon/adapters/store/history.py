"""The history (append-only, hash-chained) and small named facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from daemon.adapters.store import schema
from daemon.adapters.store.audit import GENESIS, seal
from daemon.adapters.store.columns import canonical_json
from daemon.adapters.store.shape import Rows, Shape, given
from daemon.domain.model import Event

_EVENTS = Shape(schema.events, Event, "seq")
_C = schema.events.c
_FACTS = schema.facts
_FACT = sa.select(_FACTS.c.value).where(_FACTS.c.name == sa.bindparam("name"))


class HistoryRows(Rows):
    """The part of a transaction that keeps the history."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._head: tuple[int, str] | None = None
        self._unwritten: list[Event] = []
        """Appended and not yet inserted: a sheet of twenty rows leaves fifty lines, one statement for all is enough."""

    def append_event(  # noqa: PLR0913 - the signature of the port
        self,
        at: dt.datetime,
        actor: str,
        kind: str,
        *,
        subject: str = "",
        training_id: str = "",
        prefecture: str = "",
        payload: Mapping[str, Any] | None = None,
    ) -> Event:
        """Append to the hash chain; the payload becomes canonical JSON (dates as ISO text)."""
        seq, previous = self._head or self._last()
        text = canonical_json(payload or {})
        event = Event(seq + 1, at, actor, kind, training_id, prefecture, subject, text, previous, "")
        event = replace(event, hash=seal(event))
        self._unwritten.append(event)
        self._head = (event.seq, event.hash)
        return event

    def flush(self) -> None:
        """Insert the events appended so far; every question about events does so first."""
        super().flush()
        waiting, self._unwritten = self._unwritten, []
        if waiting:
            self._connection.execute(sa.insert(schema.events), [_EVENTS.params(e) for e in waiting])

    def _last(self) -> tuple[int, str]:
        row = self._connection.execute(sa.select(_C.seq, _C.hash).order_by(_C.seq.desc()).limit(1)).first()
        return (row.seq, row.hash) if row else (0, GENESIS)

    def events(
        self,
        *,
        subject: str | None = None,
        training_id: str | None = None,
        since_seq: int = 0,
        limit: int | None = None,
    ) -> list[Event]:
        """In order, those after `since_seq`, the first `limit`."""
        self.flush()
        where = given((_C.subject, subject), (_C.training_id, training_id))
        return _EVENTS.list(self._connection, [*where, _C.seq > since_seq], limit=limit)

    def last_event(self) -> Event | None:
        """The head of the chain."""
        self.flush()
        found = _EVENTS.list(self._connection, order=[_C.seq.desc()], limit=1)
        return found[0] if found else None

    def get_fact(self, name: str) -> str | None:
        """None when it was never set."""
        return self._connection.execute(_FACT, {"name": name}).scalar_one_or_none()

    def set_fact(self, name: str, value: str) -> None:
        """Insert or replace."""
        changed = self._connection.execute(sa.update(_FACTS).where(_FACTS.c.name == name).values(value=value))
        if not changed.rowcount:
            self._connection.execute(sa.insert(_FACTS), {"name": name, "value": value})
