"""Comparing names of people, centres and offices (domain.md §3.2, §2.2). Names stay as written; keys only compare.

Three strengths: the same characters (EXACT), the same characters in another form (FOLDED: 髙 = 高, 濵 = 浜), and
characters people mix up although they are two (CLASS: 斎/斉, 辺/邊), which kana or the row number must confirm.
Nobody is ever matched across centres by a name alone; that is the caller's duty.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from parsers.text import fold, squash


class Match(Enum):
    """How well two names agree."""

    EXACT = "exact"
    FOLDED = "folded"
    CLASS = "class"
    """May be the same; kana or the row number must confirm."""
    DIFFERENT = "different"


# Variant, then the form it is compared as: old and new shapes of one character. NFKC knows none of them.
_SAME = (
    "髙高 﨑崎 嵜崎 𠮷吉 濵浜 濱浜 栁柳 桺柳 瀨瀬 德徳 邉邊 齋斎 齊斉 廣広 澤沢 國国 櫻桜 眞真 惠恵 壽寿 "
    "榮栄 藏蔵 圓円 增増 黑黒 靜静 絲糸 實実 豐豊 亞亜 佛仏 禮礼 禰祢 彌弥 條条 來来 兒児 戶戸 户戸 淺浅 "
    "槇槙 遙遥 瑤瑶 曾曽 萬万 與与 澁渋 瀧滝 靑青 淸清 晉晋 鷗鴎 鄕郷 鄉郷 寬寛 巢巣 凉涼 緖緒 薰薫 藥薬 "
    "關関 鐵鉄 顯顕 鹽塩 麥麦 龜亀 壯壮 奧奥 嶽岳 峽峡 應応 曉暁 橫横 氣気 溫温 滿満 灣湾 燈灯 爲為 當当 "
    "祕秘 稻稲 穗穂 穰穣 竝並 粹粋 縣県 總総 聰聡 聲声 肅粛 舍舎 莊荘 蘆芦 處処 號号 螢蛍 衞衛 覺覚 觀観 "
    "譽誉 讓譲 賴頼 釋釈 鎭鎮 隨随 雙双 鷄鶏 麴麹 學学 藝芸 體体 圖図 團団 臺台 驛駅 內内 吳呉 姬姫 步歩 "
    "每毎 渊淵 錄録 綠緑 彥彦 顏顔 產産 敎教 晚晩 槗橋 𣘺橋 圡土 啟啓 尙尚 强強 悅悦 曻昇 查査 榘矩 槪概 "
    "淚涙 頴穎 潁穎 俱倶 瘦痩 祿禄 稅税 虛虚 說説 銳鋭 閱閲 黃黄 冝宜 寳宝 寶宝 "
)
# Characters that are two in the register and one in people's heads.
_CONFUSED = (
    "斎斉 辺邊 島嶋嶌 崎碕埼 竜龍 坂阪 富冨 峰峯 館舘 園薗 桧檜 籠篭 野埜 村邨 松枩 淵渕 秋穐 梅楳 桑桒 杉椙 仙僊 "
    "児皃 祐佑裕 巳己已 ノの之 ケヶが"
)
_FOLD = str.maketrans({pair[0]: pair[1] for pair in _SAME.split()})
_CLASS = str.maketrans({c: group[0] for group in _CONFUSED.split() for c in group[1:]})

_DOTS = str.maketrans("", "", "・･·•‧=＝")
_PARENTHESISED = re.compile(r"[(\[【〔].*?[)\]】〕]")
_HONORIFIC = re.compile(r"(?<=..)[様殿]$")


def plain_name(name: str) -> str:
    """The name without spaces, middle dots, variation selectors, honorific; width and radicals folded."""
    return _HONORIFIC.sub("", squash(fold(name)).translate(_DOTS))


def name_key(name: str) -> str:
    """Comparison key: `plain_name` with variant characters in one form (髙橋 一郎 → 高橋一郎)."""
    return plain_name(name).translate(_FOLD)


def class_key(name: str) -> str:
    """Weak key: also characters that are mixed up are one, and what stands in parentheses (旧姓, 通称) is gone."""
    return _PARENTHESISED.sub("", name_key(name)).translate(_CLASS)


def same_name(a: str, b: str) -> Match:
    """How well two names of people agree; empty names agree with nothing."""
    if not squash(a) or not squash(b):
        return Match.DIFFERENT
    for key, match in ((plain_name, Match.EXACT), (name_key, Match.FOLDED), (class_key, Match.CLASS)):
        if key(a) and key(a) == key(b):
            return match
    return Match.DIFFERENT


# -- names read from print by a machine

UNKNOWN_GLYPH = "〓"
"""Stands in a name read from a picture for a glyph that could not be read (the typesetter's 下駄)."""
_LOOK_ALIKE = str.maketrans(
    "一―−‐-—ニエカロハトタヘベペへべぺリりセヒ〇oO゜犬太土士干壬孑汢",
    "ーーーーーー二工力口八卜夕へへへへへへリリ七匕○○○○大大上上千千子辻",
) | str.maketrans("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ", "あいうえおつやゆよわアイウエオツヤユヨワ力ケ")
_LITTER = str.maketrans("", "", "゛\"'`´^~.,:;|_°”’‘“、。")
"""Specks read as something."""
_UNREAD_COST = 0.5
_LENGTH_OF_ONE_ERROR = 5


def reads_as(read: str, name: str) -> bool:
    """Whether print read back by a machine can be `name`: one glyph in five may be wrong, and counts half unread.

    Names of one or two glyphs must be right. For names known already from elsewhere (a row's place), never to find
    anybody.
    """
    seen, meant = _as_printed(read), _as_printed(name)
    if not seen or not meant:
        return False
    allowed = -(-len(meant) // _LENGTH_OF_ONE_ERROR) if len(meant) > 2 else _UNREAD_COST
    return _edits(seen, meant) <= allowed


def _as_printed(name: str) -> str:
    """The glyphs, with those as one that differ by less than a fax shows."""
    return name_key(name).translate(_LITTER).translate(_LOOK_ALIKE)


def _edits(read: str, name: str) -> float:
    """Fewest insertions, losses and changes (Levenshtein); an unread glyph in place of one costs half."""
    row = [float(n) for n in range(len(name) + 1)]
    for at, glyph in enumerate(read, start=1):
        above, row = row, [float(at)]
        for k, wanted in enumerate(name, start=1):
            changed = 0.0 if glyph == wanted else _UNREAD_COST if glyph == UNKNOWN_GLYPH else 1.0
            row.append(min(above[k] + 1, row[-1] + 1, above[k - 1] + changed))
    return row[-1]


# -- kana

_HIRAGANA_TO_KATAKANA = {c: c + 0x60 for c in range(0x3041, 0x3097)}
_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶヂヅヲヱヰヴ", "アイウエオツヤユヨワカケジズオエイブ")
_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパ",
    "イ": "イキシチニヒミリギジビピエケセテネヘメレゲゼデベペ",
    "ウ": "ウクスツヌフムユルグズブプオコソトノホモヨロゴゾドボポ",
}
_LENGTHENED = {c: long for long, row in _ROWS.items() for c in row}
_DASHES = str.maketrans(dict.fromkeys("-‐‑‒–—―−─", "ー"))


def kana_key(kana: str) -> str:
    """Comparison key of a reading: katakana, full size, long vowels written one way (ｵｵﾉ ﾕｰｺ, おおの ゆうこ)."""
    text = unicodedata.normalize("NFC", squash(fold(kana))).translate(_HIRAGANA_TO_KATAKANA).translate(_DOTS)
    text = text.translate(_DASHES).translate(_SMALL)
    out: list[str] = []
    for char in text:
        long = _LENGTHENED.get(out[-1], "") if out else ""
        stretches = char == "ー" or (char == "オ" and long == "ウ") or (char == "エ" and long == "イ")
        out.append(long if stretches and long else char)
    return "".join(out)


def same_kana(a: str, b: str) -> bool:
    """Whether two readings agree; empty ones do not."""
    return bool(squash(a)) and kana_key(a) == kana_key(b)


# -- places

_CENTRE_PREFIX = re.compile(r"^(?:街角の?年金相談センター|街角センター|年金相談センター|街角の?|\(街\)|センター)")
_CENTRE_SUFFIX = re.compile(
    r"(?:街角の?年金相談センター|街角センター|年金相談センター|\(オフィス\)|オフィス|街角|センター)$"
)
_OFFICE_SUFFIX = re.compile(r"(?:年金事務所|社会保険事務所|事務所)$")
_PLACE_FORMS = str.maketrans({"の": "ノ", "之": "ノ", "ヶ": "ケ", "ヵ": "ケ", "が": "ケ", "ｹ": "ケ"})
_PLACE_ALIASES = {
    "溝口": "溝ノ口",
    "溝ノクチ": "溝ノ口",
    "溝ノくち": "溝ノ口",
    "中百舌鳥": "なかもず",
    "ナカモズ": "なかもず",
}


def centre_key(text: str) -> str:
    """Key of a 街角の年金相談センター: 街角センター溝の口 and 溝ノ口（オフィス） agree; "" when nothing is left."""
    bare = _stripped(squash(fold(text)), _CENTRE_PREFIX, _CENTRE_SUFFIX)
    return _place(bare)


def office_key(text: str) -> str:
    """Key of a 年金事務所. The same bare name may also be a centre: the column says which of the two it is."""
    return _place(_OFFICE_SUFFIX.sub("", squash(fold(text))))


def prefecture_key(text: str) -> str:
    """神奈川県 → 神奈川, 東京都 → 東京, 京都府 → 京都, 北海道 stays."""
    bare = squash(fold(text))
    return bare if bare in ("北海道", "京都") else re.sub(r"[都府県]$", "", bare)


def _place(bare: str) -> str:
    formed = bare.translate(_FOLD).translate(_PLACE_FORMS)
    return _PLACE_ALIASES.get(formed, formed)


def _stripped(text: str, prefix: re.Pattern[str], suffix: re.Pattern[str]) -> str:
    text = prefix.sub("", text, count=1)
    shorter = suffix.sub("", text, count=1)
    while shorter != text:
        text, shorter = shorter, suffix.sub("", shorter, count=1)
    return text
