"""The form's own self-test: every edition printed, scanned as a fax machine would, found again where it says it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.ports import RosterFiles
from parsers.codes import parse_page_code
from tests.fakes.rosters import KEY, roster_sheet

FINE = (204, 196)
NORMAL = (204, 98)
"""Dots per inch across and along a fax page (T.4)."""
COURSES = [Course.WM_SKILL_UP, Course.BEGINNER]
"""One for each form edition."""


@pytest.fixture(scope="module")
def printed() -> dict[Course, RosterFiles]:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    return {course: documents.roster(roster_sheet(course, 60)) for course in COURSES}


def scan(pdf: bytes, page: int, dpi: tuple[int, int]) -> np.ndarray:
    """One page as a fax machine sees it: (height, width) bool, True = ink, non-square pixels, origin top-left."""
    with pypdfium2.PdfDocument(pdf) as document:
        grey = document[page].render(scale=612 / 72, grayscale=True).to_pil()
    size = (round(210 / 25.4 * dpi[0]), round(297 / 25.4 * dpi[1]))
    return np.asarray(grey.resize(size, Image.Resampling.BOX)) < 128


def _codes(ink: np.ndarray, dpi: tuple[int, int]) -> list[tuple[str, float, float]]:
    """Text and centre in mm of every code on the page; lines are repeated until pixels are about square."""
    tall = np.repeat(ink, max(1, round(dpi[0] / dpi[1])), axis=0)
    found = zxingcpp.read_barcodes(np.where(tall, 0, 255).astype(np.uint8), formats=zxingcpp.BarcodeFormat.QRCode)
    per_mm = (tall.shape[1] / 210, tall.shape[0] / 297)
    return [(code.text, *_centre(code.position, per_mm)) for code in found]


def _centre(position: zxingcpp.Position, per_mm: tuple[float, float]) -> tuple[float, float]:
    corners = (position.top_left, position.top_right, position.bottom_left, position.bottom_right)
    return sum(p.x for p in corners) / 4 / per_mm[0], sum(p.y for p in corners) / 4 / per_mm[1]


@pytest.mark.parametrize("dpi", [FINE, NORMAL])
@pytest.mark.parametrize("course", COURSES)
def test_both_codes_of_every_page_are_read_where_the_manifest_puts_them(
    course: Course, dpi: tuple[int, int], printed: dict[Course, RosterFiles]
) -> None:
    files = printed[course]
    for page in files.manifest["pages"]:
        found = _codes(scan(files.pdf, page["page"] - 1, dpi), dpi)
        assert len(found) == 2
        for code in page["codes"]:
            x, y, w, h = code["box_mm"]
            assert any(
                text == code["text"] and abs(cx - x - w / 2) < 0.5 and abs(cy - y - h / 2) < 0.5
                for text, cx, cy in found
            )


@pytest.mark.parametrize("course", COURSES)
def test_an_upside_down_page_is_read_as_well(course: Course, printed: dict[Course, RosterFiles]) -> None:
    files = printed[course]
    found = _codes(scan(files.pdf, 0, FINE)[::-1, ::-1], FINE)
    assert {text for text, _, _ in found} == {files.manifest["pages"][0]["codes"][0]["text"]}


@pytest.mark.parametrize("course", COURSES)
def test_boxes_stand_within_a_fifth_of_a_millimetre_of_the_manifest(
    course: Course, printed: dict[Course, RosterFiles]
) -> None:
    files = printed[course]
    for page in (files.manifest["pages"][0], files.manifest["pages"][-1]):
        ink = scan(files.pdf, page["page"] - 1, FINE)
        boxes = list(_boxes_to_fill(page))
        assert len(boxes) > 12 * 7
        worst = max(_error_mm(ink, box) for box in boxes)
        assert worst <= 0.2, f"worst {worst:.3f} mm"


def _boxes_to_fill(page: dict) -> list[list[float]]:
    fields = [field for row in page["rows"] for field in row["fields"].values()] + list(page["fields"].values())
    ticks = [f["box_mm"] for f in fields if f["kind"] == "tick"] + [f["tick_mm"] for f in fields if "tick_mm" in f]
    digits = [cell for f in fields if "cells_mm" in f for cells in f["cells_mm"].values() for cell in cells]
    return ticks + digits


def _error_mm(ink: np.ndarray, box: list[float]) -> float:
    """Largest distance of the four printed edges of `box` (their centre lines) from where it says they are."""
    x, y, w, h = box
    upright = [abs(_line(ink, (at, y + 1), (0.6, h / 3), axis=0) - at) for at in (x, x + w)]
    level = [abs(_line(ink, (x + 1, at), (w - 2, 0.6), axis=1) - at) for at in (y, y + h)]
    return max(upright + level)


def _line(ink: np.ndarray, start: tuple[float, float], reach: tuple[float, float], axis: int) -> float:
    """Centre in mm of the line across a window; along `axis` (0 = x) the window reaches both ways from `start`."""
    per_mm = (ink.shape[1] / 210, ink.shape[0] / 297)
    low = [start[i] - (reach[i] if i == axis else 0) for i in (0, 1)]
    high = [start[i] + reach[i] for i in (0, 1)]
    (left, top), (right, bottom) = ([round(v * per_mm[i]) for i, v in enumerate(side)] for side in (low, high))
    profile = ink[top:bottom, left:right].mean(axis=axis)
    dark = np.flatnonzero(profile > 0.5)
    assert dark.size, "no line where the manifest says there is one"
    return float(((left, top)[axis] + dark.mean() + 0.5) / per_mm[axis])


@pytest.mark.parametrize("course", COURSES)
def test_nothing_is_grey_and_the_top_is_free(course: Course, printed: dict[Course, RosterFiles]) -> None:
    with pypdfium2.PdfDocument(printed[course].pdf) as document:
        grey = np.asarray(document[0].render(scale=600 / 72, grayscale=True).to_pil())
    assert not (grey[: round(12 / 25.4 * 600)] < 255).any()
    between = ((grey > 16) & (grey < 240)).mean()
    assert between < 0.03  # only the smoothed edges of glyphs and rules


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize(
    "name", ["寿限無" * 12, "Wolfeschlegelsteinhausenbergerdorff", "勘解由小路　左衛門佐太郎兵衛", "一", "W" * 60]
)
def test_no_text_however_long_reaches_a_box_a_code_or_the_top(course: Course, name: str) -> None:
    sheet = roster_sheet(course, 2)
    people = tuple(dataclasses.replace(p, name=name, kana="ア" * 50, note="備考" * 40) for p in sheet.rows)
    training = dataclasses.replace(sheet.training, name="研修" * 40)
    sheet = dataclasses.replace(
        sheet, rows=people, training=training, office_title=name, centre_title=name * 2, contact=name * 2,
        document_no=name, reply_mail=f"{'a' * 60}@example.jp", reply_fax="0" * 40,
    )  # fmt: skip
    files = TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(sheet)
    (page,) = files.manifest["pages"]
    ink = scan(files.pdf, 0, FINE)
    quiet = [(x - 3.8, y - 3.8, w + 7.6, h + 7.6) for x, y, w, h in (code["box_mm"] for code in page["codes"])]
    for x, y, w, h in quiet:
        assert not _ink_in(ink, (x, y, w, 3.5)).any()
        assert not _ink_in(ink, (x, y, 3.5, h)).any()
        assert not _ink_in(ink, (x + w - 3.5, y, 3.5, h)).any()
        assert not _ink_in(ink, (x, y + h - 3.5, w, 3.5)).any()
    assert not any(_ink_in(ink, (x + 0.6, y + 0.7, w - 1.2, h - 1.4)).any() for x, y, w, h in _boxes_to_fill(page))
    assert not _ink_in(ink, (0, 0, 210, 12)).any()


def _ink_in(ink: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    x, y, w, h = box
    per_mm = (ink.shape[1] / 210, ink.shape[0] / 297)
    rows = slice(round(y * per_mm[1]), round((y + h) * per_mm[1]))
    return ink[rows, round(x * per_mm[0]) : round((x + w) * per_mm[0])]


@pytest.mark.parametrize("course", COURSES)
def test_digit_boxes_are_empty_and_their_rules_survive_a_coarse_scan(
    course: Course, printed: dict[Course, RosterFiles]
) -> None:
    files = printed[course]
    page = files.manifest["pages"][0]
    ink = scan(files.pdf, 0, NORMAL)
    per_mm = (ink.shape[1] / 210, ink.shape[0] / 297)
    for x, y, w, h in _boxes_to_fill(page):
        left, right = round((x + 0.5) * per_mm[0]), round((x + w - 0.5) * per_mm[0])
        top, bottom = round((y + 0.7) * per_mm[1]), round((y + h - 0.7) * per_mm[1])
        assert not ink[top:bottom, left:right].any()
        for edge in (y, y + h):
            line = round(edge * per_mm[1])
            assert ink[line - 2 : line + 2, left:right].any(axis=0).all()


def test_a_number_nobody_has_any_more_keeps_its_line() -> None:
    sheet = roster_sheet(Course.WM_SKILL_UP, 15)
    gone = dataclasses.replace(sheet, rows=tuple(p for p in sheet.rows if p.row not in {3, 14}))
    files = TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(gone)
    whole = TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(sheet)
    places = {row["row"]: row["box_mm"] for page in whole.manifest["pages"] for row in page["rows"]}
    kept = {row["row"]: row["box_mm"] for page in files.manifest["pages"] for row in page["rows"]}
    assert sorted(kept) == [1, 2, *range(4, 14), 15]
    assert kept == {number: places[number] for number in kept}
    firsts = [parse_page_code(page["codes"][0]["text"]).first_row for page in files.manifest["pages"]]
    assert firsts == [1, 13]
