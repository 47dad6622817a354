"""When an office is reminded, and when it must not be (domain.md §5 rhythm, §3.7 stages; invariant I5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from daemon.domain.calendar import TOKYO, OfficeCalendar
from daemon.domain.policy import Policy


class Stage(StrEnum):
    """How urgent a reminder sounds; also the name of its template."""

    UPCOMING = "upcoming"
    """T−10 business days, only when nothing at all came."""
    CHECK = "check"
    """T−5."""
    LAST = "last"
    """T−2."""
    TODAY = "today"
    """T."""
    OVERDUE = "overdue"
    """T+1; a person approves it."""
    WEEKLY = "weekly"
    """Every five business days after that."""


class FollowUp(StrEnum):
    """After the training nothing is due on a day, so nothing is late; also the name of the template."""

    FIRST = "first"
    """20 business days after POST1 (a setting)."""
    AGAIN = "again"
    """Every week after that."""


_OFFSETS = ((Stage.UPCOMING, -10), (Stage.CHECK, -5), (Stage.LAST, -2), (Stage.TODAY, 0), (Stage.OVERDUE, 1))
_WEEK = 5
_QUIET_AFTER_DISPATCH = 2
"""Business days an office has before the first reminder, however short the time."""


@dataclass(frozen=True, slots=True)
class Due:
    """A stage and the day it falls on."""

    stage: Stage | FollowUp
    on: dt.date


def schedule(dispatched_on: dt.date, deadline_on: dt.date, calendar: OfficeCalendar) -> list[Due]:
    """The stages before and just after the deadline that leave the office time to act, by day."""
    base = calendar.roll_back(deadline_on)
    earliest = calendar.add(dispatched_on, _QUIET_AFTER_DISPATCH)
    days = [Due(stage, calendar.add(base, n) if n else base) for stage, n in _OFFSETS]
    return [d for d in days if d.on >= earliest or d.stage is Stage.OVERDUE]


def stage_on(day: dt.date, dispatched_on: dt.date, deadline_on: dt.date, calendar: OfficeCalendar) -> Due | None:
    """The latest stage that has fallen due by `day`, None when none has."""
    due = [d for d in schedule(dispatched_on, deadline_on, calendar) if d.on <= day]
    if not due:
        return None
    last = due[-1]
    weeks = calendar.between(last.on, day) // _WEEK if last.stage is Stage.OVERDUE else 0
    return Due(Stage.WEEKLY, calendar.add(last.on, weeks * _WEEK)) if weeks > 0 else last


def next_after(day: dt.date, dispatched_on: dt.date, deadline_on: dt.date, calendar: OfficeCalendar) -> dt.date:
    """First day after `day` on which a stage falls due."""
    planned = schedule(dispatched_on, deadline_on, calendar)
    later = [d.on for d in planned if d.on > day]
    if later:
        return later[0]
    last = planned[-1].on
    weeks = calendar.between(last, day) // _WEEK + 1
    return calendar.add(last, weeks * _WEEK)


def target_on(dispatched_on: dt.date, policy: Policy, calendar: OfficeCalendar) -> dt.date:
    """The day by which HQ hopes to have the deletions: a target of its own, never told as a deadline (domain.md §5)."""
    return calendar.add(dispatched_on, policy.follow_up_after_days)


def follow_up_on(day: dt.date, dispatched_on: dt.date, policy: Policy, calendar: OfficeCalendar) -> Due | None:
    """The latest follow-up that has fallen due by `day`, None before the first."""
    first = target_on(dispatched_on, policy, calendar)
    if day < first:
        return None
    times = calendar.between(first, day) // policy.follow_up_every_days
    if not times:
        return Due(FollowUp.FIRST, first)
    return Due(FollowUp.AGAIN, calendar.add(first, times * policy.follow_up_every_days))


def next_follow_up_after(day: dt.date, dispatched_on: dt.date, policy: Policy, calendar: OfficeCalendar) -> dt.date:
    """First day after `day` on which a follow-up falls due."""
    first = target_on(dispatched_on, policy, calendar)
    if day < first:
        return first
    times = calendar.between(first, day) // policy.follow_up_every_days + 1
    return calendar.add(first, times * policy.follow_up_every_days)


class Hold(StrEnum):
    """Why a reminder that is due stays in the house (I5). The digest says it in words."""

    SYNC_STALE = "sync-stale"
    UNREAD_MAIL = "unread-mail"
    """A stored mail that could be the answer has not been worked on, or is quarantined."""
    OPEN_REVIEW = "open-review"
    BOUNCED = "bounced"
    NOT_SENT = "not-sent"
    """The last mail to that office is still under way or its fate unknown."""
    STOPPED = "stopped"
    """The kill switch is on."""
    CAPPED = "capped"
    """The office got a mail today."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """What could make a reminder wrong, for one office."""

    synced_at: dt.datetime | None
    unread: int
    reviews: int
    bounced: bool
    in_doubt_outgoing: int
    stopped: bool
    reminded_today: bool


def holds(now: dt.datetime, doubts: Doubts, policy: Policy) -> tuple[Hold, ...]:
    """Every reason to hold; empty means the reminder may go."""
    fresh = doubts.synced_at is not None and (now - doubts.synced_at).total_seconds() <= policy.sync_fresh_s
    reasons = (
        (Hold.SYNC_STALE, not fresh),
        (Hold.UNREAD_MAIL, doubts.unread > 0),
        (Hold.OPEN_REVIEW, doubts.reviews > 0),
        (Hold.BOUNCED, doubts.bounced),
        (Hold.NOT_SENT, doubts.in_doubt_outgoing > 0),
        (Hold.STOPPED, doubts.stopped),
        (Hold.CAPPED, doubts.reminded_today),
    )
    return tuple(hold for hold, holding in reasons if holding)


def within_hours(now: dt.datetime, calendar: OfficeCalendar, policy: Policy) -> bool:
    """Whether reminders may leave now: an open day, inside the hours HQ chose (Asia/Tokyo)."""
    local = now.astimezone(TOKYO)
    return calendar.is_open(local.date()) and policy.send_from <= local.time() < policy.send_until


def next_opening(now: dt.datetime, calendar: OfficeCalendar, policy: Policy) -> dt.datetime:
    """The first instant from `now` on at which reminders may leave, aware UTC; `now` itself when they may."""
    if within_hours(now, calendar, policy):
        return now
    local = now.astimezone(TOKYO)
    day = local.date() if local.time() < policy.send_from else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(calendar.roll_forward(day), policy.send_from, TOKYO).astimezone(dt.UTC)
