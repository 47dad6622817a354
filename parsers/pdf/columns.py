"""Tables without drawn lines: columns are where white rivers run down between the words of several lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from parsers.findings import Field
from parsers.pdf.page import hull, right
from parsers.pdf.runs import Run, text_of
from parsers.tables.headers import Role, claim

_RIVER = 0.6
"""Narrowest white river between two columns, of the line height."""
_LEAST_SEGMENTS = 3
"""A line with fewer pieces says nothing about columns."""

Span: TypeAlias = tuple[float, float]
Segment: TypeAlias = list[Run]
"""Runs on one line that stand in one cell."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece of a line and where it belongs."""

    first_col: int
    """1-based; where the text is put."""
    last_col: int
    """Beyond the first when the piece reaches over a river."""
    runs: Segment
    sure: bool = True


def rows_of(lines: Sequence[list[Run]]) -> list[list[Placed]]:
    """Each line in pieces. Lines above a header count from the left; those below stand under it or are not sure."""
    segmented = [_segments(line) for line in lines]
    head = next((i for i, segments in enumerate(segmented) if _is_header(_labels(segments))), len(lines))
    body = [_labels(s) if i == 0 else s for i, s in enumerate(segmented[head:]) if i == 0 or len(s) >= _LEAST_SEGMENTS]
    columns = _columns(body) if body else []
    rows = [[Placed(col, col, segment) for col, segment in enumerate(s, 1)] for s in segmented[:head]]
    return rows + [_placed(_labels(s) if i == 0 else s, columns) for i, s in enumerate(segmented[head:])]


def _segments(line: list[Run]) -> list[Segment]:
    segments: list[Segment] = []
    for run in line:
        gap = run.box[0] - right(hull([r.box for r in segments[-1]])) if segments else 0.0
        if segments and gap <= _RIVER * run.box[3]:
            segments[-1].append(run)
        else:
            segments.append([run])
    return segments


def _labels(segments: list[Segment]) -> list[Segment]:
    """Segments that mean something only together, put together: 氏　名."""
    joined: list[Segment] = []
    for segment in segments:
        both = [*joined[-1], *segment] if joined else []
        if both and _means(both) and not _means(segment) and not _means(joined[-1]):
            joined[-1] = both
        else:
            joined.append(segment)
    return joined


def _means(segment: Segment) -> bool:
    return bool(claim([text_of(segment)]).meanings)


def _is_header(segments: list[Segment]) -> bool:
    """A line that names people and a date."""
    meanings = {m for s in segments for m in claim([text_of(s)]).meanings}
    return Role.NAME in meanings and any(isinstance(m, Field) for m in meanings)


def _span(segment: Segment) -> Span:
    return segment[0].box[0], max(right(run.box) for run in segment)


def _columns(lines: list[list[Segment]]) -> list[Span]:
    """Spans covered by text in any line; those without a word in the first line (the header) join their left."""
    covered: list[Span] = []
    for start, end in sorted(_span(s) for line in lines for s in line):
        if covered and start <= covered[-1][1]:
            covered[-1] = (covered[-1][0], max(end, covered[-1][1]))
        else:
            covered.append((start, end))
    heads = [_span(s) for s in lines[0]]
    columns: list[Span] = []
    for span in covered:
        if columns and not any(_meets(span, head) for head in heads):
            columns[-1] = (columns[-1][0], span[1])
        else:
            columns.append(span)
    return columns


def _meets(first: Span, second: Span) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def _placed(segments: list[Segment], columns: list[Span]) -> list[Placed]:
    """Segments by column, several in one column together."""
    found: dict[tuple[int, int], Placed] = {}
    for segment in segments:
        span = _span(segment)
        meets = [i for i, column in enumerate(columns, 1) if _meets(span, column)]
        if not meets:
            meets = [min(range(1, len(columns) + 1), key=lambda i: _distance(span, columns[i - 1]))]
            place = Placed(meets[0], meets[0], segment, sure=False)
        else:
            place = Placed(meets[0], meets[-1], segment, sure=len(meets) == 1)
        key = (place.first_col, place.last_col)
        before = found.get(key)
        found[key] = (
            place if before is None else replace(before, runs=before.runs + segment, sure=before.sure and place.sure)
        )
    return list(found.values())


def _distance(first: Span, second: Span) -> float:
    return max(first[0] - second[1], second[0] - first[1])
