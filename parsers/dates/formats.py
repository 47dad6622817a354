"""Spreadsheet number formats: is it a date, is the year or the day visible, what does a person see in the cell.

Built-in formats 27–36 and 50–58 have no code in the file; the codes below are those Excel shows in Japan
(ECMA-376 part 1, 18.8.30, ja-jp).
"""

from __future__ import annotations

import datetime as dt
import re

_ERA_DOTS, _ERA_KANJI = "[$-411]ge.m.d", '[$-411]ggge"年"m"月"d"日"'
_YEAR_MONTH, _MONTH_DAY = 'yyyy"年"m"月"', 'm"月"d"日"'
JAPANESE_BUILTINS = {
    27: _ERA_DOTS, 28: _ERA_KANJI, 29: _ERA_KANJI, 30: "m/d/yy", 31: 'yyyy"年"m"月"d"日"',
    34: _YEAR_MONTH, 35: _MONTH_DAY, 36: _ERA_DOTS,
    50: _ERA_DOTS, 51: _ERA_KANJI, 52: _YEAR_MONTH, 53: _MONTH_DAY, 54: _ERA_KANJI,
    55: _YEAR_MONTH, 56: _MONTH_DAY, 57: _ERA_DOTS, 58: _ERA_KANJI,
}  # fmt: skip
"""Date formats by number-format id; 32 and 33 are times of day."""

_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_PIECES = re.compile(r'"([^"]*)"|\\(.)|(\[[^\]]*\]|_.|\*.)|(g+|e+|y+|m+|d+|a{3,4})|(.)', re.IGNORECASE)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_ERAS = (
    (dt.date(2019, 5, 1), "令和", 2018),
    (dt.date(1989, 1, 8), "平成", 1988),
    (dt.date(1926, 12, 25), "昭和", 1925),
)


def _bare(code: str) -> str:
    return _LITERALS.sub("", code.split(";", maxsplit=1)[0]).lower()


def is_era(code: str) -> bool:
    """Whether years are shown as 和暦 (ggge, ge, e)."""
    bare = _bare(code)
    return "general" not in bare and ("g" in bare or "e" in bare) and "0" not in bare


def hides_year(code: str) -> bool:
    """Whether a date is shown without a year: m"月"d"日"."""
    bare = _bare(code)
    return "d" in bare and "m" in bare and not set(bare) & set("yeg")


def hides_day(code: str) -> bool:
    """Whether a date is shown without its day: 2026年4月 typed into a cell is stored as the first."""
    bare = _bare(code)
    return bool(set(bare) & set("ye")) and "d" not in bare and "general" not in bare and "0" not in bare


def shown(day: dt.date, code: str) -> str:
    """What a person sees: 令和8年4月1日 for ggge"年"m"月"d"日"; ISO 8601 when the format says nothing about dates."""
    first = code.split(";", maxsplit=1)[0]
    if not first or "general" in first.lower() or not set(_bare(first)) & set("yegmd"):
        return day.isoformat()
    if first == "mm-dd-yy":  # built-in 14: Japanese Excel shows yyyy/m/d, whatever the table says
        return f"{day.year}/{day.month}/{day.day}"
    return "".join(_piece(m, day) for m in _PIECES.finditer(first))


def _piece(match: re.Match[str], day: dt.date) -> str:
    quoted, escaped, _, field, other = match.groups()
    if field:
        return _field(field.lower(), day)
    return quoted or escaped or other or ""


def _field(field: str, day: dt.date) -> str:
    era, name = _era(day)
    width = len(field)
    shapes = {
        "g": {1: {"令和": "R", "平成": "H", "昭和": "S"}.get(name, ""), 2: name[:1]}.get(width, name),
        "e": f"{era:0{min(width, 2)}d}",
        "y": f"{day.year % 100:02d}" if width <= 2 else str(day.year),
        "m": _MONTHS[day.month - 1] if width >= 3 else f"{day.month:0{width}d}",
        "d": f"{day.day:0{min(width, 2)}d}",
        "a": "月火水木金土日"[day.weekday()] + ("曜日" if width == 4 else ""),
    }
    return shapes[field[0]]


def _era(day: dt.date) -> tuple[int, str]:
    for begins, name, offset in _ERAS:
        if day >= begins:
            return day.year - offset, name
    return day.year, ""
