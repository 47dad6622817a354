"""What lies inside the two containers office files come in, zip and OLE2, without unpacking anything.

Only directories are read. Damage is told as None or ParserError, never by an exception of the container library.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

from parsers.errors import ParserError
from parsers.findings import Problem

_ENTRIES_MOST = 2_000
_UNPACKED_MOST_BYTES = 200_000_000
_RATIO_MOST = 100
_RATIO_COUNTS_FROM_BYTES = 20_000_000
"""Sheets with many formatted empty cells shrink a hundredfold; only large ones are suspicious."""
_ENCRYPTED_FLAG = 0x1

_OLE2_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE2_ENTRY_BYTES = 128
_OLE2_SECTORS_MOST = 4_000
_OLE2_FREE = 0xFFFFFFFA
"""Sector numbers from here on are marks, not sectors."""


def open_zip(data: bytes) -> zipfile.ZipFile | None:
    """The archive, names in CP932 where the UTF-8 flag is missing; None when its directory is damaged."""
    try:
        return zipfile.ZipFile(io.BytesIO(data), metadata_encoding="cp932")
    except (zipfile.BadZipFile, UnicodeDecodeError, ValueError, struct.error, OSError, NotImplementedError):
        pass
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, UnicodeDecodeError, ValueError, struct.error, OSError, NotImplementedError):
        return None


def is_encrypted(archive: zipfile.ZipFile) -> bool:
    """Whether any entry needs a password."""
    return any(entry.flag_bits & _ENCRYPTED_FLAG for entry in archive.infolist())


def checked_zip(data: bytes) -> zipfile.ZipFile:
    """The archive, unless it would unpack to something absurd (reliability.md §5.4).

    Sizes are those declared; the standard library reads no entry beyond its declared size.

    Raises:
        ParserError: TOO_LARGE, or UNREADABLE_ATTACHMENT when the directory is damaged.
    """
    archive = open_zip(data)
    if archive is None:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "zip directory")
    entries = archive.infolist()
    if len(entries) > _ENTRIES_MOST:
        raise ParserError(Problem.TOO_LARGE, f"{len(entries)} entries")
    unpacked = sum(entry.file_size for entry in entries)
    ratio = unpacked / max(1, len(data))
    if unpacked > _UNPACKED_MOST_BYTES or (unpacked > _RATIO_COUNTS_FROM_BYTES and ratio > _RATIO_MOST):
        raise ParserError(Problem.TOO_LARGE, f"unpacks to {unpacked} bytes")
    return archive


def read_entry(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo, most_bytes: int) -> bytes | None:
    """The first `most_bytes` of one entry; None when it is not there or damaged."""
    try:
        with archive.open(name) as file:
            return file.read(most_bytes)
    except (KeyError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, OSError, EOFError):
        return None
    except Exception as e:  # zlib.error and lzma.LZMAError share no base but Exception
        if type(e).__module__ in {"zlib", "lzma", "_lzma"}:
            return None
        raise


def is_ole2(data: bytes) -> bool:
    """Whether the bytes are an OLE2 compound file (MS-CFB)."""
    return data.startswith(_OLE2_MAGIC)


def ole2_names(data: bytes) -> frozenset[str]:
    """Names of all streams and storages of an OLE2 file (MS-CFB §2.6); as far as the directory can be followed."""
    return frozenset(_ole2_entry_names(data))


def _ole2_entry_names(data: bytes) -> Iterator[str]:
    if len(data) < 512:
        return
    sector_bytes = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    if sector_bytes < _OLE2_ENTRY_BYTES:
        return
    table = _ole2_table(data, sector_bytes)
    sector = struct.unpack_from("<I", data, 48)[0]
    for _ in range(_OLE2_SECTORS_MOST):
        start = (sector + 1) * sector_bytes
        if sector >= _OLE2_FREE or start >= len(data):
            return
        for at in range(start, min(start + sector_bytes, len(data) - _OLE2_ENTRY_BYTES + 1), _OLE2_ENTRY_BYTES):
            size = min(struct.unpack_from("<H", data, at + 64)[0], 64)
            if size > 2:
                yield data[at : at + size - 2].decode("utf-16-le", "replace")
        sector = table[sector] if sector < len(table) else _OLE2_FREE


def _ole2_table(data: bytes, sector_bytes: int) -> list[int]:
    """The sector allocation table, as far as the header lists it: 109 sectors, enough for 7 MB of small sectors."""
    table: list[int] = []
    for sector in struct.unpack_from("<109I", data, 76):
        start = (sector + 1) * sector_bytes
        if sector >= _OLE2_FREE or start + sector_bytes > len(data):
            break
        table.extend(struct.unpack_from(f"<{sector_bytes // 4}I", data, start))
    return table
