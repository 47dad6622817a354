"""Workbooks as offices send them back, made in a few lines."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.worksheet.worksheet import Worksheet

from parsers.codes import make_code
from parsers.findings import Field, Finding
from parsers.forms import XLSX_PROPERTY, row_key

CODE = make_code(b"a key of the tests, not of anybody", "sheets")
ERA = '[$-ja-JP]ggge"年"m"月"d"日"'
OWN_HEADER = ("No.", "氏名", "フリガナ", "兼務登録年月日", "対象外", "備考", "照合キー")
PEOPLE = ("髙橋　一郎", "山﨑　𠮷子", "渡邉　恵", "林　翼", "佐藤　美咲", "鈴木　健太郎")


def sheet(rows: Sequence[Sequence[Any]], *, book: Workbook | None = None, title: str = "名簿") -> Worksheet:
    """A worksheet of a new workbook (or of `book`) with these rows from A1 on; None leaves a cell out."""
    new = book is None
    book = book or Workbook()
    page = book.worksheets[0] if new else book.create_sheet()
    page.title = title
    for row, values in enumerate(rows, start=1):
        for col, value in enumerate(values, start=1):
            if value is not None:
                page.cell(row, col).value = value
    return page


def own_sheet(dates: Sequence[Any], *, header: Sequence[str] = OWN_HEADER, fields: int = 1) -> Worksheet:
    """Our own form: rows from 6 on, date in D (and E with two fields), key in the last column.

    With two fields each of `dates` is a pair.
    """
    rows: list[list[Any]] = [
        ["受講者名簿"],
        ["回付番号", CODE],
        ["街角センター", "街角の年金相談センター厚木（オフィス）"],
        [],
        list(header),
    ]
    for number, date in enumerate(dates, start=1):
        written = list(date) if fields == 2 else [date]
        key = row_key(CODE, number, f"E{number:04d}")
        rows.append([number, PEOPLE[(number - 1) % len(PEOPLE)], "カナ", *written, None, None, key])
    page = sheet(rows)
    for number in range(len(dates)):
        for field in range(fields):
            page.cell(6 + number, 4 + field).number_format = ERA
    assert page.parent is not None
    page.parent.custom_doc_props.append(StringProperty(name=XLSX_PROPERTY, value=CODE))  # type: ignore[attr-defined]
    return page


def saved(page: Worksheet) -> bytes:
    """The workbook of that worksheet as bytes."""
    file = io.BytesIO()
    assert page.parent is not None
    page.parent.save(file)
    return file.getvalue()


def by_row(findings: Sequence[Finding], field: Field = Field.CONCURRENT_REGISTERED_ON) -> Mapping[int | None, Finding]:
    """The findings of one field by No."""
    return {f.row: f for f in findings if f.field is field}
