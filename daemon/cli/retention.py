"""`meibod retention …`: what is kept how long, and what is about to go."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from daemon.cli.session import Because, Config, Json, opened, print_json, who
from daemon.domain.calendar import in_era

app = typer.Typer(help="保存期間: 原本の削除の予定・実行・中止。", no_args_is_help=True)
Which = Annotated[str, typer.Argument(metavar="研修", help="研修 ID（研修に属さないメールは -）")]


@app.command()
def show(as_json: Json = False, config: Config = None) -> None:
    """終了した研修の原本と、削除の予定。"""
    from daemon.handlers.retention import show as do_show

    with opened(config) as program:
        batches = do_show(program.kit)
    if as_json:
        print_json([asdict(b) for b in batches])
        return
    for batch in batches:
        if batch.stopped:
            state = "中止"
        else:
            state = f"{in_era(batch.goes_on)} に削除（予告済み）" if batch.goes_on else "予告前"
        typer.echo(f"{batch.training_id}  原本 {len(batch.hashes)} 件  保存期限の翌日 {in_era(batch.due_on)}  {state}")
    if not batches:
        typer.echo("終了した研修の原本はありません")


@app.command()
def run(config: Config = None) -> None:
    """期限の来たものを予告し、予告期間の過ぎたものを削除する（毎日自動で実行される）。"""
    from daemon.handlers.retention import run as do_run

    with opened(config) as program:
        done = do_run(program.kit)
    typer.echo(f"予告 {len(done.announced)} 件・削除 {len(done.purged)} 件（原本 {done.blobs} 件）")


@app.command()
def stop(training_id: Which, because: Because = "", config: Config = None) -> None:
    """予告された削除を止める。"""
    from daemon.handlers.retention import stop as do_stop

    with opened(config) as program:
        do_stop(program.kit, training_id, who(), because)
    typer.echo("削除しないことにしました。戻すときは retention resume")


@app.command()
def resume(training_id: Which, because: Because = "", config: Config = None) -> None:
    """止めた削除を戻す。あらためて予告される。"""
    from daemon.handlers.retention import resume as do_resume

    with opened(config) as program:
        do_resume(program.kit, training_id, who(), because)
    typer.echo("次の確認で予告されます")
