"""A grid in, findings out: where the rows and columns of a roster are, and what stands in them."""

from __future__ import annotations

import re
from dataclasses import replace

from parsers.codes import ROSTER_SYMBOLS, BadCode, parse_code
from parsers.dates import DateReading, read_date
from parsers.findings import Decision, Field, Finding, Note, Page, PageKind, Problem
from parsers.forms import CODE_LABEL, EDITIONS
from parsers.reading import ReadingContext
from parsers.tables.datecells import DateColumn, Entry, doubted
from parsers.tables.evidence import Sheet, field_of, finding_of, row_problems
from parsers.tables.exclusion import exclusion
from parsers.tables.grid import Grid, GridReading
from parsers.tables.headers import Role
from parsers.tables.layout import Column, Table, View, find_tables
from parsers.tables.placement import Placement
from parsers.tables.rows import Row, cells_of, read_rows
from parsers.tables.sameday import SameDay, same_day
from parsers.text import fold, squash

__all__ = ["GridReading", "read_grid"]


def read_grid(grid: Grid, *, part: str, context: ReadingContext, known_roster: str | None) -> GridReading:
    """Read every roster table on the grid.

    Args:
        grid: The cells.
        part: Attachment path for the evidence; "" = the file itself.
        context: What may narrow a reading (dates without a year).
        known_roster: Roster code when the file or page names it elsewhere (document property, QR), else None.

    Returns:
        One page, the findings of all its rows, and notes about the sheet as a whole. A grid that is no roster
        gives one page of kind TEXT or BLANK and no findings.
    """
    view = View(grid)
    tables = find_tables(view)
    rows = {id(t): read_rows(view, t) for t in tables}
    keyed = {r.roster for found in rows.values() for r in found if r.roster}
    codes, problems = _roster_codes(view, known_roster)
    code = next(iter([*codes, *keyed]), None)
    # Rows with keys know where they belong; those without are lost when the sheet and its file disagree.
    several = len(keyed) > 1 or (not keyed and len(codes) > 1)
    if several or len(keyed | {*codes[:1]}) > 1:
        problems.append(Problem.SEVERAL_ROSTER_CODES)
    sheet = Sheet(grid, part, context, code, several=several)
    findings = [f for t in tables for f in _read_table(view, t, rows[id(t)], sheet)]
    problems += _sheet_problems(tables, findings)
    kind = _kind(view, tables, code)
    form = _edition(tables) if kind is PageKind.FORM else None
    unique = tuple(dict.fromkeys(problems))
    page = Page(grid.number, kind, code if tables or code else None, form, problems=unique, part=part)
    return GridReading((page,), tuple(findings), tuple(Note(p, grid.name, part) for p in unique))


# -- the sheet as a whole


def _roster_codes(view: View, known: str | None) -> tuple[list[str], list[Problem]]:
    """The codes printed on the sheet, then the one the file names, each once."""
    codes: list[str] = []
    problems: list[Problem] = []
    for text in (*labelled_codes(view), *([known] if known else [])):
        try:
            codes.append(parse_code(text))
        except BadCode:
            problems.append(Problem.BAD_ROSTER_CODE)
    return list(dict.fromkeys(codes)), problems


def labelled_codes(view: View) -> list[str]:
    """What stands behind 回付番号, in the same cell or the next filled one; only things as long as a code."""
    found = []
    for cells in view.rows.values():
        for i, cell in enumerate(cells):
            key = squash(fold(cell.text))
            if CODE_LABEL not in key:
                continue
            rest = re.sub(r"^[^0-9A-Za-z]*", "", key.split(CODE_LABEL, 1)[1])
            beside = squash(fold(cells[i + 1].text)) if i + 1 < len(cells) else ""
            text = re.match(r"[0-9A-Za-z-]*", rest or beside)
            if text and len(text.group().replace("-", "")) >= ROSTER_SYMBOLS - 2:
                found.append(text.group())
    return found


def _kind(view: View, tables: list[Table], code: str | None) -> PageKind:
    if tables:
        return PageKind.FORM if code else PageKind.FOREIGN
    return PageKind.TEXT if view.rows else PageKind.BLANK


def _edition(tables: list[Table]) -> str | None:
    """The edition whose dates are just those of the tables."""
    fields = {c.meaning for t in tables for c in t.dates()}
    return next((e.name for e in EDITIONS.values() if set(e.dates) == fields), None)


def _sheet_problems(tables: list[Table], findings: list[Finding]) -> list[Problem]:
    problems = [Problem.AMBIGUOUS_COLUMNS for t in tables for c in t.dates() if c.ambiguous]
    visible = (Problem.HIDDEN_CONTENT, Problem.DRAWING_OVER_CELLS)
    return problems + [p for p in visible if any(p in f.problems for f in findings)]


_CENTRE = re.compile(r"街角の?年金相談センター\S+|街角センター\S+")


def _centre(view: View, table: Table) -> str:
    """The centre the heading names, "" when it names none or several."""
    found = []
    for row, cells in view.rows.items():
        if row >= table.top:
            break
        for i, cell in enumerate(cells):
            named = _CENTRE.search(squash(fold(cell.text)))
            if named:
                found.append(cell.text.strip())
            elif view.claim(cell.text).meanings == (Role.CENTRE,) and i + 1 < len(cells):
                found.append(cells[i + 1].text.strip())
    return found[0] if len(set(found)) == 1 else ""


# -- rows


def _read_table(view: View, table: Table, rows: list[Row], sheet: Sheet) -> list[Finding]:
    sheet = replace(sheet, centre=_centre(view, table))
    everybody = same_day(view, table, sheet.context)
    columns = [(c, DateColumn(view, table, c, sheet.context)) for c in table.dates()]
    placement = Placement(view, table, sheet)
    findings: list[Finding] = []
    for row in rows:
        out = exclusion(view, table, row, sheet)
        ticked = out is not None and out.value is not None
        entries: dict[Field, Finding] = {}
        for column, reader in columns:
            entry = _with_everybody(reader.read(row), everybody.get(field_of(column)), ticked=ticked)
            entry = _with_remark(entry, field_of(column), view, table, row, sheet)
            found = finding_of(_judged(entry, row, column, sheet), row, column, sheet)
            # Two columns that claim one field are ambiguous; the filled one speaks.
            if found.field not in entries or entries[found.field].decision is Decision.EMPTY:
                entries[found.field] = found
        findings += [*placement.read(row), *entries.values(), *([out] if out else [])]
    return findings


def _with_everybody(entry: Entry, line: SameDay | None, *, ticked: bool) -> Entry:
    """全員同日 fills what is left blank; a word such as 未 is not blank, nor is a row ticked 対象外."""
    blank = not entry.written and not entry.reading.problems
    return line.entry if line and blank and not ticked else entry


_DELETED = frozenset({Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON})


def _with_remark(entry: Entry, field: Field, view: View, table: Table, row: Row, sheet: Sheet) -> Entry:
    """A blank cell beside a remark that names what is asked for and a date (備考: 4/1登録済) is a question."""
    about = "削除" if field in _DELETED else "登録"
    if entry.written or entry.reading.problems or about not in row.note:
        return entry
    reading = read_date(row.note, context=sheet.context)
    days = reading.candidates or ((reading.value,) if reading.value else ())
    if not days and Problem.AMBIGUOUS_DATE not in reading.problems:
        return entry
    cell = cells_of(view, table.column(Role.NOTE), row.first, row.last)[0]
    return Entry(DateReading(None, Decision.REVIEW, (Problem.EXTRA_TEXT,), days), row.note, cell)


def _judged(entry: Entry, row: Row, column: Column, sheet: Sheet) -> Entry:
    """The entry with what is wrong with its row and column."""
    reading = entry.reading
    for problem in row_problems(row, sheet):
        reading = doubted(reading, problem)
    if column.ambiguous:
        reading = doubted(reading, Problem.AMBIGUOUS_COLUMNS)
    return replace(entry, reading=reading)
