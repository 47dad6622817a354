"""Pages that could not be placed: what is printed on them, as a help for the person who names the roster.

The general OCR reads the top and the foot of the page, where the form prints 回付番号 and a cover sheet says what it
is; the page is turned until its print can be read. Nothing found here is ever proof: codes are guesses whose check
symbols fit, header lines are what somebody typed into a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from parsers.codes import ROSTER_SYMBOLS, BadCode, parse_code
from parsers.fax.ocr import Place, Text, cut_line, find_lines, read_line
from parsers.fax.page import FittedPage, Gray, Raster, cut
from parsers.fax.picture import PerMm, picture_of
from parsers.forms import CODE_LABEL
from parsers.text import fold, squash

_PER_MM: Final = 6.0
_TOP, _FOOT = 0.22, 0.08
"""Shares of the page: the form prints its code at 28 mm and at 284 mm of 297 mm."""
_HEADER_SHARE: Final = 0.07
_LEGIBLE_SCORE: Final = 0.5
_LEGIBLE_LEAST, _LEGIBLE_SURE = 2, 6
"""Lines: worth looking on, and enough to be sure which way up the page is."""
_LEGIBLE_GLYPHS: Final = 4
_SIDE_MOST_PX: Final = 2600
_HEADER_MM, _FOOT_MM = 12.0, 7.5
"""The top of the form is free for header lines (capture.md §3.6), and what lies below its marks."""
_BESIDE_MM: Final = 8.0
_ABOVE_MM: Final = 16.0
"""Lines that push the page down lie above the form."""
_INK_LEAST_MM2: Final = 4.0

_CODE = re.compile(rf"[0-9A-Z]{{{ROSTER_SYMBOLS}}}")
_LOOKALIKES: Final = ("5S", "8B", "2Z", "6G", "0DQ", "1T", "UV", "4A", "MN", "CG", "7Y")
"""Symbols that a fax makes look alike. One wrong symbol is never taken for right: the check symbols decide."""
_COVER = re.compile(
    r"(?:送付|送信)(?:状|票|表|案内|枚数)|カバーシート|FAX送(?:付|信)(?!。)",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\d{1,2}:\d{2}|FR[O0]M|P[.,]?\s?\d{1,3}|\d+\s?/\s?\d+|\d{2,4}-\d{2,4}-\d{3,4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Glance:
    """What the print on a page without a readable page code says."""

    codes: tuple[str, ...] = ()
    """Roster codes whose check symbols fit, those read without any repair first."""
    cover: bool = False
    """It calls itself a cover sheet."""
    header: str = ""
    """Lines printed by fax machines, joined by " | "."""
    turned_deg: int = 0
    """How far the page lies turned clockwise, as far as its print tells."""


def glance(raster: Raster, turned_deg: int = 0) -> Glance:
    """Look at the print of a page. `turned_deg`: how it seems to lie; tried first.

    Costs about a second of OCR: for the few pages that end with a person.
    """
    if min(raster.gray.shape) < 2:
        return Glance()
    picture = picture_of(raster)
    upright = _true_to_scale(picture.gray, picture.densities[0])
    best, most = Glance(turned_deg=turned_deg), 0
    for turn in _turns(upright, turned_deg):
        seen, legible = _glance_at(np.ascontiguousarray(np.rot90(upright, turn // 90)), turn)
        if seen.codes or seen.cover or legible >= _LEGIBLE_SURE:
            return seen
        if legible > most:
            best, most = seen, legible
    return best


def _glance_at(page: Gray, turn: int) -> tuple[Glance, int]:
    """The page if it lies like this, and how many of its lines make sense then."""
    lines = _read(page[: round(len(page) * _TOP)])
    legible = sum(_legible(text) for _, text in lines)
    codes = tuple(dict.fromkeys(codes_in(lines)))
    if legible >= _LEGIBLE_LEAST and not codes:
        codes = tuple(dict.fromkeys(codes_in(_read(page[round(len(page) * (1 - _FOOT)) :]))))
    header = [text for place, text in lines if place.middle[1] < len(page) * _HEADER_SHARE]
    return Glance(codes, not codes and says_cover(lines), _joined(header), turn), legible


def header_text(page: FittedPage) -> str:
    """What the machines printed above the form, as read: time, sender, page count. "" when there is nothing."""
    wide, tall = page.geometry.size_mm
    area = (-_BESIDE_MM, -_ABOVE_MM, wide + 2 * _BESIDE_MM, _ABOVE_MM + _HEADER_MM)
    if page.turned_deg == 180:  # fed upside down: the machine printed below the form
        area = (area[0], tall - _FOOT_MM, area[2], _FOOT_MM + _ABOVE_MM)
    strip = cut(page.gray, page.warp, area, (0.0, 0.0), _PER_MM)
    strip = np.ascontiguousarray(np.rot90(strip, 2)) if page.turned_deg == 180 else strip
    if np.count_nonzero(strip < 128) < _INK_LEAST_MM2 * _PER_MM**2:
        return ""
    return _joined([text for _, text in _read(strip)])


def codes_in(lines: Iterable[tuple[Place, Text]]) -> Iterator[str]:
    """Roster codes among lines of print: as they stand, then with one look-alike symbol changed."""
    candidates = [c for _, text in lines for c in _candidates(text.text)]
    yield from (code for c in candidates if (code := _valid(c)) is not None)
    yield from (code for c in candidates for other in _variants(c) if (code := _valid(other)) is not None)


def says_cover(lines: Iterable[tuple[Place, Text]]) -> bool:
    """Whether a page calls itself a cover sheet (送付状, ＦＡＸ送信票)."""
    return any(_COVER.search(squash(fold(text.text))) for _, text in lines)


def _candidates(text: str) -> Iterator[str]:
    """Ten symbols in a row, only behind 回付番号 where that is on the line (the label itself may be misread)."""
    plain = squash(fold(text)).upper()
    tail = plain.partition(CODE_LABEL)[2] or plain
    yield from _CODE.findall(tail)


def _valid(text: str) -> str | None:
    try:
        return parse_code(text)
    except BadCode:
        return None


def _variants(text: str) -> Iterator[str]:
    for at, symbol in enumerate(text):
        others = {other for group in _LOOKALIKES if symbol in group for other in group} - {symbol}
        yield from (text[:at] + other + text[at + 1 :] for other in sorted(others))


def _read(picture: Gray) -> tuple[tuple[Place, Text], ...]:
    return tuple((place, read_line(cut_line(picture, place), squeeze=0.8)) for place in find_lines(picture))


def _legible(text: Text) -> bool:
    """Whether a line makes sense as Japanese print this way up; header lines stand upright on a page that does not."""
    words = sum(not c.isascii() for c in text.text)
    return text.score >= _LEGIBLE_SCORE and words >= _LEGIBLE_GLYPHS


def _joined(texts: Iterable[Text]) -> str:
    return " | ".join(t.text.strip() for t in texts if _HEADER.search(t.text))


def _true_to_scale(gray: Gray, per_mm: PerMm) -> Gray:
    """Square pixels, `_PER_MM` of them, fewer for something larger than a sheet."""
    wide, tall = gray.shape[1] / per_mm[0], gray.shape[0] / per_mm[1]
    fine = min(_PER_MM, _SIDE_MOST_PX / max(wide, tall))
    size = max(2, round(wide * fine)), max(2, round(tall * fine))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _turns(page: Gray, first: int) -> tuple[int, ...]:
    """Ways to lie, the likeliest first; sheets are higher than wide."""
    lying = page.shape[1] > page.shape[0]
    likely = (90, 270, 0, 180) if lying else (0, 180)
    return tuple(dict.fromkeys((first, *likely)))
