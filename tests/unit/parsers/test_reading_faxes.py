"""Faxed, scanned and photographed pages from bytes to findings, with the readers this version ships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.fax import FINE, NORMAL, FaxPass, Sheet, as_jpeg, as_pdf, as_png, as_tiff, fax, printed, write
from daemon.simulation.fax.hand import draw_hand, neat_hand
from daemon.simulation.fax.penwork import PLAIN, Entry, Filling, Way, fill
from parsers.fax.geometry import FormGeometry, geometry_of
from parsers.findings import Decision, Document, Field, Finding, PageKind, Problem
from parsers.forms import PRE_EXISTING_ID
from parsers.reading import ReadingContext, read_file
from tests.fakes.rosters import KEY, roster_sheet
from tests.fakes.tables import as_docx, word_paragraph
from tests.unit.parsers.test_unpacking import packed

SHEET = roster_sheet(Course.WM_SKILL_UP, 14)
CODE = SHEET.roster.code
FIELD = Field.CONCURRENT_REGISTERED_ON
DAYS = [dt.date(2026, 3, 12) + dt.timedelta(days=2 * n) for n in range(12)]


@pytest.fixture(scope="module")
def paper() -> list[Sheet]:
    """Both pages of a roster with 14 rows."""
    pdf = TypstDocuments(KEY, data_path("mail_templates") / "forms").roster(SHEET).pdf
    return [printed(pdf, n, dpi=300) for n in range(2)]


@pytest.fixture(scope="module")
def geometry() -> FormGeometry:
    found = geometry_of(PRE_EXISTING_ID.number)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def filled(paper: list[Sheet], geometry: FormGeometry) -> Sheet:
    """The first page with a day in every row, by a neat hand."""
    dates = {(n, FIELD): Entry(Way.DATE, day) for n, day in enumerate(DAYS)}
    return write(paper[0], fill(geometry, Filling(dates), neat_hand(), np.random.default_rng(1)))


def sent(sheet: Sheet, *passes: FaxPass, seed: int = 1) -> Sheet:
    rng = np.random.default_rng(seed)
    for how in passes:
        sheet = fax(sheet, how, rng)
    return sheet


def read(data: bytes, name: str = "fax.tif") -> Document:
    return read_file(name, data, ReadingContext())


def by_row(document: Document) -> dict[int | None, Finding]:
    return {f.row: f for f in document.findings if f.field is FIELD}


@pytest.mark.parametrize("dpi", [FINE, NORMAL])
def test_every_date_of_a_page_faxed_twice_is_read(filled: Sheet, dpi: tuple[float, float]) -> None:
    document = read(as_tiff([sent(filled, FaxPass(dpi), FaxPass(dpi, skew_deg=0.6, scale=(0.97, 0.965)))]))
    found = by_row(document)
    assert [found[n + 1].value for n in range(12)] == [day.isoformat() for day in DAYS]
    assert {f.decision for f in document.findings} == {Decision.ACCEPT}
    assert all(0.99 < f.confidence < 1 for f in document.findings)
    assert document.problems == ()
    shown = {picture.sha256 for picture in document.pictures}
    assert all(f.evidence.crop_sha256 in shown and f.evidence.page_sha256 for f in document.findings)
    assert found[1].evidence.readers == ("080312", "080312")


def test_pages_out_of_order_are_read_by_what_they_say(paper: list[Sheet], filled: Sheet) -> None:
    passes = (FaxPass(FINE), FaxPass(FINE))
    document = read(as_tiff([sent(paper[1], *passes), sent(filled, *passes)]))
    assert [(p.kind, p.roster, p.sheet, p.sheets) for p in document.pages] == [
        (PageKind.FORM, CODE, 2, 2),
        (PageKind.FORM, CODE, 1, 2),
    ]
    assert all(p.fit_error_mm is not None and p.fit_error_mm < 0.5 for p in document.pages)
    found = by_row(document)
    assert sorted(n for n in found if n) == list(range(1, 15))
    assert (found[13].decision, found[13].evidence.crop_sha256) == (Decision.EMPTY, "")
    assert found[12].value == DAYS[11].isoformat()


@pytest.mark.parametrize("container", ["pdf", "png", "upside-down"])
def test_container_and_orientation_change_nothing(filled: Sheet, container: str) -> None:
    faxed = sent(filled, FaxPass(FINE), FaxPass(FINE))
    if container == "png":
        data = as_png(faxed)
    elif container == "pdf":
        data = as_pdf([faxed])
    else:
        data = as_tiff([Sheet(np.ascontiguousarray(faxed.gray[::-1, ::-1]), faxed.per_mm)])
    document = read(data, f"fax.{container}")
    (page,) = document.pages
    assert (page.kind, page.roster) == (PageKind.FORM, CODE)
    assert page.turned_deg == (180 if container == "upside-down" else 0)
    assert [f.value for f in document.findings] == [day.isoformat() for day in DAYS]


def test_the_same_page_has_the_same_hash_in_every_container(filled: Sheet) -> None:
    faxed = sent(filled, FaxPass(FINE))
    hashes = {read(data).findings[0].evidence.page_sha256 for data in (as_tiff([faxed]), as_png(faxed))}
    assert len(hashes) == 1


@pytest.mark.parametrize("way", sorted(set(Way) - PLAIN))
@pytest.mark.parametrize("dpi", [FINE, NORMAL])
def test_what_only_a_person_may_read_is_never_a_date(
    paper: list[Sheet], geometry: FormGeometry, way: Way, dpi: tuple[float, float]
) -> None:
    rng = np.random.default_rng([7, list(Way).index(way)])
    entries = [Entry(way, day, day + dt.timedelta(days=3), "手続中") for day in DAYS]
    dates = {(n, FIELD): entry for n, entry in enumerate(entries)}
    sheet = write(paper[0], fill(geometry, Filling(dates), draw_hand(rng), rng))
    found = read(as_tiff([sent(sheet, FaxPass(dpi), FaxPass(dpi))])).findings
    assert len(found) == 12
    assert {f.decision for f in found} == {Decision.REVIEW}
    assert not any(f.value for f in found)
    assert all(f.evidence.crop_sha256 for f in found)


def test_no_other_hand_is_ever_read_wrong(paper: list[Sheet], geometry: FormGeometry) -> None:
    accepted = 0
    for seed in range(6):
        rng = np.random.default_rng([11, seed])
        ways: Sequence[Way] = sorted(PLAIN)
        entries = [Entry(ways[int(rng.integers(len(ways)))], day) for day in DAYS]
        sheet = write(paper[0], fill(geometry, Filling(dict(enumerate_fields(entries))), draw_hand(rng), rng))
        for dpi in (FINE, NORMAL):
            found = by_row(read(as_tiff([sent(sheet, FaxPass(dpi), FaxPass(dpi, skew_deg=-0.5), seed=seed)])))
            values = [(found[n + 1].value, day.isoformat()) for n, day in enumerate(DAYS)]
            assert all(value in {None, day} for value, day in values)
            accepted += sum(value is not None for value, _ in values)
    assert accepted >= 0.9 * 6 * 2 * 12


def enumerate_fields(entries: Sequence[Entry]) -> list[tuple[tuple[int, Field], Entry]]:
    return [((n, FIELD), entry) for n, entry in enumerate(entries)]


def test_a_picture_of_something_else_is_never_ours() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 255, (1200, 900), dtype=np.uint8)
    document = read(as_jpeg(noise), "photo.jpg")
    assert [p.roster for p in document.pages] == [None]
    assert [n.code for n in document.problems] == [Problem.IMAGE_NOT_READ]


def test_a_window_objects_to_what_was_read_and_offers_it_to_nobody(filled: Sheet) -> None:
    window = ReadingContext(received_on=DAYS[5], not_before_on=DAYS[2])
    found = by_row(read_file("fax.tif", as_tiff([sent(filled, FaxPass(FINE))]), window))
    assert [found[n].decision for n in (1, 3, 6, 7)] == [
        Decision.REVIEW,
        Decision.ACCEPT,
        Decision.ACCEPT,
        Decision.REVIEW,
    ]
    assert (found[1].problems, found[7].problems) == ((Problem.BEFORE_DISPATCH,), (Problem.AFTER_RECEIPT,))


def test_the_first_day_of_a_roster_stands_for_its_pages(filled: Sheet) -> None:
    data = as_tiff([sent(filled, FaxPass(FINE))])
    own = ReadingContext(received_on=DAYS[11], not_before_on=DAYS[0], first_days=((CODE, DAYS[4]),))
    other = ReadingContext(received_on=DAYS[11], not_before_on=DAYS[0], first_days=(("0000000000", DAYS[4]),))
    assert by_row(read_file("fax.tif", data, own))[2].problems == (Problem.BEFORE_DISPATCH,)
    assert by_row(read_file("fax.tif", data, other))[2].value == DAYS[1].isoformat()


def test_a_blank_sheet_of_ours_says_nothing(paper: list[Sheet]) -> None:
    document = read(as_tiff([sent(paper[0], FaxPass(NORMAL), FaxPass(NORMAL))]))
    assert {f.decision for f in document.findings} == {Decision.EMPTY}
    assert document.problems == ()
    assert document.pictures == ()


def test_a_form_of_an_unknown_edition_is_told_as_such(filled: Sheet) -> None:
    faxed = sent(filled, FaxPass(FINE))
    half = replace(faxed, gray=np.ascontiguousarray(faxed.gray[: faxed.gray.shape[0] // 3]))
    document = read(as_tiff([half]))
    assert document.findings == ()
    assert document.problems


def test_a_scan_pasted_into_a_word_document_and_one_in_an_archive_are_read_as_pages(filled: Sheet) -> None:
    page = as_png(filled)
    word = as_docx(word_paragraph("スキャンしました"), relations={"media/image1.png": ("image", page)})
    for data, part in ((word, "1/image1.png"), (packed(("返送.docx", word)), "1/返送.docx/1/image1.png")):
        document = read(data, "返送")
        assert {f.evidence.part for f in document.findings} == {part}
        assert [by_row(document)[n + 1].value for n in range(12)] == [day.isoformat() for day in DAYS]
        assert document.problems == ()
