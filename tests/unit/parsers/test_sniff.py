"""What the bytes are, whatever name they came under."""

from __future__ import annotations

import io
import struct
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import sniff
from parsers.archives import checked_zip
from parsers.errors import ParserError
from parsers.findings import Problem


def _zip(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def _ooxml(main: str) -> bytes:
    return _zip({"[Content_Types].xml": f'<Types><Override ContentType="application/{main}"/></Types>'.encode()})


def ole2(*streams: str) -> bytes:
    """A compound file of version 3 with these directory entries and nothing in them."""
    names = ["Root Entry", *streams]
    sectors = -(-len(names) * 128 // 512)
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<I", head, 48, 1)
    struct.pack_into("<109I", head, 76, 0, *[0xFFFFFFFF] * 108)
    table = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    fat = struct.pack("<128I", *table, *[0xFFFFFFFF] * (128 - len(table)))
    directory = bytearray(sectors * 512)
    for index, name in enumerate(names):
        raw = name.encode("utf-16-le")
        directory[index * 128 : index * 128 + len(raw)] = raw
        struct.pack_into("<H", directory, index * 128 + 64, len(raw) + 2)
    return bytes(head) + fat + bytes(directory)


def _xlsx() -> bytes:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


def _encrypted_zip() -> bytes:
    data = bytearray(_zip({"名簿.xlsx": b"x"}))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    data[6] |= 1
    return bytes(data)


CASES = [
    (b"", sniff.EMPTY),
    (_xlsx(), sniff.XLSX),
    (_ooxml("vnd.ms-excel.sheet.macroEnabled.main+xml"), sniff.XLSM),
    (_ooxml("vnd.ms-excel.sheet.binary.macroEnabled.main"), sniff.XLSB),
    (_ooxml("vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), sniff.DOCX),
    (_ooxml("vnd.ms-package.xps-fixeddocument+xml"), sniff.OPC),
    (_zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}), sniff.ODS),
    (_zip({"a.txt": b"x"}), sniff.ZIP),
    (_encrypted_zip(), sniff.ENCRYPTED_ZIP),
    (_zip({"a.txt": b"x"})[:30], sniff.ZIP),
    (ole2("Workbook"), sniff.XLS),
    (ole2("Book"), sniff.XLS),
    (ole2("EncryptionInfo", "DataSpaces", "Version", "EncryptedPackage"), sniff.ENCRYPTED_OFFICE),
    (ole2("WordDocument"), sniff.DOC),
    (ole2("__nameid_version1.0", "__properties_version1.0"), sniff.MSG),
    (ole2("__properties_version1.0", "Workbook"), sniff.MSG),
    (ole2("JSRV_SegmentInformation"), "application/x-js-taro"),
    (ole2("Anything"), sniff.OLE2),
    (b"%PDF-1.7\n", sniff.PDF),
    (b"\r\n\r\n%PDF-1.4\n", sniff.PDF),
    (b"II*\0\x08\0\0\0", sniff.TIFF),
    (b"MM\0*\0\0\0\x08", sniff.TIFF),
    (b"\x89PNG\r\n\x1a\n", sniff.PNG),
    (b"\xff\xd8\xff\xe0", sniff.JPEG),
    (b"\0\0\0\x18ftypheic", "image/heic"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
    (b"!!-lh5-!!!!", "application/x-lzh-compressed"),
    (b"\x78\x9f\x3e\x22\0\0", sniff.TNEF),
    (b"{\\rtf1\\ansi", sniff.RTF),
    (b"\x60\x0e\x82\x53", sniff.XDW),
    (b"\x30\x82\x05\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", sniff.PKCS7),
    (b"From: a@example.jp\r\nTo: b@example.jp\r\nSubject: x\r\n\r\nhi", sniff.MAIL),
    (b"Received: from x\r\n by y\r\nMessage-ID: <1@x>\r\n\r\n\0\xff", sniff.MAIL),
    (b"From a@b Mon\nFrom: a@example.jp\nDate: x\n\nhi", sniff.MAIL),
    ("日時: あした\n件名: はい\n".encode(), sniff.TEXT),
    (b"<html><body><table>", sniff.HTML),
    (b"<?xml version='1.0'?><Workbook/>", sniff.XML),
    (b"BEGIN:VCALENDAR\r\n", sniff.CALENDAR),
    ("No.,氏名,兼務登録年月日\r\n1,髙橋,R8.4.1\r\n".encode("cp932"), sniff.CSV),
    ("No.\t氏名\n1\t山田\n".encode("utf-16"), sniff.CSV),
    ("ありがとうございました。\n以上".encode("iso-2022-jp"), sniff.TEXT),
    (b"\x00\x01\x02\x03", sniff.BINARY),
]


@pytest.mark.parametrize(("data", "media"), CASES)
def test_the_content_names_the_type(data: bytes, media: str) -> None:
    assert sniff.sniff(data) == media


@given(st.binary(max_size=2000))
def test_no_bytes_upset_it(data: bytes) -> None:
    assert "/" in sniff.sniff(data)


@given(st.sampled_from([c[0] for c in CASES if len(c[0]) > 100]), st.data())
def test_no_damage_upsets_it(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[at] ^= data.draw(st.integers(1, 255))
    assert "/" in sniff.sniff(bytes(flipped))
    assert "/" in sniff.sniff(whole[:at])


def test_a_long_text_cut_inside_a_character_is_still_text() -> None:
    assert sniff.sniff(("あ" * 40_000).encode()) == sniff.TEXT


def test_an_archive_that_unpacks_to_something_absurd_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xml", bytes(210_000_000))
    with pytest.raises(ParserError) as refused:
        checked_zip(out.getvalue())
    assert refused.value.problem is Problem.TOO_LARGE


def test_an_archive_of_too_many_entries_is_refused() -> None:
    with pytest.raises(ParserError) as refused:
        checked_zip(_zip({f"{i}": b"" for i in range(2_001)}))
    assert refused.value.problem is Problem.TOO_LARGE


def test_sheets_of_many_empty_cells_may_shrink_well() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet1.xml", b'<c r="A1" s="3"/>' * 500_000)
    checked_zip(out.getvalue())
