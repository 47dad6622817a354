"""A PDF in, findings out: page by page, each by the reader its content asks for.

A page with text becomes a grid and is read like a worksheet; our own form is recognised by its digit boxes
(`parsers.pdf.form`). A page that is a picture, with or without a recognised text behind it, is reported as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parsers.errors import ParserError
from parsers.findings import Box, Note, Page, PageKind, Problem
from parsers.pdf.assembly import dated_rows, grid_of, loose_ends
from parsers.pdf.form import Form, form_of, read_form
from parsers.pdf.imprint import Imprint, imprint_of
from parsers.pdf.page import Glyph, Mark, MarkKind, PageContent, Rule, area, middle, right
from parsers.pdf.pdfium import Seen, open_document, see_page
from parsers.pdf.postform import PostForm
from parsers.pdf.structure import Annotation, Embedded, structure_of
from parsers.tables.grid import GridReading
from parsers.tables.roster import read_grid

if TYPE_CHECKING:
    from parsers.reading import ReadingContext

_PICTURE_SHARE = 0.6
"""A picture over this much of the page is the page."""
_GARBLED_SHARE = 0.3
"""More characters without a meaning than this: the text layer is of no use."""
_FORMS = (Form, PostForm)
_WRITTEN = frozenset({"FreeText", "Widget", "Button"})
_SILENT = frozenset({*_WRITTEN, "Link", "Popup", "FileAttachment", "PrinterMark", "TrapNet", "Watermark"})
_OVER_TEXT = frozenset({"Highlight", "Underline", "Squiggly"})


@dataclass(frozen=True, slots=True)
class PdfReading:
    """What a PDF holds."""

    reading: GridReading
    embedded: tuple[tuple[str, str, bytes], ...]
    """Files inside it: path below the PDF's own, name, bytes."""


def read_pdf(data: bytes, *, part: str, context: ReadingContext) -> PdfReading:
    """Read every page. Raises ParserError when the file cannot be opened or is absurdly large."""
    structure = structure_of(data)
    with closing(open_document(data)) as document:
        # Both must agree on the pages, or annotations would be put on the wrong one.
        if len(document) != len(structure.annotations):
            raise ParserError(Problem.UNREADABLE_ATTACHMENT, "pdf: number of pages")
        pages = [
            content_of(index + 1, see_page(document, index), notes)
            for index, notes in zip(range(len(document)), structure.annotations, strict=True)
        ]
    readings = [_read_page(page, part, context) for page in pages]
    notes = [n for r in readings for n in r.notes]
    findings = tuple(f for r in readings for f in r.findings)
    if not findings and not any(n.code is Problem.IMAGE_NOT_READ for n in notes):
        notes.append(Note(Problem.NO_ROSTER_FOUND, "", part))
    reading = GridReading(tuple(p for r in readings for p in r.pages), findings, tuple(_merged_notes(notes)))
    return PdfReading(reading, tuple(_listed(structure.embedded)))


def _listed(embedded: Sequence[Embedded]) -> Iterator[tuple[str, str, bytes]]:
    for number, one in enumerate(embedded, 1):
        name = one.name.replace("\\", "/").rsplit("/", 1)[-1][:120] or "file"
        yield f"embedded-{number}/{name}", name, one.data


def _merged_notes(notes: list[Note]) -> Iterator[Note]:
    """Notes that differ in their detail alone become one."""
    merged: dict[tuple[Problem, str], list[str]] = {}
    for note in notes:
        details = merged.setdefault((note.code, note.part), [])
        if note.detail and note.detail not in details:
            details.append(note.detail)
    return (Note(code, ", ".join(details), part) for (code, part), details in merged.items())


def _read_page(page: PageContent, part: str, context: ReadingContext) -> GridReading:
    kind = _kind_without_text(page)
    if kind is PageKind.BLANK:
        return GridReading((Page(page.number, kind, part=part),))
    if kind is PageKind.FOREIGN:
        seen = Page(page.number, kind, turned_deg=page.turned_deg, problems=(Problem.IMAGE_NOT_READ,), part=part)
        return GridReading((seen,), notes=(Note(Problem.IMAGE_NOT_READ, f"page {page.number}", part),))
    imprint = imprint_of(page)
    form = form_of(page, _FORMS)
    if form is not None:
        reading = read_form(form, imprint, part=part, context=context)
    else:
        reading = _read_table(page, imprint, part, context)
    pages = tuple(
        replace(p, turned_deg=page.turned_deg, sheet=imprint.sheet, sheets=imprint.sheets) for p in reading.pages
    )
    return replace(reading, pages=pages, notes=(*reading.notes, *imprint.notes(part)))


def _read_table(page: PageContent, imprint: Imprint, part: str, context: ReadingContext) -> GridReading:
    """Somebody's own table, or our workbook printed."""
    grid = grid_of(page)
    reading = read_grid(grid, part=part, context=context, known_roster=imprint.roster)
    notes = [Note(Problem.EXTRA_TEXT, text, part) for text in loose_ends(page)]
    if not reading.findings and dated_rows(grid):
        # The rows of a table that began on the page before, most likely: they may be the answer.
        notes.append(Note(Problem.NO_ROSTER_FOUND, f"page {page.number}", part))
    return replace(reading, notes=(*reading.notes, *notes))


def _kind_without_text(page: PageContent) -> PageKind | None:
    """None when the page has a text layer to be trusted.

    A scan with recognised text behind it has none: what a machine guessed from handwriting is not typed text.
    """
    unreadable = sum(g.text == "\ufffd" for g in page.glyphs)
    if not page.glyphs:
        drawn = page.picture_share > 0 or any(m.kind is MarkKind.INK for m in page.marks)
        return PageKind.FOREIGN if drawn else PageKind.BLANK
    if page.picture_share >= _PICTURE_SHARE or unreadable > _GARBLED_SHARE * len(page.glyphs):
        return PageKind.FOREIGN
    return None


def content_of(number: int, seen: Seen, annotations: Sequence[Annotation]) -> PageContent:
    """Everything on one page, in mm."""
    view = seen.view
    wide, tall = view.size_mm
    pictures = [view.box(c) for c in seen.drawing.pictures]
    share = min(1.0, sum(area(_clipped(b, wide, tall)) for b in pictures) / max(1.0, wide * tall))
    marks = [Mark(MarkKind.INK, view.box(c)) for c in seen.drawing.ink]
    marks += [Mark(MarkKind.INK, b) for b in pictures] if share < _PICTURE_SHARE else []
    marks += [m for a in annotations for m in _marks(a, seen)]
    return PageContent(
        number,
        (wide, tall),
        tuple(_with_written(seen, annotations)),
        tuple(_rules(seen)),
        tuple(marks),
        tuple(view.box(c) for c in seen.drawing.frames),
        seen.turned_deg,
        share,
    )


def _clipped(box: Box, wide: float, tall: float) -> Box:
    x, y = min(max(box[0], 0.0), wide), min(max(box[1], 0.0), tall)
    return x, y, min(max(right(box), 0.0), wide) - x, min(max(box[1] + box[3], 0.0), tall) - y


def _rules(seen: Seen) -> Iterator[Rule]:
    for x0, y0, x1, y1 in seen.drawing.lines:
        left, top, wide, tall = seen.view.box((x0, y0, x1, y1))
        if wide >= tall:
            yield Rule(True, top + tall / 2, left, left + wide)
        else:
            yield Rule(False, left + wide / 2, top, top + tall)


def _marks(annotation: Annotation, seen: Seen) -> Iterator[Mark]:
    box = seen.view.box(annotation.corners)
    if annotation.kind == "StrikeOut":
        for quad in annotation.quads or (annotation.corners,):
            yield Mark(MarkKind.STRIKE, seen.view.box(quad))
    elif annotation.kind == "Text" or annotation.kind in _OVER_TEXT:
        if annotation.text.strip():
            yield Mark(MarkKind.NOTE, box, annotation.text.strip())
    elif annotation.kind not in _SILENT:
        yield Mark(MarkKind.INK, box, annotation.text.strip())


def _with_written(seen: Seen, annotations: Sequence[Annotation]) -> Iterator[Glyph]:
    """The page's characters, those of fields and annotations without an appearance, and ticks as ticks."""
    boxes = [(a, seen.view.box(a.corners)) for a in annotations if a.kind in _WRITTEN]
    buttons = [box for a, box in boxes if a.kind == "Button"]
    # The tick of a button is often the character "4" of a symbol font: never let it pass for a digit.
    shown = [g for g in seen.glyphs if not (g.added and any(_holds(b, g.box) for b in buttons))]
    yield from shown
    for number, (annotation, box) in enumerate(boxes):
        text = annotation.text.strip()
        is_shown = annotation.kind != "Button" and any(g.added and _holds(box, g.box) for g in shown)
        if text and not is_shown:
            yield from _spread(text, box, -1 - number)


def _holds(box: Box, glyph: Box) -> bool:
    x, y = middle(glyph)
    return box[0] <= x <= right(box) and box[1] <= y <= box[1] + box[3]


def _spread(text: str, box: Box, source: int) -> Iterator[Glyph]:
    """Characters of unknown place, spread over their box; several lines share its height."""
    lines = [line for line in text.splitlines() if line.strip()]
    for index, line in enumerate(lines):
        step = min(box[2] / len(line), box[3] / len(lines))
        for at, char in enumerate(line):
            if not char.isspace():
                y = box[1] + box[3] * index / len(lines)
                yield Glyph(char, (box[0] + at * step, y, step, box[3] / len(lines)), True, source)
