"""HQ's list of trainees (PRE0) as values: what stands in each line, and what is wrong with the table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.dates import read_date
from parsers.dates.formats import is_era
from parsers.errors import ParserError
from parsers.findings import Decision, Problem
from parsers.reading import ReadingContext
from parsers.tables.delimited import read_delimited
from parsers.tables.grid import Cell, Grid, address
from parsers.tables.headers import Role, claim
from parsers.tables.layout import View
from parsers.tables.rows import is_example, is_footer
from parsers.text import label_key


@dataclass(frozen=True, slots=True)
class ListedTrainee:
    """One line of the list, as written; "" = empty. Dates are ISO 8601 or "" here, problems are reported beside."""

    sheet: str
    line: int
    """Row in the sheet, 1-based."""
    prefecture: str
    centre: str
    name: str
    kana: str
    terminal_id: str = ""
    e_learning_on: str = ""
    visit_on: str = ""
    pension_office: str = ""
    """Only when the list overrides the master."""
    note: str = ""
    cells: tuple[tuple[str, str], ...] = ()
    """(member name, cell address) so that a later check can point at the cell."""


@dataclass(frozen=True, slots=True)
class ListingProblem:
    """One thing to mend before the list can be imported."""

    sheet: str
    cell: str
    """e.g. "C7"; "" = the whole sheet."""
    problem: str
    """Short code: missing-column, not-a-date, empty-name …"""
    detail: str
    """As written."""
    remedy: str = ""
    """Japanese sentence for HQ; filled by the CLI's wording table when empty."""


_MEMBERS = {
    "prefecture": "都道府県",
    "centre": "所属センター",
    "name": "氏名",
    "kana": "フリガナ",
    "terminal_id": "ＩＤ",
    "e_learning_on": "ｅラーニング修了日",
    "visit_on": "来所予定日",
    "pension_office": "管轄年金事務所",
    "note": "備考",
}
"""Member of `ListedTrainee` → its header as HQ knows it."""
_REQUIRED = ("prefecture", "centre", "name", "kana")
_DATES = ("e_learning_on", "visit_on")
_PERSONAL = ("name", "kana", "terminal_id", "e_learning_on", "visit_on")
"""A line that has none of these is no trainee, however much of it is filled in beforehand."""
_ROLES = {
    Role.CENTRE: "centre",
    Role.NAME: "name",
    Role.KANA: "kana",
    Role.OFFICE: "pension_office",
    Role.NOTE: "note",
}
_PREFECTURE = re.compile(r"都道府県(?:名|会|会名)?|県名|府県")
_TERMINAL_ID = re.compile(r"(?:取得済|既得|端末|wm)?id(?:番号|コード)?")
_E_LEARNING = re.compile(r"e-?(?:ラーニング|learning)(?:修了|受講|終了|完了).*日")
_VISIT = re.compile(r"(?:年金事務所)?来所(?:予定)?(?:年月)?日")

_REMEDIES = {
    "unreadable-file": "Excel（.xlsx）または CSV で保存し直してください",
    "encrypted-file": "パスワードを外して保存し直してください",
    "file-too-large": "受講者の一覧だけのファイルにしてください",
    "no-header": "見出しの行（都道府県、所属センター、氏名、フリガナ）がありません。所定の様式をお使いください",
    "missing-column": "この見出しの列を追加してください",
    "doubled-column": "同じ見出しの列が二つあります。一つにしてください",
    "empty-prefecture": "都道府県を入力してください",
    "empty-centre": "所属センターを入力してください",
    "empty-name": "氏名を入力してください",
    "empty-kana": "フリガナを入力してください",
    "not-a-date": "日付を「令和8年4月1日」のように年月日で入力してください",
    "error-value": "セルがエラーになっています。値を入力し直してください",
    "struck-out": "取り消し線の行があります。行を削除するか、取り消し線を外してください",
    "hidden-row": "非表示の行があります。再表示するか、行を削除してください",
    "hidden-sheet": "非表示のシートは取り込みません。再表示するか、シートを削除してください",
    "drawing": "図形や画像がセルに重なっています。取り除いてください",
}
_PROBLEMS = {Problem.ENCRYPTED_ATTACHMENT: "encrypted-file", Problem.TOO_LARGE: "file-too-large"}


def read_listing(name: str, data: bytes) -> tuple[list[ListedTrainee], list[ListingProblem]]:
    """Read HQ's list from an xlsx or csv (UTF-8, CP932): what stands in it, and everything wrong with it as a table.

    Sheets without a header of ours are passed over as long as one has it. Never raises for what the bytes hold.
    """
    try:
        grids = _grids(name, data)
    except ParserError as e:
        return [], [_problem("", "", _PROBLEMS.get(e.problem, "unreadable-file"), e.detail)]
    lines: list[ListedTrainee] = []
    problems: list[ListingProblem] = []
    headed = False
    for grid in grids:
        sheet = _Sheet(grid)
        headed = headed or sheet.header is not None
        for found in sheet.read():
            (lines if isinstance(found, ListedTrainee) else problems).append(found)  # type: ignore[arg-type]
    if not headed:
        problems.append(_problem("", "", "no-header", name))
    return lines, problems


def _grids(name: str, data: bytes) -> tuple[Grid, ...]:
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        from parsers.tables.workbook import open_book

        return open_book(data).grids
    return (read_delimited(name, data),)


def _problem(sheet: str, cell: str, code: str, detail: str) -> ListingProblem:
    return ListingProblem(sheet, cell, code, detail, _REMEDIES[code])


def _member(text: str) -> str | None:
    """Which member a header stands for."""
    key = re.sub(r"\(.*?\)|[*※]", "", label_key(text))
    patterns = (
        (_PREFECTURE, "prefecture"),
        (_TERMINAL_ID, "terminal_id"),
        (_E_LEARNING, "e_learning_on"),
        (_VISIT, "visit_on"),
    )
    for pattern, member in patterns:
        if pattern.fullmatch(key):
            return member
    roles = claim([text]).meanings
    return _ROLES.get(roles[0]) if roles and isinstance(roles[0], Role) else None


class _Sheet:
    """One sheet of the list."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._view = View(grid)
        self.header: int | None = None
        """Row of the header, None = the sheet has none."""
        self._columns: dict[str, int] = {}
        self._doubled: list[tuple[str, int]] = []
        for row, cells in self._view.rows.items():
            if self._take_header(row, cells):
                break

    def _take_header(self, row: int, cells: list[Cell]) -> bool:
        members = [(m, c.col) for c in cells if (m := _member(c.text))]
        names = {m for m, _ in members}
        if "name" not in names or len(names) < 3:
            return False
        self.header = row
        for member, col in members:
            if member in self._columns:
                self._doubled.append((member, col))
            else:
                self._columns[member] = col
        return True

    def read(self) -> Iterator[ListedTrainee | ListingProblem]:
        """Lines and problems in the order of the sheet."""
        if self.header is None:
            return
        if self._grid.hidden:
            yield _problem(self._grid.name, "", "hidden-sheet", self._grid.name)
            return
        yield from self._header_problems()
        for row in range(self.header + 1, self._grid.max_row + 1):
            yield from self._line(row)

    def _header_problems(self) -> Iterator[ListingProblem]:
        for member in _REQUIRED:
            if member not in self._columns:
                yield _problem(self._grid.name, "", "missing-column", _MEMBERS[member])
        for member, col in self._doubled:
            cell = self._grid.at(self.header or 0, col)
            yield _problem(self._grid.name, cell.address if cell else "", "doubled-column", _MEMBERS[member])

    def _line(self, row: int) -> Iterator[ListedTrainee | ListingProblem]:
        cells = {m: self._view.anchor(row, col) for m, col in self._columns.items()}
        texts = {m: c.text.strip() if c else "" for m, c in cells.items()}
        if not any(texts.get(m) for m in _PERSONAL) or self._is_no_line(row, texts):
            return
        values = dict(texts)
        problems = [*self._empty(row, texts), *self._spoilt(row, cells)]
        for member in _DATES:
            cell = cells.get(member)
            if cell and texts[member]:
                values[member], bad = self._date(cell)
                problems += bad
        yield from problems
        addresses = tuple((m, self._address(m, row)) for m in self._columns)
        yield ListedTrainee(self._grid.name, row, **_complete(values), cells=addresses)

    def _is_no_line(self, row: int, texts: dict[str, str]) -> bool:
        """Examples, totals and the header repeated on the next page."""
        leading = self._view.text(row, 1)
        if is_example(texts.get("name", "")) or is_example(leading) or _member(texts.get("name", "")) == "name":
            return True
        lonely = sum(bool(t) for t in texts.values()) == 1
        return is_footer(leading) or (lonely and is_footer(texts.get("name", "")))

    def _empty(self, row: int, texts: dict[str, str]) -> list[ListingProblem]:
        missing = [m for m in _REQUIRED if m in self._columns and not texts[m]]
        return [_problem(self._grid.name, self._address(m, row), f"empty-{m}", "") for m in missing]

    def _spoilt(self, row: int, cells: dict[str, Cell | None]) -> list[ListingProblem]:
        """What a person sees and a table does not say."""
        found = []
        for member, cell in cells.items():
            if cell and cell.error:
                found.append(_problem(self._grid.name, self._address(member, row), "error-value", cell.text))
        name = cells.get("name")
        address = self._address("name", row)
        if name and name.struck:
            found.append(_problem(self._grid.name, address, "struck-out", name.text))
        if row in self._grid.hidden_rows:
            found.append(_problem(self._grid.name, address, "hidden-row", name.text if name else ""))
        if any(area.holds(row, col) for area in self._grid.drawings for col in self._columns.values()):
            found.append(_problem(self._grid.name, address, "drawing", ""))
        return found

    def _date(self, cell: Cell) -> tuple[str, list[ListingProblem]]:
        reading = read_date(
            cell.value if cell.value is not None else cell.text,
            number_format=cell.number_format,
            column_is_era=is_era(cell.number_format),
            date1904=self._grid.date1904,
            context=ReadingContext(),
        )
        if reading.decision is Decision.ACCEPT and reading.value and not cell.struck:
            return reading.value.isoformat(), []
        if reading.decision is Decision.EMPTY and not reading.problems:
            return "", []
        return "", [_problem(self._grid.name, cell.address, "not-a-date", cell.text)]

    def _address(self, member: str, row: int) -> str:
        cell = self._view.anchor(row, self._columns[member])
        return cell.address if cell else address(row, self._columns[member])


def _complete(values: dict[str, str]) -> dict[str, str]:
    return {m: values.get(m, "") for m in _MEMBERS}
