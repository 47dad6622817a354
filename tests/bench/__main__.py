"""`make bench`: everything the design promises about speed and size, side by side, printed and kept as a table.

    python -m tests.bench [--quick] [--only ingest,daemon]

`--quick` runs everything small, to see that it runs; its numbers mean little and are not kept.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import daemon, documents, ingest, planning, program, submission
from tests.bench.table import Line, markdown

RESULTS = Path(__file__).with_name("results") / "bench.md"


@dataclass(frozen=True, slots=True)
class Section:
    """One subject, in full and in small."""

    title: str
    full: Callable[[Path], list[Line]]
    quick: Callable[[Path], list[Line]]


SECTIONS: Mapping[str, Section] = {
    "ingest": Section(
        "Ingest",
        lambda home: ingest.run(home, rounds=10, mails=100),
        lambda home: ingest.run(home, rounds=2, mails=10),
    ),
    "submission": Section(
        "Submission",
        lambda home: submission.run(home, rounds=5),
        lambda home: submission.run(home, rounds=1, mails=5),
    ),
    "planning": Section(
        "Planning",
        lambda home: planning.run(home, sizes=(1_000, 10_000, 100_000)),
        lambda home: planning.run(home, sizes=(1_000,)),
    ),
    "documents": Section(
        "Documents",
        lambda _home: documents.run(rounds=10),
        lambda _home: documents.run(rounds=2),
    ),
    "program": Section(
        "Program",
        lambda home: program.run(home, rounds=9),
        lambda home: program.run(home, rounds=2),
    ),
    "daemon": Section(
        "Daemon",
        lambda home: daemon.run(home, mails=10_000, watch_s=60),
        lambda home: daemon.run(home, mails=20, watch_s=2),
    ),
}


def main() -> int:
    """Run the chosen sections; 1 when a bar was missed in a full run."""
    arguments = _arguments()
    names = arguments.only.split(",") if arguments.only else list(SECTIONS)
    found: dict[str, list[Line]] = {}
    load = os.getloadavg()[0]
    for name in names:
        section = SECTIONS[name]
        with tempfile.TemporaryDirectory(prefix="meibod-bench-") as folder:
            found[name] = (section.quick if arguments.quick else section.full)(Path(folder) / "home")
        print(markdown(section.title, found[name]), flush=True)
    if arguments.quick:
        return 0
    if not arguments.only:
        _keep(found, load)
    missed = [line.what for lines in found.values() for line in lines if line.met is False]
    for what in missed:
        print(f"missed: {what}", file=sys.stderr)
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="everything small, to see that it runs")
    parser.add_argument("--only", default="", help=f"of {','.join(SECTIONS)}")
    return parser.parse_args()


def _keep(found: Mapping[str, Sequence[Line]], load: float) -> None:
    head = (
        "# make bench\n\n"
        f"{time.strftime('%Y-%m-%d')} · Python {platform.python_version()} · {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores · load {load:.1f} when it began.\n\n"
        "Values are medians of the rounds, with the extremes in brackets. A ratio is that of runs made in turns, "
        "1 = as fast as what stands beside it.\n\n"
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(head + "\n".join(markdown(SECTIONS[n].title, lines) for n, lines in found.items()), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
