"""Files that are no workbook: our PDF with text typed over it, the sheet printed to PDF, a photograph, a Word file."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pypdf import PdfReader, PdfWriter

from daemon.adapters.documents.glyphs import font_path

if TYPE_CHECKING:
    import typst

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Typed:
    """A text put somewhere on a page; mm from the top left corner."""

    page: int
    """1-based."""
    x_mm: float
    y_mm: float
    w_mm: float
    h_mm: float
    text: str
    size_pt: float = 13


def into_cells(cells: Mapping[str, Sequence[Sequence[float]]], page: int, digits: Sequence[str]) -> list[Typed]:
    """One digit into each box of a date: `digits` are six, for year, month and day."""
    boxes = [box for part in ("year", "month", "day") for box in cells[part]]
    return [
        Typed(page, box[0], box[1], box[2], box[3], digit)
        for box, digit in zip(boxes, digits, strict=True)
        if digit.strip()
    ]


def type_over(pdf: bytes, texts: Sequence[Typed]) -> bytes:
    """The PDF with the texts drawn on top, as a PDF editor's typewriter does; the page below stays as it was."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    above = PdfReader(io.BytesIO(_overlay(len(writer.pages), texts)))
    for page, typed in zip(writer.pages, above.pages, strict=True):
        page.merge_page(typed)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _overlay(pages: int, texts: Sequence[Typed]) -> bytes:
    source = """
#set page(width: 210mm, height: 297mm, margin: 0mm, fill: none)
#set text(font: "Noto Sans CJK JP")
#let sheets = json(bytes(sys.inputs.content))
#for (i, sheet) in sheets.enumerate() {
  if i > 0 { pagebreak(weak: false) }
  for t in sheet {
    place(top + left, dx: t.x * 1mm, dy: t.y * 1mm,
      box(width: t.w * 1mm, height: t.h * 1mm, align(center + horizon, text(size: t.size * 1pt, t.text))))
  }
  hide[.]
}
"""
    sheets = [
        [
            {"x": t.x_mm, "y": t.y_mm, "w": t.w_mm, "h": t.h_mm, "text": t.text, "size": t.size_pt}
            for t in texts
            if t.page == number
        ]
        for number in range(1, pages + 1)
    ]
    return _set(source, sheets, "pdf")


def printed_table(title: str, lines: Sequence[str], head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The sheet as a spreadsheet program prints it to PDF: heading lines, then a ruled table."""
    return _set(_TABLE, {"title": title, "lines": lines, "head": head, "rows": rows}, "pdf")


def photograph(title: str, lines: Sequence[str], head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """The same as a picture: what a telephone or a scanner makes of the paper."""
    return _set(_TABLE, {"title": title, "lines": lines, "head": head, "rows": rows}, "png")


_TABLE = """
#set page(width: 210mm, height: 297mm, margin: (x: 12mm, y: 15mm))
#set text(font: "Noto Sans CJK JP", size: 10pt)
#let c = json(bytes(sys.inputs.content))
#text(size: 16pt, c.title)
#v(2mm)
#for l in c.lines { block(l) }
#v(3mm)
#table(columns: c.head.len(), stroke: 0.4pt, inset: 5pt, ..c.head.map(h => [#h]), ..c.rows.flatten().map(v => [#v]))
"""


def cover_sheet(office: str, pages: int) -> bytes:
    """送付状: what a careful clerk faxes first, as PDF."""
    lines = [
        "全国社会保険労務士会連合会　運営本部　御中", f"発信　{office}", f"送信枚数　本票を含め {pages} 枚",
        "件名　受講者名簿（写し）の送付について", "標記の名簿をお送りいたします。ご査収ください。",
    ]  # fmt: skip
    return _set(_COVER, {"title": "ＦＡＸ送付状", "lines": lines}, "pdf")


_COVER = """
#set page(width: 210mm, height: 297mm, margin: (x: 25mm, y: 30mm))
#set text(font: "Noto Sans CJK JP", size: 14pt)
#let c = json(bytes(sys.inputs.content))
#align(center, text(size: 26pt, c.title))
#v(12mm)
#for l in c.lines { block(spacing: 9mm, l) }
"""


def _set(source: str, content: object, form: Literal["pdf", "png"]) -> bytes:
    """Set a page with the font of the house. Raises whatever the typesetter raises: a bug here."""
    made: Any = _compiler().compile(
        input=source.encode(),
        format=form,
        ppi=110 if form == "png" else None,
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    if isinstance(made, list):
        made = made[0]
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    """One for all pages: loading the font costs more than setting a page."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_path().parent])
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True)


def word_file(paragraphs: Iterable[str]) -> bytes:
    """A Word document with these paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{p}</w:t></w:r></w:p>" for p in paragraphs)
    parts = {
        "[Content_Types].xml": _XML + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": _XML + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": _XML
        + '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{body}</w:body></w:document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return out.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
