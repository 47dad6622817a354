"""「添付」 was promised and nothing is attached: forgotten, or replaced by a link (添付分離, 無害化, 大容量転送)."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^。！!？?\n]+[。！!？?]?")
_THING = r"(?:名簿|ファイル|データ|エクセル|excel|一覧表?|様式|pdf|書類|資料|届|回答書?)"
_SEND = r"(?:お送り|送付|返送|送り|送信|提出|返信|ご報告)(?:いた|致|し|させ|申|を?いた|ます)"
_PROMISE = re.compile(
    rf"(?:添付|別添|別紙)(?:の?ファイル|資料|データ)?(?:にて|で|を|の)?(?:いた|致|し(?:ます|まし|て(?:い|お|送|返|"
    rf"提))|させ|送|お送り|返送|返信|提出|の?(?:とおり|通り)|"
    rf"申し上げ|{_THING}|ご(?:確認|査収|覧))|(?:添付|別添)[^。\n]{{0,12}}(?:送|返送|提出)|{_THING}(?:を|は|"
    rf"につきまして|について)?[^。\n]{{0,14}}{_SEND}|"
    r"please find (?:the )?attached|(?:is|are) attached|attached (?:is|are|please)|i(?:'ve| have)? attach",
    re.IGNORECASE,
)
_NOT_A_PROMISE = re.compile(
    rf"パスワード|(?:fax|ＦＡＸ|ファックス|ファクス|ﾌｧｯｸｽ|ﾌｧｸｽ|郵送|郵便|宅配|書留|メール便|別便|別途|別メール)|"
    rf"後日|後ほど|のちほど|明日|来週|今週中|近日|"
    rf"予定|見込|つもり|次第|まで(?:に)?お?送|ください|下さい|いただけ|頂け|願い(?:ます|いた|でき|"
    rf"申)?.{{0,6}}(?:添付|送)|でしょうか|ですか|ますか|"
    rf"(?:添付|{_THING})[^。\n]{{0,16}}(?:ありません|なく|ない|開け|見当たら|漏れ|忘れ|届いて|受け取|受領|拝受|"
    rf"確認(?:し|いた|致)|頂き|いただき|いただいた|頂いた|された)|"
    r"お送りいただ|送っていただ|送付いただ|ご送付",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://", re.IGNORECASE)
_LINK_WORDS = re.compile(
    r"ダウンロード|download|ファイル転送|ファイル便|大容量|オンラインストレージ|宅ふぁいる|データ便|ギガファイル|"
    r"firestorage|"
    r"添付ファイル[^\n]{0,40}(?:url|リンク|分離|無害化|取得|受け取)|以下の?(?:url|リンク)から",
    re.IGNORECASE,
)
_REMOVED = re.compile(
    r"添付ファイル(?:は|が|を|の)[^。\n]{0,40}(?:削除(?:され|し|いた)|除去|分離(?:され|し)|無害化|隔離|保管(?:され|"
    r"し))|"
    r"attachments? (?:has|have|was|were) (?:been )?(?:removed|stripped|deleted|quarantined)",
    re.IGNORECASE,
)
_MAX_CHARACTERS = 20_000


def promised(said: str) -> str:
    """The words that promise something attached or offer it behind a link; "" when nothing does."""
    text = said[:_MAX_CHARACTERS]
    removed = _REMOVED.search(text)
    if removed:
        return removed.group(0)
    link = _LINK_WORDS.search(text)
    if link and _URL.search(text):
        return link.group(0)
    for sentence in _SENTENCE.findall(text):
        found = _PROMISE.search(sentence)
        if found and not _NOT_A_PROMISE.search(sentence):
            return found.group(0)
    return ""
