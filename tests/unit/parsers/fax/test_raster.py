"""Every container gives back the pixels that were put in; what is damaged, hostile or unknown says so."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from daemon.simulation.fax import FINE, NORMAL, SUPERFINE, FaxPass, Sheet, as_jpeg, as_pdf, as_png, as_tiff
from daemon.simulation.fax.packing import Pdf, segment, strip_of
from parsers import sniff
from parsers.errors import ParserError
from parsers.fax.faults import Fault
from parsers.fax.page import Raster
from parsers.fax.raster import PAGES_MOST, rasters
from parsers.findings import Problem
from tests.fakes.faxes import send

_BAR = np.pad(np.zeros((20, 400), dtype=np.uint8), ((40, 240), (100, 1228)), constant_values=255)
SMALL = Sheet(_BAR, (8.0315, 7.717))


def opened(data: bytes) -> list[Raster]:
    return list(rasters(data, sniff.sniff(data)))


def refused(data: bytes) -> Problem:
    with pytest.raises(ParserError) as caught:
        opened(data)
    return caught.value.problem


@pytest.mark.parametrize("mode", [NORMAL, FINE, SUPERFINE, (200, 200), (300, 300), (400, 400)])
@pytest.mark.parametrize("kind", ["g3", "g3-2d", "g4"])
def test_fax_coding_gives_every_pixel_and_the_resolution_back(
    kind: str, mode: tuple[float, float], sheets: dict[str, Sheet]
) -> None:
    page = send(sheets["existing"], FaxPass(mode, length_mm=60.0))
    for data in (as_tiff([page], kind), as_tiff([page], kind, lsb_first=True), as_pdf([page], kind)):
        (raster,) = opened(data)
        assert np.array_equal(raster.gray, page.gray)
        assert (raster.dpi_x, raster.dpi_y) == pytest.approx(mode, abs=0.01)
        assert raster.faults == ()


@pytest.mark.parametrize("kind", ["raw", "packbits", "lzw"])
def test_other_tiffs_give_every_pixel_back(kind: str) -> None:
    (raster,) = opened(as_tiff([SMALL], kind))
    assert np.array_equal(raster.gray, SMALL.gray)


def test_a_tiff_of_many_strips_is_whole() -> None:
    (raster,) = opened(as_tiff([SMALL], "g3", strip_rows=16))
    assert np.array_equal(raster.gray, SMALL.gray)
    assert raster.faults == ()


def test_the_oldest_tiffs_are_read() -> None:
    """Compression 2 (T.4 without EOL, lines on whole bytes), no rows per strip, no resolution, subfile type 255."""
    data = _rle(SMALL)
    assert np.array_equal(opened(_bare_tiff(SMALL, 2, data))[0].gray, SMALL.gray)
    black_is_zero = np.packbits(SMALL.gray >= 128, axis=1).tobytes()
    assert np.array_equal(opened(_bare_tiff(SMALL, 1, black_is_zero, photometric=1))[0].gray, SMALL.gray)


def _rle(sheet: Sheet) -> bytes:
    """The picture coded by lines that begin on whole bytes (TIFF 6.0, section 10)."""
    out = io.BytesIO()
    Image.fromarray(sheet.gray).convert("1").save(out, "TIFF", compression="tiff_ccitt", tiffinfo={262: 0, 278: 9999})
    with Image.open(out) as picture:
        start, size = picture.tag_v2[273][0], picture.tag_v2[279][0]
    return out.getvalue()[start : start + size]


def _bare_tiff(sheet: Sheet, compression: int, data: bytes, photometric: int = 0) -> bytes:
    """Not a tag more than a decoder needs, in the byte order of other machines."""
    tall, wide = sheet.gray.shape
    tags = ((255, 1), (256, wide), (257, tall), (259, compression), (262, photometric), (273, 110), (279, len(data)))
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags)
    return (b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + b"\0" * 4).ljust(110, b"\0") + data


def _wrapped(entries: str, data: bytes, sheet: Sheet = SMALL) -> Raster:
    """The one page of a PDF whose picture has these dictionary entries."""
    pdf, (tall, wide) = Pdf(), sheet.gray.shape
    head = f"/Type /XObject /Subtype /Image /Width {wide} /Height {tall} /BitsPerComponent 1"
    pdf.add_page([pdf.add(f"{head} {entries}", data)], [sheet.gray.shape], (204.0, 196.0), 0)
    (raster,) = opened(pdf.finish())
    return raster


@pytest.mark.parametrize(
    "entries",
    [
        "/ColorSpace /DeviceGray",
        "/ColorSpace /DeviceGray /Decode [0 1]",
        "/ImageMask true",
        "/ColorSpace [/Indexed /DeviceGray 1 <00FF>]",
    ],
)
@pytest.mark.parametrize("black_is_1", [False, True])
def test_pictures_are_wrapped_in_many_ways(entries: str, black_is_1: bool) -> None:
    coded = strip_of(SMALL.gray if not black_is_1 else 255 - SMALL.gray, "g4")
    flag = "true" if black_is_1 else "false"
    parms = f"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 1728 /Rows 300 /BlackIs1 {flag} >>"
    assert np.array_equal(_wrapped(f"{entries} {parms}", coded).gray, SMALL.gray)


def test_lines_on_whole_bytes_are_read() -> None:
    parms = "/Filter /CCITTFaxDecode /DecodeParms << /K 0 /Columns 1728 /Rows 300 /EncodedByteAlign true >>"
    assert np.array_equal(_wrapped(f"/ColorSpace /DeviceGray {parms}", _rle(SMALL)).gray, SMALL.gray)


def test_filters_in_a_row_are_undone_in_order() -> None:
    parms = "/Filter [/FlateDecode /CCITTFaxDecode] /DecodeParms [null << /K -1 /Columns 1728 /Rows 300 >>]"
    coded = zlib.compress(strip_of(SMALL.gray, "g4"))
    assert np.array_equal(_wrapped(f"/ColorSpace /DeviceGray {parms}", coded).gray, SMALL.gray)


def test_a_picture_of_fewer_rows_than_the_page_shows_turns_white_not_black(fine: Sheet) -> None:
    half = strip_of(fine.gray[:1000], "g4")
    parms = "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 1728 /Rows 1000 >>"
    raster = _wrapped(f"/ColorSpace /DeviceGray {parms}", half, fine)
    assert np.array_equal(raster.gray[:1000], fine.gray[:1000])


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("kind", ["g3-2d", "g4", "jbig2", "flate"])
def test_pdf_pages_come_as_they_are_shown(kind: str, inverted: bool, turned: int) -> None:
    (raster,) = opened(as_pdf([SMALL], kind, inverted=inverted, turned_deg=turned))
    assert np.array_equal(raster.gray, np.rot90(SMALL.gray, -turned // 90))


def test_a_page_of_several_pictures_is_put_together() -> None:
    (raster,) = opened(as_pdf([SMALL], "g4", strips=5))
    assert raster.gray.shape == SMALL.gray.shape
    assert np.mean(raster.gray == SMALL.gray) > 0.97


def test_png_and_jpeg_are_opened_too() -> None:
    (raster,) = opened(as_png(SMALL))
    assert np.array_equal(raster.gray, SMALL.gray)
    (raster,) = opened(as_jpeg(SMALL.gray, dpi=(204, 196)))
    assert np.mean(np.abs(raster.gray.astype(int) - SMALL.gray)) < 3
    assert (raster.dpi_x, raster.dpi_y) == (204, 196)


def test_a_phone_picture_is_turned_as_it_asks() -> None:
    (raster,) = opened(as_jpeg(SMALL.gray, turned=6))
    assert raster.gray.shape == SMALL.gray.shape[::-1]


def test_a_see_through_picture_lies_on_white_paper() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (300, 400), (0, 0, 0, 0)).save(out, "PNG")
    (raster,) = opened(out.getvalue())
    assert (raster.gray == 255).all()


@pytest.mark.parametrize("claim", ["wrong", "missing"])
def test_a_resolution_nobody_means_is_none(claim: str) -> None:
    for data in (as_tiff([SMALL], claim=claim), as_pdf([SMALL], claim=claim), as_png(SMALL, claim=claim)):
        (raster,) = opened(data)
        assert (raster.dpi_x, raster.dpi_y) == (None, None)


def test_pages_are_numbered_and_can_be_chosen() -> None:
    for data in (as_tiff([SMALL] * 4), as_pdf([SMALL] * 4)):
        assert [r.page for r in opened(data)] == [1, 2, 3, 4]
        assert [r.page for r in rasters(data, sniff.sniff(data), only={2, 4})] == [2, 4]


def test_a_page_that_is_drawn_comes_at_a_readable_resolution(forms: dict) -> None:
    (first, _) = opened(forms["existing"].pdf)
    assert first.gray.shape == (2385, 1687)


# -- damage


_FILES = {
    **{f"tiff {kind}": lambda page, kind=kind: as_tiff([page], kind) for kind in ("g3", "g3-2d", "g4", "lzw", "raw")},
    **{f"pdf {kind}": lambda page, kind=kind: as_pdf([page], kind) for kind in ("g3", "g3-2d", "g4", "jbig2", "flate")},
    "pdf jpeg": lambda page: as_pdf([page], "jpeg"),
    "png": as_png,
    "jpeg": lambda page: as_jpeg(page.gray),
}


@pytest.mark.parametrize("name", list(_FILES))
def test_a_truncated_file_is_never_taken_for_a_whole_one(name: str, fine: Sheet) -> None:
    data = _FILES[name](fine)
    (whole,) = opened(data)
    for share in (0.1, 0.35, 0.6, 0.85, 0.97):
        for raster in _survived(data[: int(len(data) * share)]):
            assert raster.faults or np.array_equal(raster.gray, whole.gray), share


def _survived(data: bytes) -> list[Raster]:
    """What is left of a damaged file; nothing when it cannot be opened."""
    try:
        return opened(data)
    except ParserError:
        return []


@pytest.mark.parametrize("kind", ["g3", "g3-2d"])
def test_lines_that_are_missing_from_a_stream_are_noticed(kind: str, fine: Sheet, capfd: object) -> None:
    for data in (as_tiff([fine], kind), as_pdf([fine], kind)):
        middle = len(data) // 2
        (raster,) = opened(data[:middle] + b"\0" * 3000 + data[middle + 3000 :])
        assert Fault.DAMAGED_PICTURE in raster.faults
        assert "promised" in raster.details[0]


@pytest.mark.parametrize("container", [as_tiff, as_pdf])
def test_a_few_wrong_bytes_in_a_stream_are_noticed_and_the_lines_named(container: object, normal: Sheet) -> None:
    data = container([normal], "g3")
    (whole,) = opened(data)
    assert whole.faults == ()
    noticed = changed = 0
    for seed in range(12):
        rng, damaged = np.random.default_rng(seed), bytearray(data)
        at = int(rng.integers(len(data) // 10, len(data) * 8 // 10))
        damaged[at : at + 4] = rng.integers(0, 256, 4).astype(np.uint8).tobytes()
        (raster,) = opened(bytes(damaged))
        wrong = np.flatnonzero((raster.gray != whole.gray).any(axis=1))
        changed += bool(len(wrong))
        noticed += Fault.DAMAGED_PICTURE in raster.faults
        if raster.garbled:
            assert set(raster.garbled) & set(wrong.tolist())
    assert changed >= 10
    assert noticed >= changed / 2  # the others have the length they had; what looks broken is told cell by cell


def test_a_group_4_stream_that_ends_early_is_noticed(fine: Sheet) -> None:
    coded = strip_of(fine.gray, "g4")
    parms = f"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 1728 /Rows {len(fine.gray)} >>"
    assert _wrapped(f"/ColorSpace /DeviceGray {parms}", coded, fine).faults == ()
    cut = _wrapped(f"/ColorSpace /DeviceGray {parms}", coded[: len(coded) // 2], fine)
    assert cut.faults == (Fault.DAMAGED_PICTURE,)
    assert "no end of block" in cut.details[0]


def test_an_encoder_that_marks_no_end_is_believed_when_it_reaches_the_foot_of_the_page() -> None:
    full = Sheet(np.full((300, 1728), 255, dtype=np.uint8), SMALL.per_mm)
    full.gray[:, ::9] = 0
    coded = strip_of(full.gray, "g4").rstrip(b"\0")[:-3]
    parms = "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 1728 /Rows 300 /EndOfBlock false >>"
    assert _wrapped(f"/ColorSpace /DeviceGray {parms}", coded, full).faults == ()


def test_one_bad_frame_does_not_take_the_others_along() -> None:
    data = bytearray(as_tiff([SMALL] * 3, "lzw"))
    middle = len(data) // 2
    data[middle - 40 : middle + 40] = b"\xff" * 80
    found = opened(bytes(data))
    assert [r.page for r in found] == [1, 2, 3]
    assert found[0].gray.size
    assert found[2].gray.size


def test_jbig2_with_symbols_is_for_a_person() -> None:
    data = as_pdf([SMALL], "jbig2")
    assert opened(data)[0].faults == ()
    # A segment of type 6 (immediate text region) in place of the generic region.
    assert opened(data.replace(b"\0\0\0\1\x26", b"\0\0\0\1\x06"))[0].faults[0] is Fault.LOSSY_COMPRESSION


# -- hostile files


def _png(wide: int, tall: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", wide, tall, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def _tiff(wide: int, tall: int, compression: int, data: bytes) -> bytes:
    tags = ((256, wide), (257, tall), (258, 1), (259, compression), (262, 0), (273, 110), (278, tall), (279, len(data)))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0" * 4).ljust(110, b"\0") + data


def _pdf_with_picture(wide: int, tall: int, data: bytes) -> bytes:
    pdf = Pdf()
    head = f"/Type /XObject /Subtype /Image /Width {wide} /Height {tall} /ColorSpace /DeviceGray /BitsPerComponent 8"
    pdf.add_page([pdf.add(f"{head} /Filter /FlateDecode", data)], [(tall, wide)], (200.0, 200.0), 0)
    return pdf.finish()


def test_a_bomb_is_not_unfolded() -> None:
    assert refused(_png(60_000, 60_000)) is Problem.TOO_LARGE
    assert refused(_tiff(100_000, 100_000, 4, b"\0" * 99)) is Problem.TOO_LARGE
    for data in (_png(9_000, 9_000), _pdf_with_picture(30_000, 30_000, zlib.compress(b"\0" * 999))):
        (raster,) = opened(data)
        assert raster.faults == (Fault.TOO_LARGE,)
        assert raster.gray.size == 0


def test_a_stream_that_unfolds_further_than_its_picture_is_cut_off() -> None:
    (raster,) = opened(_pdf_with_picture(2000, 2000, zlib.compress(b"\0" * 50_000_000)))
    assert raster.gray.shape == (2000, 2000)


@pytest.mark.parametrize(("count", "side"), [(1, 60_000), (200, 8_000)])
def test_jbig2_regions_beyond_the_picture_are_not_unfolded(count: int, side: int) -> None:
    region = struct.pack(">IIIIBB", side, side, 0, 0, 0, 1) + b"\0" * 40
    about = struct.pack(">IIIIBH", 1728, 300, 0, 0, 0, 0)
    regions = b"".join(segment(number, 38, region) for number in range(1, count + 1))
    raster = _wrapped("/ColorSpace /DeviceGray /Filter /JBIG2Decode", segment(0, 48, about) + regions)
    assert raster.faults == (Fault.TOO_LARGE,)


def test_frames_that_go_round_in_a_circle_end() -> None:
    data = bytearray(as_tiff([SMALL] * 3))
    at = struct.unpack_from("<I", data, 4)[0]
    first = at
    while True:
        place = at + 2 + 12 * struct.unpack_from("<H", data, at)[0]
        at = struct.unpack_from("<I", data, place)[0]
        if not at:
            break
    struct.pack_into("<I", data, place, first)
    assert [r.page for r in opened(bytes(data))] == [1, 2, 3]


def test_more_pages_than_anybody_faxes_are_said_to_be_too_many() -> None:
    tiny = Sheet(np.full((8, 16), 255, dtype=np.uint8), (8.0, 8.0))
    data = as_tiff([tiny] * (PAGES_MOST + 1), "raw")
    found = []
    with pytest.raises(ParserError) as caught:
        found.extend(rasters(data, sniff.TIFF))
    assert caught.value.problem is Problem.TOO_LARGE


@pytest.mark.parametrize("compression", [34_661, 9_999])
def test_a_compression_nobody_knows_is_unreadable(compression: int) -> None:
    assert refused(_tiff(1728, 2300, compression, b"abc" * 99)) is Problem.UNREADABLE_ATTACHMENT


def test_what_is_no_picture_is_refused() -> None:
    assert refused(b"Just some words about a fax.") is Problem.UNSUPPORTED_TYPE
    with pytest.raises(ParserError):
        list(rasters(b"II*\0 but then nothing", sniff.TIFF))
