"""Japanese words for states and codes, as tables on the terminal show them."""

from __future__ import annotations

from functools import cache

from daemon.domain.model import MailState, OutboxState, State, TrainingState
from parsers.findings import Field, Problem

STATES = {
    State.LISTED: "未送付",
    State.SENT: "送付済",
    State.BOUNCED: "不達",
    State.ACKED: "返信あり",
    State.IN_PROGRESS: "手続中",
    State.PARTIAL: "一部記入",
    State.READ: "読取済",
    State.QUERY: "要確認",
    State.VERIFIED: "確認済",
    State.EXCLUDED: "対象外",
}
TRAININGS = {
    TrainingState.DRAFT: "準備中",
    TrainingState.APPROVED: "送付・回収中",
    TrainingState.COMPLETE: "全員確認済",
    TrainingState.CANCELLED: "中止",
}
MAILS = {
    MailState.RECEIVED: "未処理",
    MailState.APPLIED: "処理済",
    MailState.REVIEW: "要確認",
    MailState.QUARANTINE: "隔離",
}
OUTBOX = {
    OutboxState.HELD: "保留",
    OutboxState.READY: "送信待ち",
    OutboxState.IN_FLIGHT: "送信中",
    OutboxState.SENT: "送信済",
    OutboxState.REFUSED: "拒否",
    OutboxState.UNKNOWN: "結果不明",
    OutboxState.CONFIRMED: "送信確認",
    OutboxState.CANCELLED: "取消",
}
FIELDS = {
    Field.ID_REGISTERED_ON: "新規登録年月日",
    Field.CONCURRENT_REGISTERED_ON: "兼務登録年月日",
    Field.COMPLETED: "修了の有無",
    Field.DESTINATION: "今後配属予定のセンター名",
    Field.NO_DESTINATION_REASON: "配属予定のない理由",
    Field.CONCURRENT_DELETED_ON: "兼務登録削除年月日",
    Field.ID_DELETED_ON: "ＩＤ削除年月日",
    Field.NOT_APPLICABLE: "対象外",
}


@cache
def problem(code: Problem) -> str:
    """The sentence for admins, from the same table as the digest."""
    from daemon.adapters.resources import data_path
    from daemon.adapters.templates import Words

    return Words([data_path("mail_templates")]).problem(code, "admin")


def problems(codes: tuple[Problem, ...]) -> str:
    """All sentences in one line."""
    return "／".join(problem(c) for c in codes)
