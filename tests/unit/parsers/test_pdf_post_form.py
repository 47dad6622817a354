"""The roster with results as a PDF with text typed onto it: ticks, names, reasons and the two deletions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.ports import RosterFiles
from parsers.findings import Decision, Document, Field, Finding, PageKind, Problem
from parsers.forms import SUBFIELD_STAYS
from parsers.reading import ReadingContext, read_file
from tests.fakes.pdfs import Words, annotated, marked, stamped
from tests.fakes.rosters import KEY, post_sheet

CONTEXT = ReadingContext(
    received_on=dt.date(2026, 5, 20),
    not_before_on=dt.date(2026, 4, 17),
    centres=("厚木", "新宿", "藤沢"),
    offices=("新宿", "港"),
)
RESULT, PLACE, REASON = Field.COMPLETED, Field.DESTINATION, Field.NO_DESTINATION_REASON
CONCURRENT, ID, OUT = Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON, Field.NOT_APPLICABLE
Typing = Callable[[bytes, Words], bytes]


@pytest.fixture(scope="module")
def form() -> RosterFiles:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    return documents.roster(post_sheet(Course.WM_SKILL_UP, 10))


@pytest.fixture(params=[stamped, annotated], ids=["stamped", "annotated"])
def typing(request: pytest.FixtureRequest) -> Typing:
    chosen: Typing = request.param
    return chosen


def _fields(form: RosterFiles, row: int) -> dict[str, Any]:
    rows = [r for p in form.manifest["pages"] for r in p["rows"]]
    fields: dict[str, Any] = rows[row - 1]["fields"]
    return fields


def _tick(box: list[float], sign: str = "✓") -> Words:
    return [(box[0] + 0.4, box[1] + 0.4, sign)]


def _stays(form: RosterFiles, row: int, sign: str = "✓") -> Words:
    return _tick(_fields(form, row)[SUBFIELD_STAYS]["box_mm"], sign)


def _option(form: RosterFiles, row: int, option: str) -> Words:
    return _tick(_fields(form, row)[REASON.value]["options"][option])


def _inside(box: list[float], text: str, dx: float = 1.0) -> Words:
    return [(box[0] + dx, box[1] + 1.8, text)]


def _name(form: RosterFiles, row: int, text: str) -> Words:
    return _inside(_fields(form, row)[PLACE.value]["box_mm"], text)


def _date(form: RosterFiles, row: int, field: Field, digits: str) -> Words:
    return _digits(_fields(form, row)[field.value], digits)


def _digits(place: dict[str, Any], digits: str) -> Words:
    cells = [c for unit in ("year", "month", "day") for c in place["cells_mm"][unit]]
    return [(c[0] + 2.4, c[1] + 2.2, d) for c, d in zip(cells, digits, strict=True)]


def _read(pdf: bytes) -> Document:
    return read_file("x.pdf", pdf, CONTEXT)


def _found(pdf: bytes) -> dict[tuple[int | None, Field], Finding]:
    return {(f.row, f.field): f for f in _read(pdf).findings}


def _said(found: Finding) -> tuple[str | None, Decision, tuple[Problem, ...]]:
    return found.value, found.decision, found.problems


def test_a_blank_sheet_says_only_what_we_printed(form: RosterFiles) -> None:
    document = _read(form.pdf)
    assert document.problems == ()
    assert [(p.kind, p.form, p.sheet, p.sheets) for p in document.pages] == [
        (PageKind.FORM, "post/1", 1, 2),
        (PageKind.FORM, "post/1", 2, 2),
    ]
    results = [f.value for f in document.findings if f.field is RESULT]
    assert results == ["completed", "completed", "not-completed", "completed", "withdrawn"] * 2
    rest = {(f.decision, f.text, f.problems) for f in document.findings if f.field is not RESULT}
    assert rest == {(Decision.EMPTY, "", ())}
    assert sorted({f.row for f in document.findings if f.row}) == list(range(1, 11))
    names = {f.row: f.name.replace("　", "") for f in document.findings}
    assert (names[1], names[8]) == ("髙橋一郎", "小比類巻貴之介")


@pytest.mark.parametrize("sign", ["✓", "レ", "○"])
def test_a_tick_says_that_the_placement_stays(form: RosterFiles, typing: Typing, sign: str) -> None:
    found = _found(typing(form.pdf, _stays(form, 2, sign)))
    assert _said(found[2, PLACE]) == ("stays", Decision.ACCEPT, ())
    assert {f.decision for (row, field), f in found.items() if field is PLACE and row != 2} == {Decision.EMPTY}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("街角センター厚木", "厚木"),
        ("新宿年金事務所", "新宿年金事務所"),
        ("新宿", "新宿"),
        ("藤沢（オフィス）", "藤沢"),
    ],
)
def test_a_name_in_its_place_is_read(form: RosterFiles, typing: Typing, text: str, value: str) -> None:
    found = _found(typing(form.pdf, _name(form, 3, text)))[3, PLACE]
    assert _said(found) == (value, Decision.ACCEPT, ())
    assert found.text == text


def test_a_name_that_is_not_known_is_for_a_person(form: RosterFiles) -> None:
    found = _found(stamped(form.pdf, _name(form, 3, "港")))[3, PLACE]
    assert _said(found) == (None, Decision.REVIEW, (Problem.UNKNOWN_PLACE,))
    assert found.candidates == ("港年金事務所",)


def test_a_tick_and_a_name_together_are_for_a_person(form: RosterFiles, typing: Typing) -> None:
    found = _found(typing(form.pdf, [*_stays(form, 1), *_name(form, 1, "藤沢")]))[1, PLACE]
    assert (found.value, found.decision) == (None, Decision.REVIEW)
    assert "藤沢" in found.text


@pytest.mark.parametrize("option", ["retired", "transferred", "other"])
def test_a_ticked_reason_is_read(form: RosterFiles, typing: Typing, option: str) -> None:
    found = _found(typing(form.pdf, _option(form, 4, option)))
    assert _said(found[4, REASON]) == (option, Decision.ACCEPT, ())
    assert {f.decision for (row, field), f in found.items() if field is REASON and row != 4} == {Decision.EMPTY}


def test_words_behind_other_are_kept(form: RosterFiles, typing: Typing) -> None:
    words = _inside(_fields(form, 4)[REASON.value]["text_mm"], "介護", dx=1.0)
    found = _found(typing(form.pdf, [*_option(form, 4, "other"), *words]))[4, REASON]
    assert _said(found) == ("other", Decision.ACCEPT, ())
    assert found.text == "その他（介護）"


def test_two_reasons_or_words_alone_are_for_a_person(form: RosterFiles, typing: Typing) -> None:
    words = _inside(_fields(form, 5)[REASON.value]["text_mm"], "介護")
    both = [*_option(form, 4, "retired"), *_option(form, 4, "transferred")]
    found = _found(typing(form.pdf, [*both, *words]))
    assert _said(found[4, REASON]) == (None, Decision.REVIEW, (Problem.SEVERAL_CHOICES,))
    assert _said(found[5, REASON]) == (None, Decision.REVIEW, (Problem.UNKNOWN_REASON,))


def test_text_over_the_printed_reasons_is_for_a_person(form: RosterFiles, typing: Typing) -> None:
    box = _fields(form, 4)[REASON.value]["box_mm"]
    found = _found(typing(form.pdf, [(box[0] + 8.0, box[1] + 1.8, "退職のため")]))[4, REASON]
    assert (found.value, found.decision) == (None, Decision.REVIEW)


def test_the_two_deletions_stay_apart(form: RosterFiles, typing: Typing) -> None:
    words = [*_date(form, 1, CONCURRENT, "080428"), *_date(form, 9, ID, "080501")]
    found = _found(stamped(typing(form.pdf, words[:6]), words[6:], page=1))
    assert _said(found[1, CONCURRENT]) == ("2026-04-28", Decision.ACCEPT, ())
    assert _said(found[9, ID]) == ("2026-05-01", Decision.ACCEPT, ())
    assert (found[1, ID].decision, found[9, CONCURRENT].decision) == (Decision.EMPTY, Decision.EMPTY)


def test_a_whole_row_is_read_together(form: RosterFiles, typing: Typing) -> None:
    words = [*_stays(form, 6), *_date(form, 6, CONCURRENT, "080428"), *_option(form, 7, "retired")]
    words += [*_date(form, 7, ID, "080430"), *_tick(_fields(form, 8)[OUT.value]["box_mm"])]
    found = _found(typing(form.pdf, words))
    assert [found[6, f].value for f in (PLACE, REASON, CONCURRENT, ID)] == ["stays", None, "2026-04-28", None]
    assert [found[7, f].value for f in (PLACE, REASON, CONCURRENT, ID)] == [None, "retired", None, "2026-04-30"]
    assert _said(found[8, OUT]) == ("true", Decision.ACCEPT, ())


def test_the_line_for_everybody_fills_one_deletion_and_leaves_the_other(form: RosterFiles) -> None:
    line = form.manifest["pages"][0]["fields"][CONCURRENT.value]
    found = _found(stamped(form.pdf, [*_tick(line["tick_mm"]), *_digits(line, "080428")]))
    days = {row: found[row, CONCURRENT].value for row in range(1, 11)}
    assert days == {row: "2026-04-28" if row <= 8 else None for row in range(1, 11)}
    assert {found[row, ID].decision for row in range(1, 11)} == {Decision.EMPTY}


def test_what_is_drawn_over_a_cell_makes_it_a_question(form: RosterFiles) -> None:
    box = _fields(form, 2)[PLACE.value]["box_mm"]
    pdf = marked(stamped(form.pdf, _name(form, 2, "厚木")), "/Ink", (box[0], box[1] + 1, 20, 5))
    found = _found(pdf)
    assert found[2, PLACE].decision is Decision.REVIEW
    assert found[2, PLACE].value is None
    assert found[3, PLACE].decision is Decision.EMPTY


def test_a_name_struck_out_is_for_a_person(form: RosterFiles) -> None:
    box = _fields(form, 2)[PLACE.value]["box_mm"]
    pdf = marked(stamped(form.pdf, _name(form, 2, "厚木")), "/StrikeOut", (box[0] + 1, box[1] + 1.5, 10, 5))
    found = _found(pdf)[2, PLACE]
    assert (found.value, found.decision) == (None, Decision.REVIEW)
    assert Problem.STRUCK_OUT in found.problems
