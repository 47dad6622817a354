"""The MIME tree of a mail: sections with their headers and byte ranges (RFC 2045, 2046), nothing decoded yet.

Own walker instead of `email.parser`: sections keep raw header bytes, work is linear in the size of the mail whatever
its boundaries say, and depth and number of sections are capped before they cost anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.findings import Problem
from parsers.mail.headers import Headers, split_headers
from parsers.mail.parameters import Parameters, parse_parameters
from parsers.mail.transfer import undo

MAX_DEPTH = 12
MAX_LEAVES = 200
_LONGEST_TAIL = 500
"""Blanks a gateway may leave behind a delimiter, in bytes; looking no further keeps the walk linear."""
_MEDIA = re.compile(r"[a-z0-9!#$&^_.+\-]+/[a-z0-9!#$&^_.+\-]+")
_FIRST_DELIMITER = re.compile(rb"(?:\A|[\r\n])--([^\r\n]{1,200})[\r\n]")


@dataclass(slots=True)
class Section:
    """One node of the tree."""

    number: str
    """As IMAP counts: "1", "2.1"; the root of a multipart is ""."""
    raw: bytes = field(repr=False)
    """The whole mail; start and end say which bytes of it are this section's body."""
    start: int
    end: int
    headers: Headers
    content_type: Parameters
    disposition: Parameters
    media: str
    children: list[Section] = field(default_factory=list)
    parent: Section | None = field(default=None, repr=False)

    @property
    def body(self) -> bytes:
        """Bytes as they stand, transfer encoding not undone."""
        return self.raw[self.start : self.end]

    @property
    def is_multipart(self) -> bool:
        """Whether the section only holds others."""
        return bool(self.children)

    def data(self) -> bytes:
        """Bytes with the transfer encoding undone."""
        return undo(self.body, self.headers.token("content-transfer-encoding"))

    def leaves(self) -> Iterator[Section]:
        """Sections without children, in order."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


@dataclass(frozen=True, slots=True)
class Tree:
    """The root, and what was wrong while growing it."""

    root: Section
    problems: tuple[Problem, ...]


def grow(raw: bytes) -> Tree:
    """Take `raw` apart; never raises. Mails with bare CR line ends (old Macs, broken exports) are read as well."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    grower = _Grower(raw)
    root = grower.section("", 0, len(raw), depth=0, default="text/plain", parent=None)
    return Tree(root, tuple(dict.fromkeys(grower.problems)))


class _Grower:
    """Carries the counters of one tree."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.leaves = 0
        self.problems: list[Problem] = []

    def section(
        self, number: str, start: int, end: int, *, depth: int, default: str, parent: Section | None
    ) -> Section:
        headers, body = split_headers(self.raw, start, end)
        if headers.broken:
            self.problems.append(Problem.MALFORMED_MAIL)
        content_type = parse_parameters(headers.raw("content-type"))
        disposition = parse_parameters(headers.raw("content-disposition"))
        media = _media(headers, content_type, disposition, default)
        node = Section(number, self.raw, body, end, headers, content_type, disposition, media, parent=parent)
        if media.startswith("multipart/"):
            self._grow_children(node, depth)
            if not node.children:
                node.media = "text/plain"  # nothing could be told apart: its words may still be read
        if not node.children:
            self.leaves += 1
            node.number = number or "1"
        return node

    def _grow_children(self, node: Section, depth: int) -> None:
        if depth >= MAX_DEPTH:
            self.problems.append(Problem.NESTED_TOO_DEEP)
            return
        ranges = self._ranges(node)
        if not ranges:
            self.problems.append(Problem.MALFORMED_MAIL)
        default = "message/rfc822" if node.media == "multipart/digest" else "text/plain"
        prefix = f"{node.number}." if node.number else ""
        for count, (start, end) in enumerate(ranges, 1):
            if self.leaves >= MAX_LEAVES:
                self.problems.append(Problem.TOO_LARGE)
                return
            node.children.append(
                self.section(f"{prefix}{count}", start, end, depth=depth + 1, default=default, parent=node)
            )

    def _ranges(self, node: Section) -> list[tuple[int, int]]:
        boundary = node.content_type.ascii("boundary").encode("latin-1", "replace")
        ranges = self._split(node, boundary) if boundary else []
        if ranges:
            return ranges
        # The declared boundary never occurs (rewritten by a gateway): believe the first delimiter line.
        found = _FIRST_DELIMITER.search(self.raw, node.start, node.end)
        if found is None:
            return []
        self.problems.append(Problem.MALFORMED_MAIL)
        return self._split(node, found.group(1).rstrip())

    def _split(self, node: Section, boundary: bytes) -> list[tuple[int, int]]:
        """Byte ranges between the delimiter lines; the line end before a delimiter belongs to the delimiter."""
        ranges: list[tuple[int, int]] = []
        opened = -1
        for before, after, closing in self._delimiters(node, boundary):
            if opened >= 0:
                ranges.append((opened, max(opened, before)))
            opened = -1 if closing else after
            if len(ranges) > MAX_LEAVES:
                break
        if opened >= 0:  # cut off: the last part has no end
            self.problems.append(Problem.MALFORMED_MAIL)
            ranges.append((opened, node.end))
        return ranges

    def _delimiters(self, node: Section, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
        raw, mark = self.raw, b"--" + boundary
        at = raw.find(mark, node.start, node.end)
        while at >= 0:
            tail = at + len(mark)
            if at == node.start or raw[at - 1] in b"\r\n":
                line_end = _end_of_line(raw, tail, min(node.end, tail + _LONGEST_TAIL))
                rest = raw[tail:line_end].strip()
                if rest in (b"", b"--"):
                    yield _before_line_end(raw, at, node.start), line_end, rest == b"--"
            at = raw.find(mark, tail, node.end)


def _end_of_line(raw: bytes, at: int, end: int) -> int:
    """Offset after the line end at or after `at`."""
    feed = raw.find(b"\n", at, end)
    return end if feed < 0 else feed + 1


def _before_line_end(raw: bytes, at: int, start: int) -> int:
    if at - 2 >= start and raw[at - 2 : at] == b"\r\n":
        return at - 2
    return max(start, at - 1)


def _media(headers: Headers, content_type: Parameters, disposition: Parameters, default: str) -> str:
    """Declared media type, or what RFC 2045 §5.2 assumes; a nonsense type on a named part is octets."""
    if not headers.has("content-type"):
        return "application/octet-stream" if disposition.value == "attachment" else default
    value = content_type.value.split("(")[0].strip()
    if _MEDIA.fullmatch(value):
        return value
    named = "name" in content_type.pieces or "filename" in disposition.pieces
    return "application/octet-stream" if named else "text/plain"
