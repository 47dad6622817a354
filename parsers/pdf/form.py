"""A page of our own printed form with text typed onto it.

The drawn boxes tell the date cells and ticks from everything else; the meaning of the columns comes from the printed
headers. The page is handed on as a plain table, one row a trainee, without the example row and with the line
「全員同日」 written out into the rows it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from parsers.findings import Box, Field, Note, PageKind, Problem
from parsers.pdf.assembly import sorted_into
from parsers.pdf.boxes import DIGITS, BoxedText, is_digit_box, is_tick_box, printed_around, read_boxes
from parsers.pdf.imprint import Imprint
from parsers.pdf.page import Mark, MarkKind, PageContent, area, bottom, hull, middle, right, shared
from parsers.pdf.ruled import Region, Table, tables_of
from parsers.pdf.runs import Run, lines_of, runs_of, text_of
from parsers.tables.grid import Area, Cell, Grid, GridReading
from parsers.tables.headers import claim
from parsers.tables.roster import read_grid
from parsers.text import fold, label_key, squash

if TYPE_CHECKING:
    from parsers.reading import ReadingContext

_INK_MM2 = 0.5
_MESSAGES_MM = (33.0, 25.0)
"""The box 連絡欄, from the left of its label and from the label down."""
_TICK_REACH_MM = 1.5
_OUTLINE_MM = 0.6


@dataclass(slots=True)
class Written:
    """One cell of the plain table."""

    text: str = ""
    runs: list[Run] = field(default_factory=list)
    doubtful: bool = False
    box: Box | None = None


@dataclass(slots=True)
class Row:
    """One trainee."""

    number: Written
    name: Written
    kana: Written
    dates: dict[int, Written]
    """By column of the table."""
    tick: Written
    note: Written


@dataclass(frozen=True, slots=True)
class _SameDay:
    """The line 「全員同日」 of one column."""

    ticked: bool
    sure: bool
    date: BoxedText


def form_of(page: PageContent, kinds: Sequence[type[Form]]) -> Form | None:
    """The form on a page, of the first of `kinds` whose lines are as drawn; None when there is none."""
    tables = tables_of(page.rules)
    boxed = [t for t in tables if any(_boxes(page, t, r) for r in t.regions)]
    if len(boxed) != 1:
        return None
    forms = (kind(page, boxed[0]) for kind in kinds)
    return next((form for form in forms if form.is_sound()), None)


def read_form(form: Form, imprint: Imprint, *, part: str, context: ReadingContext) -> GridReading:
    """Read one page of the form."""
    grid = form.grid(imprint.edition.title if imprint.edition else "")
    reading = read_grid(grid, part=part, context=context, known_roster=imprint.roster)
    notes = list(reading.notes)
    notes += [Note(Problem.EXTRA_TEXT, text, part) for text in form.extra()]
    if imprint.edition is None:
        notes.append(Note(Problem.UNKNOWN_FORM_EDITION, grid.name, part))
    name = imprint.edition.name if imprint.edition else None
    pages = tuple(replace(p, kind=PageKind.FORM, form=name) for p in reading.pages)
    return replace(reading, pages=pages, notes=tuple(notes))


def _boxes(page: PageContent, table: Table, region: Region) -> list[Box]:
    """The digit boxes of a cell, from left to right; empty unless they are those of one date."""
    inside = [f for f in page.frames if is_digit_box(f) and table.region_at(*middle(f)) is region]
    return sorted(inside) if len(inside) == DIGITS else []


class Form:
    """The page taken apart."""

    def __init__(self, page: PageContent, table: Table) -> None:
        self._page = page
        self._table = table
        runs = runs_of(page.glyphs, page.rules, page.marks, by_source=True)
        inside = [r for r in runs if table.region_at(*middle(r.box)) is not None]
        self._outside = [r for r in runs if table.region_at(*middle(r.box)) is None]
        self._contents, self._unsure = sorted_into(table, inside)
        self._boxes = {r: b for r in table.regions if (b := _boxes(page, table, r))}
        self._ticks: dict[Region, Box] = {}
        for frame in (f for f in page.frames if is_tick_box(f)):
            region = table.region_at(*middle(frame))
            if region is not None:
                self._ticks[region] = frame
        self._header = {r.first_col: label_key(self._text(r)) for r in table.regions if r.first_row == 1}
        self._same_day = {r.first_col: self._read_same_day(r) for r in self._boxes if r in self._ticks}

    def is_sound(self) -> bool:
        """Whether rows and columns are where the printed headers say: number, name, dates."""
        lanes = list(self._lanes())
        if not lanes or any(len(lane) < 3 for lane in lanes):
            return False
        number, name = lanes[0][0].first_col, lanes[0][1].first_col
        if "no" not in self._header.get(number, "") or "氏名" not in self._header.get(name, ""):
            return False
        if any((lane[0].first_col, lane[1].first_col) != (number, name) for lane in lanes):
            return False
        if any(r.ragged or r in self._boxes or r in self._ticks for lane in lanes for r in lane[:2]):
            return False
        return all(self._is_date(r.first_col) for r in self._boxes)

    def _is_date(self, col: int) -> bool:
        meanings = claim([self._header.get(col, "")]).meanings
        return len(meanings) == 1 and isinstance(meanings[0], Field) and meanings[0].is_date

    def grid(self, title: str) -> Grid:
        """The plain table: title, header, rows."""
        rows = [row for lane in self._lanes() if (row := self._row(lane)) is not None]
        for row in rows:
            self._apply_same_day(row)
        date_columns = sorted({r.first_col for r in self._boxes})
        heads = ["No.", "氏名", "フリガナ", *(self._header_text(c) for c in date_columns), "対象外", "備考"]
        table = [[Written(title)], [Written(h) for h in heads]]
        table += [
            [r.number, r.name, r.kana, *(r.dates.get(c, Written()) for c in date_columns), r.tick, r.note] for r in rows
        ]
        return grid_of_rows(self._page, table, len(heads))

    def extra(self) -> Iterator[str]:
        """Words somebody added where no reader looks: the box for messages, and annotations off the table."""
        messages = self._messages()
        for line in lines_of(r for r in self._outside if r.added or r in messages):
            yield text_of(line)

    def _messages(self) -> list[Run]:
        label = next((r for r in self._outside if r.text.startswith("連絡欄（") and not r.added), None)
        if label is None:
            return []
        (x, y, _, tall), (wide, deep) = label.box, _MESSAGES_MM
        return [
            r
            for r in self._outside
            if r is not label and x - 2 <= middle(r.box)[0] <= x + wide and y + tall <= middle(r.box)[1] <= y + deep
        ]

    def _text(self, region: Region) -> str:
        runs = self._contents.get(region, [])
        return text_of(runs) if runs else ""

    def _header_text(self, col: int) -> str:
        return self._header.get(col, "")

    def _lanes(self) -> Iterator[list[Region]]:
        """Rows of the table as drawn, each from left to right."""
        tops = sorted({r.first_row for r in self._boxes if r not in self._ticks})
        for top in tops:
            yield sorted((r for r in self._table.regions if r.first_row == top), key=lambda r: r.first_col)

    def _row(self, lane: Sequence[Region]) -> Row | None:
        """One trainee; None for the printed example."""
        number, name, *_ = lane
        if "記入例" in squash(self._text(number)):
            return None
        kana_runs, name_runs, added = _person(self._contents.get(name, []))
        row = Row(
            plain([r for r in self._contents.get(number, []) if not r.added]),
            plain(name_runs),
            plain(kana_runs),
            {},
            Written(),
            Written(),
        )
        remarks = [*added, *(r for r in self._contents.get(number, []) if r.added)]
        for region in lane[2:]:
            if region in self._boxes:
                row.dates[region.first_col] = self._date(region)
            elif region in self._ticks:
                row.tick = self._tick(region)
            else:
                remarks += self._contents.get(region, [])
        row.note = plain(remarks)
        return row

    def _date(self, region: Region) -> Written:
        found = read_boxes(self._contents.get(region, []), self._boxes[region])
        doubtful = found.doubtful or self._is_touched(region, found.runs)
        return Written(found.text, list(found.runs), doubtful, region.box)

    def _tick(self, region: Region) -> Written:
        written = plain(self._contents.get(region, []))
        if self._inked(region):
            written.text, written.doubtful = written.text or "✓", True
        written.box = region.box
        return written

    def _is_touched(self, region: Region, runs: Sequence[Run]) -> bool:
        """Whether something is drawn over the cell, or its text reaches over the edge."""
        return self._inked(region) or (region in self._unsure and bool(runs or not self._contents.get(region)))

    def _inked(self, region: Region) -> bool:
        """Whether something is drawn in the cell; outlines of what the form prints (a printer's bold) do not count."""
        runs = self._contents.get(region, [])
        boxes = self._boxes.get(region)
        printed = (printed_around(runs, boxes) or []) if boxes else []
        spared = [_grown(run.box, _OUTLINE_MM) for run in printed]
        drawn = [m.box for m in self._page.marks if m.kind is MarkKind.INK and shared(m.box, region.box) >= _INK_MM2]
        return any(not any(_within(box, spare) for spare in spared) for box in drawn)

    def _read_same_day(self, region: Region) -> _SameDay:
        boxes = self._boxes[region]
        runs = self._contents.get(region, [])
        above = [r for r in runs if middle(r.box)[1] < boxes[0][1]]
        below = [r for r in runs if r not in above]
        ticks = [r for r in above if reaches(r.box, self._ticks[region])]
        others = [r for r in above if r not in ticks and r.added]
        date = read_boxes(below, boxes)
        sure = not (others or date.doubtful or self._is_touched(region, date.runs))
        return _SameDay(bool(ticks), sure, date)

    def _apply_same_day(self, row: Row) -> None:
        """Write the date of the line into the row's empty cells. Tick or date alone, or a contradiction: doubtful."""
        for col, line in self._same_day.items():
            cell = row.dates.setdefault(col, Written())
            if not (line.ticked or line.date.text) and line.sure:
                continue
            if cell.text:
                same = squash(fold(cell.text)) == squash(fold(line.date.text))
                cell.doubtful = cell.doubtful or not line.sure or (line.ticked and not same)
            elif not row.tick.text:
                cell.text, cell.runs = line.date.text or "全員同日", list(line.date.runs)
                cell.doubtful = cell.doubtful or not (line.sure and line.ticked and line.date.text)


def _person(runs: Sequence[Run]) -> tuple[list[Run], list[Run], list[Run]]:
    """Kana, name and whatever was added in a name cell: the name is the largest print, the kana stand above it."""
    added = [r for r in runs if r.added]
    printed = [r for r in runs if not r.added and "*" not in fold(r.text)]
    if not printed:
        return [], [], added
    largest = max(r.box[3] for r in printed)
    name = [r for r in printed if r.box[3] > 0.9 * largest]
    top = min(r.box[1] for r in name)
    kana = [r for r in printed if r not in name and bottom(r.box) <= top + largest / 3]
    return kana, name, added


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + 2 * by, box[3] + 2 * by


def _within(inner: Box, outer: Box) -> bool:
    return shared(inner, outer) >= 0.99 * area(inner)


def plain(runs: Sequence[Run]) -> Written:
    """All runs of a cell as one text."""
    if not runs:
        return Written()
    text = " ".join("".join(_spaced(line)) for line in lines_of(runs))
    return Written(text, list(runs), box=hull([r.box for r in runs]))


def _spaced(line: Sequence[Run]) -> Iterator[str]:
    """Runs of a line with a space in every gap (family and given name)."""
    end: float | None = None
    for run in line:
        if end is not None and run.box[0] - end > 0.25 * run.box[3]:
            yield "　"
        yield run.text
        end = right(run.box)


def reaches(tick: Box, frame: Box) -> bool:
    """Whether the middle of `tick` lies in the box `frame` or just beside it."""
    x, y = middle(tick)
    reach = _TICK_REACH_MM
    return frame[0] - reach <= x <= right(frame) + reach and frame[1] - reach <= y <= bottom(frame) + reach


def grid_of_rows(page: PageContent, table: Sequence[Sequence[Written]], cols: int) -> Grid:
    """The plain table as a grid; what is doubtful counts as drawn over."""
    cells: dict[tuple[int, int], Cell] = {}
    drawings: list[Area] = []
    notes = [m for m in page.marks if m.kind is MarkKind.NOTE]
    for row, line in enumerate(table, 1):
        for col, written in enumerate(line, 1):
            if written.doubtful:
                drawings.append(Area(row, col, row, col))
            comment = _comment(notes, written)
            if written.text or comment:
                cells[row, col] = Cell(
                    row,
                    col,
                    text=written.text,
                    value=written.text or None,
                    struck=any(r.struck for r in written.runs),
                    comment=comment,
                    page=page.number,
                    box_mm=written.box,
                )
    return Grid(
        f"page {page.number}",
        cells,
        number=page.number,
        drawings=tuple(drawings),
        max_row=len(table),
        max_col=cols,
    )


def _comment(notes: Sequence[Mark], written: Written) -> str:
    box = written.box
    if box is None:
        return ""
    return "\n".join(n.text for n in notes if shared(n.box, box) > 0)
