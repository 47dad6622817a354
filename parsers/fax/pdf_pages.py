"""PDF pages as pictures, drawn by PDFium at the resolution of what is on them.

Fax pictures in a PDF have pixels that are not square; the page is drawn with its own scale each way, so that a page
filled by one picture comes out pixel for pixel, whatever its filter, mask, polarity or rotation.
PDFium is not thread-safe; the reading process has one thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from parsers.errors import ParserError
from parsers.fax.ccitt import group3_lines
from parsers.fax.damage import Damage, group3_damage, group4_damage
from parsers.fax.faults import Fault
from parsers.fax.jbig2 import may_replace_symbols, pixels_unfolded
from parsers.fax.page import Gray, Raster
from parsers.fax.raster import PAGES_MOST, PIXELS_MOST, believable, without_pixels
from parsers.findings import Problem
from parsers.pdf.pdfium import open_document

_DRAWN_DPI = 204.0
"""For pages that are drawn rather than scanned."""
_SIDE_MOST_PX = 5000
_SIDE_LEAST_PX = 200
_OBJECTS_MOST = 2000
_DEPTH_MOST = 4
_FULL_PAGE = 0.5
"""Share of the page a picture covers to be its scan rather than a logo."""
_RAW_BYTES_MOST = 8_000_000
_INSET_PX = 0.01


@dataclass(frozen=True, slots=True)
class _Picture:
    """One image object of a page."""

    size_px: tuple[int, int]
    """As it lies on the page: turned pictures have their sides exchanged."""
    size_pt: tuple[float, float]
    filters: tuple[str, ...]
    handle: Any


def pdf_rasters(data: bytes, only: Collection[int] | None) -> Iterator[Raster]:
    """One raster a page. Raises ParserError for a file that cannot be opened, and after `PAGES_MOST` pages."""
    with closing(open_document(data)) as document:
        count = len(document)
        for number in range(1, min(count, PAGES_MOST) + 1):
            if only is None or number in only:
                yield _raster(document, number)
    if count > PAGES_MOST:
        raise ParserError(Problem.TOO_LARGE, f"{count} pages")


def _raster(document: pdfium.PdfDocument, number: int) -> Raster:
    try:
        with closing(document[number - 1]) as page:
            pictures = list(_pictures(page))
            stored = sum(_pixels(p) for p in pictures)
            if stored > 2 * PIXELS_MOST:
                return without_pixels(number, Fault.TOO_LARGE, f"{stored} pixels stored")
            return _drawn(page, number, pictures)
    except (pdfium.PdfiumError, MemoryError, ctypes.ArgumentError) as e:
        return without_pixels(number, Fault.UNREADABLE, type(e).__name__)


def _pixels(picture: _Picture) -> int:
    """What decoding a picture costs: JBIG2 may unfold far more than it shows."""
    shown = picture.size_px[0] * picture.size_px[1]
    if "JBIG2Decode" not in picture.filters:
        return shown
    return max(shown, pixels_unfolded(_stored(picture.handle)))


def _drawn(page: pdfium.PdfPage, number: int, pictures: list[_Picture]) -> Raster:
    wide, tall = page.get_size()
    if not (wide > 0 and tall > 0):
        return without_pixels(number, Fault.UNREADABLE, "page without extent")
    size = _size_px((wide, tall), pictures)
    if size[0] * size[1] > PIXELS_MOST:
        return without_pixels(number, Fault.TOO_LARGE, f"{size[0]} × {size[1]} pixels")
    bitmap = pdfium.PdfBitmap.new_native(size[0], size[1], raw.FPDFBitmap_Gray)
    with closing(bitmap):
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
        _draw(bitmap, page, size)
        gray = np.array(bitmap.to_numpy(), dtype=np.uint8)
    dpi = believable(size[0] * 72 / wide), believable(size[1] * 72 / tall)
    turns = page.get_rotation() // 90
    damage = _remarks(pictures, np.rot90(gray, turns))
    garbled = damage.lines if not turns else ()
    claimed = dpi if None not in dpi else (None, None)
    return Raster(number, gray, *claimed, damage.faults, damage.details, garbled)


def _draw(bitmap: pdfium.PdfBitmap, page: pdfium.PdfPage, size: tuple[int, int]) -> None:
    """Draw the page over the whole bitmap, a hundredth of a pixel inside its edges.

    Rounding would otherwise make PDFium stretch a picture of 1694 pixels over 1695, and blur it.
    """
    wide, tall = page.get_size()
    inset = _INSET_PX
    matrix = raw.FS_MATRIX((size[0] - 2 * inset) / wide, 0, 0, (size[1] - 2 * inset) / tall, inset, inset)
    everything = raw.FS_RECTF(0, 0, *size)
    raw.FPDF_RenderPageBitmapWithMatrix(bitmap.raw, page.raw, matrix, everything, raw.FPDF_ANNOT)


def _size_px(page_pt: tuple[float, float], pictures: list[_Picture]) -> tuple[int, int]:
    """How large to draw the page."""
    area = page_pt[0] * page_pt[1]
    scans = [p for p in pictures if p.size_pt[0] * p.size_pt[1] >= _FULL_PAGE * area] or _bands(pictures, area)
    per_pt = [max((p.size_px[i] / p.size_pt[i] for p in scans), default=_DRAWN_DPI / 72) for i in (0, 1)]
    size = [max(_SIDE_LEAST_PX, page_pt[i] * per_pt[i]) for i in (0, 1)]
    shrink = min(1.0, _SIDE_MOST_PX / max(size))
    return round(size[0] * shrink), round(size[1] * shrink)


def _bands(pictures: list[_Picture], area: float) -> list[_Picture]:
    """Pictures that cover the page together, as scanners write it in strips."""
    covered = sum(p.size_pt[0] * p.size_pt[1] for p in pictures)
    if covered < _FULL_PAGE * area:
        return []
    # The finest strip decides, but not a logo among them.
    return [p for p in pictures if p.size_pt[0] * p.size_pt[1] >= 0.2 * covered / len(pictures)]


def _pictures(page: pdfium.PdfPage) -> Iterator[_Picture]:
    turned = page.get_rotation() in {90, 270}
    for count, found in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEPTH_MOST)):
        if count >= _OBJECTS_MOST:
            raise pdfium.PdfiumError("too many pictures")
        across, down = ctypes.c_uint(), ctypes.c_uint()
        if not raw.FPDFImageObj_GetImagePixelSize(found.raw, across, down):
            continue
        a, b, c, d = _placed(found)
        size_px, size_pt = (across.value, down.value), ((a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5)
        if (abs(b) > abs(a)) != turned:
            size_px, size_pt = size_px[::-1], size_pt[::-1]
        if min(size_px) > 0 and min(size_pt) > 0:
            yield _Picture(size_px, size_pt, tuple(found.get_filters()), found)


def _placed(found: Any) -> tuple[float, float, float, float]:
    """The linear part of the matrix that places a picture on the page, through the forms it is nested in."""
    matrix = found.get_matrix()
    outer = found.container
    while outer is not None:
        matrix = matrix.multiply(outer.get_matrix())
        outer = outer.container
    return matrix.a, matrix.b, matrix.c, matrix.d


def _remarks(pictures: list[_Picture], unturned: Gray) -> Damage:
    """Lossy compression, and lines that are fewer than promised. `unturned` is the page before /Rotate."""
    damage = Damage()
    if len(pictures) == 1 and unturned.shape == _stored_shape(pictures[0].handle):
        damage = _ccitt_damage(pictures[0], unturned)
    lossy = (p for p in pictures if "JBIG2Decode" in p.filters and may_replace_symbols(_stored(p.handle)))
    if next(lossy, None) is None:
        return damage
    return Damage((*damage.faults, Fault.LOSSY_COMPRESSION), (*damage.details, "JBIG2 with symbols"), damage.lines)


def _ccitt_damage(picture: _Picture, gray: Gray) -> Damage:
    """Whether a Group 3 or 4 stream that fills the page is whole."""
    stored = _stored(picture.handle) if picture.filters == ("CCITTFaxDecode",) else b""
    if not stored:
        return Damage()
    if group3_lines(stored) is None:
        return group4_damage([stored], gray)
    return group3_damage([stored], gray, len(gray))


def _stored_shape(handle: Any) -> tuple[int, int]:
    """Height and width of the picture as stored."""
    across, down = ctypes.c_uint(), ctypes.c_uint()
    raw.FPDFImageObj_GetImagePixelSize(handle.raw, across, down)
    return down.value, across.value


def _stored(handle: Any) -> bytes:
    """The stream as it is in the file, undecoded; empty when it is too large to look through."""
    size = raw.FPDFImageObj_GetImageDataRaw(handle.raw, None, 0)
    if not 0 < size <= _RAW_BYTES_MOST:
        return b""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFImageObj_GetImageDataRaw(handle.raw, buffer, size)
    return buffer.raw
