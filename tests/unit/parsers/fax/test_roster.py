"""A placed page becomes findings; the digits are read by a stand-in, everything else by the program."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.fax import FINE, NORMAL, FaxPass, Sheet, Stroke, as_tiff, fax, printed, write
from parsers.fax import cells
from parsers.fax.digits import BoxReading, DigitReader
from parsers.fax.evidence import Album
from parsers.fax.fit import fit_page
from parsers.fax.geometry import FormGeometry, geometry_of
from parsers.fax.network import BLANK
from parsers.fax.page import FittedPage
from parsers.fax.raster import rasters
from parsers.fax.roster import read_fitted
from parsers.findings import Box, Decision, Field, Finding, Problem
from parsers.forms import POST, PRE_EXISTING_ID
from parsers.reading import ReadingContext
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

FIELD = Field.CONCURRENT_REGISTERED_ON


class StandIn(DigitReader):
    """Tells empty boxes from others as the real one does; whatever is written is the digit of its place in 080401."""

    def __init__(self) -> None:
        self.accepts = 0.99

    def read(self, crops: np.ndarray) -> list[BoxReading]:
        found = []
        for index, crop in enumerate(crops):
            digit = int("080401"[index % 6])
            if cells.is_blank(crop):
                found.append(BoxReading(True, None, 1.0, BLANK, BLANK))
            else:
                found.append(BoxReading(False, digit, 0.9999, digit, digit, (digit,)))
        return found


@pytest.fixture(scope="module")
def paper() -> tuple[Sheet, FormGeometry]:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    geometry = geometry_of(PRE_EXISTING_ID.number)
    assert geometry is not None
    return printed(documents.roster(roster_sheet(Course.WM_SKILL_UP, 12)).pdf, dpi=300), geometry


def ring(box: Box) -> Stroke:
    """A zero."""
    turn = np.linspace(0, 2 * np.pi, 20)
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return Stroke([(float(x + 1.6 * np.cos(a)), float(y + 2.6 * np.sin(a))) for a in turn])


def check(box: Box) -> Stroke:
    """A tick."""
    x, y, w, h = box
    return Stroke([(x + 1, y + h / 2), (x + w / 2 - 0.3, y + h - 1), (x + w - 0.8, y + 0.9)])


def returned(paper: Sheet, strokes: Sequence[Stroke], dpi: tuple[float, float] = FINE) -> FittedPage:
    sheet = write(paper, strokes)
    for seed in (1, 2):
        sheet = fax(sheet, FaxPass(dpi=dpi, skew_deg=0.4, scale=(0.98, 0.975)), np.random.default_rng(seed))
    found = fit_page(next(iter(rasters(as_tiff([sheet]), "image/tiff"))))
    assert isinstance(found, FittedPage)
    return found


def read(page: FittedPage) -> dict[tuple[int | None, Field], Finding]:
    reading = read_fitted(Album(page), ReadingContext(), reader=StandIn())
    return {(f.row, f.field): f for f in reading.findings}


@pytest.mark.parametrize("dpi", [FINE, NORMAL])
def test_a_sheet_nobody_wrote_on_is_empty_in_every_row(
    paper: tuple[Sheet, FormGeometry], dpi: tuple[float, float]
) -> None:
    found = read(returned(paper[0], [], dpi))
    assert len(found) == 12
    assert {f.decision for f in found.values()} == {Decision.EMPTY}


@pytest.mark.parametrize("dpi", [FINE, NORMAL])
def test_a_date_in_the_boxes_is_read_where_it_stands(
    paper: tuple[Sheet, FormGeometry], dpi: tuple[float, float]
) -> None:
    sheet, geometry = paper
    place = geometry.rows[4].dates[0]
    found = read(returned(sheet, [ring(box) for box in place.digits], dpi))
    finding = found[5, FIELD]
    assert (finding.value, finding.decision, finding.problems) == ("2026-04-01", Decision.ACCEPT, ())
    assert finding.evidence.box_mm is not None
    assert finding.evidence.box_mm[:2] == place.digits[0][:2]
    assert finding.evidence.readers == ("080401", "080401")
    assert [f.decision for f in found.values()].count(Decision.EMPTY) == 11


def test_the_line_all_on_one_day_stands_for_the_empty_rows_only(paper: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = paper
    line = geometry.same_day[0]
    strokes = [check(line.tick), *(ring(b) for b in line.digits), check(geometry.rows[2].not_applicable)]
    found = read(returned(sheet, strokes))
    assert found[1, FIELD].value == "2026-04-01"
    assert found[1, FIELD].problems == (Problem.DITTO,)
    assert found[3, FIELD].decision is Decision.EMPTY
    assert (found[3, Field.NOT_APPLICABLE].value, found[3, Field.NOT_APPLICABLE].decision) == ("true", Decision.ACCEPT)


def test_a_date_for_all_without_its_tick_is_for_a_person(paper: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = paper
    finding = read(returned(sheet, [ring(b) for b in geometry.same_day[0].digits]))[1, FIELD]
    assert (finding.decision, finding.value, finding.problems) == (Decision.REVIEW, None, (Problem.DITTO_UNRESOLVED,))
    assert finding.candidates == ("2026-04-01",)


def test_a_tick_for_all_without_a_date_is_for_a_person(paper: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = paper
    finding = read(returned(sheet, [check(geometry.same_day[0].tick)]))[1, FIELD]
    assert (finding.decision, finding.problems) == (Decision.REVIEW, (Problem.DONE_WITHOUT_DATE,))


def test_a_line_through_the_boxes_spoils_the_date(paper: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = paper
    boxes = geometry.rows[0].dates[0].digits
    across = Stroke([(boxes[0][0] - 1, boxes[0][1] + 4.5), (boxes[5][0] + 8, boxes[0][1] + 4.2)])
    finding = read(returned(sheet, [*(ring(b) for b in boxes), across]))[1, FIELD]
    assert (finding.decision, finding.value) == (Decision.REVIEW, None)
    assert Problem.EXTRA_TEXT in finding.problems


def test_a_date_in_a_row_ticked_as_out_of_scope_is_for_a_person(paper: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = paper
    row = geometry.rows[0]
    finding = read(returned(sheet, [*(ring(b) for b in row.dates[0].digits), check(row.not_applicable)]))[1, FIELD]
    assert (finding.decision, finding.problems) == (Decision.REVIEW, (Problem.EXCLUSION_PROPOSED,))


def test_a_message_nothing_explains_holds_every_date_of_the_page(paper: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = paper
    x, y, _, _ = geometry.messages
    words = [Stroke([(x + 4, y + k), (x + 28, y + k + 1), (x + 6, y + k + 3)]) for k in (9, 13, 17)]
    finding = read(returned(sheet, [*(ring(b) for b in geometry.rows[0].dates[0].digits), *words]))[1, FIELD]
    assert (finding.decision, finding.problems) == (Decision.REVIEW, (Problem.EXTRA_TEXT,))


def test_every_finding_that_is_not_empty_has_its_picture(paper: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = paper
    page = returned(sheet, [ring(box) for box in geometry.rows[4].dates[0].digits])
    reading = read_fitted(Album(page, "2", "0" * 64), ReadingContext(), reader=StandIn())
    shown = {picture.sha256: picture.png for picture in reading.pictures}
    written = [f for f in reading.findings if f.decision is not Decision.EMPTY]
    assert [f.evidence.crop_sha256 in shown for f in written] == [True]
    assert not any(f.evidence.crop_sha256 for f in reading.findings if f.decision is Decision.EMPTY)
    assert written[0].evidence.page_sha256 == "0" * 64
    crop = cv2.imdecode(np.frombuffer(shown[written[0].evidence.crop_sha256], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert crop.shape == (104, 488)


def test_a_name_written_under_the_last_row_is_seen() -> None:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    sheet = printed(documents.roster(roster_sheet(Course.WM_SKILL_UP, 3)).pdf, dpi=300)
    geometry = geometry_of(PRE_EXISTING_ID.number)
    assert geometry is not None
    x, y, _, h = geometry.rows[3].box
    words = [Stroke([(x + 15 + k, y + 5), (x + 17 + k, y + h - 1), (x + 20 + k, y + 6)]) for k in (0, 7, 14)]
    added = read_fitted(Album(returned(sheet, words)), ReadingContext(), reader=StandIn())
    assert [note.code for note in added.notes] == [Problem.ROW_UNMATCHED]
    plain = read_fitted(Album(returned(sheet, [])), ReadingContext(), reader=StandIn())
    assert plain.notes == ()


@pytest.fixture(scope="module")
def post() -> tuple[Sheet, FormGeometry]:
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    geometry = geometry_of(POST.number)
    assert geometry is not None
    return printed(documents.roster(post_sheet(Course.WM_SKILL_UP, 4)).pdf, dpi=300), geometry


def test_ticks_are_read_and_words_are_for_a_person(post: tuple[Sheet, FormGeometry]) -> None:
    sheet, geometry = post
    one, two, three, four = (row.placement for row in geometry.rows[:4])
    assert one is not None and two is not None and three is not None and four is not None  # noqa: PT018
    x, y, _, h = two.destination
    words = [Stroke([(x + 3 + k, y + 2), (x + 5 + k, y + h - 2), (x + 7 + k, y + 2.5)]) for k in (0, 6, 12)]
    deleted = [ring(box) for box in geometry.rows[0].dates[0].digits]
    marks = [check(one.stays), *deleted, *words, check(three.reasons["retired"])]
    marks += [check(four.reasons["retired"]), check(four.reasons["other"])]
    found = read(returned(sheet, marks))
    stays, named = found[1, Field.DESTINATION], found[2, Field.DESTINATION]
    assert (stays.value, stays.decision) == ("stays", Decision.ACCEPT)
    assert found[1, Field.CONCURRENT_DELETED_ON].value == "2026-04-01"
    assert found[1, Field.ID_DELETED_ON].decision is Decision.EMPTY
    assert (named.value, named.decision, named.problems) == (None, Decision.REVIEW, (Problem.UNKNOWN_PLACE,))
    assert named.evidence.crop_sha256
    assert found[3, Field.NO_DESTINATION_REASON].value == "retired"
    several = found[4, Field.NO_DESTINATION_REASON]
    assert (several.decision, several.problems) == (Decision.REVIEW, (Problem.SEVERAL_CHOICES,))
    assert several.candidates == ("retired", "other")


def test_nothing_written_is_empty_everywhere(post: tuple[Sheet, FormGeometry]) -> None:
    found = read(returned(post[0], [], NORMAL))
    assert len(found) == 16
    assert {f.decision for f in found.values()} == {Decision.EMPTY}
