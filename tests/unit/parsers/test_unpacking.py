"""Returned files in a zip: names, passwords, and archives that mean harm."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import sniff
from parsers.errors import ParserError
from parsers.findings import Document, Problem
from parsers.reading import ReadingContext, read_file, read_part
from parsers.unpacking import unpack
from tests.fakes.workbooks import CODE, returned_workbook

CONTEXT = ReadingContext(received_on=dt.date(2026, 4, 25), not_before_on=dt.date(2026, 3, 12))
BOOK = returned_workbook(2)


def packed(*files: tuple[str, bytes], encoding: str = "utf-8", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip; with another encoding than UTF-8 its names are not marked, as Japanese Windows writes them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(_Plain(name, encoding), data)
    return out.getvalue()


class _Plain(zipfile.ZipInfo):
    """An entry whose name is written in an encoding of its own."""

    def __init__(self, name: str, encoding: str) -> None:
        super().__init__(name)
        self.filename = name  # ZipInfo itself turns back slashes
        self.compress_type = zipfile.ZIP_DEFLATED
        self._encoding = encoding

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - a method of ZipInfo
        if self._encoding == "utf-8":
            return self.filename.encode(), self.flag_bits | 0x800
        return self.filename.encode(self._encoding.removeprefix("unmarked ")), self.flag_bits


def locked(data: bytes, *entries: int) -> bytes:
    """The archive with these entries (from 0) marked as encrypted."""
    out = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        for number in range(max(entries) + 1):
            place = data.index(mark, place + 1)
            if number in entries:
                out[place + at] |= 1
    return bytes(out)


def _read(data: bytes) -> Document:
    return read_file("返送.zip", data, CONTEXT)


def _codes(document: Document) -> list[tuple[Problem, str]]:
    return [(n.code, n.part) for n in document.problems]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "unmarked utf-8"])
def test_files_are_read_under_their_japanese_names(encoding: str) -> None:
    document = _read(packed(("名簿/返送（横浜）.xlsx", BOOK), encoding=encoding))
    assert {(f.roster, f.evidence.part) for f in document.findings} == {(CODE, "1/返送（横浜）.xlsx")}
    assert document.problems == ()


def test_what_the_files_are_is_decided_by_their_bytes() -> None:
    document = _read(packed(("a.pdf", BOOK), ("b.xlsx", b"%PDF-1.7"), ("c", b"\x60\x0e\x82\x53")))
    assert len(document.findings) == 2
    assert _codes(document) == [(Problem.UNREADABLE_ATTACHMENT, "2/b.xlsx"), (Problem.UNSUPPORTED_TYPE, "3/c")]


def test_litter_of_operating_systems_and_folders_are_nothing() -> None:
    litter = (("x/", b""), ("__MACOSX/x/._a.xlsx", b"\0"), ("x/.DS_Store", b"\0"), ("Thumbs.db", b"\0"))
    assert _read(packed(*litter, ("x/a.xlsx", BOOK))).problems == ()


def test_an_encrypted_archive_says_so_and_what_is_open_is_read() -> None:
    both = packed(("a.xlsx", BOOK), ("b.xlsx", BOOK))
    assert _codes(_read(locked(both, 0, 1))) == [(Problem.ENCRYPTED_ATTACHMENT, "")]
    half = _read(locked(both, 0))
    assert half.source.media == sniff.ENCRYPTED_ZIP
    assert _codes(half) == [(Problem.ENCRYPTED_ATTACHMENT, "")]
    assert {f.evidence.part for f in half.findings} == {"2/b.xlsx"}


def test_an_archive_in_an_archive_is_read_and_deeper_ones_are_told() -> None:
    data = packed(("a.xlsx", BOOK))
    for depth in range(3):
        document = _read(data)
        assert [f.evidence.part for f in document.findings] == ["1/z.zip/" * depth + "1/a.xlsx"] * 2
        data = packed(("z.zip", data))
    deepest = _read(data)
    assert _codes(deepest) == [(Problem.NESTED_TOO_DEEP, "1/z.zip/1/z.zip/1/z.zip")]


def test_a_name_that_leads_outside_is_refused_and_never_a_path() -> None:
    document = _read(
        packed(("../../etc/a.xlsx", BOOK), (r"..\b.xlsx", BOOK), (r"C:\tmp\c.xlsx", BOOK), ("/d.xlsx", BOOK))
    )
    assert {f.evidence.part for f in document.findings} == {"3/c.xlsx", "4/d.xlsx"}
    assert _codes(document) == [
        (Problem.UNREADABLE_ATTACHMENT, "1/a.xlsx"),
        (Problem.UNREADABLE_ATTACHMENT, "2/b.xlsx"),
    ]


def test_two_files_of_one_name_are_two_parts() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = packed(("a.xlsx", BOOK), ("a.xlsx", returned_workbook(1)))
    assert sorted(f.evidence.part for f in _read(data).findings) == ["1/a.xlsx", "1/a.xlsx", "2/a.xlsx"]


def test_a_damaged_file_costs_only_itself() -> None:
    data = bytearray(packed(("a.xlsx", BOOK), ("b.xlsx", BOOK)))
    data[200] ^= 0xFF
    document = _read(bytes(data))
    assert _codes(document) == [(Problem.UNREADABLE_ATTACHMENT, "1/a.xlsx")]
    assert len(document.findings) == 2


def test_bombs_and_crowds_are_refused() -> None:
    assert _codes(_read(packed(("a", bytes(210_000_000))))) == [(Problem.TOO_LARGE, "")]
    crowd = _read(packed(*((f"{n}.bin", b"") for n in range(250))))
    assert (Problem.TOO_LARGE, "") in _codes(crowd)
    with pytest.raises(ParserError):
        unpack("x", packed())


def test_a_file_of_an_archive_can_be_asked_for() -> None:
    data = packed(("z.zip", packed(("a.xlsx", BOOK))))
    assert len(read_part("x.zip", data, CONTEXT, "1/z.zip/1/a.xlsx").findings) == 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=20), st.integers(0, 10**6))
def test_damage_is_told_and_never_raised(flips: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(packed(("a.xlsx", BOOK), ("名簿.csv", b"a,b\nc,d\n")))
    for at, value in flips:
        damaged[at % len(damaged)] = value
    document = _read(bytes(damaged[: cut % (2 * len(damaged))]))
    assert Problem.READER_FAILED not in {n.code for n in document.problems}, document.problems
