"""`meibod status` and `meibod digest`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from daemon.cli import words
from daemon.cli.session import opened, print_json
from daemon.cli.tables import console
from daemon.domain.model import State, TrainingState


def show_status(config: Path | None, *, as_json: bool) -> None:
    """The register, as a table or as JSON."""
    from daemon.handlers.status import status

    with opened(config) as program:
        document = status(program.kit)
    if as_json:
        print_json(document)
        return
    for training in document["trainings"]:
        _show_training(training)
    mail, outbox = document["mail"], document["outbox"]
    typer.echo("受信 サーバー上 {on_server}・台帳 {accounted}・要確認 {review}・隔離 {quarantine}".format(**mail))
    typer.echo("送信 済 {sent}・待ち {ready}・保留 {held}・結果不明 {unknown}".format(**outbox))


def _show_training(training: dict[str, Any]) -> None:
    state = words.training(TrainingState(training["state"]))
    title = f"{training['training']}  {training['name']}  期限 {training['deadline_on']}  {state}"
    table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left", title=title)
    for header in ("都道府県", "センター", "回付番号", "人数", "状態"):
        table.add_column(header)
    for prefecture in training["prefectures"]:
        for roster in prefecture["rosters"]:
            counts: dict[str, int] = {}
            for trainee in roster["trainees"]:
                counts[trainee["state"]] = counts.get(trainee["state"], 0) + 1
            shown = " ".join(f"{words.state(State(s))}{n}" for s, n in counts.items())
            size = str(len(roster["trainees"]))
            table.add_row(prefecture["prefecture"], roster["centre"], roster["roster"], size, shown)
    console.print(table)


def show_digest(config: Path | None, html: Path | None, *, preview: bool) -> None:
    """Today's digest on the terminal, or queued for sending at once."""
    from daemon.handlers.digest import compose, send_digest
    from daemon.handlers.glances import inline, standing_alone

    with opened(config) as program:
        kit = program.kit
        if not preview and html is None:
            outbox_id = send_digest(kit)
            typer.echo(
                f"送信箱 {outbox_id} に入れました" if outbox_id else "本日分は送信済みか、送る時刻ではありません"
            )
            return
        with kit.store.snapshot() as tx:
            letter = compose(tx, kit)
        rendered = kit.templates.render(letter.template, letter)
        pictures = inline(kit, letter)
    if html is not None:
        html.write_text(standing_alone(rendered.html, pictures), "utf-8")
        typer.echo(f"書き出しました: {html}")
    else:
        typer.echo(f"件名: {rendered.subject}\n\n{rendered.text}")
