"""Where each form edition prints what: the geometry is a function of the edition, no database is needed.

The numbers live in `parsers.fax.editions`, which `python -m tests.fakes.form_geometry` writes from the layout manifest
of the Typst template; a test holds the two together. All positions are mm from the top left corner of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from parsers.fax.editions import GEOMETRIES
from parsers.findings import Box, Field
from parsers.forms import EDITIONS_BY_NUMBER, FormEdition

DIGITS = 6
"""Boxes of one date: year, month and day, two each."""


@dataclass(frozen=True, slots=True)
class DatePlace:
    """One date field: its cell of the table, and the six boxes from left to right (year, month, day)."""

    field: Field
    box: Box
    digits: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class PlacementPlace:
    """What a row asks for after the training, beside the dates."""

    result: Box
    """修了の有無 as printed."""
    stays: Box
    """The box 現所属のまま to tick."""
    destination: Box
    """Room for the name of a centre or pension office."""
    reasons: Mapping[str, Box]
    """Boxes to tick, by the options of `parsers.forms.REASONS`."""
    reason_words: Box
    """Room for words behind その他."""

    @property
    def ticks(self) -> tuple[Box, ...]:
        """The boxes to tick."""
        return (self.stays, *self.reasons.values())


@dataclass(frozen=True, slots=True)
class RowPlace:
    """One line of the table."""

    index: int
    """0-based from the top; the roster's row No. is the code's `first_row` + index."""
    box: Box
    number: Box
    """The cell with the printed row No."""
    name: Box
    """The cell with the printed name and kana."""
    tags: tuple[Box, ...]
    """The printed row tag (No. and check letter) left of the boxes, one for each date."""
    dates: tuple[DatePlace, ...]
    not_applicable: Box
    """The box to tick."""
    remark: Box | None
    """The cell 備考, where the edition has one."""
    placement: PlacementPlace | None = None
    """Only in editions of the time after the training."""


@dataclass(frozen=True, slots=True)
class SameDayPlace:
    """The line 全員同日 of one date field."""

    field: Field
    tick: Box
    digits: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class FormGeometry:
    """One page of an edition with all its rows; a last page prints fewer of them, in the same places."""

    edition: FormEdition
    size_mm: tuple[float, float]
    codes: tuple[Box, Box]
    """Top left and bottom right, without quiet zone."""
    marks: tuple[Box, Box, Box, Box]
    """Corner squares: top left, top right (the hollow one), bottom left, bottom right."""
    rows: tuple[RowPlace, ...]
    same_day: tuple[SameDayPlace, ...]
    messages: Box
    """連絡欄, where corrections are written."""
    stamp: Box
    """確認印・担当."""

    def lanes(self) -> Iterator[tuple[Box, ...]]:
        """Every box to write into, by lane: the line 全員同日 first, then the rows; digits before ticks in a row."""
        yield tuple(box for same in self.same_day for box in (same.tick, *same.digits))
        for row in self.rows:
            ticks = (row.not_applicable, *(row.placement.ticks if row.placement else ()))
            yield (*(box for date in row.dates for box in date.digits), *ticks)

    def boxes(self) -> Iterator[Box]:
        """Every box to write into, lane by lane."""
        for lane in self.lanes():
            yield from lane


GeometryLookup = Callable[[int], "FormGeometry | None"]
"""Edition number → geometry; None for an edition nobody knows."""


@cache
def geometry_of(edition: int) -> FormGeometry | None:
    """The geometry of a form edition by its number in the page code; None when this version does not know it."""
    form = EDITIONS_BY_NUMBER.get(edition)
    if form is None or form.name not in GEOMETRIES:
        return None
    return _geometry(form, GEOMETRIES[form.name])


def _geometry(form: FormEdition, page: Mapping[str, Any]) -> FormGeometry:
    codes, marks = page["codes"], page["marks"]
    return FormGeometry(
        form,
        page["size"],
        (codes[0], codes[1]),
        (marks[0], marks[1], marks[2], marks[3]),
        tuple(_row(index, row) for index, row in enumerate(page["rows"])),
        tuple(SameDayPlace(Field(s["field"]), s["tick"], s["digits"]) for s in page["same_day"]),
        page["messages"],
        page["stamp"],
    )


def _row(index: int, row: Mapping[str, Any]) -> RowPlace:
    return RowPlace(
        index,
        row["box"],
        row["number"],
        row["name"],
        row["tags"],
        tuple(DatePlace(Field(d["field"]), d["box"], d["digits"]) for d in row["dates"]),
        row["not_applicable"],
        row["remark"],
        PlacementPlace(**row["placement"]) if "placement" in row else None,
    )
