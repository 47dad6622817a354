"""HQ's register of results (POST1) as values: who finished the course, and what is wrong with the table.

The exported register (`Documents.results_register`) is the template: its hidden key column names every trainee. A list
without keys (csv, a table of one's own) is read all the same; then prefecture, centre, name and kana say who it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.choices import read_result, says_withdrawn
from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.forms import parse_results_key, parse_row_key
from parsers.listing import ListingProblem
from parsers.tables.delimited import read_delimited
from parsers.tables.grid import Cell, Grid, address
from parsers.tables.headers import Role, claim
from parsers.tables.layout import View
from parsers.tables.rows import is_example, is_footer
from parsers.text import fold, label_key, squash


@dataclass(frozen=True, slots=True)
class ListedResult:
    """One line of the register, as written; "" = empty."""

    sheet: str
    line: int
    """Row in the sheet, 1-based."""
    training: str
    """From the hidden key, "" = the line has none."""
    enrollment: str
    """From the hidden key, "" = the line has none."""
    prefecture: str
    centre: str
    name: str
    kana: str
    result: bool | None
    """修了 (True) or 未修了 (False); None = left open, or not understood (then a problem says so)."""
    written: str
    """What stands under 修了の有無."""
    cells: tuple[tuple[str, str], ...] = ()
    """(member name, cell address) so that a later check can point at the cell."""


_MEMBERS = {
    "key": "照合キー",
    "prefecture": "都道府県",
    "centre": "所属センター",
    "name": "氏名",
    "kana": "フリガナ",
    "result": "修了の有無",
}
_ROLES = {Role.KEY: "key", Role.CENTRE: "centre", Role.NAME: "name", Role.KANA: "kana"}
_WITHOUT_KEY = ("prefecture", "centre", "name")
"""What a list without keys must have."""
_PREFECTURE = re.compile(r"(?:都道府県|府県|県)(?:名|会|会名)?")
_RESULT = re.compile(
    r"(?:研修)?(?:修了|受講)(?:の)?(?:有無|結果|状況|可否)|(?:研修)?結果|修了/未修了|修了・未修了|修了"
)
_WHERE_FOUND = 60
"""Rows in which the header must stand."""

_REMEDIES = {
    "unreadable-file": "Excel（.xlsx）または CSV で保存し直してください",
    "encrypted-file": "パスワードを外して保存し直してください",
    "file-too-large": "修了結果の一覧だけのファイルにしてください",
    "no-header": "見出しの行（氏名、修了の有無）がありません。書き出した修了結果一覧をお使いください",
    "missing-column": "この見出しの列を追加してください",
    "doubled-column": "同じ見出しの列が二つあります。一つにしてください",
    "unknown-result": "「修了」または「未修了」を選んでください",
    "withdrawn-result": "辞退・欠席の方は「未修了」を選ぶか、先に受講の取消しを登録してください",
    "empty-name": "氏名を入力してください",
    "bad-key": "照合キーが書き換えられています。書き出した一覧からやり直してください",
    "doubled-row": "同じ方の行が二つあります。一つにしてください",
    "error-value": "セルがエラーまたは計算式になっています。値を入力し直してください",
    "struck-out": "取り消し線の行があります。行を削除するか、取り消し線を外してください",
    "hidden-row": "非表示の行があります。再表示するか、行を削除してください",
    "hidden-sheet": "非表示のシートは取り込みません。再表示するか、シートを削除してください",
}
_PROBLEMS = {Problem.ENCRYPTED_ATTACHMENT: "encrypted-file", Problem.TOO_LARGE: "file-too-large"}


def read_results(name: str, data: bytes) -> tuple[list[ListedResult], list[ListingProblem]]:
    """Read a filled-in register from an xlsx or csv (UTF-8, CP932): its lines, and everything wrong with it at once.

    Sheets without a header of ours are passed over as long as one has it. Never raises for what the bytes hold.
    """
    try:
        grids = _grids(name, data)
    except ParserError as e:
        return [], [_problem("", "", _PROBLEMS.get(e.problem, "unreadable-file"), e.detail)]
    sheets = [sheet for grid in grids if (sheet := _Sheet(grid)).header is not None]
    found = [thing for sheet in sheets for thing in sheet.read()]
    lines = [f for f in found if isinstance(f, ListedResult)]
    problems = [f for f in found if isinstance(f, ListingProblem)]
    if not sheets:
        problems.append(_problem("", "", "no-header", name))
    return lines, [*problems, *_doubled(lines)]


def _grids(name: str, data: bytes) -> tuple[Grid, ...]:
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        from parsers.tables.workbook import open_book

        return open_book(data).grids
    return (read_delimited(name, data),)


def _problem(sheet: str, cell: str, code: str, detail: str) -> ListingProblem:
    return ListingProblem(sheet, cell, code, detail, _REMEDIES[code])


def _doubled(lines: list[ListedResult]) -> Iterator[ListingProblem]:
    """Two lines of one trainee, even when they agree: somebody copied a line and meant another person."""
    seen: set[tuple[str, ...]] = set()
    for line in lines:
        one = (line.training, line.enrollment) if line.enrollment else _person(line)
        if one in seen:
            yield _problem(line.sheet, dict(line.cells).get("name", ""), "doubled-row", line.name)
        seen.add(one)


def _person(line: ListedResult) -> tuple[str, ...]:
    return tuple(squash(fold(t)) for t in (line.prefecture, line.centre, line.name, line.kana))


def _member(text: str) -> str | None:
    """Which member a header stands for."""
    key = re.sub(r"\(.*?\)|[*※]", "", label_key(text))
    for pattern, member in ((_RESULT, "result"), (_PREFECTURE, "prefecture")):
        if pattern.fullmatch(key):
            return member
    roles = claim([text]).meanings
    return _ROLES.get(roles[0]) if roles and isinstance(roles[0], Role) else None


class _Sheet:
    """One sheet of the register."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._view = View(grid)
        self.header: int | None = None
        """Row of the header, None = the sheet has none."""
        self._columns: dict[str, int] = {}
        self._doubled: list[tuple[str, Cell]] = []
        for row, cells in list(self._view.rows.items())[:_WHERE_FOUND]:
            if self._take_header(row, cells):
                break

    def _take_header(self, row: int, cells: list[Cell]) -> bool:
        members = [(m, c) for c in cells if (m := _member(c.text))]
        names = {m for m, _ in members}
        if not names & {"name", "key"} or len(names) < 2:
            return False
        self.header = row
        for member, cell in members:
            if member in self._columns:
                self._doubled.append((member, cell))
            else:
                self._columns[member] = cell.col
        return True

    def read(self) -> Iterator[ListedResult | ListingProblem]:
        """Lines and problems in the order of the sheet."""
        if self._grid.hidden:
            yield _problem(self._grid.name, "", "hidden-sheet", self._grid.name)
            return
        needed = ("result",) if "key" in self._columns else ("result", *_WITHOUT_KEY)
        for member in needed:
            if member not in self._columns:
                yield _problem(self._grid.name, "", "missing-column", _MEMBERS[member])
        for member, cell in self._doubled:
            yield _problem(self._grid.name, cell.address, "doubled-column", _MEMBERS[member])
        for row in range((self.header or 0) + 1, self._grid.max_row + 1):
            yield from self._line(row)

    def _line(self, row: int) -> Iterator[ListedResult | ListingProblem]:
        cells = {m: self._view.anchor(row, col) for m, col in self._columns.items()}
        texts = {m: c.text.strip() if c else "" for m, c in cells.items()}
        if not (texts.get("name") or texts.get("key")) or self._is_no_line(row, texts):
            return
        known = _known(texts.get("key", ""))
        spoilt = [*self._spoilt(row, cells, texts), *self._person(row, texts, known)]
        result = read_result(texts.get("result", ""))
        if texts.get("result") and result is None:
            code = "withdrawn-result" if says_withdrawn(texts["result"]) else "unknown-result"
            spoilt.append(self._at("result", row, code, texts["result"]))
        yield from spoilt
        training, enrollment = known or ("", "")
        yield ListedResult(
            self._grid.name,
            row,
            training,
            enrollment,
            texts.get("prefecture", ""),
            texts.get("centre", ""),
            texts.get("name", ""),
            texts.get("kana", ""),
            None if spoilt else result,
            texts.get("result", ""),
            tuple((m, self._address(m, row)) for m in self._columns if m != "key"),
        )

    def _is_no_line(self, row: int, texts: dict[str, str]) -> bool:
        """Examples, totals and the header repeated on the next page."""
        if texts.get("key"):
            return _member(texts["key"]) == "key"
        name, leading = texts.get("name", ""), self._view.text(row, 1)
        if is_example(name) or is_example(leading) or _member(name) == "name":
            return True
        lonely = sum(bool(t) for t in texts.values()) == 1
        return is_footer(leading) or (lonely and is_footer(name))

    def _person(self, row: int, texts: dict[str, str], known: tuple[str, str] | None) -> Iterator[ListingProblem]:
        if texts.get("key") and known is None:
            yield self._at("key", row, "bad-key", texts["key"])
        if "name" in self._columns and not texts["name"]:
            yield self._at("name", row, "empty-name", "")

    def _spoilt(self, row: int, cells: dict[str, Cell | None], texts: dict[str, str]) -> Iterator[ListingProblem]:
        """What a person sees and a table does not say."""
        result, name = cells.get("result"), cells.get("name")
        if result and (result.error or result.formula):
            yield self._at("result", row, "error-value", result.text)
        if any(c and c.struck for c in (result, name)):
            yield self._at("name" if name else "result", row, "struck-out", texts.get("name", ""))
        if row in self._grid.hidden_rows:
            yield self._at("name" if name else "result", row, "hidden-row", texts.get("name", ""))

    def _at(self, member: str, row: int, code: str, detail: str) -> ListingProblem:
        return _problem(self._grid.name, self._address(member, row), code, detail)

    def _address(self, member: str, row: int) -> str:
        if member not in self._columns:
            return ""
        cell = self._view.anchor(row, self._columns[member])
        return cell.address if cell else address(row, self._columns[member])


def _known(key: str) -> tuple[str, str] | None:
    """Training and enrollment of a key cell; the key of a roster names the enrollment alone."""
    found = parse_results_key(key)
    if found:
        return found
    row = parse_row_key(key)
    return ("", row[2]) if row else None
