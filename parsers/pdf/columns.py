"""Tables without drawn lines: columns are where white rivers run down between the words of several lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from parsers.findings import Field
from parsers.pdf.page import hull, right
from parsers.pdf.runs import Run, text_of
from parsers.tables.headers import Role, claim

_RIVER = 0.6
"""Narrowest white river between two columns, of the line height."""
_LEAST_SEGMENTS = 3
"""A line with fewer pieces says nothing about columns."""
_LEAST_LINES = 3

Span: TypeAlias = tuple[float, float]
Segment: TypeAlias = list[Run]
"""Runs on one line that stand in one cell."""


def rows_of(lines: Sequence[list[Run]]) -> list[dict[int, Segment]]:
    """Each line as {column (1-based): runs}; lines above a header, and those that fit no columns, from the left."""
    segmented = [_segments(line) for line in lines]
    head = next((i for i, segments in enumerate(segmented) if _is_header(segments)), len(lines))
    columns = _columns([s for s in segmented[head:] if len(s) >= _LEAST_SEGMENTS])
    return [_placed(segments, columns if i >= head else []) for i, segments in enumerate(segmented)]


def _is_header(segments: list[Segment]) -> bool:
    """A line that names people and a date."""
    meanings = {m for s in segments for m in claim([text_of(s)]).meanings}
    return Role.NAME in meanings and any(isinstance(m, Field) for m in meanings)


def _segments(line: list[Run]) -> list[Segment]:
    segments: list[Segment] = []
    for run in line:
        gap = run.box[0] - right(hull([r.box for r in segments[-1]])) if segments else 0.0
        if segments and gap <= _RIVER * run.box[3]:
            segments[-1].append(run)
        else:
            segments.append([run])
    return segments


def _span(segment: Segment) -> Span:
    return segment[0].box[0], max(right(run.box) for run in segment)


def _columns(lines: list[list[Segment]]) -> list[Span]:
    """Spans covered by text in any line; those without a word in the first line (the header) join their left."""
    if len(lines) < _LEAST_LINES:
        return []
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


def _placed(segments: list[Segment], columns: list[Span]) -> dict[int, Segment]:
    placed: dict[int, Segment] = {}
    for segment in segments:
        meets = [i for i, column in enumerate(columns, 1) if _meets(_span(segment), column)]
        if len(meets) != 1:
            return dict(enumerate(segments, 1))
        placed.setdefault(meets[0], []).extend(segment)
    return placed
