"""The header block of a mail or of one part: raw fields, and their text (RFC 5322 §2.2, RFC 2047).

Fields keep their raw bytes, so that raw 8-bit text, ISO-2022-JP without encoded words, and words cut in the middle
of a character can still be put together.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from parsers.mail.charsets import Decoded, canonical, decode
from parsers.mail.transfer import from_base64

MAX_FIELDS = 1000
MAX_FIELD_BYTES = 65_536
"""A longer field is cut: References of a thread of years stay far below."""
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_FOLD = re.compile(rb"(?:\r\n|\r|\n)(?=[ \t])")
_ENCODED_WORD = re.compile(r"=\?([A-Za-z0-9_.:+\-]{1,60})(?:\*[A-Za-z0-9\-]{0,20})?\?([BbQq])\?([^?]{0,32768})\?=")
_Q_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Headers:
    """Fields in their order: (name in lower case, unfolded raw value)."""

    fields: tuple[tuple[str, bytes], ...] = ()
    broken: bool = False
    """Something was cut or stood where only fields may stand."""

    def raw(self, name: str) -> bytes:
        """Raw value of the topmost field `name`, b"" if there is none."""
        return next((value for field, value in self.fields if field == name), b"")

    def all_raw(self, name: str) -> tuple[bytes, ...]:
        """Raw values of every field `name`, top to bottom."""
        return tuple(value for field, value in self.fields if field == name)

    def has(self, name: str) -> bool:
        """Whether a field `name` exists, empty or not."""
        return any(field == name for field, _ in self.fields)

    def text(self, name: str) -> str:
        """Decoded value of the topmost field `name`, "" if there is none."""
        return decode_words(self.raw(name)).text

    def token(self, name: str) -> str:
        """Value up to the first semicolon or comment, lower case: for Auto-Submitted, Precedence and the like."""
        value = self.raw(name).decode("latin-1")
        return re.split(r"[;(]", value, maxsplit=1)[0].strip().strip('"').lower()


def split_headers(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """Fields of raw[start:end] and the offset where the body begins.

    A line that is neither field nor continuation ends the block, as the gateways that lose the empty line make it.
    """
    fields: list[tuple[str, bytes]] = []
    broken = False
    at = start
    while at < end:
        line = _line_end(raw, at, end)
        if not raw[at:line].strip(b"\r\n"):
            return _headers(fields, broken), line
        found = _NAME.match(raw, at, line)
        if found is None:
            if fields or not raw.startswith((b"From ", b">From ", b" ", b"\t"), at):
                return _headers(fields, broken=True), at
            at, broken = line, True  # mbox separator, or folding before the first field
            continue
        value_end = _folded_end(raw, line, end)
        if len(fields) < MAX_FIELDS:
            fields.append((found.group(1).decode("ascii").lower(), raw[found.end() : value_end]))
        broken = broken or len(fields) >= MAX_FIELDS
        at = value_end
    return _headers(fields, broken), end


def _line_end(raw: bytes, at: int, end: int) -> int:
    found = _LINE.match(raw, at, end)
    return end if found is None else found.end()


def _folded_end(raw: bytes, at: int, end: int) -> int:
    """Where the continuation lines after `at` stop. A line of blanks only is a continuation, not the end."""
    while at < end and raw[at : at + 1] in (b" ", b"\t"):
        at = _line_end(raw, at, end)
    return at


def _headers(fields: list[tuple[str, bytes]], broken: bool) -> Headers:
    cut = broken or any(len(value) > MAX_FIELD_BYTES for _, value in fields)
    return Headers(tuple((name, _unfold(value)) for name, value in fields), cut)


def _unfold(value: bytes) -> bytes:
    """One line without NUL, which no database column takes."""
    return _FOLD.sub(b"", value[:MAX_FIELD_BYTES]).replace(b"\x00", b"").strip(b" \t\r\n")


def decode_words(raw: bytes) -> Decoded:
    """Text of an unstructured field: encoded words, raw 8-bit bytes and raw ISO-2022-JP in any mixture."""
    plain = decode(raw)
    if "=?" not in plain.text:
        return Decoded(_one_line(plain.text), plain.charset, plain.guessed)
    words = decode_word_text(plain.text)
    return Decoded(_one_line(words.text), words.charset, words.guessed or plain.guessed)


def decode_word_text(text: str) -> Decoded:
    """Replace the encoded words of `text` (RFC 2047).

    Neighbours of one charset are joined as bytes before they are decoded: many mailers cut inside a character.
    """
    out: list[str] = []
    guessed = False
    pending: list[bytes] = []
    charset = ""
    at = 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[at : word.start()]
        if pending and (between.strip() or word.group(1).lower() != charset):
            guessed |= _flush(pending, charset, out)
        if between.strip() or not at:
            out.append(between)
        charset, at = word.group(1).lower(), word.end()
        pending.append(_word_bytes(word.group(2), word.group(3)))
    guessed |= _flush(pending, charset, out)
    out.append(text[at:])
    return Decoded("".join(out), charset, guessed)


def _flush(pending: list[bytes], charset: str, out: list[str]) -> bool:
    if not pending:
        return False
    words = decode(b"".join(pending), charset)
    pending.clear()
    out.append(words.text)
    return words.guessed or not canonical(charset)


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "Bb":
        return from_base64(data)
    return _Q_ESCAPE.sub(lambda m: binascii.unhexlify(m.group(1)), data.replace(b"_", b" "))


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n\x00]+", " ", text).strip()
