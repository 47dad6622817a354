"""From a written date to tokens: numbers in any script, eras, units, separators, weekdays, words, and what is left.

Nothing is thrown away but spaces that mean nothing: what the grammar cannot place stays visible as JUNK and sends the
cell to review. Circled digits are junk too; NFKC would glue them to their neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from parsers.dates.words import MEANING, PATTERN, Word
from parsers.text import drop_invisible, fold, is_glue, replace_glue


class Kind(Enum):
    """Kinds of tokens."""

    NUMBER = "number"
    """`text` holds ASCII digits, leading zeros kept; kanji numerals arrive here too."""
    FIRST = "first"
    """元 (of 元年)"""
    ERA = "era"
    """`text` is one of R H S T M."""
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    SEP = "sep"
    """`text` is one of . / - ・ (the class of the sign as written)."""
    SPACE = "space"
    """White space between two digits; other white space is gone."""
    WEEKDAY = "weekday"
    """`text` is 0 (Monday) … 6."""
    TIME = "time"
    OPEN = "open"
    CLOSE = "close"
    WORD = "word"
    JUNK = "junk"


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text."""

    kind: Kind
    text: str
    word: Word | None = None


_ERAS = {
    "令和": "R", "令": "R", "R": "R", "平成": "H", "平": "H", "H": "H", "昭和": "S", "昭": "S", "S": "S",
    "大正": "T", "T": "T", "明治": "M", "M": "M",
}  # fmt: skip
_KANJI_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {
    "零": 0, "○": 0, "◯": 0, "壱": 1, "弐": 2, "参": 3,
}  # fmt: skip
_KANJI_POWERS = {"十": 10, "拾": 10, "百": 100, "千": 1000}
_WEEKDAYS = {c: i for i, c in enumerate("月火水木金土日")} | {
    d: i for i, d in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
}
_SEPARATORS = dict.fromkeys("..。,、", ".") | dict.fromkeys("/⁄∕╱", "/") | dict.fromkeys("・·•‧∙", "・")
_SEPARATORS |= dict.fromkeys("-‐‑‒–—―−ー─━﹣", "-")

_NUMERAL = "".join(_KANJI_DIGITS) + "".join(_KANJI_POWERS)
_TIME = r"[T ](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9:])"
_TOKEN = re.compile(
    "|".join(
        (
            rf"(?P<time>{_TIME})",
            r"(?P<number>[0-9]+)",
            r"(?P<space>\s+)",
            r"[(\[〔](?P<weekday>[月火水木金土日])(?:曜日?)?(?:[・,/]?祝)?[)\]〕]",
            r"(?P<weekday_long>[月火水木金土日])曜日?",
            r"[(\[](?P<weekday_en>[Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un)[.]?[)\]]",
            rf"(?P<word>{PATTERN})",
            rf"(?P<kanji>[{_NUMERAL}]+)",
            rf"(?P<era>令和|平成|昭和|大正|明治|[令平昭](?=[0-9元{_NUMERAL}])|[RHSTMrhstm](?=[.・]?[0-9元{_NUMERAL}]))",
            r"(?P<first>元(?=[年./・-]))",
            r"(?P<year>年)",
            r"(?P<month>月)",
            r"(?P<day>日)",
            rf"(?P<sep>[{re.escape(''.join(_SEPARATORS))}])",
            r"(?P<open>[(\[〔【「])",
            r"(?P<close>[)\]〕】」])",
            r"(?P<junk>.)",
        )
    ),
    re.DOTALL,
)
_DIGIT_LIKE = "0-9" + _NUMERAL
_IDLE_SPACE = re.compile(rf"(?<![{_DIGIT_LIKE}])\s+|\s+(?![{_DIGIT_LIKE}])")
_LETTERSPACED = re.compile(r"\S(?:\s+\S){4,}")
_ZERO_AS_TICK = re.compile(r"(?:^|(?<=[日)\s]))〇$")  # typed for まる as often as ○
_CIRCLE_BETWEEN_NUMERALS = re.compile(rf"(?<=[{_NUMERAL}])[○◯]|[○◯](?=[{_NUMERAL}])")


def tokens(written: str) -> list[Token]:
    """Cut `written` into tokens; never fails, and every visible character ends up in exactly one of them."""
    return [_token(m) for m in _TOKEN.finditer(_prepared(written))]


def _prepared(written: str) -> str:
    """Folded text whose only spaces stand between digits, where they may mean something."""
    text = drop_invisible(written).strip().removeprefix("'")
    while text and is_glue(text[0]):  # ① as an item number in front
        text = text[1:]
    text = fold(replace_glue(text, "\ufffc")).strip()
    if _LETTERSPACED.fullmatch(text) and not text.isascii():  # 令 和 ８ 年 ４ 月 １ ０ 日: spacing for looks
        text = "".join(text.split())
    text = _CIRCLE_BETWEEN_NUMERALS.sub("〇", _ZERO_AS_TICK.sub("○", text))
    return _IDLE_SPACE.sub("", text)


def _token(match: re.Match[str]) -> Token:
    group, text = match.lastgroup or "junk", match.group(match.lastgroup or 0)
    if group == "kanji":
        number = kanji_number(text)
        return Token(Kind.JUNK, text) if number is None else Token(Kind.NUMBER, number)
    if group.startswith("weekday"):
        return Token(Kind.WEEKDAY, str(_WEEKDAYS[text.lower()]))
    if group == "era":
        return Token(Kind.ERA, _ERAS[text.upper()])
    if group == "sep":
        return Token(Kind.SEP, _SEPARATORS[text])
    if group == "word":
        return Token(Kind.WORD, text, MEANING[text])
    return Token(Kind(group), text)


def kanji_number(text: str) -> str | None:
    """Digits of a kanji numeral, positional (〇八) or with powers (二十一); None when it is neither."""
    if not any(c in _KANJI_POWERS for c in text):
        return "".join(str(_KANJI_DIGITS[c]) for c in text)
    total, digit, last = 0, None, 10_000
    for char in text:
        if char in _KANJI_DIGITS:
            if digit is not None:
                return None
            digit = _KANJI_DIGITS[char]
            continue
        power = _KANJI_POWERS[char]
        if power >= last or digit == 0:
            return None
        total, digit, last = total + (1 if digit is None else digit) * power, None, power
    return str(total + (digit or 0))
