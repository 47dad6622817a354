"""The roster with results as a workbook that comes back: placement, reason, deletion, and a result that was changed."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from parsers.choices import read_completed, read_reason
from parsers.findings import Decision, Field, Finding, Problem
from parsers.reading import ReadingContext, read_file
from tests.fakes.rosters import KEY, post_sheet

CONTEXT = ReadingContext(
    received_on=dt.date(2026, 5, 20),
    not_before_on=dt.date(2026, 4, 17),
    centres=("厚木", "新宿", "福島", "藤沢"),
    offices=("新宿", "福島", "港"),
)
RESULT, PLACE, REASON = Field.COMPLETED, Field.DESTINATION, Field.NO_DESTINATION_REASON
CONCURRENT, ID = Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON
COLUMN = {RESULT: 5, PLACE: 6, REASON: 7, CONCURRENT: 8, ID: 9}


@pytest.fixture(scope="module")
def blank() -> bytes:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    return documents.roster(post_sheet(rows=5)).xlsx


class _Sheet:
    """The workbook in an office's hands."""

    def __init__(self, blank: bytes) -> None:
        self._book = openpyxl.load_workbook(io.BytesIO(blank))
        self.page: Worksheet = self._book.worksheets[0]
        self.head = next(r for r in range(1, 40) if self.page.cell(r, 1).value == "No.")

    def put(self, row: int, field: Field, value: object) -> _Sheet:
        self.page.cell(self.head + row, COLUMN[field]).value = value  # type: ignore[assignment]
        return self

    def read(self, context: ReadingContext = CONTEXT) -> dict[tuple[int | None, Field], Finding]:
        raw = io.BytesIO()
        self._book.save(raw)
        return {(f.row, f.field): f for f in read_file("x.xlsx", raw.getvalue(), context).findings}


def _said(found: Finding) -> tuple[str | None, Decision, tuple[Problem, ...]]:
    return found.value, found.decision, found.problems


def test_a_blank_sheet_says_only_what_we_printed(blank: bytes) -> None:
    found = _Sheet(blank).read()
    printed = [found[row, RESULT].value for row in range(1, 6)]
    assert printed == ["completed", "completed", "not-completed", "completed", "withdrawn"]
    rest = [f for f in found.values() if f.field is not RESULT]
    assert {(f.field, f.decision, f.problems) for f in rest} == {
        (field, Decision.EMPTY, ()) for field in (PLACE, REASON, CONCURRENT, ID)
    }
    assert len(found) == 25


def test_placement_and_deletion_are_read_row_by_row(blank: bytes) -> None:
    sheet = _Sheet(blank).put(1, PLACE, "現所属センターのまま").put(1, CONCURRENT, dt.date(2026, 4, 28))
    sheet.put(2, PLACE, "新宿年金事務所").put(2, CONCURRENT, "R8.4.28")
    sheet.put(3, REASON, "退職").put(3, ID, "令和8年5月1日")
    found = sheet.read()
    assert _said(found[1, PLACE]) == ("stays", Decision.ACCEPT, ())
    assert _said(found[1, CONCURRENT]) == ("2026-04-28", Decision.ACCEPT, ())
    assert _said(found[2, PLACE]) == ("新宿年金事務所", Decision.ACCEPT, ())
    assert _said(found[3, REASON]) == ("retired", Decision.ACCEPT, ())
    assert _said(found[3, ID]) == ("2026-05-01", Decision.ACCEPT, ())
    place = found[2, PLACE]
    assert (place.text, place.evidence.cell) == ("新宿年金事務所", f"F{sheet.head + 2}")
    assert place.confidence > 0.99
    assert (place.enrollment, place.roster) == ("E0002", post_sheet(rows=5).roster.code)


def test_a_bare_name_of_both_tells_what_else_it_may_be(blank: bytes) -> None:
    found = _Sheet(blank).put(1, PLACE, "福島").read()[1, PLACE]
    assert (_said(found), found.candidates) == (("福島", Decision.ACCEPT, ()), ("福島年金事務所",))


@pytest.mark.parametrize(
    ("text", "problem", "candidates"),
    [
        ("港", Problem.UNKNOWN_PLACE, ("港年金事務所",)),
        ("厚木・藤沢", Problem.AMBIGUOUS_PLACE, ("厚木", "藤沢")),
        ("未定", Problem.NOT_DONE_YET, ()),
    ],
)
def test_an_unclear_place_is_for_a_person(
    blank: bytes, text: str, problem: Problem, candidates: tuple[str, ...]
) -> None:
    found = _Sheet(blank).put(1, PLACE, text).read()[1, PLACE]
    assert _said(found) == (None, Decision.REVIEW, (problem,))
    assert (found.text, found.candidates) == (text, candidates)


def test_without_masters_a_place_is_for_a_person_as_written(blank: bytes) -> None:
    found = _Sheet(blank).put(1, PLACE, "厚木").read(ReadingContext())[1, PLACE]
    assert _said(found) == (None, Decision.REVIEW, (Problem.PLACE_NOT_CHECKED,))
    assert (found.text, found.candidates) == ("厚木", ("厚木",))


def test_as_above_holds_for_the_row_just_below_only(blank: bytes) -> None:
    sheet = _Sheet(blank).put(1, PLACE, "厚木").put(2, PLACE, "〃").put(3, PLACE, "同上").put(5, PLACE, "〃")
    found = sheet.read()
    assert _said(found[2, PLACE]) == ("厚木", Decision.ACCEPT, (Problem.DITTO,))
    assert _said(found[3, PLACE]) == ("厚木", Decision.ACCEPT, (Problem.DITTO,))
    assert _said(found[5, PLACE]) == (None, Decision.REVIEW, (Problem.DITTO_UNRESOLVED,))


def test_a_changed_result_is_told_as_it_stands(blank: bytes) -> None:
    found = _Sheet(blank).put(3, RESULT, "修了").put(4, RESULT, "欠席").read()
    assert found[3, RESULT].value == "completed"
    assert _said(found[4, RESULT]) == (None, Decision.REVIEW, (Problem.UNKNOWN_RESULT,))
    assert found[4, RESULT].candidates == ("withdrawn",)


def test_what_spoils_a_cell_makes_it_a_question(blank: bytes) -> None:
    sheet = _Sheet(blank).put(1, PLACE, "厚木").put(2, PLACE, "厚木").put(3, PLACE, "=F2").put(4, REASON, "退職")
    sheet.page.cell(sheet.head + 1, 6).font = Font(strike=True)
    sheet.page.cell(sheet.head + 2, 6).comment = Comment("要確認", "x")
    sheet.page.row_dimensions[sheet.head + 4].hidden = True
    found = sheet.read()
    assert _said(found[1, PLACE]) == (None, Decision.REVIEW, (Problem.STRUCK_OUT,))
    assert _said(found[2, PLACE]) == (None, Decision.REVIEW, (Problem.CELL_COMMENT,))
    assert found[3, PLACE].decision is Decision.REVIEW
    assert _said(found[4, REASON]) == (None, Decision.REVIEW, (Problem.HIDDEN_CONTENT,))
    assert found[1, PLACE].candidates == ("厚木",)


def test_a_remark_that_names_a_deletion_beside_an_empty_cell_is_a_question(blank: bytes) -> None:
    sheet = _Sheet(blank)
    sheet.page.cell(sheet.head + 1, 11).value = "R8.4.28削除済"
    found = sheet.read()
    assert found[1, CONCURRENT].decision is Decision.REVIEW
    assert found[1, CONCURRENT].candidates == ("2026-04-28",)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("退職", "retired"),
        ("退職のため", "retired"),
        ("転　出", "transferred"),
        ("その他（介護のため）", "other"),
        ("☑退職　□転出　□その他", "retired"),
        ("□退職　□転出　☑その他（介護）", "other"),
    ],
)
def test_reasons_of_the_list_have_a_value(text: str, value: str) -> None:
    assert read_reason(text).value == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("介護のため", Problem.UNKNOWN_REASON),
        ("退職・転出", Problem.SEVERAL_CHOICES),
        ("退職しない", Problem.UNKNOWN_REASON),
        ("☑退職　☑転出　□その他", Problem.SEVERAL_CHOICES),
        ("☑退職　□転出　□その他（3月末）", Problem.UNKNOWN_REASON),
        ("○退職　□転出　□その他", Problem.UNKNOWN_REASON),
        ("□退職　□転出　□その他（介護）", Problem.UNKNOWN_REASON),
    ],
)
def test_other_reasons_are_for_a_person(text: str, problem: Problem) -> None:
    reading = read_reason(text)
    assert (reading.value, reading.problems) == (None, (problem,))


@pytest.mark.parametrize("text", ["", "なし", "－", "□退職　□転出　□その他（　）"])
def test_no_reason_is_empty(text: str) -> None:
    assert read_reason(text).decision is Decision.EMPTY


def test_a_result_left_out_is_empty() -> None:
    assert read_completed(" ").decision is Decision.EMPTY
