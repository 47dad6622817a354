"""A picture file becomes pages and findings: which pages of which rosters it holds, and what stands in their boxes.

Works without the database: the page code names form, roster, sheet and first row. What cannot be placed is not read;
it stays accounted for as a page with its reasons, for a person to name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from parsers.fax.evidence import Album
from parsers.fax.faults import Fault
from parsers.fax.fit import fit_pages
from parsers.fax.page import FittedPage, Raster, Unplaced
from parsers.fax.raster import rasters
from parsers.fax.roster import PageReading, read_fitted
from parsers.findings import Finding, Note, Page, PageKind, Picture, Problem

if TYPE_CHECKING:
    from parsers.reading import ReadingContext

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
    data: bytes, media: str, context: ReadingContext, *, part: str, only: Collection[int] | None = None
) -> FileReading:
    """Read every page of a picture file.

    Args:
        data: A PDF, TIFF, PNG or JPEG.
        media: Its media type by content.
        context: Its days may object to a date; they never choose one.
        part: Path of the file inside the mail.
        only: 1-based pages to look at; None = all.

    Returns:
        One page for each form found (two forms on one picture are two) with its findings; a page with a note for
        everything else but blank sheets. Raises ParserError when the file cannot be opened.
    """
    total = FileReading()
    for raster in rasters(data, media, only):
        for found in fit_pages(raster):
            total += _read(found, raster, context, part)
    return total


def _read(found: FittedPage | Unplaced, raster: Raster, context: ReadingContext, part: str) -> PageReading:
    if isinstance(found, Unplaced):
        return _unplaced(found, part)
    return read_fitted(Album(found, part, _pixels_sha256(raster)), context)


def _pixels_sha256(raster: Raster) -> str:
    """Of shape and pixels as stored in the file: the same page in another container has the same hash."""
    shape = f"{raster.gray.shape[0]}x{raster.gray.shape[1]}:".encode()
    return sha256(shape + raster.gray.tobytes()).hexdigest()


def _unplaced(found: Unplaced, part: str) -> PageReading:
    if found.kind is PageKind.BLANK and Fault.INVERTED not in found.faults:
        return PageReading(Page(found.page, found.kind, turned_deg=found.turned_deg, part=part))
    problem = next((_PROBLEMS[f] for f in found.faults if f in _PROBLEMS), Problem.IMAGE_NOT_READ)
    reasons = ", ".join((*(f.value for f in found.faults), *found.details))
    # A page black all over is no empty sheet: something went wrong in a machine.
    kind = PageKind.FOREIGN if found.kind is PageKind.BLANK else found.kind
    page = Page(found.page, kind, turned_deg=found.turned_deg, problems=(problem,), part=part)
    return PageReading(page, notes=(Note(problem, f"page {found.page}: {reasons}", part),))
