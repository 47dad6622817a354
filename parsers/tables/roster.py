"""A grid in, findings out: where the rows and columns of a roster are, and what stands in them."""

from __future__ import annotations

from parsers.reading import ReadingContext
from parsers.tables.grid import Grid, GridReading


def read_grid(grid: Grid, *, part: str, context: ReadingContext, known_roster: str | None) -> GridReading:
    """Read every roster table on the grid.

    Args:
        grid: The cells.
        part: Attachment path for the evidence; "" = the file itself.
        context: What may narrow a reading (dates without a year).
        known_roster: Roster code when the file or page names it elsewhere (document property, QR), else None.

    Returns:
        One page, the findings of all its rows, and notes about the sheet as a whole. A grid that is no roster
        gives one page of kind TEXT or BLANK and no findings.
    """
    raise NotImplementedError
