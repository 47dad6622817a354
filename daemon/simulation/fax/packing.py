"""Pages as files: the containers a fax gateway, a scanner or a phone makes, well-formed or with the usual lies."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image, TiffImagePlugin

from daemon.simulation.fax.sheet import Gray, Sheet

TiffKind: TypeAlias = Literal["g3", "g3-2d", "g4", "raw", "packbits", "lzw"]
PdfKind: TypeAlias = Literal["g3", "g3-2d", "g4", "jbig2", "jpeg", "flate"]
Claim: TypeAlias = Literal["right", "wrong", "missing"]
"""What the file says about its resolution; "wrong" = 72 × 72."""

_COMPRESSION = {
    "g3": "group3",
    "g3-2d": "group3",
    "g4": "group4",
    "raw": "raw",
    "packbits": "packbits",
    "lzw": "tiff_lzw",
}
_PHOTOMETRIC, _FILL_ORDER, _ROWS_PER_STRIP, _T4_OPTIONS, _UNIT = 262, 266, 278, 292, 296
_STRIP_OFFSETS, _STRIP_BYTES = 273, 279


def as_tiff(
    pages: Sequence[Sheet],
    kind: TiffKind = "g4",
    *,
    claim: Claim = "right",
    lsb_first: bool = False,
    strip_rows: int | None = None,
) -> bytes:
    """A multi-page fax TIFF. `strip_rows` None = one strip a page; `lsb_first` is for the kinds fax machines have."""
    if lsb_first and not kind.startswith("g"):
        raise ValueError(f"Pillow writes {kind} with the bits as they are, whatever the tag says")
    frames = [_bilevel(page.gray) for page in pages]
    infos = [_tags(page, kind, claim, lsb_first, strip_rows) for page in pages]
    out = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(out) as writer:
        for frame, info in zip(frames, infos, strict=True):
            frame.save(writer, format="TIFF", compression=_COMPRESSION[kind], tiffinfo=info)
            writer.newFrame()
    return out.getvalue()


def as_png(page: Sheet, *, claim: Claim = "right") -> bytes:
    """A 1-bit PNG for 1-bit pages, a grey one otherwise."""
    out = io.BytesIO()
    picture = _bilevel(page.gray) if _is_bilevel(page.gray) else Image.fromarray(page.gray)
    dpi = _claimed(page, claim)
    picture.save(out, format="PNG", **({} if dpi is None else {"dpi": dpi}))
    return out.getvalue()


def as_jpeg(gray: Gray, *, quality: int = 75, dpi: tuple[int, int] | None = None, turned: int = 1) -> bytes:
    """A grey JPEG; `turned` is the orientation of EXIF, 1 = as it is."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = turned
    extra = {} if dpi is None else {"dpi": dpi}
    Image.fromarray(gray).save(out, format="JPEG", quality=quality, exif=exif, **extra)
    return out.getvalue()


def as_pdf(
    pages: Sequence[Sheet],
    kind: PdfKind = "g4",
    *,
    claim: Claim = "right",
    turned_deg: int = 0,
    inverted: bool = False,
    strips: int = 1,
) -> bytes:
    """One picture a page (or `strips` of them, one below the other), as scanners and gateways wrap it.

    `turned_deg` is /Rotate of every page; `inverted` stores the picture as a negative with /Decode [1 0].
    """
    pdf = Pdf()
    for page in pages:
        dpi = _claimed(page, claim) or (72.0, 72.0)
        bands = np.array_split(page.gray, strips)
        pictures = [pdf.add(*_picture(Sheet(band, page.per_mm), kind, inverted=inverted)) for band in bands]
        pdf.add_page(pictures, [band.shape for band in bands], dpi, turned_deg)
    return pdf.finish()


def _tags(
    page: Sheet, kind: TiffKind, claim: Claim, lsb_first: bool, strip_rows: int | None
) -> TiffImagePlugin.ImageFileDirectory_v2:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[_PHOTOMETRIC] = 0
    info[_ROWS_PER_STRIP] = strip_rows or page.gray.shape[0]
    if kind == "g3-2d":
        info[_T4_OPTIONS] = 1
    if lsb_first:
        info[_FILL_ORDER] = 2
    dpi = _claimed(page, claim)
    if dpi is not None:
        info[TiffImagePlugin.X_RESOLUTION], info[TiffImagePlugin.Y_RESOLUTION] = dpi
        info[_UNIT] = 2
    return info


def _claimed(page: Sheet, claim: Claim) -> tuple[float, float] | None:
    if claim == "missing":
        return None
    return (72.0, 72.0) if claim == "wrong" else (round(page.dpi[0]), round(page.dpi[1]))


def _is_bilevel(gray: Gray) -> bool:
    return bool(np.isin(gray, (0, 255)).all())


def _bilevel(gray: Gray) -> Image.Image:
    """White = 1; `Image.fromarray` with mode "1" would take bytes for bits."""
    return Image.fromarray(np.where(gray < 128, 0, 255).astype(np.uint8)).convert("1", dither=Image.Dither.NONE)


def _picture(page: Sheet, kind: PdfKind, *, inverted: bool) -> tuple[str, bytes]:
    """Dictionary entries and data of an image object."""
    gray = page.gray if not inverted else 255 - page.gray
    tall, wide = gray.shape
    decode = "/Decode [1 0] " if inverted else ""
    head = f"/Type /XObject /Subtype /Image /Width {wide} /Height {tall} /ColorSpace /DeviceGray {decode}"
    if kind == "jpeg":
        return f"{head}/BitsPerComponent 8 /Filter /DCTDecode", as_jpeg(gray)
    if kind == "flate":
        import zlib

        bits = np.packbits(gray >= 128, axis=1).tobytes()
        return f"{head}/BitsPerComponent 1 /Filter /FlateDecode", zlib.compress(bits)
    if kind == "jbig2":
        return f"{head}/BitsPerComponent 1 /Filter /JBIG2Decode", jbig2(gray)
    k = {"g3": 0, "g3-2d": 4, "g4": -1}[kind]
    end = "/EndOfLine true /EndOfBlock false " if k >= 0 else ""
    parms = f"/DecodeParms << /K {k} {end}/Columns {wide} /Rows {tall} >>"
    return f"{head}/BitsPerComponent 1 /Filter /CCITTFaxDecode {parms}", strip_of(gray, kind)


def strip_of(gray: Gray, kind: Literal["g3", "g3-2d", "g4"]) -> bytes:
    """The coded lines alone (T.4, T.6), black runs as black."""
    data = as_tiff([Sheet(gray, (8.0, 8.0))], kind)
    with Image.open(io.BytesIO(data)) as picture:
        tags = picture.tag_v2  # type: ignore[attr-defined]
        start, size = tags[_STRIP_OFFSETS][0], tags[_STRIP_BYTES][0]
    return data[start : start + size]


def jbig2(gray: Gray) -> bytes:
    """An embedded JBIG2 stream of one generic region coded as T.6 (ITU-T T.88 §7.4.6), free of symbols."""
    tall, wide = gray.shape
    about = struct.pack(">IIIIBH", wide, tall, 0, 0, 0, 0)
    region = struct.pack(">IIIIBB", wide, tall, 0, 0, 0, 1) + strip_of(gray, "g4")
    return segment(0, 48, about) + segment(1, 38, region)


def segment(number: int, kind: int, data: bytes) -> bytes:
    """One segment of a JBIG2 stream."""
    return struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data


class Pdf:
    """Just enough of ISO 32000 to hold pictures; object 1 is the catalogue, 2 the page tree."""

    def __init__(self) -> None:
        self._objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
        self._pages: list[int] = []

    def add(self, entries: str, data: bytes) -> int:
        """A stream; returns its object number."""
        return self._put(f"<< {entries} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream")

    def add_page(
        self, pictures: Sequence[int], shapes: Sequence[tuple[int, ...]], dpi: tuple[float, float], turned_deg: int
    ) -> None:
        """A page as large as its pictures, one below the other."""
        wide = shapes[0][1] / dpi[0] * 72
        heights = [shape[0] / dpi[1] * 72 for shape in shapes]
        top, drawn = sum(heights), []
        for index, tall in enumerate(heights):
            top -= tall
            drawn.append(f"q {wide:.4f} 0 0 {tall:.4f} 0 {top:.4f} cm /P{index} Do Q")
        content = self.add("", "\n".join(drawn).encode())
        names = " ".join(f"/P{index} {number} 0 R" for index, number in enumerate(pictures))
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide:.4f} {sum(heights):.4f}] /Rotate {turned_deg} "
            f"/Contents {content} 0 R /Resources << /XObject << {names} >> >> >>"
        )
        self._pages.append(self._put(page.encode()))

    def add_raw_page(self, entries: str) -> None:
        """A page with these dictionary entries, whatever they are."""
        self._pages.append(self._put(f"<< /Type /Page /Parent 2 0 R {entries} >>".encode()))

    def finish(self) -> bytes:
        """The whole file."""
        kids = " ".join(f"{n} 0 R" for n in self._pages)
        self._objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>".encode()
        out, places = bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"), []
        for number, body in enumerate(self._objects, start=1):
            places.append(len(out))
            out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        start = len(out)
        rows = "".join(f"{at:010d} 00000 n \n" for at in places)
        count = len(places) + 1
        out += f"xref\n0 {count}\n0000000000 65535 f \n{rows}trailer << /Size {count} /Root 1 0 R >>\n".encode()
        out += f"startxref\n{start}\n%%EOF\n".encode()
        return bytes(out)

    def _put(self, body: bytes) -> int:
        self._objects.append(body)
        return len(self._objects)
