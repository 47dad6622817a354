"""The workbooks: only the cells to fill are open, keys travel with rows, text from outside stays text."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zipfile
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.documents.cells import ERA_FORMAT, cell_at, looks_like_formula, put_text
from daemon.adapters.documents.frozen_bytes import workbook_bytes
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.errors import Refused
from parsers.forms import XLSX_PROPERTY, parse_row_key
from tests.fakes.rosters import KEY, roster_sheet

EXISTING = ["No.", "氏名", "フリガナ", "ＩＤ", "兼務登録年月日", "対象外", "備考", "照合キー"]
BEGINNER = [
    "No.",
    "氏名",
    "フリガナ",
    "ｅラーニング修了日",
    "来所予定日",
    "新規登録年月日",
    "兼務登録年月日",
    "対象外",
    "備考",
    "照合キー",
]


@pytest.fixture(scope="module")
def documents() -> TypstDocuments:
    return TypstDocuments(KEY, data_path("mail_templates") / "forms")


def _page(data: bytes) -> Worksheet:
    return openpyxl.load_workbook(BytesIO(data)).worksheets[0]


def _head(page: Worksheet) -> int:
    return next(row for row in range(1, 40) if page.cell(row, 1).value == "No.")


def _values(page: Worksheet, row: int) -> list[object]:
    return [cell.value for cell in page[row]]


@pytest.mark.parametrize(
    ("course", "headers"), [(Course.WM_SKILL_UP, EXISTING), (Course.INSTRUCTOR, EXISTING), (Course.BEGINNER, BEGINNER)]
)
def test_the_table_has_the_columns_of_its_course(course: Course, headers: list[str], documents: TypstDocuments) -> None:
    page = _page(documents.roster(roster_sheet(course, 13)).xlsx)
    assert _values(page, _head(page)) == headers
    assert [page.cell(_head(page) + n, 1).value for n in range(1, 14)] == list(range(1, 14))
    assert page.max_row == _head(page) + 13


@pytest.mark.parametrize("course", Course)
def test_only_the_cells_to_fill_are_unlocked(course: Course, documents: TypstDocuments) -> None:
    page = _page(documents.roster(roster_sheet(course, 3)).xlsx)
    head = _head(page)
    headers = _values(page, head)
    open_cells = {(c.row - head, headers[c.column - 1]) for row in page for c in row if not c.protection.locked}
    to_fill = [h for h in headers if h in ("新規登録年月日", "兼務登録年月日", "対象外", "備考")]
    assert open_cells == {(n, header) for n in (1, 2, 3) for header in to_fill}
    protection = page.protection
    assert protection.sheet
    assert protection.password is None
    forbidden = {name for name in ("sort", "autoFilter", "formatColumns", "formatRows") if getattr(protection, name)}
    assert not forbidden  # openpyxl's flags say what is not allowed


def test_date_cells_show_the_era_and_warn_without_blocking(documents: TypstDocuments) -> None:
    page = _page(documents.roster(roster_sheet(Course.BEGINNER, 3)).xlsx)
    head = _head(page)
    for column in (4, 5, 6, 7):
        assert page.cell(head + 1, column).number_format == ERA_FORMAT
    assert page.cell(head + 1, 4).value == dt.datetime(2026, 3, 10)
    dates, ticks = sorted(page.data_validations.dataValidation, key=lambda rule: rule.type)
    assert (dates.type, dates.errorStyle, dates.formula1, dates.formula2) == ("date", "warning", "46093", "46129")
    assert {str(area) for area in dates.sqref.ranges} == {f"{c}{head + 1}:{c}{head + 3}" for c in "FG"}
    assert str(ticks.sqref) == f"H{head + 1}:H{head + 3}"
    assert (ticks.type, ticks.errorStyle, ticks.formula1) == ("list", "warning", '"○"')


def test_every_row_carries_its_key_in_a_hidden_column(documents: TypstDocuments) -> None:
    sheet = roster_sheet(Course.WM_SKILL_UP, 12)
    page = _page(documents.roster(sheet).xlsx)
    head = _head(page)
    assert page.column_dimensions["H"].hidden
    for person in sheet.rows:
        key = parse_row_key(str(page.cell(head + person.row, 8).value))
        assert key == (sheet.roster.code, person.row, person.enrollment_id)


def test_the_workbook_names_its_roster_visibly_and_invisibly(documents: TypstDocuments) -> None:
    sheet = roster_sheet()
    book = openpyxl.load_workbook(BytesIO(documents.roster(sheet).xlsx))
    page = book.worksheets[0]
    assert book.custom_doc_props[XLSX_PROPERTY].value == sheet.roster.code
    assert (page["B3"].value, page["C3"].value) == ("回付番号", sheet.roster.code)
    assert sheet.roster.code in page.oddFooter.left.text
    assert book.properties.keywords == sheet.roster.code


@pytest.mark.parametrize("course", Course)
def test_the_heading_says_all_that_the_printed_sheet_says(course: Course, documents: TypstDocuments) -> None:
    sheet = roster_sheet(course, 12)
    page = _page(documents.roster(sheet).xlsx)
    said = " ".join(str(c.value) for row in page.iter_rows(max_row=_head(page)) for c in row if c.value is not None)
    for part in (
        course.edition.title,
        sheet.document_no,
        "令和8年3月12日",
        sheet.training.name,
        "令和8年4月15日（水）～令和8年4月17日（金）",
        "令和8年4月7日（火）",
        sheet.office_title,
        sheet.centre_title,
        "厚木年金事務所",
        "中央年金事務所",
        "12名",
        sheet.reply_fax,
        sheet.reply_mail,
        sheet.contact,
    ):
        assert part in said


@pytest.mark.parametrize("course", Course)
def test_it_prints_on_a4_portrait_with_its_headers_on_every_page(course: Course, documents: TypstDocuments) -> None:
    page = _page(documents.roster(roster_sheet(course, 60)).xlsx)
    head = _head(page)
    assert (page.page_setup.paperSize, page.page_setup.orientation) == (9, "portrait")
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.print_title_rows == f"${head}:${head}"
    assert page.freeze_panes == f"C{head + 1}"
    assert page.sheet_view.selection[-1].activeCell == f"{'F' if course is Course.BEGINNER else 'E'}{head + 1}"
    assert page.auto_filter.ref.startswith(f"A{head}:")
    assert page.print_area.endswith(f"${head + 60}")


def test_a_name_that_looks_like_a_formula_stays_text(documents: TypstDocuments) -> None:
    sheet = roster_sheet(Course.WM_SKILL_UP, 2)
    rows = tuple(
        dataclasses.replace(person, name="=1+1", note="＝ＨＹＰＥＲＬＩＮＫ（１）", kana="@アイ")
        for person in sheet.rows
    )
    page = _page(documents.roster(dataclasses.replace(sheet, rows=rows)).xlsx)
    head = _head(page)
    for column in (2, 3, 7):
        cell = page.cell(head + 1, column)
        assert cell.data_type == "s"
        assert cell.quotePrefix
    assert page.cell(head + 1, 2).value == "=1+1"


def test_no_cell_of_any_workbook_is_a_formula(documents: TypstDocuments) -> None:
    books = [documents.roster(roster_sheet(c, 13)).xlsx for c in Course]
    books += [documents.list_template(c.value) for c in Course]
    for data in books:
        assert not any(cell.data_type == "f" for row in _page(data) for cell in row)


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=40))
def test_any_text_comes_back_as_the_same_text(text: str) -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    put_text(cell_at(page, 1, 1), text)
    assert cell_at(page, 1, 1).data_type == "s"
    back = _page(workbook_bytes(book, dt.date(2026, 1, 1))).cell(1, 1)
    assert (back.value, back.data_type) == (text, "s")
    assert bool(back.quotePrefix) == looks_like_formula(text)


def test_the_bytes_hold_no_clock(documents: TypstDocuments) -> None:
    data = documents.roster(roster_sheet()).xlsx
    with zipfile.ZipFile(BytesIO(data)) as book:
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert book.namelist()[0] == "[Content_Types].xml"
        core = book.read("docProps/core.xml").decode()
    assert core.count("2026-03-12T00:00:00Z") == 2


@pytest.mark.parametrize("course", Course)
def test_the_list_template_has_the_columns_of_its_course_and_an_example(
    course: Course, documents: TypstDocuments
) -> None:
    page = _page(documents.list_template(course.value))
    head = next(row for row in range(1, 12) if page.cell(row, 1).value == "都道府県")
    own = ["ｅラーニング修了日", "来所予定日"] if course is Course.BEGINNER else ["ＩＤ"]
    expected = ["都道府県", "所属センター", "氏名", "フリガナ", *own, "管轄年金事務所（任意）", "備考"]
    assert _values(page, head) == expected
    assert str(page.cell(head + 1, 3).value).startswith("（記入例）")
    (prefectures,) = page.data_validations.dataValidation
    assert len(prefectures.formula1.split(",")) == 47
    assert len(prefectures.formula1) <= 257  # 255 characters and the quotes: what Excel accepts in a cell rule
    assert documents.list_template(course.value) == documents.list_template(course.value)


def test_an_id_typed_into_the_list_keeps_its_zeros_and_a_date_becomes_one(documents: TypstDocuments) -> None:
    existing, beginner = (_page(documents.list_template(c)) for c in ("instructor", "beginner"))
    assert existing.cell(12, 5).number_format == "@"
    assert beginner.cell(12, 5).number_format == ERA_FORMAT


def test_a_template_for_a_course_nobody_knows_is_refused(documents: TypstDocuments) -> None:
    with pytest.raises(Refused, match="wm-skill-up, instructor, beginner"):
        documents.list_template("swimming")


@pytest.mark.parametrize("course", Course)
def test_a_filled_in_template_is_read_back_without_its_example(course: Course, documents: TypstDocuments) -> None:
    empty, _ = documents.read_list("list.xlsx", documents.list_template(course.value))
    assert empty == []
    book = openpyxl.load_workbook(BytesIO(documents.list_template(course.value)))
    page = book.worksheets[0]
    own = [dt.date(2026, 3, 10), "R8.4.2"] if course is Course.BEGINNER else ["0012345"]
    for number, value in enumerate(["東京", "新宿", "山﨑　𠮷子", "ヤマサキ　ヨシコ", *own], start=1):
        page.cell(8, number).value = value
    filled = BytesIO()
    book.save(filled)
    (line,), problems = documents.read_list("list.xlsx", filled.getvalue())
    assert problems == []
    assert (line.prefecture, line.centre, line.name, line.kana) == ("東京", "新宿", "山﨑　𠮷子", "ヤマサキ　ヨシコ")
    expected = ("", "2026-03-10", "2026-04-02") if course is Course.BEGINNER else ("0012345", "", "")
    assert (line.terminal_id, line.e_learning_on, line.visit_on) == expected
