"""What a T.4 bit stream says about its own length, without decoding it.

Every line of Group 3 begins or ends with an EOL: eleven zeros (or more, as fill) and a one, a pattern no code word and
no pair of them contains. Decoders paper over lost and broken lines (capture.md §3.3); the number of EOLs does not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_EOL_BITS = 12
_TAGGED_BITS = 13
"""An EOL of two-dimensional coding carries one more bit: how the next line is coded."""
_BYTES_MOST = 8_000_000
_REVERSED = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], dtype=np.uint8)


def group3_lines(data: bytes, *, lsb_first: bool = False) -> int | None:
    """How many lines a Group 3 stream holds; None when it has no EOLs (Group 4, or Group 3 without them) or is huge.

    The return to control at the end (six EOLs in a row) counts as none.
    """
    if len(data) > _BYTES_MOST:
        return None
    stream = np.frombuffer(data, dtype=np.uint8)
    if lsb_first:
        stream = _REVERSED[stream]
    ones = np.flatnonzero(np.unpackbits(stream))
    if not ones.size:
        return None
    gaps = np.diff(ones, prepend=-1)
    ends = ones[gaps >= _EOL_BITS]
    if len(ends) < 3:  # noise, or the end of a Group 4 block (two EOLs)
        return None
    return _lines_between(ends, int(ones[-1]))


def _lines_between(ends: npt.NDArray[np.int64], last: int) -> int:
    """Lines are what lies between EOLs that do not follow one another at once."""
    apart = np.diff(ends) > _TAGGED_BITS
    lines = int(np.count_nonzero(apart))
    before_first = ends[0] > _TAGGED_BITS + 8  # a stream that begins with a line instead of an EOL
    after_last = last - ends[-1] > _TAGGED_BITS + 8
    return lines + int(before_first) + int(after_last)
