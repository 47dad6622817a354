"""Pictures into pages: which page of which roster a picture shows, and where. Read or refused, never askew.

The codes say which page; codes, corner marks and the borders of all boxes say where. A page is placed only when all
that agrees within a fraction of a millimetre; one code may be lost, then marks and borders must speak for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np

from parsers.codes import PageCode
from parsers.fax.align import affine, corners_of, inverse, project
from parsers.fax.faults import Fault
from parsers.fax.geometry import FormGeometry, GeometryLookup, geometry_of
from parsers.fax.page import FittedPage, Matrix, Raster, Unplaced
from parsers.fax.picture import PerMm, Picture, picture_of
from parsers.fax.placing import Placed, objections, place
from parsers.fax.qr import FoundCode, every_code, find_codes, looks_like_ours, search_at
from parsers.fax.remarks import fitted
from parsers.fax.rescue import rescued_codes
from parsers.fax.squares import find_corners
from parsers.findings import PageKind
from parsers.forms import EDITIONS_BY_NUMBER

_PAIR_SLACK: Final = 0.30
"""How far the second code may lie from where the first one puts it, as a share of their distance: a photograph shows
one of them larger. What decides in the end are marks and borders."""
_AGAIN_MM: Final = 9.0
_SIDE_LEAST_PX: Final = 200
_DEGENERATE: Final = (np.linalg.LinAlgError, cv2.error, FloatingPointError, OverflowError)
"""What points that lie on one line, or at one place, end in."""

Found = FittedPage | Unplaced
_Codes = list[tuple[FoundCode, int]]
"""Found codes and which of the two places each takes."""


def fit_page(raster: Raster, lookup: GeometryLookup = geometry_of) -> Found:
    """The one page of a picture; an `Unplaced` when there are several (`fit_pages` hands them out one by one)."""
    found = fit_pages(raster, lookup)
    if len(found) == 1:
        return found[0]
    texts = tuple(text for one in found for text in (one.texts if isinstance(one, Unplaced) else (one.text,)))
    return Unplaced(raster.page, PageKind.FORM, (Fault.CODES_DISAGREE,), ("several pages in one picture",), texts)


def fit_pages(raster: Raster, lookup: GeometryLookup = geometry_of) -> tuple[Found, ...]:
    """Every page of ours in a picture, in the order of their codes; at least one result, never an exception.

    Two forms side by side are two results, if each shows both its codes. Anything that does not add up is one
    `Unplaced`.
    """
    if min(raster.gray.shape) < _SIDE_LEAST_PX:
        return (_too_small(raster),)
    picture = picture_of(raster)
    codes, per_mm = _codes(picture)
    groups = _by_text([c for c in codes if c.code is not None])
    if not groups:
        rescued = [code for form in _forms(lookup) for code in rescued_codes(picture, form)]
        if len(rescued) != 2:
            return (_without_code(raster, picture, codes, lookup),)
        groups = [rescued]
    if len(groups) > 1:  # more than one page in the picture, or pages cut up and joined
        groups = _by_text([c for c in every_code(picture.gray, per_mm) if c.code is not None] or codes)
    if any(len(g) > 2 for g in groups) or (len(groups) > 1 and any(len(g) < 2 for g in groups)):
        return (_refused(raster, picture, [c for g in groups for c in g], (Fault.CODES_DISAGREE,)),)
    return tuple(_fit_group(raster, picture, per_mm, group, lookup) for group in groups)


def fit_named(raster: Raster, code: PageCode, lookup: GeometryLookup = geometry_of) -> Found:
    """The page a person named because its codes are gone, placed by its corner squares and boxes alone.

    The caller must refuse a picture that does show a code of another page; `fit_pages` comes first.
    """
    geometry = lookup(code.edition)
    if min(raster.gray.shape) < _SIDE_LEAST_PX:
        return _too_small(raster)
    picture = picture_of(raster)
    if geometry is None:
        return _refused(raster, picture, [], (Fault.UNKNOWN_EDITION,))
    corners = find_corners(picture, geometry)
    if corners is None:
        return _refused(raster, picture, [], (Fault.NO_CODE, Fault.MARK_LOST))
    marks = np.array([[x + w / 2, y + h / 2] for x, y, w, h in geometry.marks])[list(corners.indices)]
    placed, faults = _tried(picture, geometry, (marks, corners.pixels), [])
    if placed is None:
        return _refused(raster, picture, [], (Fault.NO_CODE, *faults))
    return fitted(raster, picture, placed, code, "")


def _codes(picture: Picture) -> tuple[list[FoundCode], PerMm]:
    """The codes, under the first resolution that shows any of ours."""
    seen: list[FoundCode] = []
    for per_mm in picture.densities:
        found = find_codes(picture.gray, per_mm)
        if any(c.code is not None for c in found):
            return found, per_mm
        seen = seen or found
    return seen, picture.densities[0]


def _by_text(codes: Sequence[FoundCode]) -> list[list[FoundCode]]:
    groups: dict[str, list[FoundCode]] = {}
    for code in codes:
        groups.setdefault(code.text, []).append(code)
    return list(groups.values())


def _fit_group(
    raster: Raster, picture: Picture, per_mm: PerMm, group: list[FoundCode], lookup: GeometryLookup
) -> Found:
    """One page, by the one or two codes that name it."""
    code = group[0].code
    geometry = None if code is None else lookup(code.edition)
    if code is None or geometry is None:
        return _refused(raster, picture, group, (Fault.UNKNOWN_EDITION,))
    faults: tuple[Fault, ...] = (Fault.CODES_DISAGREE,)
    for codes in _hypotheses(picture, per_mm, group, geometry):
        if any(c.text != group[0].text for c, _ in codes):
            return _refused(raster, picture, [c for c, _ in codes], (Fault.CODES_DISAGREE,))
        placed, faults = _tried(picture, geometry, _anchors(codes, geometry), codes)
        if placed is not None:
            return fitted(raster, picture, placed, code, group[0].text)
    return _refused(raster, picture, group, faults)


def _tried(
    picture: Picture, geometry: FormGeometry, anchors: tuple[Matrix, Matrix], codes: _Codes
) -> tuple[Placed | None, tuple[Fault, ...]]:
    """The page under one hypothesis, or what speaks against it.

    A photograph whose codes happen to fit a plane seen from straight above is tried in perspective as well.
    """
    faults: tuple[Fault, ...] = ()
    for slanted in (False, True) if picture.toned else (False,):
        try:
            placed = place(picture, geometry, anchors, codes, slanted=slanted)
            found = objections(placed, picture)
        except _DEGENERATE:
            found = (Fault.BAD_FIT,)
        else:
            if not found:
                return placed, ()
        faults = faults or found
    return None, faults


def _hypotheses(picture: Picture, per_mm: PerMm, group: list[FoundCode], geometry: FormGeometry) -> Iterator[_Codes]:
    """Which code is which. Both carry the same text: their place tells, or, for a single one, what is found around."""
    if len(group) == 2:
        pairs = ([(group[0], first), (group[1], 1 - first)] for first in (0, 1))
        yield from (pair for pair in pairs if _belong(pair, geometry))
        return
    alone: list[_Codes] = []
    for index in (0, 1):
        others = _look_for_other(picture, per_mm, group[0], index, geometry)
        for other in others:
            yield [(group[0], index), (other, 1 - index)]
        if not others:
            alone.append([(group[0], index)])
    yield from alone


def _belong(pair: _Codes, geometry: FormGeometry) -> bool:
    """Whether the second code lies about where the first one puts it, and they stand alike."""
    (one, place_one), (other, place_other) = pair
    try:
        warp = affine(corners_of(geometry.codes[place_one]), one.corners, np.ones(4))
        back = project(inverse(warp), other.corners)
    except _DEGENERATE:
        return False
    away = np.hypot(*(np.array(geometry.codes[1][:2]) - geometry.codes[0][:2]))
    strays = back - corners_of(geometry.codes[place_other])
    return bool(np.hypot(*strays.T).max() <= _PAIR_SLACK * away)


def _look_for_other(
    picture: Picture, per_mm: PerMm, code: FoundCode, index: int, geometry: FormGeometry
) -> list[FoundCode]:
    """Search hard where the other code must be, if `code` is the one at `index`. Only codes of ours count."""
    warp = affine(corners_of(geometry.codes[index]), code.corners, np.ones(4))
    x, y, w, h = geometry.codes[1 - index]
    area = (x - _AGAIN_MM, y - _AGAIN_MM, w + 2 * _AGAIN_MM, h + 2 * _AGAIN_MM)
    corners = project(warp, corners_of(area))
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    window = int(low[0]), int(low[1]), int(high[0]), int(high[1])
    return [c for c in search_at(picture.gray, per_mm, window) if c.code is not None][:1]


def _anchors(codes: _Codes, geometry: FormGeometry) -> tuple[Matrix, Matrix]:
    return (
        np.vstack([corners_of(geometry.codes[index]) for _, index in codes]),
        np.vstack([code.corners for code, _ in codes]),
    )


def _forms(lookup: GeometryLookup) -> list[FormGeometry]:
    """One geometry for each arrangement of marks and codes; today all editions share one."""
    forms = [form for number in EDITIONS_BY_NUMBER if (form := lookup(number)) is not None]
    return list({(form.marks, form.codes): form for form in forms}.values())


def _too_small(raster: Raster) -> Unplaced:
    return Unplaced(raster.page, PageKind.FOREIGN, raster.faults or (Fault.NO_CODE,), raster.details)


def _without_code(raster: Raster, picture: Picture, codes: Sequence[FoundCode], lookup: GeometryLookup) -> Unplaced:
    """A page without a code of ours. With our corner squares it is ours all the same, and a person names it."""
    faults = [*picture.faults, Fault.NO_CODE]
    if any(looks_like_ours(c.text) for c in codes):
        faults.append(Fault.BAD_CODE)
    elif codes:
        faults.append(Fault.FOREIGN_CODE)
    kind, turned = PageKind.BLANK if not codes and picture.blank else PageKind.FOREIGN, 0
    corners = [c for form in _forms(lookup) if (c := find_corners(picture, form)) is not None]
    if kind is PageKind.FOREIGN and corners:
        kind, turned = PageKind.FORM, _quarter(corners[0].pixels)
    return Unplaced(raster.page, kind, tuple(faults), raster.details, turned_deg=turned, gray=picture.gray)


def _refused(raster: Raster, picture: Picture, group: Sequence[FoundCode], faults: tuple[Fault, ...]) -> Unplaced:
    texts = tuple(dict.fromkeys(c.text for c in group))
    turned = _quarter(group[0].corners) if group else 0
    everything = tuple(dict.fromkeys((*picture.faults, *faults)))
    return Unplaced(raster.page, PageKind.FORM, everything, raster.details, texts, turned, picture.gray)


def _quarter(points: Matrix) -> int:
    """How something lies, to the nearest quarter turn clockwise; `points` begin at its top left and go to the right."""
    along = points[1] - points[0]
    return int(round(np.degrees(np.arctan2(along[1], along[0])) / 90) * 90) % 360
