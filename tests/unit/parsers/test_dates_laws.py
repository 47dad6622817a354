"""Laws of reading dates: any day in any written form reads back or is in review; garbage is never a date."""

from __future__ import annotations

import datetime as dt
import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.dates import read_date
from parsers.findings import Decision
from parsers.reading import ReadingContext
from parsers.text import fold

_KANJI = "〇一二三四五六七八九"


def _kanji(number: int) -> str:
    """11 → 十一, 20 → 二十, 8 → 八."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _KANJI[tens] + "十") + (_KANJI[ones] if ones else "")


def _positional(number: int) -> str:
    return "".join(_KANJI[int(d)] for d in str(number))


def _boxed(number: int) -> str:
    return " ".join(f"{number:02}")


def _wide(text: str) -> str:
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789./-RH"})


def _forms(day: dt.date) -> list[str]:
    """Every way to write the day that §3.1 names, short years and missing years among them."""
    y, m, d, r = day.year, day.month, day.day, day.year - 2018
    weekday = "月火水木金土日"[day.weekday()]
    first = "元" if r == 1 else str(r)
    full = [
        f"令和{first}年{m}月{d}日",
        f"令和{r:02}年{m:02}月{d:02}日",
        f"令{r}.{m}.{d}",
        f"R{r}.{m}.{d}",
        f"R{r:02}/{m:02}/{d:02}",
        f"R{r}・{m}・{d}",
        f"r{r}-{m}-{d}",
        f"令和{_kanji(r)}年{_kanji(m)}月{_kanji(d)}日",
        f"{_positional(y)}年{_kanji(m)}月{_kanji(d)}日",
        f"{y}/{m}/{d}",
        f"{y}-{m:02}-{d:02}",
        f"{y}.{m}.{d}",
        f"{y}年{m}月{d}日",
        f"{y}年{m}月{d}日({weekday})",
        f"{y}{m:02}{d:02}",
        f"R{r:02}{m:02}{d:02}",
        f"R{r}{m:02}{d:02}",
        f"{y}-{m:02}-{d:02}T00:00:00",
        f"{y}年（令和{first}年）{m}月{d}日",
        f"㋿{r}年{m}月{d}日",
        f"令和{first}年{chr(0x32C0 + m - 1)}{chr(0x33E0 + d - 1)}",
    ]
    short = [f"{r}.{m}.{d}", f"{r:02}/{m:02}/{d:02}", f"{r}年{m}月{d}日", f"{r:02}{m:02}{d:02}", f"{r}{m:02}{d:02}"]
    century = [f"{y % 100}/{m}/{d}", f"{y % 100:02}.{m}.{d}", f"{y % 100:02}{m:02}{d:02}"]
    bare = [
        f"{m}/{d}",
        f"{m}月{d}日",
        f"{m}月{d}日（{weekday}）",
        f"{_kanji(m)}月{_kanji(d)}日",
        f"{m}.{d}",
        f"{m}-{d}",
    ]
    serial = [str((day - dt.date(1899, 12, 30)).days)]
    forms = full + short + century + bare + serial
    boxed = f"令和{_boxed(r)}年{_boxed(m)}月{_boxed(d)}日"
    return [
        *forms,
        boxed,
        *map(_wide, forms),
        *(f"{f}付" for f in forms),
        *(f"{f} 済" for f in forms),
        *map(" ".join, full),
    ]


_DAYS = st.dates(dt.date(2019, 5, 1), dt.date(2045, 12, 31))


@settings(max_examples=400, deadline=None)
@given(_DAYS, st.booleans(), st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_any_day_in_any_form_reads_back_or_is_in_review(
    day: dt.date, era: bool, before: int, after: int, blind: bool
) -> None:
    window = ReadingContext(day + dt.timedelta(days=after), day - dt.timedelta(days=before))
    context = ReadingContext() if blind else window
    for form in _forms(day):
        reading = read_date(form, column_is_era=era, context=context)
        assert reading.decision in (Decision.ACCEPT, Decision.REVIEW), form
        assert reading.value in (day, None), (form, reading)
        assert (reading.value is None) == (reading.decision is Decision.REVIEW)


@settings(max_examples=300, deadline=None)
@given(_DAYS, st.booleans())
def test_full_forms_are_accepted_not_only_survived(day: dt.date, era: bool) -> None:
    refused = [f for f in _forms(day)[:17] if read_date(f, column_is_era=era, context=ReadingContext()).value != day]
    assert [f for f in refused if not re.fullmatch(r"R\d{5}", f)] == []


@settings(max_examples=300, deadline=None)
@given(_DAYS, st.sampled_from(["予定", "（予定）", " 見込み", "頃", "以降", "未", "申請中", "辞退", "既登録", "受付"]))
def test_a_word_that_denies_it_is_never_a_done_date(day: dt.date, word: str) -> None:
    window = ReadingContext(day, day)
    for form in _forms(day):
        assert read_date(form + word, column_is_era=True, context=window).value is None, form + word


@settings(max_examples=300, deadline=None)
@given(_DAYS, _DAYS, st.sampled_from([" ", "\n", "、", "・", "～", "→", "/", " と "]))
def test_two_different_days_in_one_cell_are_never_one(a: dt.date, b: dt.date, between: str) -> None:
    if a != b:
        for x, y in zip(_forms(a)[:8], _forms(b)[:8], strict=True):
            assert read_date(x + between + y, context=ReadingContext()).value is None


_WORDS = """
    2026 08 10 12 31 20 26 46113 令和 平成 R H （水） 予定 同上 以下同じ +09:00 9:30 山田 午後
"""
_PIECES = [*"0123456789年月日/.-・ 　\n元十一二〇○①²(）水済未〃ーTZ:レ㊞㋿㋃㏠､ﾚ~→\u200b'", *_WORDS.split()]


def _numbers(text: str) -> set[int]:
    """Every number a reader could see in the text, kanji numerals included."""
    folded = fold(text).replace("○", "〇")
    for char, digit in zip(_KANJI, "0123456789", strict=True):
        folded = folded.replace(char, digit)
    seen = {
        int(run[i:j]) for run in re.findall(r"\d+", folded) for i in range(len(run)) for j in range(i + 1, len(run) + 1)
    }
    for run in re.findall(r"\d*十\d*", folded):
        tens, ones = run.split("十", 1)
        seen.add(int(tens or 1) * 10 + int(ones or 0))
    squashed = re.sub(r"\s", "", folded)
    seen |= {int(n) for n in re.findall(r"\d{1,4}", squashed)}
    return seen | ({1} if "元" in text else set())


def test_twenty_thousand_pieces_of_garbage_never_raise_and_never_make_up_a_date() -> None:
    chance = random.Random(20260401)
    accepted = 0
    for _ in range(20_000):
        text = "".join(chance.choices(_PIECES, k=chance.randint(1, 9)))
        reading = read_date(text, column_is_era=chance.random() < 0.5, context=ReadingContext())
        if reading.value is None:
            assert reading.decision is not Decision.ACCEPT
            continue
        accepted += 1
        day, seen = reading.value, _numbers(text)
        serial = (day - dt.date(1899, 12, 30)).days in seen
        assert serial or (day.year in seen or day.year - 2018 in seen), text
        assert serial or {day.month, day.day} <= seen, text
        assert "予定" not in text, text
        assert "未" not in text, text
        assert re.search(r"\d{4}|二〇|R|令和|㋿", fold(text).upper() + text), text
    assert accepted < 400


@settings(max_examples=3000, deadline=None)
@given(st.text(max_size=40))
def test_any_text_at_all_is_survived(text: str) -> None:
    reading = read_date(text, context=ReadingContext())
    assert (reading.value is not None) == (reading.decision is Decision.ACCEPT)


@given(st.one_of(st.floats(), st.integers(), st.booleans(), st.none()))
def test_any_number_at_all_is_survived(number: float | None) -> None:
    reading = read_date(number, context=ReadingContext())
    assert (reading.value is not None) == (reading.decision is Decision.ACCEPT)
