"""Receipts that prove nothing: 開封確認 without the standard form, and what fax services say about faxes *sent*."""

from __future__ import annotations

import re

_READ = re.compile(
    r"^\s*(?:開封済み|開封確認|開封通知|既読|未開封(?:のまま)?(?:削除)?(?:されました)?|"
    r"未読のまま削除(?:されました)?|read|not read|read[- ]receipt|"
    r"return receipt|disposition notification)\s*[:：(（\-]",
    re.IGNORECASE,
)
_READ_TEXT = re.compile(
    r"開封(?:され|し)|表示されました|読まれ|閲覧され|削除されました|was (?:read|displayed|deleted)|"
    r"has been (?:read|displayed)|return receipt",
    re.IGNORECASE,
)
_FAX = r"(?:fax|ＦＡＸ|ｆａｘ|ファックス|ファクス|ﾌｧｯｸｽ|ﾌｧｸｽ)"
_FAX_SENT = re.compile(
    rf"{_FAX}\s*(?:の|を)?(?:送信|配信|送付)(?:が|は|に|の|を)?\s*(?:正常に?|すべて)?(?:成功|失敗|完了|終了|結果|"
    rf"エラー|異常|レポート|報告|通知|受付|受け付け|"
    rf"できませんでした)|{_FAX}.{{0,20}}(?:transmission|delivery|send|sent|sending).{{0,20}}(?:success|succeed|"
    rf"fail|report|confirm|result|complete|status)|"
    rf"(?:successful|failed|completed) (?:{_FAX} )?transmission|transmission (?:report|result)|送信(?:結果)?レポート",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"(?:転送|送信|配信|通信)(?:の)?(?:終了|完了|管理|結果)(?:の)?(?:通知|レポート|報告|お知らせ)|(?:通信|送信)(?:管理)?(?:レポート|履歴|記録)|"
    r"(?:forwarding|transfer|job) (?:end|completion|complete|result)s? (?:notice|notification|report)|"
    r"(?:activity|journal|tx|transmission) report",
    re.IGNORECASE,
)
"""What multifunction machines mail about their own work; a reception that failed is not among it."""
_TO_NUMBER = re.compile(r"(?:->|→|⇒)\s*[(（]?\+?[\d０-９][\d０-９\-－() ]{5,}")


def is_read_receipt(subject: str, said: str) -> bool:
    """Outlook's 開封済み: and its kin, when a gateway turned the report into plain text."""
    return bool(_READ.search(subject)) and len(said) < 800 and bool(_READ_TEXT.search(said))


def is_fax_send_receipt(subject: str, *, machine: bool) -> bool:
    """「FAX送信が成功しました -> (番号)」: about a fax that went out; a clerk's own words are not meant.

    Args:
        subject: Decoded subject.
        machine: Something else shows that no person wrote it (gateway address, automatic headers, no-reply).
    """
    if machine and _NOTICE.search(subject):
        return True
    return bool(_FAX_SENT.search(subject)) and (machine or bool(_TO_NUMBER.search(subject)))
