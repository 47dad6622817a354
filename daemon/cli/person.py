"""`meibod person …`: hand out or erase what is known of one person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.session import Because, Config, Yes, confirm, opened, who
from daemon.errors import Refused

app = typer.Typer(help="一人分の個人情報の書き出しと消去。", no_args_is_help=True)
Trainee = Annotated[str, typer.Option("--trainee", help="回付番号/No.、受講者コード、または氏名")]


@app.command()
def export(
    trainee: Trainee, out: Annotated[Path, typer.Option(help="書き出すフォルダー（新しく作る）")], config: Config = None
) -> None:
    """記録されていることのすべてを書き出す（person.json と画像）。"""
    from daemon.handlers.personal import export_person

    if out.exists() and any(out.iterdir()):
        raise Refused(f"{out} は空ではありません")
    with opened(config) as program:
        done = export_person(program.kit, trainee)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    (out / "person.json").write_text(json.dumps(done.document, ensure_ascii=False, indent=2), "utf-8")
    for name, data in done.files.items():
        (out / name).write_bytes(data)
    typer.echo(f"{out} に書き出しました（画像 {len(done.files)} 件）")


@app.command()
def erase(trainee: Trainee, because: Because = "", yes: Yes = False, config: Config = None) -> None:
    """氏名・フリガナ・ＩＤ・読み取った文字を消去する。日付と履歴は残る。"""
    from daemon.handlers.personal import erase_person

    with opened(config) as program:
        confirm(f"{trainee} の個人情報を消去します。元に戻せません。よろしいですか", yes=yes)
        done = erase_person(program.kit, trainee, who(), because)
    typer.echo(f"消去しました: 名簿 {done.rows} 行・読み取り {done.readings} 件・画像 {done.crops} 件")
    if done.raw_mails:
        typer.echo(f"受信原本 {done.raw_mails} 通には他の受講者も載っているため、保存期間の後に削除されます")
