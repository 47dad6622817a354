"""Rosters as documents: PDF and workbook, per page, the first one (template and font are loaded) apart."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import openpyxl
from pypdf import PdfReader

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.documents.facts import facts_of
from daemon.adapters.documents.wording import words
from daemon.adapters.documents.workbook import roster_workbook
from daemon.adapters.resources import data_path
from daemon.ports import RosterSheet
from parsers.codes import make_code
from tests.bench.table import Line, spread
from tests.fakes.rosters import KEY, roster_sheet

LENGTHS = (12, 60)
"""Rows of a usual roster and of a long one."""


def run(*, rounds: int) -> list[Line]:
    """Every length `rounds` times, in turns with a workbook written by openpyxl alone."""
    forms = data_path("mail_templates") / "forms"
    documents = TypstDocuments(KEY, forms)
    first_s = _seconds(lambda: documents.roster(roster_sheet(rows=LENGTHS[0])))
    lines = [Line("documents, the first roster of a process (fonts, templates), s", f"{first_s:.2f}")]
    for rows in LENGTHS:
        lines += _length(documents, roster_sheet(rows=rows), rounds)
    return lines


def _length(documents: TypstDocuments, sheet: RosterSheet, rounds: int) -> list[Line]:
    wording = words(data_path("mail_templates") / "forms")
    made = documents.roster(sheet)
    pages = len(PdfReader(io.BytesIO(made.pdf)).pages)
    both, workbook, plain = [], [], []
    for number in range(rounds):
        other = _another(sheet, number)
        both.append(_seconds(lambda other=other: documents.roster(other)))
        workbook.append(_seconds(lambda other=other: roster_workbook(other, facts_of(other, wording), wording)))
        plain.append(_seconds(lambda: _plain_workbook(len(sheet.rows))))
    pdf = [b - w for b, w in zip(both, workbook, strict=True)]
    ratio = [p / w for p, w in zip(plain, workbook, strict=True)]
    name = f"{len(sheet.rows)} rows on {pages} pages"
    return [
        Line(f"documents, PDF and layout manifest, {name}, ms a page", spread(_ms(pdf, pages), 1)),
        Line(f"documents, workbook, {name}, ms (beside: the same cells without dress)", spread(_ms(workbook), 1),
             spread(_ms(plain), 1), spread(ratio)),
    ]  # fmt: skip


def _another(sheet: RosterSheet, number: int) -> RosterSheet:
    """A roster nobody has printed before: other code, other names. Typst remembers what it has laid out."""
    code = make_code(KEY, f"bench {len(sheet.rows)} {number}")
    rows = tuple(replace(r, name=f"{r.name[:2]}　{number}{r.row}", kana=f"{r.kana}{number}") for r in sheet.rows)
    return replace(sheet, roster=replace(sheet.roster, code=code), rows=rows)


def _plain_workbook(rows: int) -> None:
    """As many values in a workbook as openpyxl writes them by itself."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in range(rows + 16):
        page.append([f"{row}-{column}" for column in range(9)])
    book.save(io.BytesIO())


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ms(seconds: Sequence[float], share: int = 1) -> list[float]:
    return [1000 * s / share for s in seconds]
