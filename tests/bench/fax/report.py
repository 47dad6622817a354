"""Counts of many pages as tables: what was accepted, what of it was wrong, and how sure that is."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.bench.fax.office import AMBIGUOUS, TRICKS

Key = tuple[str, str, str]
"""Mode, writers, style."""
_BOTH = "both"
_MAIN_COLUMNS = (
    "mode", "writers", "style", "dates", "accepted", "wrong", "≤ 95 %", "expected", "without window: accepted", "wrong",
    "≤ 95 %", "review", "right one offered", "missed", "blanks", "blank: accepted", "review", "pages", "identified",
    "decode + fit ms", "read ms",
)  # fmt: skip
_TRICK_COLUMNS = ("mode", "what", "n", "accepted", "as meant", "accepted without window", "review", "called empty")


def upper(wrong: int, n: int, sure: float = 0.95) -> float:
    """One-sided Clopper–Pearson upper bound of wrong / n, by bisection."""
    if n == 0 or wrong >= n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        term = math.exp(n * math.log1p(-middle)) if middle < 1 else 0.0
        total = 0.0
        for k in range(wrong + 1):
            total += term
            term *= (n - k) / (k + 1) * middle / (1 - middle)
        low, high = (middle, high) if total > 1 - sure else (low, middle)
    return high


def report(lines: Iterable[str]) -> str:
    """All counted so far as markdown."""
    sums: dict[Key, Counter[str]] = {}
    doubts: Counter[Key] = Counter()
    wrong: list[dict[str, Any]] = []
    for line in lines:
        entry = json.loads(line)
        wrong += [{**one, "writers": entry["writers"], "mode": entry["mode"]} for one in entry["wrong"]]
        for key in _keys(entry):
            sums.setdefault(key, Counter()).update(entry["count"])
            doubts[key] += entry["doubt"]
    plain = [_row(key, count, doubts[key]) for key, count in sorted(sums.items()) if key[2] != AMBIGUOUS]
    tricks = [
        row for key, count in sorted(sums.items()) if key[1:] == (_BOTH, AMBIGUOUS) for row in _tricks(key, count)
    ]
    parts = [
        "# Handwritten dates on faxed pages",
        "Made by `make bench-fax`. One hand a page, digits of people no reader learned from and no threshold was set",
        "on (MNIST test file). “plain”: as the form asks, a ball pen, one digit a box, zeros written; “free”: any pen,",
        "size and carelessness. Read with the window of 29 days a mailing has, and once more without; “expected” = the",
        "wrong ones the reader's own confidence predicts; “missed” = a written date called empty.",
        "",
        _table(_MAIN_COLUMNS, plain),
        "",
        "## Fields only a person may read",
        "",
        "“as meant”: of a digit written over another the last one counts, where both together look like nothing else.",
        "",
        _table(_TRICK_COLUMNS, tricks),
        "",
        "## Accepted and wrong, one by one",
        "",
        _table(("mode", "writers", "written", "read", "confidence", "window", "digits (position in the set)"),
               [_wrong(one) for one in wrong]),
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _keys(entry: dict[str, Any]) -> Iterator[Key]:
    styles = [entry["style"], *(["plain + free"] if entry["style"] != AMBIGUOUS else [])]
    for writers in (entry["writers"], _BOTH):
        for style in styles:
            yield entry["mode"], writers, style


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = tuple(head)
    lines = ["| " + " | ".join(cells) + " |", "|" + "---|" * len(cells)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _row(key: Key, c: Counter[str], doubt: float) -> list[str]:
    taken, looked, missed = (c[f"date {decision}"] for decision in ("accept", "review", "empty"))
    dates, pages, read = max(taken + looked + missed, 1), c["pages"], max(c["pages"] - c["pages refused"], 1)
    free, wrong, wrong_free = c["date accept (open)"], c["date wrong"], c["date wrong (open)"]
    return [
        *key, str(taken + looked + missed), f"{taken / dates:.2%}", str(wrong), f"{upper(wrong, taken):.1e}",
        f"{doubt:.1f}", f"{free / dates:.2%}", str(wrong_free), f"{upper(wrong_free, free):.1e}",
        f"{looked / dates:.2%}", f"{c['right one offered'] / max(looked, 1):.0%}", str(missed),
        str(sum(c[f"blank {decision}"] for decision in ("accept", "review", "empty"))), str(c["blank accept"]),
        str(c["blank review"]), str(pages), f"{1 - c['pages refused'] / pages:.2%}",
        f"{c['fit_us'] / pages / 1000:.0f}", f"{c['read_us'] / read / 1000:.0f}",
    ]  # fmt: skip


def _tricks(key: Key, c: Counter[str]) -> Iterator[list[str]]:
    for trick in TRICKS:
        decided = [c[f"{trick} {decision}"] for decision in ("accept", "review", "empty")]
        as_meant = c[f"{trick} as meant"]
        counts = [sum(decided), decided[0], as_meant, c[f"{trick} accept (open)"], *decided[1:]]
        yield [key[0], trick, *map(str, counts)]


def _wrong(one: dict[str, Any]) -> list[str]:
    digits = " ".join("–" if d < 0 else str(d) for d in one["digits"])
    inside = "with" if one["in_window"] else "without"
    return [one["mode"], one["writers"], one["written"], one["read"], f"{one['confidence']:.5f}", inside, digits]
