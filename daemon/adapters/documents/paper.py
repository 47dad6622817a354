"""The printed roster: a `RosterSheet` becomes PDF bytes and the layout manifest, out of one Typst template per edition.

The positions in the manifest are asked of the typesetter after layout (`typst.query`), so they are those of the page
and not of a second description of it. One compiler is kept: loading the font costs more than setting a page.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.adapters.documents.facts import Facts, masked_id, result_of, row_number, row_tag, short_era
from daemon.adapters.documents.glyphs import font_path
from daemon.adapters.documents.released import refuse_unreleased
from daemon.adapters.memory import give_back
from daemon.domain.calendar import TOKYO
from daemon.domain.model import Enrollment
from daemon.errors import Refused
from daemon.ports import RosterSheet
from parsers.codes import PageCode
from parsers.findings import Field
from parsers.forms import EDITIONS, FormEdition

if TYPE_CHECKING:
    import typst

_MOST_PAGES = 31
"""One base-32 symbol of the page code."""
_EVICTING = 12
_NOTE_SYMBOLS = 40
_SHORT_NOTE_SYMBOLS = 7
"""What of HQ's note fits on paper; the workbook has all of it."""


class Paper:
    """Sets rosters with the templates of one folder. Safe to call from several threads, one page at a time.

    Args:
        key: The installation secret that seals page codes.
        forms: The folder of the templates.
        on_trial: Also set editions without a self-test: only for that test itself.
    """

    def __init__(self, key: bytes, forms: Path, *, on_trial: bool = False) -> None:
        self._key = key
        self._forms = forms
        self._on_trial = on_trial
        self._compiler: typst.Compiler | None = None
        self._lock = threading.Lock()

    def set(self, sheet: RosterSheet, facts: Facts, words: Mapping[str, Any]) -> tuple[bytes, list[dict[str, Any]]]:
        """PDF bytes and the places reported by the template, in drawing order.

        Same sheet, same bytes: the document's date is the day of issue, not of printing. Raises UnreleasedForm.
        """
        if not self._on_trial:
            refuse_unreleased(self._forms, facts.form.name)
        name = facts.form.name.replace("/", "-")
        with self._lock:
            pdf = self._compiled(name, self._content(sheet, facts, words), sheet.issued_on)
            places = json.loads(self._ready().query("<place>", field="value"))
        return pdf, places

    def letter(self, name: str, content: Mapping[str, Any], dated_on: dt.date) -> bytes:
        """The PDF of a document that is never read back: template `name`.typ with `content` as its sheet."""
        with self._lock:
            return self._compiled(name, content, dated_on)

    def _compiled(self, name: str, content: Mapping[str, Any], dated_on: dt.date) -> bytes:
        """Same content, same bytes. The caller holds the lock."""
        pdf = self._ready().compile(
            input=self._forms / f"{name}.typ",
            format="pdf",
            sys_inputs={"sheet": json.dumps(content, ensure_ascii=False)},
            timestamp=dt.datetime.combine(dated_on, dt.time(), TOKYO),
        )
        if not isinstance(pdf, bytes):
            raise TypeError(f"the typesetter returned {type(pdf).__name__}")
        return pdf

    def release(self) -> None:
        """Give back what setting pages has piled up (about 120 MB after a dispatch); the next page loads the font anew.

        The typesetter keeps results in a cache of the whole process and drops what ten compilations did not touch, so
        a dozen empty ones empty it.
        """
        with self._lock:
            if self._compiler is None:
                return
            for _ in range(_EVICTING):
                self._compiler.compile(input=b" ", format="pdf", sys_inputs={})
            self._compiler = None
        give_back()

    def _ready(self) -> typst.Compiler:
        if self._compiler is None:
            import typst

            fonts = typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_path().parent]
            )
            self._compiler = typst.Compiler(root=self._forms, font_paths=fonts, ignore_system_fonts=True)
        return self._compiler

    def _content(self, sheet: RosterSheet, facts: Facts, words: Mapping[str, Any]) -> dict[str, Any]:
        pages = sheets_of(sheet, facts.form)
        people = {row_number(sheet, person): person for person in sheet.rows}
        said = words["instructions"]
        return {
            "instructions": said["paper_post" if facts.form.after_training else "paper"],
            "title": facts.form.title,
            "document_title": f"{facts.form.title} {facts.training} {facts.roster}",
            "form": facts.form.name,
            **{name: getattr(facts, name) for name in Facts.__slots__ if name != "form"},
            "pages": [
                {
                    "page": number,
                    "pages": len(pages),
                    "capacity": facts.form.rows_per_page,
                    "code": (code := self._code(facts, number, len(pages), rows.start)),
                    "qr": qr_rows(code),
                    "rows": [
                        _person(sheet, people[no], words) if no in people else _void(sheet, no, words) for no in rows
                    ],
                }
                for number, rows in enumerate(pages, start=1)
            ],
        }

    def _code(self, facts: Facts, page: int, pages: int, first: int) -> str:
        return PageCode(facts.form.number, facts.roster, page, pages, first).text(self._key)


def sheets_of(sheet: RosterSheet, form: FormEdition) -> tuple[range, ...]:
    """Row Nos. of each page; at least one page. Raises Refused beyond what a page code can count."""
    pages = form.sheets([row_number(sheet, person) for person in sheet.rows])
    if len(pages) > _MOST_PAGES:
        most = form.rows_per_page * _MOST_PAGES
        raise Refused(f"a roster holds at most {most} rows, this one goes to No. {pages[-1][-1]}; split the list")
    return pages


def qr_rows(text: str) -> list[str]:
    """The modules of the page code as rows of "0" and "1": QR version 2, level H, 25 by 25, without quiet zone."""
    import segno

    code = segno.make(text, version=2, error="h", mode="alphanumeric", boost_error=False)
    return ["".join("1" if bit else "0" for bit in row) for row in code.matrix]


def _person(sheet: RosterSheet, person: Enrollment, words: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "row": (row := row_number(sheet, person)),
        "tag": row_tag(sheet, row),
        "name": person.name,
        "kana": person.kana,
        "terminal_id": masked_id(person.terminal_id),
        "note": _short(person.note, _NOTE_SYMBOLS),
        "detail": "　".join(_detail(sheet, person, words["labels"])),
        "result": result_of(person),
    }


def _void(sheet: RosterSheet, row: int, words: Mapping[str, Any]) -> dict[str, Any]:
    """The line of a No. that nobody has any more, so that those below it keep their places."""
    empty = dict.fromkeys(("kana", "terminal_id", "note", "detail", "result"), "")
    return {"row": row, "tag": row_tag(sheet, row), "name": words["labels"]["void_row"], **empty}


def _detail(sheet: RosterSheet, person: Enrollment, labels: Mapping[str, str]) -> Iterator[str]:
    form = EDITIONS[sheet.roster.edition]
    if form.after_training:
        if person.terminal_id:
            yield f"{labels['terminal_id']} {masked_id(person.terminal_id)}"
    elif Field.ID_REGISTERED_ON in form.fields:
        yield from _details(person, labels)


def _details(person: Enrollment, labels: Mapping[str, str]) -> Iterator[str]:
    """The line under the name on the form that has no columns for these things."""
    if person.e_learning_on is not None:
        yield f"{labels['e_learning_short']} {short_era(person.e_learning_on)}"
    if person.visit_on is not None:
        yield f"{labels['visit_short']} {short_era(person.visit_on)}"
    if person.note:
        yield _short(person.note, _SHORT_NOTE_SYMBOLS)


def _short(text: str, symbols: int) -> str:
    return text if len(text) <= symbols else text[: symbols - 1] + "…"
