"""Enrollments and what is recorded about them: one row each, and one row for each recorded value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

import sqlalchemy as sa

from daemon.adapters.store import schema
from daemon.adapters.store.shape import Rows, given
from daemon.domain.model import Enrollment, State, Value
from parsers.findings import Field

_ROWS = schema.enrollments
_VALUES = schema.enrollment_values
_COLUMNS = tuple(c.name for c in _ROWS.columns)
_VALUE_COLUMNS = tuple(f.name for f in fields(Value))
_KEYS: sa.BindParameter[str] = sa.bindparam("keys", expanding=True)
_DELETE_ROWS = sa.delete(_ROWS).where(_ROWS.c.enrollment_id.in_(_KEYS))
_DELETE_VALUES = sa.delete(_VALUES).where(_VALUES.c.enrollment_id.in_(_KEYS))
_INSERT_ROWS, _INSERT_VALUES = sa.insert(_ROWS), sa.insert(_VALUES)
_SELECT_ROWS = sa.select(_ROWS).order_by(_ROWS.c.roster, _ROWS.c.row, _ROWS.c.enrollment_id)
_SELECT_VALUES = sa.select(_VALUES).join_from(_VALUES, _ROWS).order_by(_VALUES.c.enrollment_id, _VALUES.c.field)
_MANY = 400
"""Rows replaced by one statement; both databases allow far more parameters than this makes."""


class EnrollmentRows(Rows):
    """The part of a transaction that keeps enrollments."""

    def save_enrollment(self, enrollment: Enrollment) -> None:
        """Insert or replace the row and all its values."""
        self.save_enrollments((enrollment,))

    def save_enrollments(self, enrollments: Iterable[Enrollment]) -> None:
        """`save_enrollment` for each, in a few statements."""
        pending = iter(enrollments)
        while batch := list(islice(pending, _MANY)):
            self._replace(batch)

    def _replace(self, batch: Sequence[Enrollment]) -> None:
        """Out with the old rows, in with the new; foreign keys are looked at when the transaction commits."""
        keys = [e.enrollment_id for e in batch]
        self._connection.execute(_DELETE_VALUES, {"keys": keys})
        self._connection.execute(_DELETE_ROWS, {"keys": keys})
        self._connection.execute(_INSERT_ROWS, [{n: getattr(e, n) for n in _COLUMNS} for e in batch])
        if values := [params for e in batch for params in _value_params(e)]:
            self._connection.execute(_INSERT_VALUES, values)

    def get_enrollment(self, enrollment_id: str) -> Enrollment:
        """Raises KeyError."""
        found = self.find_enrollment(enrollment_id)
        if found is None:
            raise KeyError(f"enrollments {enrollment_id}")
        return found

    def find_enrollment(self, enrollment_id: str) -> Enrollment | None:
        """None when there is none."""
        found = self._load([_ROWS.c.enrollment_id == enrollment_id])
        return found[0] if found else None

    def enrollments(
        self, *, training_id: str | None = None, prefecture: str | None = None, roster: str | None = None
    ) -> list[Enrollment]:
        """By roster and row. Those of one roster, whichever half of the procedure it belongs to, by No. on it."""
        where = given((_ROWS.c.training_id, training_id), (_ROWS.c.prefecture, prefecture))
        if roster is None:
            return self._load(where)
        found = self._load([*where, sa.or_(_ROWS.c.roster == roster, _ROWS.c.post_roster == roster)])
        return sorted(found, key=lambda e: (e.number_on(roster), e.enrollment_id))

    def count_by_state(self, training_id: str, prefecture: str | None = None) -> Mapping[State, int]:
        """States that occur → how often."""
        c = _ROWS.c
        return self._count_by(c.state, given((c.training_id, training_id), (c.prefecture, prefecture)))

    def _load(self, where: Sequence[sa.ColumnElement[bool]]) -> list[Enrollment]:
        values = self._values(where)
        return [
            Enrollment(**dict(zip(_COLUMNS, row, strict=True)), values=values.get(row[0], {}))
            for row in self._connection.execute(_SELECT_ROWS.where(*where))
        ]

    def _values(self, where: Sequence[sa.ColumnElement[bool]]) -> Mapping[str, dict[Field, Value]]:
        """Enrollment → its values."""
        found: defaultdict[str, dict[Field, Value]] = defaultdict(dict)
        for enrollment_id, name, *rest in self._connection.execute(_SELECT_VALUES.where(*where)):
            found[enrollment_id][name] = Value(*rest)
        return found


def _value_params(enrollment: Enrollment) -> Iterator[dict[str, Any]]:
    for name, value in enrollment.values.items():
        columns = {n: getattr(value, n) for n in _VALUE_COLUMNS}
        yield {"enrollment_id": enrollment.enrollment_id, "field": name, **columns}
