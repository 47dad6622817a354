"""Trainings, rosters and dispatches in the database."""

from __future__ import annotations

import datetime as dt
from operator import attrgetter

import sqlalchemy as sa

from daemon.adapters.store import schema
from daemon.adapters.store.shape import Rows, Shape
from daemon.domain.model import Dispatch, Handover, Roster, Training

_TRAININGS = Shape(schema.trainings, Training, "training_id")
_ROSTERS = Shape(schema.rosters, Roster, "code")
_DISPATCHES = Shape(schema.dispatches, Dispatch, "dispatch_id")
_HANDOVERS = Shape(schema.handovers, Handover, "handover_id")


class TrainingRows(Rows):
    """The part of a transaction that keeps trainings, rosters, dispatches."""

    def save_training(self, training: Training) -> None:
        """Insert or replace."""
        _TRAININGS.save(self._connection, training)

    def get_training(self, training_id: str) -> Training:
        """Raises KeyError."""
        return _TRAININGS.get(self._connection, training_id)

    def trainings(self) -> list[Training]:
        """All, by id."""
        return _TRAININGS.list(self._connection)

    def save_roster(self, roster: Roster) -> None:
        """Insert or replace."""
        _ROSTERS.save(self._connection, roster)

    def get_roster(self, code: str) -> Roster:
        """Raises KeyError."""
        return _ROSTERS.get(self._connection, code)

    def find_roster(self, code: str) -> Roster | None:
        """None when there is none."""
        return next(iter(_ROSTERS.equal(self._connection, code=code)), None)

    def rosters(self, training_id: str, prefecture: str | None = None) -> list[Roster]:
        """Those of one training, by code."""
        return _ROSTERS.equal(self._connection, training_id=training_id, prefecture=prefecture)

    def save_dispatch(self, dispatch: Dispatch) -> None:
        """Insert or replace."""
        _DISPATCHES.save(self._connection, dispatch)

    def find_dispatch(self, dispatch_id: str) -> Dispatch | None:
        """None when there is none."""
        return next(iter(_DISPATCHES.equal(self._connection, dispatch_id=dispatch_id)), None)

    def dispatches(self, training_id: str | None = None, prefecture: str | None = None) -> list[Dispatch]:
        """By id."""
        return _DISPATCHES.equal(self._connection, training_id=training_id, prefecture=prefecture)

    def first_dispatched_at(self) -> dt.datetime | None:
        """When the earliest mailing left, None while none has."""
        found: dt.datetime | None = self._connection.execute(
            sa.select(sa.func.min(schema.dispatches.c.dispatched_at))
        ).scalar_one()
        return found

    def dispatches_due(self, on: dt.date) -> list[Dispatch]:
        """Those with a reminder due on or before `on`, by id; one range of one index."""
        day = schema.dispatches.c.next_reminder_on
        # In order of the index: asked for by id, SQLite would rather walk through all dispatches there ever were.
        found = _DISPATCHES.list(self._connection, [day <= on], order=[day])
        return sorted(found, key=attrgetter("dispatch_id"))

    def add_handover(self, handover: Handover) -> int:
        """The new id."""
        return _HANDOVERS.add(self._connection, handover)

    def save_handover(self, handover: Handover) -> None:
        """Insert or replace."""
        _HANDOVERS.save(self._connection, handover)

    def handovers(self, training_id: str) -> list[Handover]:
        """Those of one training, by id."""
        return _HANDOVERS.equal(self._connection, training_id=training_id)
