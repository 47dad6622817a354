"""The demo's words for codes: the tables of the mails, and what the story adds to them."""

from __future__ import annotations

from functools import cache

from daemon.adapters.resources import data_path
from daemon.adapters.templates import Words
from daemon.domain.model import MailPurpose, OutboxMail
from daemon.simulation.admin import Decision
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
    "set": "日付を入力",
    "rejected": "記録しない",
    "released": "送信を承認",
    "cancelled": "送信を取消",
}

PROOFS = {
    "database": "データベースの健全性",
    "ledger": "サーバーと台帳の突合（通）",
    "register": "登録値と根拠（行）",
    "audit": "履歴の鎖（行）",
    "blobs": "原本の照合（件）",
}
"""What `meibod verify` checks."""


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
    return "、".join(reason(p) for p in decision.problems) or words().word(decision.kind, "review")


def because(decision: Decision) -> str:
    """Why, in the admin's words; why it was held, for a mail."""
    return words().hold(decision.because) if decision.kind == "outbox" else decision.because


def verdict(decision: Decision) -> str:
    """What the admin decided."""
    if decision.kind in {"mail", "attachment", "bounce"} and decision.verdict == "accepted":
        return "対応"
    if decision.kind == "exclusion" and decision.verdict == "accepted":
        return "対象外とする"
    return VERDICTS[decision.verdict]
