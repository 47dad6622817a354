"""The size of a picture from its header, without decoding it: enough to tell a page from an ornament."""

from __future__ import annotations

import struct

_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Start-of-frame markers (ITU-T T.81, table B.1); C4, C8 and CC are something else."""
_ORNAMENT_PX = 10_000
_ORNAMENT_SIDE_PX = 20


def is_png(data: bytes) -> bool:
    """Whether the bytes begin as a PNG and end as a whole one (PNG specification §5.2, §11.2.5)."""
    return data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and data.endswith(b"IEND\xaeB`\x82")


def size_px(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, BMP or JPEG; None when the header does not say."""
    try:
        if data.startswith(b"\x89PNG"):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(b"GIF8"):
            return struct.unpack_from("<HH", data, 6)
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return abs(width), abs(height)
        return _jpeg_size_px(data) if data.startswith(b"\xff\xd8") else None
    except struct.error:
        return None


def is_ornament(data: bytes) -> bool:
    """Whether the picture is too small to hold a written word: an icon, a rule, a tracking pixel."""
    size = size_px(data)
    return size is not None and (size[0] * size[1] <= _ORNAMENT_PX or min(size) <= _ORNAMENT_SIDE_PX)


def _jpeg_size_px(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length
    return None
