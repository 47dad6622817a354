"""`meibod history` and `meibod status --trainee`: who or what, when, from where, before → after."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from daemon.cli import words
from daemon.cli.session import opened, print_json
from daemon.cli.tables import console
from daemon.domain.calendar import TOKYO
from daemon.domain.model import State
from daemon.errors import Refused
from parsers.findings import Field

if TYPE_CHECKING:
    from daemon.handlers.history import Line

KINDS = {
    "training-added": "研修を登録",
    "training-approved": "送付を承認",
    "training-complete": "全員の登録を確認",
    "training-results": "修了の有無を送付",
    "training-closed": "終了",
    "training-cancelled": "研修を中止",
    "training-reopened": "終了を取消し",
    "training-postponed": "研修を延期",
    "deadline-moved": "期限を変更",
    "list-imported": "受講者一覧を取込",
    "trainee-listed": "名簿に記載",
    "trainee-listed-twice": "他の研修にも記載あり",
    "trainee-added": "受講者を追加",
    "trainee-sent": "送付",
    "trainee-changed": "名簿の内容を変更",
    "trainee-excluded": "対象外",
    "trainee-reinstated": "対象外の取消し",
    "trainee-substituted": "交代により追加",
    "trainee-transferred": "異動",
    "trainee-renamed": "氏名の訂正",
    "trainee-erased": "個人情報を消去",
    "result-set": "修了の有無を設定",
    "results-imported": "修了結果を取込",
    "results-approved": "修了結果の送付を承認",
    "handover-made": "中央年金事務所への提出名簿を作成",
    "handover-submitted": "中央年金事務所へ提出",
    "closing-accepted": "完了を承認",
    "cleanup-done": "登録の削除を確認",
    "state-changed": "状態の変化",
    "value-recorded": "日付を記録",
    "value-corrected": "日付を訂正",
    "value-withdrawn": "日付を取消し",
    "phone-report": "口頭の連絡を記録",
    "review-settled": "確認事項を処理",
    "mail-queued": "メールを作成",
    "mail-sent": "メールを送信",
    "mail-confirmed": "メールの送信を確認",
    "mail-unknown": "メールの送信結果が不明",
    "mail-deferred": "メールの送信を延期",
    "mail-refused": "メールの受取りを拒否された",
    "mail-resend": "同じメールを再試行",
    "mail-resent": "名簿を現在の宛先へ再送",
    "mail-read": "メールを読取",
    "mail-replayed": "メールを読み直し",
    "mail-held": "メールを保留",
    "mail-released": "メールの保留を解除",
    "mail-cancelled": "メールの送信を取消し",
    "mail-placed": "差出人を特定",
    "page-named": "ＦＡＸのページを指定",
    "mail-quarantined": "メールを隔離",
    "order-received": "管理者の指示を受付",
    "order-refused": "管理者の指示と認めず、実行せず",
    "challenge-answered": "本人確認への回答",
    "command-run": "管理者の指示を処理",
    "order-failed": "指示の処理に失敗",
    "reminder-held": "督促を保留",
    "reminder-freed": "督促の保留を解除",
    "purge-announced": "原本の削除を予告",
    "purge-stopped": "原本の削除を中止",
    "purge-resumed": "原本の削除の中止を取消し",
    "purged": "原本を削除",
    "mailbox-epoch": "受信箱の作り直しを検知",
    "sending-stopped": "すべての送信を停止",
    "sending-resumed": "送信を再開",
}
"""Kind of an event → what it is called on the terminal."""


def show_history(config: Path | None, *, trainee: str, training: str, mail: int, as_json: bool) -> None:
    """The lines about one thing, oldest first."""
    from daemon.handlers.history import of_mail, of_trainee, of_training

    if sum(map(bool, (trainee, training, mail))) != 1:
        raise Refused("--trainee、--training、--mail のどれか一つを指定してください")
    with opened(config) as program:
        if trainee:
            lines = of_trainee(program.kit, trainee)[1]
        else:
            lines = of_training(program.kit, training) if training else of_mail(program.kit, mail)
    if as_json:
        print_json([asdict(line) for line in lines])
    else:
        _print(lines)


def show_trainee(config: Path | None, text: str, *, as_json: bool) -> None:
    """Everything known of the trainees that fit, with what they owe and the history of each."""
    from daemon.handlers.history import of_trainee
    from daemon.handlers.rows import find_rows
    from daemon.handlers.status import trainee

    with opened(config) as program:
        with program.store.snapshot() as tx:
            rows = find_rows(tx, text)
            shown = [
                {"training": r.training_id, "prefecture": r.prefecture, "roster": r.roster}
                | trainee(tx, tx.get_training(r.training_id), r)
                for r in rows
            ]
        found = [(document, of_trainee(program.kit, document["enrollment"])[1]) for document in shown]
    if not found:
        raise Refused(f"{text} という受講者は見つかりません（回付番号/No.・受講者コード・氏名で指定してください）")
    if as_json:
        print_json([document | {"history": [asdict(line) for line in lines]} for document, lines in found])
        return
    for document, lines in found:
        _print_trainee(document)
        _print(lines)


def _print_trainee(shown: dict[str, Any]) -> None:
    where = f"{shown['prefecture']}  {shown['roster']}/{shown['row']}  {shown['training']}"
    console.print(f"[bold]{shown['name']}[/bold]  {words.state(State(shown['state']))}  {where}", highlight=False)
    if shown["excluded_because"]:
        cleanup = "（登録の削除が必要）" if shown["cleanup_owed"] else ""
        console.print(f"  対象外: {shown['excluded_because']}{cleanup}", highlight=False, markup=False)
    for field, value in shown["dates"].items():
        said = "口頭" if (value["source"], value["status"]) == ("person", "read") else value["status"]
        line = f"  {words.field(Field(field))} {value['value']} {said} {value['evidence']}"
        console.print(line, highlight=False, markup=False)
    if shown["owes"]:
        missing = "、".join(words.field(Field(f)) for f in shown["owes"])
        console.print(f"  未確認: {missing}", highlight=False)


def _print(lines: list[Line]) -> None:
    for line in lines:
        at = line.at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M")
        steps = [at, line.actor, line.about, _what(line), _arrow(line), _source(line), line.because]
        typer.echo("  ".join(s for s in steps if s))


def _what(line: Line) -> str:
    kind = KINDS.get(line.kind, line.kind)
    return f"{kind} {words.field(line.field)}" if line.field else kind


def _arrow(line: Line) -> str:
    before, after = (_shown(t) for t in (line.before, line.after))
    return f"{before or '－'} → {after or '－'}" if before or after else ""


def _shown(text: str) -> str:
    return words.state(State(text)) if text in set(State) else text


def _source(line: Line) -> str:
    if line.ledger_id is None:
        return line.said_by
    where = " ".join(s for s in (f"メール {line.ledger_id}", words.place(line.evidence)) if s)
    said = f"{where}「{line.text}」" if line.text else where
    header = f"ＦＡＸ見出し {line.header}" if line.header else ""
    return "　".join(s for s in (said, words.reading(line.evidence), header) if s)
