"""Pages found, turned, identified and placed: `python -m tests.bench.fax.pages --pages 500`.

Every page is printed once, scribbled on, sent through two passes in random weather, and fitted. The simulator knows the
truth: which page it was, how it lay, and where every box went (unless scan lines were lost: then the boxes below have
moved by what no matrix says, and only the page itself is judged). Pages that are not ours go through the same weather.
The table is written anew after every round, `results/fax-pages.md`; with `--pictures DIR` what failed is kept there.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

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
from tests.bench.fax.report import upper
from tests.bench.fax.strangers import strangers
from tests.fakes.rosters import KEY, post_sheet, roster_sheet

RESULTS = Path(__file__).parents[1] / "results"
MODES = {"98+98": (NORMAL, NORMAL), "196+98": (FINE, NORMAL), "98+196": (NORMAL, FINE), "196+196": (FINE, FINE)}
WEATHERS = {
    "usual": Weather(),
    "wide": Weather(scale=(0.97, 1.015), skew_deg=1.0, upside_down=0.5, cut=0.15, streak=0.15),
}


_INTRODUCTION = """# Pages found, turned, identified and placed

Faxed twice in the modes named, in weather as `daemon/simulation/fax/weather.py` draws it; "wide" = 94–103 %, 2° skew,
half of the pages upside down, streaks and cut edges more often. By `python -m tests.bench.fax.pages`.

Bar (design §5): at least 99.9 % placed, none wrong. Here {placed} of {pages} placed (lost: at most {lost_most:.2%} with
95 % confidence), {wrong} taken for another page or read upside down (at most {wrong_most:.2%}).
"""
_COLUMNS = (
    *("modes, weather", "pages", "placed", "refused, ≤ 95 %", "wrong page", "one code", "boxes for a person"),
    *("box error mm p50/p99/max", "of sound boxes, max", "ms p50/p95", "refused because"),
)
_HEAD = (f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|")
_HEAD_OF_OTHERS = (
    "| kind | pages | taken for ours | a form without code | something else | empty |",
    "|---|---|---|---|---|---|",
)


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
            found.append(Blank(printed(files.pdf, page["page"] - 1, dpi=300), code, len(page["rows"]), geometry))
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
    started = time.process_time()
    found = fit_pages(raster)
    tally.milliseconds.append((time.process_time() - started) * 1000)
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
        errors = errors_mm(page, truth, received.per_mm)
        tally.errors_mm.append(float(errors.max()))
        tally.sound_errors_mm.append(float(errors[sound].max(initial=0.0)))


def errors_mm(page: FittedPage, truth: np.ndarray, per_mm: tuple[float, float]) -> np.ndarray:
    """How far each box of the page lies from where it truly went; mm on the received page."""
    boxes = np.array(list(page.cells))
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    moved = np.array([quality.moved_mm for quality in page.cells.values()])
    apart = _through(page.warp, centres + moved) - _through(truth, centres)
    return np.hypot(*(apart / np.array(per_mm)).T)


def _through(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    out = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return out[:, :2] / out[:, 2:]


class Run:
    """All rows of the table, growing together."""

    def __init__(self, seed: int, pictures: Path | None) -> None:
        self._seed, self._pictures = seed, pictures
        self._stock, self._stock_of_others = blanks(), list(strangers(np.random.default_rng(seed)).items())
        self.ours = {(mode, name): Tally() for mode in MODES for name in WEATHERS}
        self.others: dict[str, Counter[str]] = {kind: Counter() for kind, _ in self._stock_of_others}

    def round(self, number: int) -> None:
        """One page more for each row of ours, one of somebody else's for each mode."""
        for index, (mode, name) in enumerate(self.ours):
            rng = np.random.default_rng([self._seed, number, *map(ord, mode + name)])
            self._own_page(number, (mode, name), rng)
            if name == "wide":
                kind, sheet = self._stock_of_others[(number + index) % len(self._stock_of_others)]
                received, _ = sent(sheet, draw_passes(rng, MODES[mode], WEATHERS[name]), rng)
                found = fit_pages(Raster(1, received.gray, *received.dpi))
                told = ["taken for ours" if isinstance(one, FittedPage) else one.kind.value for one in found]
                self.others[kind].update(told)

    def _own_page(self, number: int, row: tuple[str, str], rng: np.random.Generator) -> None:
        tally, blank = self.ours[row], self._stock[number % len(self._stock)]
        passes = draw_passes(rng, MODES[row[0]], WEATHERS[row[1]])
        received, truth = sent(scribbled(blank, rng), passes, rng)
        before = tally.placed - tally.wrong
        judge(tally, blank, received, truth, passes)
        if self._pictures is not None and tally.placed - tally.wrong == before:
            cv2.imwrite(str(self._pictures / f"{row[0]} {row[1]} {number}.png"), received.gray)


def table(run: Run) -> str:
    """What there is so far, as Markdown."""
    placed = sum(t.placed for t in run.ours.values())
    pages = sum(t.pages for t in run.ours.values())
    wrong = sum(t.wrong for t in run.ours.values())
    strange = sum(sum(c.values()) for c in run.others.values())
    taken = sum(c["taken for ours"] for c in run.others.values())
    text = _INTRODUCTION.format(
        placed=placed,
        pages=pages,
        wrong=wrong,
        wrong_most=upper(wrong, pages),
        lost_most=upper(pages - placed, pages),
    )
    ours = [line(" ".join(name), tally) for name, tally in run.ours.items()]
    others = [stranger_line(kind, count) for kind, count in run.others.items()]
    counted = f"Pages that are not ours: {strange}; taken for ours {taken} (at most {upper(taken, strange):.2%})."
    return "\n".join([text, *_HEAD, *ours, "", counted, "", *_HEAD_OF_OTHERS, *others, ""])


def line(name: str, tally: Tally) -> str:
    """One row of the table."""
    bound = upper(tally.pages - tally.placed, tally.pages)
    errors = tally.errors_mm or [0.0]
    worst = " / ".join(f"{np.percentile(errors, q):.2f}" for q in (50, 99, 100))
    sound = max(tally.sound_errors_mm, default=0.0)
    spent = " / ".join(f"{np.percentile(tally.milliseconds, q):.0f}" for q in (50, 95))
    why = ", ".join(f"{reason} × {count}" for reason, count in tally.refused.items())
    return (
        f"| {name} | {tally.pages} | {tally.placed} | {bound:.2%} | {tally.wrong} | {tally.one_code} "
        f"| {tally.unsound / max(tally.cells, 1):.2%} | {worst} | {sound:.2f} | {spent} | {why} |"
    )


def stranger_line(kind: str, count: Counter[str]) -> str:
    """One row of the second table."""
    told = [count[what] for what in ("taken for ours", "form", "foreign", "blank")]
    return f"| {kind} | {sum(count.values())} | " + " | ".join(map(str, told)) + " |"


def main() -> None:
    """Measure round by round, and write the table after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=50, help="pages for each row of the table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures", type=Path, help="folder for pages that were refused or taken for another")
    parser.add_argument("--out", type=Path, default=RESULTS / "fax-pages.md")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for folder in filter(None, (chosen.out.parent, chosen.pictures)):
        folder.mkdir(parents=True, exist_ok=True)
    run = Run(chosen.seed, chosen.pictures)
    for number in range(chosen.pages):
        run.round(number)
        chosen.out.write_text(table(run), encoding="utf-8")
    print(table(run))


if __name__ == "__main__":
    main()
