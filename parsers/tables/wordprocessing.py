"""A Word document (docx) as grids: the body as one, tables within cells as others; and the pictures in it.

Offices copy our table into a letter, or paste a scanned page. Macros and embedded files are never opened.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from parsers.archives import checked_zip, is_encrypted, read_entry
from parsers.errors import ParserError
from parsers.findings import Note, Problem
from parsers.mail.parameters import display_name
from parsers.tables.book import Book
from parsers.tables.grid import Grid
from parsers.tables.layout import View
from parsers.tables.parts import PART_MOST_BYTES, xml_part
from parsers.tables.roster import labelled_codes
from parsers.tables.wordgrid import GridMaker
from parsers.tables.wordtext import Lore, attribute, child, read_text, struck_styles

_NESTED_MOST = 50
"""Tables within cells."""
_MAIN = "word/document.xml"
_EMBEDDED = ("/package", "/oleObject", "/aFChunk", "/subDocument")
"""Relations to whole files."""


@dataclass(frozen=True, slots=True)
class WordDocument:
    """An opened document."""

    book: Book
    pictures: tuple[tuple[str, bytes], ...]
    """Name and bytes of what the text shows as pictures: pages may have been pasted in."""


def open_docx(data: bytes, *, part: str = "") -> WordDocument:
    """The tables as grids, and the pictures.

    Raises:
        ParserError: The bytes cannot be opened (encrypted, damaged, over a limit).
    """
    archive = checked_zip(data)
    if is_encrypted(archive):
        raise ParserError(Problem.ENCRYPTED_ATTACHMENT, "zip entry")
    main = _main_part(archive)
    body = child(xml_part(archive, main), "body")
    if body is None:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, main)
    relations = _relations(archive, main)
    try:
        grids, cut = _grids(archive, body, relations)
    except RecursionError as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "elements in elements") from e
    notes = [Note(Problem.NESTED_TOO_DEEP, target, part) for kind, target in relations if kind.endswith(_EMBEDDED)]
    if any(n.lower().endswith("vbaproject.bin") for n in archive.namelist()):
        notes.append(Note(Problem.MACROS_IGNORED, "", part))
    if cut:
        notes.append(Note(Problem.TOO_LARGE, main, part))
    return WordDocument(Book(grids, _only_code(grids), tuple(notes)), tuple(_pictures(archive, relations)))


def _pictures(archive: zipfile.ZipFile, relations: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    for target in dict.fromkeys(target for kind, target in relations if kind.endswith("/image")):
        data = read_entry(archive, target, PART_MOST_BYTES)
        if data:
            yield display_name(posixpath.basename(target)) or "_", data


def _only_code(grids: tuple[Grid, ...]) -> str | None:
    """The code a table within a cell goes by: the one the document names, if it names one."""
    codes = {code for grid in grids for code in labelled_codes(View(grid))} if len(grids) > 1 else set()
    return codes.pop() if len(codes) == 1 else None


# -- the package


def _relations(archive: zipfile.ZipFile, name: str) -> list[tuple[str, str]]:
    """Kind and target of everything a part refers to inside the package."""
    folder, base = posixpath.split(name)
    root = xml_part(archive, posixpath.join(folder, "_rels", f"{base}.rels"))
    inside = (r for r in (root if root is not None else ()) if r.get("TargetMode") != "External")
    return [(r.get("Type", ""), _resolved(folder, r.get("Target", ""))) for r in inside]


def _resolved(folder: str, target: str) -> str:
    return target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))


def _main_part(archive: zipfile.ZipFile) -> str:
    return next((t for kind, t in _relations(archive, "") if kind.endswith("/officeDocument")), _MAIN)


def _lore(archive: zipfile.ZipFile, relations: list[tuple[str, str]]) -> Lore:
    parts = {kind.rpartition("/")[2]: target for kind, target in relations}
    styles = xml_part(archive, parts["styles"]) if "styles" in parts else None
    comments = xml_part(archive, parts["comments"]) if "comments" in parts else None
    known = {attribute(c, "id") or "": read_text(c, Lore()).text for c in (comments if comments is not None else ())}
    return Lore(struck_styles(styles), known)


# -- the text


def _grids(archive: zipfile.ZipFile, body: Element, relations: list[tuple[str, str]]) -> tuple[tuple[Grid, ...], bool]:
    """The document as a grid, then the tables within cells; and whether something was left out."""
    lore = _lore(archive, relations)
    first = GridMaker(lore)
    for kind, target in relations:
        if kind.endswith(("/header", "/footer")):
            first.add_codes(xml_part(archive, target))
    first.add_blocks(body)
    makers = [first]
    for maker in makers:  # grows while it is walked
        for table in maker.nested[: _NESTED_MOST - len(makers)]:
            inner = GridMaker(lore)
            inner.add_table(table, revised=False)
            makers.append(inner)
    lost = sum(len(m.nested) for m in makers) > len(makers) - 1
    return tuple(m.grid(n) for n, m in enumerate(makers, start=1)), lost or any(m.cut for m in makers)
