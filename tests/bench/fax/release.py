"""The self-test of the form editions: `make release-form`.

Each edition is printed full of rows, filled in by hand with every digit in every box, faxed two and three times in
normal and in fine mode, and must come back whole: named by its codes, turned, placed, all boxes where they are, the
digits as written. One neat hand writes, for it is the form that is tested and not the reader of hands.

What came of it goes to `mail_templates/forms/released.json`, together with what was tested; without that record nothing
is printed (`daemon.adapters.documents.released`). Exit code 1 when an edition fails.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.documents.released import RECORD, template_sha256
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.fax import FINE, NORMAL, Sheet, Weather, draw_passes, printed, write
from daemon.simulation.fax.hand import digit, neat_hand
from parsers.codes import PageCode, parse_page_code
from parsers.fax.cells import crops_of, strip_of
from parsers.fax.digits import digit_reader, stack
from parsers.fax.editions import GEOMETRIES
from parsers.fax.fit import fit_pages
from parsers.fax.geometry import FormGeometry, geometry_of
from parsers.fax.page import FittedPage, Raster
from parsers.findings import Box
from parsers.forms import EDITIONS, FormEdition
from tests.bench.fax.pages import errors_mm, sent
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

FORMS = Path(__file__).parents[3] / "mail_templates" / "forms"
ROUTES = {
    "2 × 204×98": (NORMAL,) * 2,
    "3 × 204×98": (NORMAL,) * 3,
    "2 × 204×196": (FINE,) * 2,
    "3 × 204×196": (FINE,) * 3,
}
PAGES = 10
HAND = neat_hand()
_ERROR_MOST_MM = 0.5
_SOUND_LEAST = 0.95
_CODES_LEAST = 0.9
"""Of the two copies on each page; one is enough to name it."""
_READ_LEAST = 0.95


@dataclass
class Result:
    """What became of the pages of one edition on one route."""

    pages: int = 0
    placed: int = 0
    """Found, turned and named rightly, with all rows."""
    codes: int = 0
    """Copies of the code that were read, two a page."""
    boxes: int = 0
    sound: int = 0
    """Boxes a machine may read."""
    box_error_mm: float = 0.0
    """The largest."""
    digits: int = 0
    """Written in sound boxes."""
    read: int = 0
    """Of them, those all readers read as they were written."""
    wrong: int = 0
    """Of them, those that would have been accepted as another digit."""

    @property
    def passed(self) -> bool:
        """Every page, nearly every box and digit, no box astray and no digit wrong."""
        return (
            self.placed == self.pages > 0
            and self.codes >= _CODES_LEAST * 2 * self.pages
            and self.sound >= _SOUND_LEAST * self.boxes
            and self.box_error_mm <= _ERROR_MOST_MM
            and self.read >= _READ_LEAST * self.digits > 0
            and not self.wrong
        )


@dataclass(frozen=True)
class Trial:
    """A page of an edition, printed."""

    sheet: Sheet
    code: PageCode
    geometry: FormGeometry
    results: dict[str, Result] = field(default_factory=dict)


def trial_of(edition: FormEdition) -> Trial:
    """A full first page."""
    make = post_sheet if edition.after_training else roster_sheet
    course = next((c for c in Course if c.edition == edition), Course.WM_SKILL_UP)
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms", on_trial=True)
    files = documents.roster(make(course, edition.rows_per_page))
    code = parse_page_code(files.manifest["pages"][0]["codes"][0]["text"])
    geometry = geometry_of(code.edition)
    if geometry is None:
        raise LookupError(f"no geometry of {edition.name}: python -m tests.fakes.form_geometry")
    return Trial(printed(files.pdf, dpi=300), code, geometry)


def filled(trial: Trial, number: int, rng: np.random.Generator) -> Sheet:
    """Every box holds a digit; over ten pages each box holds each of them."""
    marks = [stroke for box, value in written(trial.geometry, number) for stroke in digit(value, box, HAND, rng)]
    return write(trial.sheet, marks)


def written(geometry: FormGeometry, number: int) -> Iterator[tuple[Box, int]]:
    """Which digit stands where."""
    for lane, boxes in enumerate(_dates(geometry)):
        yield from ((box, (number + 7 * lane + index) % 10) for index, box in enumerate(boxes))


def _dates(geometry: FormGeometry) -> list[tuple[Box, ...]]:
    return [date.digits for row in geometry.rows for date in row.dates] + [same.digits for same in geometry.same_day]


def send(trial: Trial, route: str, number: int) -> None:
    """One page on its way, and what the reader makes of it."""
    result = trial.results.setdefault(route, Result())
    rng = np.random.default_rng([number, trial.code.edition, *map(ord, route)])
    passes = draw_passes(rng, ROUTES[route], Weather(scale=(0.97, 1.0)).calm())
    received, truth = sent(filled(trial, number, rng), passes, rng)
    found = fit_pages(Raster(1, received.gray, *received.dpi))
    result.pages += 1
    if len(found) == 1 and isinstance(found[0], FittedPage):
        _count(trial, result, found[0], errors_mm(found[0], truth, received.per_mm), number)


def _count(trial: Trial, result: Result, page: FittedPage, errors: np.ndarray, number: int) -> None:
    result.placed += page.code == trial.code and page.rows == len(trial.geometry.rows) and page.turned_deg == 0
    result.codes += page.codes_found
    result.boxes += len(page.cells)
    result.sound += sum(quality.sound for quality in page.cells.values())
    result.box_error_mm = max(result.box_error_mm, round(float(errors.max()), 3))
    reader, truth = digit_reader(), dict(written(trial.geometry, number))
    boxes = [box for date in _dates(trial.geometry) for box in date]
    crops = [crop for date in _dates(trial.geometry) for crop in crops_of(page, date, strip_of(page, date))]
    for box, said in zip(boxes, reader.read(stack(crops)), strict=True):
        if page.cells[box].sound:
            result.digits += 1
            result.read += said.digit == truth[box]
            result.wrong += said.digit not in {None, truth[box]} and said.sure >= reader.accepts


def geometry_sha256(edition: str) -> str:
    """Of the numbers the reader goes by."""
    return sha256(json.dumps(GEOMETRIES[edition], sort_keys=True).encode()).hexdigest()


def entry_of(edition: FormEdition, results: Mapping[str, Result]) -> dict[str, Any]:
    """What the record says of an edition."""
    return {
        "template_sha256": template_sha256(FORMS, edition.name),
        "geometry_sha256": geometry_sha256(edition.name),
        "routes": {route: asdict(result) for route, result in results.items()},
        "passed": set(results) == set(ROUTES) and all(result.passed for result in results.values()),
    }


def main() -> int:
    """Test every edition, or the ones named; write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("editions", nargs="*", default=list(EDITIONS))
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    path = FORMS / RECORD
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in chosen.editions:
        trial = trial_of(EDITIONS[name])
        for route in ROUTES:
            for number in range(PAGES):
                send(trial, route, number)
            print(f"{name:20} {route:12} {trial.results[route]}", flush=True)
        record[name] = entry_of(EDITIONS[name], trial.results)
        path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if all(record[name]["passed"] for name in chosen.editions) else 1


if __name__ == "__main__":
    sys.exit(main())
