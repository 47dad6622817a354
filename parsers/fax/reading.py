"""A picture file becomes pages and findings: which pages of which rosters it holds, and what stands in their boxes.

Works without the database: the page code names form, roster, sheet and first row. What cannot be placed is not read;
it stays accounted for as a page with its reasons, for a person to name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import cv2
import numpy as np

from parsers.codes import BadCode, PageCode, parse_page_code
from parsers.fax.evidence import Album, png
from parsers.fax.faults import Fault
from parsers.fax.fit import fit_named, fit_pages
from parsers.fax.names import names_of
from parsers.fax.ocr import NoModels
from parsers.fax.page import FittedPage, Raster, Unplaced
from parsers.fax.picture import picture_of
from parsers.fax.raster import rasters
from parsers.fax.roster import PageReading, read_fitted
from parsers.fax.triage import Glance, glance, header_text
from parsers.findings import Decision, Finding, Note, Page, PageKind, Picture, Problem

if TYPE_CHECKING:
    from parsers.reading import ReadingContext

_LOOKED_AT_MOST = 8
"""Pages of one file that cannot be placed and are looked at by the general OCR: a second each."""
_HEADER_PX_PER_MM = 4.0
_SHOWN_PX = 1300
"""Longer side of the picture of a page that could not be placed: handwriting is legible, a mail holds a dozen."""
_PROBLEMS = {
    Fault.UNKNOWN_EDITION: Problem.UNKNOWN_FORM_EDITION,
    Fault.BAD_CODE: Problem.BAD_ROSTER_CODE,
    Fault.CODES_DISAGREE: Problem.SEVERAL_ROSTER_CODES,
    Fault.UNREADABLE: Problem.UNREADABLE_ATTACHMENT,
    Fault.TOO_LARGE: Problem.TOO_LARGE,
}
"""Faults with a name of their own among the problems; all others are IMAGE_NOT_READ."""


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a picture file says."""

    pages: tuple[Page, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def __add__(self, page: PageReading) -> FileReading:
        return FileReading(
            (*self.pages, page.page),
            self.findings + page.findings,
            self.notes + page.notes,
            self.pictures + page.pictures,
        )


def read_pictures(
    data: bytes,
    media: str,
    context: ReadingContext,
    *,
    part: str,
    only: Collection[int] | None = None,
    faxed: bool = False,
) -> FileReading:
    """Read every page of a picture file.

    Args:
        data: A PDF, TIFF, PNG or JPEG.
        media: Its media type by content.
        context: Its days may object to a date; they never choose one.
        part: Path of the file inside the mail.
        only: 1-based pages to look at; None = all.
        faxed: Read the header lines of fax machines as well (0.1 s a page).

    Returns:
        One page for each form found (two forms on one picture are two) with its findings; a page with a note for
        everything else but blank and cover sheets. Raises ParserError when the file cannot be opened.
    """
    total = FileReading()
    for raster in rasters(data, media, only):
        for page in fit_pages(raster):
            found = _as_named(page, raster, context, part) if isinstance(page, Unplaced) else page
            if isinstance(found, FittedPage):
                total += _fitted(found, Album(found, part, _pixels_sha256(raster)), context, faxed)
            else:
                puzzles = sum(p.picture_sha256 != "" for p in total.pages)
                total += _unplaced(found, raster, part, look=puzzles < _LOOKED_AT_MOST)
    return total


def _fitted(found: FittedPage, album: Album, context: ReadingContext, faxed: bool) -> PageReading:
    """The page with what is printed on it besides the form: names of the rows that say something, header lines."""
    reading = read_fitted(album, context)
    rows = {f.row for f in reading.findings if f.row and (f.decision is not Decision.EMPTY or f.problems)}
    names = _names(found, rows) if rows else {}
    findings = tuple(replace(f, name=names.get(f.row or 0, "")) for f in reading.findings)
    reading = replace(reading, findings=findings)
    header = _header(found) if faxed else ""
    if not header:
        return reading
    line = png(found.header(_HEADER_PX_PER_MM))
    page = replace(reading.page, header=header, header_sha256=line.sha256)
    return replace(reading, page=page, pictures=(*reading.pictures, line))


def _names(found: FittedPage, rows: Collection[int]) -> dict[int, str]:
    try:
        names = names_of(found, rows, thorough=True)
    except NoModels:  # the general OCR helps with foreign names only
        names = names_of(found, rows)
    return {row: name.text for row, name in names.items()}


def _header(found: FittedPage) -> str:
    try:
        return header_text(found)
    except NoModels:
        return ""


def _as_named(found: Unplaced, raster: Raster, context: ReadingContext, part: str) -> FittedPage | Unplaced:
    """The page under the code a person gave it, unless it shows one of another page itself."""
    named = next((n for n in context.named if (n.part, n.page) == (part, raster.page)), None)
    if named is None:
        return found
    code = PageCode(named.edition, named.roster, named.sheet, named.sheets, named.first_row)
    if any(_code(text) != code for text in found.texts):
        return found
    placed = fit_named(raster, code)
    return placed if isinstance(placed, FittedPage) else found


def _code(text: str) -> PageCode | None:
    try:
        return parse_page_code(text)
    except BadCode:
        return None


def _pixels_sha256(raster: Raster) -> str:
    """Of shape and pixels as stored in the file: the same page in another container has the same hash."""
    shape = f"{raster.gray.shape[0]}x{raster.gray.shape[1]}:".encode()
    return sha256(shape + raster.gray.tobytes()).hexdigest()


def _unplaced(found: Unplaced, raster: Raster, part: str, *, look: bool) -> PageReading:
    """A page that is not read, with its reasons; `look`: what its print says helps the person who names it."""
    if found.kind is PageKind.BLANK and Fault.INVERTED not in found.faults:
        return PageReading(Page(found.page, found.kind, turned_deg=found.turned_deg, part=part))
    seen = _glance(raster, found.turned_deg) if look and found.gray is not None else Glance(turned_deg=found.turned_deg)
    shown = _shown(found, raster, seen.turned_deg)
    problem = next((_PROBLEMS[f] for f in found.faults if f in _PROBLEMS), Problem.IMAGE_NOT_READ)
    cover = seen.cover and not found.texts and problem is Problem.IMAGE_NOT_READ
    # A page black all over is no empty sheet: something went wrong in a machine.
    kind = PageKind.COVER if cover else PageKind.FOREIGN if found.kind is PageKind.BLANK else found.kind
    codes = [code.roster for text in found.texts if (code := _code(text)) is not None]
    page = Page(
        found.page,
        kind,
        turned_deg=seen.turned_deg,
        problems=() if cover else (problem,),
        part=part,
        header=seen.header,
        guesses=tuple(dict.fromkeys((*codes, *seen.codes))),
        picture_sha256=shown[0].sha256 if shown else "",
    )
    if cover:
        return PageReading(page, pictures=shown)
    reasons = ", ".join((*(f.value for f in found.faults), *found.details))
    return PageReading(page, notes=(Note(problem, f"page {found.page}: {reasons}", part),), pictures=shown)


def _glance(raster: Raster, turned_deg: int) -> Glance:
    try:
        return glance(raster, turned_deg)
    except NoModels:
        return Glance(turned_deg=turned_deg)


def _shown(found: Unplaced, raster: Raster, turned_deg: int) -> tuple[Picture, ...]:
    """The page upright and true to scale, small enough to be mailed, for the person who names it."""
    if found.gray is None or min(found.gray.shape) < 2:
        return ()
    across, down = picture_of(raster).densities[0]
    tall, wide = found.gray.shape[0] / down, found.gray.shape[1] / across
    per_mm = min(across, _SHOWN_PX / max(tall, wide))
    size = max(1, round(wide * per_mm)), max(1, round(tall * per_mm))
    picture = cv2.resize(found.gray, size, interpolation=cv2.INTER_AREA)
    return (png(np.ascontiguousarray(np.rot90(picture, turned_deg // 90))),)
