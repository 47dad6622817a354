"""PDFs for tests: pages set with Typst, text stamped on them or laid over them as annotations."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import noto_cjk_sans_jp_regular
import typst
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

PT_PER_MM = 72 / 25.4
Words = Sequence[tuple[float, float, str]]
"""(x, y of the top left corner in mm, text)."""

_compiler: list[typst.Compiler] = []


def set_page(body: str, *, width_mm: float = 210, height_mm: float = 297) -> bytes:
    """Typst mark-up on a page without margins."""
    if not _compiler:
        folder = Path(noto_cjk_sans_jp_regular.__file__).parent
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
        _compiler.append(typst.Compiler(font_paths=fonts, ignore_system_fonts=True))
    head = f"#set page(width: {width_mm}mm, height: {height_mm}mm, margin: 0mm)\n"
    head += '#set text(font: "Noto Sans CJK JP", size: 10pt, top-edge: 0.88em, bottom-edge: -0.12em)\n'
    return _compiler[0].compile(input=(head + body).encode(), format="pdf")


def words(placed: Words, size_pt: float = 12) -> str:
    """Typst mark-up that puts each text at its place."""
    return "\n".join(f'#place(top + left, dx: {x}mm, dy: {y}mm, text(size: {size_pt}pt, "{t}"))' for x, y, t in placed)


def stamped(pdf: bytes, placed: Words, *, page: int = 0, size_pt: float = 12) -> bytes:
    """`pdf` with texts written into the page, as an editor does when it flattens."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    writer.pages[page].merge_page(_overlay(writer.pages[page], placed, size_pt))
    return _bytes(writer)


def annotated(pdf: bytes, placed: Words, *, page: int = 0, size_pt: float = 12, shown: bool = True) -> bytes:
    """`pdf` with FreeText annotations, with an appearance stream when `shown`."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    target = writer.pages[page]
    for x, y, text in placed:
        annotation = _annotation(target, "/FreeText", (x, y, size_pt * 0.36 * len(text), size_pt * 0.36), text)
        if shown:
            look = _appearance(writer, target, (x, y, text), size_pt)
            annotation[NameObject("/AP")] = DictionaryObject({NameObject("/N"): look})
            annotation[NameObject("/Rect")] = target.mediabox
        _attach(writer, target, annotation)
    return _bytes(writer)


def marked(pdf: bytes, kind: str, box_mm: tuple[float, float, float, float], text: str = "", page: int = 0) -> bytes:
    """`pdf` with one annotation of `kind` ("/StrikeOut", "/Text", "/Ink" …) over a box."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    target = writer.pages[page]
    annotation = _annotation(target, kind, box_mm, text)
    x0, y0, x1, y1 = annotation["/Rect"]
    annotation[NameObject("/QuadPoints")] = ArrayObject([x0, y1, x1, y1, x0, y0, x1, y0])
    _attach(writer, target, annotation)
    return _bytes(writer)


def _overlay(page: PageObject, placed: Words, size_pt: float) -> PageObject:
    width, height = float(page.mediabox.width) / PT_PER_MM, float(page.mediabox.height) / PT_PER_MM
    return PdfReader(io.BytesIO(set_page(words(placed, size_pt), width_mm=width, height_mm=height))).pages[0]


def _annotation(page: PageObject, kind: str, box_mm: tuple[float, float, float, float], text: str) -> DictionaryObject:
    x, y, w, h = (v * PT_PER_MM for v in box_mm)
    top = float(page.mediabox.height)
    rect = ArrayObject(FloatObject(v) for v in (x, top - y - h, x + w, top - y))
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(kind),
            NameObject("/Rect"): rect,
            NameObject("/Contents"): TextStringObject(text),
            NameObject("/F"): NumberObject(4),
        }
    )


def _appearance(writer: PdfWriter, page: PageObject, word: tuple[float, float, str], size_pt: float):
    source = _overlay(page, [word], size_pt)
    form = StreamObject()
    form.set_data(source.get_contents().get_data())
    form[NameObject("/Type")] = NameObject("/XObject")
    form[NameObject("/Subtype")] = NameObject("/Form")
    form[NameObject("/BBox")] = source.mediabox
    form[NameObject("/Resources")] = source["/Resources"].clone(writer)
    return writer._add_object(form)


def _attach(writer: PdfWriter, page: PageObject, annotation: DictionaryObject) -> None:
    listed = page.get("/Annots")
    if listed is None:
        page[NameObject("/Annots")] = listed = ArrayObject()
    listed.get_object().append(writer._add_object(annotation))


def _bytes(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
