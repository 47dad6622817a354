"""Outlook items (.msg) made in a few lines: a compound file (MS-CFB, version 3) of MAPI properties (MS-OXMSG)."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Streams: TypeAlias = dict[tuple[str, ...], bytes]
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
SUBJECT, HEADERS, MESSAGE_ID, BODY, HTML, RTF = 0x0037, 0x007D, 0x1035, 0x1000, 0x1013, 0x1009
SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP, SENT_AT, CODEPAGE = 0x0C1A, 0x0C1F, 0x5D01, 0x0039, 0x3FFD
ATTACH_DATA, ATTACH_METHOD, ATTACH_NAME, ATTACH_MEDIA, ATTACH_HIDDEN = 0x3701, 0x3705, 0x3707, 0x370E, 0x7FFE
RECIPIENT_TYPE, RECIPIENT_NAME, RECIPIENT_SMTP = 0x0C15, 0x3001, 0x39FE


def item(
    properties: Mapping[int, Any],
    attachments: Sequence[Streams] = (),
    recipients: Sequence[Streams] = (),
    *,
    top: int = 32,
) -> Streams:
    """A message; `top` is the length of the header of its property stream: 32 of a file, 24 of an embedded item."""
    streams = _properties(properties, top)
    for kind, children in (("attach", attachments), ("recip", recipients)):
        for number, child in enumerate(children):
            place = f"__{kind}_version1.0_#{number:08X}"
            streams |= {(place, *path): data for path, data in child.items()}
    return streams


def child(properties: Mapping[int, Any], inner: Streams | None = None) -> Streams:
    """An attachment or recipient; `inner` is the item it holds."""
    return _properties(properties, 8) | {("__substg1.0_3701000D", *path): data for path, data in (inner or {}).items()}


def attached(name: str, data: bytes, media: str = "") -> Streams:
    """A file attached by value."""
    return child({ATTACH_METHOD: 1, ATTACH_NAME: name, ATTACH_DATA: data, ATTACH_MEDIA: media})


def _properties(properties: Mapping[int, Any], header_bytes: int) -> Streams:
    """Strings and bytes have streams of their own; narrow text is given as ("cp932", "…")."""
    streams: Streams = {}
    fixed = bytearray(header_bytes)
    for tag, value in properties.items():
        if isinstance(value, str):
            streams[f"__substg1.0_{tag:04X}001F",] = value.encode("utf-16-le")
        elif isinstance(value, tuple):
            streams[f"__substg1.0_{tag:04X}001E",] = value[1].encode(value[0])
        elif isinstance(value, bytes):
            streams[f"__substg1.0_{tag:04X}0102",] = value
        elif isinstance(value, dt.datetime):
            ticks = (value - dt.datetime(1601, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 10
            fixed += struct.pack("<HHIQ", 0x0040, tag, 6, ticks)
        else:
            fixed += struct.pack("<HHIQ", 0x0003, tag, 6, value)
    return {("__properties_version1.0",): bytes(fixed)} | streams


def compound(streams: Streams) -> bytes:
    """The compound file of these streams; those under 4096 bytes share the mini stream, as they must."""
    file = _File()
    root = file.entry("Root Entry", 5)
    file.fill(root, streams)
    return file.bytes()


class _File:
    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.mini = bytearray()
        self.mini_table: list[int] = []
        self.big: list[tuple[dict[str, Any], bytes]] = []

    def entry(self, name: str, kind: int) -> int:
        self.entries.append({"name": name, "kind": kind, "child": _NONE, "right": _NONE, "start": _END, "size": 0})
        return len(self.entries) - 1

    def fill(self, parent: int, streams: Streams) -> None:
        before = None
        for name in sorted({path[0] for path in streams}, key=lambda n: (len(n), n.upper())):
            inner = {path[1:]: data for path, data in streams.items() if path[0] == name}
            number = self.entry(name, 2 if () in inner else 1)
            if before is None:
                self.entries[parent]["child"] = number
            else:
                self.entries[before]["right"] = number
            before = number
            if () in inner:
                self._store(self.entries[number], inner[()])
            else:
                self.fill(number, inner)

    def _store(self, entry: dict[str, Any], data: bytes) -> None:
        entry["size"] = len(data)
        if len(data) >= 4096:
            self.big.append((entry, data))
        elif data:
            entry["start"] = len(self.mini_table)
            count = -(-len(data) // 64)
            self.mini_table += [*range(entry["start"] + 1, entry["start"] + count), _END]
            self.mini += data.ljust(count * 64, b"\0")

    def bytes(self) -> bytes:
        body = bytearray()
        table: list[int] = []

        def add(data: bytes) -> int:
            start, count = len(table), -(-len(data) // 512)
            if not count:
                return _END
            table.extend([*range(start + 1, start + count), _END])
            body.extend(data.ljust(count * 512, b"\0"))
            return start

        for entry, data in self.big:
            entry["start"] = add(data)
        self.entries[0] |= {"start": add(bytes(self.mini)), "size": len(self.mini)}
        mini_start = add(struct.pack(f"<{len(self.mini_table)}I", *self.mini_table).ljust(512, b"\xff"))
        directory = add(b"".join(map(_packed, self.entries)))
        sectors = next(n for n in range(1, 110) if n * 128 >= len(table) + n)
        places = list(range(len(table), len(table) + sectors))
        table += [_FAT] * sectors
        table += [_FREE] * (sectors * 128 - len(table))
        head = struct.pack(
            "<8s16xHHHHH6xIIIIIIIII",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            *(0x3E, 3, 0xFFFE, 9, 6),
            *(0, sectors, directory, 0, 4096, mini_start, -(-len(self.mini_table) // 128) or 1, _END, 0),
        )
        head += struct.pack("<109I", *places, *[_FREE] * (109 - sectors))
        return head + bytes(body) + struct.pack(f"<{len(table)}I", *table)


def _packed(entry: dict[str, Any]) -> bytes:
    raw = (entry["name"] + "\0").encode("utf-16-le")
    head = raw.ljust(64, b"\0") + struct.pack(
        "<HBBIII", len(raw), entry["kind"], 1, _NONE, entry["right"], entry["child"]
    )
    return head + bytes(36) + struct.pack("<IQ", entry["start"], entry["size"])
