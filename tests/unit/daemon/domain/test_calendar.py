"""Days the offices work, and deadlines counted back from the first day of a training."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.calendar import OfficeCalendar, in_era
from daemon.domain.deadlines import Count, DeadlineRule, Roll, deadline
from daemon.domain.directory import ClosedDays

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2035, 12, 31))
CALENDAR = OfficeCalendar()


@pytest.mark.parametrize(
    ("starts", "plain", "civil"),
    [
        ("2026-04-15", "2026-04-08", "2026-04-07"),
        ("2026-05-13", "2026-05-01", "2026-05-01"),
        ("2026-09-30", "2026-09-18", "2026-09-18"),
        ("2027-01-08", "2026-12-28", "2026-12-28"),
        ("2027-03-30", "2027-03-23", "2027-03-19"),
    ],
)
def test_the_deadline_is_the_one_of_the_procedure_table(starts: str, plain: str, civil: str) -> None:
    first = dt.date.fromisoformat(starts)
    assert str(deadline(first, DeadlineRule(Count.PLAIN), CALENDAR)[0]) == plain
    assert str(deadline(first, DeadlineRule(Count.CIVIL), CALENDAR)[0]) == civil


def test_the_basis_says_which_holiday_moved_it() -> None:
    _day, basis = deadline(dt.date(2027, 3, 30), DeadlineRule(), CALENDAR)
    assert "春分の日" in basis


def test_roll_none_keeps_the_day_and_next_goes_forward() -> None:
    first = dt.date(2026, 5, 13)
    assert deadline(first, DeadlineRule(roll=Roll.NONE), CALENDAR)[0] == dt.date(2026, 5, 5)
    assert deadline(first, DeadlineRule(roll=Roll.NEXT), CALENDAR)[0] == dt.date(2026, 5, 7)


def test_the_buffer_counts_business_days() -> None:
    assert deadline(dt.date(2026, 4, 15), DeadlineRule(buffer_days=2), CALENDAR)[0] == dt.date(2026, 4, 3)


@given(DAYS)
def test_a_default_deadline_is_an_open_day_at_least_eight_days_before(starts: dt.date) -> None:
    day, _basis = deadline(starts, DeadlineRule(), CALENDAR)
    assert CALENDAR.is_open(day)
    assert (starts - day).days >= 8


@pytest.mark.parametrize("day", ["2026-12-29", "2026-12-31", "2027-01-03", "2026-04-29", "2026-04-11"])
def test_new_year_holidays_and_saturdays_are_closed(day: str) -> None:
    assert CALENDAR.closed_because(dt.date.fromisoformat(day))


def test_exceptions_win_over_the_rule() -> None:
    closed, opened = dt.date(2026, 8, 13), dt.date(2026, 8, 15)
    calendar = OfficeCalendar(ClosedDays({closed: "夏季休業"}, frozenset({opened})))
    assert calendar.closed_because(closed) == "夏季休業"
    assert calendar.is_open(opened)


@given(DAYS, st.integers(-30, 30))
def test_adding_business_days_lands_on_an_open_day_that_far_away(day: dt.date, n: int) -> None:
    start = CALENDAR.roll_forward(day)
    end = CALENDAR.add(start, n)
    assert CALENDAR.is_open(end)
    assert CALENDAR.between(start, end) == n


def test_eras_are_written_with_weekday_and_gannen() -> None:
    assert in_era(dt.date(2026, 4, 7)) == "令和8年4月7日（火）"
    assert in_era(dt.date(2019, 5, 1), weekday=False) == "令和元年5月1日"
    assert in_era(dt.date(2019, 4, 30), weekday=False) == "平成31年4月30日"
