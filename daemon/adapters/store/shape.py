"""Writing and reading one kind of frozen value in one table. No ORM: a value in, a value out, four statements."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_T = TypeVar("_T")


class Shape(Generic[_T]):
    """How values of one dataclass lie in one table: a column for each field, in the same order."""

    def __init__(self, table: sa.Table, kind: type[_T], key: str) -> None:
        self.table = table
        self.kind = kind
        self.key = key
        self.columns = tuple(c.name for c in table.columns)
        self._get = attrgetter(*self.columns)
        self._by_columns: dict[tuple[str, ...], sa.Select[Any]] = {}
        if self.columns != tuple(f.name for f in fields(kind)):  # type: ignore[arg-type]
            raise TypeError(f"{table.name} and {kind.__name__} differ")

    @cached_property
    def _insert(self) -> sa.Insert:
        return sa.insert(self.table)

    @cached_property
    def _update(self) -> sa.Update:
        changed: dict[str, Any] = {name: sa.bindparam(name) for name in self.columns if name != self.key}
        return sa.update(self.table).where(self.table.c[self.key] == sa.bindparam("_key")).values(changed)

    @cached_property
    def select(self) -> sa.Select[Any]:
        """All columns, in order."""
        return sa.select(self.table)

    def params(self, value: _T) -> dict[str, Any]:
        """Column → value."""
        return dict(zip(self.columns, self._get(value), strict=True))

    def add(self, connection: Connection, value: _T) -> int:
        """Insert under the next number, which is returned; the number in `value` is ignored."""
        params = self.params(value)
        del params[self.key]
        done = connection.execute(self._insert, params)
        return int(done.inserted_primary_key[0])  # type: ignore[index]

    def save(self, connection: Connection, value: _T) -> None:
        """Insert or replace. The caller is the only writer, so nothing can come between the two statements."""
        params = self.params(value)
        key = params.pop(self.key)
        if connection.execute(self._update, {**params, "_key": key}).rowcount:
            return
        connection.execute(self._insert, {**params, self.key: key})
        if connection.dialect.name == "postgresql" and self.table.autoincrement_column is not None:
            _count_on(connection, self.table.name, self.key)

    def add_all(self, connection: Connection, values: Sequence[_T]) -> None:
        """Insert values that come with their own numbers."""
        connection.execute(self._insert, [self.params(v) for v in values])
        if connection.dialect.name == "postgresql" and self.table.autoincrement_column is not None:
            _count_on(connection, self.table.name, self.key)

    def get(self, connection: Connection, key: object) -> _T:
        """The value under `key`; raises KeyError when there is none."""
        found = self.equal(connection, **{self.key: key})
        if not found:
            raise KeyError(f"{self.table.name} {key}")
        return found[0]

    def equal(self, connection: Connection, **wanted: object | None) -> builtins.list[_T]:
        """All values whose columns equal what is given (None = whatever), by key.

        The statement is built once for each set of columns: building costs three times what SQLite takes to answer.
        """
        params = {name: value for name, value in wanted.items() if value is not None}
        names = tuple(params)
        query = self._by_columns.get(names)
        if query is None:
            same = [self.table.c[name] == sa.bindparam(name) for name in names]
            query = self._by_columns[names] = self.select.where(*same).order_by(self.table.c[self.key])
        return [self.kind(*row) for row in connection.execute(query, params)]

    def find(self, connection: Connection, *where: sa.ColumnElement[bool]) -> _T | None:
        """The first value that fits, by key."""
        found = self.list(connection, where, limit=1)
        return found[0] if found else None

    def list(
        self,
        connection: Connection,
        where: Iterable[sa.ColumnElement[bool]] = (),
        order: Sequence[sa.ColumnElement[Any]] = (),
        limit: int | None = None,
    ) -> list[_T]:
        """All values that fit, by key or in the order given."""
        query = self.select.where(*where).order_by(*(order or (self.table.c[self.key],)))
        if limit is not None:
            query = query.limit(limit)
        return [self.kind(*row) for row in connection.execute(query)]


def _count_on(connection: Connection, table: str, key: str) -> None:
    """A row came with its own number: let PostgreSQL's next one be higher (SQLite does so by itself)."""
    sequence = sa.func.pg_get_serial_sequence(table, key)
    highest = sa.select(sa.func.max(sa.column(key))).select_from(sa.table(table)).scalar_subquery()
    connection.execute(sa.select(sa.func.setval(sequence, highest)))


class Rows:
    """What every part of a transaction stands on: the open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def flush(self) -> None:
        """Write what was collected for one statement; the store calls it before the commit."""

    def _count_by(self, column: sa.Column[_T], where: Iterable[sa.ColumnElement[bool]] = ()) -> dict[_T, int]:
        """Values that occur in the column → how often."""
        query = sa.select(column, sa.func.count()).where(*where).group_by(column)
        return {row[0]: row[1] for row in self._connection.execute(query)}


def given(*pairs: tuple[sa.ColumnElement[Any], object | None]) -> list[sa.ColumnElement[bool]]:
    """`column == value` for each value that is given."""
    return [column == value for column, value in pairs if value is not None]
