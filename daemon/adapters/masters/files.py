"""The files of the masters as cleaned lines: encodings, headers, blanks and dates as Excel and people leave them.

Knows nothing of what the lines mean; its neighbours do. Nothing here raises for what a file holds.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Severity(StrEnum):
    """Whether the daemon may start."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class MasterProblem:
    """One thing to mend in a master; `str()` is the line `meibod check` prints."""

    file: str
    line: int
    """1-based; 0 = the file as a whole."""
    severity: Severity
    code: str
    """Short and stable, e.g. "unknown-prefecture"."""
    message: str
    """Japanese: what is wrong."""
    remedy: str
    """Japanese: what to do."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        mark = "エラー" if self.severity is Severity.ERROR else "注意"
        return f"{where} [{mark}] {self.message} → {self.remedy} ({self.code})"


@dataclass(slots=True)
class Problems:
    """Collects the problems of one load."""

    found: list[MasterProblem] = field(default_factory=list)

    def error(self, at: Line, code: str, message: str, remedy: str) -> None:
        """Something that keeps the daemon from starting."""
        self.found.append(MasterProblem(at.file, at.line, Severity.ERROR, code, message, remedy))

    def warn(self, at: Line, code: str, message: str, remedy: str) -> None:
        """Something to know."""
        self.found.append(MasterProblem(at.file, at.line, Severity.WARNING, code, message, remedy))


@dataclass(frozen=True, slots=True)
class Line:
    """One record, or a place to point at when there is none."""

    file: str
    line: int = 0
    cells: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, column: str) -> str:
        """The cleaned cell, "" when the column or cell is missing."""
        return str(self.cells.get(column, ""))


@dataclass(frozen=True, slots=True)
class Table:
    """What a CSV master looks like: file name, and for each column its header names, ours first."""

    file: str
    columns: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    required: bool = True


def clean(text: str) -> str:
    """Without blanks around (full-width ones too), control characters and line breaks; NFC."""
    shown = "".join(c if c.isprintable() or c == "\u3000" else " " for c in text)
    return unicodedata.normalize("NFC", shown).strip()


def plain(text: str) -> str:
    """`clean`, with full-width letters and digits made half-width: for addresses, numbers, dates and comparing."""
    return unicodedata.normalize("NFKC", clean(text)).strip()


_DATE = re.compile(
    r"(?:(?P<year>\d{4})|(?:令和|R)\s*(?P<era>\d{1,2}|元))\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?"
)


def to_date(text: str) -> dt.date | None:
    """2026-04-01, 2026/4/1, 令和8年4月1日, R8.4.1; None for anything else."""
    found = _DATE.fullmatch(plain(text))
    if not found:
        return None
    era = found["era"]
    year = int(found["year"]) if found["year"] else 2018 + (1 if era == "元" else int(era))
    try:
        return dt.date(year, int(found[3]), int(found[4]))
    except ValueError:
        return None


def nearest(text: str, known: Iterable[str]) -> str:
    """「（神奈川 のことですか）」, or "" when nothing is near."""
    near = difflib.get_close_matches(text, list(known), n=1, cutoff=0.5)
    return f"（{near[0]} のことですか）" if near else ""


def read_table(folder: Path, table: Table, problems: Problems) -> list[Line]:
    """The records of a CSV; broken ones are reported and left out."""
    text = _text(folder / table.file, table, problems)
    if text is None:
        return []
    records = _records(text, table, problems)
    header = next(records, None)
    if header is None:
        problems.error(
            Line(table.file), "empty-file", "見出しの行がありません", f"一行目に {_names(table)} を書いてください"
        )
        return []
    order = _columns(Line(table.file, header[0]), header[1], table, problems)
    return [] if order is None else list(_lines(records, order, table, problems))


def _text(path: Path, table: Table, problems: Problems) -> str | None:
    at = Line(table.file)
    try:
        data = path.read_bytes()
    except OSError as error:
        if table.required or not isinstance(error, FileNotFoundError):
            problems.error(at, "missing-file", "ファイルを読めません", f"{path} を置き、読める権限にしてください")
        return None
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        problems.error(at, "not-csv", "Excel ブックです", "Excel で「CSV UTF-8」の形式に保存し直してください")
        return None
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    problems.error(at, "bad-encoding", "文字コードが分かりません", "Excel で「CSV UTF-8」の形式に保存し直してください")
    return None


def _records(text: str, table: Table, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each record that is neither empty nor a comment; ends where the CSV breaks."""
    first = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    try:
        for cells in reader:
            cleaned = [clean(c) for c in cells]
            if any(cleaned) and not cleaned[0].startswith("#"):
                yield begins, cleaned
            begins = reader.line_num + 1
    except csv.Error as error:
        remedy = "Excel で「CSV UTF-8」の形式に保存し直してください"
        problems.error(Line(table.file, begins), "bad-csv", f"CSV として読めません（{error}）", remedy)


def _columns(at: Line, header: list[str], table: Table, problems: Problems) -> list[str | None] | None:
    """The column each position holds, None for those nobody knows; None altogether when a needed one is missing."""
    by_name = {_key(alias): column for column, aliases in table.columns.items() for alias in (column, *aliases)}
    order = [by_name.get(_key(name)) for name in header]
    missing = [c for c in table.needed if c not in order]
    twice = [c for c in table.columns if order.count(c) > 1]
    for name, column in zip(header, order, strict=True):
        if column is None and name:
            problems.warn(at, "unknown-column", f"見出し「{name}」は使いません", f"使う見出しは {_names(table)} です")
    for column in missing + twice:
        state = "がありません" if column in missing else "が二つあります"
        title = table.columns[column][0]
        problems.error(at, "bad-header", f"見出し「{title}」{state}", f"見出しを {_names(table)} にしてください")
    return None if missing or twice else order


def _lines(
    records: Iterator[tuple[int, list[str]]], order: list[str | None], table: Table, problems: Problems
) -> Iterator[Line]:
    for number, cells in records:
        pairs = zip(order, cells, strict=False)
        line = Line(table.file, number, {column: cell for column, cell in pairs if column is not None})
        if any(cells[len(order) :]):
            problems.error(
                line, "too-many-cells", "見出しより列が多い行です", '値の中の「,」を除くか " で囲んでください'
            )
            continue
        yield line


def _key(header: str) -> str:
    return "".join(plain(header).lower().split()).replace("_", "")


def _names(table: Table) -> str:
    return "、".join(aliases[0] for aliases in table.columns.values())


def read_blocks(folder: Path, file: str, block: str, problems: Problems, *, required: bool) -> list[Line]:
    """The [[block]] tables of a TOML file, each with the line of its header."""
    at = Line(file)
    try:
        text = (folder / file).read_text("utf-8-sig")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        if required:
            problems.error(at, "missing-file", "ファイルがありません", f"{folder / file} を置いてください")
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.error(at, "not-toml", f"TOML として読めません（{error}）", "書式を直してください")
        return []
    for name in raw.keys() - {block}:
        problems.error(at, "unknown-key", f"知らない項目「{name}」です", f"[[{block}]] の中に書いてください")
    entries = raw.get(block, [])
    if not (isinstance(entries, list) and all(isinstance(e, dict) for e in entries)):
        problems.error(at, "not-toml", f"[[{block}]] が表の並びではありません", f"[[{block}]] の形で書いてください")
        return []
    starts = [n for n, row in enumerate(text.split("\n"), 1) if re.match(rf"\s*\[\[\s*{block}\s*\]\]", row)]
    lines = starts if len(starts) == len(entries) else [0] * len(entries)
    return [Line(file, n, e) for n, e in zip(lines, entries, strict=True)]
