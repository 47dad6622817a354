"""Delimiter-separated text (csv) as rows of strings: encoding, delimiter, and what makes either doubtful.

UTF-8, UTF-16 with its mark, CP932 (what Excel in Japan writes), ISO-2022-JP, EUC-JP; comma, tab or semicolon. Nothing
in such a file says how it is to be read, so whoever judges what stands in it is told when a choice was a guess.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from parsers.mail.jis import decode_iso_2022_jp, has_escapes

_FIELD_MOST_CHARS = 100_000
_DELIMITERS = ",\t;"
_LOOKED_AT = 50
"""Rows that tell which delimiter it is."""
_SEP_LINE = re.compile(r'"?sep=([,;\t])"?\r?\n')
"""What Excel itself understands as a first line."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff々]")
_UNLIKELY = re.compile("[\uff61-\uff9f\ue000-\uf8ff\x80-\x9f]")
"""Half-width kana by the dozen, private characters and controls: what EUC-JP becomes when it is read as CP932."""

Malformed = csv.Error
"""A field over 100 000 characters."""


class Decoded(NamedTuple):
    """The text of a file."""

    text: str
    guessed: bool
    """Another encoding fits the bytes as well, and says something else."""


def decoded(data: bytes) -> Decoded | None:
    """The text; None when no encoding fits every byte."""
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if marked is None and has_escapes(data) and data.isascii():
        read = decode_iso_2022_jp(data)
        return Decoded(read.text, guessed=read.bad > 0)
    text = _strictly(data, marked or "utf-8")
    if text is not None or marked:  # Japanese in another encoding makes no valid UTF-8
        return None if text is None else Decoded(text, guessed=False)
    fits = [t for e in ("cp932", "euc_jp") if (t := _strictly(data, e)) is not None]
    return Decoded(max(fits, key=_likeness), guessed=len(set(fits)) > 1) if fits else None


def rows(text: str, *, strict: bool = False) -> Iterator[list[str]]:
    """Cells by row, as the delimiter that fits best cuts them; raises Malformed on the way."""
    return _cut(text, _delimiter(text), strict=strict)


def is_torn(text: str) -> bool:
    """Whether a quote opens or closes where none may, so that cells or rows may run into each other."""
    try:
        for _ in rows(text, strict=True):
            pass
    except Malformed:
        return True
    return False


def slipped(widths: list[int]) -> frozenset[int]:
    """Rows (1-based) with more cells than most: a comma in a name moves all that follows under another header."""
    filled = Counter(w for w in widths if w > 1)
    usual = max(filled, key=lambda w: (filled[w], w), default=0)
    return frozenset(row for row, width in enumerate(widths, start=1) if width > usual)


def looks_tabular(text: str) -> bool:
    """Whether at least two rows, and four in five of them, hold the same number of cells, two or more."""
    for delimiter in _DELIMITERS:
        widths = _widths(text, delimiter)
        usual = max(widths, key=lambda w: (widths[w], w), default=1)
        if usual >= 2 and widths[usual] >= max(2, 0.8 * widths.total()):
            return True
    return False


def _cut(text: str, delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    csv.field_size_limit(_FIELD_MOST_CHARS)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def _delimiter(text: str) -> str:
    """The one under which the most cells stand in rows of one width."""
    named = _SEP_LINE.match(text)
    if named:
        return named.group(1)
    return max(_DELIMITERS, key=lambda d: max((w * n for w, n in _widths(text, d).items() if w > 1), default=0))


def _widths(text: str, delimiter: str) -> Counter[int]:
    """How many of the first rows have how many cells; rows without anything are no rows."""
    try:
        first = islice(_cut(text, delimiter), _LOOKED_AT)
        return Counter(len(row) for row in first if any(cell.strip() for cell in row))
    except Malformed:
        return Counter()


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _likeness(text: str) -> int:
    """How much of it looks like Japanese."""
    return len(_JAPANESE.findall(text)) - 2 * len(_UNLIKELY.findall(text))
