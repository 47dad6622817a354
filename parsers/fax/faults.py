"""What can be wrong with a page picture, as a closed list of codes."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """Why a page was refused, or what a reader of its cells must know.

    On an `Unplaced` they are reasons; on a `FittedPage` they are remarks, and each cell says for itself whether it may
    be read.
    """

    # -- the picture, from its file
    UNREADABLE = "unreadable"
    """The page cannot be decoded: truncated, corrupt, or in a compression nobody here knows."""
    TOO_LARGE = "too-large"
    """More pixels than any fax, scan or photograph of a sheet has."""
    LOSSY_COMPRESSION = "lossy-compression"
    """JBIG2 that may have replaced look-alike digits by one another (capture.md §0.11): a person must look."""
    DAMAGED_PICTURE = "damaged-picture"
    """Scan lines are missing, broken or fewer than the file promises."""
    RESOLUTION_UNKNOWN = "resolution-unknown"
    """The file names no believable resolution; shape and codes decide. Harmless."""
    INVERTED = "inverted"
    """White on black; turned round. Harmless."""
    # -- finding the page
    NO_CODE = "no-code"
    """Neither page code was read: a person names the roster."""
    FOREIGN_CODE = "foreign-code"
    """A QR code that is none of ours stands on the page."""
    BAD_CODE = "bad-code"
    """A code shaped like ours whose check symbols do not fit."""
    UNKNOWN_EDITION = "unknown-edition"
    """A page code of ours of a form edition this version does not know."""
    CODES_DISAGREE = "codes-disagree"
    """Two page codes of ours that do not belong to one page: copied together, or several pages in one picture."""
    ONE_CODE_LOST = "one-code-lost"
    """Placed by one code, confirmed by marks and boxes."""
    MARK_LOST = "mark-lost"
    """At least one corner square was not found where it should be."""
    # -- the fit
    NOT_THE_FORM = "not-the-form"
    """A code of ours, and what is printed around it is not that form, or lies elsewhere."""
    BAD_SCALE = "bad-scale"
    """Reduced or stretched beyond what fax machines do."""
    BAD_SKEW = "bad-skew"
    BAD_FIT = "bad-fit"
    """The residual is above the limit: reading would be reading beside the boxes."""
    INCOMPLETE = "incomplete"
    """Part of the form lies outside the picture, or rows that must be there are not."""
    ROWS_UNCERTAIN = "rows-uncertain"
    """How many rows the page has could not be told."""
    STREAKS = "streaks"
    """Black or white streaks along the page; cells they cross say so."""
    LINES_LOST = "lines-lost"
    """Scan lines were lost or repeated inside the table; cells they cross say so."""
