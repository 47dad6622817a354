"""Names of centres and pension offices: the column decides, near misses ask, nothing is guessed."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.resources import data_path
from parsers.findings import Decision, Problem
from parsers.forms import STAYS
from parsers.places import PlaceKind, PlaceReading, parse_place, place_value, read_place


def _names(file: str) -> tuple[str, ...]:
    text = (data_path("config") / "masters" / file).read_text(encoding="utf-8-sig")
    return tuple(row[1] for row in csv.reader(text.splitlines()) if row and not row[0].startswith("#"))[1:]


CENTRES, OFFICES = _names("centres.csv"), _names("pension_offices.csv")


def _read(text: str) -> PlaceReading:
    return read_place(text, CENTRES, OFFICES)


@pytest.mark.parametrize("name", CENTRES)
def test_every_centre_is_known_by_every_form_of_its_name(name: str) -> None:
    forms = (
        "{}",
        "街角の年金相談センター{}",
        "街角センター{}",
        "（街）{}",
        "{}オフィス",
        "街角の年金相談センター　{}（オフィス）",
    )
    for form in forms:
        reading = _read(form.format(name))
        assert (reading.kind, reading.name, reading.decision) == (PlaceKind.CENTRE, name, Decision.ACCEPT)


@pytest.mark.parametrize("name", OFFICES)
def test_every_pension_office_is_known_when_it_says_so(name: str) -> None:
    reading = _read(f"{name}年金事務所")
    assert (reading.kind, reading.name, reading.value) == (PlaceKind.OFFICE, name, f"{name}年金事務所")


@pytest.mark.parametrize("name", sorted(set(CENTRES) & set(OFFICES)))
def test_a_bare_name_of_both_is_the_centre_the_column_asks_for_and_says_what_else_it_may_be(name: str) -> None:
    reading = _read(name)
    assert (reading.kind, reading.value) == (PlaceKind.CENTRE, name)
    assert reading.candidates == (f"{name}年金事務所",)


@pytest.mark.parametrize("name", sorted(set(OFFICES) - set(CENTRES)))
def test_a_bare_name_of_an_office_alone_is_a_question_that_offers_it(name: str) -> None:
    reading = _read(name)
    assert (reading.kind, reading.value, reading.decision) == (None, None, Decision.REVIEW)
    assert f"{name}年金事務所" in reading.candidates


@pytest.mark.parametrize("text", ["溝ノ口", "溝の口", "溝口", "溝のくち", "溝ﾉ口", "街角センター溝の口"])
def test_variants_of_a_name_are_one(text: str) -> None:
    assert _read(text).value == "溝ノ口"


def test_a_name_one_character_off_is_never_taken_for_another() -> None:
    for text, offered in (("太田", "太田年金事務所"), ("大田", "大田年金事務所"), ("川内", "川内年金事務所")):
        reading = _read(text)
        assert (reading.value, reading.problems) == (None, (Problem.UNKNOWN_PLACE,))
        assert offered in reading.candidates
    assert _read("太田年金事務所").value == "太田年金事務所"
    assert _read("府中年金事務所").value == "府中年金事務所"


def test_a_prefecture_before_a_bare_name_asks_which_of_the_two() -> None:
    reading = _read("大阪府福島")
    assert reading.problems == (Problem.AMBIGUOUS_PLACE,)
    assert reading.candidates == ("福島", "福島年金事務所")


@pytest.mark.parametrize("text", ["厚木・藤沢", "厚木又は藤沢", "厚木、藤沢センター"])
def test_two_places_are_a_question_with_both(text: str) -> None:
    reading = _read(text)
    assert (reading.value, reading.problems) == (None, (Problem.AMBIGUOUS_PLACE,))
    assert {"厚木", "藤沢"} <= set(reading.candidates)


@pytest.mark.parametrize(
    "text", ["現所属センターのまま", "現所属のまま", "現センター", "変更なし", "現在のセンターと同じ", "継続"]
)
def test_staying_needs_no_name(text: str) -> None:
    reading = _read(text)
    assert (reading.kind, reading.value) == (PlaceKind.STAYS, STAYS)
    assert read_place(text, (), ()).value == STAYS


@pytest.mark.parametrize("text", ["", "　", "なし", "－", "該当なし", "配属予定なし"])
def test_nothing_and_words_for_nothing_are_empty(text: str) -> None:
    assert _read(text).decision is Decision.EMPTY


def test_what_is_undecided_is_not_done_yet() -> None:
    assert _read("調整中").problems == (Problem.NOT_DONE_YET,)


def test_without_a_vocabulary_the_text_comes_back_for_a_person() -> None:
    reading = read_place("街角センター厚木", (), ())
    assert (reading.value, reading.problems) == (None, (Problem.PLACE_NOT_CHECKED,))
    assert reading.candidates == ("街角センター厚木",)


@given(st.sampled_from([*((PlaceKind.CENTRE, n) for n in CENTRES), *((PlaceKind.OFFICE, n) for n in OFFICES)]))
def test_a_value_names_its_kind_and_place_again(place: tuple[PlaceKind, str]) -> None:
    assert parse_place(place_value(*place)) == place


@given(st.text(max_size=80))
def test_a_value_is_always_a_place_we_know(text: str) -> None:
    reading = _read(text)
    if reading.value is not None:
        kind, name = parse_place(reading.value)
        assert kind is PlaceKind.STAYS or name in (CENTRES if kind is PlaceKind.CENTRE else OFFICES)
    assert reading.decision is Decision.REVIEW or not reading.problems
