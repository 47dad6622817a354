"""What stands in a paragraph or cell of a Word document (WordprocessingML, ECMA-376 part 1, §17), and what spoils it.

Deleted text is not read, inserted text is and says so; hidden text is read and says so; placeholders of empty content
controls are nothing. Names are compared without their namespace: the strict variant of the format has another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

_OFF = frozenset({"0", "false", "off"})
NEW = frozenset({"ins", "moveTo"})
"""What was inserted under change tracking; what was deleted (del, moveFrom) is in none of these lists and not read."""
_THROUGH = frozenset({"hyperlink", "smartTag", "customXml", "sdtContent", "dir", "bdo", "oMath", "oMathPara", "Choice"})
_PLAIN = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_DRAWN = frozenset({"drawing", "pict", "object", "control"})
_NOTES = frozenset({"footnoteReference", "endnoteReference"})
_AUTOMATIC = re.compile(r"\s*(?:=|DATE\b|TIME\b|CREATEDATE\b|SAVEDATE\b|PRINTDATE\b|EDITTIME\b)", re.IGNORECASE)
"""Fields whose text Word makes anew: no evidence of anything, like a formula."""
_SYMBOLS = {"F0FC": "✓", "F0FE": "☑", "F0FD": "☒", "F0A8": "☐", "F06F": "☐", "F052": "☑", "F0FB": "×"}
"""Ticks and boxes of the fonts Wingdings and Wingdings 2."""
_UNKNOWN_SYMBOL = "\ufffc"


def local(element: Element) -> str:
    """Name without namespace."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element | None, name: str) -> str | None:
    """Value of an attribute, whatever its namespace; None when it is not there."""
    if element is None:
        return None
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == name), None)


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of that name, of that child the next …; None when one is missing."""
    for name in path:
        element = next((c for c in element if local(c) == name), None) if element is not None else None
    return element


def is_on(element: Element | None) -> bool:
    """Whether a switch is there and not turned off."""
    return element is not None and (attribute(element, "val") or "1").lower() not in _OFF


@dataclass(slots=True)
class Said:
    """Text as shown, and how it stands there."""

    lines: list[str] = field(default_factory=list)
    struck: bool = False
    revised: bool = False
    """Part of it was inserted under change tracking."""
    hidden: bool = False
    """Part of it is hidden text."""
    automatic: bool = False
    """Part of it is a field that Word makes anew."""
    comments: list[str] = field(default_factory=list)
    drawn: bool = False
    """A picture, shape, control or table lies in it."""
    floating: bool = False
    """One of them may lie anywhere on the page."""
    tables: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The paragraphs, one a line."""
        return "\n".join(self.lines).strip("\n")


@dataclass(frozen=True, slots=True)
class Lore:
    """What the rest of the document says about its text."""

    struck_styles: frozenset[str] = frozenset()
    comments: Mapping[str, str] = field(default_factory=dict)
    """By id."""


def struck_styles(root: Element | None) -> frozenset[str]:
    """Ids of the styles whose text is struck through, by themselves or by the style they are based on."""
    styles = {attribute(s, "styleId") or "": s for s in (root if root is not None else ()) if local(s) == "style"}
    return frozenset(name for name in styles if _is_struck_style(name, styles))


def _is_struck_style(name: str, styles: Mapping[str, Element]) -> bool:
    for _ in range(len(styles)):
        style = styles.get(name)
        if style is None:
            return False
        said = [c for c in child(style, "rPr") or () if local(c) in ("strike", "dstrike")]
        if said:
            return any(is_on(c) for c in said)
        name = attribute(child(style, "basedOn"), "val") or ""
    return False


def read_text(element: Element, lore: Lore, *, revised: bool = False) -> Said:
    """What stands in a paragraph, cell or header; `revised` when all of it was inserted under change tracking."""
    reader = _Reader(lore, revised)
    reader.walk(element)
    return reader.said


class _Reader:
    """Walks through the content once; carries the fields that are open."""

    def __init__(self, lore: Lore, revised: bool) -> None:
        self.said = Said()
        self._lore = lore
        self._revised = revised
        self._style = ""
        self._fields: list[str] = []
        """Instructions of open fields."""

    def walk(self, element: Element) -> None:
        """Paragraphs and what is around them."""
        for inner in (element,) if local(element) == "p" else element:
            kind = local(inner)
            if kind == "p":
                self._paragraph(inner)
            elif kind == "tbl":
                self.said.tables.append(inner)
                self.said.drawn = True
            else:
                self._inline(inner)

    def _paragraph(self, element: Element) -> None:
        self.said.lines.append("")
        self._style = attribute(child(element, "pPr", "pStyle"), "val") or ""
        for inner in element:
            self._inline(inner)

    def _inline(self, element: Element) -> None:
        kind = local(element)
        if kind == "r":
            self._run(element)
        elif kind in NEW:
            before, self._revised = self._revised, True
            self.walk(element)
            self._revised = before
        elif kind == "sdt":
            self._control(element)
        elif kind == "fldSimple":
            self._fields.append(attribute(element, "instr") or "")
            self.walk(element)
            self._fields.pop()
        elif kind in _THROUGH:
            self.walk(element)
        elif kind == "AlternateContent":
            self.walk(child(element, "Choice") or Element("none"))
        elif kind == "commentRangeStart":
            self._comment(element)

    def _control(self, element: Element) -> None:
        """A content control; as long as it shows its placeholder, nobody has filled it in."""
        content = child(element, "sdtContent")
        if content is not None and not is_on(child(element, "sdtPr", "showingPlcHdr")):
            self.walk(content)

    def _run(self, element: Element) -> None:
        properties = child(element, "rPr")
        text = "".join(self._pieces(element))
        if not text:
            return
        said = self.said
        said.lines = said.lines or [""]
        said.lines[-1] += text
        if text.strip():
            said.struck = said.struck or self._is_struck(properties)
            said.hidden = said.hidden or is_on(child(properties, "vanish"))
            said.revised = said.revised or self._revised or child(properties, "ins") is not None
            said.automatic = said.automatic or any(_AUTOMATIC.match(f) for f in self._fields)

    def _is_struck(self, properties: Element | None) -> bool:
        own = [c for c in properties if local(c) in ("strike", "dstrike")] if properties is not None else []
        if own:
            return any(is_on(c) for c in own)
        styles = {attribute(child(properties, "rStyle"), "val") or "", self._style}
        return bool(styles & self._lore.struck_styles)

    def _pieces(self, run: Element) -> Iterator[str]:
        for inner in run:
            kind = local(inner)
            if kind == "t":
                yield inner.text or ""
            elif kind in _PLAIN:
                yield _PLAIN[kind]
            elif kind == "sym":
                yield _SYMBOLS.get((attribute(inner, "char") or "").upper(), _UNKNOWN_SYMBOL)
            elif kind == "ruby":  # the reading above the characters is no part of the text
                for base in child(inner, "rubyBase") or ():
                    yield from self._pieces(base)
            elif kind == "fldChar":
                yield self._field(inner)
            elif kind == "instrText" and self._fields:
                self._fields[-1] += inner.text or ""
            else:
                self._thing(kind, inner)

    def _field(self, element: Element) -> str:
        """Begin or end of a field; a check box of an old form shows its state."""
        kind = attribute(element, "fldCharType")
        if kind == "begin":
            self._fields.append("")
        elif kind == "end" and self._fields:
            self._fields.pop()
        box = child(element, "ffData", "checkBox")
        if box is None:
            return ""
        checked = child(box, "checked")
        return "☑" if is_on(child(box, "default") if checked is None else checked) else "☐"

    def _thing(self, kind: str, element: Element) -> None:
        """What stands in a run beside text."""
        if kind == "AlternateContent":
            for inner in child(element, "Choice") or ():
                self._thing(local(inner), inner)
        elif kind in _DRAWN:
            self.said.drawn = True
            self.said.floating = self.said.floating or _floats(element)
        elif kind in _NOTES:
            self.said.comments.append(kind)
        elif kind == "commentReference":
            self._comment(element)

    def _comment(self, element: Element) -> None:
        known = self._lore.comments.get(attribute(element, "id") or "", "")
        if (known or "…") not in self.said.comments:
            self.said.comments.append(known or "…")


def _floats(element: Element) -> bool:
    """Whether a drawing has a place of its own on the page."""
    for inner in element.iter():
        if local(inner) == "anchor" or "position:absolute" in (inner.get("style") or "").replace(" ", ""):
            return True
    return False
