"""Which pages of which rosters a picture file holds: from the page codes, without the database.

The cells of a placed page are not read here; a person reads them, and knows at once whose sheet it is.
"""

from __future__ import annotations

from collections.abc import Collection

from parsers.fax.fit import fit_pages
from parsers.fax.page import FittedPage, Unplaced
from parsers.fax.raster import rasters
from parsers.findings import Note, Page, PageKind, Problem


def identify(
    data: bytes, media: str, *, part: str, only: Collection[int] | None = None
) -> tuple[tuple[Page, ...], tuple[Note, ...]]:
    """The pages of a picture file and what a person must know of each.

    Args:
        data: A PDF, TIFF, PNG or JPEG.
        media: Its media type by content.
        part: Path of the file inside the mail.
        only: 1-based pages to look at; None = all.

    Returns:
        One page for each form found (two forms on one picture are two), with roster, sheet, turn and residual of the
        fit in mm; a note for every page that is not blank. Raises ParserError when the file cannot be opened.
    """
    found = [one for raster in rasters(data, media, only) for one in fit_pages(raster)]
    pages = tuple(_placed(one, part) if isinstance(one, FittedPage) else _unplaced(one, part) for one in found)
    notes = tuple(Note(Problem.IMAGE_NOT_READ, _told(page), part) for page in pages if page.kind is not PageKind.BLANK)
    return pages, notes


def _placed(found: FittedPage, part: str) -> Page:
    code = found.code
    return Page(
        found.page,
        PageKind.FORM,
        roster=code.roster,
        form=found.edition.name,
        sheet=code.page,
        sheets=code.pages,
        turned_deg=found.turned_deg,
        fit_error_mm=round(found.fit_error_mm, 3),
        problems=(Problem.IMAGE_NOT_READ,),
        part=part,
    )


def _unplaced(found: Unplaced, part: str) -> Page:
    problems = () if found.kind is PageKind.BLANK else (Problem.IMAGE_NOT_READ,)
    return Page(found.page, found.kind, turned_deg=found.turned_deg, problems=problems, part=part)


def _told(page: Page) -> str:
    if page.roster is None:
        return f"page {page.page}"
    return f"page {page.page}: {page.roster} {page.sheet}/{page.sheets}"
