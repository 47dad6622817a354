"""Printed names are read back after two passes: a second proof that the rows of a page are the rows of the register."""

import numpy as np
import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.ports import RosterSheet
from daemon.simulation.fax import FINE, NORMAL, FaxPass, fax, printed
from parsers.fax.fit import fit_page
from parsers.fax.glyphs import read_glyphs
from parsers.fax.names import ReadName, names_of, read_names
from parsers.fax.page import FittedPage, Raster
from parsers.names import UNKNOWN_GLYPH, reads_as
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

SHEETS = {"existing": roster_sheet(), "new": roster_sheet(Course.BEGINNER), "post": post_sheet()}
LATIN = "Alexandra Montgomery-Fitzgerald"
WRAPPED = "グェン・ティ・フォン・アイン・マリア"


def faxed(sheet: RosterSheet, resolution: tuple[float, float], passes: int = 2) -> FittedPage:
    paper = printed(TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(sheet).pdf, dpi=300)
    rng = np.random.default_rng(8)
    for _ in range(passes):
        paper = fax(paper, FaxPass(resolution, scale=(0.98, 0.98), skew_deg=0.3, noise=0.02), rng)
    page = fit_page(Raster(1, paper.gray, *paper.dpi))
    assert isinstance(page, FittedPage)
    return page


@pytest.fixture(scope="module", params=["existing", "new", "post"])
def printed_and_page(request: pytest.FixtureRequest) -> tuple[RosterSheet, FittedPage]:
    sheet = SHEETS[request.param]
    return sheet, faxed(sheet, FINE)


@pytest.fixture(scope="module")
def existing() -> FittedPage:
    return faxed(SHEETS["existing"], FINE)


def names_on(sheet: RosterSheet) -> dict[int, str]:
    return {(p.post_row or p.row): p.name for p in sheet.rows}


def test_names_of_every_edition_read_as_they_were_printed(printed_and_page: tuple[RosterSheet, FittedPage]) -> None:
    sheet, page = printed_and_page
    read = names_of(page)
    expected = names_on(sheet)
    assert read.keys() == {number for number, _ in page.row_places()}
    wrong = {n: (read[n].text, expected[n]) for n in read if not reads_as(read[n].text, expected[n])}
    assert {n: pair for n, pair in wrong.items() if pair[1] not in {LATIN, WRAPPED}} == {}


def test_no_name_reads_as_that_of_the_row_below(printed_and_page: tuple[RosterSheet, FittedPage]) -> None:
    sheet, page = printed_and_page
    expected = names_on(sheet)
    for number, name in names_of(page).items():
        assert not reads_as(name.text, expected.get(number + 1, ""))


def test_normal_mode_is_enough() -> None:
    sheet = SHEETS["existing"]
    read = names_of(faxed(sheet, NORMAL))
    right = [n for n, name in read.items() if reads_as(name.text, names_on(sheet)[n])]
    assert len(right) >= len(read) - 2  # those two


@pytest.mark.parametrize("name", [LATIN, WRAPPED])
def test_the_general_ocr_helps_with_what_is_not_set_in_squares(existing: FittedPage, name: str) -> None:
    row = next(n for n, printed_name in names_on(SHEETS["existing"]).items() if printed_name == name)
    (alone,) = names_of(existing, [row]).values()
    (helped,) = names_of(existing, [row], thorough=True).values()
    assert alone.foreign
    assert reads_as(helped.text, name), helped


def test_an_empty_cell_holds_no_name() -> None:
    assert read_names([np.full((104, 416), 255, dtype=np.uint8)]) == [ReadName("", 0.0)]


def test_a_blot_is_no_glyph() -> None:
    rng = np.random.default_rng(1)
    blot = np.where(rng.random((24, 24)) < 0.5, 0, 255).astype(np.uint8)
    assert read_glyphs([blot])[0].text == UNKNOWN_GLYPH
    assert read_glyphs([]) == []
