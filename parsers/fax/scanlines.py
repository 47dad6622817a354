"""Scan lines that a damaged stream left behind: unlike both neighbours, which are like each other.

Decoders of fax streams resume at the next line after an error and say nothing (capture.md §3.3); the line itself is
shifted or garbled from the error on.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parsers.fax.page import Gray

_DIFFERENT_PX = 60
_ALIKE = 0.35
"""The neighbours of a broken line differ by less than this share of what it differs from them."""


def broken_lines(gray: Gray) -> npt.NDArray[np.int64]:
    """Row numbers of a two-tone picture that were garbled, single or up to three in a row."""
    bits = np.packbits(gray < 128, axis=1)
    found: set[int] = set()
    for span in (1, 2, 3):
        found |= _garbled(bits, span)
    return np.array(sorted(found), dtype=np.int64)


def _garbled(bits: npt.NDArray[np.uint8], span: int) -> set[int]:
    """First lines of groups of `span` that differ from above and below, while above and below are alike."""
    if len(bits) < span + 3:
        return set()
    step = _differences(bits, 1)
    across = _differences(bits, span + 1)
    enter, leave = step[: len(across)], step[span : span + len(across)]
    least = np.minimum(enter, leave)
    odd = (least > _DIFFERENT_PX) & (across < _ALIKE * least)
    return {int(line) + 1 + k for line in np.flatnonzero(odd) for k in range(span)}


def _differences(bits: npt.NDArray[np.uint8], apart: int) -> npt.NDArray[np.int64]:
    """Pixels in which each line differs from the one `apart` lines below."""
    return np.asarray(np.bitwise_count(bits[apart:] ^ bits[:-apart]).sum(axis=1, dtype=np.int64))
