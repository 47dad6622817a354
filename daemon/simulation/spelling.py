"""How people write a day into a cell or a box (reference domain.md §3.1), and how they write none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

CellContent: TypeAlias = str | int | dt.date | dt.datetime
_DIGITS = "〇一二三四五六七八九"
_WIDE = str.maketrans("0123456789./RABCDEF", "０１２３４５６７８９．／ＲＡＢＣＤＥＦ")
_EXCEL_DAY_ZERO = dt.date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody enters into one cell."""

    content: CellContent
    number_format: str = ""
    """"" = whatever the cell has."""


def _year(day: dt.date) -> int:
    return day.year - 2018


def _weekday(day: dt.date) -> str:
    return "月火水木金土日"[day.weekday()]


def kanji_number(number: int) -> str:
    """十一, 二十一 …; 1 to 99."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones or not tens else "")


WAYS: Mapping[str, Callable[[dt.date], Entry]] = {
    "date": Entry,
    "datetime": lambda d: Entry(dt.datetime.combine(d, dt.time())),
    "date-western": lambda d: Entry(d, "yyyy/m/d"),
    "date-short-era": lambda d: Entry(d, "[$-411]ge.m.d;@"),
    "serial": lambda d: Entry((d - _EXCEL_DAY_ZERO).days),
    "era": lambda d: Entry(f"令和{_year(d)}年{d.month}月{d.day}日"),
    "era-wide": lambda d: Entry(f"令和{_year(d)}年{d.month}月{d.day}日".translate(_WIDE)),
    "era-weekday": lambda d: Entry(f"令和{_year(d)}年{d.month}月{d.day}日（{_weekday(d)}）"),
    "era-short": lambda d: Entry(f"R{_year(d)}.{d.month}.{d.day}"),
    "era-padded": lambda d: Entry(f"R{_year(d):02}/{d.month:02}/{d.day:02}"),
    "era-short-wide": lambda d: Entry(f"R{_year(d)}.{d.month}.{d.day}".translate(_WIDE)),
    "era-one-sign": lambda d: Entry(f"令{_year(d)}.{d.month}.{d.day}"),
    "era-kanji": lambda d: Entry(f"令和{kanji_number(_year(d))}年{kanji_number(d.month)}月{kanji_number(d.day)}日"),
    "era-bare": lambda d: Entry(f"{_year(d)}.{d.month}.{d.day}"),
    "era-bare-wide": lambda d: Entry(f"{_year(d)}年{d.month}月{d.day}日".translate(_WIDE)),
    "western": lambda d: Entry(f"{d.year}/{d.month}/{d.day}"),
    "western-kanji": lambda d: Entry(f"{d.year}年{d.month}月{d.day}日({_weekday(d)})"),
    "iso": lambda d: Entry(d.isoformat()),
    "eight-digits": lambda d: Entry(f"{d:%Y%m%d}"),
    "era-digits": lambda d: Entry(f"R{_year(d):02}{d.month:02}{d.day:02}"),
    "month-day": lambda d: Entry(f"{d.month}/{d.day}"),
    "month-day-kanji": lambda d: Entry(f"{d.month}月{d.day}日"),
    "month-day-weekday": lambda d: Entry(f"{d.month}月{d.day}日（{_weekday(d)}）".translate(_WIDE)),
    "with-done": lambda d: Entry(f"令和{_year(d)}年{d.month}月{d.day}日済"),
    "spaced": lambda d: Entry(f"令和 {_year(d)} 年 {d.month} 月 {d.day} 日"),
}
"""Name → what is entered. All of them mean the day; which of them a machine may be sure of is the reader's business."""

PLAIN_WAYS = (
    "date", "date-western", "date-short-era", "era", "era-wide", "era-weekday", "era-short", "era-padded", "western",
    "western-kanji", "era-kanji", "with-done",
)  # fmt: skip
"""What most offices do."""

DONE = ("済", "完了", "登録済", "○", "✓")
NOT_YET = ("未", "手続中", "申請中", "来週予定", "４月上旬予定")


def planned(day: dt.date) -> Entry:
    """「4/10予定」."""
    return Entry(f"{day.month}/{day.day}予定")


def two_digit_year_trap(day: dt.date) -> Entry:
    """What Excel makes of a typed 8/4/7: the seventh of April 2008, shown as a date."""
    return Entry(dt.date(2000 + _year(day), day.month, day.day), "yyyy/m/d")
