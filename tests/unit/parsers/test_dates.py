"""Date cells (domain.md §3.1): right or in review, never wrong."""

from __future__ import annotations

import datetime as dt

import pytest

from parsers.dates import names_era, read_date
from parsers.dates.words import Word
from parsers.findings import Decision, Problem
from parsers.reading import ReadingContext

NOTHING = ReadingContext()
WINDOW = ReadingContext(received_on=dt.date(2026, 4, 10), not_before_on=dt.date(2026, 3, 1))
DAY = dt.date(2026, 4, 1)  # a Wednesday


@pytest.mark.parametrize(
    "text",
    [
        "令和8年4月1日",
        "令和８年４月１日",
        "令和　8年　4月　1日",
        "令8.4.1",
        "R8.4.1",
        "R08/04/01",
        "Ｒ８・４・１",
        "r8-4-1",
        "R.8.4.1",
        "R8.4.1.",
        "R8、4、1",
        "Ｒ８ー４ー１",
        "2026/4/1",
        "2026-04-01",
        "2026.4.1",
        "2026年4月1日(水)",
        "２０２６年４月１日（水）",
        "2026年4月1日 水曜日",
        "2026年4月1日㈬",
        "20260401",
        "R080401",
        "令和八年四月一日",
        "二〇二六年四月一日",
        "二○二六年四月一日",
        "令和08年04月01日",
        "46113",
        "2026-04-01T00:00:00",
        "2026-04-01 00:00:00",
        "2026-04-01T09:00:00+09:00",
        "2026/4/1 9:30",
        "令和８年\n４月１日",
        "令 和 ８ 年 ４ 月 １ 日",
        "令和8年4月1日付",
        "R8.4.1済",
        "R8.4.1㊞",
        "令和8年4月1日〇",
        "済（R8.4.1）",
        "令和8年4月1日登録済",
        "①令和8年4月1日",
        "(令和8年4月1日)",
        "2026年（令和8年）4月1日",
        "令和8(2026)年4月1日",
        "令和8年4/1",
        "㋿8年4月1日",
        "'R8.4.1",
        "令和⼋年四⽉⼀⽇",
        "令和 0 8 年 0 4 月 0 1 日",
        "2 0 2 6年0 4月0 1日",
        "2026年4月1日（水・祝）",
    ],
)
def test_a_date_written_in_full_is_read_without_knowing_anything_else(text: str) -> None:
    reading = read_date(text, context=NOTHING)
    assert (reading.value, reading.decision) == (DAY, Decision.ACCEPT)
    assert reading.confidence > 0.999
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和八年四月十一日", dt.date(2026, 4, 11)),
        ("令和八年三月二十一日", dt.date(2026, 3, 21)),
        ("令和十年十二月三十日", dt.date(2028, 12, 30)),
        ("令和八年一〇月二〇日", dt.date(2026, 10, 20)),
        ("令和元年5月1日", dt.date(2019, 5, 1)),
        ("R1.12.31", dt.date(2019, 12, 31)),
        ("令和6年2月29日", dt.date(2024, 2, 29)),
    ],
)
def test_kanji_numerals_and_the_first_year_count(text: str, day: dt.date) -> None:
    assert read_date(text, context=NOTHING).value == day


@pytest.mark.parametrize("text", ["4/1", "４/１", "４月１日（水）", "４ 月 １ 日", "四月一日", "4/1㊞", "①4月1日"])
def test_a_missing_year_is_chosen_by_the_window_alone(text: str) -> None:
    assert read_date(text, context=WINDOW).value == DAY
    blind = read_date(text, context=NOTHING)
    assert (blind.value, blind.decision, blind.problems) == (None, Decision.REVIEW, (Problem.AMBIGUOUS_DATE,))
    half = read_date(text, context=ReadingContext(received_on=dt.date(2026, 4, 10)))
    assert (half.decision, half.candidates[0]) == (Decision.REVIEW, DAY)


def test_a_missing_year_over_new_year_is_found_on_either_side() -> None:
    context = ReadingContext(received_on=dt.date(2027, 1, 15), not_before_on=dt.date(2026, 12, 1))
    assert read_date("12/25", context=context).value == dt.date(2026, 12, 25)
    assert read_date("1月8日", context=context).value == dt.date(2027, 1, 8)
    assert read_date("2/1", context=context).decision is Decision.REVIEW


def test_a_missing_year_is_a_question_when_two_years_fit() -> None:
    context = ReadingContext(received_on=dt.date(2026, 6, 1), not_before_on=dt.date(2025, 3, 1))
    reading = read_date("4/1", context=context)
    assert reading.decision is Decision.REVIEW
    assert reading.candidates == (dt.date(2025, 4, 1), dt.date(2026, 4, 1))


@pytest.mark.parametrize("text", ["8.4.1", "８．４．１", "08/04/01", "8年4月1日", "080401", "80401", "8年4/1"])
def test_a_bare_short_year_is_reiwa_only_in_an_era_column_and_inside_the_window(text: str) -> None:
    assert read_date(text, column_is_era=True, context=WINDOW).value == DAY
    for reading in (
        read_date(text, column_is_era=True, context=NOTHING),
        read_date(text, column_is_era=False, context=WINDOW),
        read_date(text, column_is_era=False, context=NOTHING),
    ):
        assert reading.decision is Decision.REVIEW
        assert DAY in reading.candidates


@pytest.mark.parametrize("text", ["26/4/1", "26.4.1", "260401"])
def test_a_two_digit_western_year_is_read_inside_the_window_of_a_western_column(text: str) -> None:
    assert read_date(text, context=WINDOW).value == DAY
    assert read_date(text, context=NOTHING).decision is Decision.REVIEW
    assert read_date(text, column_is_era=True, context=WINDOW).decision is Decision.REVIEW


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("平成31年4月30日", Problem.OTHER_ERA),
        ("H31.4.30", Problem.OTHER_ERA),
        ("平成35年4月1日", Problem.OTHER_ERA),
        ("昭和60年1月1日", Problem.OTHER_ERA),
        ("1995/4/1", Problem.OTHER_ERA),
        ("令和元年4月30日", Problem.IMPOSSIBLE_DATE),
        ("R1.4.1", Problem.IMPOSSIBLE_DATE),
        ("令和0年1月1日", Problem.IMPOSSIBLE_DATE),
        ("令和8年2月31日", Problem.IMPOSSIBLE_DATE),
        ("令和8年2月29日", Problem.IMPOSSIBLE_DATE),
        ("令和8年13月1日", Problem.IMPOSSIBLE_DATE),
        ("2026/4/31", Problem.IMPOSSIBLE_DATE),
        ("20260431", Problem.IMPOSSIBLE_DATE),
        ("2/31", Problem.IMPOSSIBLE_DATE),
        ("12026/4/1", Problem.IMPOSSIBLE_DATE),
        ("R88.4.1", Problem.IMPOSSIBLE_DATE),
        ("2026年4月1日(木)", Problem.WEEKDAY_DIFFERS),
        ("令和8年4月1日（火）", Problem.WEEKDAY_DIFFERS),
        ("2008/4/1", Problem.TWO_DIGIT_YEAR_TRAP),
        ("2008年4月1日", Problem.TWO_DIGIT_YEAR_TRAP),
        ("R8.4.1 R8.4.2", Problem.TWO_DATES),
        ("令和8年4月1日\n令和8年4月2日", Problem.TWO_DATES),
        ("2026/4/1～2026/4/5", Problem.TWO_DATES),
        ("令和8年4月1日より", Problem.EXTRA_TEXT),
        ("令和8年4月1日 窓口", Problem.EXTRA_TEXT),
        ("No.3 2026/4/1", Problem.EXTRA_TEXT),
        ("令和8(2025)年4月1日", Problem.AMBIGUOUS_DATE),
        ("R8.4/1", Problem.AMBIGUOUS_DATE),
        ("令和8年4月1 0日", Problem.AMBIGUOUS_DATE),
        ("令和 8 年 4 月 1 2 日", Problem.AMBIGUOUS_DATE),
        ("令和8年0 4月1 2日", Problem.AMBIGUOUS_DATE),
        ("R10401", Problem.AMBIGUOUS_DATE),
        ("50401", Problem.AMBIGUOUS_DATE),
        ("2026-03-31T15:00:00Z", Problem.AMBIGUOUS_DATE),
        ("4月①日", Problem.NOT_A_DATE),
        ("令和8年4月　日", Problem.NOT_A_DATE),
        ("令和8年4月", Problem.NOT_A_DATE),
        ("三宅", Problem.NOT_A_DATE),
        ("済", Problem.DONE_WITHOUT_DATE),
        ("登録済み", Problem.DONE_WITHOUT_DATE),
        ("○", Problem.DONE_WITHOUT_DATE),
        ("レ", Problem.DONE_WITHOUT_DATE),
        ("〇", Problem.DONE_WITHOUT_DATE),
        ("✓", Problem.DONE_WITHOUT_DATE),
        ("手続済", Problem.DONE_WITHOUT_DATE),
        ("対象外", Problem.EXCLUSION_PROPOSED),
        ("受講辞退", Problem.EXCLUSION_PROPOSED),
        ("R8.4.1取消", Problem.EXCLUSION_PROPOSED),
        ("既登録", Problem.ALREADY_REGISTERED),
        ("前回登録済", Problem.ALREADY_REGISTERED),
        ("R7.4.1既登録", Problem.ALREADY_REGISTERED),
        ("4/1申請済", Problem.NOT_DONE_YET),
        ("手続中(4/10)", Problem.NOT_DONE_YET),
        ("予定どおり令和8年4月1日登録", Problem.PLANNED_ONLY),
        ("〃", Problem.DITTO_UNRESOLVED),
        ("R8.4.1 以下同じ", Problem.EXTRA_TEXT),
    ],
)
def test_doubt_goes_to_review_under_its_own_name(text: str, problem: Problem) -> None:
    for era in (False, True):
        reading = read_date(text, column_is_era=era, context=WINDOW)
        assert (reading.value, reading.decision) == (None, Decision.REVIEW)
        assert problem in reading.problems
        assert reading.confidence == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("未", Problem.NOT_DONE_YET),
        ("未済", Problem.NOT_DONE_YET),
        ("未登録", Problem.NOT_DONE_YET),
        ("手続中", Problem.NOT_DONE_YET),
        ("手 続 き 中", Problem.NOT_DONE_YET),
        ("申請中", Problem.NOT_DONE_YET),
        ("予定", Problem.PLANNED_ONLY),
        ("4/10予定", Problem.PLANNED_ONLY),
        ("令和8年4月10日予定", Problem.PLANNED_ONLY),
        ("R8.4.10（予定）", Problem.PLANNED_ONLY),
        ("4月上旬", Problem.PLANNED_ONLY),
        ("来週", Problem.PLANNED_ONLY),
        ("4月末頃", Problem.PLANNED_ONLY),
    ],
)
def test_not_yet_is_empty_and_says_so(text: str, problem: Problem) -> None:
    reading = read_date(text, context=WINDOW)
    assert (reading.value, reading.decision, reading.problems) == (None, Decision.EMPTY, (problem,))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "　",
        "\n",
        "－",
        "―",
        "‐",
        "ー",
        "不明",
        "空欄",
        "令和　　年　　月　　日",
        "年　月　日",
        "令和8年　　月　　日",
        "/  /",
        None,
    ],
)
def test_nothing_written_is_empty(text: str | None) -> None:
    reading = read_date(text, context=WINDOW)
    assert (reading.value, reading.decision, reading.problems) == (None, Decision.EMPTY, ())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("〃", Word.DITTO),
        ("同上", Word.DITTO),
        ("″", Word.DITTO),
        ("”", Word.DITTO),
        ('"', Word.DITTO),
        ("々", Word.DITTO),
        ("仝", Word.DITTO),
        ("↓", Word.DITTO),
        ("｜", Word.DITTO),
        ("以下同じ", Word.DITTO_BELOW),
        ("同左", Word.DITTO_ELSEWHERE),
    ],
)
def test_dittos_are_recognised_and_left_to_the_table(text: str, word: Word) -> None:
    assert read_date(text, context=NOTHING).ditto is word


def test_the_trap_of_2008_offers_what_was_meant() -> None:
    reading = read_date(dt.date(2008, 4, 1), context=NOTHING)
    assert reading.problems == (Problem.TWO_DIGIT_YEAR_TRAP,)
    assert reading.candidates == (DAY, dt.date(2008, 4, 1))


def test_the_trap_offers_no_day_after_receipt() -> None:
    reading = read_date(dt.date(2009, 4, 1), context=WINDOW)
    assert reading.candidates == (dt.date(2009, 4, 1),)


@pytest.mark.parametrize("value", [DAY, dt.datetime(2026, 4, 1, 9, 30), 46113, 46113.0, 46113.4, 20260401, 20260401.0])
def test_typed_values_are_read(value: object) -> None:
    assert read_date(value, context=NOTHING).value == DAY  # type: ignore[arg-type]


def test_a_serial_number_of_an_old_mac_counts_from_1904() -> None:
    assert read_date(46113 - 1462, date1904=True, context=NOTHING).value == DAY


def test_a_number_that_may_be_a_serial_or_a_date_needs_the_window() -> None:
    context = ReadingContext(received_on=dt.date(2023, 4, 30), not_before_on=dt.date(2023, 3, 1))
    assert read_date(50401, context=context).value == dt.date(2023, 4, 1)
    assert read_date(50401, context=NOTHING).decision is Decision.REVIEW


@pytest.mark.parametrize("value", [0, 8, 39999, 60001, 4.1, 8.4, -1, 1e300, float("nan"), True])
def test_other_numbers_are_no_dates(value: object) -> None:
    reading = read_date(value, context=WINDOW)  # type: ignore[arg-type]
    assert (reading.value, reading.decision) == (None, Decision.REVIEW)


def test_an_unticked_box_is_empty() -> None:
    assert read_date(False, context=NOTHING).decision is Decision.EMPTY


@pytest.mark.parametrize("code", ['m"月"d"日"', "m/d", "d-mmm"])
def test_a_year_nobody_saw_must_lie_in_the_window(code: str) -> None:
    assert read_date(DAY, number_format=code, context=WINDOW).value == DAY
    wrong = read_date(dt.date(2027, 4, 1), number_format=code, context=WINDOW)
    assert wrong.decision is Decision.REVIEW
    assert wrong.candidates == (DAY, dt.date(2027, 4, 1))


def test_a_day_nobody_saw_is_a_question() -> None:
    reading = read_date(DAY, number_format='yyyy"年"m"月"', context=WINDOW)
    assert (reading.decision, reading.candidates) == (Decision.REVIEW, (DAY,))


def test_two_notations_of_one_day_are_one_date() -> None:
    assert read_date("2026/4/1 (R8.4.1)", context=NOTHING).value == DAY


def test_prose_is_no_date() -> None:
    assert read_date("令和8年4月1日" + "あ" * 500, context=NOTHING).problems == (Problem.NOT_A_DATE,)


def test_eras_are_noticed() -> None:
    assert names_era("令和8年4月1日")
    assert names_era("R8.4.1")
    assert not names_era("2026/4/1")
    assert not names_era("8.4.1")
