"""A reminder that could not leave when it was written: hours, days, and doubts that pass."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.domain.calendar import TOKYO, OfficeCalendar
from daemon.domain.policy import Policy
from daemon.domain.reminding import next_opening

CALENDAR = OfficeCalendar()


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-04-07T10:00", "2026-04-07T10:00"),
        ("2026-04-07T08:59", "2026-04-07T09:00"),
        ("2026-04-07T17:00", "2026-04-08T09:00"),
        ("2026-04-10T17:30", "2026-04-13T09:00"),
        ("2026-04-28T23:00", "2026-04-30T09:00"),
        ("2026-12-28T18:00", "2027-01-04T09:00"),
    ],
)
def test_reminders_wait_for_the_next_hour_of_an_open_day(now: str, opening: str) -> None:
    at = dt.datetime.fromisoformat(now).replace(tzinfo=TOKYO)
    assert next_opening(at, CALENDAR, Policy()) == dt.datetime.fromisoformat(opening).replace(tzinfo=TOKYO)
