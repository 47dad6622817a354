"""Whether our one font can print a text: asked before printing, because no renderer says so by itself.

Typst prints tofu without a warning, others drop the character (capture.md §4). The font's own character map is the
judge, ideographic variation sequences included.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from daemon.errors import Refused

_NEVER_PRINTED = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Categories that have no shape of their own: controls, direction marks, private use. A name with one is damaged."""


class MissingGlyphs(Refused):
    """A roster holds characters the font of the form has no glyph for; nothing was printed.

    Correct the spelling in the list (the usual variant of the character, or kana) and import it again.
    """

    def __init__(self, roster: str, rows: Mapping[int, str], heading: str = "") -> None:
        self.roster = roster
        self.rows = dict(rows)
        """Row No. → the characters that cannot be printed."""
        self.heading = heading
        """Those in the block above the table (names of training, centre, office)."""
        places = [f"row {row}: {_named(missing)}" for row, missing in sorted(self.rows.items())]
        if heading:
            places.insert(0, f"heading: {_named(heading)}")
        super().__init__(
            f"roster {roster} cannot be printed, the form's font lacks characters ({'; '.join(places)}); "
            "correct the spelling in the list and import it again"
        )


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the font can print."""

    characters: frozenset[int]
    sequences: frozenset[tuple[int, int]]
    """Ideographic variation sequences: base, selector."""

    def missing(self, text: str) -> str:
        """The characters of `text` without a glyph, each once, in order; "" when all can be printed."""
        return "".join(dict.fromkeys(u for u in _units(text) if not self._prints(u)))

    def _prints(self, unit: str) -> bool:
        if len(unit) == 2:
            return (ord(unit[0]), ord(unit[1])) in self.sequences
        return ord(unit) in self.characters and unicodedata.category(unit) not in _NEVER_PRINTED


@cache
def font_path() -> Path:
    """The font of every form. It comes from a package, never from the system: the same page on every machine."""
    import noto_cjk_sans_jp_regular

    return Path(str(noto_cjk_sans_jp_regular.FONT_PATH))


@cache
def coverage() -> Coverage:
    """What the font of the forms covers, read from its character map."""
    from fontTools.ttLib import TTFont

    with TTFont(font_path(), lazy=True) as font:
        tables = font["cmap"].tables
        pairs = [
            (base, selector)
            for table in tables
            if table.format == 14
            for selector, entries in table.uvsDict.items()
            for base, _ in entries
        ]
        return Coverage(frozenset(font.getBestCmap()), frozenset(pairs))


def missing_glyphs(texts: Iterable[str]) -> dict[str, str]:
    """Text → the characters our font lacks; only texts that lack any."""
    known = coverage()
    found = ((text, known.missing(text)) for text in texts)
    return {text: missing for text, missing in found if missing}


def _units(text: str) -> Iterator[str]:
    """Characters, each with the variation selector that follows it."""
    at = 0
    while at < len(text):
        step = 2 if at + 1 < len(text) and _is_selector(text[at + 1]) else 1
        yield text[at : at + step]
        at += step


def _is_selector(character: str) -> bool:
    return 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF


def _named(characters: str) -> str:
    units = _units(characters)
    return ", ".join(f"{u} ({' '.join(f'U+{ord(c):04X}' for c in u)})" for u in units)
