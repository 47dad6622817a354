"""A clock that stands still until the world moves it: `ports.Clock` for the demo and the simulation tests."""

from __future__ import annotations

import datetime as dt

from daemon.domain.calendar import TOKYO


class VirtualClock:
    """Time as the virtual world has it. Reading it costs nothing and never moves it."""

    def __init__(self, at: dt.datetime) -> None:
        """Start at the aware instant `at`."""
        self._now = at.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        """This instant, aware UTC."""
        return self._now

    def today(self) -> dt.date:
        """The calendar day in Asia/Tokyo."""
        return self._now.astimezone(TOKYO).date()

    def move_to(self, at: dt.datetime) -> None:
        """Go on to the instant `at`; an earlier one is ignored, the virtual world has no clock that is set back."""
        self._now = max(self._now, at.astimezone(dt.UTC))


def tokyo(day: dt.date, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    """The aware instant of a wall clock time in Tokyo."""
    return dt.datetime.combine(day, dt.time(hour, minute, second), TOKYO)
