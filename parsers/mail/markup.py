"""HTML of a mail into plain text lines, in one linear pass.

The standard library's `html.parser` needs quadratic time on unclosed constructs (CVE-2025-6069 and kin), and mail is
written by strangers; only the shape of lines, quotes and rules matters here, so a small scanner does.
"""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]{0,30})")
_DROPPED = ("script", "style", "head", "title", "template", "noscript", "svg", "object")
_LINE_TAGS = frozenset(
    {"p", "div", "tr", "li", "ul", "ol", "dl", "dt", "dd", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "center"}
    | {"section", "article", "form"}
)
_QUOTE = re.compile("[\"']")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d]*[1-9])|(?:^|\s)hidden(?=[\s=/>])|"
    r"font-size\s*:\s*0*(?:\.0*)?[01]?(?:px|pt|em|%)?\s*(?:[;\"']|$)|"
    r"(?<![-\w])color\s*[:=]\s*[\"']?\s*(?:#fff(?:fff)?\b|white\b|transparent|rgba?\(\s*255\s*,\s*255\s*,\s*255)",
    re.IGNORECASE,
)
HIDDEN = "\x00"
"""Stands where an element begins whose style may keep it from being seen. Texts of mails hold no NUL of their own."""
RULE = "________________________________"
"""What a horizontal rule becomes: Outlook writes the same before a quoted mail in plain text."""


def text_of_html(source: str) -> str:
    """Readable lines: block elements end a line, table cells are a tab apart, quoted blocks get "> "."""
    return marked_text_of_html(source).replace(HIDDEN, "")


def marked_text_of_html(source: str) -> str:
    """The same lines with `HIDDEN` before everything that a reader of the mail may not see."""
    return _Scanner(source.replace(HIDDEN, "")).run()


class _Scanner:
    """Walks the source once, left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lower = source.lower() if source.isascii() else _ascii_lower(source)
        self.lines: list[str] = []
        self.line: list[str] = []
        self.depth = 0
        self.missing: set[str] = set()
        """Strings known not to occur any more, so that nothing is searched for twice."""

    def run(self) -> str:
        at, end = 0, len(self.source)
        while at < end:
            tag = self.source.find("<", at)
            self._text(self.source[at : tag if tag >= 0 else end])
            at = end if tag < 0 else self._markup(tag)
        self._break()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")

    def _find(self, wanted: str, at: int) -> int:
        if wanted in self.missing:
            return -1
        found = self.lower.find(wanted, at)
        if found < 0:
            self.missing.add(wanted)
        return found

    def _markup(self, at: int) -> int:
        """Handle what begins with "<" at `at`; returns where to go on."""
        if self.lower.startswith("<!--", at):
            close = self._find("-->", at + 4)
            return len(self.source) if close < 0 else close + 3
        tag = _TAG.match(self.source, at)
        if tag is None and self.source[at + 1 : at + 2] not in ("!", "?", "/"):
            self._text("<")
            return at + 1
        close = self._tag_end(at + 1)
        if close < 0:
            self._text("<")
            return at + 1
        return close + 1 if tag is None else self._element(tag, close + 1)

    def _tag_end(self, at: int) -> int:
        """Offset of the ">" that ends a tag, attribute values in quotes skipped."""
        close = self._find(">", at)
        while close >= 0:
            quote = _QUOTE.search(self.source, at, close)
            if quote is None:
                return close
            partner = self._find(quote.group(), quote.end())
            if partner < 0 or partner - quote.end() > 20_000:
                return close
            at = partner + 1
            if at > close:
                close = self._find(">", at)
        return close

    def _element(self, tag: re.Match[str], after: int) -> int:
        name = tag.group(1).lower()
        closing = self.source[tag.start() + 1] == "/"
        if name in _DROPPED and not closing:
            return self._past(name, after)
        if not closing and _HIDES.search(self.source, tag.end(), after):
            self.line.append(HIDDEN)
        if name == "br":
            self._break(keep_empty=True)
        elif name == "hr":
            self._break()
            self.lines.append(RULE)
        elif name in ("td", "th"):
            self.line.append("\t" if closing else "")
        elif name == "blockquote":
            self._break()
            self.depth = max(0, min(20, self.depth + (-1 if closing else 1)))
        elif name in _LINE_TAGS:
            self._break(keep_empty=closing and name == "p")
        return after

    def _past(self, name: str, at: int) -> int:
        close = self._find(f"</{name}", at)
        if name == "style" and _HIDES.search(self.source, at, close if close >= 0 else len(self.source)):
            self.line.append(HIDDEN)
        if close < 0:
            return at if name == "head" else len(self.source)
        end = self._find(">", close)
        return len(self.source) if end < 0 else end + 1

    def _text(self, source: str) -> None:
        if source:
            self.line.append(_SPACES.sub(" ", html.unescape(source)).replace("\xa0", " "))

    def _break(self, *, keep_empty: bool = False) -> None:
        marked = "".join(self.line)
        text = marked.replace(HIDDEN, "").strip(" \t")
        self.line.clear()
        if HIDDEN in marked and text:
            text = HIDDEN + text
        elif HIDDEN in marked:
            self.line.append(HIDDEN)  # what an empty line hides begins on the next one
        if text or keep_empty:
            self.lines.append("> " * self.depth + text if text else "")


def _ascii_lower(text: str) -> str:
    """Lower case that never changes the length (str.lower turns İ into two characters)."""
    return text.translate({c: c + 32 for c in range(65, 91)})
