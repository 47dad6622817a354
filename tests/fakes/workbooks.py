"""Returned workbooks, made up."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl

from parsers.codes import make_code
from parsers.forms import CODE_LABEL

CODE = make_code(b"a key of the tests", "workbooks")


def returned_workbook(rows: int, first_on: dt.date = dt.date(2026, 4, 1)) -> bytes:
    """A plain roster with a code, `rows` people and a date each."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["受講者名簿（ＩＤ兼務登録用）"])
    sheet.append([CODE_LABEL, CODE])
    sheet.append(["No.", "氏名", "フリガナ", "兼務登録年月日"])
    for row in range(1, rows + 1):
        day = first_on + dt.timedelta(days=row % 20)
        sheet.append(
            [
                row,
                f"試験　{'一二三四五六七八九十'[row % 10]}郎",
                "シケン　ジロウ",
                f"令和{day.year - 2018}年{day.month}月{day.day}日",
            ]
        )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
