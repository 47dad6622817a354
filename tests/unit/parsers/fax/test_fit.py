"""Pages are found, turned, identified and placed, or refused; never read askew and never taken for another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import segno
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.documents.paper import qr_rows
from daemon.simulation.fax import (
    FINE,
    NORMAL,
    SUPERFINE,
    FaxPass,
    LostLines,
    Photo,
    Sheet,
    Streak,
    as_jpeg,
    as_pdf,
    photograph,
)
from parsers import sniff
from parsers.codes import PageCode, parse_page_code
from parsers.fax.faults import Fault
from parsers.fax.fit import fit_named, fit_page, fit_pages
from parsers.fax.geometry import geometry_of
from parsers.fax.page import Raster, Unplaced
from parsers.fax.raster import rasters
from parsers.findings import PageKind
from tests.fakes.faxes import as_raster, painted, placed_page, send, truth, whited, worst_error_mm
from tests.fakes.rosters import KEY

TOP_LEFT = (15.0, 14.0, 29.0, 29.0)
BOTTOM_RIGHT = (166.0, 258.0, 29.0, 29.0)
"""The codes with their quiet zones."""
CODE = PageCode(1, "V5DF7QZ4FB", 1, 1, 1)


def coded(sheet: Sheet, *texts: str) -> Sheet:
    """The sheet with other codes stuck over its own, top left first."""
    places = ((17.0, 16.0, 25.0, 25.0), (168.0, 260.0, 25.0, 25.0))
    bare = whited(sheet, TOP_LEFT, BOTTOM_RIGHT)
    return painted(bare, *zip(places, map(_symbol, texts), strict=False))


def _symbol(text: str) -> np.ndarray:
    rows = qr_rows(text) if text.isalnum() else ["".join(map(str, map(int, r))) for r in segno.make(text).matrix]
    return np.array([[0 if bit == "1" else 255 for bit in row] for row in rows], dtype=np.uint8)


def refusal(found: Any) -> Unplaced:
    assert isinstance(found, Unplaced), found
    return found


# -- what must be read


@pytest.mark.parametrize("name", ["existing", "new", "post"])
@pytest.mark.parametrize("mode", [NORMAL, FINE])
def test_two_passes_leave_every_box_within_a_third_of_a_millimetre(
    name: str, mode: tuple[float, float], sheets: dict[str, Sheet], forms: dict[str, Any]
) -> None:
    passes = (FaxPass(mode, skew_deg=1.0, scale=(0.97, 0.98)), FaxPass(mode, skew_deg=1.0, scale=(0.97, 0.96)))
    received = send(sheets[name], *passes)
    page = placed_page(fit_page(as_raster(received)))
    assert page.text == forms[name].manifest["pages"][0]["codes"][0]["text"]
    assert page.rows == len(forms[name].manifest["pages"][0]["rows"])
    assert (page.codes_found, page.marks_found, page.turned_deg) == (2, 4, 0)
    assert page.skew_deg == pytest.approx(2.0, abs=0.1)
    assert page.fit_error_mm < 0.2
    assert worst_error_mm(page, received, truth(sheets[name].size_mm, *passes)) < 0.33
    assert all(quality.sound for quality in page.cells.values())
    assert page.faults == ()


@pytest.mark.parametrize("mode", [SUPERFINE, (200, 100), (200, 200), (300, 300), (400, 400)])
@pytest.mark.parametrize("dpi", [(0.0, 0.0), (200.0, 200.0), None])
def test_any_resolution_is_read_whatever_the_file_claims(
    mode: tuple[float, float], dpi: tuple[float, float] | None, sheets: dict[str, Sheet]
) -> None:
    page = placed_page(fit_page(as_raster(send(sheets["existing"], FaxPass(mode)), dpi)))
    assert page.rows == 12
    assert page.fit_error_mm < 0.2


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_page_may_lie_anyhow(quarter: int, fine: Sheet, normal: Sheet) -> None:
    for page in (fine, normal):
        per_mm = page.per_mm if quarter % 2 == 0 else page.per_mm[::-1]
        turned = Sheet(np.ascontiguousarray(np.rot90(page.gray, -quarter)), per_mm)
        for dpi in ((0.0, 0.0), None):
            found = placed_page(fit_page(as_raster(turned, dpi)))
            assert found.turned_deg == quarter * 90
            assert found.rows == 12


def test_a_negative_is_read(fine: Sheet) -> None:
    page = placed_page(fit_page(as_raster(Sheet(255 - fine.gray, fine.per_mm))))
    assert Fault.INVERTED in page.faults


def test_header_lines_are_cut_out_to_be_shown(sheets: dict[str, Sheet]) -> None:
    received = send(
        sheets["existing"],
        FaxPass(FINE, header="2026-04-03 09:12  FROM 045-000-1234  P.001/002"),
        FaxPass(FINE, header="2026-04-03 15:40  FROM 03-0000-5678  P.001/001", header_pushes=True),
    )
    page = placed_page(fit_page(as_raster(received)))
    header = page.header()
    assert (header < 128).mean() > 0.005
    lines = np.flatnonzero((header[:90] < 128).any(axis=1))
    assert np.ptp(lines) > 4 * 8 - 8  # two lines, one above the other


@pytest.mark.parametrize(
    ("how", "codes", "marks"),
    [
        ({"folded_mm": (0, 40, 0, 0)}, 2, 3),
        ({"folded_mm": (60, 0, 0, 0)}, 1, 3),
        ({"folded_mm": (0, 0, 0, 70)}, 1, 3),
        ({"cut_mm": (16, 0, 0, 0)}, 2, 2),
        ({"cut_mm": (0, 20, 0, 0)}, 1, 2),
    ],
)
def test_a_lost_corner_or_edge_is_said_and_the_rest_is_read(
    how: dict[str, Any], codes: int, marks: int, sheets: dict[str, Sheet]
) -> None:
    received = send(sheets["existing"], FaxPass(FINE, **how), FaxPass(NORMAL))
    page = placed_page(fit_page(as_raster(received)))
    assert (page.codes_found, page.marks_found) == (codes, marks)
    assert Fault.MARK_LOST in page.faults
    assert (Fault.ONE_CODE_LOST in page.faults) == (codes == 1)
    assert page.rows == 12


def test_half_a_page_gives_the_rows_that_are_there_and_says_so(sheets: dict[str, Sheet]) -> None:
    page = placed_page(fit_page(as_raster(send(sheets["existing"], FaxPass(FINE, length_mm=150.0)))))
    assert page.rows == 4
    assert {Fault.INCOMPLETE, Fault.ROWS_UNCERTAIN, Fault.ONE_CODE_LOST} <= set(page.faults)


def test_a_short_last_page_ends_where_its_rows_end(second_page: Sheet) -> None:
    page = placed_page(fit_page(as_raster(send(second_page, FaxPass(NORMAL), FaxPass(NORMAL)))))
    assert [number for number, _ in page.row_places()] == [13, 14]
    assert page.faults == ()


def test_a_row_wiped_out_at_the_end_is_not_a_shorter_roster(second_page: Sheet) -> None:
    wiped = whited(second_page, (20.0, 111.2, 190.0, 11.0))
    page = placed_page(fit_page(as_raster(send(wiped, FaxPass(FINE)))))
    assert page.rows == 1
    assert Fault.ROWS_UNCERTAIN in page.faults


def test_both_codes_damaged_are_still_read_by_laying_them_over_one_another(sheets: dict[str, Sheet]) -> None:
    bars = [(17.0 + dx, 16.0 + dy, w, h) for dx, dy, w, h in ((3.0, 0.0, 0.8, 25.0), (0.0, 3.2, 25.0, 0.8))]
    again = [(x + 151.0, y + 244.0, w, h) for x, y, w, h in bars]
    received = send(whited(sheets["existing"], *bars, *again), FaxPass(NORMAL))
    page = placed_page(fit_page(as_raster(received)))
    assert page.code.first_row == 1


def test_a_photograph_is_straightened(sheets: dict[str, Sheet]) -> None:
    rng = np.random.default_rng(4)
    for turn in (-7.0, 3.0):
        picture = photograph(sheets["new"], Photo(turned_deg=turn, tilt=0.03), rng)
        (raster,) = rasters(as_jpeg(picture), sniff.JPEG)
        page = placed_page(fit_page(raster))
        assert page.fit_error_mm < 0.4
        assert page.scale is None
        assert np.mean([quality.sound for quality in page.cells.values()]) > 0.98


def test_two_forms_in_one_picture_are_two_pages(sheets: dict[str, Sheet]) -> None:
    left = send(coded(sheets["existing"], *[CODE.text(KEY)] * 2), FaxPass(FINE))
    right = send(coded(sheets["existing"], *[PageCode(1, CODE.roster, 2, 2, 13).text(KEY)] * 2), FaxPass(FINE))
    both = Sheet(np.hstack([left.gray, right.gray]), left.per_mm)
    pages = [placed_page(one) for one in fit_pages(as_raster(both))]
    assert [page.code.page for page in pages] == [1, 2]
    assert refusal(fit_page(as_raster(both))).faults == (Fault.CODES_DISAGREE,)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    scale=st.tuples(st.floats(0.94, 1.03), st.floats(0.94, 1.03)),
    skew=st.floats(-2.0, 2.0),
    shift=st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)),
    mode=st.sampled_from([NORMAL, FINE]),
)
def test_whatever_a_machine_does_to_the_size_every_box_is_found(
    scale: tuple[float, float], skew: float, shift: tuple[float, float], mode: tuple[float, float], sheets: Any
) -> None:
    how = FaxPass(mode, scale=scale, skew_deg=skew, shift_mm=shift)
    received = send(sheets["new"], how)
    page = placed_page(fit_page(as_raster(received)))
    assert page.scale == pytest.approx(scale, abs=0.004)
    assert worst_error_mm(page, received, truth(sheets["new"].size_mm, how)) < 0.33


# -- what is damaged says so, cell by cell


@pytest.mark.parametrize(("black", "wide"), [(True, 0.3), (True, 1.5), (False, 0.6), (False, 1.5)])
def test_cells_crossed_by_a_streak_are_not_for_a_machine(black: bool, wide: float, sheets: dict[str, Sheet]) -> None:
    x_mm = 103.4  # of the form; the page lies 2.5 mm further right on the line
    received = send(sheets["existing"], FaxPass(FINE, streaks=(Streak(x_mm + 2.5, wide, black),)), FaxPass(FINE))
    page = placed_page(fit_page(as_raster(received)))
    assert Fault.STREAKS in page.faults
    crossed = [row.dates[0].digits[0] for _, row in page.row_places()]
    assert all(page.cells[box].streak for box in crossed)
    spared = [row.dates[0].digits[4] for _, row in page.row_places()]
    assert all(page.cells[box].sound for box in spared)


def test_cells_with_lost_lines_in_them_are_not_for_a_machine(sheets: dict[str, Sheet]) -> None:
    how = FaxPass(FINE, lost=(LostLines(127.0, 8),))
    page = placed_page(fit_page(as_raster(send(sheets["existing"], how))))
    assert Fault.LINES_LOST in page.faults
    hurt = {number for number, row in page.row_places() if page.cells[row.dates[0].digits[0]].lines_lost}
    assert hurt == {3}


def test_a_page_that_lost_a_whole_row_of_lines_is_refused(sheets: dict[str, Sheet]) -> None:
    for y_mm in (60.0, 150.0):
        received = send(sheets["existing"], FaxPass(NORMAL, lost=(LostLines(y_mm, 50),)))
        assert Fault.BAD_FIT in refusal(fit_page(as_raster(received))).faults


# -- what must not be read


def test_a_page_of_another_edition_under_our_codes_is_refused(sheets: dict[str, Sheet]) -> None:
    for name, number in (("existing", 2), ("new", 1), ("post", 2)):
        text = PageCode(number, CODE.roster, 1, 1, 1).text(KEY)
        found = refusal(fit_page(as_raster(send(coded(sheets[name], text, text), FaxPass(FINE)))))
        assert Fault.NOT_THE_FORM in found.faults
        assert found.texts == (text,)


def test_an_edition_nobody_knows_is_said_to_be_one(fine: Sheet) -> None:
    found = refusal(fit_page(as_raster(fine), lambda _: None))
    assert found.faults == (Fault.UNKNOWN_EDITION,)
    assert [parse_page_code(text).edition for text in found.texts] == [1]


def test_codes_of_two_pages_on_one_are_refused(sheets: dict[str, Sheet]) -> None:
    other = PageCode(1, CODE.roster, 2, 2, 13).text(KEY)
    received = send(coded(sheets["existing"], CODE.text(KEY), other), FaxPass(FINE))
    found = refusal(fit_page(as_raster(received)))
    assert found.faults == (Fault.CODES_DISAGREE,)
    assert set(found.texts) == {CODE.text(KEY), other}


def test_a_foreign_code_is_never_ours(sheets: dict[str, Sheet]) -> None:
    foreign = coded(sheets["existing"], "https://example.jp/fax", "https://example.jp/fax")
    found = refusal(fit_page(as_raster(send(foreign, FaxPass(FINE)))))
    assert {Fault.NO_CODE, Fault.FOREIGN_CODE} <= set(found.faults)
    assert found.texts == ()


def test_a_code_whose_check_does_not_fit_is_never_ours(sheets: dict[str, Sheet]) -> None:
    text = CODE.text(KEY)
    wrong = text[:16] + ("00" if text[16:18] != "00" else "11") + text[18:]
    found = refusal(fit_page(as_raster(send(coded(sheets["existing"], wrong, wrong), FaxPass(FINE)))))
    assert Fault.BAD_CODE in found.faults


def test_a_copied_blank_without_codes_is_a_form_nobody_named(sheets: dict[str, Sheet]) -> None:
    received = send(whited(sheets["existing"], TOP_LEFT, BOTTOM_RIGHT), FaxPass(FINE, turned_deg=180))
    found = refusal(fit_page(as_raster(received)))
    assert (found.kind, found.faults, found.turned_deg) == (PageKind.FORM, (Fault.NO_CODE,), 180)


def test_a_person_can_name_a_page_without_codes(sheets: dict[str, Sheet]) -> None:
    received = send(whited(sheets["existing"], TOP_LEFT, BOTTOM_RIGHT), FaxPass(FINE, turned_deg=180, skew_deg=1.0))
    page = placed_page(fit_named(as_raster(received), CODE))
    assert (page.code, page.text, page.codes_found) == (CODE, "", 0)
    assert all(quality.sound for quality in page.cells.values())
    wrong = PageCode(2, CODE.roster, 1, 1, 1)
    assert Fault.NOT_THE_FORM in refusal(fit_named(as_raster(received), wrong)).faults


def test_our_codes_on_somebody_elses_page_are_refused(sheets: dict[str, Sheet]) -> None:
    empty = Sheet(np.full_like(sheets["existing"].gray, 255), sheets["existing"].per_mm)
    text = CODE.text(KEY)
    assert Fault.NOT_THE_FORM in refusal(fit_page(as_raster(coded(empty, text, text)))).faults


@pytest.mark.parametrize("moved_mm", [2.0, 4.0, 6.5, 9.0])
def test_a_table_moved_against_its_codes_is_never_read(moved_mm: float, sheets: dict[str, Sheet]) -> None:
    for name in ("existing", "new"):
        gray, per_mm = sheets[name].gray.copy(), sheets[name].per_mm
        part = slice(round(97 * per_mm[1]), round(255 * per_mm[1]))
        gray[part] = np.roll(gray[part], round(moved_mm * per_mm[1]), axis=0)
        found = fit_page(as_raster(send(Sheet(gray, per_mm), FaxPass(FINE))))
        if not isinstance(found, Unplaced):  # the line above the table stands where it belongs, the rows do not
            assert Fault.ROWS_UNCERTAIN in found.faults
            rows = [box for _, row in found.row_places() for date in row.dates for box in date.digits]
            assert not any(found.cells[box].sound for box in rows)


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"scale": (0.7, 0.7)}, Fault.BAD_SCALE),
        ({"scale": (0.75, 1.0)}, Fault.BAD_SCALE),
        ({"skew_deg": 7.0}, Fault.BAD_SKEW),
    ],
)
def test_what_no_fax_machine_does_is_refused(how: dict[str, Any], fault: Fault, sheets: dict[str, Sheet]) -> None:
    assert fault in refusal(fit_page(as_raster(send(sheets["existing"], FaxPass(FINE, **how))))).faults


def test_a_mirrored_page_is_refused(fine: Sheet) -> None:
    refusal(fit_page(as_raster(Sheet(np.ascontiguousarray(fine.gray[:, ::-1]), fine.per_mm))))


def test_empty_and_foreign_pages_are_told_apart() -> None:
    white = Sheet(np.full((2291, 1728), 255, dtype=np.uint8), (8.03, 7.72))
    assert refusal(fit_page(as_raster(white))).kind is PageKind.BLANK
    noise = np.random.default_rng(1).integers(0, 2, (1145, 1728), dtype=np.uint8) * 255
    assert refusal(fit_page(as_raster(Sheet(noise, (8.03, 3.86))))).kind is PageKind.FOREIGN


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (3, 5000), (199, 199), (200, 201)])
def test_pictures_of_any_size_are_survived(shape: tuple[int, int]) -> None:
    found = fit_pages(Raster(1, np.zeros(shape, dtype=np.uint8), None, None, (Fault.UNREADABLE,)))
    assert [type(one) for one in found] == [Unplaced]


def test_damage_to_the_file_never_moves_a_box_that_is_called_sound(normal: Sheet) -> None:
    whole = placed_page(fit_page(as_raster(normal)))
    for seed in range(6):
        rng = np.random.default_rng(seed)
        data = bytearray(as_pdf([normal], ("g3", "g4", "flate")[seed % 3]))
        at = int(rng.integers(1000, len(data) - 1500))
        data[at : at + 20] = rng.integers(0, 256, 20).astype(np.uint8).tobytes()
        for raster in rasters(bytes(data), sniff.PDF):
            for found in fit_pages(raster):
                if not isinstance(found, Unplaced):
                    assert found.code == whole.code
                    assert all(box in whole.cells for box in found.cells)


def test_every_known_edition_can_be_looked_up_by_its_number(fine: Sheet) -> None:
    page = placed_page(fit_page(as_raster(fine), geometry_of))
    assert page.edition.number == page.code.edition
