"""Two things out of the OLE2 container of an xls: the stream of its records, and a document property of ours."""

from __future__ import annotations

import io
import struct

import olefile

from parsers.errors import ParserError
from parsers.findings import Problem

_USER_DEFINED = bytes.fromhex("05d5cdd59c2e1b10939708002b2cf9ae")
"""FMTID of the properties a user or a program names itself (MS-OLEPS §3.1.7)."""
_PROPERTIES_MOST = 500
_UTF16 = 1200
_LPSTR, _LPWSTR = 0x1E, 0x1F


class Compound:
    """An opened container."""

    def __init__(self, data: bytes) -> None:
        """Open it. Raises ParserError UNREADABLE_ATTACHMENT when it is damaged."""
        try:
            self._file = olefile.OleFileIO(io.BytesIO(data))
        except Exception as e:  # olefile raises whatever a damaged header trips it over
            raise ParserError(Problem.UNREADABLE_ATTACHMENT, "OLE2 directory") from e

    def records(self) -> bytes:
        """The stream of BIFF records (MS-XLS §2.1.2). Raises ParserError when there is none to be had."""
        for name in ("Workbook", "Book"):
            stream = self._stream(name)
            if stream is not None:
                return stream
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "no workbook in it")

    def custom_property(self, name: str) -> str | None:
        """Text of a user-defined document property; None when it is not there or damaged."""
        stream = self._stream("\x05DocumentSummaryInformation") or b""
        try:
            return _user_defined(stream).get(name)
        except (struct.error, UnicodeDecodeError, LookupError):
            return None

    def _stream(self, name: str) -> bytes | None:
        try:
            return bytes(self._file.openstream(name).read()) if self._file.exists(name) else None
        except Exception:  # noqa: BLE001 - as above: a stream that cannot be followed is none
            return None


def _user_defined(stream: bytes) -> dict[str, str]:
    """Names and texts of the section of user-defined properties (MS-OLEPS §2.21 and §2.20)."""
    sections = min(struct.unpack_from("<I", stream, 24)[0], 4)
    for number in range(sections):
        kind, offset = struct.unpack_from("<16sI", stream, 28 + 20 * number)
        if kind == _USER_DEFINED:
            return _texts(stream[offset:])
    return {}


def _texts(section: bytes) -> dict[str, str]:
    count = min(struct.unpack_from("<I", section, 4)[0], _PROPERTIES_MOST)
    places = dict(struct.unpack_from("<II", section, 8 + 8 * n) for n in range(count))
    codepage = struct.unpack_from("<H", section, places[1] + 4)[0] if 1 in places else _UTF16
    names = _dictionary(section, places[0], codepage) if 0 in places else {}
    found = {names[key]: _value(section, at, codepage) for key, at in places.items() if key in names}
    return {name: text for name, text in found.items() if text is not None}


def _dictionary(section: bytes, at: int, codepage: int) -> dict[int, str]:
    """What the numbers of the properties are called."""
    names = {}
    count = min(struct.unpack_from("<I", section, at)[0], _PROPERTIES_MOST)
    at += 4
    for _ in range(count):
        key, length = struct.unpack_from("<II", section, at)
        size = length * 2 if codepage == _UTF16 else length
        names[key] = _decoded(section[at + 8 : at + 8 + size], codepage)
        at += 8 + (size + 3 & ~3 if codepage == _UTF16 else size)
    return names


def _value(section: bytes, at: int, codepage: int) -> str | None:
    kind, length = struct.unpack_from("<II", section, at)
    if kind == _LPSTR:
        return _decoded(section[at + 8 : at + 8 + length], codepage)
    if kind == _LPWSTR:
        return _decoded(section[at + 8 : at + 8 + 2 * length], _UTF16)
    return None


def _decoded(raw: bytes, codepage: int) -> str:
    encoding = {_UTF16: "utf-16-le", 65001: "utf-8"}.get(codepage, f"cp{codepage}")
    return raw.decode(encoding).rstrip("\0")
