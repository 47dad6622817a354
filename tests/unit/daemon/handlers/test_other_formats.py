"""A roster that comes back in another format than it went out: the register learns the same from it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from daemon.domain.model import SourceKind, State, Status
from parsers.findings import Field, Problem
from tests.fakes.house import Answer, House, attachment, filled
from tests.fakes.outlook import BODY, SENDER_SMTP, SUBJECT, attached, compound, item
from tests.fakes.tables import as_csv, as_docx, as_ods, ods_table, saved_xls, word_table, xls_book
from tests.unit.parsers.test_unpacking import locked, packed

CHIBA = "wm-chiba@example.jp"
PEOPLE = (("千葉/船橋", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "渡邉　恵", "ワタナベ　メグミ"))
DONE = dt.datetime(2026, 3, 10)
FIELD = Field.CONCURRENT_REGISTERED_ON


@pytest.fixture
def house() -> House:
    house = House()
    house.dispatch(house.training(PEOPLE))
    house.at("2026-03-16 10:00")
    return house


def _rows(book: bytes, *, typed: bool = False) -> list[list[Any]]:
    """The cells of the workbook; dates as a Japanese Excel shows them, or as dates."""
    page = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    return [[_cell(c.value, typed=typed) for c in row] for row in page.iter_rows()]


def _cell(value: Any, *, typed: bool) -> Any:
    if not isinstance(value, dt.datetime):
        return value
    return value.date() if typed else f"令和{value.year - 2018}年{value.month}月{value.day}日"


def _docx(book: bytes) -> bytes:
    """Copied into Word, the hidden column of keys stays behind."""
    return as_docx(word_table([row[:-1] for row in _rows(book)]))


def _msg(book: bytes) -> bytes:
    return compound(item({SUBJECT: "名簿", SENDER_SMTP: "centre@example.jp", BODY: ""}, [attached("名簿.xlsx", book)]))


FORMATS: dict[str, Callable[[bytes], bytes]] = {
    "名簿.xls": lambda book: saved_xls(xls_book(_rows(book, typed=True), "yyyy/m/d")[0]),
    "名簿.ods": lambda book: as_ods(ods_table(_rows(book, typed=True))),
    "名簿.csv": lambda book: as_csv(_rows(book), "cp932"),
    "名簿.txt": lambda book: as_csv(_rows(book), "utf-16", "\t"),
    "名簿.docx": _docx,
    "名簿.zip": lambda book: packed(("返送/名簿.xlsx", book), encoding="cp932"),
    "転送.msg": _msg,
}


def _answer(house: House, name: str, value: object = DONE) -> None:
    mail = house.sent_to(CHIBA)[0]
    _, book = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, FORMATS[name](filled(book, lambda *_: value)))]).raw())


@pytest.mark.parametrize("name", FORMATS)
def test_a_filled_roster_is_registered_whatever_it_was_saved_as(house: House, name: str) -> None:
    _answer(house, name)
    rows = _all_rows(house)
    assert [(r.state, r.values[FIELD].value) for r in rows] == [(State.VERIFIED, "2026-03-10")] * 2
    assert {(r.values[FIELD].status, r.values[FIELD].source) for r in rows} == {(Status.VERIFIED, SourceKind.XLSX)}
    with house.store.snapshot() as tx:
        assert tx.reviews() == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_doubtful_entry_is_a_question_whatever_it_was_saved_as(house: House, name: str) -> None:
    _answer(house, name, "3/32")
    assert all(not r.values for r in _all_rows(house))
    with house.store.snapshot() as tx:
        assert {p for review in tx.reviews() for p in review.problems} == {Problem.IMPOSSIBLE_DATE}


def test_a_name_that_stands_in_another_row_is_a_question(house: House) -> None:
    mail = house.sent_to(CHIBA)[0]
    rows = [row[:-1] for row in _rows(filled(attachment(mail, ".xlsx")[1], lambda *_: DONE))]
    first, second = (n for n, row in enumerate(rows) if row[0] in (1, 2))
    rows[first][1], rows[second][1] = rows[second][1], rows[first][1]
    house.receive(Answer(mail, files=[("名簿.docx", as_docx(word_table(rows)))]).raw())
    assert all(not r.values for r in _all_rows(house))
    with house.store.snapshot() as tx:
        assert {p for review in tx.reviews() for p in review.problems} == {Problem.NAME_DIFFERS}


def test_an_encrypted_archive_is_a_question_that_says_so(house: House) -> None:
    mail = house.sent_to(CHIBA)[0]
    book = filled(attachment(mail, ".xlsx")[1], lambda *_: DONE)
    house.receive(Answer(mail, files=[("名簿.zip", locked(packed(("名簿.xlsx", book)), 0))]).raw())
    with house.store.snapshot() as tx:
        assert {p for review in tx.reviews() for p in review.problems} == {Problem.ENCRYPTED_ATTACHMENT}


def _all_rows(house: House) -> list[Any]:
    with house.store.snapshot() as tx:
        (training,) = tx.trainings()
    return house.rows(training.training_id)
