"""Every date form of domain.md §3.1 in every format a roster comes back in: right or in review, never wrong.

The table says for each form which day was meant; how a text is read is the matter of `test_dates`, and here it must
come out of every format alike.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.dates import read_date
from parsers.findings import Decision, Finding
from parsers.reading import ReadingContext, read_file
from tests.fakes.pdfs import set_page
from tests.fakes.sheets import CODE, by_row, saved, sheet
from tests.fakes.tables import as_csv, as_docx, as_ods, ods_cell, ods_table, saved_xls, word_cell, word_table, xls_book

DAY, LATER = dt.date(2026, 4, 1), dt.date(2026, 4, 10)
WINDOW = ReadingContext(received_on=dt.date(2026, 4, 20), not_before_on=dt.date(2026, 3, 1))
RIGHT = (
    "令和8年4月1日", "令和８年４月１日", "令和　8年　4月　1日", "令8.4.1", "R8.4.1", "R08/04/01", "Ｒ８・４・１",
    "r8-4-1",
    "R.8.4.1", "R8.4.1.", "R8、4、1", "Ｒ８ー４ー１", "2026/4/1", "2026-04-01", "2026.4.1", "2026年4月1日(水)",
    "２０２６年４月１日（水）", "2026年4月1日 水曜日", "20260401", "R080401", "令和八年四月一日", "二〇二六年四月一日",
    "令和08年04月01日", "46113", "2026-04-01T00:00:00", "2026-04-01 00:00:00", "2026/4/1 9:30", "令和８年\n４月１日",
    "令 和 ８ 年 ４ 月 １ 日", "令和8年4月1日付", "R8.4.1済", "R8.4.1㊞", "済（R8.4.1）", "令和8年4月1日登録済",
    "①令和8年4月1日", "2026年（令和8年）4月1日", "令和8年4/1", "㋿8年4月1日", "'R8.4.1", "令和⼋年四⽉⼀⽇",
    "4/1", "４/１", "４月１日（水）", "４ 月 １ 日", "四月一日", "4/1㊞", "①4月1日", "4月1日",
)  # fmt: skip
"""All of them the first of April 2026, whatever the header says about years."""
REIWA = ("8.4.1", "８．４．１", "08/04/01", "8年4月1日", "080401", "80401", "8年4/1")
"""That day where the header says 和暦, a question elsewhere."""
WESTERN = ("26/4/1", "26.4.1", "260401")
"""That day where the header says nothing about eras, a question under 和暦."""
QUESTIONS = (
    "平成31年4月30日", "H31.4.30", "昭和60年1月1日", "令和元年4月30日", "令和8年2月31日", "令和8年13月1日", "2026/4/31",
    "2/31", "2026年4月1日(木)", "2008/4/1", "R8.4.1 R8.4.2", "2026/4/1～2026/4/5", "令和8年4月1日 窓口",
    "No.3 2026/4/1",
    "令和8(2025)年4月1日", "R8.4/1", "令和8年4月1 0日", "R10401", "50401", "4月①日", "令和8年4月", "三宅", "済",
    "登録済み",
    "○", "レ", "対象外", "受講辞退", "R8.4.1取消", "既登録", "R7.4.1既登録", "4/1申請済", "同左", "12/25",
    "4.10", "4.1",
    "1-Apr", "Apr-26", "4/1/2026", "########", "#REF!", "8.41E+04", "令和8年4月1日、2日",
)  # fmt: skip
EMPTY = ("未", "手続中", "4/10予定", "来週", "－", "―", "不明", "令和　　年　　月　　日", "/  /", "　")
TEXTS = (*RIGHT, *REIWA, *WESTERN, *QUESTIONS, *EMPTY)

HEADS = ("兼務登録年月日（和暦）", "兼務登録年月日（西暦）")


def _rows(values: Sequence[Any], head: str) -> list[list[Any]]:
    people = [[n, f"受講　{n}郎", "カナ", value] for n, value in enumerate(values, start=1)]
    return [["回付番号", CODE], ["No.", "氏名", "フリガナ", head], *people]


def _xlsx(rows: list[list[Any]]) -> bytes:
    page = sheet(rows)
    for cell in page["D"]:
        cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type  # "#REF!" typed as text
    return saved(page)


def _xls(rows: list[list[Any]]) -> bytes:
    return saved_xls(xls_book(rows)[0])


def _ods(rows: list[list[Any]]) -> bytes:
    return as_ods(ods_table(rows))


def _docx(rows: list[list[Any]]) -> bytes:
    return as_docx(word_table(rows))


def _cp932(rows: list[list[Any]]) -> bytes:
    return as_csv(rows, "cp932")


def _utf8(rows: list[list[Any]]) -> bytes:
    return as_csv(rows, "utf-8-sig")


def _tabs(rows: list[list[Any]]) -> bytes:
    return as_csv(rows, "utf-16", "\t")


MAKERS = [_xlsx, _xls, _ods, _docx, _cp932, _utf8, _tabs]
Maker = Callable[[list[list[Any]]], bytes]


def _writable(text: str, make: Maker) -> bool:
    try:
        return make is not _cp932 or bool(text.encode("cp932"))
    except UnicodeEncodeError:
        return False


def _read(data: bytes) -> Mapping[int | None, Finding]:
    document = read_file("返送", data, WINDOW)
    assert [p.roster for p in document.pages] == [CODE], document.problems
    return by_row(document.findings)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("make", MAKERS)
def test_every_form_says_the_same_in_every_format(make: Maker, head: str) -> None:
    era = head == HEADS[0]
    texts = [t for t in TEXTS if _writable(t, make)]
    found = _read(make(_rows(texts, head)))
    assert len(found) == len(texts)
    for number, text in enumerate(texts, start=1):
        finding = found[number]
        right = text in RIGHT or text in (REIWA if era else WESTERN)
        assert (finding.value, finding.decision is Decision.ACCEPT) == (DAY.isoformat() if right else None, right), text
        assert finding.text.strip() == text.strip(), text
        alone = read_date(text, column_is_era=era, context=WINDOW)
        assert (finding.decision, finding.problems) == (alone.decision, alone.problems), text


@pytest.mark.parametrize("head", HEADS)
def test_every_form_is_right_or_in_review_on_a_page_of_a_pdf(head: str) -> None:
    # A narrow gap between two digits is how a page is set, no space somebody typed.
    texts = [t for t in TEXTS if not set(t) & set("\n'#⼋⽉⼀⽇") and t != "令和8年4月1 0日"]
    for start in range(0, len(texts), 30):
        some = texts[start : start + 30]
        cells = ", ".join(f"[{'' if c is None else c}]" for row in _rows(some, head)[1:] for c in row)
        table = f"#table(columns: (12mm, 40mm, 20mm, 60mm), inset: 1mm, {cells.replace('/', chr(92) + '/')})"
        pdf = set_page(f"#set text(size: 8pt)\n#pad(10mm)[回付番号　{CODE} {table}]")
        found = by_row(read_file("返送", pdf, WINDOW).findings)
        assert len(found) == len(some)
        for number, text in enumerate(some, start=1):
            right = text in RIGHT or text in (REIWA if head == HEADS[0] else WESTERN)
            assert found[number].value in ((DAY.isoformat(), None) if right else (None,)), text


TYPED: tuple[tuple[str, dt.date, str | None], ...] = (
    ("yyyy/m/d", DAY, "2026-04-01"),
    ("yyyy-mm-dd", DAY, "2026-04-01"),
    ('[$-411]ggge"年"m"月"d"日"', DAY, "2026-04-01"),
    ("[$-411]ge.m.d", DAY, "2026-04-01"),
    ("e.m.d", DAY, "2026-04-01"),
    ('yyyy"年"m"月"d"日"', DAY, "2026-04-01"),
    ("yy/mm/dd", DAY, "2026-04-01"),
    ("m/d/yy", DAY, "2026-04-01"),
    ('m"月"d"日"', DAY, "2026-04-01"),
    ('m"月"d"日"', dt.date(2025, 4, 1), None),
    ("m/d", dt.date(2027, 4, 1), None),
    ('yyyy"年"m"月"', DAY, None),
    ("yyyy/m/d", dt.date(2008, 4, 1), None),
    ("yyyy/m/d", dt.date(1990, 4, 1), None),
)


@pytest.mark.parametrize(("code", "day", "value"), TYPED)
def test_typed_dates_say_the_same_in_every_workbook(code: str, day: dt.date, value: str | None) -> None:
    rows = _rows([day], "兼務登録年月日")
    page = sheet(rows)
    page["D3"].number_format = code
    for data in (saved(page), saved_xls(xls_book(rows, code)[0])):
        found = _read(data)[1]
        assert (found.value, found.decision is Decision.ACCEPT) == (value, value is not None)


@pytest.mark.parametrize(
    ("style", "day", "value"),
    [
        ("era", DAY, "2026-04-01"),
        ("", DAY, "2026-04-01"),
        ("noday", DAY, None),
        ("noyear", DAY, "2026-04-01"),
        ("noyear", dt.date(2025, 4, 1), None),
        ("sections", DAY, "2026-04-01"),
        ("sections", dt.date(2025, 4, 1), None),
        ("era", dt.date(2008, 4, 1), None),
    ],
)
def test_typed_dates_of_libreoffice_say_the_same(style: str, day: dt.date, value: str | None) -> None:
    table = ods_table(_rows([None], "兼務登録年月日"), {(3, 4): ods_cell(day, style)})
    assert _read(as_ods(table))[1].value == value


@pytest.mark.parametrize("make", [_xlsx, _xls, _ods])
@pytest.mark.parametrize(
    ("number", "value"),
    [(46113, "2026-04-01"), (46113.4, "2026-04-01"), (20260401, "2026-04-01"), (80401, "2026-04-01"), (50401, None),
     (8, None), (4.1, None), (39999, None), (60001, None), (0, None), (-1, None), (True, None)],
)  # fmt: skip
def test_bare_numbers_say_the_same_in_every_workbook(make: Maker, number: float, value: str | None) -> None:
    assert _read(make(_rows([number], HEADS[0])))[1].value == value


_DAYS = st.dates(dt.date(2026, 3, 1), dt.date(2026, 4, 20))
_FORMS: tuple[Callable[[dt.date], Any], ...] = (
    lambda d: f"R8.{d.month}.{d.day}",
    lambda d: f"令和８年{d.month}月{d.day}日",
    lambda d: f"8.{d.month}.{d.day}",
    lambda d: f"{d.month}/{d.day}",
    lambda d: f"2026年{d.month}月{d.day}日",
    lambda d: f"2026/{d.month}/{d.day}",
    lambda d: (d - dt.date(1899, 12, 30)).days,
    lambda d: f"{d:%Y%m%d}",
)
_WRITTEN = st.one_of(
    st.tuples(_DAYS, st.sampled_from(_FORMS)),
    st.tuples(st.none(), st.sampled_from([None, "未", "済", "4/10予定", "－"])),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(_WRITTEN, min_size=1, max_size=14),
    st.sampled_from(MAKERS),
    st.sampled_from(["兼務登録年月日", *HEADS]),
    st.randoms(use_true_random=False),
)
def test_shuffled_rows_give_every_trainee_the_date_written_for_them(
    written: list[tuple[dt.date | None, Any]], make: Maker, head: str, chance: random.Random
) -> None:
    rows = _rows([form(day) if day else form for day, form in written], head)
    body = rows[2:]
    chance.shuffle(body)
    found = _read(make([*rows[:2], *body]))
    assert set(found) == set(range(1, len(written) + 1))
    for number, (day, _) in enumerate(written, start=1):
        assert found[number].value in ((day.isoformat() if day else None), None)
        assert found[number].name == f"受講　{number}郎"
        if day and found[number].value is None:
            assert found[number].decision is Decision.REVIEW


def test_a_word_table_keeps_apart_what_stands_in_neighbouring_cells() -> None:
    rows = _rows([None, "R8.4.2"], "兼務登録年月日")
    table = word_table(rows, {(3, 4): word_cell("R8.4.1", properties='<w:gridSpan w:val="1"/>')})
    assert [f.value for f in _read(as_docx(table)).values()] == ["2026-04-01", "2026-04-02"]
