"""The checked roster for 中央年金事務所 and the register of results: complete, dated as evidence, clearly marked."""

from __future__ import annotations

import dataclasses
import datetime as dt
from io import BytesIO

import openpyxl
import pypdf
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from daemon.adapters.documents import MissingGlyphs, TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.ports import HandoverSheet
from parsers.forms import RESULTS_PROPERTY, results_key
from tests.fakes.rosters import KEY, handover_sheet

HEADERS = [
    "No.",
    "都道府県",
    "街角の年金相談センター",
    "管轄年金事務所",
    "氏名",
    "フリガナ",
    "新規登録年月日",
    "兼務登録年月日",
    "研修期間",
]


@pytest.fixture(scope="module")
def documents() -> TypstDocuments:
    return TypstDocuments(KEY, data_path("mail_templates") / "forms")


def _pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages]


def _table(data: bytes) -> tuple[Worksheet, int]:
    page = openpyxl.load_workbook(BytesIO(data)).worksheets[0]
    return page, next(row for row in range(1, 40) if page.cell(row, 1).value == "No.")


def _with_first(sheet: HandoverSheet, **changes: object) -> HandoverSheet:
    first, *rest = sheet.rows
    changed = dataclasses.replace(first, person=dataclasses.replace(first.person, **changes))
    return dataclasses.replace(sheet, rows=(changed, *rest))


def test_the_roster_for_the_central_office_holds_everybody_with_their_dates(documents: TypstDocuments) -> None:
    sheet = handover_sheet(30)
    page, head = _table(documents.handover(sheet).xlsx)
    assert [c.value for c in page[head]] == HEADERS
    for number, line in enumerate(sheet.rows, start=1):
        values = [c.value for c in page[head + number]]
        assert values[:6] == [
            number, line.prefecture, line.centre_title, line.office_title, line.person.name, line.person.kana
        ]  # fmt: skip
        assert values[6:8] == [dt.datetime(2026, 4, 2)] * 2
        assert values[8] == "R8.4.15～R8.4.17"
    assert page.max_row == head + 30
    assert page.print_title_rows == f"${head}:${head}"


def test_a_course_without_new_ids_has_no_column_for_them(documents: TypstDocuments) -> None:
    sheet = handover_sheet(2)
    sheet = dataclasses.replace(sheet, training=dataclasses.replace(sheet.training, course=Course.INSTRUCTOR))
    files = documents.handover(sheet)
    page, head = _table(files.xlsx)
    assert [c.value for c in page[head]] == [h for h in HEADERS if h != "新規登録年月日"]
    assert "新規登録年月日" not in _pages(files.pdf)[0]


def test_every_printed_page_names_itself_and_repeats_the_headers(documents: TypstDocuments) -> None:
    pages = _pages(documents.handover(handover_sheet(60)).pdf)
    assert len(pages) > 2
    for number, text in enumerate(pages, start=1):
        assert f"{number}／{len(pages)}" in text
        assert "兼務登録年月日" in text
        assert "受講者名簿（兼務登録確認後）" in text
    assert "中央年金事務所" in pages[0]
    assert "60名" in pages[0]
    assert "追加・訂正分" not in "".join(pages)
    reader = pypdf.PdfReader(BytesIO(documents.handover(handover_sheet(1)).pdf))
    assert reader.pages[0].mediabox.width > reader.pages[0].mediabox.height


def test_a_supplement_says_so_with_its_number_and_reason(documents: TypstDocuments) -> None:
    sheet = handover_sheet(40, number=3)
    files = documents.handover(sheet)
    assert all("追加・訂正分（第2回）" in text for text in _pages(files.pdf))
    assert sheet.because in _pages(files.pdf)[0].replace("\n", "")
    page, head = _table(files.xlsx)
    said = [str(page.cell(row, 1).value) for row in range(1, head)]
    assert f"追加・訂正分（第2回）　理由：{sheet.because}" in said


def test_a_list_for_the_central_office_is_the_same_bytes_again(documents: TypstDocuments) -> None:
    other = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    assert documents.handover(handover_sheet(5)) == other.handover(handover_sheet(5))


def test_a_name_that_cannot_be_printed_is_refused_with_its_line(documents: TypstDocuments) -> None:
    with pytest.raises(MissingGlyphs) as refused:
        documents.handover(_with_first(handover_sheet(3), name="\ue000田"))
    assert refused.value.rows == {1: "\ue000"}


def test_a_name_like_a_formula_stays_a_name(documents: TypstDocuments) -> None:
    page, head = _table(documents.handover(_with_first(handover_sheet(2), name="=1+1")).xlsx)
    assert (page.cell(head + 1, 5).value, page.cell(head + 1, 5).data_type) == ("=1+1", "s")


def test_the_register_of_results_carries_a_key_for_everybody(documents: TypstDocuments) -> None:
    sheet = handover_sheet(6)
    data = documents.results_register(sheet.training, sheet.rows)
    assert data == documents.results_register(sheet.training, sheet.rows)
    book = openpyxl.load_workbook(BytesIO(data))
    page, head = _table(data)
    assert book.custom_doc_props[RESULTS_PROPERTY].value == sheet.training.training_id
    assert page.column_dimensions["G"].hidden
    for number, line in enumerate(sheet.rows, start=1):
        key = results_key(sheet.training.training_id, line.person.enrollment_id)
        assert page.cell(head + number, 7).value == key
    open_cells = {c.coordinate for row in page for c in row if not c.protection.locked}
    assert open_cells == {f"F{head + n}" for n in range(1, 7)}
    (rule,) = page.data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref)) == ('"修了,未修了"', f"F{head + 1}:F{head + 6}")


def test_an_exported_register_is_read_back_line_by_line(documents: TypstDocuments) -> None:
    sheet = handover_sheet(4)
    known = (True, False, None, None)
    rows = tuple(
        dataclasses.replace(line, person=dataclasses.replace(line.person, completed=done))
        for line, done in zip(sheet.rows, known, strict=True)
    )
    lines, problems = documents.read_results("結果.xlsx", documents.results_register(sheet.training, rows))
    assert problems == []
    assert tuple(line.result for line in lines) == known
    for line, row in zip(lines, rows, strict=True):
        assert (line.training, line.enrollment) == (sheet.training.training_id, row.person.enrollment_id)
        assert (line.prefecture, line.centre, line.name) == (row.prefecture, row.centre_title, row.person.name)


def test_a_register_of_nobody_is_still_a_register(documents: TypstDocuments) -> None:
    sheet = handover_sheet(1)
    assert documents.read_results("r.xlsx", documents.results_register(sheet.training, ())) == ([], [])
