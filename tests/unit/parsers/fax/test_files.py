"""Files as gateways, scanners and phones make them: what is in them is found, whatever its order and company."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.simulation.fax import (
    FINE,
    NORMAL,
    FaxPass,
    Photo,
    Sheet,
    as_jpeg,
    as_pdf,
    as_png,
    as_tiff,
    photograph,
    printed,
)
from parsers import sniff
from parsers.codes import seal_fits
from parsers.fax.faults import Fault
from parsers.fax.fit import fit_pages
from parsers.fax.page import FittedPage
from parsers.fax.raster import rasters
from tests.fakes.faxes import send
from tests.fakes.pdfs import set_page
from tests.fakes.rosters import KEY

EMPTY = Sheet(np.full((2291, 1728), 255, dtype=np.uint8), (8.0315, 7.717))


def told(data: bytes) -> list[tuple[int, str]]:
    """Page of the file, and what is on it: edition and page of the roster, or what else it is."""
    out = []
    for raster in rasters(data, sniff.sniff(data)):
        for found in fit_pages(raster):
            ours = isinstance(found, FittedPage)
            out.append((found.page, f"{found.edition.name} {found.code.page}" if ours else found.kind.value))
    return out


@pytest.fixture(scope="module")
def pages(sheets: dict[str, Sheet], second_page: Sheet) -> dict[str, Sheet]:
    """One fax of everything an office sends: pages of three rosters and what lies between them."""
    letter = printed(set_page("#pad(25mm)[送付状 \\ 受講者名簿を返送いたします。 \\ 全５枚（本状を含む）]"), dpi=300)
    return {
        "cover": send(letter, FaxPass(NORMAL)),
        "second": send(second_page, FaxPass(NORMAL), FaxPass(NORMAL, turned_deg=180)),
        "empty": EMPTY,
        "post": send(sheets["post"], FaxPass(FINE)),
        "first": send(sheets["existing"], FaxPass(FINE), FaxPass(FINE, skew_deg=-2.0, scale=(0.92, 0.92))),
        "new": send(sheets["new"], FaxPass(NORMAL, header="2026-04-03 09:12  FROM 045-000-1234  P.005/005")),
    }


EXPECTED = ["foreign", "pre-existing-id/1 2", "blank", "post/1 1", "pre-existing-id/1 1", "pre-new-id/1 1"]


@pytest.mark.parametrize("kind", ["g3", "g4"])
def test_rosters_out_of_order_between_covers_and_empty_pages_are_all_found(kind: str, pages: dict[str, Sheet]) -> None:
    for pack in (as_tiff, as_pdf):
        assert told(pack(list(pages.values()), kind)) == list(enumerate(EXPECTED, start=1))


def test_every_container_shows_the_same_page(pages: dict[str, Sheet]) -> None:
    page, expected = pages["post"], [(1, "post/1 1")]
    for kind in ("g3", "g3-2d", "g4", "jbig2", "jpeg", "flate"):
        assert told(as_pdf([page], kind)) == expected
    for turned in (90, 180, 270):
        assert told(as_pdf([page], turned_deg=turned, inverted=True, claim="wrong")) == expected
    assert told(as_pdf([page], strips=7, claim="missing")) == expected
    assert told(as_tiff([page], "g3", lsb_first=True, strip_rows=100, claim="missing")) == expected
    assert told(as_png(page, claim="wrong")) == expected
    assert told(as_jpeg(page.gray, turned=3)) == expected


def test_a_photograph_is_turned_as_the_phone_says_and_straightened(sheets: dict[str, Sheet]) -> None:
    picture = photograph(sheets["existing"], Photo(tilt=0.02, turned_deg=-3.0), np.random.default_rng(11))
    lying = np.ascontiguousarray(np.rot90(picture))
    (raster,) = rasters(as_jpeg(lying, turned=6, dpi=(72, 72)), sniff.JPEG)
    (page,) = fit_pages(raster)
    assert isinstance(page, FittedPage)
    assert page.turned_deg == 0
    assert (page.code.page, page.rows) == (1, 12)


def test_an_a3_copy_of_two_pages_is_two_pages(sheets: dict[str, Sheet], second_page: Sheet) -> None:
    both = Sheet(np.hstack([sheets["existing"].gray, second_page.gray]), second_page.per_mm)
    lying = Sheet(np.ascontiguousarray(np.rot90(both.gray)), both.per_mm)
    for page in (both, lying):
        assert sorted(told(as_png(page))) == [(1, "pre-existing-id/1 1"), (1, "pre-existing-id/1 2")]


def test_bytes_decide_and_not_what_somebody_declared(pages: dict[str, Sheet]) -> None:
    assert sniff.sniff(as_tiff([pages["first"]])) == sniff.TIFF
    assert sniff.sniff(as_pdf([pages["first"]])) == sniff.PDF
    assert sniff.sniff(b"\r\n\r\n" + as_pdf([pages["first"]])) == sniff.PDF


def test_a_page_of_another_house_is_not_ours_by_its_seal(pages: dict[str, Sheet]) -> None:
    (raster,) = rasters(as_tiff([pages["first"]]), sniff.TIFF)
    (page,) = fit_pages(raster)
    assert isinstance(page, FittedPage)
    assert seal_fits(page.text, KEY)
    assert not seal_fits(page.text, b"the key of another house")
    assert Fault.ONE_CODE_LOST not in page.faults
