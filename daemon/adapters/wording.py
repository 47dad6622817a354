"""The filters of the mail templates: dates, row numbers and line layout as Japanese office mail writes them.

Pure functions of their arguments. Widths count a full-width character as two columns.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from daemon.domain.calendar import TOKYO, in_era
from daemon.domain.letters import Place, ReplyDesk, RosterRows, Row, Subject, count_rows
from parsers.findings import Evidence, Field, Problem
from parsers.forms import REASONS, RESULTS, STAYS, STAYS_LABEL

LINE_COLUMNS = 70
"""35 full-width characters: what mail programs of offices show without wrapping."""
T = TypeVar("T")


def weekday(day: dt.date) -> str:
    """「火」."""
    return "月火水木金土日"[day.weekday()]


def short(day: dt.date) -> str:
    """「4/7(火)」, for subjects and tables."""
    return f"{day.month}/{day.day}({weekday(day)})"


def monthday(day: dt.date) -> str:
    """「3月12日（木）」."""
    return f"{day.month}月{day.day}日（{weekday(day)}）"


def clock(at: dt.datetime, *, day: bool = True) -> str:
    """「4/1(水) 8:30」 in Asia/Tokyo; only 「8:30」 without `day`."""
    local = at.astimezone(TOKYO)
    time = f"{local.hour}:{local.minute:02d}"
    return f"{short(local.date())} {time}" if day else time


def on(at: dt.datetime) -> dt.date:
    """The calendar day of an instant in Asia/Tokyo."""
    return at.astimezone(TOKYO).date()


def age(since: dt.datetime, now: dt.datetime) -> str:
    """「25分」, 「3時間」, 「2日」: how long ago, rounded down."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}分"
    return f"{minutes // 60}時間" if minutes < 48 * 60 else f"{minutes // (24 * 60)}日"


def short_title(title: str) -> str:
    """A centre's title without what all of them begin with, for tables."""
    return title.removeprefix("街角の年金相談センター")


def period(about: Subject) -> str:
    """「令和8年4月15日（水）〜4月17日（金）」; one day alone when both are the same."""
    if about.starts_on == about.ends_on:
        return in_era(about.starts_on)
    same_year = about.starts_on.year == about.ends_on.year
    return f"{in_era(about.starts_on)}〜{monthday(about.ends_on) if same_year else in_era(about.ends_on)}"


_PRINTED = {**REASONS, **RESULTS, STAYS: STAYS_LABEL}


def value(text: str) -> str:
    """A value as people write it: an ISO 8601 date in era form, a choice in its printed words, other text as it is."""
    try:
        return in_era(dt.date.fromisoformat(text))
    except ValueError:
        return _PRINTED.get(text, text)


def numbers(rows: Iterable[Row]) -> str:
    """「No.2、5〜7」: row numbers, three or more in a row drawn together."""
    return _run_together(row.no for row in rows)


def row_numbers(places: Iterable[Place]) -> str:
    """「No.2、5〜7」 of places that name a row; "" when none does."""
    found = [p.row for p in places if p.row is not None]
    return _run_together(found) if found else ""


def _run_together(found: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for no in found:
        if runs and no == runs[-1][-1] + 1:
            runs[-1].append(no)
        else:
            runs.append([no])
    parts = [f"{r[0]}〜{r[-1]}" if len(r) > 2 else "、".join(map(str, r)) for r in runs]
    return "No." + "、".join(parts)


def by_owes(rows: Iterable[Row]) -> list[tuple[tuple[Field, ...], list[Row]]]:
    """Rows grouped by what they owe, in order of first appearance."""
    return _grouped(rows, lambda row: row.owes)


def by_problems(rows: Iterable[Row]) -> list[tuple[tuple[Problem, ...], list[Row]]]:
    """Rows grouped by why they are under check, in order of first appearance."""
    return _grouped(rows, lambda row: row.problems)


def _grouped(rows: Iterable[Row], key: Callable[[Row], T]) -> list[tuple[T, list[Row]]]:
    groups: dict[T, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return list(groups.items())


def row_count(rosters: Sequence[RosterRows]) -> int:
    """Rows in all rosters together."""
    return count_rows(rosters)


def oneline(text: str, limit: int = 80) -> str:
    """`text` as one line of at most `limit` characters; control characters become spaces."""
    shown = " ".join("".join(c if c.isprintable() or c == "\u3000" else " " for c in text).split(" "))
    shown = re.sub(" {2,}", " ", shown).strip()
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def place_of(evidence: Evidence) -> str:
    """Where in a file something was read: 「1/名簿.xlsx → 名簿!F12」."""
    where = f"{evidence.page}頁" if evidence.page is not None else ""
    if evidence.cell:
        where = f"{evidence.sheet}!{evidence.cell}" if evidence.sheet else evidence.cell
    elif evidence.sheet:
        where = evidence.sheet
    return " → ".join(oneline(step) for step in (evidence.part, where) if step)


def columns(text: str) -> int:
    """Width of a line in columns."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def to_right(text: str) -> str:
    """`text` at the right edge, pushed by full-width spaces."""
    return "　" * max(0, (LINE_COLUMNS - columns(text)) // 2) + text


def centred(text: str) -> str:
    """`text` in the middle of the line."""
    return "　" * max(0, (LINE_COLUMNS - columns(text)) // 4) + text


_NOT_FIRST = "、。，．・：；？！）］｝」』】〉》〕ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々〜％名,.)]:;"
"""Characters that may not begin a line (行頭禁則); 名 stays with its number."""
_NOT_LAST = "（［｛「『【〈《〔(["
"""Characters that may not end a line (行末禁則)."""
_WORDS = re.compile(r"[!-~]+|[Ａ-Ｚａ-ｚ０-９]+|.", re.DOTALL)
"""Runs of ASCII and full-width letters (addresses, codes, ＷＭ) are never broken."""
_LEAD = re.compile(r"^(　*)(・|\(\d+\) ?|■ )?")


def flow(text: str) -> str:
    """Set paragraphs anew to `LINE_COLUMNS` with Japanese line breaking.

    A line that begins with a full-width space or is empty begins a new paragraph; any other is joined to the one
    before it. Lines after the first hang under the text of a list item or of an indented line, else
    they start at the margin.
    """
    paragraphs: list[str] = []
    for line in text.strip("\n").split("\n"):
        if paragraphs and line and not line.startswith("　") and paragraphs[-1]:
            paragraphs[-1] += line
        else:
            paragraphs.append(line)
    return "\n".join(_wrapped(p) for p in paragraphs) + "\n"


def _wrapped(paragraph: str) -> str:
    lead = _LEAD.match(paragraph)
    deep = lead is not None and (lead.group(2) or len(lead.group(1)) > 1)
    hang = "　" * (columns(lead.group(0)) // 2) if lead is not None and deep else ""
    lines, line = [], ""
    for word in _WORDS.findall(paragraph):
        fits = columns(line + word) <= LINE_COLUMNS
        if not line.strip() or fits or word[0] in _NOT_FIRST:
            line += word
            continue
        kept = line.rstrip(_NOT_LAST)
        lines.append(kept)
        line = hang + line[len(kept) :] + word
    return "\n".join([*lines, line])


def tidy(text: str) -> str:
    """No blanks at line ends, never more than one empty line, exactly one newline at the end."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def mailto(desk: ReplyDesk, command: str) -> str:
    """A link that answers a mail to the admins with one command; the ticket in the subject names the mail."""
    subject = quote(f"meibod 指示 [{desk.ticket}]")
    return f"mailto:{quote(desk.address, safe='@+')}?subject={subject}&body={quote(command)}%0D%0A"


FILTERS: dict[str, Callable[..., Any]] = {
    "era": in_era,
    "weekday": weekday,
    "short": short,
    "monthday": monthday,
    "clock": clock,
    "on": on,
    "age": age,
    "short_title": short_title,
    "period": period,
    "value": value,
    "numbers": numbers,
    "row_numbers": row_numbers,
    "by_owes": by_owes,
    "by_problems": by_problems,
    "row_count": row_count,
    "oneline": oneline,
    "place_of": place_of,
    "flow": flow,
    "mailto": mailto,
    "to_right": to_right,
    "centred": centred,
}
"""By the name the templates use (`mail_templates/README.md` explains them)."""
