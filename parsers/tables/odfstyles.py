"""The styles of an OpenDocument file (ODF 1.3 part 3, §16): strokes, hidden tables, and dates as spreadsheet formats.

A date style becomes the format code a spreadsheet would show for it (`ggge"年"m"月"d"日"`), so that one code judges
whether a year or a day could be seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

_URN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TABLE, TEXT, OFFICE, STYLE, DRAW, NUMBER, META = (
    _URN % kind for kind in ("table", "text", "office", "style", "drawing", "datastyle", "meta")
)
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_CHAIN_MOST = 20
"""Styles inherit; a chain longer than this runs in a circle."""
_DATA_STYLES = frozenset(f"{NUMBER}{kind}-style" for kind in ("date", "text", "number"))


@dataclass(frozen=True, slots=True)
class _Style:
    parent: str
    data: str
    struck: bool | None
    """None = as the parent."""
    shown: bool


@dataclass(slots=True)
class Styles:
    """All styles of a document, by family and name."""

    _named: dict[tuple[str, str], _Style] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)
    """Data style → format code; "" for those that are no dates."""
    _sections: dict[str, str] = field(default_factory=dict)
    """Data style → the one for its first section: ggge"年"…;@ is a text style that maps to a date style."""
    _by_cell_style: dict[str, str] = field(default_factory=dict)

    def add(self, root: Element | None) -> None:
        """Learn the styles of a part (styles.xml first, then content.xml)."""
        for element in root.iter() if root is not None else ():
            name = element.get(f"{STYLE}name", "")
            if element.tag in (f"{STYLE}style", f"{STYLE}default-style"):
                self._named[element.get(f"{STYLE}family", ""), name] = _style(element)
            elif element.tag in _DATA_STYLES:
                self._codes[name] = _code(element) if element.tag.endswith("date-style") else ""
                section = element.find(f"{STYLE}map")
                if section is not None:
                    self._sections[name] = section.get(f"{STYLE}apply-style-name", "")

    def is_struck(self, family: str, name: str) -> bool:
        """Whether text of that style is struck through."""
        for style in self._chain(family, name):
            if style.struck is not None:
                return style.struck
        return False

    def code(self, name: str) -> str:
        """Format code of a cell style; "" when it is no date."""
        if name not in self._by_cell_style:
            data = next((s.data for s in self._chain("table-cell", name) if s.data), "")
            self._by_cell_style[name] = self._codes.get(self._sections.get(data, ""), "") or self._codes.get(data, "")
        return self._by_cell_style[name]

    def is_shown(self, name: str) -> bool:
        """Whether tables of that style are visible."""
        return all(s.shown for s in self._chain("table", name))

    def _chain(self, family: str, name: str) -> Iterable[_Style]:
        for _ in range(_CHAIN_MOST):
            style = self._named.get((family, name))
            if style is None:
                return
            yield style
            name = style.parent


def _style(element: Element) -> _Style:
    struck: bool | None = None
    shown = True
    for part in element:
        if part.tag == f"{STYLE}text-properties":
            lines = [part.get(f"{STYLE}text-line-through-{kind}") for kind in ("style", "type")]
            said = [line for line in lines if line is not None]
            struck = all(line != "none" for line in said) if said else None
        elif part.tag == f"{STYLE}table-properties":
            shown = part.get(f"{TABLE}display", "true") != "false"
    parent = element.get(f"{STYLE}parent-style-name", "")
    return _Style(parent, element.get(f"{STYLE}data-style-name", ""), struck, shown)


def _code(style: Element) -> str:
    return "".join(_piece(part) for part in style)


def _piece(part: Element) -> str:
    kind = part.tag.rpartition("}")[2]
    is_long = part.get(f"{NUMBER}style") == "long"
    gengou = part.get(f"{NUMBER}calendar") == "gengou"
    if kind == "text":
        return f'"{part.text}"' if part.text and part.text.strip('"') else ""
    if kind == "year":
        return ("ee" if is_long else "e") if gengou else ("yyyy" if is_long else "yy")
    if kind == "month" and part.get(f"{NUMBER}textual") == "true":
        return "mmmm" if is_long else "mmm"
    known = {"era": ("g", "ggg"), "month": ("m", "mm"), "day": ("d", "dd"), "day-of-week": ("aaa", "aaaa")}
    return known.get(kind, ("", ""))[is_long]
