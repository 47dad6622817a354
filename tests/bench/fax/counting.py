"""One page through the machines and the reader, and what came of every field of it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from daemon.simulation.fax import as_tiff, draw_passes, fax
from parsers.fax.evidence import Album
from parsers.fax.fit import fit_page
from parsers.fax.page import FittedPage
from parsers.fax.raster import rasters
from parsers.fax.roster import PageReading, read_fitted
from parsers.findings import Decision, Finding
from parsers.reading import ReadingContext
from tests.bench.fax.office import Filled, Truth


@dataclass
class Page:
    """What one page adds to the counts."""

    count: Counter[str] = field(default_factory=Counter)
    doubt: float = 0.0
    """Sum of 1 − confidence over the accepted dates: how many wrong ones the reader itself expects."""
    wrong: list[dict[str, Any]] = field(default_factory=list)
    """Every accepted date that is wrong."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """Their crops, by name."""


def measure(filled: Filled, modes: tuple[tuple[float, float], ...], rng: np.random.Generator) -> Page:
    """Fax the page and read it."""
    sheet = filled.sheet
    for how in draw_passes(rng, modes):
        sheet = fax(sheet, how, rng)
    data = as_tiff([sheet])
    page = Page(Counter(pages=1, fields=len(filled.truths)))
    began = time.process_time()
    found = fit_page(next(iter(rasters(data, "image/tiff"))))
    page.count["fit_us"] = round((time.process_time() - began) * 1e6)
    if not isinstance(found, FittedPage):
        page.count["pages refused"] = 1
        page.count["fields on refused pages"] = len(filled.truths)
        return page
    first, last = filled.window
    began = time.process_time()
    reading = read_fitted(Album(found), ReadingContext(received_on=last, not_before_on=first))
    page.count["read_us"] = round((time.process_time() - began) * 1e6)
    _count(page, filled, reading, inside=True)
    _count(page, filled, read_fitted(Album(found), ReadingContext()), inside=False)
    return page


def _count(page: Page, filled: Filled, reading: PageReading, *, inside: bool) -> None:
    """All fields of a page, read with the window of its mailing (`inside`) or without any."""
    by_place = {(f.row, f.field): f for f in reading.findings}
    shown = {picture.sha256: picture.png for picture in reading.pictures}
    for truth in filled.truths:
        finding = by_place[truth.row, truth.field]
        what = truth.trick or ("date" if truth.day else "blank")
        page.count[f"{what} {finding.decision.value}{'' if inside else ' (open)'}"] += 1
        if finding.decision is Decision.ACCEPT:
            _accepted(page, truth, finding, shown, inside=inside)
        elif inside and truth.day and finding.decision is Decision.REVIEW:
            page.count["right one offered"] += truth.day.isoformat() in finding.candidates


def _accepted(page: Page, truth: Truth, finding: Finding, shown: dict[str, bytes], *, inside: bool) -> None:
    meant = truth.day or truth.meant
    right = meant is not None and finding.value == meant.isoformat()
    if truth.day is not None and inside:
        page.doubt += 1 - finding.confidence
    if right:
        page.count[f"{truth.trick} as meant"] += inside
        return
    page.count["date wrong" if inside else "date wrong (open)"] += truth.day is not None
    _keep(page, truth, finding, inside, shown)


def _keep(page: Page, truth: Truth, finding: Finding, inside: bool, shown: dict[str, bytes]) -> None:
    written = truth.day.isoformat() if truth.day else truth.trick or "blank"
    page.wrong.append(
        {
            "written": written,
            "read": finding.value,
            "confidence": round(finding.confidence, 6),
            "in_window": inside,
            "digits": list(truth.digits),
        }
    )
    name = f"{written}-read-{finding.value}-{finding.evidence.crop_sha256[:8]}.png"
    page.pictures[name] = shown[finding.evidence.crop_sha256]
