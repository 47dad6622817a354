"""What must follow a verb, or a number, for the line to be a command. Everything is read to its last character."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from daemon.domain.commands import words
from daemon.domain.commands.model import Command, Verb
from parsers.codes import BadCode, parse_code
from parsers.dates import read_date
from parsers.findings import Decision, Field
from parsers.reading import ReadingContext

MOST_NUMBERS = 200
_NUMBER = re.compile(
    r"(?:[#(\[「]|no\.?\s*)?(\d{1,7})(?:\s*[-~〜]\s*(\d{1,7}))?[)\]」]?番?(?![\d./\-年月]|\s*(?:年|月))", re.IGNORECASE
)
_BETWEEN = re.compile(r"\s*(?:[,、・]|と|および|及び|\s)\s*(?=(?:[#(\[「]|no\.?\s*)?\d)", re.IGNORECASE)
_AFTER = re.compile(r"\s*[:：=]\s*|\s*(?:->|→|⇒|=>)\s*|\s+|(?=\D)")
_ROW = re.compile(
    r"([0-9a-z\-]{10,12})\s*(?:/|\s?no\.?\s?|の|\s)\s*(\d{1,4})(?:番)?(?=\s|$|[、,:])\s*[、,:]?\s*", re.IGNORECASE
)
_TRAINING = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,60}")
_MOST_DATE_WORDS = 8


def after_numbers(line: str) -> Command | None:
    """「12,13 OK」「13 R8.4.1」「14 却下 理由」「61 送信」."""
    numbers, rest = _numbers(line)
    if not numbers or not rest:
        return None
    rest = re.sub(r"^は(?!い)\s*", "", rest)
    if words.ACCEPTS.fullmatch(rest):
        return Command(Verb.ACCEPT, numbers)
    if words.SEEN.fullmatch(rest):
        return Command(Verb.SEEN, numbers)
    rejects = words.REJECTS.fullmatch(rest)
    if rejects is not None:
        because = (rejects["because"] or "").strip(" 。")
        return Command(Verb.REJECT, numbers, because=because) if _plain_reason(because) else None
    first, _, more = rest.partition(" ")
    if first in words.ABOUT_MAIL:
        return _mail(words.ABOUT_MAIL[first], numbers, more.strip())
    return _value(numbers[0], rest) if len(numbers) == 1 else None


def _numbers(line: str) -> tuple[tuple[int, ...], str]:
    """The numbers a line begins with, ranges written out, and what follows them; () when they make no sense."""
    found: list[int] = []
    at = 0
    while (match := _NUMBER.match(line, at)) is not None:
        first, last = int(match[1]), int(match[2] or match[1])
        if not first or last < first or last - first >= MOST_NUMBERS:
            return (), ""
        found += range(first, last + 1)
        at = match.end()
        between = _BETWEEN.match(line, at)
        if between is None or _NUMBER.match(line, between.end()) is None:
            break
        at = between.end()
    after = _AFTER.match(line, at)
    if not found or after is None or len(found) > MOST_NUMBERS:
        return (), ""
    return tuple(dict.fromkeys(found)), line[after.end() :].strip()


def _value(number: int, rest: str) -> Command | None:
    row, rest = _row(rest)
    if row and not rest:
        return Command(Verb.PLACE, (number,), row=row)
    word, _, value = rest.partition(" ")
    if word.rstrip(":") in words.VALUE_WORDS and value:
        return Command(Verb.SET, (number,), row=row, words=(value.strip(" 。"),))
    day, because = _day(rest.lstrip("はを "))
    if day is None or not _plain_reason(because, after_date=True):
        return None
    return Command(Verb.SET, (number,), row=row, days=(day,), because=because)


def _day(text: str) -> tuple[dt.date | None, str]:
    """The one date a text begins with, and what follows it; a date without its year is none."""
    parts = text.split(" ")
    for count in range(min(_MOST_DATE_WORDS, len(parts)), 0, -1):
        candidate = re.sub(r"(?:です|でした|に訂正|へ訂正|が正しい(?:です)?)?[。.]?$", "", " ".join(parts[:count]))
        found = read_date(candidate, column_is_era=True, context=ReadingContext()) if candidate else None
        if found is not None and found.decision is Decision.ACCEPT and found.value and not found.problems:
            return found.value, " ".join(parts[count:]).strip(" 。()")
    return None, ""


def _plain_reason(because: str, *, after_date: bool = False) -> bool:
    """Whether a reason leaves what stands before it as it is."""
    return not words.TAKES_BACK.search(because) and not (after_date and words.ANOTHER_DAY.search(because))


def _row(text: str) -> tuple[str, str]:
    """「7Q2K9XD4HP/3」 at the beginning, as the register writes it, and the rest; "" when there is none."""
    found = _ROW.match(text)
    if found is None:
        return "", text
    try:
        code = parse_code(found[1].replace("-", ""))
    except BadCode:
        return "", text
    return f"{code}/{int(found[2])}", text[found.end() :].strip()


# -- verbs that come first -------------------------------------------------------------------------------------


def of_verb(verb: Verb, rest: str) -> Command | None:
    """The command, None when what follows does not fit the verb."""
    reader = _READERS.get(verb)
    return reader(verb, rest) if reader is not None else None


def _status(verb: Verb, rest: str) -> Command | None:
    row, left = _row(rest)
    if row:
        return Command(verb, row=row) if not left else None
    return Command(verb, training=rest) if _TRAINING.fullmatch(rest) else None


def _mail(verb: Verb, numbers: tuple[int, ...], because: str) -> Command | None:
    polite = re.fullmatch(r"(?:してください|します|お願い(?:いた|致)?します)?[。.]?", because)
    if verb in {Verb.RELEASE, Verb.RESEND}:
        return Command(verb, numbers) if polite else None
    because = "" if polite else because
    return Command(verb, numbers, because=because) if _plain_reason(because) else None


def _mails(verb: Verb, rest: str) -> Command | None:
    numbers, more = _numbers(f"{rest} ")
    return _mail(verb, numbers, more) if numbers else None


def _verdict(verb: Verb, rest: str) -> Command | None:
    """「OK 12,13」「却下 14 理由」: the same the other way round."""
    numbers, more = _numbers(f"{rest} ")
    if not numbers or (verb is Verb.ACCEPT and more) or not _plain_reason(more):
        return None
    return Command(verb, numbers, because=more)


def _dated(verb: Verb, rest: str) -> Command | None:
    """Row, field (may be left out), date, reason or, for a telephone call, who called."""
    row, rest = _row(rest)
    word, _, more = rest.partition(" ")
    field: Field | None = words.FIELDS.get(word.lower())
    day, because = _day(more if field else rest)
    if not row or day is None or not because or not _plain_reason(because, after_date=True):
        return None
    if verb is Verb.REPORT:
        return Command(verb, row=row, field=field, days=(day,), words=(because,), because="電話連絡")
    return Command(verb, row=row, field=field, days=(day,), because=because)


def _about_row(verb: Verb, rest: str) -> Command | None:
    row, because = _row(rest)
    if not row or not because or not _plain_reason(because):
        return None
    return Command(verb, row=row, because=because)


def _transfer(verb: Verb, rest: str) -> Command | None:
    """Row, 都道府県/センター[/年金事務所], reason."""
    row, rest = _row(rest)
    place, _, because = rest.partition(" ")
    places = tuple(p.strip() for p in place.split("/"))
    if not row or len(places) not in {2, 3} or not all(places) or not because.strip():
        return None
    return Command(verb, row=row, words=places, because=because.strip()) if _plain_reason(because) else None


def _rename(verb: Verb, rest: str) -> Command | None:
    """Row, then 氏名/フリガナ/理由: names hold spaces, so slashes part them."""
    row, rest = _row(rest)
    parts = tuple(p.strip() for p in rest.split("/"))
    if not row or len(parts) != 3 or not all(parts):
        return None
    return Command(verb, row=row, words=parts[:2], because=parts[2])


def _substitute(verb: Verb, rest: str) -> Command | None:
    """Row, then 氏名/フリガナ/ＩＤまたはｅラーニング修了日/理由."""
    row, rest = _row(rest)
    found = _person(rest)
    return replace(found, verb=verb, row=row) if row and found is not None else None


def _add(verb: Verb, rest: str) -> Command | None:
    """Training, 都道府県/センター[/年金事務所], then the same of the person."""
    training, _, rest = rest.partition(" ")
    place, _, rest = rest.partition(" ")
    places, found = tuple(p.strip() for p in place.split("/")), _person(rest)
    if found is None or not _TRAINING.fullmatch(training) or len(places) not in {2, 3} or not all(places):
        return None
    return replace(found, verb=verb, training=training, words=(*found.words, *places))


def _person(text: str) -> Command | None:
    """Names, and what the course asks for: an ID, or the day the e-learning was finished; "-" for neither."""
    parts = tuple(p.strip() for p in text.split("/"))
    if len(parts) != 4 or not all(parts):
        return None
    name, kana, detail, because = parts
    day, left = _day(detail)
    if day is None and not re.fullmatch(r"[A-Za-z0-9]{2,20}|-", detail):
        return None
    terminal_id = detail if day is None and detail != "-" else ""
    return Command(Verb.ADD, days=(day,) if day and not left else (), words=(name, kana, terminal_id), because=because)


def _training(verb: Verb, rest: str) -> Command | None:
    return Command(verb, training=rest) if _TRAINING.fullmatch(rest) else None


def _training_days(count: int) -> Callable[[Verb, str], Command | None]:
    def read(verb: Verb, rest: str) -> Command | None:
        training, _, rest = rest.partition(" ")
        days: list[dt.date] = []
        while len(days) < count:
            day, rest = _next_day(rest)
            if day is None:
                return None
            days.append(day)
        if not _TRAINING.fullmatch(training) or not rest or not _plain_reason(rest, after_date=count > 0):
            return None
        return Command(verb, training=training, days=tuple(days), because=rest)

    return read


def _next_day(text: str) -> tuple[dt.date | None, str]:
    """A date of one word, so that the next one is not taken for a part of it."""
    first, _, rest = text.partition(" ")
    day, left = _day(first)
    return (day, rest.strip()) if day and not left else (None, text)


def _template(verb: Verb, rest: str) -> Command | None:
    course = words.COURSES.get(rest.replace(" ", "").lower())
    return Command(verb, words=(str(course),)) if course is not None else None


def _numbered(verb: Verb, rest: str) -> Command | None:
    """Training, and the number of one of its rosters; without a number the newest."""
    training, _, number = rest.partition(" ")
    if not _TRAINING.fullmatch(training) or (number and not number.isdecimal()):
        return None
    return Command(verb, (int(number),) if number else (), training=training)


def _submitted(verb: Verb, rest: str) -> Command | None:
    training, _, rest = rest.partition(" ")
    number, _, when = rest.partition(" ")
    if not _TRAINING.fullmatch(training) or not number.isdecimal():
        return None
    day, left = _day(when) if when else (None, "")
    if when and (day is None or left):
        return None
    return Command(verb, (int(number),), training=training, days=(day,) if day else ())


_READERS: Mapping[Verb, Callable[[Verb, str], Command | None]] = {
    Verb.STATUS: _status,
    Verb.ACCEPT: _verdict,
    Verb.REJECT: _verdict,
    Verb.RELEASE: _mails,
    Verb.CANCEL_MAIL: _mails,
    Verb.HOLD: _mails,
    Verb.CORRECT: _dated,
    Verb.REPORT: _dated,
    Verb.CLEANED: _dated,
    Verb.WITHDRAW: _about_row,
    Verb.REINSTATE: _about_row,
    Verb.TRANSFER: _transfer,
    Verb.RENAME: _rename,
    Verb.SUBSTITUTE: _substitute,
    Verb.ADD: _add,
    Verb.RESEND: _mails,
    Verb.DEADLINE: _training_days(1),
    Verb.POSTPONE: _training_days(2),
    Verb.CANCEL_TRAINING: _training_days(0),
    Verb.IMPORT: _training,
    Verb.DISPATCH: _training,
    Verb.RESULTS: _training,
    Verb.DISPATCH_RESULTS: _training,
    Verb.SUBMITTED: _submitted,
    Verb.TEMPLATE: _template,
    Verb.RESULTS_TEMPLATE: _training,
    Verb.HANDOVER: _numbered,
}


def new_training(given: Mapping[str, str]) -> Command | None:
    """種類, 名称, 初日, 最終日, and if need be 期限 and 番号."""
    course = words.COURSES.get(given.get("course", "").replace(" ", "").lower())
    days = [_day(given[m]) for m in ("starts", "ends", "deadline") if given.get(m)]
    ident = given.get("id", "")
    complete = course is not None and given.get("name") and given.get("starts") and given.get("ends")
    if not complete or any(day is None or left for day, left in days) or (ident and not _TRAINING.fullmatch(ident)):
        return None
    return Command(
        Verb.NEW_TRAINING, training=ident, days=tuple(day for day, _ in days if day), words=(str(course), given["name"])
    )
