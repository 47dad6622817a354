"""What a person's reply without a roster means, judged from `Message.said`: a hint for the domain, never evidence.

Sentence by sentence. A courtesy must be understood to its last character; every other kind must show its words; one
sentence that is not understood makes the whole reply OTHER, because a person may have said anything in it.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from parsers.mail.courtesy import is_courtesy, is_enclosing
from parsers.mail.letter import sentences


class Wording(StrEnum):
    """Kinds of replies (domain.md §3.6). Anything not fully understood is OTHER."""

    COURTESY = "courtesy"
    """Only thanks, 了解, 受領: nothing to do."""
    COMMITMENT = "commitment"
    """来週, 4/10予定, 手続中: a note, never completion."""
    CLAIM = "claim"
    """Says it is done or gives dates: the proof is the office's sheet."""
    CORRECTION = "correction"
    """差し替え, 訂正, 誤り."""
    WITHDRAWAL = "withdrawal"
    """辞退, 取消, 欠席 of somebody."""
    FAX_SENT = "fax-sent"
    """本日FAXにて送付しました."""
    ENCLOSED = "enclosed"
    """Says only that the answer is attached, or asks to look at it; with nothing attached the mail carries a note."""
    OTHER = "other"
    """A question, or anything else: a person must read."""


class Verdict(NamedTuple):
    """What `classify_said` decided."""

    wording: Wording
    phrase: str
    """The sentence that decided, NFKC; "" when there was nothing to read."""


_PRECEDENCE = (
    Wording.WITHDRAWAL,
    Wording.CORRECTION,
    Wording.OTHER,
    Wording.CLAIM,
    Wording.FAX_SENT,
    Wording.COMMITMENT,
    Wording.ENCLOSED,
    Wording.COURTESY,
)
"""Which kind names a reply that holds several. What is not understood yields only to what a person reads anyway."""
_MAX_CHARACTERS = 20_000

_FAX = r"(?:fax|ファックス|ファクス|ファクシミリ)"
_DATE = re.compile(
    r"(?:令和|平成|r|h)?\s*(?:\d{1,4}|元)\s*[年./\-]\s*\d{1,2}\s*[月./\-]\s*\d{1,2}|\d{1,2}\s*月\s*\d{1,2}\s*日|"
    r"(?<![\d/])\d{1,2}/\d{1,2}(?![\d/])|(?<!\d)(?:[1-9]|[12]\d|3[01])日(?!間|以内|前|後)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"[?？]|でしょうか|ですか|ますか|ませんか|のか|かどうか|教えて|ご教示|ご指示|いかが|宜しいで|よろしいで|"
    r"どのよう|どちら|何を|いつ",
    re.IGNORECASE,
)
_BUT = re.compile(r"(?<=です|ます)が[、,]?|(?<=ました|でした|ません)が[、,]?|[、,](?=(?:なお|ただし|ただ|また)[、,])")
"""Where one sentence says a second thing."""
_REQUESTS = re.compile(
    r"ください|下さい|願い(?:ます|いた|致|申|でき|し)|お願いし|いただけ(?:ます|れば|る|ない|ませ)|頂け|"
    r"いただきたく|頂きたく|"
    r"(?:して)?ほしい|くださいませ|求め"
)
_UNCERTAIN = re.compile(
    r"場合|もし|かもしれ|可能性|おそれ|恐れが|検討|思われ|はず|たぶん|恐らく|おそらく|とのこと(?:です)?が"
)
_WITHDRAWAL = re.compile(
    r"辞退|取り?消し?|とりけし|キャンセル|欠席|不参加|受講(?:を)?(?:し(?:ない|ません|なく)|でき(?:ない|ません|なく)|"
    r"(?:を)?(?:取りやめ|とりやめ|見合わせ|見送))|参加(?:し(?:ない|ません|なく)|でき(?:ない|ません|なく))|退会|"
    r"退職|死亡|逝去|"
    r"(?:名簿|対象)(?:者)?(?:から|より)(?:除|外|削除)|除外|受講中止"
)
_NOBODY = re.compile(
    r"(?:辞退|取り?消し?|キャンセル|欠席|不参加|退会|退職|除外|変更|誤り|訂正|間違い|差し?替え?)[^。]{0,8}"
    r"(?:ありません|ございません|無し|なし|いません|おりません|ない)"
)
_CORRECTION = re.compile(
    r"差し?替え?|さしかえ|訂正|修正|誤り|誤って|誤記|誤字|誤植|間違|転記ミス|記載ミス|入力ミス|正しくは|(?:再送|"
    r"再度お?送)(?:いた|致|し(?:まし|ます|て)|りし|付)"
)
_FAX_SENT = re.compile(
    rf"{_FAX}[^。]{{0,20}}(?:(?:送付|送信|返送|返信|提出|回答|お送り|発信|送り|送)(?:を)?"
    rf"(?:(?:いた|致)?しました|済み?|りました|させて(?:いただき|頂き)ました|した|ずみ)|流しました|送りました)|"
    rf"(?:送付|送信|返送|返信|提出)[^。]{{0,8}}{_FAX}(?:にて|で)?(?:(?:いた|致)しました|済み?)"
)
_FAX_FAILED = re.compile(
    rf"{_FAX}[^。]{{0,24}}(?:ません|できず|できない|エラー|失敗|届か|不鮮明|読め|話し中|不可|なかった|未)"
)
_PLANNED = re.compile(
    r"予定|来週|来月|翌週|翌月|今週中|今月中|月末|週明け|明日|明後日|あす|本日中|近日|後日|後ほど|のちほど|"
    r"まで(?:に|には)|"
    r"手続き?(?:を)?(?:進め|(?:の)?中)|申請中|処理中|確認中|調整中|準備中|依頼中|照会中|対応中|進めて(?:い|"
    r"お)り?ます|これから|追って|次第|"
    r"見込|つもり|しばらくお待ち|今しばらく|もう少々|(?:対応|手続き?|登録|報告|連絡|回答)(?:を)?(?:いた|致)?します"
)
_TROUBLE = re.compile(
    r"困難|難し|間に合(?:わ|い)ま?[せな]|できません|出来ません|できない|障害|トラブル|紛失|問題|不具合|エラー"
)
_NOT_DONE = re.compile(
    r"まだ|未(?:了|済|完了|登録|手続|実施|着)|(?:して|でき|済んで|終わって|完了して)い?ません|遅れ|間に合(?:わ|"
    r"い)ません|困難|難し"
)
_DONE = re.compile(
    r"(?:済(?:み|です|でした|ん)|完了|終了|終わり|終え)|"
    r"(?:登録|手続き?|申請|届出|処理|対応|更新|発行|削除|付与|実施|入力|記入|反映)(?:は|が|を|も)?[^。]{0,12}"
    r"(?:(?:いた|致)?しました|なりました|行いました|されました|おりました|してあり|しており|されて)"
)


def classify_said(text: str) -> Verdict:
    """Judge the text a person wrote (quotes already cut, signature still there)."""
    found = [(_judge(s), s) for s in sentences(unicodedata.normalize("NFKC", text[:_MAX_CHARACTERS]))]
    if len(text) > _MAX_CHARACTERS:
        return Verdict(Wording.OTHER, found[-1][1][:200] if found else "")
    for wording in _PRECEDENCE:
        phrase = next((s for kind, s in found if kind is wording), "")
        if phrase:
            return Verdict(wording, phrase[:200])
    return Verdict(Wording.OTHER, "")


def _judge(sentence: str) -> Wording:
    """Kind of one sentence (NFKC, no line breaks): the weightiest of its clauses."""
    if is_courtesy(sentence):
        return Wording.COURTESY
    if is_enclosing(sentence):
        return Wording.ENCLOSED
    clauses = [c for c in _BUT.split(sentence) if c]
    kinds = {_judge(c) for c in clauses} if len(clauses) > 1 else {_judge_clause(sentence)}
    return next(k for k in _PRECEDENCE if k in kinds)


def _judge_clause(sentence: str) -> Wording:
    if _NOBODY.search(sentence) or _ASKS.search(sentence) or _UNCERTAIN.search(sentence):
        return Wording.OTHER
    if _WITHDRAWAL.search(sentence):
        return Wording.WITHDRAWAL
    if _CORRECTION.search(sentence):
        return Wording.CORRECTION
    return Wording.OTHER if _REQUESTS.search(sentence) else _judge_statement(sentence)


def _judge_statement(sentence: str) -> Wording:
    if _TROUBLE.search(sentence):
        return Wording.OTHER
    if re.search(_FAX, sentence, re.IGNORECASE):
        if _FAX_FAILED.search(sentence):
            return Wording.OTHER
        return Wording.FAX_SENT if re.search(_FAX_SENT.pattern, sentence, re.IGNORECASE) else _planned_only(sentence)
    if _PLANNED.search(sentence):
        return Wording.COMMITMENT
    if _NOT_DONE.search(sentence):
        return Wording.OTHER
    return Wording.CLAIM if _DONE.search(sentence) or _DATE.search(sentence) else Wording.OTHER


def _planned_only(sentence: str) -> Wording:
    return Wording.COMMITMENT if _PLANNED.search(sentence) else Wording.OTHER
