"""Content-Transfer-Encoding undone (RFC 2045 §6), forgiving what mailers and gateways break."""

from __future__ import annotations

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def undo(data: bytes, encoding: str) -> bytes:
    """The bytes the sender meant; unknown encodings are taken as they stand. Never raises."""
    name = encoding.strip().lower()
    if name == "base64":
        return from_base64(data)
    if name == "quoted-printable":
        return binascii.a2b_qp(data)
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _from_uu(data)
    return data


def from_base64(data: bytes) -> bytes:
    """Base64 with foreign characters skipped and missing padding supplied."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = _NOT_BASE64.sub(b"", data.split(b"=", 1)[0])
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def _from_uu(data: bytes) -> bytes:
    out: list[bytes] = []
    inside = False
    for line in data.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() == b"end":
            break
        else:
            out.append(_uu_line(line))
    return b"".join(out) if inside else data


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders pad each line; the length byte says how much of it counts.
        wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:wanted])
        except binascii.Error:
            return b""
