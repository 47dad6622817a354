"""ISO-2022-JP and EUC-JP as Japanese mailers write them, turned into text through cp932.

Python's own codecs know neither NEC row 13 (①㈱№㍻) nor rows 89–92 (髙﨑, that is: names) in ISO-2022-JP, nor the
first of them in EUC-JP. Here every two-byte character of the JIS plane is moved arithmetically to its Shift_JIS place
and read as cp932, which has them all. Sources: JIS X 0208:1997 annex 1 and 2, RFC 1468, RFC 1554, CP50220/50221/50222.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

REPLACEMENT = "\ufffd"
_ESCAPE = re.compile(rb"\x1b(\$\([A-Z]|\$[@AB]|\([A-Z]|&@|\.[AF])")
_JIS_0208 = (b"$@", b"$B", b"$(@", b"$(B")
_HALF_WIDTH_KANA = (b"(I",)
_OTHER_PLANES = {b"$(D": ("euc_jp", b"\x8f"), b"$(O": ("euc_jis_2004", b""), b"$(Q": ("euc_jis_2004", b""),
                 b"$(P": ("euc_jis_2004", b"\x8f"), b"$A": ("gb2312", b""), b"$(C": ("euc_kr", b"")}  # fmt: skip


class Read(NamedTuple):
    """Text, and how many places of it could not be read (U+FFFD, or 8-bit bytes where none may stand)."""

    text: str
    bad: int


def has_escapes(data: bytes) -> bool:
    """Whether a two-byte or kana set of ISO-2022-JP is ever switched on."""
    return b"\x1b$" in data or b"\x1b(I" in data


def decode_iso_2022_jp(data: bytes) -> Read:
    """Walk the escape states. Ends of line return to ASCII (RFC 1468), so one broken line stays one broken line."""
    out: list[str] = []
    bad = 0
    state, start = b"(B", 0
    for escape in _ESCAPE.finditer(data):
        text, wrong = _segment(data[start : escape.start()], state)
        out.append(text)
        bad += wrong
        state, start = escape.group(1), escape.end()
    text, wrong = _segment(data[start:], state)
    out.append(text)
    return Read("".join(out), bad + wrong)


def decode_euc_jp(data: bytes) -> Read:
    """EUC-JP with NEC row 13 and the IBM extensions, half-width kana (8E) and JIS X 0212 (8F)."""
    out: list[str] = []
    plane = _plane()
    at, end = 0, len(data)
    while at < end:
        width, char = _euc_character(data, at, plane)
        out.append(char)
        at += width
    text = "".join(out)
    return Read(text, text.count(REPLACEMENT))


def _euc_character(data: bytes, at: int, plane: dict[int, str]) -> tuple[int, str]:
    lead = data[at]
    if lead < 0x80:
        return 1, chr(lead)
    if lead == 0x8E and at + 1 < len(data):
        return 2, _kana(data[at + 1])
    if lead == 0x8F and at + 2 < len(data):
        return 3, data[at : at + 3].decode("euc_jp", "replace")[:1]
    if at + 1 >= len(data) or data[at + 1] < 0xA1 or lead < 0xA1:
        return 1, REPLACEMENT
    return 2, plane.get((lead & 0x7F) << 8 | (data[at + 1] & 0x7F), REPLACEMENT)


def _segment(data: bytes, state: bytes) -> Read:
    """Text between two escapes."""
    if not data:
        return Read("", 0)
    if state in _JIS_0208:
        return _two_byte_lines(data, _plane())
    if state in _OTHER_PLANES:
        return _two_byte_lines(data, None, *_OTHER_PLANES[state])
    if state in _HALF_WIDTH_KANA:
        return _single(data, kana=True)
    return _single(data, kana=False)


def _two_byte_lines(data: bytes, plane: dict[int, str] | None, codec: str = "", prefix: bytes = b"") -> Read:
    """The first line in two-byte state, what follows an end of line in ASCII."""
    head, mark, rest = _until_line_end(data)
    out: list[str] = []
    at = 0
    while at < len(head):
        lead = head[at]
        if not 0x21 <= lead <= 0x7E or at + 1 >= len(head):
            out.append(chr(lead) if lead < 0x21 else REPLACEMENT)
            at += 1
            continue
        trail = head[at + 1]
        out.append(_other(lead, trail, codec, prefix) if plane is None else plane.get(lead << 8 | trail, REPLACEMENT))
        at += 2
    text = "".join(out)
    tail = _single(rest, kana=False)
    return Read(text + mark + tail.text, text.count(REPLACEMENT) + tail.bad)


def _until_line_end(data: bytes) -> tuple[bytes, str, bytes]:
    found = re.search(rb"[\r\n]", data)
    if found is None:
        return data, "", b""
    return data[: found.start()], "", data[found.start() :]


def _other(lead: int, trail: int, codec: str, prefix: bytes) -> str:
    text = (prefix + bytes((lead | 0x80, trail | 0x80))).decode(codec, "replace")
    return text if len(text) == 1 else REPLACEMENT


def _single(data: bytes, *, kana: bool) -> Read:
    """One byte, one character: ASCII, JIS X 0201 Roman (its yen stays a backslash), or half-width kana."""
    if data.isascii() and not kana and b"\x0e" not in data:
        return Read(data.decode("ascii"), 0)
    out: list[str] = []
    bad = 0
    shifted = kana
    for byte in data:
        if byte in (0x0E, 0x0F):  # SO, SI: CP50222 switches kana with them
            shifted = byte == 0x0E
        elif byte >= 0x80:  # 8-bit JIS, or not ISO-2022-JP at all
            out.append(_kana(byte))
            bad += 1
        else:
            shifted = shifted and byte not in (0x0A, 0x0D)
            out.append(_kana(byte | 0x80) if shifted and 0x21 <= byte <= 0x5F else chr(byte))
    return Read("".join(out), bad)


def _kana(byte: int) -> str:
    return chr(0xFF61 + byte - 0xA1) if 0xA1 <= byte <= 0xDF else REPLACEMENT


@cache
def _plane() -> dict[int, str]:
    """All 94 × 94 places of the plane → character, by way of Shift_JIS; unassigned places are left out."""
    plane = {}
    for lead in range(0x21, 0x7F):
        for trail in range(0x21, 0x7F):
            char = _to_shift_jis(lead, trail).decode("cp932", "replace")
            if len(char) == 1 and char != REPLACEMENT:
                plane[lead << 8 | trail] = char
    return plane


def _to_shift_jis(lead: int, trail: int) -> bytes:
    """JIS X 0208 annex 1: two rows of 94 share one lead byte of Shift_JIS."""
    first = ((lead + 1) >> 1) + (0x70 if lead < 0x5F else 0xB0)
    second = trail + (0x7E if lead % 2 == 0 else 0x1F if trail < 0x60 else 0x20)
    return bytes((first, second))
