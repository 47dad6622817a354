"""Whether a JBIG2 stream may show something else than what was scanned (ITU-T T.88).

An encoder that works with symbols draws every digit it takes for "the same" from one picture of it; machines in the
field have turned 6 into 8 that way (capture.md §0.11). A stream of generic regions alone holds every pixel itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HARMLESS = frozenset({36, 38, 39, 48, 49, 50, 51, 62})
"""Segment types (§7.3): generic regions, page information, ends of page, stripe and file, extensions."""
_SEGMENTS_MOST = 10_000
_UNKNOWN_LENGTH = 0xFFFFFFFF


_REGIONS = frozenset({4, 6, 7, 20, 22, 23, 36, 38, 39, 40, 42, 43})
"""Segment types whose data begins with the size of a region (§7.4.1)."""


def pixels_unfolded(data: bytes) -> int:
    """Pixels of all regions of a stream together, as far as it can be followed: what decoding it would cost."""
    total = 0
    try:
        for kind, at in _segments(data):
            if kind in _REGIONS:
                wide, tall = struct.unpack_from(">II", data, at)
                total += wide * tall
    except (struct.error, IndexError, ValueError):
        pass  # decoders stop there as well
    return total


def may_replace_symbols(data: bytes) -> bool:
    """True when the stream uses symbols, or cannot be followed to its end."""
    try:
        return any(kind not in _HARMLESS for kind, _ in _segments(data))
    except (struct.error, IndexError, ValueError):
        return True


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Type of each segment, and where its data begins."""
    at, count = 0, 0
    while at < len(data):
        count += 1
        if count > _SEGMENTS_MOST:
            raise ValueError("too many segments")
        kind, length, at = _segment_header(data, at)
        yield kind, at
        if length == _UNKNOWN_LENGTH:  # only the last region of a stream may leave it open
            return
        at += length


def _segment_header(data: bytes, at: int) -> tuple[int, int, int]:
    """Type, length of the data, and where the data begins (§7.2)."""
    number, flags, referred = struct.unpack_from(">IBB", data, at)
    at += 5
    count = referred >> 5
    if count == 7:
        count = struct.unpack_from(">I", data, at)[0] & 0x1FFFFFFF
        at += 4 + (count + 8) // 8
    else:
        at += 1
    each = 1 if number <= 256 else 2 if number <= 65_536 else 4
    at += count * each + (4 if flags & 0x40 else 1)
    (length,) = struct.unpack_from(">I", data, at)
    return flags & 0x3F, length, at + 4
