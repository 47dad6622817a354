"""Scan lines that a damaged stream left behind: unlike both neighbours, which are like each other.

Decoders of fax streams resume at the next line after an error and say nothing (capture.md §3.3); the line itself is
shifted or garbled from the error on.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parsers.fax.page import Gray

_DIFFERENT_PX = 40
"""Both this many pixels too many and too few: a printed rule only adds, a worn line only lacks."""
_ALIKE = 0.35
"""The neighbours of a broken line differ by less than this share of what it differs from them."""


def broken_lines(gray: Gray) -> npt.NDArray[np.int64]:
    """Row numbers of a two-tone picture that were garbled, single or up to three in a row."""
    words = _words(gray)
    more = _count(words[1:] & ~words[:-1])
    less = _count(words[:-1] & ~words[1:])
    sudden = np.minimum(more, less) > _DIFFERENT_PX
    found: set[int] = set()
    for span in (1, 2, 3):
        found |= _garbled(words, sudden, more + less, span)
    return np.array(sorted(found), dtype=np.int64)


def _words(gray: Gray) -> npt.NDArray[np.uint64]:
    """The lines as bits, 64 to a word."""
    bits = np.packbits(gray < 128, axis=1)
    spare = -bits.shape[1] % 8
    return np.ascontiguousarray(np.pad(bits, ((0, 0), (0, spare)))).view(np.uint64)


def _garbled(
    words: npt.NDArray[np.uint64], sudden: npt.NDArray[np.bool_], step: npt.NDArray[np.int64], span: int
) -> set[int]:
    """Lines in groups of `span` that differ from above and below, while above and below are alike."""
    if len(words) < span + 3:
        return set()
    suspects = np.flatnonzero(sudden[: len(sudden) - span] & sudden[span:])
    least = np.minimum(step[suspects], step[suspects + span])
    across = _count(words[suspects] ^ words[suspects + span + 1])
    odd = suspects[across < _ALIKE * least]
    return {int(line) + 1 + k for line in odd for k in range(span)}


def _count(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Pixels set in each line."""
    return np.asarray(np.bitwise_count(words).sum(axis=1, dtype=np.int64))
