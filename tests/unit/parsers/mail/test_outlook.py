"""Items of Outlook (.msg): the same mail as the one that was sent."""

from __future__ import annotations

import datetime as dt
import random
import struct
from typing import Any

import pytest

from parsers import sniff
from parsers.errors import ParserError
from parsers.findings import Document, MessageKind, Problem
from parsers.mail.outlook import as_mail
from parsers.reading import ReadingContext, merge, parts_to_read, read_file, read_outline, read_part
from tests.fakes import outlook
from tests.fakes.outlook import Streams, attached, child, compound, item
from tests.fakes.workbooks import CODE, returned_workbook

CONTEXT = ReadingContext(received_on=dt.date(2026, 4, 25), not_before_on=dt.date(2026, 3, 12))
SENT_AT = dt.datetime(2026, 4, 10, 1, 0, tzinfo=dt.UTC)
HEADERS = (
    "Received: from a by b; Fri, 10 Apr 2026 10:00:00 +0900\r\n"
    "From: =?utf-8?B?5bGx55Sw?= <yamada@example.jp>\r\nTo: <roster@example.jp>\r\n"
    "Subject: =?utf-8?B?5ZCN57C/44Gu6L+U6YCB?=\r\n"
    'Content-Type: multipart/mixed;\r\n boundary="gone"\r\nMIME-Version: 1.0\r\n'
    "Message-ID: <1@example.jp>\r\nReferences: <0@example.jp>\r\n <00@example.jp>\r\n\r\n"
)


def _item(*attachments: Streams, top: int = 32, **changed: Any) -> Streams:
    properties: dict[int, Any] = {
        outlook.SUBJECT: "名簿の返送",
        outlook.SENDER_NAME: "山田",
        outlook.SENDER_SMTP: "yamada@example.jp",
        outlook.MESSAGE_ID: "<1@example.jp>",
        outlook.SENT_AT: SENT_AT,
        outlook.BODY: "お世話になります。\r\n名簿を返送します。",
    }
    for name, value in changed.items():
        properties[getattr(outlook, name)] = value
    to = {outlook.RECIPIENT_TYPE: 1, outlook.RECIPIENT_NAME: "運営本部", outlook.RECIPIENT_SMTP: "roster@example.jp"}
    return item({k: v for k, v in properties.items() if v is not None}, attachments, [child(to)], top=top)


def _read(streams: Streams) -> Document:
    return read_file("返送.dat", compound(streams), CONTEXT)


@pytest.mark.parametrize("headers", [None, HEADERS])
def test_an_item_says_what_the_mail_said(headers: str | None) -> None:
    document = _read(_item(attached("名簿（横浜）.xlsx", returned_workbook(2)), HEADERS=headers))
    message = document.message
    assert document.source.media == sniff.MSG
    assert message is not None
    assert (message.kind, message.subject) == (MessageKind.RETURN, "名簿の返送")
    assert (message.sender, message.sender_name, message.recipients) == (
        "yamada@example.jp",
        "山田",
        ("roster@example.jp",),
    )
    assert message.message_id == "<1@example.jp>"
    assert message.said == "お世話になります。\n名簿を返送します。"
    assert [(a.name, a.media) for a in message.attachments] == [("名簿（横浜）.xlsx", sniff.XLSX)]
    assert {(f.roster, f.evidence.part) for f in document.findings} == {(CODE, "2/名簿（横浜）.xlsx")}
    assert document.problems == ()


def test_the_time_is_that_of_the_sender() -> None:
    message = _read(_item()).message
    assert message is not None
    assert dt.datetime.fromisoformat(message.sent_at) == SENT_AT


def test_headers_of_the_transport_give_threads_and_signs_of_machines() -> None:
    message = _read(_item(HEADERS=HEADERS)).message
    assert message is not None
    assert set(message.tokens.references) == {"<0@example.jp>", "<00@example.jp>"}
    absent = _read(_item(HEADERS=HEADERS.replace("Message-ID", "Auto-Submitted: auto-replied\r\nMessage-ID"))).message
    assert absent is not None
    assert absent.kind is MessageKind.AUTO_REPLY


def test_narrow_text_is_read_in_its_code_page() -> None:
    changed = {"SUBJECT": ("cp932", "髙橋様"), "BODY": ("cp932", "名簿を返送します。"), "CODEPAGE": 932}
    message = _read(_item(**changed)).message
    assert message is not None
    assert (message.subject, message.said) == ("髙橋様", "名簿を返送します。")


@pytest.mark.parametrize(
    "html", ["<p>返送します。</p>".encode(), "<meta charset=shift_jis><p>返送します。</p>".encode("cp932")]
)
def test_a_text_that_is_html_alone_is_read(html: bytes) -> None:
    message = _read(_item(BODY=None, HTML=html)).message
    assert message is not None
    assert message.said.strip() == "返送します。"


def test_a_text_in_rtf_alone_is_left_to_a_person() -> None:
    document = _read(_item(BODY=None, RTF=b"\x10\0\0\0LZFu"))
    assert [(n.code, n.part) for n in document.problems] == [(Problem.UNSUPPORTED_TYPE, "1/body.rtf")]


def test_an_attached_item_is_a_mail_in_a_mail() -> None:
    inner = _item(attached("a.xlsx", returned_workbook(2)), top=24, BODY=None, SUBJECT="センターから")
    outer = _item(child({outlook.ATTACH_METHOD: 5, outlook.RECIPIENT_NAME: "センターから"}, inner), BODY="転送します。")
    document = _read(outer)
    assert document.message is not None
    assert [(a.name, a.media) for a in document.message.attachments] == [
        ("センターから.eml", sniff.MAIL),
        ("a.xlsx", sniff.XLSX),
    ]
    assert {f.evidence.part for f in document.findings} == {"2/1/a.xlsx"}


def test_an_item_attached_to_a_mail_is_read_as_one() -> None:
    from tests.unit.parsers.test_reading import _mail

    data = compound(_item(attached("a.xlsx", returned_workbook(2)), BODY=None))
    document = read_file("1.eml", _mail(("転送.msg", data)), CONTEXT)
    assert {f.evidence.part for f in document.findings} == {"2/転送.msg/1/a.xlsx"}
    pieces = read_outline("1.eml", _mail(("転送.msg", data)), CONTEXT)
    for part in parts_to_read(pieces):
        pieces = merge(pieces, read_part("1.eml", _mail(("転送.msg", data)), CONTEXT, part))
    assert set(pieces.findings) == set(document.findings)


def test_items_in_items_are_read_three_deep() -> None:
    inner = _item(attached("a.xlsx", returned_workbook(1)), top=24, BODY=None)
    for _ in range(4):
        inner = _item(child({outlook.ATTACH_METHOD: 5}, inner), top=24, BODY=None)
    document = _read(_item(child({outlook.ATTACH_METHOD: 5}, inner), BODY=None))
    assert document.findings == ()
    assert Problem.NESTED_TOO_DEEP in {n.code for n in document.problems}


@pytest.mark.parametrize("method", [2, 4, 6, 7])
def test_what_is_only_linked_or_an_object_is_told(method: int) -> None:
    document = _read(_item(child({outlook.ATTACH_METHOD: method, outlook.ATTACH_NAME: "a.xlsx"})))
    assert [(n.code, n.part) for n in document.problems] == [(Problem.UNREADABLE_ATTACHMENT, "2/a.xlsx")]


def test_a_signed_mail_is_one_attachment_that_holds_all_of_it() -> None:
    from tests.unit.parsers.test_reading import _mail

    signed = attached("smime.p7m", _mail(("a.xlsx", returned_workbook(2)), text=""), "multipart/signed")
    assert len(_read(_item(signed)).findings) == 2


def test_names_lead_nowhere_and_line_breaks_make_no_headers() -> None:
    document = _read(_item(attached("../../a\r\nX: y.bin", b"\0"), SUBJECT="a\r\nBcc: b@example.jp\r\n\r\nx"))
    assert document.message is not None
    assert document.message.subject == "a Bcc: b@example.jp x"
    assert document.message.attachments[0].part == "2/.._.._a X: y.bin"


def test_our_own_mail_is_listed_and_not_read() -> None:
    own = ReadingContext(own_addresses=("yamada@example.jp",))
    document = read_file("x.msg", compound(_item(attached("a.xlsx", returned_workbook(2)))), own)
    assert document.message is not None
    assert document.message.kind is MessageKind.OWN
    assert document.findings == ()


def test_an_item_that_is_no_item_is_refused() -> None:
    with pytest.raises(ParserError) as refused:
        as_mail(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000))
    assert refused.value.problem is Problem.UNREADABLE_ATTACHMENT


def test_attachments_that_share_their_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(compound(_item(*(attached(f"{n}.bin", bytes([n]) * 5_000) for n in range(3)))))
    name = "__substg1.0_37010102".encode("utf-16-le")
    entries = [at for at in range(512, len(data) - 128, 128) if data[at : at + len(name)] == name]
    assert len(entries) == 3
    for at in entries:  # one chain of sectors for all of them
        data[at + 116 : at + 120] = data[entries[0] + 116 : entries[0] + 120]
    monkeypatch.setattr("parsers.mail.outlook._BYTES_MOST", 12_000)
    assert [n.code for n in read_file("x", bytes(data), CONTEXT).problems] == [Problem.TOO_LARGE]


@pytest.mark.parametrize("to_itself", [True, False])
def test_chains_of_sectors_and_entries_that_run_in_a_circle_end(to_itself: bool) -> None:
    data = compound(_item(attached("a.bin", b"x" * 5_000)))
    sectors = len(data) // 512 - 1
    table = 512 * sectors  # the last sector is the allocation table
    for number in range(sectors - 1):
        looped = bytearray(data)
        struct.pack_into("<I", looped, table + 4 * number, number if to_itself else max(0, number - 1))
        assert Problem.READER_FAILED not in {n.code for n in read_file("x", bytes(looped), CONTEXT).problems}
    entries = [at for at in range(512, table, 128) if looped[at : at + 4] == "__".encode("utf-16-le")]
    for at in entries:
        looped = bytearray(data)
        struct.pack_into("<III", looped, at + 68, *(3, 3, 3) if to_itself else (0, 0, 0))
        assert Problem.READER_FAILED not in {n.code for n in read_file("x", bytes(looped), CONTEXT).problems}


def test_bytes_damaged_anywhere_are_told_and_never_raised() -> None:
    data = compound(_item(attached("a.bin", b"x" * 5_000), child({outlook.ATTACH_METHOD: 5}, _item(top=24))))
    chance = random.Random(8)
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice([0, 255, chance.randrange(256)])
        cut = bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])])
        document = read_file("x", cut, CONTEXT)
        assert Problem.READER_FAILED not in {n.code for n in document.problems}, document.problems
        read_outline("x", cut, CONTEXT)
