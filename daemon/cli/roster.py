"""`meibod roster …` and `meibod render`: the list HQ fills in, and the documents made from it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.session import Config, Yes, confirm, opened, who
from daemon.domain.model import Course
from daemon.errors import Refused

app = typer.Typer(help="受講者名簿の雛形・取込・一覧。", no_args_is_help=True)


@app.command()
def template(
    course: Annotated[Course, typer.Option(help="研修の種類")],
    out: Annotated[Path, typer.Option(help="書き出すファイル")] = Path("受講者一覧.xlsx"),
    force: Annotated[bool, typer.Option("--force", help="上書きする")] = False,
) -> None:
    """記入用の受講者一覧（xlsx）を書き出す。設定は不要。"""
    from daemon.adapters.documents import TypstDocuments
    from daemon.adapters.resources import data_path

    if out.exists() and not force:
        raise Refused(f"{out} はすでにあります（--force で上書き）")
    out.write_bytes(TypstDocuments(b"", data_path("mail_templates") / "forms").list_template(course))
    typer.echo(f"書き出しました: {out}")


@app.command("import")
def import_(
    training_id: Annotated[str, typer.Option("--training", help="研修 ID")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="検査と差分だけ")] = False,
    config: Config = None,
) -> None:
    """受講者一覧を検査して取り込む。問題が一つでもあれば何も変えない。"""
    from daemon.handlers.prepare import import_list

    data = file.read_bytes()
    with opened(config) as program:
        with program.store.snapshot() as tx:
            if training_id not in {t.training_id for t in tx.trainings()}:
                raise Refused(f"研修 {training_id} は登録されていません")
        report = import_list(program.kit, training_id, file.name, data, who(), apply=False)
        for problem in report.problems:
            where = f"{problem.sheet}!{problem.cell}" if problem.sheet else problem.cell or file.name
            typer.echo(f"{where}: {problem.remedy}（{problem.detail or problem.problem}）", err=True)
        if report.problems:
            typer.echo(f"{len(report.problems)} 件の問題があります。取り込みませんでした", err=True)
            raise typer.Exit(1)
        counts = len(report.added), len(report.changed), len(report.withdrawn), report.unchanged
        typer.echo("追加 {}・変更 {}・削除 {}・同じ {}".format(*counts))
        for mark, names in (("＋", report.added), ("＊", report.changed), ("－", report.withdrawn)):
            for name in names:
                typer.echo(f"  {mark} {name}")
        for twin in report.elsewhere:
            typer.echo(f"  注意 {twin.name} は {twin.training_name}（{twin.place}）の受講者でもあります")
        if dry_run or not (report.added or report.changed or report.withdrawn):
            return
        confirm("取り込みますか", yes=yes)
        import_list(program.kit, training_id, file.name, data, who(), apply=True)
    typer.echo("取り込みました")


@app.command("list")
def list_all(training_id: Annotated[str, typer.Option("--training", help="研修 ID")], config: Config = None) -> None:
    """名簿の一覧。"""
    from daemon.cli.tables import roster_table

    with opened(config) as program, program.store.snapshot() as tx:
        rosters = tx.rosters(training_id)
        roster_table(rosters, {r.code: len(tx.enrollments(roster=r.code)) for r in rosters})


def render_all(training_id: str, out: Path, config: Path | None, *, manifest: bool) -> None:
    """Write the documents of every roster, as they would be sent today."""
    from daemon.domain.model import Phase, State
    from daemon.handlers.dispatch import attachments, make_files

    out.mkdir(parents=True, exist_ok=True)
    with opened(config) as program:
        with program.store.snapshot() as tx:
            if training_id not in {t.training_id for t in tx.trainings()}:
                raise Refused(f"研修 {training_id} は登録されていません")
            training = tx.get_training(training_id)
            rosters = tx.rosters(training_id)
            rows = {r.code: tx.enrollments(roster=r.code) for r in rosters}
        for roster in rosters:
            after = roster.phase is Phase.POST
            kept = tuple(e for e in rows[roster.code] if e.state is not State.EXCLUDED or (after and e.cleanup_owed))
            if not kept:
                continue
            files = make_files(program.kit, training, roster, kept)
            for file in attachments(roster, files):
                (out / file.name).write_bytes(file.data)
                typer.echo(f"{hashlib.sha256(file.data).hexdigest()[:12]}  {out / file.name}")
            if manifest:
                layout = json.dumps(files.manifest, ensure_ascii=False, indent=1)
                (out / f"roster_{roster.code}.layout.json").write_text(layout, "utf-8")
