"""Our own workbook comes back edited by hand: sorted, filtered, cut, re-typed — rows are known by their keys."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Font

from parsers.codes import make_code
from parsers.findings import Decision, Field, PageKind, Problem
from parsers.forms import row_key
from parsers.reading import ReadingContext
from parsers.tables.grid import GridReading
from parsers.tables.workbook import read_workbook
from tests.fakes.sheets import CODE, ERA, OWN_HEADER, by_row, own_sheet, saved

DAY = dt.date(2026, 4, 1)
WINDOW = ReadingContext(received_on=dt.date(2026, 4, 10), not_before_on=dt.date(2026, 3, 1))
D = Field.CONCURRENT_REGISTERED_ON


def _read(page: object, context: ReadingContext = WINDOW) -> GridReading:
    return read_workbook(saved(page), part="2/r.xlsx", context=context)  # type: ignore[arg-type]


def test_typed_dates_are_accepted_with_their_evidence() -> None:
    reading = _read(own_sheet([DAY, "R8.4.2", "8.4.3"]))
    page = reading.pages[0]
    assert (page.kind, page.roster, page.form, page.problems) == (PageKind.FORM, CODE, "pre-existing-id/1", ())
    rows = by_row(reading.findings)
    assert [rows[n].value for n in (1, 2, 3)] == ["2026-04-01", "2026-04-02", "2026-04-03"]
    first = rows[1]
    assert (first.roster, first.enrollment, first.text) == (CODE, "E0001", "令和8年4月1日")
    assert (first.evidence.part, first.evidence.sheet, first.evidence.cell) == ("2/r.xlsx", "名簿", "D6")
    assert first.name == "髙橋　一郎"
    assert first.kana == "カナ"
    assert first.centre == "街角の年金相談センター厚木（オフィス）"
    assert first.confidence >= 0.9999
    assert reading.notes == ()


def test_every_row_has_a_finding_even_when_empty() -> None:
    reading = _read(own_sheet([None, DAY, None]))
    rows = by_row(reading.findings)
    assert [rows[n].decision for n in (1, 2, 3)] == [Decision.EMPTY, Decision.ACCEPT, Decision.EMPTY]
    assert rows[3].evidence.cell == "D8"
    assert rows[1].confidence == 0


def test_both_dates_of_the_beginners_form_are_read() -> None:
    header = ("No.", "氏名", "フリガナ", "新規登録年月日", "兼務登録年月日", "対象外", "備考", "照合キー")
    reading = _read(own_sheet([(DAY, dt.date(2026, 4, 2)), (DAY, None)], header=header, fields=2))
    assert reading.pages[0].form == "pre-new-id/1"
    assert by_row(reading.findings, Field.ID_REGISTERED_ON)[2].value == "2026-04-01"
    assert by_row(reading.findings)[1].value == "2026-04-02"
    assert by_row(reading.findings)[2].decision is Decision.EMPTY


def test_sorted_rows_are_found_by_their_keys() -> None:
    page = own_sheet([DAY, dt.date(2026, 4, 2), None])
    body = [[c.value for c in row] for row in page.iter_rows(min_row=6, max_row=8)]
    for row, values in enumerate(reversed(body), start=6):
        for col, value in enumerate(values, start=1):
            page.cell(row, col).value = value
    rows = by_row(_read(page).findings)
    assert (rows[1].value, rows[1].evidence.cell) == ("2026-04-01", "D8")
    assert (rows[2].value, rows[2].enrollment) == ("2026-04-02", "E0002")
    assert rows[3].decision is Decision.EMPTY


def test_inserted_and_deleted_rows_do_not_move_the_others() -> None:
    page = own_sheet([DAY, dt.date(2026, 4, 2), dt.date(2026, 4, 3)])
    page.delete_rows(6)
    page.insert_rows(6)
    page["B6"] = "追加　花子"
    page["D6"] = "R8.4.5"
    reading = _read(page)
    rows = by_row(reading.findings)
    assert (rows[2].value, rows[3].value) == ("2026-04-02", "2026-04-03")
    added = rows[None]
    assert (added.name, added.enrollment, added.decision) == ("追加　花子", None, Decision.REVIEW)
    assert Problem.ROW_UNMATCHED in added.problems
    assert added.candidates == ("2026-04-05",)


def test_a_row_without_key_is_known_by_its_number() -> None:
    page = own_sheet([DAY, DAY])
    page["G7"] = None
    row = by_row(_read(page).findings)[2]
    assert (row.roster, row.row, row.enrollment, row.decision) == (CODE, 2, None, Decision.ACCEPT)


def test_a_key_that_disagrees_with_the_visible_number_is_a_question() -> None:
    page = own_sheet([DAY, DAY])
    page["A6"], page["A7"] = 2, 1  # only one column was sorted
    for row in by_row(_read(page).findings).values():
        assert row.decision is Decision.REVIEW
        assert Problem.KEY_DIFFERS in row.problems
        assert row.candidates == ("2026-04-01",)


def test_a_row_pasted_twice_is_a_question() -> None:
    page = own_sheet([DAY, dt.date(2026, 4, 2)])
    for col in range(1, 8):
        page.cell(8, col).value = page.cell(7, col).value
    twice = [f for f in _read(page).findings if f.row == 2]
    assert [f.decision for f in twice] == [Decision.REVIEW, Decision.REVIEW]
    assert all(Problem.ROW_DUPLICATED in f.problems for f in twice)


def test_an_added_row_that_takes_a_number_in_use_is_a_question() -> None:
    page = own_sheet([DAY, DAY])
    page["A8"], page["B8"], page["D8"] = 2, "追加　花子", "R8.4.5"
    findings = [f for f in _read(page).findings if f.row == 2]
    assert [f.decision for f in findings] == [Decision.ACCEPT, Decision.REVIEW]


def test_rows_of_another_roster_keep_their_own_code() -> None:
    other = make_code(b"a key of the tests, not of anybody", "another")
    page = own_sheet([DAY, DAY])
    page["G7"] = row_key(other, 5, "E0099")
    page["A7"] = 5
    reading = _read(page)
    assert Problem.SEVERAL_ROSTER_CODES in reading.pages[0].problems
    row = next(f for f in reading.findings if f.row == 5)
    assert (row.roster, row.enrollment, row.value) == (other, "E0099", "2026-04-01")


def test_the_roster_is_known_by_the_property_when_the_visible_code_is_gone() -> None:
    page = own_sheet([DAY])
    page["B2"] = None
    page["G6"] = None
    finding = _read(page).findings[0]
    assert (finding.roster, finding.row, finding.enrollment) == (CODE, 1, None)


def test_a_damaged_code_is_told() -> None:
    page = own_sheet([DAY])
    page["B2"] = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
    assert Problem.BAD_ROSTER_CODE in _read(page).pages[0].problems


def test_a_struck_date_is_a_question() -> None:
    page = own_sheet([DAY, DAY])
    page["D6"].font = Font(strike=True)
    page["B7"].font = Font(strike=True)
    findings = _read(page).findings
    rows = by_row(findings)
    assert rows[1].problems == (Problem.STRUCK_OUT,)
    assert rows[1].candidates == ("2026-04-01",)
    assert Problem.STRUCK_OUT in rows[2].problems
    out = by_row(findings, Field.NOT_APPLICABLE)[2]
    assert (out.value, out.decision) == (None, Decision.REVIEW)


def test_a_partly_struck_cell_is_a_question() -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    page = own_sheet([None])
    page["D6"] = CellRichText(TextBlock(InlineFont(strike=True), "R8.4.1"), " R8.4.3")
    row = by_row(_read(page).findings)[1]
    assert row.decision is Decision.REVIEW
    assert {Problem.STRUCK_OUT, Problem.TWO_DATES} <= set(row.problems)


def test_a_formula_is_never_evidence() -> None:
    page = own_sheet([None, DAY])
    page["D6"] = "=TODAY()"
    row = by_row(_read(page).findings)[1]
    assert (row.decision, row.problems) == (Decision.REVIEW, (Problem.FORMULA_VALUE,))


def test_a_comment_on_a_date_is_a_question() -> None:
    page = own_sheet([DAY, None])
    page["D6"].comment = Comment("4/3に訂正", "x")
    page["D7"].comment = Comment("手続き中です", "x")
    rows = by_row(_read(page).findings)
    assert [r.decision for r in rows.values()] == [Decision.REVIEW, Decision.REVIEW]
    assert all(Problem.CELL_COMMENT in r.problems for r in rows.values())


def test_hidden_rows_and_columns_are_reported_and_not_taken() -> None:
    page = own_sheet([DAY, DAY, None])
    page.row_dimensions[6].hidden = True
    reading = _read(page)
    rows = by_row(reading.findings)
    assert (rows[1].decision, rows[1].candidates) == (Decision.REVIEW, ("2026-04-01",))
    assert rows[2].decision is Decision.ACCEPT
    assert any(n.code is Problem.HIDDEN_CONTENT for n in reading.notes)
    page.row_dimensions[6].hidden = False
    page.column_dimensions["D"].hidden = True
    assert all(f.value is None for f in _read(page).findings)


def test_the_hidden_key_column_itself_is_no_hidden_content() -> None:
    page = own_sheet([DAY])
    page.column_dimensions["G"].hidden = True
    assert by_row(_read(page).findings)[1].decision is Decision.ACCEPT


def test_a_tick_under_not_applicable_is_a_finding_of_its_own() -> None:
    page = own_sheet([None, None, DAY, None, None])
    page["E6"], page["E7"], page["E8"], page["E9"], page["E10"] = "〇", "☐", "レ", "未定", "×"
    out = by_row(_read(page).findings, Field.NOT_APPLICABLE)
    assert {n: (f.value, f.decision) for n, f in out.items()} == {
        1: ("true", Decision.ACCEPT),
        3: ("true", Decision.ACCEPT),
        4: (None, Decision.REVIEW),
        5: (None, Decision.REVIEW),
    }


def test_a_remark_of_withdrawal_proposes_exclusion() -> None:
    page = own_sheet([None])
    page["F6"] = "4/5受講辞退"
    out = by_row(_read(page).findings, Field.NOT_APPLICABLE)[1]
    assert (out.value, out.decision, out.problems) == (None, Decision.REVIEW, (Problem.EXCLUSION_PROPOSED,))
    assert out.evidence.cell == "F6"


def test_a_registration_told_in_the_remarks_is_a_question() -> None:
    page = own_sheet([None, None, DAY])
    page["F6"], page["F7"], page["F8"] = "4/1登録済", "再受講（3/10面談）", "4/2登録済"
    rows = by_row(_read(page).findings)
    assert (rows[1].decision, rows[1].candidates, rows[1].evidence.cell) == (Decision.REVIEW, ("2026-04-01",), "F6")
    assert (rows[2].decision, rows[2].problems) == (Decision.EMPTY, ())
    assert rows[3].value == "2026-04-01"


def test_status_words_have_their_outcomes() -> None:
    rows = by_row(_read(own_sheet(["済", "手続中", "4/10予定", "既登録", "辞退", "－"])).findings)
    assert [(r.decision, r.problems) for r in rows.values()] == [
        (Decision.REVIEW, (Problem.DONE_WITHOUT_DATE,)),
        (Decision.EMPTY, (Problem.NOT_DONE_YET,)),
        (Decision.EMPTY, (Problem.PLANNED_ONLY,)),
        (Decision.REVIEW, (Problem.ALREADY_REGISTERED,)),
        (Decision.REVIEW, (Problem.EXCLUSION_PROPOSED,)),
        (Decision.EMPTY, ()),
    ]


def test_re_saving_keeps_everything() -> None:
    data = saved(own_sheet([DAY, "R8.4.2", None]))
    book = openpyxl.load_workbook(io.BytesIO(data))
    file = io.BytesIO()
    book.save(file)
    before = read_workbook(data, part="", context=WINDOW)
    assert read_workbook(file.getvalue(), part="", context=WINDOW) == before


def test_a_lost_date_column_leaves_a_note() -> None:
    page = own_sheet([DAY])
    page["D5"] = "連絡先"
    reading = _read(page)
    assert reading.findings == ()
    assert Problem.NO_ROSTER_FOUND in [n.code for n in reading.notes]


def test_the_header_of_the_form_is_what_the_reader_expects() -> None:
    assert "照合キー" in OWN_HEADER
    assert "ggge" in ERA
    assert D.is_date


def test_a_leftover_copy_that_says_otherwise_is_a_question_on_both_sheets() -> None:
    page = own_sheet([DAY, DAY])
    assert page.parent is not None
    copy = page.parent.copy_worksheet(page)
    copy["D6"] = "R8.4.9"
    findings = _read(page).findings
    assert [f.decision for f in findings if f.row == 1] == [Decision.REVIEW, Decision.REVIEW]
    assert [f.value for f in findings if f.row == 2] == ["2026-04-01", "2026-04-01"]


def test_a_sheet_and_a_file_that_name_two_rosters_leave_rows_without_key_unmatched() -> None:
    page = own_sheet([DAY, DAY])
    page["B2"] = make_code(b"a key of the tests, not of anybody", "another")
    page["G6"] = page["G7"] = None
    reading = _read(page)
    assert Problem.SEVERAL_ROSTER_CODES in reading.pages[0].problems
    assert all(f.roster is None and f.decision is Decision.REVIEW for f in reading.findings)
