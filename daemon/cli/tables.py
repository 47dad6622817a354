"""Tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from daemon.cli import words
from daemon.domain.calendar import TOKYO, in_era
from daemon.domain.model import Handover, LedgerMail, MailPurpose, OutboxMail, Review, Roster, State, Training
from daemon.handlers.dispatch import Planned

console = Console()
"""Standard output; plain when it is no terminal."""


def _table(*headers: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header)
    return table


def _counts(counts: Mapping[State, int]) -> str:
    return " ".join(f"{words.state(s)}{n}" for s, n in counts.items() if n)


def training_table(trainings: Sequence[Training], counts: Mapping[str, Mapping[State, int]]) -> None:
    """研修の一覧."""
    table = _table("研修 ID", "研修名", "初日", "期限", "状態", "受講者")
    for t in trainings:
        table.add_row(
            t.training_id, t.name, in_era(t.starts_on), in_era(t.deadline_on), words.training(t.state),
            _counts(counts[t.training_id]),
        )  # fmt: skip
    console.print(table)


def roster_table(rosters: Sequence[Roster], sizes: Mapping[str, int]) -> None:
    """名簿の一覧."""
    table = _table("回付番号", "都道府県", "センター", "管轄年金事務所", "人数")
    for r in rosters:
        table.add_row(r.code, r.prefecture, r.centre, r.pension_office, str(sizes[r.code]))
    console.print(table)


def handover_table(handovers: Sequence[Handover]) -> None:
    """中央年金事務所への提出名簿."""
    table = _table("番号", "作成", "人数", "内容", "提出", "方法", "提出者")
    for h in handovers:
        made = in_era(h.made_at.astimezone(TOKYO).date())
        at = in_era(h.submitted_at.astimezone(TOKYO).date()) if h.submitted_at else "未提出"
        way = words.way(h.how) if h.how else ""
        table.add_row(str(h.number), made, str(len(h.enrollments)), h.because, at, way, h.submitted_by)
    console.print(table)


def planned_table(planned: Sequence[Planned]) -> None:
    """送付予定."""
    table = _table("都道府県", "宛先", "名簿", "人数", "件名")
    for p in planned:
        table.add_row(p.prefecture, " ".join((*p.to, *p.cc)), " ".join(p.rosters), str(p.rows), p.subject)
    console.print(table)


def review_table(reviews: Sequence[Review]) -> None:
    """確認事項."""
    table = _table("#", "都道府県", "名簿", "項目", "記載", "候補", "理由")
    for r in reviews:
        field = words.field(r.field) if r.field else words.kind(r.kind)
        why = words.problems(r.problems) if r.problems else r.detail[:60]
        table.add_row(str(r.review_id), r.prefecture or "?", r.roster, field, r.text[:30], r.suggestion, why)
    console.print(table)


def mail_table(mails: Sequence[LedgerMail]) -> None:
    """受信台帳."""
    table = _table("#", "受信", "種類", "状態", "都道府県", "根拠", "件名")
    for m in mails:
        at = m.received_at.astimezone(TOKYO).strftime("%m/%d %H:%M")
        kind = m.kind.value if m.kind else ""
        twin = f"（{m.duplicate_of} と同一）" if m.duplicate_of else ""
        table.add_row(
            str(m.ledger_id),
            at,
            kind,
            words.mail(m.state) + twin,
            m.prefecture or "?",
            m.attributed_by,
            m.subject[:40],
        )
    console.print(table)


def outbox_table(mails: Sequence[OutboxMail]) -> None:
    """送信箱."""
    table = _table("#", "作成", "種類", "状態", "都道府県", "回数", "保留理由・応答")
    for m in mails:
        at = m.created_at.astimezone(TOKYO).strftime("%m/%d %H:%M")
        kind = words.purpose(m.purpose, m.stage if m.purpose in {MailPurpose.REMINDER, MailPurpose.FOLLOW_UP} else "")
        note = words.hold(m.held_because) or m.reply
        table.add_row(
            str(m.outbox_id), at, kind, words.outbox(m.state), m.prefecture or "管理者", str(m.attempts), note[:60]
        )
    console.print(table)
