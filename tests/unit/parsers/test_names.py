"""Names: variants fold, confused characters only suggest, different people stay different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.names import (
    Match,
    centre_key,
    kana_key,
    name_key,
    office_key,
    prefecture_key,
    reads_as,
    same_kana,
    same_name,
)


@pytest.mark.parametrize(
    ("a", "b", "match"),
    [
        ("高橋　一郎", "高橋一郎", Match.EXACT),
        ("葛󠄀城 直樹", "葛城直樹", Match.EXACT),
        ("⻑⾕川 花子", "長谷川花子", Match.EXACT),
        ("グェン・ティ・アイン", "グェン ティ アイン", Match.EXACT),
        ("山田太郎様", "山田太郎", Match.EXACT),
        ("髙橋一郎", "高橋一郎", Match.FOLDED),
        ("山﨑", "山崎", Match.FOLDED),
        ("𠮷田", "吉田", Match.FOLDED),
        ("濵田", "浜田", Match.FOLDED),
        ("栁瀨德子", "柳瀬徳子", Match.FOLDED),
        ("渡邉", "渡邊", Match.FOLDED),
        ("齋藤", "斎藤", Match.FOLDED),
        ("斉藤", "斎藤", Match.CLASS),
        ("齊藤", "齋藤", Match.CLASS),
        ("渡辺", "渡邊", Match.CLASS),
        ("渡辺", "渡邉", Match.CLASS),
        ("冨田", "富田", Match.CLASS),
        ("一ノ瀬", "一の瀬", Match.CLASS),
        ("山田（旧姓 佐藤）花子", "山田花子", Match.CLASS),
        ("太田", "大田", Match.DIFFERENT),
        ("山田花子", "山田葉子", Match.DIFFERENT),
        ("", "", Match.DIFFERENT),
        ("　", "山田", Match.DIFFERENT),
    ],
)
def test_names_agree_as_strongly_as_their_characters(a: str, b: str, match: Match) -> None:
    assert same_name(a, b) is match
    assert same_name(b, a) is match


def test_the_key_keeps_what_is_not_a_variant() -> None:
    assert name_key("ＡＬＥＸ　太郎") == "ALEX太郎"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("ｵｵﾉ ﾕｳｺ", "オオノ　ユウコ"),
        ("おおの ゆうこ", "オオノユウコ"),
        ("オーノ ユーコ", "オオノ ユウコ"),
        ("ハットリ", "ハツトリ"),
        ("カ\u3099ッコウ", "ガッコウ"),  # NFD, as macOS writes it
        ("ﾊﾞﾊﾞ", "ババ"),
        ("ジロ−", "ジロウ"),
        ("ヘイタ", "ヘエタ"),
    ],
)
def test_readings_agree_whatever_the_keyboard(a: str, b: str) -> None:
    assert same_kana(a, b)


def test_different_readings_stay_different() -> None:
    assert kana_key("タカハシ") != kana_key("タカハセ")
    assert not same_kana("", "")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("街角の年金相談センター溝ノ口", "溝ノ口"),
        ("溝の口", "溝ノ口"),
        ("溝口", "溝ノ口"),
        ("溝のくち", "溝ノ口"),
        ("街角センター　新宿", "新宿"),
        ("新宿街角", "新宿"),
        ("（街）柏", "柏"),
        ("川越（オフィス）", "川越"),
        ("街角の年金相談センター川越（オフィス）", "川越"),
        ("中百舌鳥", "なかもず"),
        ("札幌駅前", "札幌駅前"),
    ],
)
def test_centres_have_many_spellings(written: str, key: str) -> None:
    assert centre_key(written) == key


def test_pension_offices_lose_their_suffix_and_nothing_else() -> None:
    assert office_key("麴町 年金事務所") == office_key("麹町")
    assert office_key("茅ヶ崎年金事務所") == office_key("茅ケ崎")
    assert office_key("大田") != office_key("太田")
    assert office_key("府中") != office_key("備後府中")


@pytest.mark.parametrize(
    ("written", "key"),
    [("神奈川県", "神奈川"), ("東京都", "東京"), ("京都府", "京都"), ("京都", "京都"), ("北海道", "北海道")],
)
def test_prefectures_lose_their_kind(written: str, key: str) -> None:
    assert prefecture_key(written) == key


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("髙橋ー郎", "髙橋　一郎"),
        ("高橋一郎", "髙橋　一郎"),
        ("高橋〓郎", "髙橋　一郎"),
        ("勅使河原左衞門二郎", "勅使河原　左衛門三郎"),
        ("清水忠", "清水　恵"),
        ("八木゛哲望", "八木　哲望"),
        ("須藤花ニ葉", "須藤　花二葉"),
        ("〓翼", "林　翼"),
        ("グェン・ティ・フォン", "グェン・ティ・フォン"),
    ],
)
def test_a_wrong_glyph_in_print_read_back_is_the_fax(read: str, name: str) -> None:
    assert reads_as(read, name)


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("山本一郎", "髙橋　一郎"),
        ("森翼", "林　翼"),
        ("佐藤美咲", "佐藤　健太"),
        ("佐藤", "佐藤　美咲"),
        ("〓〓〓〓", "髙橋　一郎"),
        ("", "髙橋　一郎"),
        ("髙橋一郎", ""),
    ],
)
def test_the_name_of_somebody_else_is_told(read: str, name: str) -> None:
    assert not reads_as(read, name)


@given(st.text("高橋一郎山本花子佐藤", min_size=3, max_size=9))
def test_a_name_reads_as_itself(name: str) -> None:
    assert reads_as(name, name)
