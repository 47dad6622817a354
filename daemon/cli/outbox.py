"""`meibod outbox …`: what goes out, what is held, and the switch that stops everything."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli import words
from daemon.cli.session import Because, Config, Json, Yes, confirm, opened, print_json, who
from daemon.domain.model import OutboxState
from daemon.errors import Refused

app = typer.Typer(help="送信箱。", no_args_is_help=True)


@app.command("list")
def list_all(
    state: Annotated[OutboxState | None, typer.Option(help="状態で絞る")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """送信するメール・したメールの一覧。"""
    from daemon.cli.tables import outbox_table

    with opened(config) as program, program.store.snapshot() as tx:
        found = tx.outbox(states=[state] if state else None)
    if as_json:
        print_json([asdict(m) for m in found])
    else:
        outbox_table(found)


@app.command()
def show(number: int, out: Annotated[Path, typer.Option(help="書き出す .eml")], config: Config = None) -> None:
    """送る（送った）メールの原文を書き出す。"""
    with opened(config) as program:
        with program.store.snapshot() as tx:
            found = [m for m in tx.outbox() if m.outbox_id == number]
        if not found:
            raise Refused(f"送信箱に {number} はありません")
        out.write_bytes(program.kit.blobs.get(found[0].sha256))
    typer.echo(f"書き出しました: {out}")


@app.command()
def hold(number: int, because: Because = "", config: Config = None) -> None:
    """送信待ちのメールを止めておく。"""
    from daemon.handlers.outbox import hold as do_hold

    with opened(config) as program:
        do_hold(program.kit, number, who(), because)
    typer.echo(f"{number} を保留しました")


@app.command()
def release(number: int, config: Config = None) -> None:
    """保留・拒否・結果不明のメールを送る。"""
    from daemon.handlers.outbox import release as do_release

    with opened(config) as program:
        mail = do_release(program.kit, number, who())
    if mail.state is OutboxState.CANCELLED:
        typer.echo(f"{number} はすでに不要になったため取り消しました（回答済み、または確認事項が未処理です）")
    else:
        typer.echo(f"{number} を送信待ちにしました（{words.outbox(mail.state)}）")


@app.command()
def resend(number: int, because: Because = "", yes: Yes = False, config: Config = None) -> None:
    """不達・拒否となった名簿の送付メールを、現在の宛先台帳の宛先へ作り直して送る。"""
    from daemon.handlers.resend import resend as do_resend

    with opened(config) as program:
        shown = do_resend(program.kit, number, who(), because, apply=False)
        typer.echo(f"{shown.prefecture}  名簿 {len(shown.rosters)} 件・{shown.rows} 名")
        typer.echo(f"  前回の宛先: {'、'.join(shown.before)}")
        typer.echo(f"  今回の宛先: {'、'.join(shown.to)}")
        if set(shown.before) == set(shown.to):
            typer.echo("  宛先台帳（offices.csv）の宛先は前回と同じです")
        confirm("この宛先へ送ります。よろしいですか", yes=yes)
        done = do_resend(program.kit, number, who(), because)
    typer.echo(f"送信箱 {done.outbox_id} として送信待ちにしました")


@app.command()
def cancel(number: int, because: Because = "", config: Config = None) -> None:
    """送らないことにする。"""
    from daemon.handlers.outbox import cancel as do_cancel

    with opened(config) as program:
        do_cancel(program.kit, number, who(), because or "管理者が取消")
    typer.echo(f"{number} を取り消しました")


@app.command("stop-all")
def stop_all(yes: Yes = False, config: Config = None) -> None:
    """すべての送信を直ちに止める。"""
    from daemon.handlers.outbox import stop_all as do_stop

    confirm("すべての送信を止めます。よろしいですか", yes=yes)
    with opened(config) as program:
        waiting = do_stop(program.kit, who())
    typer.echo(f"止めました。{waiting} 通が待っています。再開は meibod outbox resume")


@app.command()
def resume(config: Config = None) -> None:
    """送信を再開する。"""
    from daemon.handlers.outbox import resume as do_resume

    with opened(config) as program:
        waiting = do_resume(program.kit, who())
    typer.echo(f"再開しました。{waiting} 通を順次送信します")
