"""The demo's words for codes: the tables of the mails, and what the story adds to them."""

from __future__ import annotations

from functools import cache

from daemon.adapters.resources import data_path
from daemon.adapters.templates import Words
from daemon.domain.model import MailPurpose, OutboxMail
from daemon.simulation.admin import Decision
from daemon.simulation.errands import Case
from parsers.findings import MessageKind, Problem

KINDS = {
    MessageKind.RETURN: "返送",
    MessageKind.REPLY: "返信",
    MessageKind.FAX: "ＦＡＸ",
    MessageKind.BOUNCE: "不達通知",
    MessageKind.AUTO_REPLY: "自動応答",
    MessageKind.RECEIPT: "開封確認",
    MessageKind.UNKNOWN: "不明",
}
VERDICTS = {
    "accepted": "採用",
    "set": "正しい値を入力",
    "rejected": "記録しない",
    "released": "送信を承認",
    "cancelled": "送信を取消",
    "renamed": "氏名を訂正して採用",
    "placed": "どの名簿の何枚目かを指定",
    "submitted": "印刷して提出",
}
ERRANDS = {
    Case.DEADLINE: ("期限の変更の依頼", "期限を変更"),
    Case.POSTPONE: ("研修の延期", "日程を変更"),
    Case.CANCEL: ("研修の中止", "中止を登録"),
    Case.ADD: ("受講者の追加", "一覧を取り込み直し、名簿を追送"),
    Case.SUBSTITUTE: ("受講者の交代", "交代を登録し、名簿を追送"),
    Case.TRANSFER: ("受講者の異動", "異動を登録し、名簿を追送"),
    Case.REPORT: ("電話での登録の報告", "口頭として記録"),
    Case.CLEANED: ("登録後に取りやめた方の削除の報告", "後始末の完了を記録"),
    Case.RESULTS: ("研修の修了結果", "結果を取り込み、名簿の送付を承認"),
}
"""Case → what came up, what was done."""

PROOFS = {
    "database": "データベースの健全性",
    "ledger": "サーバーと台帳の突合（通）",
    "register": "登録値と根拠（行）",
    "audit": "履歴の鎖（行）",
    "blobs": "原本の照合（件）",
}
"""What `meibod verify` checks."""
AGAINST_TRUTH = "登録簿の値と仮想の事務所の真実との照合（値）"


@cache
def words() -> Words:
    """The tables of the mails."""
    return Words([data_path("mail_templates")])


def purpose(mail: OutboxMail) -> str:
    """「督促（直前）」."""
    shown = words().word(mail.purpose, "purpose")
    return f"{shown}（{words().word(mail.stage, 'stage')}）" if mail.purpose is MailPurpose.REMINDER else shown


def reason(problem: Problem) -> str:
    """The first sentence of what the admin is told."""
    return words().problem(problem, "admin").split("。")[0]


def doubt(decision: Decision) -> str:
    """What the admin was asked, without the case."""
    if decision.kind == "outbox":
        return "期限経過の督促を送るかどうか"
    if decision.kind == "bounce":
        return "送ったメールが届かず戻った"
    if decision.kind == "errand":
        return ERRANDS[Case(decision.verdict)][0]
    if decision.kind == "handover":
        return "中央年金事務所へ提出する名簿ができた" if decision.text == "1" else "提出後の訂正で追加の名簿ができた"
    if decision.kind == "closing":
        return "未修了・辞退後の方の行を完了としてよいか"
    return "、".join(reason(p) for p in decision.problems) or words().word(decision.kind, "review")


def because(decision: Decision) -> str:
    """Why, in the admin's words; why it was held, for a mail."""
    return words().hold(decision.because) if decision.kind == "outbox" else decision.because


def verdict(decision: Decision) -> str:
    """What the admin decided."""
    if decision.kind in {"mail", "attachment", "bounce", "page", "pages"} and decision.verdict == "accepted":
        return "対応"
    if decision.kind == "exclusion" and decision.verdict == "accepted":
        return "対象外とする"
    if decision.kind == "closing" and decision.verdict == "accepted":
        return "完了とする"
    if decision.kind == "errand":
        return ERRANDS[Case(decision.verdict)][1]
    return VERDICTS[decision.verdict]
