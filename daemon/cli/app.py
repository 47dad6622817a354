"""The verbs (contract 3.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli import mail, outbox, person, results, retention, review, roster, submission, trainee, training
from daemon.cli.session import Config, Json

app = typer.Typer(
    help="名簿デーモン: 受講者名簿を送り、返送を読み取り、未着だけを督促し、毎朝報告する。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(training.app, name="training")
app.add_typer(roster.app, name="roster")
app.add_typer(trainee.app, name="trainee")
app.add_typer(results.app, name="results")
app.add_typer(submission.app, name="submission")
app.add_typer(review.app, name="review")
app.add_typer(mail.app, name="mail")
app.add_typer(outbox.app, name="outbox")
app.add_typer(retention.app, name="retention")
app.add_typer(person.app, name="person")


@app.command()
def run(config: Config = None) -> None:
    """常駐して動かす（systemd から起動）。"""
    from daemon.cli.daemon import run_daemon

    run_daemon(config)


@app.command()
def check(config: Config = None, offline: Annotated[bool, typer.Option(help="サーバーに接続しない")] = False) -> None:
    """設定・宛先台帳・接続・データベース・書体を検査する。"""
    from daemon.cli.check import check_all

    raise typer.Exit(check_all(config, offline=offline))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="結果を置くフォルダー")] = Path("demo-out"),
    seed: Annotated[int, typer.Option(help="同じ値なら同じ結果")] = 1,
) -> None:
    """設定なしで、送付から回収までを仮想の暦で動かして見せる。"""
    from daemon.cli.demo import demo as run_it

    raise typer.Exit(run_it(out, seed))


@app.command()
def read(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="返送されたファイル（eml, msg, xlsx, xls, ods, csv, docx, pdf, tiff, png, jpg, zip）",
            exists=True,
            dir_okay=False,
        ),
    ],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """ファイルを読み取り、読み取り結果を表示する。何も変更しない。"""
    from daemon.cli.read import read_files

    raise typer.Exit(read_files(files, config, as_json=as_json))


@app.command()
def render(
    training_id: Annotated[str, typer.Option("--training", help="研修 ID")],
    out: Annotated[Path, typer.Option(help="出力フォルダー")],
    manifest: Annotated[bool, typer.Option(help="配置情報 *.layout.json も出力する")] = False,
    config: Config = None,
) -> None:
    """名簿（xlsx と PDF）を書き出す。"""
    from daemon.cli.roster import render_all

    render_all(training_id, out, config, manifest=manifest)


@app.command()
def status(
    as_json: Json = False,
    trainee: Annotated[str, typer.Option("--trainee", help="一人分を履歴とともに（氏名、回付番号/No.）")] = "",
    config: Config = None,
) -> None:
    """登録状況の一覧。"""
    from daemon.cli.history import show_trainee
    from daemon.cli.status import show_status

    if trainee:
        show_trainee(config, trainee, as_json=as_json)
    else:
        show_status(config, as_json=as_json)


@app.command()
def history(
    trainee: Annotated[str, typer.Option("--trainee", help="受講者（氏名、回付番号/No.）")] = "",
    training_id: Annotated[str, typer.Option("--training", help="研修 ID")] = "",
    mail_number: Annotated[int, typer.Option("--mail", help="受信台帳の番号")] = 0,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """履歴: 誰が、いつ、どのメールのどこから、何を何に変えたか。"""
    from daemon.cli.history import show_history

    show_history(config, trainee=trainee, training=training_id, mail=mail_number, as_json=as_json)


@app.command()
def digest(
    preview: Annotated[bool, typer.Option("--preview", help="送らずに本日分を表示する")] = False,
    html: Annotated[Path | None, typer.Option(help="HTML をこのファイルに書き出す")] = None,
    config: Config = None,
) -> None:
    """本日の日報。--preview で送らずに見る。"""
    from daemon.cli.status import show_digest

    show_digest(config, html, preview=preview)


@app.command()
def verify(
    as_json: Json = False,
    quick: Annotated[bool, typer.Option("--quick", help="全ファイルの照合と履歴の検証を省く")] = False,
    max_age_s: Annotated[float, typer.Option(help="最後の受信箱照合がこれより古ければ異常（0 = 見ない）")] = 0,
    config: Config = None,
) -> None:
    """台帳の完全性・履歴の連鎖・原本・データベースを検証する。異常があれば終了コード 1。"""
    from daemon.cli.verify import show_proofs

    raise typer.Exit(show_proofs(config, as_json=as_json, quick=quick, max_age_s=max_age_s))


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="保存先フォルダー（この中に日時の名前で作る）")], config: Config = None
) -> None:
    """動かしたまま整合した控えを取る。"""
    from daemon.cli.verify import make_backup

    make_backup(to, config)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="控えのフォルダー", exists=True, file_okay=False)],
    config: Config = None,
) -> None:
    """控えを空の場所に戻す。"""
    from daemon.cli.verify import restore_backup

    restore_backup(source, config)
