"""HQ's register of results: every way to write 修了, and every fault named with its cell and remedy at once."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font

from parsers.choices import read_result
from parsers.forms import parse_results_key, results_key
from parsers.results import read_results

HEAD = ("No.", "都道府県", "所属センター", "氏名", "フリガナ", "修了の有無", "照合キー")


def _book(*lines: tuple[object, ...], head: tuple[str, ...] = HEAD) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["修了結果一覧"])
    page.append([])
    page.append(head)
    for line in lines:
        page.append(line)
    return book


def _bytes(book: openpyxl.Workbook) -> bytes:
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def _line(number: int, result: object, *, key: str | None = None, name: str = "試験　太郎") -> tuple[object, ...]:
    hidden = results_key("T-1", f"E{number}") if key is None else key
    return (number, "神奈川", "厚木", f"{name}{number}" if name else None, "シケン　タロウ", result, hidden)


@pytest.mark.parametrize("text", ["修了", " 修　了 ", "修了済", "有", "○", "◯", "合格"])
def test_words_for_finished(text: str) -> None:
    assert read_result(text) is True


@pytest.mark.parametrize("text", ["未修了", "未　了", "無", "×", "不合格", "なし"])
def test_words_for_not_finished(text: str) -> None:
    assert read_result(text) is False


@pytest.mark.parametrize("text", ["", "済?", "修了見込", "一部修了", "？", "修了（再受講）", "1"])
def test_anything_else_is_neither(text: str) -> None:
    assert read_result(text) is None


def test_lines_come_with_key_result_and_cells() -> None:
    lines, problems = read_results("r.xlsx", _bytes(_book(_line(1, "修了"), _line(2, "未修了"), _line(3, None))))
    assert problems == []
    assert [(x.training, x.enrollment, x.result, x.line) for x in lines] == [
        ("T-1", "E1", True, 4),
        ("T-1", "E2", False, 5),
        ("T-1", "E3", None, 6),
    ]
    assert dict(lines[0].cells)["result"] == "F4"


def test_all_that_is_wrong_is_told_at_once_with_cell_and_remedy() -> None:
    book = _book(
        _line(1, "済？"),
        _line(2, "辞退"),
        _line(3, "修了", key="results/T-1"),
        _line(4, "修了", name=""),
        _line(5, "修了"),
        _line(5, "未修了"),
        _line(7, "=F4"),
        _line(8, "修了"),
        _line(9, "修了"),
    )
    page = book.worksheets[0]
    page["F11"].font = Font(strike=True)
    page.row_dimensions[12].hidden = True
    lines, problems = read_results("r.xlsx", _bytes(book))
    assert {(p.problem, p.cell) for p in problems} == {
        ("unknown-result", "F4"),
        ("withdrawn-result", "F5"),
        ("bad-key", "G6"),
        ("empty-name", "D7"),
        ("doubled-row", "D9"),
        ("error-value", "F10"),
        ("struck-out", "D11"),
        ("hidden-row", "D12"),
    }
    assert all(p.remedy for p in problems)
    assert [x.result for x in lines] == [None, None, None, None, True, False, None, None, None]


def test_a_csv_without_keys_names_people_by_where_they_belong() -> None:
    text = "都道府県,センター名,氏名,フリガナ,修了の有無\r\n神奈川,厚木,試験　太郎,シケン　タロウ,修了\r\n"
    for encoding in ("utf-8-sig", "cp932"):
        lines, problems = read_results("r.csv", text.encode(encoding))
        assert problems == []
        (line,) = lines
        assert (line.enrollment, line.prefecture, line.centre, line.name, line.result) == (
            "", "神奈川", "厚木", "試験　太郎", True
        )  # fmt: skip


def test_the_same_person_twice_without_a_key_is_noticed() -> None:
    row = "神奈川,厚木,試験　太郎,シケン　タロウ,修了\r\n"
    text = "都道府県,センター名,氏名,フリガナ,修了の有無\r\n" + row + row
    _, problems = read_results("r.csv", text.encode())
    assert [(p.problem, p.cell) for p in problems] == [("doubled-row", "C3")]


def test_missing_columns_are_named() -> None:
    _, problems = read_results("r.csv", "氏名,フリガナ\r\n試験　太郎,シケン\r\n".encode())
    assert {(p.problem, p.detail) for p in problems} == {
        ("missing-column", "修了の有無"),
        ("missing-column", "都道府県"),
        ("missing-column", "所属センター"),
    }


@pytest.mark.parametrize(
    ("data", "problem"), [(b"PK\x03\x04broken", "unreadable-file"), (b"\x00\x01\xff\xfe\x80", "unreadable-file")]
)
def test_what_cannot_be_opened_is_one_problem(data: bytes, problem: str) -> None:
    lines, problems = read_results("r.xlsx", data)
    assert lines == []
    assert [p.problem for p in problems] == [problem]


def test_a_table_of_something_else_has_no_header_of_ours() -> None:
    _, problems = read_results("r.csv", "品名,数量\r\n鉛筆,3\r\n".encode())
    assert [p.problem for p in problems] == ["no-header"]


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8", exclude_characters="/")), st.text(min_size=1))
def test_a_key_names_its_training_and_enrollment_again(enrollment: str, training: str) -> None:
    key = results_key(training, enrollment)
    if key == key.strip():
        assert parse_results_key(key) == (training, enrollment)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    read_results("r.csv", data)
