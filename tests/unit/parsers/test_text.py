"""Folding never glues digits, never loses what a person sees."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.text import drop_invisible, fold, is_glue, label_key, squash


def test_every_character_that_nfkc_turns_into_digits_is_glue_but_full_width_and_calendar_signs() -> None:
    for number in range(0x80, 0x1CCF0):
        char = chr(number)
        digits = any("0" <= c <= "9" for c in unicodedata.normalize("NFKC", char))
        meant = "０" <= char <= "９" or "㋀" <= char <= "㋋" or "㏠" <= char <= "㏾"
        assert is_glue(char) == (digits and not meant), hex(number)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("①4月1日", " 4月1日"),
        ("4月1²日", "4月1 日"),
        ("３㋀", "3 1月"),
        ("⽇⽉⼀⾼", "日月一高"),
        ("⻑⻄⻘⺠", "長西青民"),
        ("葛󠄀城", "葛城"),
        ("Ｒ８・４", "R8・4"),
        ("㋿８年", "令和8年"),
        ("ﾀｶﾊｼ", "タカハシ"),
        ("髙﨑𠮷", "髙﨑𠮷"),
        ("\ufeff氏\u200b名", "氏名"),
    ],
)
def test_what_looks_the_same_becomes_the_same(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_labels_compare_without_spaces_line_breaks_and_width() -> None:
    assert label_key("兼務登録\n年月日") == label_key("兼務登録　年月日") == "兼務登録年月日"
    assert label_key("ＩＤ　登録日") == "id登録日"


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text)
    assert fold(once) == once or not unicodedata.is_normalized("NFKC", once)


@given(st.text())
def test_squash_leaves_no_space_and_keeps_the_rest(text: str) -> None:
    assert squash(text) == "".join(c for c in drop_invisible(text) if not c.isspace())
