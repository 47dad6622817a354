"""A clock that stands still until it is moved."""

from __future__ import annotations

import datetime as dt

_TOKYO = dt.timezone(dt.timedelta(hours=9), "JST")


class FakeClock:
    """`daemon.ports.Clock` under the hand of the test."""

    def __init__(self, at: dt.datetime | None = None) -> None:
        """Starts on Monday 2026-03-02, 09:00 in Tokyo, unless told otherwise."""
        self._now = at or dt.datetime(2026, 3, 2, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self._now

    def today(self) -> dt.date:
        return self._now.astimezone(_TOKYO).date()

    def advance(self, **by: float) -> dt.datetime:
        """`advance(hours=2)`; arguments of timedelta."""
        self._now += dt.timedelta(**by)
        return self._now

    def set(self, at: dt.datetime) -> None:
        self._now = at.astimezone(dt.UTC)
