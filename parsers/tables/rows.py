"""The rows of a roster table: which lines are people, who they are, and by what they are known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from parsers.dates.lexer import tokens
from parsers.dates.words import Word
from parsers.findings import Problem
from parsers.forms import parse_row_key
from parsers.tables.grid import Area, Cell
from parsers.tables.headers import Role
from parsers.tables.layout import Column, Table, View
from parsers.text import fold, label_key

_EXAMPLE = re.compile(r"^[(\[【]?(?:記入例|記載例|見本|例)(?:[)\]】:]|$|\d+$)")
_FOOTER = re.compile(
    r"^(?:(?:合計|小計|総計|計|人数|総数|以上|注)(?:[:(]|\d|$)|備考|注[)意記]|\(注|※|\*|\(?以下余白|連絡欄|記入要領"
    r"|確認印|担当者?[:(]|担当者?$|提出日|作成日|報告日)"
)
_COUNT = re.compile(r"^(?:計|合計)?\d+[名人]$")
_KANA_ONLY = re.compile(r"^[ァ-ヺー゛゜ｦ-ﾟぁ-ゖ\s　・･]+$")
_NUMBER = re.compile(r"(?:no\.?|第)?(\d{1,4})(?:\.|番)?(?:\.0)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One trainee's lines on the sheet, and what they say about who it is."""

    first: int
    """First and last row of the grid, 1-based; more than one when No. is merged over several."""
    last: int
    roster: str | None = None
    """From the hidden key."""
    key_number: int | None = None
    enrollment: str | None = None
    number: int | None = None
    """No. as visible."""
    name: str = ""
    kana: str = ""
    centre: str = ""
    note: str = ""
    hidden: bool = False
    struck: bool = False
    """The name is struck through."""
    problems: tuple[Problem, ...] = ()

    @property
    def row(self) -> int | None:
        """No. on the roster: by the key where there is one."""
        return self.number if self.key_number is None else self.key_number


def read_rows(view: View, table: Table) -> list[Row]:
    """All people of a table, in order; examples, totals and footers are left out."""
    rows = list(_rows(view, table))
    keys = Counter((r.roster, r.key_number) for r in rows if r.enrollment)
    named = {r.key_number for r in rows if r.enrollment}
    visible = Counter(r.number for r in rows if not r.enrollment and r.number is not None)
    marked = []
    for row in rows:
        twice = keys[row.roster, row.key_number] > 1 if row.enrollment else False
        if not row.enrollment and row.number is not None:
            twice = visible[row.number] > 1 or row.number in named
        marked.append(replace(row, problems=(*row.problems, Problem.ROW_DUPLICATED)) if twice else row)
    return marked


def _rows(view: View, table: Table) -> Iterator[Row]:
    at = table.bottom + 1
    while at <= table.last:
        last = min(_bottom(view, table, at), table.last)
        row = _row(view, table, at, last)
        if row:
            yield row
        at = last + 1


def _bottom(view: View, table: Table, row: int) -> int:
    """Last line of the row that begins at `row`: as far as No., key or name is merged downwards."""
    for role in (Role.NUMBER, Role.KEY, Role.NAME):
        column = table.column(role)
        if column:
            area = view.area(row, column.first)
            if area.first_row == row and area.last_row > row and _is_one_column(area, column):
                return area.last_row
    return row


def _is_one_column(area: Area, column: Column) -> bool:
    return area.first_col >= column.first and area.last_col <= column.last


def _row(view: View, table: Table, first: int, last: int) -> Row | None:
    texts = {
        role: _text(view, table.column(role), first, last) for role in (Role.NUMBER, Role.KEY, Role.CENTRE, Role.NOTE)
    }
    key = parse_row_key(texts[Role.KEY])
    name, kana = _names(view, table, first, last)
    number = _number(texts[Role.NUMBER])
    if not key and (not (name or number is not None) or _is_no_row(view, table, first, name, texts[Role.NUMBER])):
        return None
    if not key and not name and not _anything_written(view, table, first, last):
        return None
    problems: tuple[Problem, ...] = (Problem.KEY_DIFFERS,) if key and number is not None and number != key[1] else ()
    if view.grid.slipped_rows.intersection(range(first, last + 1)):
        problems += (Problem.AMBIGUOUS_COLUMNS,)
    found = Row(first, last, None, None, None, number, name, kana, texts[Role.CENTRE], texts[Role.NOTE])
    if key:
        found = replace(found, roster=key[0], key_number=key[1], enrollment=key[2])
    hidden = all(r in view.grid.hidden_rows for r in range(first, last + 1))
    return replace(found, hidden=hidden, struck=_struck(view, table.column(Role.NAME), first, last), problems=problems)


def cells_of(view: View, column: Column | None, first: int, last: int) -> list[Cell]:
    """Filled cells of a column in some rows, anchors of merged ranges once, in reading order."""
    found: list[Cell] = []
    for row in range(first, last + 1):
        for col in range(column.first, column.last + 1) if column else ():
            cell = view.anchor(row, col)
            if cell and (cell.text.strip() or cell.formula) and cell not in found:
                found.append(cell)
    return found


def _text(view: View, column: Column | None, first: int, last: int) -> str:
    return " ".join(c.text.strip() for c in cells_of(view, column, first, last))


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(label_key(text))
    return int(match.group(1)) if match else None


def _names(view: View, table: Table, first: int, last: int) -> tuple[str, str]:
    """Name and kana; they may share a cell or a column (フリガナ above 氏名)."""
    name_column, kana_column = table.column(Role.NAME), table.column(Role.KANA)
    written = [line for c in cells_of(view, name_column, first, last) for line in c.text.splitlines() if line.strip()]
    kana = _text(view, kana_column, first, last)
    if len(written) > 1 and _KANA_ONLY.match(written[0]) and not _KANA_ONLY.match(written[1]):
        kana = kana or written[0].strip()
        written = written[1:]
    return " ".join(w.strip() for w in written), kana


def _is_no_row(view: View, table: Table, row: int, name: str, number: str) -> bool:
    """Examples, totals, notes under the table, repeated headers."""
    first_col = min(c.first for c in table.columns)
    leading = [view.text(row, col) for col in range(max(1, first_col - 1), first_col + 1)]
    for text in (name, number, *leading):
        if is_example(text) or is_footer(text):
            return True
    name_column, number_column = table.column(Role.NAME), table.column(Role.NUMBER)
    if name_column and number_column:
        area = view.area(row, name_column.first)
        if area.first_col <= number_column.first:  # one sentence merged across the table
            return True
    return Role.NAME in view.claim(name).meanings


def is_example(text: str) -> bool:
    """Whether the text marks a sample row: 記入例, （記入例）年金 花子, 例1."""
    return _EXAMPLE.match(fold(text).strip()) is not None


def is_footer(text: str) -> bool:
    """Whether the text begins a total or a note under the table, never a name."""
    key = label_key(text)
    return _FOOTER.match(key) is not None or _COUNT.match(key) is not None


def _anything_written(view: View, table: Table, first: int, last: int) -> bool:
    return any(cells_of(view, column, first, last) for column in table.dates())


def _struck(view: View, column: Column | None, first: int, last: int) -> bool:
    return any(c.struck for c in cells_of(view, column, first, last))


def proposes_exclusion(text: str) -> bool:
    """Whether a remark says that the trainee is out (辞退, 取消, 異動)."""
    return bool(text) and any(t.word is Word.EXCLUDED for t in tokens(text[:200]))
