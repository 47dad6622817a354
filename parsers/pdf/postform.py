"""A page of the roster with results (edition post/1) with text typed onto it: two bands a row.

The upper band holds the printed result, the placement (a tick 現所属のまま, or a name) and the reasons to tick, the
lower one the two deletions. As with the other form the page is handed on as a plain table, one row a trainee.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from parsers.findings import Box, Field
from parsers.forms import REASONS, STAYS_LABEL
from parsers.pdf.boxes import is_tick_box
from parsers.pdf.form import Form, Row, Written, grid_of_rows, plain, reaches
from parsers.pdf.page import PageContent, middle, right
from parsers.pdf.ruled import Region, Table
from parsers.pdf.runs import Run
from parsers.tables.grid import Grid
from parsers.tables.headers import claim
from parsers.tables.sameday import is_ticked
from parsers.text import fold, squash

_STAYS_PRINTED = ("現所属", "のまま")
_UPPER = (Field.COMPLETED, Field.DESTINATION, Field.NO_DESTINATION_REASON)
_LOWER = (Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON)
_HEADS = ("No.", "氏名", "フリガナ")
_BANDS = 2


@dataclass(frozen=True, slots=True)
class _Lane:
    """The cells of one trainee."""

    number: Region
    name: Region
    result: Region
    stays: Region
    place: Region
    reason: Region
    lower: tuple[Region, ...]
    """Dates and the tick 対象外, from left to right."""


class PostForm(Form):
    """The page taken apart."""

    def __init__(self, page: PageContent, table: Table) -> None:
        super().__init__(page, table)
        self._frames: dict[Region, list[Box]] = {}
        for frame in sorted(f for f in page.frames if is_tick_box(f)):
            region = table.region_at(*middle(frame))
            if region is not None:
                self._frames.setdefault(region, []).append(frame)
        self._members = list(self._found_lanes())

    def is_sound(self) -> bool:
        """Whether cells and ticks are where the printed headers say, in every row."""
        number, name = self._headed(1)[:2] if len(self._headed(1)) > 1 else ("", "")
        upper = [claim([t]).meanings for t in self._headed(1)[2:]]
        lower = [claim([t]).meanings for t in self._headed(2)]
        return (
            "no" in number
            and "氏名" in name
            and upper == [(f,) for f in _UPPER]
            and lower[:2] == [(f,) for f in _LOWER]
            and bool(self._members)
            and len(self._members) == self._rows_drawn()
        )

    def grid(self, title: str) -> Grid:
        """The plain table: title, header, rows."""
        rows = [(lane, self._taken(lane)) for lane in self._members]
        for _, row in rows:
            self._apply_same_day(row)
        dates = sorted({r.first_col for r in self._boxes})
        heads = (*_HEADS, *(t for t in self._headed(1)[2:]), *self._headed(2)[:2], "対象外", "備考")
        table = [[Written(title)], [Written(h) for h in heads]]
        for lane, row in rows:
            said = [self._result(lane), self._place(lane), self._reason(lane)]
            days = [row.dates.get(c, Written()) for c in dates]
            table.append([row.number, row.name, row.kana, *said, *days, row.tick, row.note])
        return grid_of_rows(self._page, table, len(heads))

    def _headed(self, band: int) -> list[str]:
        """Header texts of a band from left to right; number and name belong to the first."""
        found = sorted((r for r in self._table.regions if r.first_row == band), key=lambda r: r.first_col)
        return [label for r in found if (label := squash(fold(self._text(r))).lower())]

    def _rows_drawn(self) -> int:
        """Rows with boxes for dates, the line 全員同日 apart."""
        return len({r.first_row for r in self._boxes if r not in self._ticks})

    def _found_lanes(self) -> Iterator[_Lane]:
        starts = sorted({r.first_row for r in self._boxes if r not in self._ticks})
        for low in starts:
            upper = [r for r in self._table.regions if r.first_row == low - 1]
            lower = [r for r in self._table.regions if r.first_row == low]
            lane = self._lane(sorted(upper, key=_left), sorted(lower, key=_left))
            if lane is not None:
                yield lane

    def _lane(self, upper: Sequence[Region], lower: Sequence[Region]) -> _Lane | None:
        """The cells by their place in the row; None when they are not those of this edition."""
        if len(upper) != 6 or len(lower) != 3 or any(r.ragged for r in (*upper, *lower)):
            return None
        number, name, result, stays, place, reason = upper
        tall = all(r.last_row - r.first_row + 1 == _BANDS for r in (number, name))
        ticks = [len(self._frames.get(r, ())) for r in (number, name, result, stays, place, reason)]
        dates = [r in self._boxes for r in lower]
        if not tall or ticks != [0, 0, 0, 1, 0, len(REASONS)] or dates != [True, True, False]:
            return None
        return _Lane(number, name, result, stays, place, reason, tuple(lower))

    def _taken(self, lane: _Lane) -> Row:
        row = self._row([lane.number, lane.name, *lane.lower])
        # The printed example is no part of this edition: a row that calls itself one is none of ours to drop.
        return row if row is not None else Row(Written(), Written(), Written(), {}, Written(), Written())

    def _result(self, lane: _Lane) -> Written:
        return self._cell(lane.result, plain(self._contents.get(lane.result, [])))

    def _place(self, lane: _Lane) -> Written:
        """The tick, the name, or both in one text, which no reader takes for a place."""
        runs = [r for r in self._contents.get(lane.stays, []) if r.added or r.text not in _STAYS_PRINTED]
        ticked, sure = _tick(runs, self._frames[lane.stays][0])
        named = self._cell(lane.place, plain(self._contents.get(lane.place, [])))
        said = self._cell(lane.stays, Written(STAYS_LABEL if ticked else "", runs, doubtful=not sure))
        if not (runs or said.doubtful):
            return named
        text = "・".join(t for t in (said.text or plain(runs).text, named.text) if t)
        return Written(text, [*runs, *named.runs], said.doubtful or named.doubtful, lane.place.box)

    def _reason(self, lane: _Lane) -> Written:
        """The reasons ticked, and the words behind them in parentheses; words alone stand for themselves."""
        frames, runs = self._frames[lane.reason], self._contents.get(lane.reason, [])
        rest = _without_labels(runs, frames)
        if rest is None:
            return Written(plain(runs).text, list(runs), True, lane.reason.box)
        chosen, sure, words = [], True, list(rest)
        for frame, label in zip(frames, REASONS.values(), strict=True):
            near = [r for r in rest if reaches(r.box, frame)]
            words = [r for r in words if r not in near]
            ticked, clear = _tick(near, frame)
            chosen += [label] if ticked else []
            sure = sure and clear
        sure = sure and all(r.box[0] > right(frames[-1]) for r in words)
        said = plain(words).text
        text = "・".join(chosen) + (f"（{said}）" if chosen and said else said)
        return self._cell(lane.reason, Written(text, list(rest), not sure))

    def _cell(self, region: Region, written: Written) -> Written:
        """With the place of the cell, doubtful when something is drawn over it or its text reaches over the edge."""
        touched = self._is_touched(region, written.runs)
        return replace(written, doubtful=written.doubtful or touched, box=region.box)


def _left(region: Region) -> int:
    return region.first_col


def _tick(runs: Sequence[Run], frame: Box) -> tuple[bool, bool]:
    """Whether the box is ticked, and whether that is sure."""
    if not runs:
        return False, True
    ticked = is_ticked("".join(r.text for r in runs))
    inside = all(reaches(r.box, frame) for r in runs)
    return ticked is True and inside, ticked is not None and inside


def _without_labels(runs: Sequence[Run], frames: Sequence[Box]) -> list[Run] | None:
    """What is written in the cell beside the printed labels and parentheses; None when those are not as printed."""
    rest = list(runs)
    edges = [*(f[0] for f in frames), right(frames[-1]) + 60.0]
    for (frame, label), (_, until) in zip(zip(frames, REASONS.values(), strict=True), pairwise(edges), strict=True):
        printed = _label(rest, label, right(frame), until)
        if printed is None:
            return None
        rest = [r for r in rest if r not in printed]
    for sign in "（）":
        signs = [r for r in rest if r.text == sign and not r.added and r.box[0] > right(frames[-1])]
        if not signs:
            return None
        rest.remove(min(signs, key=lambda r: r.box[0]) if sign == "（" else max(signs, key=lambda r: r.box[0]))
    return rest


def _label(runs: Sequence[Run], label: str, after: float, until: float) -> list[Run] | None:
    """The runs right behind a box that together spell its label."""
    found: list[Run] = []
    for run in sorted((r for r in runs if not r.added and after <= r.box[0] < until), key=lambda r: r.box[0]):
        spelt = "".join(r.text for r in found)
        if label.startswith(spelt + run.text):
            found.append(run)
        if "".join(r.text for r in found) == label:
            return found
    return None
