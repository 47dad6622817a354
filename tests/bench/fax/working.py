"""Pages filled in, faxed, read and counted by one worker of the bench."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from daemon.simulation.fax import FINE, NORMAL
from parsers.fax.digits import digit_reader
from tests.bench.fax.counting import Page, measure
from tests.bench.fax.office import Office
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
