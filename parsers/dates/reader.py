"""One cell in, one reading out: the day it names, or why it names none (domain.md §3.1).

Right or in review, never wrong: a value is given only when the cell has one meaning.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from parsers.dates.formats import hides_day, hides_year
from parsers.dates.grammar import Sentence, sentence
from parsers.dates.lexer import Kind, tokens
from parsers.dates.meaning import Meaning, meaning, serial, western
from parsers.dates.words import Word
from parsers.findings import Decision, Problem
from parsers.reading import ReadingContext
from parsers.text import squash

_LONGEST = 200
"""A longer text is prose, not a date."""


@dataclass(frozen=True, slots=True)
class DateReading:
    """What stands in a date cell."""

    value: dt.date | None
    """The day; None unless `decision` is ACCEPT."""
    decision: Decision
    problems: tuple[Problem, ...] = ()
    candidates: tuple[dt.date, ...] = ()
    """Days a person may choose from."""
    confidence: float = 0.0
    """Probability that `value` is what was written; 0 without a value."""
    ditto: Word | None = None
    """The cell refers to another one; the reader of the table resolves it."""


def read_date(
    written: dt.datetime | dt.date | float | str | bool | None,
    *,
    number_format: str = "",
    column_is_era: bool = False,
    date1904: bool = False,
    context: ReadingContext,
) -> DateReading:
    """Read one date cell.

    Args:
        written: Text as written, or the typed value of the cell.
        number_format: Format code of a typed value; tells whether a year was visible to whoever typed it.
        column_is_era: Whether years of the column are known to be 和暦, which decides what 8.4.1 may mean.
        date1904: Serial numbers count from 1904.
        context: The window that may choose a year.
    """
    if isinstance(written, bool):
        return _review(Problem.DONE_WITHOUT_DATE) if written else DateReading(None, Decision.EMPTY)
    if isinstance(written, dt.date):
        return _typed(written.date() if isinstance(written, dt.datetime) else written, number_format, context)
    if isinstance(written, (int, float)):
        return _number(written, column_is_era, date1904, context)
    if written is None or not squash(written):
        return DateReading(None, Decision.EMPTY)
    if len(written) > _LONGEST:
        return _review(Problem.NOT_A_DATE)
    return _judge(sentence(tokens(written)), column_is_era, context)


def names_era(text: str) -> bool:
    """Whether the text names an era outright (令和8年, R8.4.1, R8 …)."""
    return len(text) <= _LONGEST and any(t.kind is Kind.ERA for t in tokens(text))


def _review(problem: Problem, *more: Problem, candidates: tuple[dt.date, ...] = ()) -> DateReading:
    return DateReading(None, Decision.REVIEW, tuple(dict.fromkeys((problem, *more))), candidates)


def _from_meaning(found: Meaning) -> DateReading:
    if found.value:
        return DateReading(found.value, Decision.ACCEPT, (), (), found.confidence)
    return DateReading(None, Decision.REVIEW, found.problems, found.candidates)


# -- typed values


def _typed(day: dt.date, number_format: str, context: ReadingContext) -> DateReading:
    found = western(day, context)
    if found.value and hides_day(number_format):
        return _review(Problem.AMBIGUOUS_DATE, candidates=(day,))
    start, end = context.not_before_on, context.received_on
    if found.value and hides_year(number_format) and start and end and not start <= day <= end:
        # 4/1 typed into Excel stores the year of the computer's clock unseen: in January it is the wrong one
        near = (_same_day(day, y) for y in range(start.year, end.year + 1))
        fits = tuple(d for d in near if d and start <= d <= end)
        return _review(Problem.AMBIGUOUS_DATE, candidates=(*fits, day))
    return _from_meaning(found)


def _same_day(day: dt.date, year: int) -> dt.date | None:
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _number(number: float, column_is_era: bool, date1904: bool, context: ReadingContext) -> DateReading:
    if not math.isfinite(number) or abs(number) > 1e9:
        return _review(Problem.NOT_A_DATE)
    day = serial(number, date1904=date1904)
    if (date1904 and day) or (day and number != int(number)):
        return _from_meaning(western(day, context))
    if number != int(number):  # 4.1 is what is left of 4.10 as well
        return _review(Problem.AMBIGUOUS_DATE if 1 <= number < 13 else Problem.NOT_A_DATE)
    if number < 10_000:
        return _review(Problem.NOT_A_DATE)
    return _judge(sentence(tokens(str(int(number)))), column_is_era, context)


# -- text


def _judge(said: Sentence, column_is_era: bool, context: ReadingContext) -> DateReading:
    if said.is_blank_template:
        return DateReading(None, Decision.EMPTY)
    meanings = [meaning(p, column_is_era=column_is_era, context=context) for p in said.phrases]
    days = tuple(dict.fromkeys(d for m in meanings for d in (m.value, *m.candidates) if d))
    return _by_words(said, days) or _by_dates(said, meanings, days)


def _by_words(said: Sentence, days: tuple[dt.date, ...]) -> DateReading | None:
    """What the words alone decide; None when they leave it to the dates."""
    words = set(said.words)
    for word, problem in ((Word.EXCLUDED, Problem.EXCLUSION_PROPOSED), (Word.ALREADY, Problem.ALREADY_REGISTERED)):
        if word in words:
            return _review(problem, candidates=days)
    if Word.PLANNED in words:
        return _not_done(said, Problem.PLANNED_ONLY, days)
    if Word.NOT_YET in words:
        return _not_done(said, Problem.NOT_DONE_YET, days)
    if words & _DITTOS:
        return _ditto(said, days)
    if Word.NOTHING in words:
        alone = not said.phrases and not _strange(said) and len(words) == 1
        return DateReading(None, Decision.EMPTY) if alone else _review(Problem.EXTRA_TEXT, candidates=days)
    return None


_DITTOS = {Word.DITTO, Word.DITTO_BELOW, Word.DITTO_ELSEWHERE}


def _strange(said: Sentence) -> bool:
    """Whether something stands in the cell that is neither a date, a word we know, nor the frame of a date."""
    frame = {Kind.YEAR, Kind.MONTH, Kind.DAY, Kind.SEP, Kind.ERA}
    return any(t.kind not in frame | {Kind.NUMBER} for t in said.junk)


def _not_done(said: Sentence, problem: Problem, days: tuple[dt.date, ...]) -> DateReading:
    """予定 and 未 are empty, unless the cell also says something that may be a date of its own."""
    planned = problem is Problem.PLANNED_ONLY
    mixed = Word.DONE in said.words or len(said.phrases) > (1 if planned else 0) or bool(set(said.words) & _DITTOS)
    if mixed or _strange(said):
        more = (Problem.EXTRA_TEXT,) if _strange(said) else ()
        return _review(problem, *more, candidates=days)
    return DateReading(None, Decision.EMPTY, (problem,))


def _ditto(said: Sentence, days: tuple[dt.date, ...]) -> DateReading:
    if len(said.words) == 1 and not said.phrases and not said.junk:
        return DateReading(None, Decision.REVIEW, (Problem.DITTO_UNRESOLVED,), ditto=said.words[0])
    return _review(Problem.EXTRA_TEXT, Problem.DITTO_UNRESOLVED, candidates=days)


def _by_dates(said: Sentence, meanings: list[Meaning], days: tuple[dt.date, ...]) -> DateReading:
    if not meanings:
        if Word.DONE in said.words:
            return _review(Problem.DONE_WITHOUT_DATE, *((Problem.EXTRA_TEXT,) if said.junk else ()))
        return _review(Problem.NOT_A_DATE)
    if len({m.value for m in meanings}) > 1 or (len(meanings) > 1 and meanings[0].value is None):
        return _review(Problem.TWO_DATES, candidates=days)
    if said.junk:
        problems = [p for m in meanings for p in m.problems]
        return _review(Problem.EXTRA_TEXT, *problems, candidates=days)
    return _from_meaning(meanings[0])
