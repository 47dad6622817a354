"""Faxed and scanned pages are told by their codes; what stands in their cells is for a person."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.fax import FINE, NORMAL, FaxPass, Sheet, as_jpeg, as_pdf, as_png, as_tiff, fax, printed
from parsers.findings import PageKind, Problem
from parsers.reading import ReadingContext, read_file
from tests.fakes.rosters import KEY, roster_sheet

SHEET = roster_sheet(Course.WM_SKILL_UP, 14)
CODE = SHEET.roster.code


@pytest.fixture(scope="module")
def faxed() -> list[Sheet]:
    """Both pages of a roster, faxed out and back in fine mode."""
    pdf = TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(SHEET).pdf
    rng = np.random.default_rng(1)
    return [fax(fax(printed(pdf, n), FaxPass(FINE), rng), FaxPass(FINE), rng) for n in range(2)]


def test_a_faxed_tiff_names_its_pages(faxed: list[Sheet]) -> None:
    document = read_file("fax.tif", as_tiff(faxed), ReadingContext())
    assert [(p.kind, p.roster, p.sheet, p.sheets) for p in document.pages] == [
        (PageKind.FORM, CODE, 1, 2),
        (PageKind.FORM, CODE, 2, 2),
    ]
    assert all(p.fit_error_mm is not None and p.fit_error_mm < 0.5 for p in document.pages)
    (note,) = document.problems
    assert note.code is Problem.IMAGE_NOT_READ
    assert CODE in note.detail


@pytest.mark.parametrize("container", ["pdf", "png", "upside-down"])
def test_other_containers_and_orientations_are_told_too(faxed: list[Sheet], container: str) -> None:
    if container == "png":
        data = as_png(faxed[0])
    elif container == "pdf":
        data = as_pdf([faxed[0]])
    else:
        turned = Sheet(np.ascontiguousarray(faxed[0].gray[::-1, ::-1]), faxed[0].per_mm)
        data = as_tiff([turned])
    (page,) = read_file(f"fax.{container}", data, ReadingContext()).pages
    assert (page.kind, page.roster) == (PageKind.FORM, CODE)
    assert page.turned_deg == (180 if container == "upside-down" else 0)


def test_a_picture_of_something_else_is_never_ours() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 255, (1200, 900), dtype=np.uint8)
    document = read_file("photo.jpg", as_jpeg(noise), ReadingContext())
    assert [p.roster for p in document.pages] == [None]
    assert [n.code for n in document.problems] == [Problem.IMAGE_NOT_READ]


def test_a_picture_never_yields_a_value(faxed: list[Sheet]) -> None:
    rng = np.random.default_rng(3)
    again = fax(faxed[0], FaxPass(NORMAL), rng)
    assert read_file("fax.tif", as_tiff([again]), ReadingContext()).findings == ()
