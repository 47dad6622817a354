"""What a T.4 or T.6 bit stream says about its own length, and about the picture somebody decoded from it.

Every line of Group 3 begins or ends with an EOL: eleven zeros (or more, as fill) and a one, a pattern no code word and
no pair of them contains. Decoders paper over lost and broken lines (capture.md §3.3); the number of EOLs does not, nor
does the length of each line: the runs a decoder made of it must take as many bits as lie between its EOLs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_EOL_BITS = 12
_TAIL_BYTES = 8
_ALIKE: Final = 0.2
_SURE: Final = 0.8
_TRAILING_ZEROS: Final = 7
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
    ends = np.flatnonzero(np.diff(ones, prepend=-1) >= _EOL_BITS)
    if len(ends) < 3:  # noise, or the end of a Group 4 block (two EOLs)
        return None
    return _lines_between(ones, ends)


def ends_group4(data: bytes, *, lsb_first: bool = False) -> bool:
    """Whether a Group 4 stream comes to its end of block (T.6 §2.2.2.1): what was cut off has none."""
    stream = np.frombuffer(data.rstrip(b"\0")[-_TAIL_BYTES:] + b"\0", dtype=np.uint8)
    if lsb_first:
        stream = _REVERSED[stream]
    ones = np.flatnonzero(np.unpackbits(stream))
    gaps = np.diff(ones, prepend=-1)[-2:]
    return bool(len(ones) >= 2 and gaps[0] >= _EOL_BITS == gaps[1])


def garbled_lines(data: bytes, gray: npt.NDArray[np.uint8], *, lsb_first: bool = False) -> npt.NDArray[np.int64]:
    """Rows of a decoded picture that cannot be what its Group 3 stream holds: their runs take more or fewer bits.

    Lines coded against the line above are passed over: their length does not follow from their own runs. Damage that
    leaves the length as it was is not seen here.

    Args:
        data: The stream.
        gray: (lines, width) uint8 as decoded, two tones, neither turned nor scaled.
        lsb_first: Fill order of the stream.

    Returns:
        (n,) int64, row numbers; empty when stream and picture are not of one length, or hardly a line agrees: then this
        picture is not that stream line by line, and nothing can be said.
    """
    best, best_share = np.zeros(0, dtype=np.int64), _ALIKE
    coded = _coded_lines(data, len(gray), lsb_first=lsb_first)
    if coded is None:
        return best
    inked = (gray != gray[:, :1]).any(axis=1)  # lines of one tone are alike in any picture
    for dark in (gray < 128, gray >= 128):
        bits = _bits_needed(dark)
        for tag, judged in ((0, inked), (1, inked & coded.tagged)):
            wrong = judged & ((bits + tag < coded.least) | (bits + tag > coded.most))
            share = 1 - float(wrong.sum()) / max(int(judged.sum()), 1)
            if judged.any() and share > best_share:
                best, best_share = np.flatnonzero(wrong), share
        if best_share > _SURE:
            break
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _CodedLines:
    """What lies between the EOLs of a stream, in bits; one element of each array a line."""

    least: npt.NDArray[np.int64]
    """Up to the last bit that is set."""
    most: npt.NDArray[np.int64]
    """Up to the next EOL: zeros at the end may belong to the last code word, or be fill."""
    tagged: npt.NDArray[np.bool_]
    """Whether the first bit is set: in two-dimensional coding the mark of a line that is coded by itself."""


def _coded_lines(data: bytes, lines: int, *, lsb_first: bool) -> _CodedLines | None:
    """The first `lines` lines of a stream that begins with an EOL; None when there are fewer, or the stream is huge."""
    if not lines or len(data) > _BYTES_MOST:
        return None
    stream = np.frombuffer(data, dtype=np.uint8)
    ones = np.flatnonzero(np.unpackbits(_REVERSED[stream] if lsb_first else stream))
    ends = np.flatnonzero(np.diff(ones, prepend=-1) >= _EOL_BITS)
    if len(ends) < lines:
        return None
    starts = ones[ends[:lines]]
    following = np.append(ends[1:], len(ones))[:lines]
    beyond = np.append(ones, ones[-1] + _EOL_BITS + _TRAILING_ZEROS)
    tagged = ones[np.minimum(ends[:lines] + 1, len(ones) - 1)] - starts == 1
    return _CodedLines(ones[following - 1] - starts, beyond[following] - starts - _EOL_BITS, tagged)


def _bits_needed(dark: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """(lines,): bits of each line in one-dimensional coding."""
    lines, wide = dark.shape
    edges = np.ones((lines, wide + 1), dtype=bool)
    edges[:, 1:-1] = dark[:, 1:] != dark[:, :-1]
    row, column = np.nonzero(edges)
    inside = column[:-1] < wide
    runs, row, column = np.diff(column)[inside], row[:-1][inside], column[:-1][inside]
    bits = np.bincount(row, weights=_run_bits(runs, dark[row, column]), minlength=lines).astype(np.int64)
    return np.asarray(bits + _WHITE[0] * dark[:, 0])  # a line begins with white, if only of no length


def _run_bits(runs: npt.NDArray[np.int64], black: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Length of the code words of runs: as many of 2560 as fit, one make-up code, one terminating code."""
    whole, rest = np.divmod(runs, 2560)
    make_up, ending = np.divmod(rest, 64)
    bits = np.where(black, _BLACK[ending] + _BLACK_MAKE_UP[make_up], _WHITE[ending] + _WHITE_MAKE_UP[make_up])
    return np.asarray(12 * whole + bits)


def _lengths(*spans: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Lengths of code words, given as (bits, how many in a row)."""
    return np.repeat([bits for bits, _ in spans], [count for _, count in spans])


# T.4 tables 2 to 3b, by run length: terminating codes of 0 to 63, make-up codes of 0, 64, 128 … 2496.
_EXTENDED: Final = ((11, 3), (12, 9))
_WHITE: Final = _lengths((8, 1), (6, 1), (4, 6), (5, 4), (6, 6), (7, 11), (8, 35))
_WHITE_MAKE_UP: Final = _lengths((0, 1), (5, 2), (6, 1), (7, 1), (8, 6), (9, 15), (6, 1), (9, 1), *_EXTENDED)
_BLACK: Final = _lengths(
    (10, 1), (3, 1), (2, 2), (3, 1), (4, 2), (5, 1), (6, 2), (7, 3), (8, 2), (9, 1), (10, 3), (11, 7), (12, 38)
)
_BLACK_MAKE_UP: Final = _lengths((0, 1), (10, 1), (12, 6), (13, 20), *_EXTENDED)


def _lines_between(ones: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> int:
    """Lines are what lies between EOLs: more than the one bit that tells how a line is coded.

    Args:
        ones: Positions of all set bits.
        ends: Which of them end an EOL.
    """
    starts = np.concatenate([[-1], ends])  # a stream may begin in the middle of its first EOL, or with a line
    last = np.append(ends, len(ones)) - 1
    inside = last - starts
    following = np.minimum(starts + 1, len(ones) - 1)
    tagged = (inside == 1) & (ones[following] - ones[np.maximum(starts, 0)] <= 1)
    return int(np.count_nonzero((inside > 0) & ~tagged))
