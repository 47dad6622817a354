"""PDFium's view of a file: which characters stand where, and which lines are drawn.

Not thread-safe (pypdfium2#303, #479); the reading process has one thread. Annotations and form fields are flattened
into the page, and the characters that appear by that are marked as added; lines are those of the page itself.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from parsers.errors import ParserError
from parsers.findings import Box, Problem
from parsers.pdf.drawing import Drawing, drawing_of
from parsers.pdf.page import Glyph
from parsers.pdf.view import Corners, View

_CHARACTERS_MOST = 60_000
_INVISIBLE_MODES = frozenset({raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP})
_CLIPS_MOST = 8
_BELOW = 0.12
"""Part of the em below the baseline, as in Japanese fonts."""
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class _Character:
    text: str
    corners: Corners
    angle_deg: int
    source: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What PDFium sees on one page."""

    view: View
    turned_deg: int
    """Turn of the text against the page as displayed."""
    glyphs: tuple[Glyph, ...]
    drawing: Drawing


def open_document(data: bytes) -> pdfium.PdfDocument:
    """Open, with the empty password. Raises ParserError."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as e:
        locked = getattr(e, "err_code", None) == raw.FPDF_ERR_PASSWORD
        raise ParserError(Problem.ENCRYPTED_ATTACHMENT if locked else Problem.UNREADABLE_ATTACHMENT, "pdf") from e


def see_page(document: pdfium.PdfDocument, index: int) -> Seen:
    """Look at the page with this index (0-based). Raises ParserError when it cannot be loaded or holds too much."""
    try:
        with closing(document[index]) as page:
            visible, shown_turn = _visible(page), page.get_rotation()
            own = list(_characters(page))
            drawn = drawing_of(page)
            annotated = raw.FPDFPage_GetAnnotCount(page) > 0
            if annotated:
                raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
        everything = own
        if annotated:
            with closing(document[index]) as page:  # flattened content shows only after loading anew
                everything = list(_characters(page))
    except pdfium.PdfiumError as e:
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, f"page {index + 1}") from e
    turn = _reading_turn(own or everything, shown_turn)
    view = View(visible, turn)
    glyphs = tuple(_glyphs(own, everything, view))
    return Seen(view, (turn - shown_turn) % 360, glyphs, drawn)


def _visible(page: pdfium.PdfPage) -> Corners:
    media, crop = page.get_mediabox(), page.get_cropbox()
    left, low = max(media[0], crop[0]), max(media[1], crop[1])
    far, high = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, low, far, high) if left < far and low < high else media


def _characters(page: pdfium.PdfPage) -> Iterator[_Character]:
    with closing(page.get_textpage()) as text:
        count = text.count_chars()
        if count > _CHARACTERS_MOST:
            raise ParserError(Problem.TOO_LARGE, f"{count} characters on a page")
        sources: dict[int, int] = {}
        high = ""
        for index in range(count):
            if raw.FPDFText_IsGenerated(text, index) == 1:
                continue
            code = raw.FPDFText_GetUnicode(text, index)
            if 0xD800 <= code < 0xDC00:  # first half of a surrogate pair
                high = chr(code)
                continue
            character = _character(text, index, high + chr(code), sources)
            high = ""
            if character is not None:
                yield character


def _character(text: Any, index: int, said: str, sources: dict[int, int]) -> _Character | None:
    if len(said) == 2:
        said = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if said.isspace() or (said < " " and said != "\0"):
        return None
    drawn_by = raw.FPDFText_GetTextObject(text, index)
    if drawn_by and _is_invisible(drawn_by):
        return None
    if said == "\0" or raw.FPDFText_HasUnicodeMapError(text, index) == 1:
        said = _REPLACEMENT
    corners, angle = _corners(text, index), raw.FPDFText_GetCharAngle(text, index)
    if not all(map(math.isfinite, (*corners, angle))):
        # A digit of unknown place must not be left out as if it were not there.
        raise ParserError(Problem.UNREADABLE_ATTACHMENT, "pdf: a character without a place")
    # PDFium counts clockwise; what stands on its side is turned back.
    turn = -round(angle / (math.pi / 2)) * 90 % 360
    address = ctypes.cast(drawn_by, ctypes.c_void_p).value or 0
    return _Character(said, corners, turn, sources.setdefault(address, len(sources)))


def _is_invisible(drawn_by: Any) -> bool:
    """Recognised text behind a scan, or the content of a hidden column: clipped to a rectangle without extent.

    Text clipped otherwise counts as visible: what sticks out of its cell must be seen, for it may change the meaning.
    """
    if raw.FPDFTextObj_GetTextRenderMode(drawn_by) in _INVISIBLE_MODES:
        return True
    clip = raw.FPDFPageObj_GetClipPath(drawn_by)
    paths = raw.FPDFClipPath_CountPaths(clip) if clip else 0
    return any(_is_degenerate(clip, index) for index in range(min(max(0, paths), _CLIPS_MOST)))


def _is_degenerate(clip: Any, path: int) -> bool:
    x, y = ctypes.c_float(), ctypes.c_float()
    xs, ys = [], []
    for index in range(min(raw.FPDFClipPath_CountPathSegments(clip, path), 16)):
        raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(clip, path, index), x, y)
        xs.append(x.value)
        ys.append(y.value)
    return bool(xs) and min(max(xs) - min(xs), max(ys) - min(ys)) < 0.5


def _corners(text: Any, index: int) -> Corners:
    """Box of the character in its line, not a number where PDFium knows none.

    Along the line as wide as the character; across it one em, by the baseline. The font's own ascent and descent
    are of no use: after a second printing they are three times the height of the letters.
    """
    rect, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
    x, y = ctypes.c_double(), ctypes.c_double()
    if not (
        raw.FPDFText_GetLooseCharBox(text, index, rect)
        and raw.FPDFText_GetMatrix(text, index, matrix)
        and raw.FPDFText_GetCharOrigin(text, index, x, y)
    ):
        return (math.nan,) * 4
    em = raw.FPDFText_GetFontSize(text, index)
    up_x, up_y = matrix.c * em, matrix.d * em
    if abs(up_y) >= abs(up_x):
        across = y.value - _BELOW * up_y, y.value + (1 - _BELOW) * up_y
        return min(rect.left, rect.right), min(across), max(rect.left, rect.right), max(across)
    across = x.value - _BELOW * up_x, x.value + (1 - _BELOW) * up_x
    return min(across), min(rect.bottom, rect.top), max(across), max(rect.bottom, rect.top)


def _reading_turn(characters: list[_Character], shown_turn: int) -> int:
    """The clockwise turn after which most characters stand upright; that of the page when there are none."""
    angles = Counter(c.angle_deg for c in characters)
    return angles.most_common(1)[0][0] if angles else shown_turn % 360


def _glyphs(own: list[_Character], everything: list[_Character], view: View) -> Iterator[Glyph]:
    """Characters in mm, off-page ones and double strikes (simulated bold) left out."""
    known = Counter(_key(c) for c in own)
    wide, tall = view.size_mm
    seen: dict[tuple[str, int, int], list[Box]] = {}
    for character in everything:
        added = known[_key(character)] <= 0
        known[_key(character)] -= 1
        box = view.box(character.corners)
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        if not (0 <= x <= wide and 0 <= y <= tall) or _struck_twice(seen, character.text, box):
            continue
        yield Glyph(character.text, box, added, character.source)


def _key(character: _Character) -> tuple[str, int, int]:
    return character.text, round(character.corners[0]), round(character.corners[1])


def _struck_twice(seen: dict[tuple[str, int, int], list[Box]], text: str, box: Box) -> bool:
    """Whether the same character already stands there, give or take a quarter of its size."""
    place = (text, round(box[0] / 2), round(box[1] / 2))
    near = [b for dx in (-1, 0, 1) for dy in (-1, 0, 1) for b in seen.get((text, place[1] + dx, place[2] + dy), ())]
    slack = max(0.15, min(box[2], box[3]) / 4)
    if any(abs(b[0] - box[0]) < slack and abs(b[1] - box[1]) < slack for b in near):
        return True
    seen.setdefault(place, []).append(box)
    return False
