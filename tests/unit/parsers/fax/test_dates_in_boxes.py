"""Six boxes and the day they name."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.fax.dates import Window, date_of
from parsers.fax.digits import BoxReading
from parsers.fax.network import BLANK, MARK, STRUCK
from parsers.findings import Decision, Problem

OPEN = Window()
BOX_BLANK = BoxReading(True, None, 1.0, BLANK, BLANK)


def box(symbol: str, sure: float = 0.9999) -> BoxReading:
    if symbol == "_":
        return BOX_BLANK
    if symbol == "?":
        return BoxReading(False, None, 0.0, 4, 9, (4, 9), Problem.LOW_CONFIDENCE)
    if symbol == "=":
        return BoxReading(False, None, 0.0, STRUCK, 1, (1,), Problem.STRUCK_OUT)
    if symbol == '"':
        return BoxReading(False, None, 0.0, MARK, 1, (), Problem.DITTO_UNRESOLVED)
    return BoxReading(False, int(symbol), sure, int(symbol), int(symbol), (int(symbol),))


def boxes(symbols: str, sure: float = 0.9999) -> list[BoxReading]:
    return [box(s, sure) for s in symbols]


@given(st.dates(dt.date(2019, 5, 1), dt.date(2067, 12, 31)))
def test_every_day_of_the_era_written_in_full_is_read(day: dt.date) -> None:
    found = date_of(boxes(f"{day.year - 2018:02d}{day.month:02d}{day.day:02d}"), OPEN, 0.99)
    assert (found.value, found.decision) == (day, Decision.ACCEPT)


@pytest.mark.parametrize("symbols", ["080401", "_8_4_1", "8_4_1_"])
def test_leading_zeros_may_be_missing_and_single_digits_stand_in_either_box(symbols: str) -> None:
    assert date_of(boxes(symbols), OPEN, 0.99).value == dt.date(2026, 4, 1)


@pytest.mark.parametrize("symbols", ["_80401", "8_04_1", "0804_1", "08041_", "_8_401", "_81211", "1012_1"])
def test_a_change_of_manner_within_a_date_may_be_a_lost_digit(symbols: str) -> None:
    found = date_of(boxes(symbols), OPEN, 0.99)
    assert (found.decision, found.value, found.problems) == (Decision.REVIEW, None, (Problem.NOT_A_DATE,))


MONTH = Window(dt.date(2026, 11, 1), dt.date(2026, 12, 1))


@pytest.mark.parametrize("symbols", ["_81112", "8_1112"])
def test_one_number_alone_will_do_where_a_lost_digit_makes_no_day_in_the_window(symbols: str) -> None:
    found = date_of(boxes(symbols), MONTH, 0.99)
    assert (found.decision, found.value) == (Decision.ACCEPT, dt.date(2026, 11, 12))


def test_a_year_alone_in_the_left_box_has_lost_no_digit() -> None:
    assert date_of(boxes("8_1211"), OPEN, 0.99).value == dt.date(2026, 12, 11)  # there is no year 80


@pytest.mark.parametrize(("year", "symbols"), [(2028, "1011_2"), (2029, "1111_1"), (2029, "11112_"), (2029, "_11112")])
def test_one_number_alone_asks_where_a_lost_or_shifted_digit_makes_another_day(year: int, symbols: str) -> None:
    window = Window(dt.date(year, 11, 1), dt.date(year, 12, 1))
    found = date_of(boxes(symbols), window, 0.99)
    assert (found.decision, found.value, found.problems) == (Decision.REVIEW, None, (Problem.NOT_A_DATE,))


def test_a_date_shifted_to_the_left_is_not_taken_for_one_with_a_number_alone() -> None:
    window = Window(dt.date(2029, 9, 25), dt.date(2029, 11, 5))
    shifted = date_of(boxes("11101_"), window, 0.99)  # 令和11年11月01日 without its first digit; 10月1日 as it stands
    assert (shifted.decision, shifted.problems) == (Decision.REVIEW, (Problem.NOT_A_DATE,))


@pytest.mark.parametrize(
    "day", [dt.date(2026, 4, 10), dt.date(2027, 12, 31), dt.date(2024, 10, 3), dt.date(2029, 10, 11)]
)
@pytest.mark.parametrize("shift", [-1, 1])
def test_digits_shifted_by_one_box_are_never_a_date(day: dt.date, shift: int) -> None:
    symbols = f"{day.year - 2018:02d}{day.month:02d}{day.day:02d}"
    moved = "_" + symbols[:5] if shift == 1 else symbols[1:] + "_"
    assert date_of(boxes(moved), OPEN, 0.99).decision is Decision.REVIEW


def test_six_empty_boxes_are_no_date() -> None:
    assert date_of(boxes("______"), OPEN, 0.99).decision is Decision.EMPTY


@pytest.mark.parametrize("symbols", ["08____", "__0401", "0804__"])
def test_a_date_with_a_part_missing_goes_to_a_person(symbols: str) -> None:
    found = date_of(boxes(symbols), OPEN, 0.99)
    assert (found.decision, found.value, found.problems) == (Decision.REVIEW, None, (Problem.NOT_A_DATE,))


@pytest.mark.parametrize("symbols", ["081301", "080231", "000401", "080400", "804100", "600401"])
def test_a_day_that_does_not_exist_goes_to_a_person(symbols: str) -> None:
    found = date_of(boxes(symbols), OPEN, 0.99)
    assert (found.decision, found.problems) == (Decision.REVIEW, (Problem.IMPOSSIBLE_DATE,))


def test_the_window_objects_and_never_chooses() -> None:
    window = Window(dt.date(2026, 4, 1), dt.date(2026, 4, 30))
    late = date_of(boxes("080501"), window, 0.99)
    assert (late.decision, late.value, late.problems) == (Decision.REVIEW, None, (Problem.AFTER_RECEIPT,))
    early = date_of(boxes("080331"), window, 0.99)
    assert early.problems == (Problem.BEFORE_DISPATCH,)
    only_one_fits = date_of(boxes("0?0401"), Window(dt.date(2022, 1, 1), dt.date(2022, 12, 31)), 0.99)
    assert only_one_fits.decision is Decision.REVIEW
    assert only_one_fits.candidates == (dt.date(2022, 4, 1),)


def test_where_the_readers_differ_both_days_are_offered() -> None:
    found = date_of(boxes("080?10"), OPEN, 0.99)
    assert found.text == "令和08年0？月10日"
    assert found.candidates == (dt.date(2026, 4, 10), dt.date(2026, 9, 10))


@pytest.mark.parametrize(("symbols", "problem"), [("080=01", Problem.STRUCK_OUT), ('"_"_"_', Problem.DITTO_UNRESOLVED)])
def test_what_is_no_digit_names_itself(symbols: str, problem: Problem) -> None:
    found = date_of(boxes(symbols), OPEN, 0.99)
    assert (found.decision, found.value, found.problems) == (Decision.REVIEW, None, (problem,))


def test_one_unsure_digit_spoils_the_date() -> None:
    unsure = boxes("08040")
    found = date_of([*unsure, box("1", 0.98)], OPEN, 0.99)
    assert (found.decision, found.value, found.problems) == (Decision.REVIEW, None, (Problem.LOW_CONFIDENCE,))
    assert found.candidates == (dt.date(2026, 4, 1),)


@given(st.lists(st.sampled_from('0123456789_?="'), min_size=6, max_size=6))
def test_nothing_but_six_legible_boxes_is_ever_accepted(symbols: list[str]) -> None:
    found = date_of([box(s) for s in symbols], OPEN, 0.99)
    if set(symbols) & set('?="'):
        assert found.decision is not Decision.ACCEPT
    assert (found.decision is Decision.ACCEPT) == (found.value is not None)


def test_a_doubted_date_has_no_value_and_offers_what_it_said() -> None:
    doubted = date_of(boxes("080401"), OPEN, 0.99).doubted(Problem.EXTRA_TEXT)
    assert (doubted.value, doubted.confidence, doubted.candidates) == (None, 0.0, (dt.date(2026, 4, 1),))
