"""Our own printed form with text typed onto it: by an editor, as annotations, in any box arrangement."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter, Transformation

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.ports import RosterFiles
from parsers.findings import Decision, Document, Field, Finding, PageKind, Problem
from parsers.reading import ReadingContext, read_file
from tests.fakes.pdfs import Words, annotated, marked, stamped
from tests.fakes.rosters import KEY, roster_sheet

CONTEXT = ReadingContext(received_on=dt.date(2026, 4, 20), not_before_on=dt.date(2026, 3, 12))
ONE, TWO = Field.CONCURRENT_REGISTERED_ON, Field.ID_REGISTERED_ON
Typing = Callable[[bytes, Words], bytes]


@pytest.fixture(scope="module")
def form() -> RosterFiles:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    return documents.roster(roster_sheet(Course.WM_SKILL_UP, 14))


@pytest.fixture(scope="module")
def new_id_form() -> RosterFiles:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    return documents.roster(roster_sheet(Course.BEGINNER, 3))


@pytest.fixture(params=[stamped, annotated], ids=["stamped", "annotated"])
def typing(request: pytest.FixtureRequest) -> Typing:
    return request.param


def _field(form: RosterFiles, row: int, field: Field = ONE) -> dict[str, Any]:
    rows = [r for p in form.manifest["pages"] for r in p["rows"]]
    return rows[row - 1]["fields"][field.value]


def _cells(place: dict[str, Any]) -> list[list[float]]:
    return [cell for unit in ("year", "month", "day") for cell in place["cells_mm"][unit]]


def _in_boxes(place: dict[str, Any], digits: str) -> Words:
    """One character a box; a blank leaves the box empty."""
    return [(c[0] + 2.4, c[1] + 2.2, d) for c, d in zip(_cells(place), digits, strict=True) if d != " "]


def _across(place: dict[str, Any], text: str, dx: float = 1.0, dy: float = 2.2) -> Words:
    first = _cells(place)[0]
    return [(first[0] + dx, first[1] + dy, text)]


def _read(pdf: bytes) -> Document:
    return read_file("x.pdf", pdf, CONTEXT)


def _by_row(pdf: bytes, field: Field = ONE) -> dict[int | None, Finding]:
    return {f.row: f for f in _read(pdf).findings if f.field is field}


def test_a_blank_sheet_says_nothing_and_asks_nothing(form: RosterFiles) -> None:
    document = _read(form.pdf)
    assert {(f.decision, f.text, f.problems) for f in document.findings} == {(Decision.EMPTY, "", ())}
    assert [f.row for f in document.findings] == list(range(1, 15))
    assert document.problems == ()
    assert [(p.kind, p.form, p.sheet, p.sheets) for p in document.pages] == [
        (PageKind.FORM, "pre-existing-id/1", 1, 2),
        (PageKind.FORM, "pre-existing-id/1", 2, 2),
    ]
    assert {p.roster for p in document.pages} == {form.manifest["roster"]}


def test_names_and_kana_come_with_every_row(form: RosterFiles) -> None:
    sheet = roster_sheet(Course.WM_SKILL_UP, 14)
    read = {f.row: (f.name.replace("　", ""), f.kana.replace("　", "")) for f in _read(form.pdf).findings}
    for person in sheet.rows:
        if len(person.name) < 12:
            assert read[person.row] == (person.name.replace("　", ""), person.kana.replace("　", ""))


@pytest.mark.parametrize(
    ("digits", "day"),
    [("080410", "2026-04-10"), (" 8 4 9", "2026-04-09"), ("8 4 9 ", "2026-04-09"), ("  0401", "2026-04-01")],
)
def test_digits_in_their_boxes_are_a_date(form: RosterFiles, typing: Typing, digits: str, day: str) -> None:
    found = _by_row(typing(form.pdf, _in_boxes(_field(form, 3), digits)))[3]
    assert (found.value, found.decision, found.problems) == (day, Decision.ACCEPT, ())
    assert found.evidence.box_mm == pytest.approx(_field(form, 3)["box_mm"], abs=0.5)


@pytest.mark.parametrize("text", ["令和8年4月10日", "R8.4.10", "2026/4/10", "令和８年４月１０日"])
@pytest.mark.parametrize("dy", [-0.5, 2.2, 5.0])
def test_a_whole_date_across_the_boxes_is_taken_as_typed(
    form: RosterFiles, typing: Typing, text: str, dy: float
) -> None:
    found = _by_row(typing(form.pdf, _across(_field(form, 2), text, dy=dy)))[2]
    assert (found.value, found.decision) == ("2026-04-10", Decision.ACCEPT)


def test_both_dates_of_the_other_form_stay_apart(new_id_form: RosterFiles, typing: Typing) -> None:
    words = [
        *_in_boxes(_field(new_id_form, 2, TWO), "080401"),
        *_in_boxes(_field(new_id_form, 2, ONE), "080408"),
        *_in_boxes(_field(new_id_form, 3, ONE), "080409"),
    ]
    pdf = typing(new_id_form.pdf, words)
    assert {r: f.value for r, f in _by_row(pdf, TWO).items()} == {1: None, 2: "2026-04-01", 3: None}
    assert {r: f.value for r, f in _by_row(pdf, ONE).items()} == {1: None, 2: "2026-04-08", 3: "2026-04-09"}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(lambda p: _across(p, "080410"), id="digits-set-closer-than-the-boxes"),
        pytest.param(lambda p: _in_boxes(p, "0804 1")[:-1] + _across(p, "1", dx=60.0), id="digit-beside-the-boxes"),
        pytest.param(lambda p: _in_boxes(p, "08041 ") + _across(p, "0", dx=0.5, dy=-3.2), id="digit-above"),
        pytest.param(lambda p: _in_boxes(p, "080410") + _in_boxes(p, "     5"), id="two-digits-in-one-box"),
        pytest.param(lambda p: _in_boxes(p, "0804  "), id="no-day"),
        pytest.param(lambda p: _in_boxes(p, "084110"), id="no-such-month"),
        pytest.param(lambda p: _in_boxes(p, "080431"), id="no-such-day"),
        pytest.param(lambda p: _across(p, "令和8年4月10日", dy=8.6), id="on-the-line-to-the-next-row"),
        pytest.param(lambda p: _across(p, "4/1　R8.4.10", dy=-0.5) + _across(p, "R8.4.11", dy=5.0), id="two-lines"),
    ],
)
def test_what_is_not_clearly_in_place_is_for_a_person(
    form: RosterFiles, typing: Typing, words: Callable[[dict[str, Any]], Words]
) -> None:
    found = _by_row(typing(form.pdf, words(_field(form, 4))))
    assert all(f.value is None for f in found.values())
    assert found[4].decision is Decision.REVIEW


def test_the_line_for_everybody_fills_the_rows_left_blank(form: RosterFiles, typing: Typing) -> None:
    line = form.manifest["pages"][0]["fields"][ONE.value]
    tick = (line["tick_mm"][0] + 0.6, line["tick_mm"][1] + 0.4, "✓")
    words = [*_in_boxes(line, "080407"), tick, *_in_boxes(_field(form, 5), "080407")]
    found = _by_row(typing(form.pdf, words))
    assert {r: f.value for r, f in found.items()} == {r: "2026-04-07" if r <= 12 else None for r in range(1, 15)}
    assert all(f.decision is (Decision.ACCEPT if r <= 12 else Decision.EMPTY) for r, f in found.items() if r)


@pytest.mark.parametrize(("ticked", "digits"), [(True, "      "), (False, "080407")])
def test_half_of_the_line_for_everybody_is_for_a_person(form: RosterFiles, ticked: bool, digits: str) -> None:
    line = form.manifest["pages"][0]["fields"][ONE.value]
    words = _in_boxes(line, digits) + ([(line["tick_mm"][0] + 0.6, line["tick_mm"][1] + 0.4, "✓")] if ticked else [])
    found = _by_row(stamped(form.pdf, words))
    assert {f.decision for r, f in found.items() if r and r <= 12} == {Decision.REVIEW}
    assert {f.value for f in found.values()} == {None}


def test_a_row_that_contradicts_the_line_for_everybody_is_for_a_person(form: RosterFiles) -> None:
    line = form.manifest["pages"][0]["fields"][ONE.value]
    tick = (line["tick_mm"][0] + 0.6, line["tick_mm"][1] + 0.4, "✓")
    found = _by_row(stamped(form.pdf, [*_in_boxes(line, "080407"), tick, *_in_boxes(_field(form, 5), "080408")]))
    assert found[5].decision is Decision.REVIEW
    assert found[4].value == "2026-04-07"


def test_a_tick_at_not_applicable_names_its_row(form: RosterFiles, typing: Typing) -> None:
    x, y, *_ = _field(form, 6, Field.NOT_APPLICABLE)["box_mm"]
    found = _by_row(typing(form.pdf, [(x + 0.5, y + 0.3, "✓")]), Field.NOT_APPLICABLE)
    assert {r: f.value for r, f in found.items()} == {6: "true"}


def test_words_in_the_box_for_messages_are_told(form: RosterFiles, typing: Typing) -> None:
    document = _read(typing(form.pdf, [(110.0, 266.0, "３番は辞退です")]))
    told = [n for n in document.problems if n.code is Problem.EXTRA_TEXT]
    assert len(told) == 1
    assert "３番は辞退です" in told[0].detail


def test_a_comment_or_drawing_over_a_date_sends_it_to_a_person(form: RosterFiles) -> None:
    box = _field(form, 3)["box_mm"]
    filled = stamped(form.pdf, _in_boxes(_field(form, 3), "080410") + _in_boxes(_field(form, 4), "080410"))
    inner = (box[0] + 5, box[1] + 3, 20.0, 5.0)
    for kind in ("/Ink", "/Stamp", "/Line", "/StrikeOut"):
        found = _by_row(marked(filled, kind, inner))
        assert (found[3].value, found[3].decision) == (None, Decision.REVIEW), kind
        assert found[4].value == "2026-04-10", kind
    found = _by_row(marked(filled, "/Text", inner, "まだ手続中"))
    assert found[3].decision is Decision.REVIEW


def test_a_form_printed_smaller_is_still_the_form(form: RosterFiles) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(stamped(form.pdf, _in_boxes(_field(form, 3), "080410"))))
    for page in writer.pages:
        page.add_transformation(Transformation().scale(0.94).translate(18, 22))
    out = io.BytesIO()
    writer.write(out)
    found = _by_row(out.getvalue())
    assert {r: f.value for r, f in found.items() if f.value} == {3: "2026-04-10"}
    assert found[4].decision is Decision.EMPTY


@settings(max_examples=25, deadline=None)
@given(
    row=st.integers(2, 11),
    dx=st.floats(-30, 60),
    dy=st.floats(-9, 9),
    text=st.sampled_from(["令和8年4月10日", "R8.4.10", "4/10", "10", "080410", "8 4 10"]),
    size=st.sampled_from([8.0, 12.0, 18.0]),
)
def test_wherever_a_date_is_typed_it_is_never_read_as_another_day_or_for_a_far_row(
    form: RosterFiles, row: int, dx: float, dy: float, text: str, size: float
) -> None:
    pdf = stamped(form.pdf, _across(_field(form, row), text, dx, dy), size_pt=size)
    for found in _by_row(pdf).values():
        if found.value is not None:
            assert found.value == "2026-04-10"
            # The middle of the text lies within the row it was read for.
            middle = _cells(_field(form, row))[0][1] + dy + size * 25.4 / 72 / 2
            box = _field(form, found.row or 0)["box_mm"]
            assert box[1] <= middle <= box[1] + box[3]
