"""`make model`: everything from the npm package to `parsers/fax/digits.npz`, in one command.

Writes nothing but that file and what it needs on the way in FOLDER (8 GB); a step whose file is there is not repeated.
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
_TRAIN = {f"train{seed}": ("train", 200, seed) for seed in range(1, 9)}
_BOLD = {f"train{seed}": ("train-bold", 200, seed) for seed in (11, 12)}
_DRAWN = {"drawn": ("drawn", 120, 300)}
_LEARNT = {**_TRAIN, **_BOLD, **_DRAWN}
_THRESHOLD = {"threshold": ("threshold", 250, 100), "threshold-bold": ("threshold-bold", 50, 101)}
"""Name of the file → set of writers, pages, seed."""
_NETS = {1: 7, 2: 6}
"""Seed of a network → epochs."""


def build(folder: Path) -> None:
    """Fetch, draw and fax the sheets, train, calibrate."""
    data = str(fetch(folder))
    sheets = {**_LEARNT, **_THRESHOLD}
    path = {name: str(folder / f"{name}.npz") for name in (*sheets, "shapes", *(f"net{seed}" for seed in _NETS))}
    _run((path[n], ("sheets", data, path[n], w, str(pages), str(seed))) for n, (w, pages, seed) in sheets.items())
    learnt = [path[name] for name in _LEARNT]
    parts = [
        (path[f"net{seed}"], ("train", "net", str(seed), str(epochs), path[f"net{seed}"], *learnt))
        for seed, epochs in _NETS.items()
    ]
    parts.append((path["shapes"], ("train", "shapes", path["shapes"], *learnt)))
    _run(parts)
    _module("calibrate", str(TARGET), ",".join(path[name] for name in _THRESHOLD), *(out for out, _ in parts))


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
