"""The columns of a roster's workbook, one set per form edition: who, what is known, what the office fills in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl.cell import Cell

from daemon.adapters.documents.cells import put_date, put_text
from daemon.adapters.documents.facts import masked_id, result_of, row_number
from daemon.domain.model import Enrollment
from daemon.ports import RosterSheet
from parsers.findings import Field
from parsers.forms import EDITIONS, KEY_HEADER, REASONS, STAYS_LABEL, row_key

Words = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table."""

    header: str
    width: float
    """In characters of the standard font."""
    write: Callable[[Cell, Enrollment], object]
    to_fill: bool = False
    date: bool = False
    centred: bool = False
    choices: tuple[str, ...] = ()
    """Offered as a drop-down; anything else may be typed."""
    tick: bool = False


def columns_of(sheet: RosterSheet, words: Words) -> list[Column]:
    """All columns from left to right; the last is the hidden key."""
    labels, code = words["labels"], sheet.roster.code
    form = EDITIONS[sheet.roster.edition]
    middle = _after(words) if form.after_training else _before(form.fields, words)
    return [
        Column(labels["number"], 5.5, lambda c, p: setattr(c, "value", row_number(sheet, p)), centred=True),
        Column(plain(labels["name"]), 21, lambda c, p: put_text(c, p.name)),
        Column(labels["kana"], 21, lambda c, p: put_text(c, p.kana)),
        *middle,
        Column(labels["not_applicable"], 8, _nothing, to_fill=True, centred=True, tick=True),
        Column(labels["note"], 22, lambda c, p: put_text(c, p.note) if p.note else None, to_fill=True),
        Column(KEY_HEADER, 32, lambda c, p: put_text(c, row_key(code, row_number(sheet, p), p.enrollment_id))),
    ]


def plain(label: str) -> str:
    """A label of the printed sheet without the spaces that spread it there."""
    return label.replace("　", "")


def _before(fields: tuple[Field, ...], words: Words) -> list[Column]:
    """Registrations; with a new ID also e-learning and the visit, with an old one the ID."""
    labels = words["labels"]
    dates = [Column(words["fields"][f.value], 18, _nothing, to_fill=True, date=True) for f in fields]
    if Field.ID_REGISTERED_ON not in fields:
        return [_terminal_id(labels), *dates]
    return [
        Column(labels["e_learning"], 16, lambda c, p: put_date(c, p.e_learning_on), date=True),
        Column(labels["visit"], 16, lambda c, p: put_date(c, p.visit_on), date=True),
        *dates,
    ]


def _after(words: Words) -> list[Column]:
    """The result, then placement or reason, then one of two deletions."""
    names = words["fields"]
    return [
        _terminal_id(words["labels"]),
        Column(names[Field.COMPLETED], 9, lambda c, p: put_text(c, result_of(p)), centred=True),
        Column(names[Field.DESTINATION], 27, _nothing, to_fill=True, choices=(STAYS_LABEL,)),
        Column(names[Field.NO_DESTINATION_REASON], 20, _nothing, to_fill=True, choices=tuple(REASONS.values())),
        Column(names[Field.CONCURRENT_DELETED_ON], 18, _nothing, to_fill=True, date=True),
        Column(names[Field.ID_DELETED_ON], 18, _nothing, to_fill=True, date=True),
    ]


def _terminal_id(labels: Mapping[str, str]) -> Column:
    return Column(labels["terminal_id"], 11, lambda c, p: put_text(c, masked_id(p.terminal_id)), centred=True)


def _nothing(_cell: Cell, _person: Enrollment) -> None:
    """A cell the office fills in."""
