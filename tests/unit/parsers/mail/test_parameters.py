"""Attachment names in every way mailers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.mail.parameters import MAX_NAME_CHARACTERS, display_name, file_name, parse_parameters

NAME = "受講者名簿（髙﨑）①.xlsx"
UTF8 = NAME.encode()
SJIS = NAME.encode("cp932")
SPLIT_IN_CHARACTER = b"".join(b"%%%02X" % b for b in UTF8[:5]), b"".join(b"%%%02X" % b for b in UTF8[5:])


def percent(raw: bytes) -> bytes:
    return b"".join(b"%%%02X" % b for b in raw)


def name_of(disposition: bytes, content_type: bytes = b"application/octet-stream") -> str:
    return file_name(parse_parameters(disposition), parse_parameters(content_type)).text


JIS = b"\x1b$BL>Jm\x1b(B.xlsx"
JIS_NAME = "名簿.xlsx"
QUOTE_INSIDE = b"\x1b$B!\x22!\x22\x1b(B.xlsx"  # the second byte of 、 is a quotation mark


@pytest.mark.parametrize(
    "header",
    [
        b"attachment; filename*=UTF-8''" + percent(UTF8),
        b"attachment; filename*=utf-8'ja'" + percent(UTF8) + b'; filename="_____.xlsx"',
        b'attachment; filename="=?UTF-8?B?5Y+X6Kyb6ICF5ZCN57C/77yI6auZ76iR77yJ4pGgLnhsc3g=?="',
        b"attachment; filename*0*=UTF-8''" + SPLIT_IN_CHARACTER[0] + b"; filename*1*=" + SPLIT_IN_CHARACTER[1],
        b"attachment; filename*1*=" + SPLIT_IN_CHARACTER[1] + b"; filename*0*=UTF-8''" + SPLIT_IN_CHARACTER[0],
        b"attachment; filename*=windows-31j''" + percent(SJIS),
        b"attachment; filename*=shift_jis''" + percent(SJIS),
        b"attachment; filename*=''" + percent(UTF8),
        b'attachment; filename="' + UTF8 + b'"',
        b'attachment; filename="' + SJIS + b'"',
        b"attachment; filename=" + SJIS,
        b'attachment; filename="' + percent(UTF8) + b'"',
        b'attachment; filename*0="=?UTF-8?B?5Y+X6Kyb6ICF5ZCN57C/"; filename*1="77yI6auZ76iR77yJ4pGgLnhsc3g=?="',
        b'attachment; filename="=?UTF-8?B?5Y+X6Kyb6ICF5ZCN57C/?=\r\n =?UTF-8?B?77yI6auZ76iR77yJ4pGgLnhsc3g=?="',
    ],
)
def test_a_japanese_name_is_read(header: bytes) -> None:
    assert name_of(header) == NAME


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'attachment; filename="' + JIS + b'"', JIS_NAME),
        (b"attachment; filename*=ISO-2022-JP''" + percent(JIS), JIS_NAME),
        (b"attachment; filename*0*=ISO-2022-JP''%1B%24BL>; filename*1*=Jm%1B%28B.xlsx", JIS_NAME),
        (
            b"attachment; filename*0*=iso-2022-jp''%1B%24BL%3E%1B%28B; filename*1*=%1B%24BJm%1B%28B; filename*2=.xlsx",
            JIS_NAME,
        ),
        (b'attachment; filename="=?ISO-2022-JP?B?GyRCTD5KbRsoQi54bHN4?="', JIS_NAME),
        (b'attachment; filename="' + QUOTE_INSIDE + b'"; size=5', "、、.xlsx"),
        (b'attachment; filename="' + "表予能.xls".encode("cp932") + b'"; size=5', "表予能.xls"),
        (b'attachment; filename="a \\"b\\".pdf"', 'a "b".pdf'),
        (b"attachment; filename=it's.pdf", "it's.pdf"),
        (b"attachment; filename=plain.pdf; size=1", "plain.pdf"),
        (b'attachment; filename="a;b.pdf"', "a;b.pdf"),
        (b'attachment; filename="open.pdf', "open.pdf"),
        (b'attachment; FILENAME = "x.pdf" (comment)', "x.pdf"),
        (b'attachment; filename="100%.pdf"', "100%.pdf"),
        (b"attachment", ""),
    ],
)
def test_odd_forms_are_read(header: bytes, name: str) -> None:
    assert name_of(header) == name


def test_name_of_the_content_type_serves_when_there_is_no_filename() -> None:
    assert name_of(b"", b'application/pdf; name="=?ISO-2022-JP?B?GyRCTD5KbRsoQi54bHN4?="') == JIS_NAME
    assert name_of(b"inline", b'application/pdf; name="x.pdf"') == "x.pdf"


def test_a_readable_name_wins_over_a_garbled_filename() -> None:
    assert name_of(b'attachment; filename="?????.xlsx"', 'x/y; name="名簿.xlsx"'.encode()) == JIS_NAME


def test_the_filename_wins_when_nothing_is_wrong_with_it() -> None:
    assert name_of(b'attachment; filename="roster.xlsx"', 'x/y; name="名簿.xlsx"'.encode()) == "roster.xlsx"


def test_a_guessed_charset_is_told() -> None:
    assert file_name(parse_parameters(b'attachment; filename="' + SJIS + b'"'), parse_parameters(b"x/y")).guessed
    assert not file_name(
        parse_parameters(b"attachment; filename*=UTF-8''" + percent(UTF8)), parse_parameters(b"x/y")
    ).guessed


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\\b\x00c.xls", "a_bc.xls"),
        ("\u202efdp.exe", "fdp.exe"),
        ("a\r\nb.pdf", "a  b.pdf"),
        ("か\u3099.pdf", "が.pdf"),
        ("\ud800x", "x"),
    ],
)
def test_names_are_made_harmless_for_display(raw: str, shown: str) -> None:
    assert display_name(raw) == shown


def test_a_long_name_keeps_its_ending() -> None:
    shown = display_name("あ" * 300 + ".xlsx")
    assert len(shown) == MAX_NAME_CHARACTERS
    assert shown.endswith(".xlsx")


@given(st.text(max_size=300))
def test_no_display_name_can_leave_its_line_or_folder(text: str) -> None:
    shown = display_name(text)
    assert not set(shown) & set("/\\\x00\r\n")
    assert len(shown) <= MAX_NAME_CHARACTERS


@given(st.binary(max_size=200))
def test_no_header_raises(raw: bytes) -> None:
    name_of(b"attachment; filename*0*=" + raw, b"x/y; name=" + raw)
    name_of(raw, raw)
