"""Rosters as offices send them back in other formats than xlsx: csv, xls, ods, docx, made in a few lines."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import xlwt

from parsers.forms import row_key
from tests.fakes.sheets import CODE, OWN_HEADER, PEOPLE


def roster_rows(dates: Sequence[Any]) -> list[list[Any]]:
    """Our form as rows of values: code in row 2, header in row 5, people from row 6 on, date in D, key in G."""
    rows: list[list[Any]] = [
        ["受講者名簿"],
        ["回付番号", CODE],
        ["街角センター", "街角の年金相談センター厚木（オフィス）"],
        [],
        list(OWN_HEADER),
    ]
    for number, date in enumerate(dates, start=1):
        name = PEOPLE[(number - 1) % len(PEOPLE)].replace("𠮷", "吉")  # CP932 has no 𠮷
        rows.append([number, name, "カナ", date, None, None, row_key(CODE, number, f"E{number:04d}")])
    return rows


def as_csv(rows: Sequence[Sequence[Any]], encoding: str, delimiter: str = ",", *, padded: bool = True) -> bytes:
    """As Excel writes it, every row as wide as the widest; unpadded as a person does."""
    width = max(len(row) for row in rows)
    out = io.StringIO(newline="")
    for row in rows:
        values = ["" if v is None else v for v in row]
        csv.writer(out, delimiter=delimiter).writerow(values + [""] * (width - len(row)) if padded else values)
    return out.getvalue().encode(encoding)


def xls_book(rows: Sequence[Sequence[Any]], code: str = "General") -> tuple[xlwt.Workbook, Any]:
    """A workbook of Excel 97 with one sheet of these rows; typed dates in the number format `code`."""
    book = xlwt.Workbook()
    page = book.add_sheet("名簿", cell_overwrite_ok=True)
    dated = xlwt.easyxf(num_format_str=code)
    for row, values in enumerate(rows):
        for col, value in enumerate(values):
            if value is not None:
                page.write(row, col, value, *([dated] if isinstance(value, (dt.date, float)) else []))
    return book, page


def saved_xls(book: xlwt.Workbook) -> bytes:
    """The workbook as bytes."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
