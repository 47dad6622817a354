"""HQ's list of trainees: headers by aliases, every problem at once with cell and remedy."""

from __future__ import annotations

import datetime as dt

import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from parsers.listing import ListedTrainee, ListingProblem, read_listing
from tests.fakes.sheets import saved, sheet

HEADER = [
    "都道府県",
    "所属センター",
    "氏名",
    "フリガナ",
    "ＩＤ",
    "ｅラーニング修了日",
    "来所予定日",
    "管轄年金事務所（任意）",
    "備考",
]
GOOD = ["神奈川", "厚木", "髙橋　一郎", "タカハシ イチロウ", "00123", dt.date(2026, 3, 1), "R8.4.10", None, "再受講"]


def _read(page: Worksheet) -> tuple[list[ListedTrainee], list[ListingProblem]]:
    return read_listing("list.xlsx", saved(page))


def _codes(problems: list[ListingProblem]) -> list[tuple[str, str]]:
    return [(p.cell, p.problem) for p in problems]


def test_a_line_is_read_as_written() -> None:
    lines, problems = _read(sheet([["受講者一覧"], ["1．１行に１名"], [], HEADER, GOOD]))
    assert problems == []
    line = lines[0]
    assert (line.sheet, line.line, line.prefecture, line.centre) == ("名簿", 5, "神奈川", "厚木")
    assert (line.name, line.kana, line.terminal_id) == ("髙橋　一郎", "タカハシ イチロウ", "00123")
    assert (line.e_learning_on, line.visit_on, line.note) == ("2026-03-01", "2026-04-10", "再受講")
    assert dict(line.cells)["name"] == "C5"


def test_headers_have_other_names_and_any_order() -> None:
    header = ["No.", "受講者氏名", "ﾌﾘｶﾞﾅ", "都道府県名", "勤務先", "eラーニング受講修了年月日"]
    lines, problems = _read(sheet([header, [1, "受講　一", "ｶﾅ", "東京", "新宿", "2026/3/1"]]))
    assert problems == []
    assert (lines[0].prefecture, lines[0].centre, lines[0].e_learning_on) == ("東京", "新宿", "2026-03-01")


def test_samples_totals_and_prepared_lines_are_left_out() -> None:
    sample = ["神奈川", "厚木", "（記入例）年金　花子", "ネンキン ハナコ"]
    prepared = ["神奈川", "厚木", None, None]
    lines, problems = _read(sheet([HEADER, sample, GOOD, prepared, ["合計", None, "1名"], HEADER, GOOD]))
    assert problems == []
    assert [line.line for line in lines] == [3, 7]


def test_every_problem_is_listed_at_once() -> None:
    page = sheet(
        [
            HEADER,
            [None, "厚木", "受講　一", "カナ"],
            ["神奈川", None, None, "カナ", None, "4/1", "8.4.1"],
            ["神奈川", "厚木", "受講　三", None, None, "済", "令和8年2月31日"],
        ]
    )
    lines, problems = _read(page)
    assert len(lines) == 3
    assert _codes(problems) == [
        ("A2", "empty-prefecture"),
        ("B3", "empty-centre"),
        ("C3", "empty-name"),
        ("F3", "not-a-date"),
        ("G3", "not-a-date"),
        ("D4", "empty-kana"),
        ("F4", "not-a-date"),
        ("G4", "not-a-date"),
    ]
    assert all(p.remedy and p.sheet == "名簿" for p in problems)


def test_missing_and_doubled_columns_are_told_once() -> None:
    lines, problems = _read(sheet([["所属センター", "氏名", "氏名", "備考"], ["厚木", "受講　一", "受講　二"]]))
    assert [(p.cell, p.problem, p.detail) for p in problems] == [
        ("", "missing-column", "都道府県"),
        ("", "missing-column", "フリガナ"),
        ("C1", "doubled-column", "氏名"),
    ]
    assert [line.name for line in lines] == ["受講　一"]


def test_what_a_person_sees_and_a_table_does_not_say_is_a_problem() -> None:
    page = sheet([HEADER, GOOD, GOOD, GOOD])
    page["C2"].font = Font(strike=True)
    page.row_dimensions[3].hidden = True
    page["B4"] = "#N/A"
    page["B4"].data_type = "e"
    assert _codes(_read(page)[1]) == [("C2", "struck-out"), ("C3", "hidden-row"), ("B4", "error-value")]


def test_merged_prefecture_and_centre_hold_for_their_lines() -> None:
    page = sheet([HEADER, GOOD, [None, None, "受講　二", "カナ"]])
    page.merge_cells("A2:A3")
    page.merge_cells("B2:B3")
    lines, problems = _read(page)
    assert problems == []
    assert (lines[1].prefecture, lines[1].centre) == ("神奈川", "厚木")


def test_sheets_without_our_header_are_passed_over() -> None:
    page = sheet([["メモ"], ["氏名"]])
    sheet([HEADER, GOOD], book=page.parent, title="一覧")
    hidden = sheet([HEADER, GOOD], book=page.parent, title="旧")
    hidden.sheet_state = "hidden"
    lines, problems = _read(page)
    assert [line.sheet for line in lines] == ["一覧"]
    assert [(p.sheet, p.problem) for p in problems] == [("旧", "hidden-sheet")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_in_the_encodings_excel_writes(encoding: str, delimiter: str) -> None:
    header = delimiter.join(["都道府県", "所属センター", "氏名", "フリガナ", "ＩＤ", "来所予定日"])
    text = header + "\r\n" + delimiter.join(["神奈川", "厚木", "髙橋　一郎", "タカハシ", "00123", "2026/4/10"]) + "\r\n"
    lines, problems = read_listing("list.csv", text.encode(encoding))
    assert problems == []
    assert (lines[0].name, lines[0].terminal_id, lines[0].visit_on) == ("髙橋　一郎", "00123", "2026-04-10")
    assert dict(lines[0].cells)["visit_on"] == "F2"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no-header"),
        ("あいう,えお\n".encode(), "no-header"),
        (b"\xff\x00\x81", "unreadable-file"),
        (b"PK\x03\x04 broken", "unreadable-file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unreadable-file"),
        (b'"' + b"a" * 200_000, "unreadable-file"),
    ],
)
def test_what_is_no_list_is_told_and_never_raises(data: bytes, problem: str) -> None:
    lines, problems = read_listing("x", data)
    assert lines == []
    assert [p.problem for p in problems] == [problem]
    assert problems[0].remedy
