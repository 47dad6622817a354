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
_INVISIBLE = (
    "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"  # soft hyphen, zero width, direction
    "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors (葛󠄀)
)
# Characters NFKC turns into digits that would join their neighbours: ① ⑴ ⒈ ² ½ ㎡ 𝟘 … (４ is one itself).
_GLUE = (
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070\u2074-\u2079\u2080-\u2089\u2150-\u215f\u2189\u2460-\u249b\u24ea"
    "\u3251-\u325f\u32b1-\u32bf\u3358-\u3370\u3378\u3379\u339f-\u33a6\u33a8\u33af"
    "\U0001ccf0-\U0001ccf9\U0001d7ce-\U0001d7ff\U0001f100-\U0001f10a\U0001fbf0-\U0001fbf9"
)
_CALENDAR = "\u32c0-\u32cb\u33e0-\u33fe"
"""㋀–㋋ (1月 …) and ㏠–㏾ (1日 …): the digit is meant, and its unit comes with it."""

_INVISIBLE_RUN = re.compile(f"[{_INVISIBLE}]+")
_GLUE_CHAR = re.compile(f"[{_GLUE}]")
_CALENDAR_CHAR = re.compile(f"([{_CALENDAR}])")
_NEEDS_CARE = re.compile(f"[{_INVISIBLE}{_GLUE}{_CALENDAR}\u2e80-\u2ef3]")
_SPACES = re.compile(r"\s+")


def is_glue(char: str) -> bool:
    """Whether NFKC turns `char` into digits that would join their neighbours: ①, ⑴, ², ½ … (never ４)."""
    return _GLUE_CHAR.match(char) is not None


def replace_glue(text: str, by: str) -> str:
    """`text` with every circled or raised digit replaced."""
    return _GLUE_CHAR.sub(by, text)


def drop_invisible(text: str) -> str:
    """Without variation selectors, zero-width characters and direction marks."""
    return text if text.isascii() else _INVISIBLE_RUN.sub("", text)


def fold(text: str) -> str:
    """Guarded NFKC: circled and raised digits become a space, then NFKC, radicals, and nothing invisible."""
    if text.isascii():
        return text
    if _NEEDS_CARE.search(text):
        text = _INVISIBLE_RUN.sub("", text).translate(_RADICALS)
        text = _CALENDAR_CHAR.sub(r" \1", replace_glue(text, " "))  # or 3㋀ would become 31月
    return unicodedata.normalize("NFKC", text)


def squash(text: str) -> str:
    """Without any white space, ideographic spaces and line breaks included."""
    return _SPACES.sub("", drop_invisible(text))


def label_key(text: str) -> str:
    """Comparison key of a header or label: folded, lower case, without spaces and line breaks (ＩＤ　登録日)."""
    return squash(fold(text)).lower()
