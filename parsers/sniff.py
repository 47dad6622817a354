"""Media type by content: what the bytes are, whatever name and declaration came with them.

Names are IANA media types where there is one; the rest are the names `file` uses. Text is told from binary by whether
it decodes in an encoding that Japanese mail uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from parsers.archives import is_encrypted, is_ole2, ole2_names, open_zip, read_entry
from parsers.separated import looks_tabular

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSM: Final = "application/vnd.ms-excel.sheet.macroenabled.12"
XLSB: Final = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
XLS: Final = "application/vnd.ms-excel"
ENCRYPTED_OFFICE: Final = "application/encrypted"
"""An OOXML document with a password: an OLE2 file with an EncryptedPackage in it."""
ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOC: Final = "application/msword"
OPC: Final = "application/vnd.openxmlformats-package"
"""Another file of Office's making (ECMA-376 part 2): no archive of somebody's files."""
PDF: Final = "application/pdf"
TIFF: Final = "image/tiff"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
ZIP: Final = "application/zip"
ENCRYPTED_ZIP: Final = "application/zip; encrypted"
MSG: Final = "application/vnd.ms-outlook"
TNEF: Final = "application/ms-tnef"
MAIL: Final = "message/rfc822"
HTML: Final = "text/html"
XML: Final = "text/xml"
RTF: Final = "application/rtf"
CSV: Final = "text/csv"
TEXT: Final = "text/plain"
XDW: Final = "application/vnd.fujixerox.docuworks"
PKCS7: Final = "application/pkcs7-mime"
CALENDAR: Final = "text/calendar"
VCARD: Final = "text/vcard"
EMPTY: Final = "application/x-empty"
OLE2: Final = "application/x-ole-storage"
BINARY: Final = "application/octet-stream"

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"II*\0", TIFF),
    (0, b"MM\0*", TIFF),
    (0, b"II+\0", TIFF),
    (0, b"MM\0+", TIFF),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\x78\x9f\x3e\x22", TNEF),
    (0, b"{\\rtf", RTF),
    (0, b"\x60\x0e", XDW),
    (0, b"%!PS", "application/postscript"),
    (0, b"-----BEGIN PKCS7", PKCS7),
)

_PDF_WITHIN = 1024
"""Acrobat takes a file for PDF when the header starts within this many bytes (ISO 32000-1, Annex H.3)."""
_HEAD_BYTES = 65_536

_OOXML_BY_CONTENT: tuple[tuple[bytes, str], ...] = (
    (b"spreadsheetml.sheet.main+xml", XLSX),
    (b"spreadsheetml.template.main+xml", XLSX),
    (b"ms-excel.sheet.macroEnabled.main+xml", XLSM),
    (b"ms-excel.template.macroEnabled.main+xml", XLSM),
    (b"ms-excel.sheet.binary.macroEnabled.main", XLSB),
    (b"wordprocessingml.document.main+xml", DOCX),
    (b"ms-word.document.macroEnabled.main+xml", DOCX),
    (b"presentationml", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)

_OLE2_BY_STREAM: tuple[tuple[str, str], ...] = (
    ("__properties_version1.0", MSG),  # first: an item may hold any other kind as an object
    ("EncryptedPackage", ENCRYPTED_OFFICE),
    ("Workbook", XLS),
    ("Book", XLS),
    ("WordDocument", DOC),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("JSRV_SegmentInformation", "application/x-js-taro"),
)

_MAIL_HEADER = re.compile(rb"[!-9;-~]{1,76}:[ \t\r\n]")
_MAIL_NAMES = re.compile(
    rb"^(received|return-path|delivered-to|from|to|subject|date|message-id|mime-version|content-type|reply-to"
    rb"|dkim-signature|arc-seal|authentication-results|x-[a-z0-9-]+):",
    re.IGNORECASE | re.MULTILINE,
)
_HTML_TAG = re.compile(rb"<(!doctype html|html|head|body|table|meta|div)[\s>]", re.IGNORECASE)


def sniff(data: bytes) -> str:
    """The media type of `data`; `application/octet-stream` when nothing is recognised."""
    if not data:
        return EMPTY
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(data)
    if is_ole2(data):
        return _sniff_ole2(data)
    return _sniff_magic(data) or _sniff_text(data)


def _sniff_magic(data: bytes) -> str | None:
    for at, magic, media in _MAGIC:
        if data.startswith(magic, at):
            return media
    return next((media for test, media in _TESTS if test(data)), None)


_TESTS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda d: d.startswith(b"BM") and d[6:10] == b"\0\0\0\0", "image/bmp"),
    (lambda d: d[2:5] == b"-lh" and d[6:7] == b"-", "application/x-lzh-compressed"),
    (lambda d: d.startswith(b"MZ") and b"\0" in d[:64], "application/vnd.microsoft.portable-executable"),
    (lambda d: b"%PDF-" in d[:_PDF_WITHIN], PDF),
    # A DER sequence that begins with the object identifier 1.2.840.113549.1.7.…
    (lambda d: d[0] == 0x30 and b"\x2a\x86\x48\x86\xf7\x0d\x01\x07" in d[:32], PKCS7),
)


def is_picture(media: str) -> bool:
    """Whether `media` is a page image or photograph."""
    return media.startswith("image/")


def _sniff_zip(data: bytes) -> str:
    archive = open_zip(data)
    if archive is None:
        return ZIP
    names = set(archive.namelist())
    if "[Content_Types].xml" in names:
        return _sniff_ooxml(read_entry(archive, "[Content_Types].xml", 1_000_000) or b"")
    if "mimetype" in names:
        declared = (read_entry(archive, "mimetype", 100) or b"").decode("ascii", "replace").strip()
        return declared if re.fullmatch(r"[a-z]+/[\w.+-]+", declared) else ZIP
    return ENCRYPTED_ZIP if is_encrypted(archive) else ZIP


def _sniff_ooxml(content_types: bytes) -> str:
    return next((media for mark, media in _OOXML_BY_CONTENT if mark in content_types), OPC)


def _sniff_ole2(data: bytes) -> str:
    names = ole2_names(data)
    return next((media for stream, media in _OLE2_BY_STREAM if stream in names), OLE2)


def _sniff_text(data: bytes) -> str:
    head = data[:_HEAD_BYTES]
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _is_mail(start):  # before decoding: the body may hold any bytes
        return MAIL
    text = _decode(head)
    if text is None:
        return BINARY
    for test, media in _TEXT_KINDS:
        if test(start):
            return media
    return CSV if looks_tabular(text) else TEXT


def _is_mail(start: bytes) -> bool:
    first = start.split(b"\n", 1)
    if first[0].startswith(b"From ") and len(first) == 2:  # mbox envelope line
        start = first[1]
    if not _MAIL_HEADER.match(start):
        return False
    header = re.split(rb"\r?\n\r?\n", start, maxsplit=1)[0]
    return len({name.lower() for name in _MAIL_NAMES.findall(header)}) >= 2


_TEXT_KINDS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda s: s[:15].upper() == b"BEGIN:VCALENDAR", CALENDAR),
    (lambda s: s[:11].upper() == b"BEGIN:VCARD", VCARD),
    (lambda s: _HTML_TAG.search(s[:2048]) is not None, HTML),
    (lambda s: s.startswith(b"<?xml"), XML),
)


def _decode(head: bytes) -> str | None:
    """The text, cut at a whole character; None when no encoding fits."""
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return head.decode("utf-16", "replace")
    if b"\0" in head:
        return None
    for encoding in ("utf-8", "iso-2022-jp", "cp932", "euc-jp"):
        for cut in range(4 if len(head) == _HEAD_BYTES else 1):  # the head may end inside a character
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return None
