"""An Outlook item (.msg, MS-OXMSG) written out as the mail it was, so that one reader judges both.

The MAPI properties of MS-OXPROPS that a mail consists of are read from their streams; everything else of an item
(categories, flags, named properties) says nothing to us. What cannot be had (a linked file, an OLE object, a text in
RTF alone) becomes an attachment that nobody can read, so that somebody looks.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import Header
from email.utils import format_datetime
from urllib.parse import quote

import olefile

from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.mail.charsets import decode

# Property ids (MS-OXPROPS §2).
_SUBJECT, _HEADERS, _MESSAGE_ID, _IN_REPLY_TO, _REFERENCES = 0x0037, 0x007D, 0x1035, 0x1042, 0x1039
_SENDER_NAME, _SENDER_TYPE, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1E, 0x0C1F, 0x5D01
_SENT_AT, _DELIVERED_AT = 0x0039, 0x0E06
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_RECIPIENT_TYPE, _DISPLAY_NAME, _RECIPIENT_ADDRESS, _RECIPIENT_SMTP = 0x0C15, 0x3001, 0x3003, 0x39FE
_ATTACH_DATA, _ATTACH_SHORT_NAME, _ATTACH_METHOD, _ATTACH_NAME, _ATTACH_MEDIA = 0x3701, 0x3704, 0x3705, 0x3707, 0x370E
_ATTACH_CONTENT_ID, _ATTACH_HIDDEN = 0x3712, 0x7FFE
_CODEPAGE, _INTERNET_CODEPAGE = 0x3FFD, 0x3FDE
# Property types (MS-OXCDATA §2.11.1).
_OBJECT, _STRING8, _UNICODE, _BINARY = 0x000D, 0x001E, 0x001F, 0x0102
_BY_VALUE, _EMBEDDED = 1, 5

_PROPERTIES = "__PROPERTIES_VERSION1.0"
_TOP_BYTES, _EMBEDDED_BYTES, _CHILD_BYTES = 32, 24, 8
"""Length of the header of the property stream, by the kind of the object (MS-OXMSG §2.4.1)."""
_DEPTH_MOST = 4
"""Deeper than mails in mails are read."""
_CHILDREN_MOST = 250
"""More than the reader of mails takes (`structure.MAX_LEAVES`), who says so."""
_BYTES_MOST = 64_000_000
_FILETIME_ZERO = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_CHARSETS = {932: "cp932", 65001: "utf-8", 51932: "euc-jp", 20932: "euc-jp", 1252: "windows-1252"}
_CHARSETS |= dict.fromkeys((50220, 50221, 50222), "iso-2022-jp")
_MEDIA = re.compile(r"[a-z0-9!#$&^_.+\-]{1,60}/[a-z0-9!#$&^_.+\-]{1,80}")
_FIELD = re.compile(r"([!-9;-~]{1,76}):")
_BOUNDARY = "=_outlook"
"""Everything inside is base64, which has no underscore."""

_Path = tuple[str, ...]


def as_mail(data: bytes) -> bytes:
    """The item as an RFC 5322 mail, attachments and attached items included.

    Raises:
        ParserError: UNREADABLE_ATTACHMENT when the container is damaged, TOO_LARGE over 64 MB of content.
    """
    store = _Store(data)
    return _mail(_Item(store, (), _TOP_BYTES), 0)


# -- the container


@dataclass(slots=True)
class _Store:
    """The streams and storages, by path in upper case."""

    data: bytes
    read: int = 0
    """Bytes taken out so far: directory entries may share their sectors."""
    _file: olefile.OleFileIO = field(init=False)
    _paths: dict[_Path, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._file = olefile.OleFileIO(io.BytesIO(self.data))
            listed = self._file.listdir(streams=True, storages=True)
        except Exception as e:  # olefile raises whatever a damaged header trips it over
            raise ParserError(Problem.UNREADABLE_ATTACHMENT, "OLE2 directory") from e
        self._paths = {tuple(name.upper() for name in path): path for path in listed}

    def stream(self, path: _Path) -> bytes | None:
        """Bytes of a stream; None when there is none. Raises ParserError as `as_mail` does."""
        real = self._paths.get(path)
        if real is None:
            return None
        try:
            found = bytes(self._file.openstream(real).read())
        except Exception as e:  # as above
            raise ParserError(Problem.UNREADABLE_ATTACHMENT, "OLE2 stream") from e
        self.read += len(found)
        if self.read > _BYTES_MOST:
            raise ParserError(Problem.TOO_LARGE, f"{self.read} bytes")
        return found

    def holds(self, path: _Path) -> bool:
        """Whether there is a stream or storage of that path."""
        return path in self._paths

    def inside(self, path: _Path, prefix: str) -> list[_Path]:
        """Storages directly in `path` whose name begins with `prefix`, in order."""
        depth = len(path)
        found = {p[: depth + 1] for p in self._paths if len(p) > depth and p[:depth] == path}
        return sorted(p for p in found if p[depth].startswith(prefix))


class _Item:
    """A message, recipient or attachment: a storage with properties."""

    def __init__(self, store: _Store, path: _Path, header_bytes: int) -> None:
        self.store, self.path = store, path
        self._fixed: dict[int, bytes] = {}
        raw = store.stream((*path, _PROPERTIES)) or b""
        for at in range(header_bytes, len(raw) - 15, 16):
            self._fixed[struct.unpack_from("<H", raw, at + 2)[0]] = raw[at + 8 : at + 16]

    def number(self, tag: int) -> int:
        """A property of up to four bytes; 0 when it is not there."""
        return int.from_bytes(self._fixed.get(tag, b"")[:4], "little")

    def time(self, tag: int) -> dt.datetime | None:
        """A point in time, UTC."""
        ticks = int.from_bytes(self._fixed.get(tag, b""), "little")  # of 100 ns
        try:
            return _FILETIME_ZERO + dt.timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None

    def text(self, tag: int) -> str:
        """A string property, without line breaks at its ends; "" when it is not there."""
        wide = self.store.stream(self._place(tag, _UNICODE))
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self.store.stream(self._place(tag, _STRING8))
        return decode(narrow, self.charset(_CODEPAGE)).text.rstrip("\0") if narrow is not None else ""

    def binary(self, tag: int) -> bytes | None:
        """A binary property; None when it is not there."""
        return self.store.stream(self._place(tag, _BINARY))

    def charset(self, tag: int) -> str:
        """The charset a code page property names; "" when it is unknown."""
        return _CHARSETS.get(self.number(tag), "")

    def embedded(self) -> _Item | None:
        """The item an attachment holds."""
        path = self._place(_ATTACH_DATA, _OBJECT)
        known = self.store.holds((*path, _PROPERTIES))
        return _Item(self.store, path, _EMBEDDED_BYTES) if known else None

    def children(self, prefix: str) -> list[_Item]:
        """Recipients or attachments."""
        paths = self.store.inside(self.path, prefix)
        return [_Item(self.store, path, _CHILD_BYTES) for path in paths[:_CHILDREN_MOST]]

    def _place(self, tag: int, kind: int) -> _Path:
        return (*self.path, f"__SUBSTG1.0_{tag:04X}{kind:04X}")


# -- the mail


def _mail(item: _Item, depth: int) -> bytes:
    head = list(_transported(item)) or list(_composed(item))
    parts = [*_bodies(item), *(_attachment(a, depth) for a in item.children("__ATTACH_VERSION1.0_#"))]
    lines = [*head, "MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"', ""]
    for part in parts:
        lines += [f"--{_BOUNDARY}", part]
    return "\r\n".join([*lines, f"--{_BOUNDARY}--", ""]).encode("utf-8", "replace")


def _transported(item: _Item) -> Iterator[str]:
    """The header the mail came with, without what told about the body it had then."""
    kept = False
    for line in item.text(_HEADERS).splitlines():
        name = _FIELD.match(line)
        if name:
            kept = not name.group(1).lower().startswith(("content-", "mime-version"))
        elif not line.strip() or line[0] not in " \t":
            kept = False
        if kept:
            yield line


def _composed(item: _Item) -> Iterator[str]:
    """A header from the properties, for an item that was never sent or came from the own house."""
    address = item.text(_SENDER_SMTP) or item.text(_SENDER_ADDRESS)
    yield f"From: {_mailbox(item.text(_SENDER_NAME), address)}"
    for kind, name in ((1, "To"), (2, "Cc")):
        found = [r for r in item.children("__RECIP_VERSION1.0_#") if r.number(_RECIPIENT_TYPE) == kind]
        boxes = [_mailbox(r.text(_DISPLAY_NAME), r.text(_RECIPIENT_SMTP) or r.text(_RECIPIENT_ADDRESS)) for r in found]
        if boxes:
            yield f"{name}: {', '.join(boxes)}"
    yield f"Subject: {_words(item.text(_SUBJECT))}"
    sent_at = item.time(_SENT_AT) or item.time(_DELIVERED_AT)
    if sent_at:
        yield f"Date: {format_datetime(sent_at)}"
    for tag, name in ((_MESSAGE_ID, "Message-ID"), (_IN_REPLY_TO, "In-Reply-To"), (_REFERENCES, "References")):
        text = _oneline(item.text(tag))
        if text:
            yield f"{name}: {text}"


def _mailbox(name: str, address: str) -> str:
    """Addresses of Exchange itself (/O=…) are none for us."""
    plain = re.sub(r"[\s<>]", "", address)
    shown = _words(name)
    return f"{shown} <{plain}>" if "@" in plain else shown


def _words(text: str) -> str:
    plain = _oneline(text)
    return plain if plain.isascii() and "=?" not in plain else Header(plain, "utf-8").encode(linesep="\r\n")


def _oneline(text: str) -> str:
    return " ".join(text.split())


def _bodies(item: _Item) -> Iterator[str]:
    """The text: plain, else HTML; RTF alone is attached unread."""
    plain = item.text(_BODY)
    html = item.binary(_HTML)
    if html is None:
        html = item.text(_HTML).encode("utf-8", "replace")
        charset = "utf-8"
    else:
        charset = item.charset(_INTERNET_CODEPAGE)
    kinds = [("text/plain; charset=utf-8", plain.encode("utf-8", "replace"))] if plain.strip() else []
    kinds += [(f"text/html; charset={charset}" if charset else "text/html", html)] if html.strip() else []
    if kinds:
        inner = f"{_BOUNDARY}_text"
        pieces = [f"--{inner}\r\n{_part([f'Content-Type: {kind}'], data)}" for kind, data in kinds]
        yield "\r\n".join([f'Content-Type: multipart/alternative; boundary="{inner}"', "", *pieces, f"--{inner}--"])
        return
    rich = item.binary(_RTF)
    if rich:
        yield _part(
            ["Content-Type: application/octet-stream", 'Content-Disposition: attachment; filename="body.rtf"'], rich
        )


def _attachment(item: _Item, depth: int) -> str:
    method, media = item.number(_ATTACH_METHOD), item.text(_ATTACH_MEDIA).strip().lower()
    inner = item.embedded() if method == _EMBEDDED else None
    if inner is not None:
        data = _mail(inner, depth + 1) if depth < _DEPTH_MOST else b""
        return _part(["Content-Type: message/rfc822"], data)
    data = (item.binary(_ATTACH_DATA) or b"") if method in (0, _BY_VALUE) else b""
    if media.startswith("multipart/"):  # a signed mail is one attachment that holds all of it
        media = "message/rfc822"
    head = [f"Content-Type: {media if _MEDIA.fullmatch(media) else 'application/octet-stream'}"]
    name = _oneline(item.text(_ATTACH_NAME) or item.text(_ATTACH_SHORT_NAME) or item.text(_DISPLAY_NAME))
    shown = "inline" if item.number(_ATTACH_HIDDEN) & 1 else "attachment"
    head.append(f"Content-Disposition: {shown}; filename*=UTF-8''{quote(name[:250], safe='')}")
    content_id = re.sub(r"[^!-~]|[<>]", "", item.text(_ATTACH_CONTENT_ID))
    return _part([*head, *([f"Content-ID: <{content_id}>"] if content_id else [])], data)


def _part(head: list[str], data: bytes) -> str:
    """A section of the mail, its content in base64."""
    body = base64.encodebytes(data).decode("ascii").replace("\n", "\r\n").rstrip()
    return "\r\n".join([*head, "Content-Transfer-Encoding: base64", "", body])
