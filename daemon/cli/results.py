"""`meibod results …`: the results come in, the rosters with results go out (POST1)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.session import Config, Yes, confirm, opened, who
from daemon.errors import Refused

if TYPE_CHECKING:
    from daemon.handlers.results import ResultsReport

app = typer.Typer(help="修了結果の雛形・取込・送付。", no_args_is_help=True)
OfTraining = Annotated[str, typer.Option("--training", help="研修 ID")]


@app.command()
def template(
    training_id: OfTraining,
    out: Annotated[Path, typer.Option(help="書き出すファイル")] = Path("修了結果.xlsx"),
    force: Annotated[bool, typer.Option("--force", help="上書きする")] = False,
    config: Config = None,
) -> None:
    """修了結果の記入用一覧（xlsx）を書き出す。"""
    from daemon.handlers.results import template as make

    if out.exists() and not force:
        raise Refused(f"{out} はすでにあります（--force で上書き）")
    with opened(config) as program:
        out.write_bytes(make(program.kit, training_id))
    typer.echo(f"書き出しました: {out}")


@app.command("import")
def import_(
    training_id: OfTraining,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="検査と差分だけ")] = False,
    config: Config = None,
) -> None:
    """修了結果を検査して取り込む。問題が一つでもあれば何も変えない。"""
    from daemon.handlers.results import import_results

    data = file.read_bytes()
    with opened(config) as program:
        report = import_results(program.kit, training_id, file.name, data, who(), apply=False)
        _show(report, file.name)
        if dry_run or not (report.added or report.changed):
            return
        confirm("取り込みますか", yes=yes)
        import_results(program.kit, training_id, file.name, data, who(), apply=True)
    typer.echo("取り込みました。送付するときは meibod results approve を実行してください")


def _show(report: ResultsReport, file: str) -> None:
    for problem in report.problems:
        where = f"{problem.sheet}!{problem.cell}" if problem.sheet else problem.cell or file
        typer.echo(f"{where}: {problem.remedy}（{problem.detail or problem.problem}）", err=True)
    if report.problems:
        typer.echo(f"{len(report.problems)} 件の問題があります。取り込みませんでした", err=True)
        raise typer.Exit(1)
    typer.echo(f"新規 {len(report.added)}・変更 {len(report.changed)}・同じ {report.unchanged}")
    for mark, people in (("＋", report.added), ("＊", report.changed)):
        for name, completed in people:
            typer.echo(f"  {mark} {name}　{'修了' if completed else '未修了'}")
    typer.echo(
        f"取込後: 修了 {report.completed} 名・未修了 {report.not_completed} 名・要後処理の辞退者 {report.cleanup} 名"
    )


@app.command()
def approve(
    training_id: str,
    yes: Yes = False,
    preview: Annotated[bool, typer.Option("--preview", help="送付内容を見るだけ")] = False,
    config: Config = None,
) -> None:
    """修了の有無を記載した名簿の送付を承認する。デーモンが順次送信する。"""
    from daemon.cli.tables import planned_table
    from daemon.handlers.results import approve_results

    with opened(config) as program:
        planned = approve_results(program.kit, training_id, who(), apply=False)
        planned_table(planned)
        if preview:
            return
        confirm(f"{len(planned)} 都道府県会へ送付します。よろしいですか", yes=yes)
        approve_results(program.kit, training_id, who())
    typer.echo("承認しました。送信状況は meibod outbox list で確認できます")
