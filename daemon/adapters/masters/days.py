"""Days on which the offices are closed, or open against the rule."""

from __future__ import annotations

import datetime as dt

from daemon.adapters.masters.files import Line, Problems, Table, plain, to_date
from daemon.adapters.masters.prefectures import NOTE_HEADERS
from daemon.domain.directory import ClosedDays

CLOSED_DAYS = Table(
    "closed_days.csv",
    {"date": ("日付", "年月日"), "kind": ("区分", "種別"), "reason": ("理由", *NOTE_HEADERS)},
    ("date", "kind"),
    required=False,
)
_KINDS = {"休業": False, "休": False, "閉所": False, "closed": False, "開所": True, "開": True, "open": True}


def read_closed_days(lines: list[Line], problems: Problems) -> ClosedDays:
    """The exceptions to the calendar."""
    closed: dict[dt.date, str] = {}
    opened: set[dt.date] = set()
    for line in lines:
        day, kind = to_date(line["date"]), _KINDS.get(plain(line["kind"]).lower())
        if day is None:
            problems.error(line, "bad-date", f"日付「{line['date']}」を読めません", "2026-08-13 の形で書いてください")
        elif kind is None:
            problems.error(line, "bad-kind", f"区分「{line['kind']}」がありません", "休業 または 開所 と書いてください")
        elif day in closed or day in opened:
            problems.error(line, "duplicate", f"{day} の行が二つあります", "一行だけ残してください")
        elif kind:
            opened.add(day)
        else:
            closed[day] = line["reason"] or "休業日"
    return ClosedDays(closed, frozenset(opened))
