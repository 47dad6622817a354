"""From a written date to a day that exists: eras, short years, missing years, weekdays (domain.md §3.1).

The window (dispatch … receipt) may choose among readings of a year that is missing or short; it never changes a
month, a day or a year that is written out, and when more than one reading fits nobody chooses.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from parsers.dates.grammar import Phrase, Year
from parsers.findings import Problem
from parsers.reading import ReadingContext

SURE = 0.9999
"""Written out in full."""
CHOSEN = 0.999
"""The year was chosen among readings by the window."""

_ERA_OFFSET = {"R": 2018, "H": 1988, "S": 1925, "T": 1911, "M": 1867}
REIWA = dt.date(2019, 5, 1)
"""First day of 令和."""
_OLDEST = 2019
"""No roster of this procedure can name an earlier year: older ones are slips of the hand or of the spreadsheet."""
_NEWEST = 2099
_OFFSET_OF_TOKYO = dt.timedelta(hours=9)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one written date means: a day, or candidates and why not."""

    value: dt.date | None
    candidates: tuple[dt.date, ...] = ()
    problems: tuple[Problem, ...] = ()
    confidence: float = 0.0


def doubt(problem: Problem, *candidates: dt.date | None) -> Meaning:
    """No value, for a reason."""
    return Meaning(None, tuple(dict.fromkeys(c for c in candidates if c)), (problem,))


def sure(day: dt.date, confidence: float = SURE) -> Meaning:
    """One day, no doubt."""
    return Meaning(day, (), (), confidence)


def meaning(phrase: Phrase, *, column_is_era: bool, context: ReadingContext) -> Meaning:
    """The day `phrase` names."""
    if phrase.run:
        found = _run(phrase, column_is_era, context)
    elif not _fits(phrase.month, 2) or not _fits(phrase.day, 2):
        found = doubt(Problem.IMPOSSIBLE_DATE)
    else:
        found = _dated(phrase.year, int(phrase.month), int(phrase.day), column_is_era, context)
    found = _agreeing(found, phrase, column_is_era, context)
    if phrase.doubtful and found.value:
        return doubt(Problem.AMBIGUOUS_DATE, found.value)
    return _on_weekday(_in_tokyo(found, phrase.time), phrase.weekday)


def _fits(digits: str, most: int) -> bool:
    return 1 <= len(digits) <= most


def _dated(year: Year, month: int, day: int, column_is_era: bool, context: ReadingContext) -> Meaning:
    if year.era:
        return _in_era(year, month, day)
    if not year.digits:
        return _without_year(month, day, context)
    if len(year.digits) == 4 and not year.digits.startswith("0"):
        return western(_day(int(year.digits), month, day), context)
    if len(year.digits) <= 2:
        return _short_year(int(year.digits), month, day, column_is_era, context)
    return doubt(Problem.IMPOSSIBLE_DATE)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def western(day: dt.date | None, context: ReadingContext) -> Meaning:
    """A day with a four-digit year, written or typed; `None` = no such day."""
    if day is None or day.year > _NEWEST:
        return doubt(Problem.IMPOSSIBLE_DATE)
    if day.year >= _OLDEST:
        return sure(day)
    if day.year > 2000:  # somebody typed 8/4/1 for 令和8年 and the spreadsheet made it 2008
        meant = _day(day.year + 18, day.month, day.day)
        late = meant and context.received_on and meant > context.received_on
        return doubt(Problem.TWO_DIGIT_YEAR_TRAP, None if late else meant, day)
    return doubt(Problem.OTHER_ERA, day)


def _in_era(year: Year, month: int, day: int) -> Meaning:
    if len(year.digits) > 2 or int(year.digits) == 0:
        return doubt(Problem.IMPOSSIBLE_DATE)
    found = _day(_ERA_OFFSET[year.era] + int(year.digits), month, day)
    if year.era != "R":
        return doubt(Problem.OTHER_ERA, found)
    if found is None or found < REIWA or found.year > _NEWEST:
        return doubt(Problem.IMPOSSIBLE_DATE, found if found and found.year == REIWA.year else None)
    return sure(found)


def _window(context: ReadingContext) -> tuple[dt.date, dt.date] | None:
    if context.not_before_on and context.received_on and context.not_before_on <= context.received_on:
        return context.not_before_on, context.received_on
    return None


def _short_year(year: int, month: int, day: int, column_is_era: bool, context: ReadingContext) -> Meaning:
    """8.4.1 is 令和8 only in an era column, 26.4.1 is 2026 only in another; the window must hold that one alone."""
    reiwa, century = _day(2018 + year, month, day), _day(2000 + year, month, day)
    if reiwa and (year == 0 or reiwa < REIWA):
        reiwa = None
    plausible = [c for c in (reiwa, century) if c]
    if not plausible:
        return doubt(Problem.IMPOSSIBLE_DATE)
    window = _window(context)
    inside = [c for c in plausible if window and window[0] <= c <= window[1]]
    if inside and inside == [reiwa if column_is_era else century]:
        return sure(inside[0], CHOSEN)
    late = context.received_on
    return doubt(Problem.AMBIGUOUS_DATE, *(inside or [c for c in plausible if not late or c <= late] or plausible))


def _without_year(month: int, day: int, context: ReadingContext) -> Meaning:
    if _day(2024, month, day) is None:  # a leap year: not even then
        return doubt(Problem.IMPOSSIBLE_DATE)
    window = _window(context)
    if window is None:
        last = context.received_on
        years = (last.year, last.year - 1) if last else ()
        near = [c for y in years if (c := _day(y, month, day)) and last and c <= last]
        return doubt(Problem.AMBIGUOUS_DATE, *near)
    days = [_day(y, month, day) for y in range(window[0].year, window[1].year + 1)]
    inside = [c for c in days if c and window[0] <= c <= window[1]]
    if len(inside) == 1:
        return sure(inside[0], CHOSEN)
    return doubt(Problem.AMBIGUOUS_DATE, *(inside or days))


def _run(phrase: Phrase, column_is_era: bool, context: ReadingContext) -> Meaning:
    digits, era = phrase.run, phrase.year.era
    if len(digits) == 8:
        return western(_day(int(digits[:4]), int(digits[4:6]), int(digits[6:])), context)
    year, month, day = digits[:-4], int(digits[-4:-2]), int(digits[-2:])
    found = _dated(Year(year, era), month, day, column_is_era, context)
    if len(digits) == 6:
        return found
    if era:  # R10401 is R1.04.01 or R10.4.01
        other = _dated(Year(digits[:2], era), int(digits[2]), int(digits[3:]), column_is_era, context)
        rivals = [m.value for m in (found, other) if m.value]
        return found if rivals == [found.value] and found.value else doubt(Problem.AMBIGUOUS_DATE, *rivals)
    return _five_digits(int(digits), found, context)


def _five_digits(number: int, dated: Meaning, context: ReadingContext) -> Meaning:
    """46113 is a serial number; 50401 is one too, or 5.04.01: then only the window can tell."""
    day = serial(number)
    if day is None:
        return dated
    readings = [c for c in (day, dated.value, *dated.candidates) if c]
    if len(set(readings)) == 1:
        return western(day, context)
    window = _window(context)
    inside = {c for c in readings if window and window[0] <= c <= window[1]}
    return sure(inside.pop(), CHOSEN) if len(inside) == 1 else doubt(Problem.AMBIGUOUS_DATE, *readings)


def serial(number: float, *, date1904: bool = False) -> dt.date | None:
    """Day of a spreadsheet's serial number; None outside 40000–60000 (2009–2064): such a number is no date."""
    if not 40000 <= number + (1462 if date1904 else 0) < 60001:
        return None
    return (
        dt.date(1904, 1, 1) + dt.timedelta(int(number))
        if date1904
        else dt.date(1899, 12, 30) + dt.timedelta(int(number))
    )


def _agreeing(found: Meaning, phrase: Phrase, column_is_era: bool, context: ReadingContext) -> Meaning:
    """2026年（令和8年）: both years must name the same day."""
    if not phrase.also or not _fits(phrase.month, 2) or not _fits(phrase.day, 2):
        return found
    other = _dated(phrase.also, int(phrase.month), int(phrase.day), column_is_era, context)
    if found.value and found.value == other.value:
        return found
    return doubt(Problem.AMBIGUOUS_DATE, found.value, other.value, *found.candidates, *other.candidates)


def _in_tokyo(found: Meaning, time: str) -> Meaning:
    """A time with an offset may name another day in Tokyo: 2026-03-31T15:00Z is 1 April."""
    zone = re.fullmatch(r"(\d+):(\d+).*?(Z|[+-]\d\d:?\d\d)", time)
    if not zone or not found.value:
        return found
    hours, minutes, name = zone.groups()
    offset = dt.timedelta(0)
    if name != "Z":
        offset = dt.timedelta(hours=int(name[1:3]), minutes=int(name[-2:])) * (-1 if name[0] == "-" else 1)
    there = dt.datetime.combine(found.value, dt.time(int(hours), int(minutes)))
    here = (there - offset + _OFFSET_OF_TOKYO).date()
    return found if here == found.value else doubt(Problem.AMBIGUOUS_DATE, here, found.value)


def _on_weekday(found: Meaning, weekday: int | None) -> Meaning:
    if weekday is None or not found.value or found.value.weekday() == weekday:
        return found
    return doubt(Problem.WEEKDAY_DIFFERS, found.value)
