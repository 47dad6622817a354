"""Counting lines of T.4 streams, telling symbols in JBIG2, seeing garbled scan lines."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from daemon.simulation.fax import Sheet
from daemon.simulation.fax.packing import jbig2, strip_of
from parsers.fax.ccitt import ends_group4, garbled_lines, group3_lines
from parsers.fax.jbig2 import may_replace_symbols
from parsers.fax.scanlines import broken_lines


@pytest.mark.parametrize("kind", ["g3", "g3-2d"])
def test_the_lines_of_a_group_3_stream_are_counted_without_decoding_it(kind: str, fine: Sheet) -> None:
    data = strip_of(fine.gray, kind)
    assert group3_lines(data) == len(fine.gray)
    mirrored = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
    assert group3_lines(mirrored, lsb_first=True) == len(fine.gray)


@pytest.mark.parametrize("kind", ["g3", "g3-2d"])
def test_half_a_group_3_stream_has_half_the_lines(kind: str, fine: Sheet) -> None:
    data = strip_of(fine.gray, kind)
    lines = group3_lines(data[: len(data) // 2])
    assert lines is not None
    assert 0.3 * len(fine.gray) < lines < 0.7 * len(fine.gray)


def test_a_group_4_stream_has_no_lines_to_count(fine: Sheet) -> None:
    assert group3_lines(strip_of(fine.gray, "g4")) is None
    assert group3_lines(b"") is None
    assert group3_lines(b"\0" * 100) is None


def test_a_generic_region_replaces_nothing() -> None:
    assert not may_replace_symbols(jbig2(np.full((40, 64), 255, dtype=np.uint8)))


@pytest.mark.parametrize("kind", [0, 4, 6, 7, 16, 22, 23])
def test_symbol_dictionaries_text_and_halftone_regions_may_replace(kind: int) -> None:
    segment = struct.pack(">IBBBI", 7, kind, 0, 1, 3) + b"abc"
    assert may_replace_symbols(jbig2(np.full((40, 64), 255, dtype=np.uint8)) + segment)


@pytest.mark.parametrize("data", [b"\x00", b"\xff" * 40, struct.pack(">IBBBI", 1, 38, 0xE0, 1, 3)])
def test_a_stream_that_cannot_be_followed_is_not_trusted(data: bytes) -> None:
    assert may_replace_symbols(data)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_line_of_another_length_than_was_coded_is_found(inverted: bool, fine: Sheet) -> None:
    part = fine.gray[900:1000]
    data = strip_of(part, "g3")
    shown = 255 - part if inverted else part.copy()
    assert garbled_lines(data, shown).tolist() == []
    shown[50, 500:512] = 255 - shown[50, 500:512]
    assert garbled_lines(data, shown).tolist() == [50]


def test_lines_coded_against_the_line_above_are_passed_over(fine: Sheet) -> None:
    part = fine.gray[900:1000]
    data = strip_of(part, "g3-2d")
    assert garbled_lines(data, part).tolist() == []
    shown = part.copy()
    shown[40:48, 500:512] = 255 - shown[40:48, 500:512]
    found = garbled_lines(data, shown).tolist()
    assert found
    assert set(found) < set(range(40, 48))


def test_runs_of_every_length_are_coded_as_other_encoders_do() -> None:
    wide = 1728
    gray = np.where(np.arange(wide)[None, :] < np.arange(1, wide, 7)[:, None], 0, 255).astype(np.uint8)
    assert garbled_lines(strip_of(gray, "g3"), gray).tolist() == []


def test_a_picture_of_another_size_is_not_compared(fine: Sheet) -> None:
    data = strip_of(fine.gray, "g3")
    assert not len(garbled_lines(data, np.vstack([fine.gray, fine.gray])))
    assert not len(garbled_lines(b"", fine.gray))


def test_the_end_of_a_group_4_block_is_seen_wherever_it_falls(fine: Sheet) -> None:
    for lines in range(80, 96, 3):
        data = strip_of(fine.gray[600 : 600 + lines], "g4")
        assert ends_group4(data)
        assert ends_group4(data + b"\0\0\0")
        assert ends_group4(bytes(int(f"{byte:08b}"[::-1], 2) for byte in data), lsb_first=True)
        assert not ends_group4(data.rstrip(b"\0")[:-3])
    assert not ends_group4(b"")


def test_garbled_lines_are_seen_and_printed_rules_are_not(fine: Sheet) -> None:
    assert not len(broken_lines(fine.gray))
    dark = fine.gray < 128
    lively = [row for row in range(600, 1800) if dark[row].sum() > 100 and (dark[row - 1] ^ dark[row + 1]).sum() < 30]
    for line in lively[:: len(lively) // 5]:
        damaged = fine.gray.copy()
        damaged[line] = np.roll(damaged[line], 300)
        assert line in broken_lines(damaged)
