"""The workbook as a file: number formats, limits, drawings, damage, encryption."""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from parsers.errors import ParserError
from parsers.findings import Decision, Problem
from parsers.reading import ReadingContext
from parsers.tables.workbook import open_book, read_workbook
from tests.fakes.sheets import by_row, own_sheet, saved, sheet

DAY = dt.date(2026, 4, 1)
NOTHING = ReadingContext()
WINDOW = ReadingContext(received_on=dt.date(2026, 4, 10), not_before_on=dt.date(2026, 3, 1))
SHEET = "xl/worksheets/sheet1.xml"


def _edited(data: bytes, **parts: Callable[[bytes], bytes] | bytes) -> bytes:
    """The package with some parts changed or added; names are given with __ for / and _dot_ for the dot."""
    named = {n.replace("__", "/").replace("_dot_", "."): change for n, change in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = named.pop(name, None)
            new.writestr(name, change(old.read(name)) if callable(change) else (change or old.read(name)))
        for name, change in named.items():
            assert isinstance(change, bytes)
            new.writestr(name, change)
    return out.getvalue()


def _with_builtin_format(number: int) -> bytes:
    """A sheet whose date cell has a built-in format id, as Japanese Excel writes it: a bare number in the file."""
    page = sheet([["No", "氏名", "兼務登録日"], [1, "受講　一", 46113]])
    page["C2"].number_format = "0.000000"  # a format of its own, to be found again in the styles
    data = saved(page)

    def restyle(xml: bytes) -> bytes:
        ids = re.findall(rb'<numFmt numFmtId="(\d+)"', xml) or re.findall(rb'numFmtId="(\d+)"', xml)
        own = max(ids, key=int)
        return re.sub(rb'(<xf [^>]*)numFmtId="' + own + b'"', rb'\g<1>numFmtId="%d"' % number, xml)

    return _edited(data, xl__styles_dot_xml=restyle)


@pytest.mark.parametrize("number", [14, 27, 28, 29, 30, 31, 36, 50, 51, 54, 57, 58])
def test_builtin_date_formats_are_dates(number: int) -> None:
    finding = read_workbook(_with_builtin_format(number), part="", context=NOTHING).findings[0]
    assert (finding.value, finding.decision) == ("2026-04-01", Decision.ACCEPT)


@pytest.mark.parametrize("number", [35, 53, 56])
def test_builtin_formats_without_a_year_are_dates_inside_the_window(number: int) -> None:
    finding = read_workbook(_with_builtin_format(number), part="", context=WINDOW).findings[0]
    assert (finding.value, finding.text) == ("2026-04-01", "4月1日")
    late = ReadingContext(received_on=dt.date(2026, 3, 10), not_before_on=dt.date(2026, 3, 1))
    assert read_workbook(_with_builtin_format(number), part="", context=late).findings[0].decision is Decision.REVIEW


@pytest.mark.parametrize("number", [34, 52, 55])
def test_builtin_formats_without_a_day_are_questions(number: int) -> None:
    assert read_workbook(_with_builtin_format(number), part="", context=WINDOW).findings[0].decision is Decision.REVIEW


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ('[$-ja-JP]ggge"年"m"月"d"日"', "令和8年4月1日"),
        ('[$-ja-JP-x-gannen]ggge"年"m"月"d"日";@', "令和8年4月1日"),
        ("ge.m.d", "R8.4.1"),
        ("e.m.d", "8.4.1"),
        ("yyyy/m/d", "2026/4/1"),
        ("yyyy-mm-dd", "2026-04-01"),
        ("General", "46113"),
        ("aaaa", "46113"),
        ('[DBNum1][$-411]ggge"年"m"月"d"日"', "令和8年4月1日"),
    ],
)
def test_a_typed_date_shows_what_a_person_saw(code: str, text: str) -> None:
    page = sheet([["No", "氏名", "兼務登録日"], [1, "受講　一", 46113]])
    page["C2"].number_format = code
    finding = read_workbook(saved(page), part="", context=NOTHING).findings[0]
    assert (finding.value, finding.text) == ("2026-04-01", text)


def test_an_old_mac_workbook_counts_from_1904() -> None:
    page = sheet([["No", "氏名", "兼務登録日"], [1, "受講　一", DAY], [2, "受講　二", 46113 - 1462]])
    assert page.parent is not None
    page.parent.epoch = CALENDAR_MAC_1904
    page["C2"].number_format = "ge.m.d"
    assert [f.value for f in read_workbook(saved(page), part="", context=NOTHING).findings] == ["2026-04-01"] * 2


def test_cached_values_of_formulas_are_candidates_only() -> None:
    page = own_sheet([None])
    page["D6"] = "=DATE(2026,4,1)"

    def cache(xml: bytes) -> bytes:
        return re.sub(rb"<f>DATE\(2026,4,1\)</f><v\s*/?>(</v>)?", b"<f>DATE(2026,4,1)</f><v>46113</v>", xml)

    data = _edited(saved(page), xl__worksheets__sheet1_dot_xml=cache)
    row = by_row(read_workbook(data, part="", context=NOTHING).findings)[1]
    assert (row.value, row.candidates, row.problems) == (None, ("2026-04-01",), (Problem.FORMULA_VALUE,))


def test_an_error_value_is_a_question() -> None:
    page = own_sheet([None])
    page["D6"] = "#REF!"
    page["D6"].data_type = "e"
    row = by_row(read_workbook(saved(page), part="", context=NOTHING).findings)[1]
    assert (row.decision, row.problems[-1]) == (Decision.REVIEW, Problem.ERROR_VALUE)


def _drawn(data: bytes, anchor: str) -> bytes:
    """The workbook with one shape over some cells."""
    space = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    drawing = f'<xdr:wsDr xmlns:xdr="{space}">{anchor}</xdr:wsDr>'.encode()
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId9" Type="{kind}/drawing" Target="../drawings/drawing1.xml"/></Relationships>'
    ).encode()

    def refer(xml: bytes) -> bytes:
        return xml.replace(b"</worksheet>", f'<drawing xmlns:r="{kind}" r:id="rId9"/></worksheet>'.encode())

    extra = {"xl__drawings__drawing1_dot_xml": drawing, "xl__worksheets___rels__sheet1_dot_xml_dot_rels": relation}
    return _edited(data, xl__worksheets__sheet1_dot_xml=refer, **extra)


def _anchor(first: tuple[int, int], last: tuple[int, int], offset: int = 5) -> str:
    corners = [("from", *first, 5), ("to", *last, offset)]
    inner = "".join(
        f"<xdr:{n}><xdr:col>{c}</xdr:col><xdr:colOff>{o}</xdr:colOff><xdr:row>{r}</xdr:row><xdr:rowOff>{o}</xdr:rowOff></xdr:{n}>"
        for n, r, c, o in corners
    )
    return f"<xdr:twoCellAnchor>{inner}<xdr:sp/><xdr:clientData/></xdr:twoCellAnchor>"


def test_an_arrow_drawn_over_empty_cells_is_a_question() -> None:
    data = _drawn(saved(own_sheet([DAY, None, None, None])), _anchor((6, 3), (7, 3)))
    reading = read_workbook(data, part="", context=NOTHING)
    rows = by_row(reading.findings)
    assert [rows[n].decision for n in (1, 2, 3, 4)] == [
        Decision.ACCEPT,
        Decision.REVIEW,
        Decision.REVIEW,
        Decision.EMPTY,
    ]
    assert rows[2].problems == (Problem.DRAWING_OVER_CELLS,)
    assert Problem.DRAWING_OVER_CELLS in [n.code for n in reading.notes]


def test_a_drawing_that_ends_at_the_border_covers_nothing_beyond() -> None:
    data = _drawn(saved(own_sheet([DAY, DAY])), _anchor((0, 0), (6, 3), offset=0))
    rows = by_row(read_workbook(data, part="", context=NOTHING).findings)
    assert [r.decision for r in rows.values()] == [Decision.ACCEPT, Decision.ACCEPT]


def test_a_stamp_beside_the_dates_does_no_harm() -> None:
    data = _drawn(saved(own_sheet([DAY])), _anchor((5, 5), (7, 6)))
    assert by_row(read_workbook(data, part="", context=NOTHING).findings)[1].decision is Decision.ACCEPT


def _refused(data: bytes) -> Problem:
    with pytest.raises(ParserError) as refused:
        read_workbook(data, part="", context=NOTHING)
    return refused.value.problem


def test_an_encrypted_workbook_says_so() -> None:
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHH", header, 24, 62, 3, 0xFFFE, 9)
    struct.pack_into("<I", header, 44, 1)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    name = "EncryptedPackage\0".encode("utf-16-le")
    entry = name.ljust(64, b"\0") + struct.pack("<H", len(name)) + bytes(62)
    data = bytes(header) + table + entry.ljust(512, b"\0")
    assert _refused(data) is Problem.ENCRYPTED_ATTACHMENT


def test_what_is_no_workbook_is_unreadable() -> None:
    assert _refused(b"PK\x03\x04 and then nothing of the kind") is Problem.UNREADABLE_ATTACHMENT
    assert _refused(saved(own_sheet([DAY]))[:-200]) is Problem.UNREADABLE_ATTACHMENT


def test_a_bomb_is_refused_before_it_is_opened() -> None:
    assert _refused(_edited(saved(own_sheet([DAY])), xl__media__a_dot_bin=bytes(150_000_000))) is Problem.TOO_LARGE


def test_a_merged_range_over_the_whole_sheet_is_refused() -> None:
    def merge(xml: bytes) -> bytes:
        merged = b'</sheetData><mergeCells count="1"><mergeCell ref="A20:XFD1048576"/></mergeCells>'
        return xml.replace(b"</sheetData>", merged, 1)

    assert _refused(_edited(saved(own_sheet([DAY])), xl__worksheets__sheet1_dot_xml=merge)) is Problem.TOO_LARGE


def test_a_cell_in_the_farthest_corner_costs_nothing_and_is_reported() -> None:
    page = own_sheet([DAY])
    page["XFD1048576"] = "x"
    page["C3"] = "=1+1"
    reading = read_workbook(saved(page), part="", context=NOTHING)
    assert by_row(reading.findings)[1].value == "2026-04-01"
    assert Problem.TOO_LARGE in [n.code for n in reading.notes]


def test_an_entity_bomb_in_the_xml_is_no_bomb() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'

    def mine(xml: bytes) -> bytes:
        return bomb + re.sub(rb"^<\?xml.*?\?>", b"", xml)

    data = _edited(saved(own_sheet([DAY])), xl__worksheets__sheet1_dot_xml=mine)
    try:
        reading = read_workbook(data, part="", context=NOTHING)
    except ParserError as refused:
        assert refused.problem is Problem.UNREADABLE_ATTACHMENT  # noqa: PT017 - either outcome is sound
    else:
        assert all(f.decision is not Decision.ACCEPT for f in reading.findings)


def test_a_workbook_with_styles_nobody_can_read_gives_values_to_check() -> None:
    def break_styles(xml: bytes) -> bytes:
        return xml.replace(b"<cellXfs", b"<cellXfs count='x'><xf fontId='nonsense'/></cellXfs><cellXfs")

    page = sheet([["No", "氏名", "兼務登録日"], [1, "受講　一", "R8.4.1"]])
    reading = read_workbook(_edited(saved(page), xl__styles_dot_xml=break_styles), part="", context=NOTHING)
    finding = reading.findings[0]
    assert (finding.value, finding.decision, finding.candidates) == (None, Decision.REVIEW, ("2026-04-01",))
    assert Problem.LOW_CONFIDENCE in finding.problems


def test_embedded_files_are_named_and_left_alone() -> None:
    data = _edited(saved(own_sheet([DAY])), xl__embeddings__inner_dot_xlsx=b"PK")
    reading = read_workbook(data, part="p", context=NOTHING)
    assert [(n.code, n.part) for n in reading.notes] == [(Problem.NESTED_TOO_DEEP, "p")]
    assert reading.findings[0].value == "2026-04-01"


def test_grids_hold_what_the_sheet_holds() -> None:
    page = own_sheet([DAY, "R8.4.2"])
    page.merge_cells("A1:C1")
    grid = open_book(saved(page)).grids[0]
    assert (grid.name, grid.number, grid.max_row, grid.max_col) == ("名簿", 1, 7, 7)
    cell = grid.at(6, 4)
    assert cell is not None
    assert (cell.address, cell.value, cell.text) == ("D6", dt.datetime(2026, 4, 1), "令和8年4月1日")
    assert grid.text(1, 1) == "受講者名簿"
    merged = grid.at(1, 3)
    assert merged is not None
    assert (merged.merged_from, merged.text) == ("A1", "")


def test_the_file_itself_is_never_changed_by_reading() -> None:
    data = saved(own_sheet([DAY]))
    assert read_workbook(data, part="", context=NOTHING) == read_workbook(bytes(data), part="", context=NOTHING)
    assert openpyxl.load_workbook(io.BytesIO(data)).active is not None
