"""When an office is reminded, and every reason not to."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.calendar import OfficeCalendar
from daemon.domain.policy import Policy
from daemon.domain.reminding import Doubts, Hold, Stage, holds, next_after, schedule, stage_on, within_hours

CALENDAR = OfficeCalendar()
SENT, DEADLINE = dt.date(2026, 3, 2), dt.date(2026, 4, 7)
NOW = dt.datetime(2026, 4, 1, 1, 0, tzinfo=dt.UTC)
SURE = Doubts(NOW, 0, 0, bounced=False, in_doubt_outgoing=0, stopped=False, reminded_today=False)


def test_the_stages_fall_on_the_days_of_the_rhythm() -> None:
    days = {d.stage: str(d.on) for d in schedule(SENT, DEADLINE, CALENDAR)}
    assert days == {
        Stage.UPCOMING: "2026-03-24", Stage.CHECK: "2026-03-31", Stage.LAST: "2026-04-03", Stage.TODAY: "2026-04-07",
        Stage.OVERDUE: "2026-04-08",
    }  # fmt: skip


def test_an_office_that_got_the_mail_late_is_left_in_peace_for_two_days() -> None:
    stages = [d.stage for d in schedule(dt.date(2026, 4, 2), DEADLINE, CALENDAR)]
    assert stages == [Stage.TODAY, Stage.OVERDUE]


def test_after_the_deadline_it_is_weekly() -> None:
    due = stage_on(dt.date(2026, 4, 15), SENT, DEADLINE, CALENDAR)
    assert due is not None
    assert (due.stage, str(due.on)) == (Stage.WEEKLY, "2026-04-15")
    assert str(next_after(dt.date(2026, 4, 15), SENT, DEADLINE, CALENDAR)) == "2026-04-22"


@given(st.dates(dt.date(2026, 3, 2), dt.date(2026, 6, 30)))
def test_the_next_stage_is_an_open_day_in_the_future(day: dt.date) -> None:
    following = next_after(day, SENT, DEADLINE, CALENDAR)
    assert following > day
    assert CALENDAR.is_open(following)


@given(st.dates(dt.date(2026, 3, 2), dt.date(2026, 6, 30)))
def test_the_stage_of_a_day_is_never_in_its_future(day: dt.date) -> None:
    due = stage_on(day, SENT, DEADLINE, CALENDAR)
    assert due is None or due.on <= day


def test_nothing_holds_when_nothing_is_in_doubt() -> None:
    assert holds(NOW, SURE, Policy()) == ()


@pytest.mark.parametrize(
    ("change", "hold"),
    [
        ({"synced_at": None}, Hold.SYNC_STALE),
        ({"synced_at": NOW - dt.timedelta(hours=1)}, Hold.SYNC_STALE),
        ({"unread": 1}, Hold.UNREAD_MAIL),
        ({"reviews": 1}, Hold.OPEN_REVIEW),
        ({"bounced": True}, Hold.BOUNCED),
        ({"in_doubt_outgoing": 1}, Hold.NOT_SENT),
        ({"stopped": True}, Hold.STOPPED),
        ({"reminded_today": True}, Hold.CAPPED),
    ],
)
def test_each_doubt_alone_holds_the_reminder(change: dict[str, object], hold: Hold) -> None:
    assert holds(NOW, replace(SURE, **change), Policy()) == (hold,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("local", "allowed"),
    [("2026-04-01T09:00", True), ("2026-04-01T08:59", False), ("2026-04-01T17:00", False), ("2026-04-04T10:00", False)],
)
def test_reminders_leave_in_office_hours_of_open_days(local: str, allowed: bool) -> None:
    at = dt.datetime.fromisoformat(local).replace(tzinfo=dt.timezone(dt.timedelta(hours=9)))
    assert within_hours(at, CALENDAR, Policy()) is allowed
