"""One page through the machines and the reader, and what came of every field of it."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from daemon.simulation.fax import as_tiff, draw_passes, fax
from parsers.fax.dates import Window
from parsers.fax.evidence import Album
from parsers.fax.fit import fit_page
from parsers.fax.page import FittedPage
from parsers.fax.raster import rasters
from parsers.fax.roster import read_fitted
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
    began = time.process_time()
    reading = read_fitted(Album(found), ReadingContext())
    page.count["read_us"] = round((time.process_time() - began) * 1e6)
    by_place = {(f.row, f.field): f for f in reading.findings}
    shown = {picture.sha256: picture.png for picture in reading.pictures}
    for truth in filled.truths:
        _judge(page, truth, by_place.get((truth.row, truth.field)), Window(*filled.window), shown)
    return page


def _judge(page: Page, truth: Truth, finding: Finding | None, window: Window, shown: dict[str, bytes]) -> None:
    count, kind = page.count, "trick" if truth.trick else "date" if truth.day else "blank"
    count[kind] += 1
    if finding is None:
        count[f"{kind} without finding"] += 1
        return
    count[f"{kind} {finding.decision.value}"] += 1
    if truth.trick:
        count[f"{truth.trick} {finding.decision.value}"] += 1
    if finding.decision is not Decision.ACCEPT or finding.value is None:
        count["date review, right one offered"] += bool(truth.day and truth.day.isoformat() in finding.candidates)
        return
    right = truth.day is not None and finding.value == truth.day.isoformat()
    inside = window.objection(dt.date.fromisoformat(finding.value)) is None
    count[f"{kind} accepted in window"] += inside
    if kind == "date":
        page.doubt += 1 - finding.confidence
        count["date wrong"] += not right
        count["date wrong in window"] += not right and inside
    elif truth.trick:
        count[f"{truth.trick} accepted in window"] += inside
    if not right:
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
