"""The one entry of the parsers: `read_file`, bytes and context in, `Document` out.

What a file is, is decided by its bytes (`parsers.sniff`). Kinds nobody reads yet end under their own problem code.
The parts of a mail or archive are read one by one, and none can spoil another: what was foreseen is a note, an
exception nobody foresaw is a READER_FAILED note on its part. `read_outline` and `read_part` do the same in pieces, for
a caller whose reading process was killed half-way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import sha256
from typing import TYPE_CHECKING

from parsers import sniff
from parsers.errors import ParserError
from parsers.findings import Attachment, Document, Message, MessageKind, Note, Page, PageKind, Problem, Source
from parsers.pictures import is_ornament

if TYPE_CHECKING:
    from parsers.tables.grid import GridReading

_DEPTH_MOST = 3
"""A mail in a mail in a mail; archives count as well."""
_BYTES_MOST = 64_000_000
_PARTS_MOST = 200
_PICTURES_MOST = 30
"""Of a Word document: each is read as a page."""
_SIGNATURE_BYTES = 20_000
_CARRY_OUR_OWN = frozenset({MessageKind.OWN, MessageKind.BOUNCE, MessageKind.RECEIPT})
"""Mails whose attachments are what we sent: listed, never read."""
PICTURES = frozenset({sniff.TIFF, sniff.PNG, sniff.JPEG})
"""Pictures that are read as pages; other kinds are only named."""
_MAILS = frozenset({sniff.MAIL, sniff.MSG})
_CONTAINERS = _MAILS | {sniff.ZIP, sniff.ENCRYPTED_ZIP}
"""What holds other files, each read by itself."""
_HOPELESS = frozenset({sniff.TEXT, sniff.CSV, sniff.HTML, sniff.XML, sniff.BINARY, sniff.EMPTY})


@dataclass(frozen=True, slots=True)
class NamedPage:
    """A page without readable code, and which page of which roster a person says it is."""

    part: str
    """Attachment path inside the mail; "" = the file itself."""
    page: int
    """In that file, 1-based."""
    edition: int
    """Number of the form edition (`parsers.forms`)."""
    roster: str
    sheet: int
    sheets: int
    first_row: int
    """No. of the first row on the page, 1-based."""


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What a reader may know beside the bytes. All of it is optional; it narrows, it never invents."""

    received_on: dt.date | None = None
    """Day the file reached HQ, Asia/Tokyo: no date may lie after it. None = unknown."""
    not_before_on: dt.date | None = None
    """Earliest plausible day (dispatch). With received_on it resolves dates without a year. None = unknown."""
    first_days: tuple[tuple[str, dt.date], ...] = ()
    """By roster code, the first day a date on its sheets may name; for others `not_before_on` holds."""
    fax_senders: tuple[str, ...] = ()
    """From addresses of configured fax gateways, lower case."""
    own_addresses: tuple[str, ...] = ()
    """Our own addresses, lower case: mail from them is our own come back."""
    centres: tuple[str, ...] = ()
    """Every 街角の年金相談センター there is, bare names as in the master; () = unknown, places cannot be checked."""
    offices: tuple[str, ...] = ()
    """Every pension office there is, names without 年金事務所; () = unknown."""
    named: tuple[NamedPage, ...] = ()
    """Pages a person named. A page whose own code says otherwise is not read."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Something to read: the file itself (path "") or a part of a mail, at any depth."""

    path: str
    name: str
    data: bytes
    media: str
    depth: int = 0
    faxed: bool = False
    """Came in a mail of a fax gateway: machines have printed lines on its pages."""


def read_file(name: str, data: bytes, context: ReadingContext) -> Document:
    """Read one returned file or mail of any kind; never raises for what the bytes hold (MemoryError apart)."""
    return _read(_root(name, data), context)


def read_outline(name: str, data: bytes, context: ReadingContext, part: str = "") -> Document:
    """What the mail at `part` says about itself, its attachments listed and not read.

    For a file that is no mail, a document with its source alone. Raises KeyError when there is no such part.
    """
    found = _find(_root(name, data), part, context)
    empty = Document(_source(found))
    if found.media not in _MAILS or found.depth >= _DEPTH_MOST:
        return empty
    try:
        return _open_mail(found, context)[0]
    except ParserError as e:
        return _noted(empty, e.problem, e.detail, found)


def read_part(name: str, data: bytes, context: ReadingContext, part: str) -> Document:
    """Read one attachment (path as in `Message.attachments`) and nothing else. Raises KeyError when there is none."""
    return _read(_find(_root(name, data), part, context), context)


def parts_to_read(outline: Document) -> tuple[str, ...]:
    """Paths to ask `read_part` for, by an outline; empty for a file that is no mail."""
    message = outline.message
    if message is None or message.kind in _CARRY_OUR_OWN:
        return ()
    return tuple(a.part for a in message.attachments[:_PARTS_MOST])


def merge(document: Document, part: Document) -> Document:
    """`document` with what was found in one of its parts; the parts of a nested mail join the attachments."""
    message = document.message
    if message is not None and part.message is not None:
        message = replace(message, attachments=message.attachments + part.message.attachments)
    return replace(
        document,
        pages=document.pages + part.pages,
        findings=document.findings + part.findings,
        problems=document.problems + part.problems,
        message=message,
        pictures=document.pictures + part.pictures,
    )


def preload() -> None:
    """Load and exercise what reading needs, for a process that will be forked."""
    from parsers.tables.opening import preload as load_openers
    from parsers.warming import sample_mail, sample_pdf

    load_openers()
    read_file("sample.eml", sample_mail(), ReadingContext())
    read_file("sample.pdf", sample_pdf(), ReadingContext())


def _root(name: str, data: bytes) -> _Part:
    """The file itself. What a mailbox handed out as a mail is one, even where its headers are hopeless."""
    media = sniff.sniff(data)
    if name.lower().endswith(".eml") and media in _HOPELESS:
        media = sniff.MAIL
    return _Part("", name, data, media)


def _read(part: _Part, context: ReadingContext) -> Document:
    """One part with everything in it; exceptions end here."""
    empty = Document(_source(part))
    if len(part.data) > _BYTES_MOST:
        return _noted(empty, Problem.TOO_LARGE, f"{len(part.data)} bytes", part)
    try:
        return _READERS.get(part.media, _read_nothing)(part, context)
    except ParserError as e:
        return _noted(empty, e.problem, e.detail, part)
    except MemoryError:
        raise
    except Exception as e:  # noqa: BLE001 - a bug in one reader must not lose the other parts
        return _noted(empty, Problem.READER_FAILED, type(e).__name__, part)


def _read_mail(part: _Part, context: ReadingContext) -> Document:
    if part.depth >= _DEPTH_MOST:
        raise ParserError(Problem.NESTED_TOO_DEEP, part.name)
    document, parts = _open_mail(part, context)
    if document.message is None or document.message.kind in _CARRY_OUR_OWN:
        return document
    for leaf in parts:
        document = merge(document, _read(leaf, context))
    return document


def _open_mail(part: _Part, context: ReadingContext) -> tuple[Document, list[_Part]]:
    """The outline of a mail and its parts; media types by content."""
    from parsers.mail.message import read_message

    mail = read_message(_written_out(part), context)
    faxed = mail.message.kind is MessageKind.FAX
    parts = [
        _Part(_join(part, p.path), p.name, p.data, _media(p.is_message, p.data), part.depth + 1, faxed)
        for p in mail.parts
    ]
    notes = [Note(n.code, n.detail, _join(part, n.part) if n.part else part.path) for n in mail.notes]
    if len(parts) > _PARTS_MOST:
        notes.append(Note(Problem.TOO_LARGE, f"{len(parts)} attachments", part.path))
    if part.depth and mail.message.said.strip():
        # Nobody judges the words of a mail within a mail; they may hold the answer.
        notes.append(Note(Problem.OTHER_FILE_NOT_READ, "text of an attached mail", part.path))
    message = replace(mail.message, attachments=tuple(_listed(mail.message, part, parts)))
    return Document(_source(part), problems=tuple(notes), message=message), parts[:_PARTS_MOST]


def _written_out(part: _Part) -> bytes:
    """The mail as it was sent; an item of Outlook is put together again. Raises ParserError when it is damaged."""
    if part.media == sniff.MAIL:
        return part.data
    from parsers.mail.outlook import as_mail

    return as_mail(part.data)


def _listed(message: Message, part: _Part, parts: list[_Part]) -> Iterator[Attachment]:
    """Attachments as the mail lists them, with full path and the media type of the content."""
    media = {p.path: p.media for p in parts}
    for listed in message.attachments:
        path = _join(part, listed.part)
        yield replace(listed, part=path, media=media.get(path, listed.media))


def _find(root: _Part, path: str, context: ReadingContext) -> _Part:
    """The part at `path`, looking no deeper into mails and archives than needed."""
    part = root
    while part.path != path:
        if part.media not in _CONTAINERS or part.depth >= _DEPTH_MOST:
            raise KeyError(path)
        try:
            _, inside = _open_mail(part, context) if part.media in _MAILS else _open_archive(part)
        except ParserError as e:
            raise KeyError(path) from e
        on_the_way = [p for p in inside if path == p.path or path.startswith(f"{p.path}/")]
        if not on_the_way:
            raise KeyError(path)
        part = on_the_way[0]
    return part


def _read_workbook(part: _Part, context: ReadingContext) -> Document:
    from parsers.tables.workbook import read_workbook

    document = _with_reading(part, read_workbook(part.data, part=part.path, context=context))
    if part.media == sniff.XLSM:
        return _noted(document, Problem.MACROS_IGNORED, part.name, part)
    return document


def _read_table(part: _Part, context: ReadingContext) -> Document:
    """Tables of every make but xlsx."""
    from parsers.tables.book import read_book
    from parsers.tables.opening import open_table

    book = open_table(part.media, part.data, part=part.path)
    return _with_reading(part, read_book(book, part=part.path, context=context))


def _read_word(part: _Part, context: ReadingContext) -> Document:
    """The tables of a Word document, and pages pasted into it as pictures."""
    from parsers.tables.book import read_book
    from parsers.tables.wordprocessing import open_docx

    found = open_docx(part.data, part=part.path)
    document = _with_reading(part, read_book(found.book, part=part.path, context=context))
    if len(found.pictures) > _PICTURES_MOST:
        document = _noted(document, Problem.TOO_LARGE, f"{len(found.pictures)} pictures", part)
    pages = (
        _Part(_join(part, f"{number}/{name}"), name, data, sniff.sniff(data), part.depth + 1)
        for number, (name, data) in enumerate(found.pictures[:_PICTURES_MOST], start=1)
    )
    shown = [_read(page, context) for page in pages]
    if any(d.findings for d in shown):  # the roster is in the pictures
        missing = Problem.NO_ROSTER_FOUND
        document = replace(document, problems=tuple(n for n in document.problems if n.code is not missing))
    return reduce(merge, shown, document)


def _read_text(part: _Part, context: ReadingContext) -> Document:
    """Text is read when a roster stands in it (rows of many widths do not look like a table); else nobody reads it."""
    document = _read_table(part, context)
    if not document.findings:
        raise ParserError(Problem.UNSUPPORTED_TYPE, part.media)
    return document


def _read_archive(part: _Part, context: ReadingContext) -> Document:
    """The files of a zip, one by one as those of a mail."""
    if part.depth >= _DEPTH_MOST:
        raise ParserError(Problem.NESTED_TOO_DEEP, part.name)
    document, members = _open_archive(part)
    for member in members:
        document = merge(document, _read(member, context))
    return document


def _open_archive(part: _Part) -> tuple[Document, list[_Part]]:
    from parsers.unpacking import unpack

    found = unpack(part.name, part.data)
    notes = tuple(Note(n.code, n.detail, _join(part, n.part) if n.part else part.path) for n in found.notes)
    members = [
        _Part(_join(part, m.path), m.name, m.data, sniff.sniff(m.data), part.depth + 1, part.faxed)
        for m in found.members
    ]
    return Document(_source(part), problems=notes), members


def _read_pdf(part: _Part, context: ReadingContext) -> Document:
    from parsers.pdf.document import read_pdf

    found = read_pdf(part.data, part=part.path, context=context)
    document = _with_scans_read(part, _with_reading(part, found.reading), context)
    for path, name, data in found.embedded:
        inner = _Part(_join(part, path), name, data, sniff.sniff(data), part.depth + 1)
        if inner.depth > _DEPTH_MOST:
            document = _noted(document, Problem.NESTED_TOO_DEEP, name, inner)
        else:
            document = merge(document, _read(inner, context))
    return document


def _with_scans_read(part: _Part, document: Document, context: ReadingContext) -> Document:
    """Pages that are pictures are read as such; all others stay as they were read."""
    scans = {p.page for p in document.pages if Problem.IMAGE_NOT_READ in p.problems}
    if not scans:
        return document
    from parsers.fax.reading import read_pictures

    found = read_pictures(part.data, part.media, context, part=part.path, only=scans, faxed=part.faxed)
    kept = (p for p in document.pages if p.page not in scans)
    return replace(
        document,
        pages=tuple(sorted((*kept, *found.pages), key=lambda p: p.page)),
        findings=document.findings + found.findings,
        problems=(*(n for n in document.problems if n.code is not Problem.IMAGE_NOT_READ), *found.notes),
        pictures=document.pictures + found.pictures,
    )


def _read_picture(part: _Part, context: ReadingContext) -> Document:
    document = Document(_source(part))
    if part.depth and is_ornament(part.data):
        return document
    if part.media not in PICTURES:
        page = Page(1, PageKind.FOREIGN, problems=(Problem.IMAGE_NOT_READ,), part=part.path)
        return _noted(replace(document, pages=(page,)), Problem.IMAGE_NOT_READ, part.media, part)
    from parsers.fax.reading import read_pictures

    found = read_pictures(part.data, part.media, context, part=part.path, faxed=part.faxed)
    return replace(document, pages=found.pages, findings=found.findings, problems=found.notes, pictures=found.pictures)


def _read_nothing(part: _Part, context: ReadingContext) -> Document:
    """Kinds without a reader, each under its own name."""
    if sniff.is_picture(part.media):
        return _read_picture(part, context)
    if part.media == sniff.ENCRYPTED_OFFICE:
        raise ParserError(Problem.ENCRYPTED_ATTACHMENT, part.name)
    if part.media == sniff.EMPTY:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, part.media)
    if part.depth and part.media == sniff.PKCS7 and len(part.data) < _SIGNATURE_BYTES:
        return Document(_source(part))  # a detached signature holds no words
    raise ParserError(Problem.UNSUPPORTED_TYPE, part.media)


_READERS: dict[str, Callable[[_Part, ReadingContext], Document]] = {
    sniff.MAIL: _read_mail,
    sniff.MSG: _read_mail,
    sniff.XLSX: _read_workbook,
    sniff.XLSM: _read_workbook,
    sniff.XLS: _read_table,
    sniff.XLSB: _read_table,
    sniff.ODS: _read_table,
    sniff.DOCX: _read_word,
    sniff.CSV: _read_table,
    sniff.TEXT: _read_text,
    sniff.ZIP: _read_archive,
    sniff.ENCRYPTED_ZIP: _read_archive,
    sniff.PDF: _read_pdf,
}


def _with_reading(part: _Part, reading: GridReading) -> Document:
    return Document(_source(part), reading.pages, reading.findings, reading.notes)


def _noted(document: Document, code: Problem, detail: str, part: _Part) -> Document:
    return replace(document, problems=(*document.problems, Note(code, detail, part.path)))


def _source(part: _Part) -> Source:
    return Source(part.name, sha256(part.data).hexdigest(), part.media)


def _media(is_message: bool, data: bytes) -> str:
    """A mail attached whole need not begin with headers we know: here the declaration is the proof."""
    return sniff.MAIL if is_message else sniff.sniff(data)


def _join(part: _Part, path: str) -> str:
    return f"{part.path}/{path}" if part.path else path
