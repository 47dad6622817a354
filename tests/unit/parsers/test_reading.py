"""One entry for every kind of file: dispatch by content, parts that cannot spoil each other, pieces that add up."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from email.message import EmailMessage, Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import parsers.tables.workbook
from parsers import sniff
from parsers.findings import Document, MessageKind, PageKind, Problem, document_from_json, to_json
from parsers.reading import ReadingContext, merge, parts_to_read, read_file, read_outline, read_part
from parsers.warming import sample_mail, sample_pdf
from tests.fakes.pdfs import set_page
from tests.fakes.workbooks import CODE, returned_workbook
from tests.unit.parsers.test_sniff import _encrypted_zip, _ooxml, _zip, ole2

CONTEXT = ReadingContext(
    received_on=dt.date(2026, 4, 25),
    not_before_on=dt.date(2026, 3, 12),
    own_addresses=("roster@example.jp",),
)


def _mail(
    *attachments: tuple[str, bytes | Message], sender: str = "office@example.jp", text: str = "返送します。"
) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "roster@example.jp", "名簿の返送"
    mail["Date"], mail["Message-ID"] = "Fri, 10 Apr 2026 10:00:00 +0900", "<1@example.jp>"
    mail.set_content(text)
    for name, data in attachments:
        if isinstance(data, Message):
            mail.add_attachment(data)
        else:
            mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def _nested(inner: bytes) -> Message:
    import email
    import email.policy

    return email.message_from_bytes(inner, policy=email.policy.default)


def _read(data: bytes, name: str = "x.bin") -> Document:
    return read_file(name, data, CONTEXT)


def _codes(document: Document) -> list[tuple[Problem, str]]:
    return [(n.code, n.part.split("/")[0]) for n in document.problems]


def picture(width: int, height: int) -> bytes:
    """A whole PNG with nothing of ours on it."""
    out = io.BytesIO()
    drawn = Image.radial_gradient("L").resize((width, height))
    for x in (width // 4, width // 2, 3 * width // 4):
        ImageDraw.Draw(drawn).rectangle((x, height // 3, x + width // 8, height // 2), outline=0, width=6)
    drawn.save(out, format="PNG")
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG: it says its size and holds no picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))


KINDS = [
    (_encrypted_zip(), Problem.ENCRYPTED_ATTACHMENT),
    (ole2("EncryptionInfo", "EncryptedPackage"), Problem.ENCRYPTED_ATTACHMENT),
    (b"", Problem.UNREADABLE_ATTACHMENT),
    (_zip({"a": b"x"})[:40], Problem.UNREADABLE_ATTACHMENT),
    (_zip({"a": b"x"}), Problem.UNSUPPORTED_TYPE),
    (ole2("Workbook"), Problem.UNREADABLE_ATTACHMENT),
    (ole2("WordDocument"), Problem.UNSUPPORTED_TYPE),
    (_ooxml("vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), Problem.UNREADABLE_ATTACHMENT),
    (b"\x60\x0e\x82\x53", Problem.UNSUPPORTED_TYPE),
    (b"hello", Problem.UNSUPPORTED_TYPE),
    (b"\0\1\2\3", Problem.UNSUPPORTED_TYPE),
    (b"II*\0\x08\0\0\0", Problem.UNREADABLE_ATTACHMENT),
    (png(1700, 2400), Problem.UNREADABLE_ATTACHMENT),
    (b"\xff\xd8\xff\xe0", Problem.UNREADABLE_ATTACHMENT),
    (picture(850, 1100), Problem.IMAGE_NOT_READ),
]


@pytest.mark.parametrize(("data", "code"), KINDS)
def test_every_kind_nobody_reads_ends_under_its_own_name(data: bytes, code: Problem) -> None:
    assert [n.code for n in _read(data).problems] == [code]
    inside = _read(_mail(("x.xlsx", data), ("good.xlsx", returned_workbook(2))), "1.eml")
    assert _codes(inside) == [(code, "2")]
    assert len(inside.findings) == 2


def test_an_unsupported_type_is_named_by_its_content() -> None:
    document = _read(_mail(("名簿.xlsx", ole2("WordDocument"))), "1.eml")
    assert document.problems[0].detail == sniff.DOC
    assert document.message is not None
    assert document.message.attachments[0].media == sniff.DOC


def test_a_picture_is_a_foreign_page() -> None:
    assert [(p.page, p.kind) for p in _read(picture(850, 1100)).pages] == [(1, PageKind.FOREIGN)]


def test_ornaments_and_signatures_of_a_mail_are_no_pages() -> None:
    signature = b"\x30\x82\x05\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
    assert _read(_mail(("line.png", png(600, 2)), ("smime.p7s", signature)), "1.eml").problems == ()
    assert _codes(_read(_mail(("page.png", picture(600, 200))), "1.eml")) == [(Problem.IMAGE_NOT_READ, "2")]


def test_a_workbook_and_a_pdf_are_read_by_themselves_or_from_a_mail() -> None:
    alone = _read(returned_workbook(3), "anything.dat")
    assert {f.roster for f in alone.findings} == {CODE}
    mail = _read(_mail(("a.dat", returned_workbook(3)), ("b.dat", set_page("#pad(20mm)[手紙]"))), "1.eml")
    assert [f.value for f in mail.findings] == [f.value for f in alone.findings]
    assert {f.evidence.part for f in mail.findings} == {"2/a.dat"}
    assert _codes(mail) == [(Problem.NO_ROSTER_FOUND, "3")]
    assert [a.media for a in mail.message.attachments if mail.message] == [sniff.XLSX, sniff.PDF]


def test_macros_are_told_and_never_run() -> None:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(returned_workbook(2))) as book, zipfile.ZipFile(out, "w") as macro:
        for entry in book.namelist():
            data = book.read(entry)
            if entry == "[Content_Types].xml":
                plain = b"vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
                data = data.replace(plain, b"vnd.ms-excel.sheet.macroEnabled.main+xml")
            macro.writestr(entry, data)
    document = _read(out.getvalue())
    assert document.source.media == sniff.XLSM
    assert [n.code for n in document.problems] == [Problem.MACROS_IGNORED]
    assert len(document.findings) == 2


def test_a_bug_in_one_reader_costs_one_attachment(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = parsers.tables.workbook.read_workbook

    def buggy(data: bytes, **kwargs: object) -> object:
        if kwargs["part"] == "2/bad.xlsx":
            raise ZeroDivisionError("with a name in it")
        return whole(data, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(parsers.tables.workbook, "read_workbook", buggy)
    document = _read(_mail(("bad.xlsx", returned_workbook(2)), ("good.xlsx", returned_workbook(2))), "1.eml")
    assert [(n.code, n.detail, n.part) for n in document.problems] == [
        (Problem.READER_FAILED, "ZeroDivisionError", "2/bad.xlsx")
    ]
    assert len(document.findings) == 2


def test_running_out_of_memory_is_left_to_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(data: bytes, **kwargs: object) -> object:
        raise MemoryError

    monkeypatch.setattr(parsers.tables.workbook, "read_workbook", greedy)
    with pytest.raises(MemoryError):
        _read(returned_workbook(1))


def test_mails_in_mails_are_read_three_deep() -> None:
    raw = _mail(("a.xlsx", returned_workbook(1)))
    for _ in range(2):
        raw = _mail(("", _nested(raw)), text="転送します。")
    document = _read(raw, "1.eml")
    assert len(document.findings) == 1
    assert document.message is not None
    assert [a.media for a in document.message.attachments] == [sniff.MAIL, sniff.MAIL, sniff.XLSX]
    assert document.findings[0].evidence.part == document.message.attachments[2].part
    assert Problem.NESTED_TOO_DEEP not in {n.code for n in document.problems}
    deeper = _read(_mail(("", _nested(raw)), text="転送します。"), "1.eml")
    assert deeper.findings == ()
    assert Problem.NESTED_TOO_DEEP in {n.code for n in deeper.problems}


def test_words_of_an_attached_mail_are_told() -> None:
    inner = _mail(text="４月１０日に登録しました。")
    assert _codes(_read(_mail(("", _nested(inner))), "1.eml")) == [(Problem.OTHER_FILE_NOT_READ, "2")]


def test_what_our_own_mail_carries_is_listed_and_not_read() -> None:
    document = _read(_mail(("roster.xlsx", returned_workbook(2)), sender="roster@example.jp"), "1.eml")
    assert document.message is not None
    assert document.message.kind is MessageKind.OWN
    assert len(document.message.attachments) == 1
    assert document.findings == ()
    assert parts_to_read(document) == ()


def test_a_file_called_eml_is_a_mail_whatever_its_headers() -> None:
    for data in (b"", b"\0\0", b"no headers at all", b"<html>"):
        assert _read(data, "1.eml").message is not None


def test_an_enormous_file_is_not_opened() -> None:
    assert [n.code for n in _read(b"%PDF-1.7" + bytes(64_000_000)).problems] == [Problem.TOO_LARGE]


def _in_pieces(raw: bytes) -> Document:
    document = read_outline("1.eml", raw, CONTEXT)
    for part in parts_to_read(document):
        document = merge(document, read_part("1.eml", raw, CONTEXT, part))
    return document


def test_a_mail_read_in_pieces_says_the_same() -> None:
    inner = _mail(("a.xlsx", returned_workbook(2)), text="")
    raw = _mail(
        ("a.xlsx", returned_workbook(2)), ("b.pdf", sample_pdf()), ("c.7z", b"7z\xbc\xaf\x27\x1c"), ("", _nested(inner))
    )
    whole, pieces = _read(raw, "1.eml"), _in_pieces(raw)
    assert set(pieces.findings) == set(whole.findings)
    assert set(pieces.problems) == set(whole.problems)
    assert set(pieces.pages) == set(whole.pages)
    assert pieces.message == whole.message


def test_pieces_of_an_attached_mail_can_be_asked_for() -> None:
    raw = _mail(("", _nested(_mail(("a.xlsx", returned_workbook(2)), text=""))))
    outer = read_outline("1.eml", raw, CONTEXT)
    assert outer.message is not None
    inner = read_outline("1.eml", raw, CONTEXT, outer.message.attachments[0].part)
    assert inner.message is not None
    assert len(read_part("1.eml", raw, CONTEXT, inner.message.attachments[0].part).findings) == 2


def test_a_part_that_is_not_there_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        read_part("1.eml", _mail(), CONTEXT, "7/none")


def test_a_document_survives_json() -> None:
    document = _read(_mail(("a.xlsx", returned_workbook(3)), ("b.7z", b"7z\xbc\xaf\x27\x1c")), "1.eml")
    assert document_from_json(to_json(document)) == document


def test_the_sample_that_warms_a_process_is_understood() -> None:
    document = _read(sample_mail(), "sample.eml")
    assert len(document.findings) == 2
    assert {n.code for n in document.problems} == set()
    assert [p.kind for p in _read(sample_pdf()).pages] == [PageKind.TEXT]


SEEDS = [
    returned_workbook(2),
    sample_pdf(),
    sample_mail(),
    set_page("#table(columns: 2, [氏名], [登録日], [林], [R8.4.1])"),
]


@settings(max_examples=120, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=30),
    cut=st.integers(0, 10**6),
)
def test_damage_is_told_and_never_raised(seed: bytes, flips: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(seed)
    for at, value in flips:
        damaged[at % len(damaged)] = value
    document = _read(bytes(damaged[: cut % (2 * len(damaged))]))
    assert Problem.READER_FAILED not in {n.code for n in document.problems}, document.problems
