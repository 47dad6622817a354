"""Charsets declared right, wrong, unknown, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.mail.charsets import canonical, decode, looks

PROSE = "お世話になっております。髙橋①の名簿を返送します。"
JIS_TEXT = "お世話になっております。髙橋①の名簿"
JIS = (
    "お世話になっております。".encode("iso2022_jp") + b"\x1b$B|b\x1b(B" + "橋".encode("iso2022_jp") + b"\x1b$B-!\x1b(B"
)
JIS += "の名簿".encode("iso2022_jp")


@pytest.mark.parametrize(
    "label",
    ["Windows-31J", "x-sjis", "shift_jis", "MS_Kanji", "cp932", "SJIS", "csWindows31J", '"Shift-JIS"'],
)
def test_every_name_of_shift_jis_reads_the_ibm_characters(label: str) -> None:
    got = decode(PROSE.encode("cp932"), label)
    assert (got.text, got.guessed) == (PROSE, False)


@pytest.mark.parametrize(
    "label", ["ISO-2022-JP", "iso-2022-jp-ms", "cp50220", "CP50221", "csISO2022JP", "iso-2022-jp-1"]
)
def test_every_name_of_iso_2022_jp_reads_nec_row_13_and_ibm_rows(label: str) -> None:
    got = decode(JIS, label)
    assert (got.text, got.guessed) == (JIS_TEXT, False)


@pytest.mark.parametrize("codec", ["cp932", "utf-8"])
@pytest.mark.parametrize(
    "label", ["iso-2022-jp", "us-ascii", "", "utf-8", "shift_jis", "iso-8859-1", "x-nonsense", "euc-jp"]
)
def test_a_wrong_label_does_not_garble_the_text(codec: str, label: str) -> None:
    assert decode(PROSE.encode(codec), label).text == PROSE


@pytest.mark.parametrize("label", ["", "us-ascii", "utf-8", "shift_jis", "iso-8859-1", "unknown-8bit"])
def test_escapes_are_noticed_under_any_label(label: str) -> None:
    assert decode(JIS, label).text == JIS_TEXT


def test_a_missing_charset_with_escapes_is_a_guess() -> None:
    assert decode(JIS).guessed


def test_euc_jp_without_a_label_is_told_from_shift_jis() -> None:
    text = "名簿をお送りいたします。ご確認ください。"
    assert decode(text.encode("euc_jp")).text == text


def test_plain_ascii_is_never_a_guess() -> None:
    assert not decode(b"hello", "x-nonsense").guessed
    assert decode(b"hello").text == "hello"


def test_western_text_keeps_its_accents() -> None:
    assert decode("é à Müller".encode("latin-1"), "iso-8859-1").text == "é à Müller"


@pytest.mark.parametrize("label", ["idna", "punycode", "unicode_escape", "zip", "rot13", "undefined", "hex"])
def test_python_codecs_that_are_no_charsets_are_unknown(label: str) -> None:
    assert canonical(label) == ""


def test_one_broken_byte_does_not_turn_utf8_into_another_charset() -> None:
    raw = PROSE.encode()
    assert decode(raw[:31] + raw[32:], "utf-8").charset == "utf-8"


def test_mojibake_scores_below_prose() -> None:
    mojibake = PROSE.encode().decode("cp932", "replace")
    assert looks(mojibake) < 0.3 < looks(PROSE)


@given(
    st.binary(max_size=300), st.sampled_from(["", "utf-7", "utf-16", "iso-2022-jp", "cp932", "gb2312", "koi8-r", "?"])
)
def test_no_bytes_raise(raw: bytes, label: str) -> None:
    decode(raw, label).text.encode()


def test_half_a_surrogate_pair_is_never_let_through() -> None:
    assert "\ud800" not in decode(b"+2AA-", "utf-7").text
