"""`meibod mail …`: the ledger of everything that arrived."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import words
from daemon.cli.session import Config, Json, opened, print_json, who
from daemon.domain.calendar import TOKYO
from daemon.domain.model import MailState
from daemon.errors import Refused

if TYPE_CHECKING:
    from daemon.ports import Transaction

app = typer.Typer(help="受信台帳。", no_args_is_help=True)


@app.command("list")
def list_all(
    state: Annotated[MailState | None, typer.Option(help="状態で絞る")] = None,
    prefecture: Annotated[str, typer.Option(help="都道府県で絞る")] = "",
    limit: Annotated[int, typer.Option(help="新しい順に何件")] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """届いたメールの一覧。"""
    from daemon.cli.tables import mail_table

    with opened(config) as program, program.store.snapshot() as tx:
        found = tx.mails(state=state, prefecture=prefecture or None)[-limit:]
    if as_json:
        print_json([asdict(m) for m in found])
    else:
        mail_table(found)


def _known(tx: Transaction, number: int) -> None:
    try:
        tx.get_mail(number)
    except KeyError:
        raise Refused(f"メール {number} は台帳にありません") from None


@app.command()
def show(
    number: int,
    raw: Annotated[Path | None, typer.Option("--raw", help="原本をこのファイルに書き出す")] = None,
    config: Config = None,
) -> None:
    """一通の内容: 種類、差出人、読み取った値とその扱い。"""
    from daemon.handlers.tombstones import raw_of

    with opened(config) as program:
        with program.store.snapshot() as tx:
            _known(tx, number)
            mail, readings, reviews = tx.get_mail(number), tx.readings(ledger_id=number), tx.reviews(ledger_id=number)
            pages = tx.pages(ledger_id=number)
        data = raw_of(program.kit, mail.sha256)
    at = mail.received_at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M")
    typer.echo(f"#{number}  {at}  {mail.kind or ''}  {words.mail(mail.state)}  {mail.bytes} バイト")
    typer.echo(f"差出人 {mail.sender}  件名 {mail.subject}")
    typer.echo(f"都道府県 {mail.prefecture or '不明'}（{mail.attributed_by or '根拠なし'}）  {mail.failure}")
    for reading in readings:
        where = reading.evidence
        why = words.problems(reading.problems)
        said = f"{words.place(where)}: {words.field(reading.field)}「{reading.text}」→ {reading.value or '—'}"
        typer.echo(f"  {said}  {reading.outcome}  {words.reading(where)}  {why}".rstrip())
    for page in pages:
        sheet = f"{page.roster} {page.sheet}/{page.sheets}" if page.roster else "不明"
        typer.echo(
            f"  {page.part} {page.page}頁: {sheet}  {'符号あり' if page.sealed else '符号なし'}  {page.header}".rstrip()
        )
    for review in reviews:
        asked = f"{words.kind(review.kind)} {words.problems(review.problems)} {review.detail[:80]}"
        typer.echo(f"  確認事項 #{review.review_id} {asked}".rstrip())
    if raw is not None:
        raw.write_bytes(data)
        typer.echo(f"原本を書き出しました: {raw}")


@app.command()
def replay(number: int, config: Config = None) -> None:
    """原本からもう一度処理する。"""
    from daemon.handlers.ingest import replay as do_replay

    with opened(config) as program:
        with program.store.snapshot() as tx:
            _known(tx, number)
        done = do_replay(program.kit, number, who())
    typer.echo("処理しました" if done else "処理できませんでした（meibod mail show で理由を確認できます）")
    if not done:
        raise typer.Exit(1)


@app.command()
def place(number: int, prefecture: str, config: Config = None) -> None:
    """どの都道府県会からのメールかを指定する。"""
    from daemon.handlers.review import place_mail

    with opened(config) as program:
        with program.store.snapshot() as tx:
            _known(tx, number)
        place_mail(program.kit, number, prefecture, who())
    typer.echo(f"メール {number} を {prefecture} のものとしました")


@app.command()
def release(number: int, config: Config = None) -> None:
    """隔離されたメールを「人が確認済み」にする。"""
    from daemon.handlers.review import release_quarantine

    with opened(config) as program:
        with program.store.snapshot() as tx:
            _known(tx, number)
        release_quarantine(program.kit, number, who())
    typer.echo(f"メール {number} を確認済みにしました")
