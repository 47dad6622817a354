"""How values lie in columns, the same on SQLite and PostgreSQL: nothing here depends on what a database can do.

Instants are whole microseconds since 1970 in UTC (SQLite forgets time zones), calendar dates ISO 8601 text, closed
lists their value as text, everything nested canonical JSON text that no query ever looks into.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_Member = TypeVar("_Member", bound=StrEnum)

RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite numbers rows by itself only in a column declared exactly INTEGER."""


def microseconds(at: dt.datetime) -> int:
    """The instant as stored; raises ValueError for a time without zone, which could be any of 24."""
    if at.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return (at - EPOCH) // _MICROSECOND


def instant(stored: int) -> dt.datetime:
    """Inverse of `microseconds`, aware UTC."""
    return EPOCH + stored * _MICROSECOND


def canonical_json(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, characters as they are. Dates become ISO 8601 text."""
    return _CANONICAL.encode(value)


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"no JSON for a {type(value).__name__}")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


class Instant(TypeDecorator[dt.datetime]):
    """An aware instant."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Store."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Load."""
        return None if value is None else instant(value)


class Day(TypeDecorator[dt.date]):
    """A calendar date; ISO text sorts as dates do, in any collation."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: dt.date | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Store."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> dt.date | None:  # noqa: ARG002
        """Load."""
        return None if value is None else dt.date.fromisoformat(value)


class Member(TypeDecorator[_Member]):
    """A member of a closed list."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, members: type[_Member]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: _Member | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Store."""
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> _Member | None:  # noqa: ARG002
        """Load; raises ValueError for a word this program does not know (a database of a newer one)."""
        return None if value is None else self.members(value)


class JsonText(TypeDecorator[Any]):
    """Anything nested, as canonical JSON."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, encode: Callable[[Any], object], decode: Callable[[Any], object]) -> None:
        super().__init__()
        self.encode = encode
        self.decode = decode

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        """Store."""
        return canonical_json(self.encode(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:  # noqa: ARG002
        """Load."""
        return self.decode(json.loads(value or "null"))
