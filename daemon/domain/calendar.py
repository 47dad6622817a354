"""Which days the offices work (domain.md §5): weekdays that are no holiday and not 12/29–1/3.

The second Saturday counts as closed: the offices answer the telephone, registration work is not promised.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import jpholiday

from daemon.domain.directory import ClosedDays

TOKYO = dt.timezone(dt.timedelta(hours=9), "JST")
"""Japan has had no daylight saving since 1951."""


@dataclass(frozen=True, slots=True)
class OfficeCalendar:
    """The calendar of the pension offices, with HQ's exceptions."""

    exceptions: ClosedDays = field(default_factory=ClosedDays)

    def closed_because(self, day: dt.date) -> str | None:
        """Why the offices are closed on `day` (Japanese, for people), None when they work."""
        if day in self.exceptions.opened:
            return None
        if day in self.exceptions.closed:
            return self.exceptions.closed[day]
        if (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
            return "年末年始"
        if day.weekday() >= 5:
            return "土曜日" if day.weekday() == 5 else "日曜日"
        holiday: str | None = jpholiday.is_holiday_name(day)
        return holiday

    def is_open(self, day: dt.date) -> bool:
        """Whether the offices work on `day`."""
        return self.closed_because(day) is None

    def roll_back(self, day: dt.date) -> dt.date:
        """`day`, or the last business day before it."""
        while not self.is_open(day):
            day -= dt.timedelta(days=1)
        return day

    def roll_forward(self, day: dt.date) -> dt.date:
        """`day`, or the first business day after it."""
        while not self.is_open(day):
            day += dt.timedelta(days=1)
        return day

    def add(self, day: dt.date, business_days: int) -> dt.date:
        """The business day `business_days` after (or, negative, before) `day`; `day` itself is not counted."""
        step = dt.timedelta(days=1 if business_days > 0 else -1)
        for _ in range(abs(business_days)):
            day += step
            while not self.is_open(day):
                day += step
        return day

    def between(self, start: dt.date, end: dt.date) -> int:
        """How many business days lie in (start, end]; negative when end < start."""
        if end < start:
            return -self.between(end, start)
        days = (end - start).days
        return sum(self.is_open(start + dt.timedelta(days=n)) for n in range(1, days + 1))


_ERAS = ((dt.date(2019, 5, 1), "令和", 2018), (dt.date(1989, 1, 8), "平成", 1988))


def in_era(day: dt.date, *, weekday: bool = True) -> str:
    """「令和8年4月7日（火）」; raises ValueError before 平成."""
    for begins, era, offset in _ERAS:
        if day >= begins:
            year = day.year - offset
            written = f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日"
            return written + (f"（{'月火水木金土日'[day.weekday()]}）" if weekday else "")
    raise ValueError(f"no era for {day}")
