"""When things may go."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.retention import RetentionRule, add_months, fiscal_year_end

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2060, 12, 31))


def test_raw_mail_stays_three_months_and_then_to_the_end_of_that_fiscal_year() -> None:
    assert RetentionRule().raw_due_on(dt.date(2026, 6, 30)) == dt.date(2027, 4, 1)
    assert RetentionRule().raw_due_on(dt.date(2027, 1, 15)) == dt.date(2028, 4, 1)


def test_months_alone_when_the_fiscal_year_does_not_count() -> None:
    assert RetentionRule(until_fiscal_year_end=False).raw_due_on(dt.date(2026, 11, 30)) == dt.date(2027, 3, 1)


@given(DAYS, st.integers(0, 60))
def test_a_month_later_is_never_more_than_31_days_a_month(day: dt.date, months: int) -> None:
    later = add_months(day, months)
    assert dt.timedelta(28 * months) <= later - day <= dt.timedelta(31 * months)


@given(DAYS)
def test_a_fiscal_year_ends_on_the_last_of_march_to_come(day: dt.date) -> None:
    end = fiscal_year_end(day)
    assert (end.month, end.day) == (3, 31)
    assert dt.timedelta() <= end - day <= dt.timedelta(days=365)


@given(DAYS, st.integers(1, 60), st.integers(0, 10), st.booleans())
def test_the_register_outlives_the_raw_mail(day: dt.date, months: int, years: int, fiscal: bool) -> None:
    rule = RetentionRule(raw_months=months, register_years=years, until_fiscal_year_end=fiscal)
    assert rule.register_due_on(day) >= rule.raw_due_on(day) > day
