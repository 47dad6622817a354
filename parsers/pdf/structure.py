"""What pypdf says about a file: pages, password, embedded files, annotations. No text, no pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject

from parsers.errors import ParserError
from parsers.findings import Problem
from parsers.pdf.nesting import check_nesting
from parsers.pdf.view import Corners

_PAGES_MOST = 200
_ANNOTATIONS_MOST = 5_000
_EMBEDDED_MOST = 20
_EMBEDDED_BYTES = 64_000_000
_EXPECTED = (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
"""What pypdf raises on damaged files; each has been seen."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation, form fields included."""

    kind: str
    """Subtype without slash, e.g. "FreeText", "Widget", "StrikeOut"; "Button" for a form's tick box."""
    corners: Corners
    """User space, points."""
    text: str
    """Contents, or value of a form field."""
    quads: tuple[Corners, ...]
    """What a text mark-up covers."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file inside the PDF."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Structure:
    """The skeleton of the file."""

    annotations: tuple[tuple[Annotation, ...], ...]
    """By page."""
    embedded: tuple[Embedded, ...]


def structure_of(data: bytes) -> Structure:
    """Take the skeleton out, opening with the empty password. Raises ParserError."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise ParserError(Problem.ENCRYPTED_ATTACHMENT, "pdf")
        count = len(reader.pages)
        if count > _PAGES_MOST:
            raise ParserError(Problem.TOO_LARGE, f"{count} pages")
        for page in reader.pages:
            check_nesting(page)
        return Structure(tuple(tuple(_annotations(page)) for page in reader.pages), tuple(_embedded(reader)))
    except (FileNotDecryptedError, DependencyError) as e:
        raise ParserError(Problem.ENCRYPTED_ATTACHMENT, "pdf") from e
    except _EXPECTED as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, f"pdf: {type(e).__name__}") from e


def _annotations(page: Any) -> Iterator[Annotation]:
    listed = page.get("/Annots")
    listed = listed.get_object() if listed is not None else None
    if not isinstance(listed, ArrayObject):
        return
    if len(listed) > _ANNOTATIONS_MOST:
        raise ParserError(Problem.TOO_LARGE, "annotations")
    for entry in listed:
        one = entry.get_object()
        if isinstance(one, DictionaryObject) and not _is_hidden(one):
            yield Annotation(
                _kind(one),
                _corners(one.get("/Rect")) or (0.0, 0.0, 0.0, 0.0),
                _said(one),
                tuple(_quads(one.get("/QuadPoints"))),
            )


def _kind(annotation: DictionaryObject) -> str:
    """The subtype; "Button" for tick boxes and radio buttons."""
    kind = str(annotation.get("/Subtype", "/")).lstrip("/")
    return "Button" if kind == "Widget" and _inherited(annotation, "/FT") == "/Btn" else kind


def _is_hidden(annotation: DictionaryObject) -> bool:
    """Flags Hidden (bit 2) or NoView (bit 6) of ISO 32000-1 §12.5.3."""
    flags = annotation.get("/F", 0)
    return isinstance(flags, int) and bool(flags & 0b100010)


def _said(annotation: DictionaryObject) -> str:
    kind = _kind(annotation)
    if kind == "Button":
        return "" if str(annotation.get("/AS", "/Off")) == "/Off" else "✓"
    return _text(_inherited(annotation, "/V") if kind == "Widget" else annotation.get("/Contents"))


def _inherited(field: DictionaryObject, key: str) -> Any:
    """Field attributes come from the parents (ISO 32000-1 §12.7.3.1)."""
    holder: Any = field
    for _ in range(8):
        if key in holder:
            return holder[key]
        parent = holder.get("/Parent")
        if parent is None:
            return None
        holder = parent.get_object()
    return None


def _text(value: Any) -> str:
    value = value.get_object() if hasattr(value, "get_object") else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, str) else ""


def _corners(value: Any) -> Corners | None:
    value = value.get_object() if value is not None else None
    if not isinstance(value, ArrayObject) or len(value) != 4:
        return None
    x0, y0, x1, y1 = (float(v) for v in value)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _quads(value: Any) -> Iterator[Corners]:
    value = value.get_object() if value is not None else None
    if not isinstance(value, ArrayObject):
        return
    numbers = [float(v) for v in value]
    for at in range(0, len(numbers) - 7, 8):
        xs, ys = numbers[at : at + 8 : 2], numbers[at + 1 : at + 8 : 2]
        yield min(xs), min(ys), max(xs), max(ys)


def _embedded(reader: PdfReader) -> Iterator[Embedded]:
    """Files of the document's name tree and those pinned to a page."""
    total = 0
    for number, one in enumerate(_files(reader)):
        total += len(one.data)
        if number >= _EMBEDDED_MOST or total > _EMBEDDED_BYTES:
            raise ParserError(Problem.TOO_LARGE, "embedded files")
        yield one


def _files(reader: PdfReader) -> Iterator[Embedded]:
    for one in reader.attachment_list:
        yield Embedded(one.alternative_name or one.name, one.content)
    for page in reader.pages:
        listed = page.get("/Annots")
        for entry in listed.get_object() if listed is not None else ():
            pinned = entry.get_object()
            if isinstance(pinned, DictionaryObject) and pinned.get("/Subtype") == "/FileAttachment":
                yield _pinned(pinned)


def _pinned(annotation: DictionaryObject) -> Embedded:
    """The file of a FileAttachment annotation (ISO 32000-1 §12.5.6.15)."""
    holder: Any = annotation["/FS"].get_object()
    files: Any = holder["/EF"].get_object()
    name = _text(holder.get("/UF")) or _text(holder.get("/F")) or "file"
    return Embedded(name, (files.get("/UF") or files["/F"]).get_object().get_data())
