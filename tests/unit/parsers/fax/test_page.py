"""A cell cut out of a placed page shows its place on the form upright and at true scale."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.simulation.fax import FINE, NORMAL, FaxPass, Sheet, Stroke, write
from parsers.fax.fit import fit_page
from parsers.fax.page import FittedPage
from tests.fakes.faxes import as_raster, placed_page, send


@pytest.fixture(scope="module", params=[NORMAL, FINE], ids=["normal", "fine"])
def crossed(request: pytest.FixtureRequest, sheets: dict[str, Sheet]) -> FittedPage:
    """A page with a cross drawn in the middle of every box of row 5, faxed upside down and askew."""
    blank = placed_page(fit_page(as_raster(send(sheets["existing"], FaxPass(FINE)))))
    marks = []
    for x, y, w, h in blank.geometry.rows[4].dates[0].digits:
        cx, cy = x + w / 2, y + h / 2
        marks += [Stroke([(cx - 2, cy), (cx + 2, cy)], 0.6), Stroke([(cx, cy - 2), (cx, cy + 2)], 0.6)]
    how = FaxPass(request.param, skew_deg=1.5, scale=(0.96, 0.98), turned_deg=180)
    return placed_page(fit_page(as_raster(send(write(sheets["existing"], marks), how))))


def test_what_was_written_in_the_middle_is_in_the_middle_of_the_crop(crossed: FittedPage) -> None:
    for box in crossed.geometry.rows[4].dates[0].digits:
        crop = crossed.cell(box, margin_mm=-1.0, px_per_mm=10.0)
        ink = 255.0 - crop.pixels
        tall, wide = ink.shape
        assert (tall, wide) == (70, 50)
        x = ink.sum(axis=0) @ (np.arange(wide) + 0.5) / ink.sum() / 10
        y = ink.sum(axis=1) @ (np.arange(tall) + 0.5) / ink.sum() / 10
        assert (x, y) == pytest.approx((2.5, 3.5), abs=0.25)
        assert crop.quality.sound


def test_the_margin_shows_the_printed_borders(crossed: FittedPage) -> None:
    crop = crossed.cell(crossed.geometry.rows[7].dates[0].digits[2], margin_mm=1.0, px_per_mm=8.0)
    assert crop.pixels.shape == (88, 72)
    dark = crop.pixels < 128
    assert dark[16:72, 5:11].any(axis=1).mean() > 0.9
    assert dark[5:11, 16:56].any(axis=0).mean() > 0.9
    assert dark[20:68, 20:52].mean() < 0.02


def test_a_place_without_borders_moves_with_its_row(crossed: FittedPage) -> None:
    row = crossed.geometry.rows[4]
    crop = crossed.cell(row.name, margin_mm=0.0)
    assert crop.quality.borders == 0
    assert (crop.pixels < 128).mean() > 0.03


def test_finer_pictures_are_averaged_not_sampled(sheets: dict[str, Sheet]) -> None:
    page = placed_page(fit_page(as_raster(send(sheets["existing"], FaxPass((400, 400))))))
    crop = page.cell(page.geometry.rows[0].dates[0].digits[0], px_per_mm=4.0)
    assert len(np.unique(crop.pixels)) > 10


def test_the_page_is_shown_upright(crossed: FittedPage) -> None:
    upright = crossed.upright(px_per_mm=2.0)
    assert upright.shape == (594, 420)
    assert (upright[26:36, 16:26] < 128).mean() > 0.9  # the solid square at the top left
    assert upright[29:33, 397:401].mean() > 128  # the hollow one at the top right
