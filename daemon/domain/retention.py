"""How long what is kept: raw mail until the end of a fiscal year, the register for years (domain.md §6)."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What HQ has agreed; nothing is removed while `enabled` is off."""

    enabled: bool = True
    raw_months: int = 3
    """Months raw mail and pictures stay after the training has ended."""
    until_fiscal_year_end: bool = True
    """And on from there to the next 31 March."""
    register_years: int = 5
    """Years until the names of a training that has ended are erased as well."""
    notice_days: int = 7
    """Days between the announcement and the removal, in which a person may stop it."""

    def raw_due_on(self, ended_on: dt.date) -> dt.date:
        """First day on which raw mail of something that ended then is no longer needed."""
        kept = add_months(ended_on, self.raw_months)
        return (fiscal_year_end(kept) if self.until_fiscal_year_end else kept) + dt.timedelta(days=1)

    def register_due_on(self, ended_on: dt.date) -> dt.date:
        """First day on which the names are no longer needed; never before the raw mail."""
        return max(add_months(ended_on, 12 * self.register_years), self.raw_due_on(ended_on))


def fiscal_year_end(day: dt.date) -> dt.date:
    """The next 31 March, the day itself included."""
    return dt.date(day.year + (day.month > 3), 3, 31)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
