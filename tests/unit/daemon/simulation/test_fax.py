"""The simulated fax network: same seed, same pixels; every impairment does what it says and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from daemon.simulation.fax import (
    FINE,
    NORMAL,
    FaxPass,
    LostLines,
    Photo,
    Sheet,
    Stamp,
    Streak,
    Stroke,
    Weather,
    as_tiff,
    draw_passes,
    fax,
    photograph,
    placed,
    write,
)

QUIET = FaxPass(FINE, noise=0.0, uneven=0.0, gain_mm=0.0)


def paper(wide_mm: float = 210.0, tall_mm: float = 100.0, per_mm: float = 12.0) -> Sheet:
    return Sheet(np.full((round(tall_mm * per_mm), round(wide_mm * per_mm)), 255, dtype=np.uint8), (per_mm, per_mm))


def square(x: float, y: float, side: float = 10.0) -> Stamp:
    return Stamp(np.zeros((1, 1), dtype=np.uint8), (x, y, side, side))


def centre_mm(sheet: Sheet) -> tuple[float, float]:
    ink = (255 - sheet.gray).astype(float)
    x = ink.sum(axis=0) @ (np.arange(ink.shape[1]) + 0.5) / ink.sum() / sheet.per_mm[0]
    y = ink.sum(axis=1) @ (np.arange(ink.shape[0]) + 0.5) / ink.sum() / sheet.per_mm[1]
    return float(x), float(y)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_same_seed_makes_the_same_page() -> None:
    sheet = write(paper(), [square(50, 50)])
    pages = []
    for _ in range(2):
        dice = rng(7)
        page = sheet
        for how in draw_passes(dice, (NORMAL, FINE), Weather(streak=1.0, lost=1.0, cut=1.0)):
            page = fax(page, how, dice)
        pages.append(page.gray)
    assert np.array_equal(*pages)


def test_a_received_page_is_two_toned_and_as_wide_as_a_line() -> None:
    page = fax(write(paper(), [square(50, 50)]), FaxPass(NORMAL), rng())
    assert set(np.unique(page.gray)) == {0, 255}
    assert page.gray.shape == (386, 1728)
    assert page.dpi == pytest.approx(NORMAL)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_what_is_on_the_sheet_goes_where_the_matrix_says(turned: int) -> None:
    how = FaxPass(FINE, scale=(0.95, 1.02), skew_deg=1.5, shift_mm=(1.0, 2.0), turned_deg=turned, noise=0, uneven=0)
    sheet = write(paper(190.0, 120.0), [square(80, 60)])
    x, y, _ = placed(sheet.size_mm, how) @ np.array([85.0, 65.0, 1.0])
    assert centre_mm(fax(sheet, how, rng())) == pytest.approx((x, y), abs=0.06)


def test_a_patch_keeps_its_size() -> None:
    page = fax(paper(20, 15), FaxPass(FINE, whole_line=False), rng())
    assert page.size_mm == pytest.approx((20, 15), abs=0.2)


def test_ink_spreads_by_its_gain() -> None:
    sheet = write(paper(40, 40), [square(10, 10, 20)])
    for gain in (0.0, 0.08):
        page = fax(sheet, FaxPass(FINE, gain_mm=gain, noise=0, uneven=0, whole_line=False), rng())
        side = np.sqrt((page.gray == 0).sum() / page.per_mm[0] / page.per_mm[1])
        assert side == pytest.approx(20 + 2 * gain, abs=0.07)


def test_streaks_run_along_the_whole_page() -> None:
    black = fax(paper(), FaxPass(FINE, streaks=(Streak(100.0, 0.5),), noise=0, uneven=0), rng())
    columns = np.flatnonzero((black.gray == 0).all(axis=0))
    assert columns.size == 4
    dark = write(paper(), [Stamp(np.zeros((1, 1), dtype=np.uint8), (0, 0, 210, 100))])
    white = fax(dark, FaxPass(FINE, streaks=(Streak(100.0, 0.5, black=False),), noise=0, uneven=0), rng())
    assert (white.gray[100:700, columns] == 255).all()


def test_lost_lines_shorten_the_page_and_repeated_ones_do_not() -> None:
    whole = fax(write(paper(), [square(50, 50)]), QUIET, rng())
    for repeated, lines in ((False, len(whole.gray) - 12), (True, len(whole.gray))):
        how = FaxPass(FINE, noise=0.0, uneven=0.0, gain_mm=0.0, lost=(LostLines(52.0, 12, repeated),))
        page = fax(write(paper(), [square(50, 50)]), how, rng())
        assert len(page.gray) == lines


def test_header_lines_are_printed_over_the_top_or_above_it() -> None:
    over = fax(paper(), FaxPass(FINE, header="FROM 03-0000-0000", noise=0, uneven=0), rng())
    above = fax(paper(), FaxPass(FINE, header="FROM 03-0000-0000", header_pushes=True, noise=0, uneven=0), rng())
    assert (over.gray[:40] == 0).any()
    assert len(above.gray) > len(over.gray)


def test_cut_edges_and_folded_corners_are_white() -> None:
    dark = Sheet(np.zeros((1200, 2520), dtype=np.uint8), (12.0, 12.0))
    page = fax(dark, FaxPass(FINE, cut_mm=(10, 5, 0, 20), folded_mm=(0, 30, 0, 0), noise=0, uneven=0), rng())
    assert (page.gray[:, :78] == 255).all()
    assert (page.gray[:36] == 255).all()
    assert page.size_mm[1] == pytest.approx(80, abs=0.2)
    assert page.gray[60, -40] == 255


def test_strokes_and_stamps_only_darken_and_leave_the_sheet_alone() -> None:
    sheet = paper(60, 60)
    marked = write(sheet, [Stroke([(10, 10), (50, 50)], 1.0), Stroke([(30, 30)], 2.0), square(-5, 55)])
    assert (sheet.gray == 255).all()
    assert (marked.gray <= sheet.gray).all()
    assert marked.gray[30 * 12, 30 * 12] == 0
    assert write(sheet, [Stroke([(500, 500), (600, 600)])]).gray.min() == 255


def test_a_photograph_has_a_table_around_the_sheet() -> None:
    picture = photograph(paper(210, 297, 4.0), Photo(size_px=(600, 800)), rng())
    assert picture.shape == (800, 600)
    assert picture[3, 3] < picture[400, 300]


def test_the_bit_order_is_written_where_it_exists_and_refused_elsewhere() -> None:
    page = fax(paper(60, 20), QUIET, rng())
    with Image.open(io.BytesIO(as_tiff([page], "g4", lsb_first=True))) as opened:
        assert opened.tag_v2[266] == 2
    with pytest.raises(ValueError, match="raw"):
        as_tiff([page], "raw", lsb_first=True)
