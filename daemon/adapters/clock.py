"""The one place that asks the machine for the time."""

from __future__ import annotations

import datetime as dt

from daemon.domain.calendar import TOKYO


class SystemClock:
    """The wall clock, whatever zone the machine is set to."""

    def now(self) -> dt.datetime:
        """This instant, aware UTC."""
        return dt.datetime.now(dt.UTC)

    def today(self) -> dt.date:
        """The calendar day in Asia/Tokyo."""
        return self.now().astimezone(TOKYO).date()
