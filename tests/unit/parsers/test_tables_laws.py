"""Laws of reading tables: whatever an office does to a sheet, a value that comes out is one that was written."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.errors import ParserError
from parsers.findings import Decision, Field
from parsers.reading import ReadingContext
from parsers.tables.grid import Area, Cell, Grid
from parsers.tables.roster import read_grid
from parsers.tables.workbook import read_workbook
from tests.fakes.sheets import by_row, own_sheet, saved

WINDOW = ReadingContext(received_on=dt.date(2026, 4, 30), not_before_on=dt.date(2026, 3, 1))
_DAYS = st.dates(dt.date(2026, 3, 1), dt.date(2026, 4, 30))
_FORMS = (
    lambda d: d,
    lambda d: f"R8.{d.month}.{d.day}",
    lambda d: f"令和８年{d.month}月{d.day}日",
    lambda d: f"8.{d.month}.{d.day}",
    lambda d: f"{d.month}/{d.day}",
    lambda d: f"2026年{d.month}月{d.day}日",
    lambda d: (d - dt.date(1899, 12, 30)).days,
)
_WRITTEN = st.one_of(
    st.tuples(_DAYS, st.sampled_from(_FORMS)),
    st.tuples(st.none(), st.sampled_from([None, "未", "〃", "済", "4/10予定", "－"])),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_WRITTEN, min_size=1, max_size=14), st.randoms(use_true_random=False))
def test_shuffled_rows_give_every_trainee_the_date_written_for_them(written: list, chance: random.Random) -> None:  # type: ignore[type-arg]
    values = [form(day) if day else form for day, form in written]
    page = own_sheet(values)
    body = [[c.value for c in row] for row in page.iter_rows(min_row=6, max_row=5 + len(values))]
    chance.shuffle(body)
    for row, line in enumerate(body, start=6):
        for col, value in enumerate(line, start=1):
            page.cell(row, col).value = value
    found = by_row(read_workbook(saved(page), part="", context=WINDOW).findings)
    assert set(found) == set(range(1, len(values) + 1))
    for number, (day, form) in enumerate(written, start=1):
        value = found[number].value
        if form != "〃":
            assert value in ((day.isoformat() if day else None), None), (number, form)
        elif value is not None:  # as the row above it when it was written, not as the one above it now
            above = next((d for d, f in reversed(written[: number - 1]) if f != "〃"), None)
            assert above is not None
            assert value == above.isoformat()
        if day and found[number].decision is not Decision.ACCEPT:
            assert day.isoformat() in found[number].candidates or found[number].problems


_WORDS = """
    No. 氏名 フリガナ 兼務登録年月日 新規登録日 登録日 備考 対象外 照合キー 年 月 日 1 2 8 4 R8.4.1 4/1 〃 済 未 ○
    全員同日 ☑ 合計 記入例 回付番号 7Q2K9XD4HP 街角の年金相談センター厚木 受講一 受講二
    以下同じ 令和8年4月1日 2026/4/2 辞退
"""
_TEXTS = st.sampled_from(_WORDS.split())
_CELLS = st.dictionaries(st.tuples(st.integers(1, 9), st.integers(1, 8)), _TEXTS, max_size=45)
_AREAS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 8), st.integers(0, 3), st.integers(0, 3)), max_size=3)


@settings(max_examples=600, deadline=None)
@given(_CELLS, _AREAS, _AREAS, st.sets(st.integers(1, 9), max_size=2))
def test_any_grid_is_survived_and_makes_up_no_date(
    texts: dict[tuple[int, int], str],
    merges: list,
    drawings: list,
    hidden: set[int],  # type: ignore[type-arg]
) -> None:
    cells = {(r, c): Cell(r, c, f"{chr(64 + c)}{r}", t, t, hidden=r in hidden) for (r, c), t in texts.items()}
    areas = [tuple(Area(r, c, r + h, c + w) for r, c, h, w in some) for some in (merges, drawings)]
    grid = Grid("g", cells, 1, areas[1], areas[0], frozenset(hidden), max_row=12, max_col=11)
    reading = read_grid(grid, part="", context=WINDOW, known_roster=None)
    assert len(reading.pages) == 1
    for found in reading.findings:
        assert (found.value is not None) == (found.decision is Decision.ACCEPT)
        assert bool(found.confidence) == (found.value is not None)
        if found.field is Field.NOT_APPLICABLE:
            continue
        assert found.value in (None, "2026-04-01", "2026-04-02")


def test_bytes_damaged_anywhere_are_refused_or_survived() -> None:
    data = saved(own_sheet([dt.date(2026, 4, 1), "R8.4.2", None]))
    chance = random.Random(8)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            found = read_workbook(bytes(damaged), part="", context=WINDOW).findings
        except ParserError:
            continue
        assert {f.value for f in found} <= {None, "2026-04-01", "2026-04-02"}


def test_xml_damaged_anywhere_is_refused_or_survived() -> None:
    data = saved(own_sheet([dt.date(2026, 4, 1), "R8.4.2", None]))
    chance = random.Random(9)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for _ in range(300):
        name = chance.choice(sorted(parts))
        xml = bytearray(parts[name])
        start = chance.randrange(len(xml))
        del xml[start : start + chance.randint(1, 30)]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as package:
            for other, content in parts.items():
                package.writestr(other, bytes(xml) if other == name else content)
        try:
            read_workbook(out.getvalue(), part="", context=WINDOW)
        except ParserError:
            continue
