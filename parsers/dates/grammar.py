"""From tokens to written dates: which numbers are year, month and day, and what stands around them.

    phrase  := '(' date ')' | date
    date    := year-unit month-day | era? number SEP number SEP number | number SEP number | run
    year-unit := (era number | number) ['年'] ['(' (era number | number) ['年'] ')'] '年'?
    month-day := number 月 number 日 | number SEP number
    run     := era 5–6 digits | 5, 6 or 8 digits
    each date may be followed by a weekday and a time

Whether a day exists and which year a short one means is decided in `parsers.dates.meaning`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from parsers.dates.lexer import Kind, Token
from parsers.dates.words import Word


@dataclass(frozen=True, slots=True)
class Year:
    """A year as written."""

    digits: str
    """ASCII digits as written, "" = no year."""
    era: str = ""
    """R H S T M, "" = none written."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One written date."""

    year: Year
    month: str
    day: str
    also: Year | None = None
    """A second year in parentheses: 2026年（令和8年）4月1日."""
    weekday: int | None = None
    """0 = Monday."""
    time: str = ""
    doubtful: bool = False
    """Written in a way that has more than one reading: mixed separators, digits apart, a dash between month and day."""
    boxed: bool = False
    """Month and day stand digit by digit, as out of boxes."""
    run: str = ""
    """Digits without any separator; year, month and day are "" then."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole cell."""

    phrases: tuple[Phrase, ...]
    words: tuple[Word, ...]
    junk: tuple[Token, ...]
    """Tokens nobody could place; units and separators without numbers among them."""

    @property
    def is_blank_template(self) -> bool:
        """Only 令和　年　月　日 or / / — or a printed year — waiting to be filled in."""
        if self.phrases or self.words or not self.junk:
            return False
        kinds = [t.kind for t in self.junk]
        only_frame = set(kinds) <= _FRAME | {Kind.NUMBER, Kind.FIRST}
        numbers = [i for i, k in enumerate(kinds) if k in (Kind.NUMBER, Kind.FIRST)]
        if not numbers:
            return only_frame
        return only_frame and kinds[-3:] == [Kind.YEAR, Kind.MONTH, Kind.DAY] and numbers == [len(kinds) - 4]


_FRAME = {Kind.ERA, Kind.YEAR, Kind.MONTH, Kind.DAY, Kind.SEP, Kind.SPACE, Kind.OPEN, Kind.CLOSE}
_IGNORED = {Kind.SPACE, Kind.OPEN, Kind.CLOSE}


def sentence(tokens: list[Token]) -> Sentence:
    """Find every date in the tokens; everything else is words or junk."""
    phrases: list[Phrase] = []
    words: list[Word] = []
    junk: list[Token] = []
    at = 0
    while at < len(tokens):
        found = _phrase(tokens, at)
        if found:
            phrase, at = found
            phrases.append(phrase)
            continue
        token = tokens[at]
        if token.word:
            words.append(token.word)
        elif not _ends_quietly(tokens, at, phrases):
            junk.append(token)
        at += 1
    if not phrases and not words:
        return Sentence((), (), tuple(tokens))
    return Sentence(tuple(phrases), tuple(words), tuple(junk))


def _ends_quietly(tokens: list[Token], at: int, phrases: list[Phrase]) -> bool:
    """Parentheses and spaces are nothing; nor is a full stop at the very end of a date (R8.4.1.)."""
    token = tokens[at]
    if token.kind in _IGNORED:
        return True
    return bool(phrases) and token == Token(Kind.SEP, ".") and at == len(tokens) - 1


def _phrase(tokens: list[Token], at: int) -> tuple[Phrase, int] | None:
    for parse in (_with_year_unit, _month_day_units, _separated, _run):
        found = parse(tokens, at)
        if found:
            return _tail(tokens, *found)
    return None


def _kind(tokens: list[Token], at: int) -> Kind | None:
    return tokens[at].kind if at < len(tokens) else None


class _Spacing(Enum):
    """How the digits of a number stand."""

    TOGETHER = "together"
    BOXED = "boxed"
    """One by one, two or four of them: "0 4" out of two boxes."""
    APART = "apart"


def _number(tokens: list[Token], at: int) -> tuple[str, int, _Spacing] | None:
    """A number, its end, and how its digits stand."""
    if _kind(tokens, at) is not Kind.NUMBER:
        return None
    pieces, at = [tokens[at].text], at + 1
    while _kind(tokens, at) is Kind.SPACE and _kind(tokens, at + 1) is Kind.NUMBER:
        pieces.append(tokens[at + 1].text)
        at += 2
    boxed = len(pieces) in (2, 4) and all(len(p) == 1 for p in pieces)
    spacing = _Spacing.TOGETHER if len(pieces) == 1 else _Spacing.BOXED if boxed else _Spacing.APART
    return "".join(pieces), at, spacing


def _is_doubtful(*spacings: _Spacing) -> bool:
    """Digits may stand apart only if all numbers of the date do: 4月1 2日 may be two days, 0 4月1 2日 is one."""
    return _Spacing.APART in spacings or len(set(spacings)) > 1


def _year(tokens: list[Token], at: int) -> tuple[Year, int, _Spacing] | None:
    era = ""
    if _kind(tokens, at) is Kind.ERA:
        era, at = tokens[at].text, at + 1
        if _kind(tokens, at) is Kind.SEP and tokens[at].text in ".・":
            at += 1
    if _kind(tokens, at) is Kind.FIRST and era:
        return Year("1", era), at + 1, _Spacing.TOGETHER
    number = _number(tokens, at)
    return (Year(number[0], era), number[1], number[2]) if number else None


def _with_year_unit(tokens: list[Token], at: int) -> tuple[Phrase, int] | None:
    """令和8年4月1日, 2026年(令和8年)4月1日, 令和8(2026)年4月1日, 8年4/1."""
    year = _year(tokens, at)
    if not year:
        return None
    value, at, spacing = year
    unit = _kind(tokens, at) is Kind.YEAR
    also, at = _other_year(tokens, at + unit)
    if also and _kind(tokens, at) is Kind.YEAR:
        unit, at = True, at + 1
    rest = _month_day_units(tokens, at) or _month_day_separated(tokens, at)
    if not unit or not rest:
        return None
    phrase, at = rest
    mixed = phrase.boxed != (spacing is _Spacing.BOXED) or spacing is _Spacing.APART
    return replace(phrase, year=value, also=also, doubtful=phrase.doubtful or mixed), at


def _other_year(tokens: list[Token], at: int) -> tuple[Year | None, int]:
    if _kind(tokens, at) is not Kind.OPEN:
        return None, at
    year = _year(tokens, at + 1)
    if not year:
        return None, at
    value, end, _ = year
    end += _kind(tokens, end) is Kind.YEAR
    return (value, end + 1) if _kind(tokens, end) is Kind.CLOSE else (None, at)


def _month_day_units(tokens: list[Token], at: int) -> tuple[Phrase, int] | None:
    """4月1日."""
    month = _number(tokens, at)
    if not month or _kind(tokens, month[1]) is not Kind.MONTH:
        return None
    day = _number(tokens, month[1] + 1)
    if not day or _kind(tokens, day[1]) is not Kind.DAY:
        return None
    boxed = month[2] is _Spacing.BOXED
    return Phrase(Year(""), month[0], day[0], doubtful=_is_doubtful(month[2], day[2]), boxed=boxed), day[1] + 1


def _month_day_separated(tokens: list[Token], at: int) -> tuple[Phrase, int] | None:
    """4/1 after 年, or alone; a dot, dash or middle dot between two lone numbers may be anything."""
    kinds = [_kind(tokens, at + n) for n in range(3)]
    if kinds != [Kind.NUMBER, Kind.SEP, Kind.NUMBER]:
        return None
    return Phrase(Year(""), tokens[at].text, tokens[at + 2].text, doubtful=tokens[at + 1].text != "/"), at + 3


def _separated(tokens: list[Token], at: int) -> tuple[Phrase, int] | None:
    """R8.4.1, 2026/4/1, 8.4.1, 4/1."""
    era = _kind(tokens, at) is Kind.ERA
    year = _year(tokens, at)
    if not year or _kind(tokens, year[1]) is not Kind.SEP:
        return None
    value, middle, spacing = year
    rest = _month_day_separated(tokens, middle + 1)
    if rest:
        phrase, end = rest
        mixed = tokens[middle].text != tokens[end - 2].text
        return replace(phrase, year=value, doubtful=mixed or spacing is not _Spacing.TOGETHER), end
    return None if era else _month_day_separated(tokens, at)


def _run(tokens: list[Token], at: int) -> tuple[Phrase, int] | None:
    """20260401, R080401, 80401."""
    era = ""
    if _kind(tokens, at) is Kind.ERA:
        era, at = tokens[at].text, at + 1
    if _kind(tokens, at) is not Kind.NUMBER or len(tokens[at].text) not in ((5, 6) if era else (5, 6, 8)):
        return None
    return Phrase(Year("", era), "", "", run=tokens[at].text), at + 1


def _tail(tokens: list[Token], phrase: Phrase, at: int) -> tuple[Phrase, int]:
    if _kind(tokens, at) is Kind.WEEKDAY:
        phrase, at = replace(phrase, weekday=int(tokens[at].text)), at + 1
    if _kind(tokens, at) is Kind.TIME:
        phrase, at = replace(phrase, time=tokens[at].text.strip(" T")), at + 1
    return phrase, at
