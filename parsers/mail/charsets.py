"""Bytes of a text or header into characters, when the label is right, wrong, unknown to Python, or missing.

Order: the declared charset if it fits → ISO-2022-JP escapes → strict UTF-8 → cp932 → EUC-JP; among those that can be
read the one that looks most like Japanese text wins. Only charsets of the table below are ever looked up: Python also
takes names such as "idna" or "punycode" from a label, whose decoders need quadratic time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from parsers.mail.jis import REPLACEMENT, decode_euc_jp, decode_iso_2022_jp, has_escapes

_ISO_2022_JP = "iso-2022-jp"
_EUC_JP = "euc-jp"
_ALIASES: dict[str, tuple[str, ...]] = {
    _ISO_2022_JP: ("iso2022jp", "iso2022jp1", "iso2022jp2", "iso2022jp3", "iso2022jp2004", "iso2022jpms",
                   "iso2022jpext", "cp50220", "cp50221", "cp50222", "csiso2022jp", "csiso2022jp2", "jis", "jis7",
                   "jis8", "junet", "ibm5054", "windows50220", "windows50221"),
    "cp932": ("shiftjis", "sjis", "xsjis", "xshiftjis", "mskanji", "csshiftjis", "windows31j", "cswindows31j", "cp932",
              "ms932", "windows932", "ibm943", "cp943", "cp943c", "shiftjismswin", "sjiswin", "shiftjis2004",
              "shiftjisx0213", "xmacjapanese", "mskanjisjis"),
    _EUC_JP: ("eucjp", "xeucjp", "ujis", "cseucpkdfmtjapanese", "eucjpms", "cp51932", "eucjpwin", "xeuc", "euc"),
    "utf-8": ("utf8", "utf8bom", "utf8mac", "utf8mb4", "unicode11utf8", "cesu8", "unicode"),
    "utf-7": ("utf7", "unicode11utf7"),
    "utf-16": ("utf16", "ucs2", "iso10646ucs2"),
    "utf-16-le": ("utf16le",), "utf-16-be": ("utf16be",), "utf-32": ("utf32",),
    "ascii": ("ascii", "usascii", "ansix341968", "iso646us", "7bit", "8bit", "binary", "unknown8bit", "xunknown",
              "unknown", "none", "default", "ansi"),
    "cp1252": ("iso88591", "latin1", "l1", "cp1252", "windows1252", "xansi", "iso885915", "latin9", "cp819"),
    "iso8859-2": ("iso88592", "latin2"), "cp1250": ("windows1250", "cp1250"), "cp1251": ("windows1251", "cp1251"),
    "iso8859-5": ("iso88595",), "koi8-r": ("koi8r",), "iso8859-7": ("iso88597",), "iso8859-9": ("iso88599",),
    "gb18030": ("gb18030", "gb2312", "gbk", "cp936", "csgb2312", "xgbk", "euccn"),
    "big5": ("big5", "cp950", "big5hkscs"),
    "cp949": ("euckr", "ksc56011987", "ksc5601", "cp949", "ks_c_5601-1987", "windows949", "uhc"),
    "iso2022_kr": ("iso2022kr",), "cp874": ("tis620", "windows874"),
}  # fmt: skip
_CODECS = {alias: codec for codec, aliases in _ALIASES.items() for alias in aliases}
_SCORED_CHARACTERS = 4000
"""Enough to judge by; a long body is not scored to its end."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Characters, the charset that gave them, and whether it is another than the one declared."""

    text: str
    charset: str
    guessed: bool


def canonical(label: str) -> str:
    """Our name of a declared charset; "" when there is none or nobody knows it."""
    return _CODECS.get(re.sub(r"[^a-z0-9]", "", label[:60].lower()), "")


def decode(data: bytes, label: str = "") -> Decoded:
    """Read `data`, believing `label` as far as the bytes bear it out; never raises."""
    declared = canonical(label)
    if data.isascii() and b"\x1b" not in data and b"\x0e" not in data and declared not in _SEVEN_BIT_CODECS:
        return Decoded(data.decode("ascii"), declared or "ascii", guessed=False)
    sure = _as_declared(data, declared)
    if sure is not None:
        return Decoded(sure, declared, guessed=False)
    text, charset = _best_guess(data, declared)
    return Decoded(text, charset, guessed=True)


_SEVEN_BIT_CODECS = frozenset({"utf-7", "iso2022_kr", "utf-16", "utf-16-le", "utf-16-be", "utf-32"})


def _as_declared(data: bytes, declared: str) -> str | None:
    """Text by the label, None when there is no usable label or the bytes speak against it."""
    if declared in ("", "ascii"):
        return None
    if declared != _ISO_2022_JP and data.isascii() and has_escapes(data):
        return None
    text = _strict(data, declared)
    if text is None or declared in ("utf-8", _ISO_2022_JP):
        return text
    rival = None if declared in _SEVEN_BIT_CODECS else _strict(data, "utf-8")
    if rival is not None and looks(rival) > looks(text):
        return None
    doubtful = declared not in ("cp932", _EUC_JP) and not data.isascii() and looks(text) < 0
    return None if doubtful and looks(_best_guess(data, declared)[0]) > 0 else text


def _best_guess(data: bytes, declared: str) -> tuple[str, str]:
    order = [_ISO_2022_JP] if has_escapes(data) else []
    order += ["utf-8", "cp932", _EUC_JP]
    if declared and declared not in order and declared != "ascii":
        order.append(declared)
    readable = [(text, name) for name in order if (text := _strict(data, name)) is not None]
    if not readable:
        readable = [(_lenient(data, name), name) for name in order]
    return max(readable, key=lambda each: looks(each[0]))  # the first of equals


def _strict(data: bytes, codec: str) -> str | None:
    """Text if every byte has a meaning in `codec`."""
    if codec in (_ISO_2022_JP, _EUC_JP):
        text, bad = decode_iso_2022_jp(data) if codec == _ISO_2022_JP else decode_euc_jp(data)
        return None if bad else text
    try:
        text = data.decode("utf-8-sig" if codec == "utf-8" else codec)
        text.encode()  # Python's utf-7 lets lone surrogates pass, which nothing can store
        return text
    except (UnicodeError, LookupError):
        return _shift_jis_2004(data) if codec == "cp932" else None


def _shift_jis_2004(data: bytes) -> str | None:
    """JIS X 0213 characters, as Macs write them under the label Shift_JIS."""
    try:
        return data.decode("shift_jis_2004")
    except UnicodeError:
        return None


def _lenient(data: bytes, codec: str) -> str:
    if codec in (_ISO_2022_JP, _EUC_JP):
        return (decode_iso_2022_jp(data) if codec == _ISO_2022_JP else decode_euc_jp(data)).text
    try:
        return data.decode(codec, "replace").encode("utf-8", "replace").decode()
    except (UnicodeError, LookupError):
        return data.decode("ascii", "replace")


def looks(text: str) -> float:
    """How much `text` looks like Japanese office prose: about +1 = surely, below 0 = mojibake, 0 = plain ASCII."""
    strange = [c for c in text[: _SCORED_CHARACTERS * 4] if not " " <= c <= "~" and c not in "\t\r\n\f"]
    if not strange:
        return 0.0
    strange = strange[:_SCORED_CHARACTERS]
    return sum(map(_weight, strange)) / len(strange)


_RANGES = (
    (0x0000, 0x009F, -4.0),  # controls, C1: the mark of a wrong 8-bit table
    (0x00A0, 0x1FFF, -0.3),
    (0x2000, 0x2BFF, 0.3),  # ― … ※ → ① ■
    (0x3000, 0x303F, 0.8),
    (0x3040, 0x30FF, 1.0),
    (0x3200, 0x33FF, 0.3),  # ㈱ ㍻ ㎡
    (0x4E00, 0x9FFF, -0.2),  # kanji beyond level 1: names have them, mojibake has more (縺 繧 繝)
    (0xAC00, 0xD7AF, -0.5),
    (0xE000, 0xF8FF, -3.0),
    (0xF900, 0xFAFF, 0.2),  # 﨑
    (0xFF01, 0xFF5E, 0.8),
    (0xFF61, 0xFF65, -1.0),  # ､･ standing for the lead bytes of EUC-JP kana
    (0xFF66, 0xFF9F, -0.5),
    (0xFFFD, 0xFFFD, -4.0),
)


@cache
def _level_1() -> frozenset[str]:
    """The 2 965 everyday kanji (JIS X 0208 rows 16–47)."""
    rows = (decode_euc_jp(bytes((row + 0xA0, cell + 0xA0))).text for row in range(16, 48) for cell in range(1, 95))
    return frozenset(c for c in rows if c != REPLACEMENT)


@lru_cache(maxsize=8192)
def _common(char: str) -> float:
    point = ord(char)
    return next((weight for low, high, weight in _RANGES if low <= point <= high), 0.0)


def _weight(char: str) -> float:
    return 1.0 if char in _level_1() else _common(char)
