"""Centres, pension offices, and which office serves which centre from which day on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.adapters.masters.files import Line, Problems, Table, nearest, to_date
from daemon.adapters.masters.prefectures import NOTE_HEADERS, PREFECTURE_HEADERS, prefecture_of
from daemon.domain.directory import Assignment, Centre, PensionOffice

CENTRES = Table(
    "centres.csv",
    {
        "prefecture": PREFECTURE_HEADERS,
        "name": ("センター名", "センター", "街角センター", "名称"),
        "kind": ("区分", "種別"),
        "note": NOTE_HEADERS,
    },
    ("prefecture", "name"),
)
PENSION_OFFICES = Table(
    "pension_offices.csv",
    {
        "prefecture": PREFECTURE_HEADERS,
        "name": ("年金事務所名", "年金事務所", "事務所名", "名称"),
        "kind": ("区分", "種別"),
        "note": NOTE_HEADERS,
    },
    ("prefecture", "name"),
)
ASSIGNMENTS = Table(
    "assignments.csv",
    {
        "prefecture": PREFECTURE_HEADERS,
        "centre": ("センター名", "センター", "街角センター"),
        "pension_office": ("年金事務所名", "年金事務所", "管轄年金事務所", "pension office"),
        "valid_from": ("適用開始日", "開始日", "適用日", "from"),
        "note": NOTE_HEADERS,
    },
    ("prefecture", "centre", "pension_office", "valid_from"),
)
Key = tuple[str, str]
"""Prefecture and name."""


def _centre_name(text: str) -> str:
    """Without what every official name begins and ends with."""
    bare = re.sub(r"^(街角の年金相談センター|街角センター|\(街\))", "", text.replace("（", "(").replace("）", ")"))
    return re.sub(r"\(オフィス\)$", "", bare).strip()


def read_centres(lines: list[Line], problems: Problems) -> tuple[dict[Key, Centre], dict[Key, Line]]:
    """The centres, and the line each stands on."""
    centres: dict[Key, Centre] = {}
    where: dict[Key, Line] = {}
    for line in lines:
        prefecture, name = prefecture_of(line, problems), _centre_name(line["name"])
        if prefecture is None or not _is_new(line, "センター", name, (prefecture, name) in centres, problems):
            continue
        kind = line["kind"] or ("オフィス" if "オフィス" in line["name"] else "センター")
        if kind not in ("センター", "オフィス"):
            problems.error(line, "bad-kind", f"区分「{kind}」がありません", "センター または オフィス と書いてください")
            continue
        centres[prefecture, name] = Centre(prefecture, name, kind)
        where[prefecture, name] = line
    return centres, where


def read_pension_offices(lines: list[Line], problems: Problems) -> dict[Key, PensionOffice]:
    """The pension offices, branches included."""
    offices: dict[Key, PensionOffice] = {}
    for line in lines:
        prefecture, name = prefecture_of(line, problems), line["name"].removesuffix("年金事務所")
        if prefecture is None or not _is_new(line, "年金事務所", name, (prefecture, name) in offices, problems):
            continue
        offices[prefecture, name] = PensionOffice(prefecture, name, line["kind"] or "年金事務所")
    return offices


def _is_new(line: Line, what: str, name: str, known: bool, problems: Problems) -> bool:
    if not name:
        problems.error(line, "no-name", f"{what}名が空です", "名称を書いてください")
    elif known:
        problems.error(line, "duplicate", f"{what}「{name}」の行が二つあります", "一行だけ残してください")
    return bool(name) and not known


# -- assignments -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Places:
    """What an assignment may name."""

    centres: dict[Key, Centre]
    centre_lines: dict[Key, Line]
    pension_offices: dict[Key, PensionOffice]

    def names(self, prefecture: str, of: Iterable[Key]) -> list[str]:
        """Names within one prefecture."""
        return [name for p, name in of if p == prefecture]


def read_assignments(lines: list[Line], known: Places, problems: Problems) -> tuple[Assignment, ...]:
    """The assignments; a centre without one is a warning that repeats HQ's note on it."""
    found: dict[tuple[str, str, dt.date], Assignment] = {}
    undecided: dict[Key, Line] = {}
    unconfirmed = 0
    for line in lines:
        key = _assigned_centre(line, known, problems)
        if key is None:
            continue
        if not line["pension_office"]:
            undecided[key] = line
            continue
        assignment = _assignment(line, key, known, problems)
        if assignment is None:
            continue
        if (*key, assignment.valid_from) in found:
            message = f"{key[1]}の同じ適用開始日の行が二つあります"
            problems.error(line, "duplicate", message, "一行だけ残してください")
            continue
        found[*key, assignment.valid_from] = assignment
        unconfirmed += line["note"].startswith("未確認")
    _report_gaps(known, {(p, c) for p, c, _ in found}, undecided, problems)
    if unconfirmed:
        message = f"公開資料からの仮の割当（備考「未確認」）が{unconfirmed}件あります"
        problems.warn(Line(ASSIGNMENTS.file), "unconfirmed", message, "確かめた行から備考の「未確認」を消してください")
    return tuple(found.values())


def _assigned_centre(line: Line, known: Places, problems: Problems) -> Key | None:
    prefecture, name = prefecture_of(line, problems), _centre_name(line["centre"])
    if prefecture is None:
        return None
    if (prefecture, name) in known.centres:
        return prefecture, name
    hint = nearest(name, known.names(prefecture, known.centres))
    message = f"{prefecture}にセンター「{name}」がありません{hint}"
    problems.error(line, "unknown-centre", message, "centres.csv の名称に合わせるか、centres.csv に加えてください")
    return None


def _assignment(line: Line, centre: Key, known: Places, problems: Problems) -> Assignment | None:
    prefecture, name = centre[0], line["pension_office"].removesuffix("年金事務所")
    valid_from = to_date(line["valid_from"])
    if valid_from is None:
        written = line["valid_from"]
        problems.error(line, "bad-date", f"適用開始日「{written}」を読めません", "2026-04-01 の形で書いてください")
    if (prefecture, name) not in known.pension_offices:
        hint = nearest(name, known.names(prefecture, known.pension_offices))
        message = f"{prefecture}に年金事務所「{name}」がありません{hint}"
        remedy = "pension_offices.csv の名称に合わせるか、pension_offices.csv に加えてください"
        problems.error(line, "unknown-pension-office", message, remedy)
        return None
    return None if valid_from is None else Assignment(prefecture, centre[1], name, valid_from)


def _report_gaps(known: Places, assigned: set[Key], undecided: dict[Key, Line], problems: Problems) -> None:
    for key, line in known.centre_lines.items():
        if key in assigned:
            continue
        at = undecided.get(key, line)
        note = f"。{at['note']}" if key in undecided and at["note"] else ""
        message = f"{key[0]}「{key[1]}」の管轄年金事務所が決まっていません{note}"
        remedy = "assignments.csv に書いてください（それまでは受講者一覧の年金事務所の列で指定できます）"
        problems.warn(at, "no-assignment", message, remedy)
