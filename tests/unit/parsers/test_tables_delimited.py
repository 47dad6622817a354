"""A roster saved as csv: whatever wrote it, and whatever may be meant in two ways."""

from __future__ import annotations

import datetime as dt

import pytest

from parsers import sniff
from parsers.errors import ParserError
from parsers.findings import Decision, Document, Field, Problem
from parsers.reading import ReadingContext, read_file
from parsers.tables.delimited import open_delimited
from tests.fakes.sheets import CODE, by_row
from tests.fakes.tables import as_csv, roster_rows

WINDOW = ReadingContext(received_on=dt.date(2026, 4, 30), not_before_on=dt.date(2026, 3, 1))
DATES = ("2026/4/1", "R8.4.2", "4月3日")
DAYS = ["2026-04-01", "2026-04-02", "2026-04-03"]


def _read(data: bytes, name: str = "返送.txt") -> Document:
    return read_file(name, data, WINDOW)


def _values(document: Document) -> list[str | None]:
    return [f.value for f in document.findings if f.field is Field.CONCURRENT_REGISTERED_ON]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
def test_excel_saves_are_read_whatever_their_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    document = _read(as_csv(roster_rows(DATES), encoding, delimiter))
    assert document.source.media == sniff.CSV
    assert _values(document) == DAYS
    first = document.findings[0]
    assert (first.roster, first.row, first.enrollment, first.name) == (CODE, 1, "E0001", "髙橋　一郎")
    assert (first.evidence.sheet, first.evidence.cell) == ("", "D6")
    assert document.problems == ()


def test_rows_that_are_not_filled_up_with_delimiters_are_a_table_as_well() -> None:
    document = _read(as_csv(roster_rows(DATES), "utf-8", padded=False))
    assert _values(document) == DAYS


def test_a_header_of_two_lines_and_delimiters_in_quotes_do_no_harm() -> None:
    rows = roster_rows(DATES)
    rows[4][3] = "兼務登録\n年月日"
    rows[5][5] = "再受講, 窓口"
    assert _values(_read(as_csv(rows, "cp932"))) == DAYS


def test_without_its_key_column_a_row_is_known_by_code_and_number() -> None:
    rows = [row[:6] for row in roster_rows(DATES)]
    found = by_row(_read(as_csv(rows, "cp932")).findings)[2]
    assert (found.roster, found.row, found.enrollment, found.decision) == (CODE, 2, None, Decision.ACCEPT)


def test_without_code_and_keys_nothing_belongs_to_a_roster() -> None:
    rows = [row[:6] for row in roster_rows(DATES)[4:]]
    assert {f.roster for f in _read(as_csv(rows, "cp932")).findings} == {None}


def test_a_roster_in_euc_is_read_for_it_cannot_be_anything_else() -> None:
    rows = [["回付番号", CODE, ""], ["No.", "氏名", "兼務登録日"], ["1", "受講一", "R8.4.1"]]
    assert _values(_read(as_csv(rows, "euc_jp"))) == ["2026-04-01"]


def test_bytes_that_may_be_two_encodings_make_every_value_a_question() -> None:
    book = open_delimited("氏名,備考\n".encode("euc_jp"))  # the bytes are half-width kana in CP932
    assert book.bare
    assert [n.code for n in book.notes] == [Problem.CHARSET_GUESSED]
    assert book.grids[0].text(1, 1) == "氏名"


def test_text_in_two_encodings_is_refused() -> None:
    rows = roster_rows(DATES)
    with pytest.raises(ParserError) as refused:
        open_delimited(as_csv(rows[:6], "utf-8") + as_csv(rows[6:], "cp932"))
    assert refused.value.problem is Problem.UNREADABLE_ATTACHMENT


def test_a_row_whose_cells_may_have_slipped_is_a_question() -> None:
    data = as_csv(roster_rows(DATES), "cp932").replace("R8.4.2".encode("cp932"), b"R8,R8.4.2")
    found = by_row(_read(data).findings)
    assert [found[n].decision for n in (1, 3)] == [Decision.ACCEPT, Decision.ACCEPT]
    assert found[2].decision is Decision.REVIEW
    assert Problem.AMBIGUOUS_COLUMNS in found[2].problems


def test_quotes_that_do_not_close_make_every_value_a_question() -> None:
    data = as_csv(roster_rows(DATES), "cp932") + b'9,"x'
    document = _read(data)
    assert set(_values(document)) == {None}
    assert Problem.LOW_CONFIDENCE in [n.code for n in document.problems]


@pytest.mark.parametrize("text", ["########", "1-Apr", "Apr-26", "4/1/2026", "01/04/26", "45", "8.41E+04", "#VALUE!"])
def test_what_a_spreadsheet_makes_of_a_date_is_never_taken_for_another(text: str) -> None:
    found = by_row(_read(as_csv(roster_rows([text]), "cp932")).findings)[1]
    assert (found.value, found.decision) == (None, Decision.REVIEW)


def test_a_lost_leading_zero_is_read_only_where_one_day_fits() -> None:
    found = by_row(_read(as_csv(roster_rows(["R8.4.2", "80401", "50401"]), "cp932")).findings)
    assert found[2].value == "2026-04-01"  # in a column of 和暦
    assert found[3].value is None


def test_text_without_a_roster_stays_a_kind_nobody_reads() -> None:
    for text in ("ありがとうございました。\n以上", "a,b\nc"):
        assert [n.code for n in _read(text.encode()).problems] == [Problem.UNSUPPORTED_TYPE]


def test_a_table_without_a_roster_says_so() -> None:
    assert [n.code for n in _read(b"a,b\nc,d\n").problems] == [Problem.NO_ROSTER_FOUND]


def test_hostile_text_is_told() -> None:
    assert [n.code for n in _read(b"a,b\n" * 30_000).problems] == [Problem.TOO_LARGE]
    assert [n.code for n in _read(b'a,"' + b"b" * 200_000).problems] == [Problem.UNREADABLE_ATTACHMENT]
    assert [n.code for n in _read(b"a,b\n1" + b"," * 100_000).problems] == [Problem.UNSUPPORTED_TYPE]
