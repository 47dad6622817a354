"""Header fields, encoded words, addresses."""

import pytest

from parsers.mail.addresses import addresses, cased_addresses, find_addresses, plus_part, sender
from parsers.mail.headers import Headers, decode_words, split_headers


def headers(raw: bytes) -> Headers:
    return split_headers(raw, 0, len(raw))[0]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_folded_fields_are_joined_under_any_line_end(end: bytes) -> None:
    raw = end.join([b"Subject: one", b" two", b"\tthree", b"To: x", b"", b"body"])
    found, body = split_headers(raw, 0, len(raw))
    assert found.text("subject") == "one two\tthree"
    assert raw[body:] == b"body"
    assert not found.broken


def test_a_lost_empty_line_ends_the_headers_where_the_text_begins() -> None:
    raw = b"From: a@b.example\nSubject: x\nno header here\n"
    found, body = split_headers(raw, 0, len(raw))
    assert found.broken
    assert raw[body:].startswith(b"no header")


def test_an_mbox_line_is_stepped_over() -> None:
    assert headers(b"From a@b Thu Apr  1\nSubject: x\n\n").text("subject") == "x"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?UTF-8?B?5ZCN57C/?=", "名簿"),
        (b"=?utf-8?q?=E5=90=8D?= =?utf-8?q?=E7=B0=BF?=", "名簿"),
        (b"=?UTF-8?B?5ZA=?= =?UTF-8?B?jeewvw==?=", "名簿"),  # cut inside a character
        (b"=?ISO-2022-JP?B?GyRCTD5KbRsoQg==?= x", "名簿 x"),
        (b"=?ISO-2022-JP?B?GyRCTD4=?=\t=?ISO-2022-JP?B?Sm0bKEI=?=", "名簿"),
        (b"Re: =?shift_jis?Q?=96=BC=95=EB?=", "Re: 名簿"),
        (b"=?UTF-8*ja?B?5ZCN?=", "名"),
        ("名簿".encode(), "名簿"),
        ("名簿の返送".encode("cp932"), "名簿の返送"),
        (b"\x1b$BL>Jm\x1b(B", "名簿"),
        ("Re: 名簿 =?UTF-8?B?5ZCN?=".encode(), "Re: 名簿 名"),
        (b"=?x-unknown?B?5ZCN57C/?=", "名簿"),
        (b"=?UTF-8?B?broken", "=?UTF-8?B?broken"),
        (b"a =?UTF-8?Q?b_c?= d", "a b c d"),
    ],
)
def test_subjects_are_read_however_they_are_written(raw: bytes, text: str) -> None:
    assert decode_words(raw).text == text


@pytest.mark.parametrize(
    ("raw", "address", "name"),
    [
        (b"Sato Hanako <Hanako@Pref.Example>", "hanako@pref.example", "Sato Hanako"),
        (b'"boss@hq.example" <x@evil.example>', "x@evil.example", "boss@hq.example"),
        (b"boss@hq.example <x@evil.example>", "x@evil.example", "boss@hq.example"),
        (b"=?UTF-8?B?5L2Q6Jek?= <s@p.example>", "s@p.example", "佐藤"),
        (b"=?UTF-8?B?PGFAYi5leGFtcGxlPg==?= <s@p.example>", "s@p.example", "<a@b.example>"),
        (b"s@p.example (Sato)", "s@p.example", "Sato"),
        (b"s@p.example", "s@p.example", ""),
        ("佐藤 <s@p.example>".encode("cp932"), "s@p.example", "佐藤"),
        (b'"Sato, Hanako" <s@p.example>, t@p.example', "s@p.example", "Sato, Hanako"),
        (b"undisclosed-recipients:;", "", ""),
        (b"", "", ""),
        (b"<>", "", ""),
        (b'"a..b"@docomo.example', '"a..b"@docomo.example', ""),
        (b"a..b.@docomo.example", "a..b.@docomo.example", ""),
    ],
)
def test_the_author_is_the_address_in_angle_brackets(raw: bytes, address: str, name: str) -> None:
    found = sender(Headers((("from", raw),)))
    assert found.address == address
    if name or not address:
        assert found.name.strip("<>") == name.strip("<>")


def test_sender_stands_in_for_a_missing_from() -> None:
    assert sender(Headers((("sender", b"x@y.example"),))).address == "x@y.example"


def test_all_recipients_are_found_once() -> None:
    found = Headers(
        (("to", b'A <a@x.example>, "B, C" <B@x.example>,c@x.example'), ("cc", b"grp: a@x.example, d@x.example;"))
    )
    assert addresses(found, "to", "cc") == ("a@x.example", "b@x.example", "c@x.example", "d@x.example")


def test_plus_parts_keep_their_case() -> None:
    found = cased_addresses(Headers((("to", b"HQ <Roster+aB3dE@hq.example>"),)), "to")
    assert [plus_part(a) for a in found] == ["aB3dE"]


def test_addresses_in_text_stop_at_punctuation() -> None:
    assert find_addresses("<a@x.example>: 550; (b@y.example)。c@z.example。") == (
        "a@x.example",
        "b@y.example",
        "c@z.example",
    )
