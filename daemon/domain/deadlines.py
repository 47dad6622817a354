"""When the registrations must be done: 「受講開始１週間前まで」 as one printed day (domain.md §5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from daemon.domain.calendar import OfficeCalendar, in_era


class Count(StrEnum):
    """How "one week before" is counted."""

    CIVIL = "civil"
    """A full week in between: S−8 (初日不算入, 大判昭6.5.2)."""
    PLAIN = "plain"
    """The same weekday: S−7."""


class Roll(StrEnum):
    """What happens when the day is no business day."""

    PREVIOUS = "previous"
    NONE = "none"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """How the deadline follows from the first day of the training."""

    count: Count = Count.CIVIL
    roll: Roll = Roll.PREVIOUS
    buffer_days: int = 0
    """Business days HQ keeps for its own check and for PRE6."""


def deadline(starts_on: dt.date, rule: DeadlineRule, calendar: OfficeCalendar) -> tuple[dt.date, str]:
    """The deadline and, in Japanese, where it comes from."""
    back = 8 if rule.count is Count.CIVIL else 7
    day = starts_on - dt.timedelta(days=back)
    steps = [f"受講開始{in_era(starts_on)}の{back}日前"]
    rolled = day
    if rule.roll is Roll.PREVIOUS:
        rolled = calendar.roll_back(day)
    elif rule.roll is Roll.NEXT:
        rolled = calendar.roll_forward(day)
    if rolled != day:
        direction = "直前" if rolled < day else "直後"
        steps.append(f"{in_era(day)}は{calendar.closed_because(day)}のため{direction}の開所日")
    if rule.buffer_days:
        rolled = calendar.add(rolled, -rule.buffer_days)
        steps.append(f"確認のため{rule.buffer_days}営業日前倒し")
    return rolled, "、".join(steps)
