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
from parsers.fax.faults import Fault
from parsers.fax.jbig2 import may_replace_symbols
from parsers.fax.page import Raster
from parsers.fax.raster import PAGES_MOST, PIXELS_MOST, believable, damage_of_lines, without_pixels
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
            stored = sum(p.size_px[0] * p.size_px[1] for p in pictures)
            if stored > 2 * PIXELS_MOST:
                return without_pixels(number, Fault.TOO_LARGE, f"{stored} pixels stored")
            return _drawn(page, number, pictures)
    except (pdfium.PdfiumError, MemoryError, ctypes.ArgumentError) as e:
        return without_pixels(number, Fault.UNREADABLE, type(e).__name__)


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
        raw.FPDF_RenderPageBitmap(bitmap.raw, page.raw, 0, 0, *size, 0, raw.FPDF_ANNOT)
        gray = np.array(bitmap.to_numpy(), dtype=np.uint8)
    dpi = believable(size[0] * 72 / wide), believable(size[1] * 72 / tall)
    faults, details = _remarks(pictures)
    return Raster(number, gray, *(dpi if None not in dpi else (None, None)), faults, details)


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


def _remarks(pictures: list[_Picture]) -> tuple[tuple[Fault, ...], tuple[str, ...]]:
    """Lossy compression, and lines that are fewer than promised."""
    faults: dict[Fault, None] = {}
    details = []
    for picture in pictures:
        if "JBIG2Decode" in picture.filters and may_replace_symbols(_stored(picture.handle)):
            faults[Fault.LOSSY_COMPRESSION] = None
            details.append("JBIG2 with symbols")
        if picture.filters == ("CCITTFaxDecode",):
            lines = group3_lines(_stored(picture.handle))
            down = _height_px(picture.handle)
            found = damage_of_lines(lines, down) if lines is not None else ((), ())
            faults |= dict.fromkeys(found[0])
            details += found[1]
    return tuple(faults), tuple(details)


def _height_px(handle: Any) -> int:
    across, down = ctypes.c_uint(), ctypes.c_uint()
    raw.FPDFImageObj_GetImagePixelSize(handle.raw, across, down)
    return down.value


def _stored(handle: Any) -> bytes:
    """The stream as it is in the file, undecoded; empty when it is too large to look through."""
    size = raw.FPDFImageObj_GetImageDataRaw(handle.raw, None, 0)
    if not 0 < size <= _RAW_BYTES_MOST:
        return b""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFImageObj_GetImageDataRaw(handle.raw, buffer, size)
    return buffer.raw
