"""Measurements and how they are shown: what ours took, what the thing beside it took, the bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Line:
    """One claim."""

    what: str
    ours: str
    beside: str = ""
    """The same work done bare, in the same run."""
    ratio: str = ""
    bar: str = ""
    met: bool | None = None
    """None = no bar."""


def markdown(title: str, lines: Sequence[Line]) -> str:
    """A section of results/bench.md."""
    rows = [f"## {title}", "", "| what | ours | beside it | ratio | bar | met |", "|---|---|---|---|---|---|"]
    for line in lines:
        met = "" if line.met is None else "yes" if line.met else "**no**"
        rows.append(f"| {line.what} | {line.ours} | {line.beside} | {line.ratio} | {line.bar} | {met} |")
    return "\n".join([*rows, ""])


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median with the extremes: "0.71 (0.65-0.78)"."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"
