"""The outbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from operator import attrgetter

import sqlalchemy as sa

from daemon.adapters.store import schema
from daemon.adapters.store.shape import Rows, Shape, given
from daemon.domain.model import OutboxMail, OutboxState

_OUTBOX = Shape(schema.outbox, OutboxMail, "outbox_id")
_C = schema.outbox.c
_MAY_HAVE_LEFT = (OutboxState.SENT, OutboxState.CONFIRMED, OutboxState.UNKNOWN, OutboxState.IN_FLIGHT)


class OutboxRows(Rows):
    """The part of a transaction that keeps outgoing mail."""

    def add_outbox(self, mail: OutboxMail) -> int | None:
        """The new id, or None when the intent (its dedupe key) already made a mail."""
        known = self._connection.execute(sa.select(_C.outbox_id).where(_C.dedupe_key == mail.dedupe_key)).first()
        return None if known else _OUTBOX.add(self._connection, mail)

    def save_outbox(self, mail: OutboxMail) -> None:
        """Insert or replace."""
        _OUTBOX.save(self._connection, mail)

    def get_outbox(self, outbox_id: int) -> OutboxMail:
        """Raises KeyError."""
        return _OUTBOX.get(self._connection, outbox_id)

    def find_outbox(self, *, message_id: str = "", dedupe_key: str = "") -> OutboxMail | None:
        """The mail that has what is given; None when there is none or nothing is given."""
        if not (message_id or dedupe_key):
            return None
        found = _OUTBOX.equal(self._connection, message_id=message_id or None, dedupe_key=dedupe_key or None)
        return found[0] if found else None

    def outbox(
        self,
        *,
        states: Iterable[OutboxState] | None = None,
        prefecture: str | None = None,
        training_id: str | None = None,
        due_at: dt.datetime | None = None,
        since: dt.datetime | None = None,
    ) -> list[OutboxMail]:
        """By id. `due_at`: only those with not_before_at <= due_at. `since`: created at or after."""
        where = given((_C.prefecture, prefecture), (_C.training_id, training_id))
        if states is not None:
            where.append(_C.state.in_(tuple(states)))
        if due_at is not None:
            where.append(_C.not_before_at <= due_at)
        if since is None:
            return _OUTBOX.list(self._connection, where)
        # In order of the index: asked for by id, SQLite would rather walk through all mail there ever was.
        found = _OUTBOX.list(self._connection, [*where, _C.created_at >= since], order=[_C.created_at])
        return sorted(found, key=attrgetter("outbox_id"))

    def count_outbox(self) -> Mapping[OutboxState, int]:
        """States that occur → how often."""
        return self._count_by(_C.state)

    def count_sent(self, since: dt.datetime, prefecture: str | None = None, purpose: str | None = None) -> int:
        """Mails that left or may have left, whose last attempt began at or after `since`."""
        query = sa.select(sa.func.count()).where(_C.started_at >= since, _C.state.in_(_MAY_HAVE_LEFT))
        query = query.where(*given((_C.prefecture, prefecture), (_C.purpose, purpose)))
        return self._connection.execute(query).scalar_one()
