"""Sheets full of boxes, faxed once to three times and cut apart: what the network learns from.

`python -m tests.training.sheets DATA OUT SET PAGES SEED` writes one file of crops and labels. SET is a set of writers
(`tests.training.mnist.sets`), with "-bold" after it when all use broad felt pens, or "drawn": digits by the hands of
the simulation, which know the forms offices here use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from daemon.simulation.fax import FINE, NORMAL, SUPERFINE, Sheet, Stamp, Stroke, Weather, draw_pass, fax, write
from daemon.simulation.fax import hand as hands
from daemon.simulation.fax.imprint import typed
from daemon.simulation.fax.passes import placed
from parsers.fax.cells import CROP_MARGIN_MM, CROP_PX_PER_MM
from parsers.fax.network import BLANK, STRUCK
from parsers.fax.page import cut
from tests.training import pens
from tests.training.mnist import Writers, sets

_PITCH_MM = (9.0, 12.0)
_COLS, _ROWS = 21, 22
_LEFT_MM, _TOP_MM = 10.0, 16.0
_PAGE_MM = (210.0, 297.0)
_BOLD_SHARE = 0.2
MODES = (
    (FINE,), (NORMAL,), (FINE, FINE), (FINE, FINE), (NORMAL, NORMAL), (NORMAL, NORMAL),
    (FINE, NORMAL), (NORMAL, FINE), (FINE, FINE, FINE), (NORMAL, NORMAL, NORMAL), (SUPERFINE, FINE), (SUPERFINE,),
)  # fmt: skip


def page(
    writers: Writers, order: Iterator[int], rng: np.random.Generator, *, bold: bool
) -> tuple[Sheet, npt.NDArray[np.uint8]]:
    """A sheet of `_COLS` × `_ROWS` boxes, a hand a line, and what stands in them."""
    paper, labels = _paper(), np.zeros((_ROWS, _COLS), np.uint8)
    for row in range(_ROWS):
        hand = pens.draw_hand(rng, bold=bold)
        for col in range(_COLS):
            labels[row, col] = _fill(paper, _place(row, col), (writers, order), hand, rng)
    return Sheet(paper, (pens.PX_PER_MM, pens.PX_PER_MM)), labels.ravel()


def drawn_page(rng: np.random.Generator) -> tuple[Sheet, npt.NDArray[np.uint8]]:
    """The same with digits drawn by a hand of the simulation, a hand a line; some are typed or written like print."""
    paper, labels = _paper(), np.zeros((_ROWS, _COLS), np.uint8)
    marks: list[Stroke | Stamp] = []
    for row in range(_ROWS):
        hand, pen = hands.draw_hand(rng), pens.draw_hand(rng, bold=bool(rng.random() < _BOLD_SHARE))
        for col in range(_COLS):
            frame(paper, _place(row, col))
            labels[row, col] = BLANK if rng.random() < 0.04 else rng.integers(10)
            if labels[row, col] == BLANK:
                continue
            way = rng.random()
            if way < 0.08:
                marks.append(typed(str(labels[row, col]), _place(row, col)))
            elif way < 0.2:
                lay(paper, pens.lettered(int(labels[row, col]), pen, rng), _place(row, col))
            else:
                marks += hands.digit(int(labels[row, col]), _place(row, col), hand, rng)
    return write(Sheet(paper, (pens.PX_PER_MM, pens.PX_PER_MM)), marks), labels.ravel()


def _paper() -> npt.NDArray[np.uint8]:
    return np.full((round(_PAGE_MM[1] * pens.PX_PER_MM), round(_PAGE_MM[0] * pens.PX_PER_MM)), 255, np.uint8)


def _place(row: int, col: int) -> tuple[float, float, float, float]:
    return (_LEFT_MM + col * _PITCH_MM[0], _TOP_MM + row * _PITCH_MM[1], *pens.BOX_MM)


def _fill(
    paper: npt.NDArray[np.uint8],
    box: tuple[float, float, float, float],
    source: tuple[Writers, Iterator[int]],
    hand: pens.Hand,
    rng: np.random.Generator,
) -> int:
    """Draw one box with something in it; returns its class."""
    frame(paper, box)
    chance = rng.random()
    if chance < 0.05:
        return BLANK
    writers, order = source
    first = next(order)
    ink, label = pens.digit(writers.images[first], hand, rng), int(writers.labels[first])
    if chance < 0.22:
        kind = int(rng.integers(3))
        second = _another(writers, label, rng)
        ink = pens.no_digit(pens.NO_DIGITS[kind], ink, pens.digit(writers.images[second], hand, rng), hand, rng)
        label = STRUCK + kind
    lay(paper, ink, box)
    return label


def _another(writers: Writers, than: int, rng: np.random.Generator) -> int:
    """Position of a digit that is not `than`."""
    while True:
        position = int(rng.integers(len(writers.labels)))
        if writers.labels[position] != than:
            return position


def frame(paper: npt.NDArray[np.uint8], box: tuple[float, float, float, float]) -> None:
    """The printed box: 0.4 mm at the sides, 0.5 mm above and below, as in the forms."""
    x, y, w, h = (round(v * pens.PX_PER_MM) for v in box)
    for at in (y, y + h):
        paper[at - 3 : at + 3, x - 3 : x + w + 3] = 0
    for at in (x, x + w):
        paper[y - 3 : y + h + 3, at - 2 : at + 3] = 0


def lay(paper: npt.NDArray[np.uint8], ink: pens.Ink, box: tuple[float, float, float, float]) -> None:
    """`ink` as `pens` draws it over `box`."""
    x = round((box[0] - pens.AROUND_MM) * pens.PX_PER_MM)
    y = round((box[1] - pens.AROUND_MM) * pens.PX_PER_MM)
    part = paper[y : y + ink.shape[0], x : x + ink.shape[1]]
    np.minimum(part, ink[: part.shape[0], : part.shape[1]], out=part)


def crops(sheet: Sheet, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Faxed by a random way, every box cut out with the error a fit leaves."""
    modes = MODES[int(rng.integers(len(MODES)))]
    calm, warp = Weather().calm(), np.eye(3)
    for index, mode in enumerate(modes):
        how = draw_pass(rng, mode, calm, first=index == 0, size_mm=sheet.size_mm)
        warp = placed(sheet.size_mm, how) @ warp
        sheet = fax(sheet, how, rng)
    warp = np.diag([sheet.per_mm[0], sheet.per_mm[1], 1.0]) @ warp
    found = []
    for row in range(_ROWS):
        for col in range(_COLS):
            x, y, w, h = _place(row, col)
            off = np.clip(rng.normal(0, 0.1, 2), -0.3, 0.3)
            area = (x - CROP_MARGIN_MM, y - CROP_MARGIN_MM, w + 2 * CROP_MARGIN_MM, h + 2 * CROP_MARGIN_MM)
            found.append(cut(sheet.gray, warp, area, (float(off[0]), float(off[1])), CROP_PX_PER_MM))
    return np.stack(found)


def main() -> None:
    """Write `OUT` (npz: crops, labels)."""
    data, out, which, pages, seed = sys.argv[1:6]
    rng = np.random.default_rng(int(seed))
    pictures, labels = [], []
    for sheet, what in islice(_pages(Path(data), which, rng), int(pages)):
        pictures.append(crops(sheet, rng))
        labels.append(what)
    np.savez(out, crops=np.concatenate(pictures), labels=np.concatenate(labels))


def _pages(data: Path, which: str, rng: np.random.Generator) -> Iterator[tuple[Sheet, npt.NDArray[np.uint8]]]:
    """Pages without end; every digit of the set comes as often as any other."""
    if which == "drawn":
        while True:
            yield drawn_page(rng)
    people, _, bold = which.partition("-")
    writers = sets(data)[people]
    order = iter(np.concatenate([rng.permutation(len(writers.labels)) for _ in range(30)]))
    while True:
        yield page(writers, order, rng, bold=bool(bold))


if __name__ == "__main__":
    main()
