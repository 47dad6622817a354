"""Parameters of Content-Type and Content-Disposition as raw bytes (RFC 2045 §5.1, RFC 2231), and file names from them.

Mailers write Japanese file names in at least eight ways; each is put together from the raw bytes and the reading that
looks most like a Japanese name wins.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

from parsers.mail.charsets import canonical, decode, looks
from parsers.mail.headers import decode_word_text

MAX_NAME_CHARACTERS = 120
_MAX_PARAMETERS = 200
_STARRED = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


class Piece(NamedTuple):
    """One segment of a parameter as it stands in the header."""

    number: int
    encoded: bool
    """Percent-encoded (the name ends in "*")."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Parameters:
    """The value before the first semicolon (lower case) and the pieces of each parameter."""

    value: str = ""
    pieces: dict[str, list[Piece]] = field(default_factory=dict)

    def ascii(self, name: str) -> str:
        """A parameter that is plain ASCII by its nature (charset, boundary, report-type), pieces joined."""
        joined = b"".join(p.data for p in sorted(self.pieces.get(name, ()), key=lambda p: p.number))
        if any(p.encoded for p in self.pieces.get(name, ())):
            joined = _unpercent(joined.rpartition(b"'")[2])
        return joined.decode("latin-1").strip()


class FileName(NamedTuple):
    """A name as meant, and whether its charset had to be guessed."""

    text: str
    guessed: bool


def parse_parameters(raw: bytes) -> Parameters:
    """Split a raw header value. Quoted strings may hold anything, raw ISO-2022-JP and Shift_JIS included."""
    parts = _split(raw)
    pieces: dict[str, list[Piece]] = {}
    for part in parts[1 : _MAX_PARAMETERS + 1]:
        name, equals, value = part.partition(b"=")
        found = _STARRED.fullmatch(name.strip().decode("latin-1").lower()) if equals else None
        if found is not None:
            starred, number = bool(found.group(3)), int(found.group(2) or 0)
            pieces.setdefault(found.group(1), []).append(Piece(number, starred, _unquote(value.strip())))
    return Parameters(parts[0].strip().decode("latin-1").lower(), pieces)


def file_name(disposition: Parameters, content_type: Parameters) -> FileName:
    """The best reading of filename= and name=; its text is "" when there is neither."""
    candidates = _readings(disposition.pieces.get("filename", []))
    for key in ("name", "filename"):
        candidates += _readings(content_type.pieces.get(key, []))
    named = [c for c in candidates if c.text.strip()]
    return max(named, key=lambda c: _merit(c.text)) if named else FileName("", guessed=False)  # the first of equals


def display_name(text: str) -> str:
    r"""`text` fit to be shown and to stand in a part path: NFC, one line, no / \ NUL, bidi or control characters."""
    plain = "".join("_" if c in "/\\" else c for c in unicodedata.normalize("NFC", text[:4096]))
    shown = "".join(" " if c in "\r\n\t" else c for c in plain if not _unprintable(c)).strip()
    if len(shown) <= MAX_NAME_CHARACTERS:
        return shown
    stem, dot, suffix = shown.rpartition(".")
    if dot and len(suffix) <= 10:  # the kind of file must survive the cut
        return stem[: MAX_NAME_CHARACTERS - len(suffix) - 2] + "…." + suffix
    return shown[: MAX_NAME_CHARACTERS - 1] + "…"


def _unprintable(char: str) -> bool:
    if char in "\r\n\t":
        return False
    return char in _BIDI or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def _merit(text: str) -> float:
    """0 = nothing wrong with it; mojibake, lost characters and undecoded words count against a reading."""
    lost = "\ufffd" in text or re.fullmatch(r"[?_]{2,}(\.\w*)?", text) is not None
    undecoded = "=?" in text or re.search(r"%[0-9A-F]{2}%[0-9A-F]{2}", text) is not None
    return min(looks(text), 0.0) - (1.0 if lost else 0.0) - (0.5 if undecoded else 0.0)


def _readings(pieces: list[Piece]) -> list[FileName]:
    """Readings of one parameter: RFC 2231 joined as bytes; encoded words or raw bytes; best first."""
    ordered = sorted(pieces, key=lambda p: p.number)
    simple = [p for p in ordered if not p.number and not p.encoded]
    if not any(p.encoded for p in ordered):
        return [_plain(b"".join(p.data for p in ordered) if _continued(ordered) else p.data) for p in simple or ordered]
    # filename= beside filename*= is for old mailers; alone it is the unencoded first piece of a continuation.
    twin = sum(1 for p in ordered if p.number == 0) > 1
    chosen = [p for p in ordered if p.encoded or p.number] if twin else ordered
    return [_extended(chosen)] + ([_plain(p.data) for p in simple] if twin else [])


def _continued(pieces: list[Piece]) -> bool:
    return len({p.number for p in pieces}) > 1


def _extended(pieces: list[Piece]) -> FileName:
    """RFC 2231 §4.1: charset'language'text in the first piece; characters may be cut between pieces."""
    head, rest = pieces[0].data, pieces[1:]
    charset, quote, tail = head.partition(b"'")
    text = tail.partition(b"'")[2] if quote and b"'" in tail else head
    label = charset.decode("latin-1") if quote and b"'" in tail else ""
    joined = _unpercent(text) if pieces[0].encoded else text
    joined += b"".join(_unpercent(p.data) if p.encoded else p.data for p in rest)
    if joined.startswith(b"=?"):
        return _plain(joined)
    read = decode(joined, label)
    return FileName(read.text, read.guessed or not canonical(label))


def _plain(data: bytes) -> FileName:
    read = decode(data)
    if "=?" in read.text:
        words = decode_word_text(read.text)
        return FileName(words.text.strip(), words.guessed)
    if data.isascii() and _PERCENT.search(data):  # filename="%E5%90%8D.xlsx", web mailers
        unescaped = decode(_unpercent(data), "utf-8")
        if not unescaped.guessed and looks(unescaped.text) > 0:
            return FileName(unescaped.text, guessed=True)
    return FileName(read.text, read.guessed)


def _unpercent(data: bytes) -> bytes:
    return _PERCENT.sub(lambda m: binascii.unhexlify(m.group(1)), data)


# -- splitting at semicolons outside of quotes -------------------------------------------------------------------


def _split(raw: bytes) -> list[bytes]:
    pairs = _pair_lead(raw)
    parts, start, at, quoted, end = [], 0, 0, False, len(raw)
    while at < end:
        byte = raw[at]
        if byte == 0x1B:
            at = _after_two_byte_run(raw, at)
            continue
        if byte == 0x22:
            quoted = not quoted
        elif quoted and (byte == 0x5C or (pairs and _is_lead(byte))):
            at += 1  # whatever follows is neither a quote nor an escape of its own
        elif byte == 0x3B and not quoted:
            parts.append(raw[start:at])
            start = at + 1
        at += 1
    parts.append(raw[start:])
    return parts


def _pair_lead(raw: bytes) -> bool:
    """Whether 8-bit bytes may be Shift_JIS, whose second bytes include the backslash."""
    if raw.isascii():
        return False
    try:
        raw.decode("utf-8")
    except UnicodeError:
        return True
    return False


def _is_lead(byte: int) -> bool:
    return 0x81 <= byte <= 0x9F or 0xE0 <= byte <= 0xFC


def _after_two_byte_run(raw: bytes, at: int) -> int:
    """Past an escape sequence and, if it opens a two-byte set, past the text up to the escape that ends it."""
    if raw[at + 1 : at + 2] != b"$":
        return at + 3
    back = raw.find(b"\x1b(", at + 2)
    return len(raw) if back < 0 else back + 3


def _unquote(value: bytes) -> bytes:
    if not value.startswith(b'"'):
        return value
    close = value.rfind(b'"')  # a comment may follow
    inner = value[1:close] if close > 0 else value[1:]
    if b"\x1b" in inner or b"\\" not in inner:
        return inner
    return _unescape(inner)


def _unescape(inner: bytes) -> bytes:
    pairs = _pair_lead(inner)
    out = bytearray()
    at = 0
    while at < len(inner):
        byte = inner[at]
        if pairs and _is_lead(byte):
            out += inner[at : at + 2]
            at += 2
            continue
        if byte == 0x5C and inner[at + 1 : at + 2] in (b'"', b"\\"):
            at += 1
        out += inner[at : at + 1]
        at += 1
    return bytes(out)
