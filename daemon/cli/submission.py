"""`meibod submission …`: the checked roster for 中央年金事務所 (PRE6, the chart's ⑦)."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.session import Because, Config, Json, opened, print_json, who
from daemon.domain.model import Handover
from daemon.domain.policy import HandoverWay
from daemon.errors import Refused

app = typer.Typer(help="中央年金事務所への提出名簿の表示・作成・提出の記録。", no_args_is_help=True)
Number = Annotated[int, typer.Option("--number", help="提出名簿の番号（1 = 最初、2 以降 = 追加・訂正分）")]


@app.command()
def show(
    training_id: str,
    number: Number = 0,
    out: Annotated[Path | None, typer.Option(help="xlsx と PDF を書き出すフォルダー")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """提出名簿の一覧。--out でファイルを書き出す。"""
    from daemon.cli.tables import handover_table
    from daemon.handlers.handover import file_name

    with opened(config) as program:
        with program.store.snapshot() as tx:
            if training_id not in {t.training_id for t in tx.trainings()}:
                raise Refused(f"研修 {training_id} は登録されていません")
            training = tx.get_training(training_id)
            found = [h for h in tx.handovers(training_id) if number in {0, h.number}]
        if as_json:
            print_json([asdict(h) for h in found])
        else:
            handover_table(found)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        for handover in found if out is not None else ():
            assert out is not None
            for suffix, sha256 in (("xlsx", handover.xlsx_sha256), ("pdf", handover.pdf_sha256)):
                path = out / file_name(training, handover.number, suffix)
                path.write_bytes(program.kit.blobs.get(sha256))
                typer.echo(f"書き出しました: {path}", err=as_json)


@app.command()
def make(training_id: str, because: Because = "", config: Config = None) -> None:
    """提出名簿を作る（全員が確認済になると自動で作られます）。--because で全員分を作り直す。"""
    from daemon.handlers.handover import make as do_make

    with opened(config) as program:
        made = do_make(program.kit, training_id, who(), because)
    typer.echo(f"作成しました: 提出名簿 {made.number}（{len(made.enrollments)} 名）{made.because}")


@app.command()
def mark(
    training_id: str,
    number: Number = 1,
    on: Annotated[dt.datetime | None, typer.Option(help="提出日（省略時は本日）", formats=["%Y-%m-%d"])] = None,
    way: Annotated[HandoverWay, typer.Option(help="提出の方法")] = HandoverWay.PRINT,
    config: Config = None,
) -> None:
    """提出したことを記録する。"""
    from daemon.handlers.handover import mark as do_mark

    with opened(config) as program:
        done: Handover = do_mark(program.kit, training_id, number, who(), way=way, on=on.date() if on else None)
    typer.echo(f"記録しました: 提出名簿 {done.number}（{len(done.enrollments)} 名）")
