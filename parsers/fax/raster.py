"""Files into pictures: every page of a PDF, every frame of a TIFF, a PNG or JPEG.

What the bytes are decides, not what somebody declared. PDF pages are drawn by PDFium at the resolution of the picture
they hold, pixel for pixel (pypdf shows an almost blank page for Group 3 2-D and says nothing, capture.md §3.3).
A page that cannot be decoded is handed on without pixels, so that no page of a file is ever simply missing.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Iterator
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from parsers import sniff
from parsers.errors import ParserError
from parsers.fax.damage import Damage, group3_damage, group4_damage
from parsers.fax.faults import Fault
from parsers.fax.page import Gray, Raster
from parsers.findings import Problem

PIXELS_MOST: Final = 40_000_000
"""Of one page: A3 at 400 dpi has 31 million."""
PAGES_MOST: Final = 200
_ALL_PIXELS_MOST = 1_500_000_000
"""Of one file: what 200 pages of 400 dpi would be, give or take."""
_BELIEVABLE_DPI = (97.0, 1300.0)
"""72 and 96 are what programs write when they know nothing; 98 is a fax in normal mode."""
_DRAFT_PX = 16_000_000
_FORMATS = {
    sniff.TIFF: ("TIFF",),
    sniff.PNG: ("PNG",),
    sniff.JPEG: ("JPEG", "MPO"),
    "image/gif": ("GIF",),
    "image/bmp": ("BMP",),
    "image/webp": ("WEBP",),
}
_COMPRESSION, _FILL_ORDER, _STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTES = 259, 266, 273, 278, 279
_GROUP_3, _GROUP_4 = 3, 4
_EXPECTED = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    AttributeError,
)
"""What Pillow raises on damaged files; each has been seen there."""


def rasters(data: bytes, media: str, only: Collection[int] | None = None) -> Iterator[Raster]:
    """The pictures of a file, page by page.

    Args:
        data: The file.
        media: What it is, by content (`parsers.sniff`).
        only: Page numbers (from 1) to look at; None = all.

    Yields:
        One raster a page; one without pixels, with a fault, for a page that cannot be decoded.

    Raises:
        ParserError: The file cannot be opened at all, is of a kind nobody reads, or has more than `PAGES_MOST` pages
            (raised after those).
    """
    if media == sniff.PDF:
        from parsers.fax.pdf_pages import pdf_rasters

        found = pdf_rasters(data, only)
    elif media in _FORMATS:
        found = _frames(data, media, only)
    else:
        raise ParserError(Problem.UNSUPPORTED_TYPE, media)
    pixels = 0
    for raster in found:
        pixels += raster.gray.size
        if pixels > _ALL_PIXELS_MOST:
            raise ParserError(Problem.TOO_LARGE, f"{pixels} pixels up to page {raster.page}")
        yield raster


def without_pixels(page: int, fault: Fault, detail: str) -> Raster:
    """The raster of a page that cannot be shown."""
    return Raster(page, np.zeros((0, 0), dtype=np.uint8), None, None, (fault,), (detail,))


def believable(dpi: float | None) -> float | None:
    """`dpi`, or None when no fax, scanner or camera would mean it."""
    if dpi is None or not _BELIEVABLE_DPI[0] <= dpi <= _BELIEVABLE_DPI[1]:
        return None
    return float(dpi)


def _frames(data: bytes, media: str, only: Collection[int] | None) -> Iterator[Raster]:
    """TIFF frames, or the one picture of the other kinds. Each frame through a handle of its own (Pillow#9851)."""
    _open(data, media, 0).close()  # raises for what is no picture at all
    many = media == sniff.TIFF
    for index in range(PAGES_MOST if many else 1):
        if only is not None and index + 1 not in only:
            if index + 1 > max(only, default=0):
                return
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata and of sizes; sizes are checked here
            raster = _frame(data, media, index)
        if raster is None:
            return
        yield raster
    if many and _exists(data, media, PAGES_MOST):
        raise ParserError(Problem.TOO_LARGE, f"more than {PAGES_MOST} pages")


def _open(data: bytes, media: str, index: int) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=_FORMATS[media])
            if index:
                picture.seek(index)
    except (Image.DecompressionBombError, UnidentifiedImageError) as e:
        problem = Problem.TOO_LARGE if isinstance(e, Image.DecompressionBombError) else Problem.UNREADABLE_ATTACHMENT
        raise ParserError(problem, media) from e
    except EOFError:
        raise
    except _EXPECTED as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, media) from e
    return picture


def _exists(data: bytes, media: str, index: int) -> bool:
    try:
        _open(data, media, index).close()
    except (EOFError, ParserError):
        return False
    return True


def _frame(data: bytes, media: str, index: int) -> Raster | None:
    """Frame `index`; None after the last one."""
    page = index + 1
    try:
        picture = _open(data, media, index)
    except EOFError:
        return None
    except ParserError as e:
        fault = Fault.TOO_LARGE if e.problem is Problem.TOO_LARGE else Fault.UNREADABLE
        return without_pixels(page, fault, "frame header")
    with picture:
        if picture.width * picture.height > PIXELS_MOST and not _draft(picture):
            return without_pixels(page, Fault.TOO_LARGE, f"{picture.width} × {picture.height} pixels")
        dpi = _claimed_dpi(picture)
        try:
            gray = _gray(picture)
        except (*_EXPECTED, MemoryError, Image.DecompressionBombError) as e:
            return without_pixels(page, Fault.UNREADABLE, type(e).__name__)
        damage = _damage(picture, data, gray)
    return Raster(page, gray, *dpi, damage.faults, damage.details, damage.lines)


def _draft(picture: Image.Image) -> bool:
    """Have a JPEG decoded at half, a quarter or an eighth of its size; whether it is small enough then."""
    if picture.format not in {"JPEG", "MPO"}:
        return False
    shrink = (_DRAFT_PX / (picture.width * picture.height)) ** 0.5
    picture.draft("L", (int(picture.width * shrink), int(picture.height * shrink)))
    return picture.width * picture.height <= PIXELS_MOST


def _gray(picture: Image.Image) -> Gray:
    """Decode, turn as the file asks, put see-through pictures on white paper."""
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in {"P", "PA", "LA", "RGBA", "RGBa", "La"}:
        solid = upright.convert("RGBA")
        paper = Image.new("RGBA", solid.size, "white")
        paper.alpha_composite(solid)
        upright = paper
    if upright.mode.startswith("I") or upright.mode == "F":
        return _from_wide(np.asarray(upright))
    return np.asarray(upright.convert("L"), dtype=np.uint8)


def _from_wide(values: Any) -> Gray:
    """16-bit and floating samples, stretched to what is there."""
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) * (255.0 / max(high - low, 1e-9)), dtype=np.uint8)


def _claimed_dpi(picture: Image.Image) -> tuple[float | None, float | None]:
    try:
        x, y = (believable(float(value)) for value in picture.info["dpi"])
    except KeyError:
        return None, None
    except (TypeError, ValueError, ZeroDivisionError):
        return None, None
    if x is None or y is None:
        return None, None
    return x, y


def _damage(picture: Image.Image, data: bytes, gray: Gray) -> Damage:
    """What the strips of a fax TIFF say: libtiff would fill in what is missing and say so on stderr alone."""
    tags = getattr(picture, "tag_v2", None)
    if tags is None or tags.get(_COMPRESSION) not in {_GROUP_3, _GROUP_4}:
        return Damage()
    starts, sizes = tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_BYTES, ())
    lsb_first = tags.get(_FILL_ORDER) == 2
    strips = [data[s : s + n] for s, n in zip(starts, sizes, strict=False)]
    if tags[_COMPRESSION] == _GROUP_4:
        return group4_damage(strips, gray, lsb_first=lsb_first)
    return group3_damage(strips, gray, int(tags.get(_ROWS_PER_STRIP, len(gray))), lsb_first=lsb_first)
