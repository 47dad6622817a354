"""Pages found, turned, identified and placed: `python -m tests.bench.fax.pages --pages 500`.

Every page is printed once, scribbled on, sent through two passes in random weather, and fitted. The simulator knows the
truth: which page it was, how it lay, and where every box went (unless scan lines were lost: then the boxes below have
moved by what no matrix says, and only the page itself is judged).
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.model import Course
from daemon.simulation.fax import (
    FINE,
    NORMAL,
    FaxPass,
    Sheet,
    Stroke,
    Weather,
    draw_passes,
    fax,
    placed,
    printed,
    write,
)
from parsers.codes import PageCode, parse_page_code
from parsers.fax.fit import fit_pages
from parsers.fax.geometry import FormGeometry, geometry_of
from parsers.fax.page import FittedPage, Raster
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

MODES = {"98+98": (NORMAL, NORMAL), "196+98": (FINE, NORMAL), "98+196": (NORMAL, FINE), "196+196": (FINE, FINE)}
WEATHERS = {
    "usual": Weather(),
    "wide": Weather(scale=(0.97, 1.015), skew_deg=1.0, upside_down=0.5, cut=0.15, streak=0.15),
}


@dataclass(frozen=True)
class Blank:
    """One printed page, before anybody wrote on it."""

    sheet: Sheet
    code: PageCode
    rows: int
    geometry: FormGeometry


@dataclass
class Tally:
    """What became of the pages of one row of the table."""

    pages: int = 0
    placed: int = 0
    wrong: int = 0
    one_code: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    cells: int = 0
    unsound: int = 0
    errors_mm: list[float] = field(default_factory=list)
    sound_errors_mm: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def blanks() -> list[Blank]:
    """Pages of every edition, full and nearly empty ones."""
    documents = TypstDocuments(KEY, data_path("mail_templates") / "forms")
    rosters = [
        roster_sheet(Course.WM_SKILL_UP, 15),
        roster_sheet(Course.BEGINNER, 17),
        post_sheet(Course.WM_SKILL_UP, 11),
    ]
    found = []
    for roster in rosters:
        files = documents.roster(roster)
        for page in files.manifest["pages"]:
            code = parse_page_code(page["codes"][0]["text"])
            geometry = geometry_of(code.edition)
            assert geometry is not None
            found.append(Blank(printed(files.pdf, page["page"] - 1), code, len(page["rows"]), geometry))
    return found


def scribbled(blank: Blank, rng: np.random.Generator) -> Sheet:
    """Strokes in four of five boxes, over the borders as pens go."""
    marks = []
    for lane in list(blank.geometry.lanes())[: blank.rows + 1]:
        for x, y, w, h in lane:
            if rng.random() < 0.8:
                points = [(x + rng.uniform(-0.05, 1.05) * w, y + rng.uniform(-0.05, 1.05) * h) for _ in range(4)]
                marks.append(Stroke(points, float(rng.uniform(0.3, 0.8))))
    return write(blank.sheet, marks)


def sent(sheet: Sheet, passes: tuple[FaxPass, ...], rng: np.random.Generator) -> tuple[Sheet, np.ndarray]:
    """The sheet as received, and the matrix mm as printed → pixels as received."""
    matrix = np.eye(3)
    for how in passes:
        matrix = placed(sheet.size_mm, how) @ matrix
        sheet = fax(sheet, how, rng)
    return sheet, np.diag([*sheet.per_mm, 1.0]) @ matrix


def judge(tally: Tally, blank: Blank, received: Sheet, truth: np.ndarray, passes: tuple[FaxPass, ...]) -> None:
    """Fit one page and count what came of it."""
    raster = Raster(1, received.gray, *received.dpi)
    started = time.perf_counter()
    found = fit_pages(raster)
    tally.milliseconds.append((time.perf_counter() - started) * 1000)
    tally.pages += 1
    if len(found) != 1 or not isinstance(found[0], FittedPage):
        tally.refused[",".join(f.value for one in found for f in one.faults)] += 1
        return
    page = found[0]
    tally.placed += 1
    tally.one_code += page.codes_found < 2
    right = page.code == blank.code and page.rows == blank.rows
    tally.wrong += not right or page.turned_deg != sum(p.turned_deg for p in passes) % 360
    sound = np.array([quality.sound for quality in page.cells.values()])
    tally.cells += len(sound)
    tally.unsound += int((~sound).sum())
    if not any(p.lost for p in passes):
        errors = _errors_mm(page, truth, received.per_mm)
        tally.errors_mm.append(float(errors.max()))
        tally.sound_errors_mm.append(float(errors[sound].max(initial=0.0)))


def _errors_mm(page: FittedPage, truth: np.ndarray, per_mm: tuple[float, float]) -> np.ndarray:
    boxes = np.array(list(page.cells))
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    moved = np.array([quality.moved_mm for quality in page.cells.values()])
    apart = _through(page.warp, centres + moved) - _through(truth, centres)
    return np.hypot(*(apart / np.array(per_mm)).T)


def _through(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    out = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return out[:, :2] / out[:, 2:]


def run(pages: int, seed: int) -> Iterator[tuple[str, Tally]]:
    """One tally for each mode and weather."""
    stock = blanks()
    for mode, resolutions in MODES.items():
        for name, weather in WEATHERS.items():
            tally = Tally()
            for number in range(pages):
                rng = np.random.default_rng([seed, number, *map(ord, mode + name)])
                blank = stock[number % len(stock)]
                passes = draw_passes(rng, resolutions, weather)
                received, truth = sent(scribbled(blank, rng), passes, rng)
                judge(tally, blank, received, truth, passes)
            yield f"{mode} {name}", tally


def upper_bound(bad: int, of: int) -> float:
    """Upper 95 % bound of a share (Clopper–Pearson), by bisection."""
    low, high = bad / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        below = sum(math.comb(of, k) * middle**k * (1 - middle) ** (of - k) for k in range(bad + 1))
        low, high = (middle, high) if below > 0.05 else (low, middle)
    return high


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=50, help="pages for each row of the table")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    print("mode, weather      n  placed  refused ≤95%  wrong  1 code  unsound  mm p50/p99/max (sound)  ms p50/p95")
    for name, tally in run(chosen.pages, chosen.seed):
        print(line(name, tally), flush=True)


def line(name: str, tally: Tally) -> str:
    """One row of the table."""
    bound = upper_bound(tally.pages - tally.placed, tally.pages)
    worst = "/".join(f"{np.percentile(tally.errors_mm, q):.2f}" for q in (50, 99, 100))
    spent = "/".join(f"{np.percentile(tally.milliseconds, q):.0f}" for q in (50, 95))
    return (
        f"{name:16} {tally.pages:4}  {tally.placed:6}  {bound:12.2%}  {tally.wrong:5}  {tally.one_code:6}  "
        f"{tally.unsound / max(tally.cells, 1):7.2%}  {worst} ({max(tally.sound_errors_mm):.2f})  {spent}"
        f"  {dict(tally.refused) or ''}"
    )


if __name__ == "__main__":
    main()
