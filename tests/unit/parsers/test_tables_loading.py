"""Loading a workbook without its ornaments: what a grid is made of stays, nothing else is touched."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table

from parsers.tables.loading import load_cells


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in range(1, 6):
        for column in range(1, 4):
            sheet.cell(row, column, f"{row}-{column}")
    sheet["A1"].font = Font(strike=True)
    sheet["B2"].comment = Comment("確認", "office")
    sheet["C3"].hyperlink = "https://example.jp/"
    sheet.merge_cells("A4:C5")
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["C"].hidden = True
    sheet.add_table(Table(displayName="t", ref="A1:C3"))
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=3))
    sheet.add_chart(chart, "F1")
    book.create_sheet("控え").sheet_state = "hidden"
    book.create_chartsheet("図").add_chart(BarChart())
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_styles_comments_merges_and_hidden_parts_are_as_openpyxl_reads_them() -> None:
    data = workbook()
    ours, theirs = load_cells(data).worksheets, openpyxl.load_workbook(io.BytesIO(data)).worksheets
    assert [(s.title, s.sheet_state) for s in ours] == [(s.title, s.sheet_state) for s in theirs]
    mine, known = ours[0], theirs[0]
    assert {k: c.value for k, c in mine._cells.items()} == {k: c.value for k, c in known._cells.items()}
    assert mine["A1"].font.strike
    assert mine["B2"].comment.text == "確認"
    assert {r.coord for r in mine.merged_cells.ranges} == {"A4:C5"}
    assert mine.row_dimensions[2].hidden
    assert mine.column_dimensions["C"].hidden


def test_what_nobody_looks_at_is_not_loaded() -> None:
    sheet = load_cells(workbook()).worksheets[0]
    assert not sheet._charts
    assert not sheet.tables
    assert sheet["C3"].hyperlink is None


def test_a_comment_inside_a_merged_range_is_passed_over() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B1"] = "x", "y"
    sheet["B1"].comment = Comment("z", "office")
    out = io.BytesIO()
    book.save(out)
    raw = _with_merge(out.getvalue())
    assert load_cells(raw).worksheets[0]["A1"].value == "x"


def test_broken_fills_and_borders_cost_neither_dates_nor_strokes() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B1"] = dt.datetime(2026, 4, 1), "x"
    sheet["A1"].number_format = '[$-411]ggge"年"m"月"d"日"'
    sheet["B1"].font = Font(strike=True)
    out = io.BytesIO()
    book.save(out)
    raw = _edited(out.getvalue(), "xl/styles.xml", b"<patternFill", b'<patternFill patternType="nobody knows"')
    with pytest.raises(ValueError, match="stylesheet"):
        openpyxl.load_workbook(io.BytesIO(raw))
    cells = load_cells(raw).worksheets[0]
    assert cells["A1"].value == dt.datetime(2026, 4, 1)
    assert cells["A1"].number_format == '[$-411]ggge"年"m"月"d"日"'
    assert cells["B1"].font.strike


def _with_merge(data: bytes) -> bytes:
    """A producer that merged the range and left the comment where it was."""
    merge = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    return _edited(data, "xl/worksheets/sheet1.xml", b"</sheetData>", merge)


def _edited(data: bytes, part: str, before: bytes, after: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry, content.replace(before, after, 1) if entry.filename == part else content)
    return out.getvalue()
