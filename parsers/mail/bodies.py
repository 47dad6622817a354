"""Which leaves of a mail are its text and which are attachments, and that text (RFC 2046 §5.1, RFC 3676)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from parsers.findings import Problem
from parsers.mail.charsets import decode
from parsers.mail.markup import HIDDEN, marked_text_of_html
from parsers.mail.parameters import display_name, file_name
from parsers.mail.structure import Section

MAX_TEXT_BYTES = 1_048_576
"""More text than this nobody wrote by hand; the rest is not read."""
_REPORT_PARTS = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/global-disposition-notification",
        "message/feedback-report",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
_ALTERNATIVES = frozenset({"text/plain", "text/html", "text/x-amp-html", "text/enriched", "text/watch-html"})
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:\-]{1,40})", re.IGNORECASE)
_CID = re.compile(r"cid:([^\s\"'<>)]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a mail and what is left of it."""

    text: str
    cids: frozenset[str]
    """Content-IDs the HTML text shows, without angle brackets, lower case."""
    attachments: tuple[Section, ...]
    reports: tuple[Section, ...]
    """Machine-readable parts of a multipart/report."""
    problems: tuple[Problem, ...]
    marked: str = ""
    """The text with `markup.HIDDEN` where a reader of the mail may not see what follows."""


def read_body(root: Section) -> Body:
    """Choose and decode the text, and sort the other leaves."""
    reader = _Reader()
    text = reader.text_of(root)
    leaves = list(root.leaves())
    reports = tuple(s for s in leaves if s.media in _REPORT_PARTS)
    attached = tuple(s for s in leaves if s.media not in _REPORT_PARTS and not _is_text(s))
    if not text.strip():
        text = reader.text_of_named(attached)
    problems = tuple(dict.fromkeys(reader.problems))
    return Body(text.replace(HIDDEN, ""), frozenset(reader.cids), attached, reports, problems, text)


def section_name(section: Section) -> tuple[str, bool]:
    """Display name of a leaf ("" when it has none), and whether its charset was guessed."""
    found = file_name(section.disposition, section.content_type)
    return display_name(found.text), found.guessed


def read_text(section: Section) -> tuple[str, bool]:
    """Decoded text of one text leaf, and whether its charset had to be guessed."""
    data = section.data()[:MAX_TEXT_BYTES]
    label = section.content_type.ascii("charset")
    if not label and section.media == "text/html":
        meta = _META_CHARSET.search(data[:4096])
        label = meta.group(1).decode("ascii") if meta else ""
    read = decode(data, label)
    text = read.text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if section.content_type.ascii("format").lower() == "flowed":
        text = _unflow(text, delete_space=section.content_type.ascii("delsp").lower() == "yes")
    return text, read.guessed


def _is_text(section: Section) -> bool:
    """A leaf meant to be read, not saved."""
    if section.media not in _ALTERNATIVES or section.disposition.value == "attachment":
        return False
    return not section_name(section)[0]


class _Reader:
    """Collects text, problems and picture references of one mail."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.cids: set[str] = set()

    def text_of(self, section: Section) -> str:
        if not section.children:
            return self._leaf(section) if _is_text(section) else ""
        if section.media == "multipart/alternative":
            return self._best(section.children)
        return "\n".join(t for child in section.children if (t := self.text_of(child)).strip())

    def text_of_named(self, attached: tuple[Section, ...]) -> str:
        """Some mailers give the text itself a name: then the first inline text leaf is the text as well."""
        first = attached[0] if attached else None
        inline = first is not None and first.media in ("text/plain", "text/html")
        if first is None or not inline or first.disposition.value == "attachment":
            return ""
        named_table = section_name(first)[0].lower().endswith((".csv", ".tsv", ".xls"))
        return "" if named_table else self._leaf(first)

    def _best(self, children: list[Section]) -> str:
        """The plain alternative unless it is empty; else the richest one that has words."""
        plain = [c for c in children if c.media == "text/plain"]
        others = [c for c in children if c.media != "text/plain"]
        texts = [self.text_of(c) for c in plain + others]
        return next((t for t in texts if t.strip()), "")

    def _leaf(self, section: Section) -> str:
        if section.end - section.start > MAX_TEXT_BYTES * 3:
            self.problems.append(Problem.TOO_LARGE)
        text, guessed = read_text(section)
        if guessed:
            self.problems.append(Problem.CHARSET_GUESSED)
        if section.media not in ("text/html", "text/x-amp-html"):
            return text
        self.cids.update(c.lower() for c in _CID.findall(text))
        return marked_text_of_html(text)


def _unflow(text: str, *, delete_space: bool) -> str:
    """RFC 3676: a line ending in a space goes on in the next one of the same quote depth."""
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth, words = _quote_depth(line)
        flows = words.endswith(" ") and words != "-- "
        words = words[:-1] if flows and delete_space else words
        if depth == open_depth:
            out[-1] += words
        else:
            out.append(">" * depth + " " * bool(depth) + words)
        open_depth = depth if flows else -1
    return "\n".join(out)


def _quote_depth(line: str) -> tuple[int, str]:
    words = line.lstrip(">")
    depth = len(line) - len(words)
    return depth, words.removeprefix(" ")
