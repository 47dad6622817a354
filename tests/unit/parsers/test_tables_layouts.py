"""Sheets as offices build them: title rows, merged headers, split dates, dittos, several tables, samples and totals."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from parsers.findings import Decision, Field, Finding, PageKind, Problem
from parsers.reading import ReadingContext
from parsers.tables.workbook import read_workbook
from tests.fakes.sheets import by_row, own_sheet, saved, sheet

DAY = dt.date(2026, 4, 1)
WINDOW = ReadingContext(received_on=dt.date(2026, 4, 10), not_before_on=dt.date(2026, 3, 1))
HEADER = ["No.", "所属センター", "氏　　名", "ﾌﾘｶﾞﾅ", "兼務登録\n年月日", "備考"]


def _findings(page: Worksheet, context: ReadingContext = WINDOW) -> tuple[Finding, ...]:
    return read_workbook(saved(page), part="", context=context).findings


def _table(*dates: Any, centres: tuple[str, ...] = ("厚木",)) -> Worksheet:
    names = [f"受講　{c}" for c in "一二三四五六七八"]
    rows = [[n, centres[(n - 1) % len(centres)], names[n - 1], "ｶﾅ", date] for n, date in enumerate(dates, start=1)]
    return sheet([["受講者名簿（ＩＤ兼務登録用）"], [], HEADER, *rows])


def test_a_foreign_table_is_read_and_called_foreign() -> None:
    reading = read_workbook(saved(_table(DAY, "R8.4.2")), part="", context=WINDOW)
    assert reading.pages[0].kind is PageKind.FOREIGN
    first = reading.findings[0]
    assert (first.roster, first.row, first.name, first.kana, first.centre) == (None, 1, "受講　一", "ｶﾅ", "厚木")
    assert (first.value, first.problems) == ("2026-04-01", ())


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("兼務登録日", Field.CONCURRENT_REGISTERED_ON),
        ("兼務登録済年月日", Field.CONCURRENT_REGISTERED_ON),
        ("ＩＤ兼務登録年月日", Field.CONCURRENT_REGISTERED_ON),
        ("登録年月日", Field.CONCURRENT_REGISTERED_ON),
        ("登録日", Field.CONCURRENT_REGISTERED_ON),
        ("兼務登録年月日（年金事務所記入欄）", Field.CONCURRENT_REGISTERED_ON),
        ("新規登録日", Field.ID_REGISTERED_ON),
        ("ＩＤ登録年月日", Field.ID_REGISTERED_ON),
        ("兼務登録削除年月日", Field.CONCURRENT_DELETED_ON),
        ("ＩＤの削除日", Field.ID_DELETED_ON),
    ],
)
def test_headers_are_known_by_many_names(header: str, field: Field) -> None:
    page = sheet([["No", "受講者名", header], [1, "受講　一", DAY]])
    assert [(f.field, f.value) for f in _findings(page)] == [(field, "2026-04-01")]


@pytest.mark.parametrize(
    "header", ["来所予定日", "ｅラーニング修了日", "指認証年月日", "生年月日", "兼務登録予定日", "確認印"]
)
def test_other_dates_are_never_taken_for_ours(header: str) -> None:
    assert _findings(sheet([["No", "氏名", header], [1, "受講　一", DAY]])) == ()


def test_a_bare_date_column_of_the_form_with_two_dates_is_a_question() -> None:
    page = sheet([["受講者名簿（ＩＤ登録用）"], ["No", "氏名", "登録年月日"], [1, "受講　一", DAY]])
    found = _findings(page)[0]
    assert (found.value, found.decision) == (None, Decision.REVIEW)
    assert Problem.AMBIGUOUS_COLUMNS in found.problems


def test_two_columns_that_claim_one_date_are_a_question() -> None:
    page = sheet(
        [["No", "氏名", "兼務登録日", "兼務登録年月日"], [1, "受講　一", None, DAY], [2, "受講　二", None, None]]
    )
    rows = by_row(_findings(page))
    assert (rows[1].decision, rows[1].candidates) == (Decision.REVIEW, ("2026-04-01",))
    assert rows[2].decision is Decision.EMPTY


def test_merged_headers_in_two_tiers_are_joined() -> None:
    page = sheet(
        [
            ["名簿"],
            ["No", "氏名", "登録年月日", None, "備考"],
            [None, None, "新規", "兼務"],
            [1, "受講　一", DAY, dt.date(2026, 4, 2)],
        ]
    )
    for block in ("A2:A3", "B2:B3", "C2:D2", "E2:E3"):
        page.merge_cells(block)
    assert {f.field: f.value for f in _findings(page)} == {
        Field.ID_REGISTERED_ON: "2026-04-01",
        Field.CONCURRENT_REGISTERED_ON: "2026-04-02",
    }


def test_a_label_above_the_header_row_groups_the_columns_under_it() -> None:
    page = sheet([[None, None, "登録年月日"], ["No", "氏名", "新規", "兼務"], [1, "受講　一", DAY, "R8.4.2"]])
    page.merge_cells("C1:D1")
    assert [f.value for f in _findings(page)] == ["2026-04-01", "2026-04-02"]


@pytest.mark.parametrize(
    ("units", "values", "expected"),
    [
        (["年", "月", "日"], ["令和8", 4, 1], "2026-04-01"),
        (["年", "月", "日"], ["R8", "4", "1"], "2026-04-01"),
        (["年", "月", "日"], [2026, 4, 1], "2026-04-01"),
        (["年(和暦)", "月", "日"], [8, 4, 1], "2026-04-01"),
        (["元号", "年", "月", "日"], ["令和", 8, 4, 1], "2026-04-01"),
        (["年", "月", "日"], [8, 4, 1], None),
        (["年", "月", "日"], [None, 4, 1], "2026-04-01"),
        (["年", "月", "日"], ["令和8", 4, None], None),
    ],
)
def test_a_date_split_over_columns_is_put_together(units: list[str], values: list[Any], expected: str | None) -> None:
    blank = [None] * (len(units) - 1)
    page = sheet(
        [["No", "氏名", "兼務登録年月日", *blank, "備考"], [None, None, *units], [1, "受講　一", *values, "メモ"]]
    )
    page.merge_cells(start_row=1, end_row=1, start_column=3, end_column=2 + len(units))
    found = _findings(page)
    assert [f.field for f in found] == [Field.CONCURRENT_REGISTERED_ON]
    assert found[0].value == expected
    assert found[0].decision is (Decision.ACCEPT if expected else Decision.REVIEW)


def test_units_may_stand_in_cells_of_their_own() -> None:
    page = sheet([["No", "氏名", "兼務登録年月日"], [1, "受講　一", "令和", 8, "年", 4, "月", 1, "日"]])
    page.merge_cells("C1:I1")
    page.append([2, "受講　二", "令和", None, "年", None, "月", None, "日"])
    rows = by_row(_findings(page))
    assert rows[1].value == "2026-04-01"
    assert (rows[2].decision, rows[2].problems) == (Decision.EMPTY, ())


def test_digits_one_to_a_cell_without_units_are_a_question() -> None:
    page = sheet([["No", "氏名", "兼務登録年月日"], [1, "受講　一", 2, 0, 2, 6, 0, 4, 0, 1]])
    page.merge_cells("C1:J1")
    assert _findings(page)[0].decision is Decision.REVIEW


def test_samples_totals_and_notes_are_no_people() -> None:
    page = sheet(
        [
            HEADER,
            ["記入例", "厚木", "年金　花子", "ﾈﾝｷﾝ", "R7.12.3"],
            [1, "厚木", "受講　一", "ｶﾅ", DAY],
            [2, "厚木", "計良　二郎", "ｶﾅ", DAY],
            ["合計", None, "2名"],
            ["※ 記入後は返送してください", None, None, None, "R8.4.9"],
            [None, None, None, None, "令和8年4月9日"],
            [3, None, None, None, None],
        ]
    )
    page.merge_cells("A6:C6")
    assert [f.name for f in _findings(page)] == ["受講　一", "計良　二郎"]


def test_a_sample_marked_in_the_name_is_skipped() -> None:
    page = sheet([HEADER, [1, "厚木", "（例）年金　花子", "ｶﾅ", DAY], [1, "厚木", "受講　一", "ｶﾅ", DAY]])
    assert [(f.name, f.problems) for f in _findings(page)] == [("受講　一", ())]


def test_dittos_take_the_row_above_and_say_so() -> None:
    rows = by_row(_findings(_table(DAY, "〃", "同上", None, "〃", "未", "〃")))
    assert [rows[n].value for n in (1, 2, 3)] == ["2026-04-01"] * 3
    assert rows[3].problems == (Problem.DITTO,)
    assert rows[3].confidence < 0.999
    assert (rows[5].decision, rows[5].problems) == (Decision.REVIEW, (Problem.DITTO_UNRESOLVED,))
    assert (rows[7].decision, rows[7].problems) == (Decision.EMPTY, (Problem.DITTO, Problem.NOT_DONE_YET))


def test_a_ditto_never_crosses_to_another_centre_or_the_header() -> None:
    rows = by_row(_findings(_table("〃", DAY, "〃", centres=("厚木", "横浜"))))
    assert [r.decision for r in rows.values()] == [Decision.REVIEW, Decision.ACCEPT, Decision.REVIEW]


def test_a_ditto_under_a_doubtful_date_is_doubtful_too() -> None:
    rows = by_row(_findings(_table("R8.4.1より", "〃")))
    assert (rows[2].decision, rows[2].candidates) == (Decision.REVIEW, ("2026-04-01",))


def test_a_ditto_in_rows_that_were_sorted_is_a_question() -> None:
    page = own_sheet(["R8.4.5", DAY, "〃"])
    body = [[c.value for c in row] for row in page.iter_rows(min_row=6, max_row=8)]
    for row, values in enumerate([body[1], body[0], body[2]], start=6):
        for col, value in enumerate(values, start=1):
            page.cell(row, col).value = value
    row = by_row(_findings(page))[3]
    assert (row.decision, row.candidates) == (Decision.REVIEW, ("2026-04-05",))


def test_same_below_asks_about_the_empty_rows_that_follow() -> None:
    rows = by_row(_findings(_table(DAY, "以下同じ", None, None, "R8.4.5", None)))
    assert rows[2].value == "2026-04-01"
    assert [(rows[n].decision, rows[n].candidates) for n in (3, 4)] == [(Decision.REVIEW, ("2026-04-01",))] * 2
    assert rows[6].decision is Decision.EMPTY


def test_same_as_the_left_is_a_question() -> None:
    assert by_row(_findings(_table(DAY, "同左")))[2].decision is Decision.REVIEW


def test_a_date_cell_merged_downwards_holds_for_its_rows() -> None:
    page = _table(DAY, None, None, None)
    page.merge_cells("E4:E6")
    rows = by_row(_findings(page))
    assert [rows[n].value for n in (1, 2, 3, 4)] == ["2026-04-01"] * 3 + [None]
    assert [rows[n].problems for n in (1, 2, 3)] == [(), (Problem.DITTO,), (Problem.DITTO,)]


def test_a_merged_date_never_crosses_to_another_centre() -> None:
    page = _table(DAY, None, centres=("厚木", "横浜"))
    page.merge_cells("E4:E5")
    assert by_row(_findings(page))[2].decision is Decision.REVIEW


def test_a_merged_centre_holds_for_its_rows() -> None:
    page = _table(DAY, DAY, DAY)
    page["B5"] = page["B6"] = None
    page.merge_cells("B4:B6")
    assert {f.centre for f in _findings(page)} == {"厚木"}


def test_rows_of_two_lines_are_one_person() -> None:
    page = sheet(
        [
            ["No", "氏名", "兼務登録年月日"],
            [1, "ジュコウ イチ", DAY],
            [None, "受講　一"],
            [2, "ジュコウ ニ", None],
            [None, "受講　二", "R8.4.2"],
            [3, "ジュコウ サン", "R8.4.3"],
            [None, "受講　三", "R8.4.4"],
        ]
    )
    for block in ("A2:A3", "C2:C3", "A4:A5", "A6:A7"):
        page.merge_cells(block)
    rows = by_row(_findings(page))
    assert [(r.name, r.kana) for r in rows.values()][:2] == [("受講　一", "ジュコウ イチ"), ("受講　二", "ジュコウ ニ")]
    assert (rows[1].value, rows[2].value) == ("2026-04-01", "2026-04-02")
    assert Problem.TWO_DATES in rows[3].problems


def test_name_and_kana_may_share_a_cell() -> None:
    page = sheet([["No", "フリガナ\n氏名", "兼務登録日"], [1, "ジュコウ イチ\n受講　一", DAY]])
    assert [(f.name, f.kana) for f in _findings(page)] == [("受講　一", "ジュコウ イチ")]


def test_tables_below_and_beside_each_other_are_all_read() -> None:
    head = ["No", "氏名", "兼務登録日"]
    page = sheet(
        [
            [*head, None, *head],
            [1, "受講　一", DAY, None, 3, "受講　三", "R8.4.3"],
            [2, "受講　二", "R8.4.2", None, 4, "受講　四", None],
            [],
            ["横浜センター"],
            head,
            [5, "受講　五", "〃"],
        ]
    )
    rows = by_row(_findings(page))
    assert [rows[n].value for n in (1, 2, 3, 4, 5)] == ["2026-04-01", "2026-04-02", "2026-04-03", None, None]
    assert rows[5].decision is Decision.REVIEW


def test_blank_spacer_columns_do_no_harm() -> None:
    page = sheet([["No", None, "氏名", None, None, "兼務登録日"], [1, None, "受講　一", None, None, DAY]])
    assert _findings(page)[0].value == "2026-04-01"


def test_every_sheet_is_read_and_evidence_names_it() -> None:
    page = sheet([["No", "氏名", "兼務登録日"], [1, "受講　一", DAY]], title="厚木")
    sheet([["No", "氏名", "兼務登録日"], [1, "受講　二", "R8.4.2"]], book=page.parent, title="横浜")
    sheet([["メモ"]], book=page.parent, title="Sheet3")
    sheet([], book=page.parent, title="Sheet4")
    reading = read_workbook(saved(page), part="", context=WINDOW)
    assert [f.evidence.sheet for f in reading.findings] == ["厚木", "横浜"]
    assert [p.kind for p in reading.pages] == [PageKind.FOREIGN, PageKind.FOREIGN, PageKind.TEXT, PageKind.BLANK]
    assert [p.page for p in reading.pages] == [1, 2, 3, 4]


def test_a_hidden_sheet_is_reported_and_not_read() -> None:
    page = sheet([["No", "氏名", "兼務登録日"], [1, "受講　一", DAY]], title="厚木")
    old = sheet([["No", "氏名", "兼務登録日"], [1, "受講　二", DAY]], book=page.parent, title="原本")
    old.sheet_state = "hidden"
    reading = read_workbook(saved(page), part="", context=WINDOW)
    assert [f.name for f in reading.findings] == ["受講　一"]
    assert [(n.code, n.detail) for n in reading.notes] == [(Problem.HIDDEN_CONTENT, "原本")]


def test_the_heading_names_the_centre_when_the_rows_do_not() -> None:
    page = sheet(
        [["街角の年金相談センター横浜"], ["No", "氏名", "兼務登録日"], [1, "受講　一", DAY]],
    )
    assert _findings(page)[0].centre == "街角の年金相談センター横浜"


def test_a_typed_sheet_in_which_one_cell_names_the_century_is_no_era_column() -> None:
    rows = by_row(_findings(_table("R8.4.1", "8.4.2", "2026/4/3")))
    assert [r.decision for r in rows.values()] == [Decision.ACCEPT, Decision.REVIEW, Decision.ACCEPT]


class TestSameDay:
    """全員同日."""

    def _page(self, *line: Any, dates: tuple[Any, ...] = (None, None, "R8.4.2", "未")) -> Worksheet:
        page = _table(*dates)
        for col, value in enumerate(line, start=1):
            page.cell(2, col).value = value
        return page

    @pytest.mark.parametrize(
        "line",
        [
            ("☑ 全員同日", "令和8年4月1日"),
            ("全員同日", "○", "R8.4.1"),
            ("✓", "全員同日", None, DAY),
            ("レ", "全員同日", "4/1"),
        ],
    )
    def test_a_ticked_line_with_a_date_fills_the_empty_rows(self, line: tuple[Any, ...]) -> None:
        rows = by_row(_findings(self._page(*line)))
        assert [rows[n].value for n in (1, 2, 3, 4)] == ["2026-04-01", "2026-04-01", "2026-04-02", None]
        assert rows[1].problems == (Problem.DITTO,)
        assert rows[1].evidence.cell != "E4"
        assert rows[4].problems == (Problem.NOT_DONE_YET,)

    def test_an_untouched_line_does_nothing(self) -> None:
        rows = by_row(_findings(self._page("☐ 全員同日", "令和　　年　　月　　日")))
        assert (rows[1].decision, rows[1].problems) == (Decision.EMPTY, ())

    def test_a_date_without_a_tick_is_a_question(self) -> None:
        rows = by_row(_findings(self._page("☐ 全員同日", "R8.4.1")))
        assert (rows[1].decision, rows[1].candidates) == (Decision.REVIEW, ("2026-04-01",))

    def test_a_tick_without_a_date_is_a_question(self) -> None:
        rows = by_row(_findings(self._page("☑ 全員同日")))
        assert (rows[1].decision, rows[1].problems) == (Decision.REVIEW, (Problem.DONE_WITHOUT_DATE,))

    def test_with_two_dates_to_fill_the_line_must_say_which(self) -> None:
        head = ["No", "氏名", "新規登録日", "兼務登録日"]
        vague = sheet([["☑ 全員同日", None, None, None, "R8.4.1"], head, [1, "受講　一"], [2, "受講　二", DAY, DAY]])
        empty, filled = ([f for f in _findings(vague) if f.row == n] for n in (1, 2))
        assert all(f.decision is Decision.REVIEW and Problem.AMBIGUOUS_COLUMNS in f.problems for f in empty)
        assert all(f.decision is Decision.ACCEPT for f in filled)
        named = sheet(
            [["☑ 全員同日", "兼務登録日", "R8.4.1"], head, [1, "受講　一", "R8.3.30"], [2, "受講　二", None, "R8.4.2"]]
        )
        rows = by_row(_findings(named))
        assert (rows[1].value, rows[2].value) == ("2026-04-01", "2026-04-02")
