"""What the header of a column means (domain.md §1.6): aliases, normalised; what only resembles one is kept out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from parsers.findings import Field
from parsers.forms import KEY_HEADER
from parsers.text import label_key


class Role(Enum):
    """Columns that say who a row is about, or that stand beside the dates."""

    KEY = "key"
    NUMBER = "number"
    NAME = "name"
    KANA = "kana"
    CENTRE = "centre"
    OFFICE = "office"
    NOTE = "note"


Meaning: TypeAlias = Role | Field


@dataclass(frozen=True, slots=True)
class Claim:
    """What a header claims its column to be."""

    meanings: tuple[Meaning, ...] = ()
    """None = nothing we read; two when one column stands for two dates (新規・兼務登録年月日)."""
    bare: bool = False
    """登録年月日 or 削除年月日 alone: which of two dates it is, the rest of the table must say."""
    era: bool | None = None
    """True = the header says 和暦 or 令和, False = 西暦, None = neither."""


UNITS = {
    "年": "年", "月": "月", "日": "日", "元号": "", "年号": "", "令和": "", "和暦": "年", "西暦": "年",
    "令和年": "年", "年(和暦)": "年", "年(令和)": "年", "年(西暦)": "年",
}  # fmt: skip
"""Labels under a date header split over several columns, and what to write after the number in that column."""

_EXACT: dict[str, Meaning] = {label_key(KEY_HEADER): Role.KEY, "対象外": Field.NOT_APPLICABLE}
_EXACT |= dict.fromkeys(
    ("no.", "no", "№", "#", "番号", "項番", "連番", "通番", "通し番号", "行番号", "名簿番号", "整理no.", "整理no"),
    Role.NUMBER,
)
_EXACT |= dict.fromkeys(("備考", "摘要", "備考欄", "連絡事項", "特記事項", "備考(理由)"), Role.NOTE)
_EXACT |= dict.fromkeys(("センター", "街角センター", "所属", "センター名", "事業所", "勤務先", "所属先"), Role.CENTRE)

_PARENTHESISED = re.compile(r"\(.*?\)|\[.*?\]|【.*?】")
_PUNCTUATION = re.compile(r"[:;.,、。*※・/_~\-=|]")
_KANA = re.compile(r"フリガナ|ふりがな|カナ|かな|よみ|読み")
_NOT_THE_TRAINEE = re.compile(r"担当|記入|代表|作成|責任|所長|講師|確認|報告|提出")
_NAME = re.compile(r"氏名$|^氏名|名前$|受講者名?$|受講生名?$|対象者名?$")
_CENTRE = re.compile(r"所属|勤務|センター名|街角|事業所")
_NOT_A_CENTRE = re.compile(r"予定|今後|電話|番号|コード|区分|配属")
_NOT_A_DATE_TO_FILL = re.compile(
    r"予定|印|担当|番号|先$|先名|依頼|申請|場所|修了|生年|来所|認証|受付|研修|発行|提出|有無|区分|理由|可否|状況|資格|開業|要否|希望|対象"
)
_COMPLETED = re.compile(r"修了(?:の)?(?:有無|区分|結果|状況)|修了未修了")
_REASON = re.compile(r"(?:配属|予定).*理由|^理由$")
_DESTINATION = re.compile(r"配属.*(?:センター名?|オフィス名?|先|先名|事務所名?)$|^(?:今後|次)の?(?:所属|勤務先|勤務)")
_E_LEARNING = re.compile(r"ラーニング|learning")
_BARE_REGISTERED = {"登録年月日", "登録日", "登録月日", "登録済年月日", "登録済日", "登録完了日", "登録完了年月日"}
_BARE_DELETED = {"削除年月日", "削除日", "削除月日", "削除済年月日"}


def claim(tiers: list[str]) -> Claim:
    """What the labels above a column mean, top to bottom; units (年, 月, 日) must be taken off before."""
    keys = [label_key(t) for t in tiers if t.strip()]
    joined = "".join(keys)
    if not joined or len(joined) > 60:
        return Claim()
    for key in (joined, *reversed(keys)):  # the whole, then the lowest tier alone
        found = _EXACT.get(key)
        if found:
            return Claim((found,))
    plain = _PUNCTUATION.sub("", _PARENTHESISED.sub("", joined))
    placement = _placement(plain)
    if placement:
        return Claim((placement,))
    role = _role(plain, joined)
    return Claim((role,)) if role else _date(plain, joined)


def _placement(plain: str) -> Field | None:
    """The columns of the roster with results that hold no date."""
    if _COMPLETED.search(plain) and not _E_LEARNING.search(plain):
        return Field.COMPLETED
    if _REASON.search(plain):
        return Field.NO_DESTINATION_REASON
    return Field.DESTINATION if _DESTINATION.search(plain) else None


def _role(plain: str, joined: str) -> Role | None:
    if plain in ("no", "番号"):
        return Role.NUMBER
    return None if _NOT_THE_TRAINEE.search(plain) else _person(plain, joined)


def _person(plain: str, joined: str) -> Role | None:
    stacked = "氏名" in plain and _KANA.search(plain)  # フリガナ over 氏名 in one cell
    if _KANA.search(joined) and not (stacked and plain.endswith("氏名")):
        return Role.KANA
    if _NAME.search(plain):
        return Role.NAME
    if "登録" in plain or "削除" in plain:
        return None
    if _CENTRE.search(plain) and not _NOT_A_CENTRE.search(plain):
        return Role.CENTRE
    return Role.OFFICE if plain in ("年金事務所", "管轄年金事務所", "年金事務所名", "管轄年金事務所名") else None


def _date(plain: str, joined: str) -> Claim:
    if _NOT_A_DATE_TO_FILL.search(plain):
        return Claim()
    era = True if re.search(r"和暦|令和", joined) else False if "西暦" in joined else None
    meanings, bare = _date_meanings(re.sub(r"和暦|西暦|令和", "", plain))
    return Claim(meanings, bare, era)


def _date_meanings(plain: str) -> tuple[tuple[Meaning, ...], bool]:
    if "削除" in plain:
        if plain in _BARE_DELETED:
            return (Field.CONCURRENT_DELETED_ON, Field.ID_DELETED_ON), True
        if "兼務" in plain:
            return (Field.CONCURRENT_DELETED_ON,), False
        return ((Field.ID_DELETED_ON,), False) if plain.startswith("id") else ((), False)
    if plain in _BARE_REGISTERED:
        return (Field.CONCURRENT_REGISTERED_ON,), True
    if "登録" not in plain and not plain.endswith(("年月日", "日")):
        return (), False
    return _registered(plain), False


def _registered(plain: str) -> tuple[Meaning, ...]:
    if "兼務" in plain and "新規" in plain:
        return Field.ID_REGISTERED_ON, Field.CONCURRENT_REGISTERED_ON
    if "兼務" in plain:
        return (Field.CONCURRENT_REGISTERED_ON,)
    if "新規" in plain or plain.startswith("id登録"):
        return (Field.ID_REGISTERED_ON,)
    return ()
