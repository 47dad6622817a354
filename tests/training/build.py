"""`make model`: everything from the npm package to `parsers/fax/digits.npz`, in one command.

Writes nothing but that file and what it needs on the way in FOLDER (4 GB); a step whose file is there is not repeated.
About an hour and a half on two cores. Seeds are fixed and every sum is made by one thread, so a machine of the same
kind makes the same file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.training.mnist import fetch

TARGET = Path("parsers/fax/digits.npz")
_TRAIN = {f"train{seed}": ("train", 200, seed) for seed in (1, 2, 3, 4, 5)}
_DRAWN = {"drawn": ("drawn", 120, 300)}
_THRESHOLD = {"threshold": ("threshold", 250, 100)}
"""Name of the file → set of writers, pages, seed."""
_NETS = {1: (10, tuple(_TRAIN)), 2: (7, (*_TRAIN, *_DRAWN))}
"""Seed of a network → epochs, and what it learns from: they shall not all make the same mistakes."""


def build(folder: Path) -> None:
    """Fetch, draw and fax the sheets, train, calibrate."""
    data = str(fetch(folder))
    sheets = {**_TRAIN, **_DRAWN, **_THRESHOLD}
    path = {name: str(folder / f"{name}.npz") for name in (*sheets, "shapes", *(f"net{seed}" for seed in _NETS))}
    _run((path[n], ("sheets", data, path[n], w, str(pages), str(seed))) for n, (w, pages, seed) in sheets.items())
    parts = [
        (path[f"net{seed}"], ("train", "net", str(seed), str(epochs), path[f"net{seed}"], *(path[n] for n in names)))
        for seed, (epochs, names) in _NETS.items()
    ]
    parts.append((path["shapes"], ("train", "shapes", path["shapes"], *(path[n] for n in (*_TRAIN, *_DRAWN)))))
    _run(parts)
    _module("calibrate", str(TARGET), path["threshold"], *(out for out, _ in parts))


def _run(steps: Iterable[tuple[str, tuple[str, ...]]]) -> None:
    """The steps whose file is missing, as many at a time as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda step: None if Path(step[0]).exists() else _module(*step[1]), steps):
            pass


def _module(name: str, *arguments: str) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", f"tests.training.{name}", *arguments], check=True, env=environment)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
