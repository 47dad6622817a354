"""Folding of Japanese text that looks the same and is encoded differently (domain.md §3.2).

NFKC alone is both too weak and too strong: it leaves the CJK Radicals Supplement, which PDF text layers are full of,
and it glues ① to the digits that follow (①4月1日 → 14月1日). `fold` guards against the second and adds the first.
Variant kanji (髙, 﨑) are a matter of names, not of encoding: see `parsers.names`.
"""

from __future__ import annotations

import re
import unicodedata

# Unicode EquivalentUnifiedIdeograph for U+2E80–2EF3; NFKC knows only the Kangxi radicals U+2F00–2FD5.
_RADICALS_FROM = (
    "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻"
    "⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳"
)
_RADICALS_TO = (
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿"
    "肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)
_RADICALS = dict(zip(map(ord, _RADICALS_FROM), _RADICALS_TO, strict=True))
_INVISIBLE = dict.fromkeys(
    [
        *range(0x200B, 0x2010),  # zero width space, joiners, direction marks
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2065),
        *range(0xFE00, 0xFE10),  # variation selectors
        *range(0xE0100, 0xE01F0),  # ideographic variation selectors (葛󠄀)
        0x00AD,
        0x180E,
        0xFEFF,
    ]
)
_SPACES = re.compile(r"\s+")


def is_glue(char: str) -> bool:
    """Whether NFKC turns `char` into digits that would join their neighbours: ①, ⑴, ², ½ … (never ４)."""
    if char.isascii() or "０" <= char <= "９" or _is_calendar_sign(char):
        return False
    return any("0" <= c <= "9" for c in unicodedata.normalize("NFKC", char))


def _is_calendar_sign(char: str) -> bool:
    """㋀–㋋ (1月 …) and ㏠–㏾ (1日 …): here the digit is meant, and its unit comes with it."""
    return "㋀" <= char <= "㋋" or "㏠" <= char <= "㏾"


def fold_radicals(text: str) -> str:
    """Radicals that stand for whole characters become these characters: ⽇ → 日, ⻑ → 長."""
    return "".join(_fold_radical(c) for c in text)


def _fold_radical(char: str) -> str:
    if "⺀" <= char <= "⻳":
        return _RADICALS.get(ord(char), char)
    if "⼀" <= char <= "⿕":
        return unicodedata.normalize("NFKC", char)
    return char


def drop_invisible(text: str) -> str:
    """Without variation selectors, zero-width characters and direction marks."""
    return text.translate(_INVISIBLE)


def fold(text: str) -> str:
    """Guarded NFKC: circled and raised digits become a space, then NFKC, radicals, and nothing invisible."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", fold_radicals("".join(map(_guarded, drop_invisible(text)))))


def _guarded(char: str) -> str:
    if char.isascii():
        return char
    if _is_calendar_sign(char):
        return " " + char  # or 3㋀ would become 31月
    return " " if is_glue(char) else char


def squash(text: str) -> str:
    """Without any white space, ideographic spaces and line breaks included."""
    return _SPACES.sub("", drop_invisible(text))


def label_key(text: str) -> str:
    """Comparison key of a header or label: folded, lower case, without spaces and line breaks (ＩＤ　登録日)."""
    return squash(fold(text)).lower()
