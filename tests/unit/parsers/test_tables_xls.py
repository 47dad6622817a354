"""A roster saved by Excel 97–2003: what an xlsx would have shown must be seen here as well."""

from __future__ import annotations

import datetime as dt
import io
import random
import struct

import olefile
import pytest
import xlwt

from parsers import sniff
from parsers.errors import ParserError
from parsers.findings import Decision, Document, Field, PageKind, Problem
from parsers.reading import ReadingContext, read_file
from parsers.tables.biff import worksheets
from parsers.tables.grid import Area
from parsers.tables.xls import open_xls
from tests.fakes.sheets import CODE, ERA, by_row
from tests.fakes.tables import roster_rows, saved_xls, xls_book

DAY = dt.date(2026, 4, 1)
WINDOW = ReadingContext(received_on=dt.date(2026, 4, 30), not_before_on=dt.date(2026, 3, 1))


def _read(data: bytes) -> Document:
    return read_file("返送.dat", data, WINDOW)


def _edited(*dates: object, code: str = ERA) -> tuple[xlwt.Workbook, object]:
    return xls_book(roster_rows(dates), code)


def test_typed_dates_and_texts_are_accepted_with_their_evidence() -> None:
    document = _read(saved_xls(_edited(DAY, "R8.4.2", "8.4.3")[0]))
    assert document.source.media == sniff.XLS
    assert (document.pages[0].kind, document.pages[0].roster) == (PageKind.FORM, CODE)
    rows = by_row(document.findings)
    assert [rows[n].value for n in (1, 2, 3)] == ["2026-04-01", "2026-04-02", "2026-04-03"]
    first = rows[1]
    assert (first.enrollment, first.text, first.evidence.sheet, first.evidence.cell) == (
        "E0001",
        "令和8年4月1日",
        "名簿",
        "D6",
    )
    assert document.problems == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ('[$-411]ggge"年"m"月"d"日"', "令和8年4月1日"),
        ("[$-411]ge.m.d", "R8.4.1"),
        ("e.m.d", "8.4.1"),
        ("yyyy/m/d", "2026/4/1"),
        ("yyyy-mm-dd", "2026-04-01"),
        ("General", "46113"),
        ("aaaa", "46113"),
        ('m"月"d"日"', "4月1日"),
    ],
)
def test_a_typed_date_shows_what_a_person_saw(code: str, text: str) -> None:
    found = by_row(_read(saved_xls(_edited(46113.0, code=code)[0])).findings)[1]
    assert (found.value, found.text) == ("2026-04-01", text)


@pytest.mark.parametrize(
    ("number", "seen"), [(27, "R8.4.1"), (31, "2026年4月1日"), (57, "R8.4.1"), (58, "令和8年4月1日")]
)
def test_builtin_formats_of_japan_have_no_code_in_the_file(number: int, seen: str) -> None:
    data = bytearray(saved_xls(_edited(46113.0, code="0.000000")[0]))
    own = data.index(b"0.000000") - 5  # FORMAT: number, length, flags, text
    key = struct.unpack_from("<H", data, own)[0]
    struct.pack_into("<H", data, own, 200)
    for at in range(len(data) - 24):  # XF records: font, format, …
        if data[at : at + 4] == b"\xe0\x00\x14\x00" and struct.unpack_from("<H", data, at + 6)[0] == key:
            struct.pack_into("<H", data, at + 6, number)
    found = by_row(_read(bytes(data)).findings)[1]
    assert (found.value, found.text) == ("2026-04-01", seen)


def test_a_format_without_day_or_year_is_as_doubtful_as_in_an_xlsx() -> None:
    assert by_row(_read(saved_xls(_edited(DAY, code='yyyy"年"m"月"')[0])).findings)[1].decision is Decision.REVIEW
    late = _edited(dt.date(2025, 4, 1), code='m"月"d"日"')[0]
    assert by_row(_read(saved_xls(late)).findings)[1].decision is Decision.REVIEW


def test_an_old_mac_workbook_counts_from_1904() -> None:
    book, page = _edited(None, None)
    book.dates_1904 = True
    page.write(5, 3, 46113.0 - 1462, xlwt.easyxf(num_format_str="ge.m.d"))
    page.write(6, 3, 46113 - 1462)
    assert [f.value for f in by_row(_read(saved_xls(book)).findings).values()] == ["2026-04-01"] * 2


def test_a_time_of_day_with_the_date_does_no_harm_and_alone_is_no_date() -> None:
    found = by_row(_read(saved_xls(_edited(46113.75, 0.5, code="yyyy/m/d h:mm")[0])).findings)
    assert found[1].value == "2026-04-01"
    assert found[2].decision is Decision.REVIEW


def test_what_spoils_a_cell_makes_it_a_question() -> None:
    book, page = _edited(None, None, None, None, None, None)
    struck, era = xlwt.easyxf("font: struck_out on", ERA), xlwt.easyxf(num_format_str=ERA)
    page.write(5, 3, 46113.0, struck)
    page.write(6, 3, xlwt.Formula("DATE(2026,4,2)"), era)
    page.write_rich_text(7, 3, [("R8.4.3", struck.font), " R8.4.4"])
    page.write(8, 3, 46116.0, era)
    page.row(8).hidden = True
    page.write(9, 3, "R8.4.5")
    page.write(10, 3, True)
    rows = by_row(_read(saved_xls(book)).findings)
    expected = {
        1: Problem.STRUCK_OUT,
        2: Problem.FORMULA_VALUE,
        3: Problem.STRUCK_OUT,
        4: Problem.HIDDEN_CONTENT,
        6: Problem.DONE_WITHOUT_DATE,
    }
    assert {n: rows[n].decision for n in expected} == dict.fromkeys(expected, Decision.REVIEW)
    assert all(problem in rows[n].problems for n, problem in expected.items())
    assert rows[1].candidates == ("2026-04-01",)
    assert rows[5].decision is Decision.ACCEPT


def test_hidden_columns_and_sheets_are_told() -> None:
    book, page = _edited(DAY)
    page.col(3).hidden = True
    other = book.add_sheet("控え")
    other.write(0, 0, "x")
    other.visibility = 1
    document = _read(saved_xls(book))
    assert all(f.value is None for f in document.findings)
    assert [(n.code, n.detail) for n in document.problems] == [
        (Problem.HIDDEN_CONTENT, "名簿"),
        (Problem.HIDDEN_CONTENT, "控え"),
    ]


def test_a_date_merged_downwards_holds_for_its_rows() -> None:
    book, page = _edited(None, None, None)
    page.write_merge(5, 6, 3, 3, "R8.4.1")
    rows = by_row(_read(saved_xls(book)).findings)
    assert [(rows[n].value, rows[n].problems) for n in (1, 2)] == [
        ("2026-04-01", ()),
        ("2026-04-01", (Problem.DITTO,)),
    ]
    assert rows[3].decision is Decision.EMPTY


def _bitmap() -> bytes:
    head = struct.pack("<2sIHHI", b"BM", 54 + 16, 0, 0, 54)
    return head + struct.pack("<IIIHHIIIIII", 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0) + bytes(16)


def test_a_picture_over_the_dates_makes_them_questions() -> None:
    book, page = _edited(DAY, DAY, None)
    page.insert_bitmap_data(_bitmap(), 6, 3, scale_x=20, scale_y=20)
    rows = by_row(_read(saved_xls(book)).findings)
    assert rows[1].decision is Decision.ACCEPT
    assert Problem.DRAWING_OVER_CELLS in rows[2].problems


def test_shapes_of_excel_97_cover_cells_and_comments_and_filters_do_not() -> None:
    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    anchor = b"\x0f\x00\x04\xf0" + b"\x00\x00\x10\xf0\x12\x00\x00\x00" + struct.pack("<9H", 0, 3, 9, 5, 9, 4, 9, 7, 0)
    drawn = b""
    for kind in (0x02, 0x14, 0x19):
        drawn += record(0xEC, anchor) + record(0x5D, b"\x15\x00\x12\x00" + struct.pack("<H", kind) + bytes(16))
    begin = record(0x809, struct.pack("<HH", 0x600, 5))
    at = len(begin) + 12 + 4
    book = begin + record(0x85, struct.pack("<IBBH", at, 0, 0, 0)) + record(0x0A, b"")
    sheets = worksheets(book[: at - 4] + record(0x0A, b"") + begin + drawn + record(0x0A, b""))
    assert [s.drawings for s in sheets] == [[Area(6, 4, 7, 5)]]


def test_an_error_value_is_a_question() -> None:
    book, page = _edited(None)
    page.row(5).set_cell_error(3, "#REF!")
    found = by_row(_read(saved_xls(book)).findings)[1]
    assert (found.decision, found.problems[-1], found.text) == (Decision.REVIEW, Problem.ERROR_VALUE, "#REF!")


def test_a_workbook_with_a_password_says_so() -> None:
    data = bytearray(saved_xls(_edited(DAY)[0]))
    stream = olefile.OleFileIO(io.BytesIO(bytes(data))).openstream("Workbook").read()
    record = stream[stream.index(b"\x5c\x00\x70\x00") :][:40]  # WRITEACCESS, of no use to us
    at = data.index(record)
    data[at] = 0x2F  # FILEPASS
    assert [n.code for n in _read(bytes(data)).problems] == [Problem.ENCRYPTED_ATTACHMENT]


def test_a_merged_range_over_the_whole_sheet_is_refused() -> None:
    book, page = _edited(DAY)
    page.merge(20, 65_000, 0, 250)
    with pytest.raises(ParserError) as refused:
        open_xls(saved_xls(book))
    assert refused.value.problem is Problem.TOO_LARGE


def test_a_cell_in_the_farthest_corner_is_reported() -> None:
    book, page = _edited(DAY)
    page.write(65_535, 255, "x")
    document = _read(saved_xls(book))
    assert by_row(document.findings)[1].value == "2026-04-01"
    assert Problem.TOO_LARGE in [n.code for n in document.problems]


def test_records_that_lead_nowhere_are_survived() -> None:
    assert worksheets(b"") == []
    globals_ = struct.pack("<HHHH", 0x809, 4, 0x600, 5) + struct.pack("<HHIBB", 0x85, 6, 10**6, 0, 0)
    assert len(worksheets(globals_ + b"\x0a\0\0\0")) == 1
    assert len(worksheets(globals_[:-4] + struct.pack("<I", 0)[:4] + b"\x0a\0\0\0")) <= 1


def test_bytes_damaged_anywhere_are_told_and_never_raised() -> None:
    data = saved_xls(_edited(DAY, "R8.4.2", None)[0])
    chance = random.Random(8)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice([0, 255, chance.randrange(256)])
        document = _read(bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])]))
        assert Problem.READER_FAILED not in {n.code for n in document.problems}, document.problems
        assert {f.field for f in document.findings if f.value} <= {Field.CONCURRENT_REGISTERED_ON}
