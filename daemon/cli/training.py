"""`meibod training …`: HQ's own steps around one run of a course (PRE0, PRE1)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.session import Because, Config, Json, Yes, confirm, opened, print_json, who
from daemon.domain.calendar import in_era
from daemon.domain.model import Course, Training
from daemon.errors import Refused

if TYPE_CHECKING:
    from daemon.ports import Kit

Tell = Annotated[bool, typer.Option(help="名簿を送付済みの都道府県会へお知らせのメールを送る")]
app = typer.Typer(help="研修の登録・一覧・承認。", no_args_is_help=True)


@app.command()
def add(
    course: Annotated[Course, typer.Option(help="研修の種類")],
    name: Annotated[str, typer.Option(help="研修名・回")],
    starts: Annotated[dt.datetime, typer.Option(help="初日", formats=["%Y-%m-%d"])],
    ends: Annotated[dt.datetime, typer.Option(help="最終日", formats=["%Y-%m-%d"])],
    deadline: Annotated[dt.datetime | None, typer.Option(help="期限（省略時は規則）", formats=["%Y-%m-%d"])] = None,
    ident: Annotated[str, typer.Option("--id", help="研修 ID（省略時は自動）")] = "",
    config: Config = None,
) -> None:
    """研修を登録する。"""
    from daemon.handlers.prepare import NewTraining, add_training

    new = NewTraining(course, name, starts.date(), ends.date(), ident, deadline.date() if deadline else None)
    with opened(config) as program:
        made = add_training(program.kit, new, who())
    typer.echo(f"登録しました: {made.training_id}")
    typer.echo(f"登録完了期限: {in_era(made.deadline_on)}（{made.deadline_basis}）")


@app.command("list")
def list_all(as_json: Json = False, config: Config = None) -> None:
    """研修の一覧。"""
    from daemon.cli.tables import training_table

    with opened(config) as program, program.store.snapshot() as tx:
        trainings = tx.trainings()
        counts = {t.training_id: tx.count_by_state(t.training_id) for t in trainings}
    if as_json:
        print_json([{"training": t.training_id, "name": t.name, "state": t.state, "deadline_on": t.deadline_on,
                     "starts_on": t.starts_on, "counts": counts[t.training_id]} for t in trainings])  # fmt: skip
        return
    training_table(trainings, counts)


@app.command()
def show(training_id: str, config: Config = None) -> None:
    """研修の内容と名簿。"""
    from daemon.cli import words
    from daemon.cli.tables import handover_table, roster_table

    with opened(config) as program, program.store.snapshot() as tx:
        training = _known(tx.trainings(), training_id)
        rosters = tx.rosters(training_id)
        sizes = {r.code: len(tx.enrollments(roster=r.code)) for r in rosters}
        counts = tx.count_by_state(training_id)
        handovers = tx.handovers(training_id)
    typer.echo(f"{training.training_id}  {training.course.label}  {training.name}")
    typer.echo(f"期間 {in_era(training.starts_on)} 〜 {in_era(training.ends_on)}")
    typer.echo(f"期限 {in_era(training.deadline_on)}（{training.deadline_basis}）")
    people = "・".join(f"{words.state(s)} {n}名" for s, n in counts.items() if n)
    typer.echo(f"状態 {words.training(training.state)}" + (f"（{people}）" if people else ""))
    roster_table(rosters, sizes)
    if handovers:
        handover_table(handovers)


def _known(trainings: list[Training], training_id: str) -> Training:
    found = [t for t in trainings if t.training_id == training_id]
    if not found:
        raise Refused(f"研修 {training_id} は登録されていません（meibod training list で確認できます）")
    return found[0]


@app.command()
def approve(
    training_id: str,
    yes: Yes = False,
    preview: Annotated[bool, typer.Option("--preview", help="送付内容を見るだけ")] = False,
    config: Config = None,
) -> None:
    """名簿の送付を承認する。デーモンが順次送信する。"""
    from daemon.cli.tables import planned_table
    from daemon.handlers.dispatch import approve as do_approve

    with opened(config) as program:
        with program.store.snapshot() as tx:
            _known(tx.trainings(), training_id)
        planned = do_approve(program.kit, training_id, who(), apply=False)
        planned_table(planned)
        if preview:
            return
        confirm(f"{len(planned)} 都道府県会へ送付します。よろしいですか", yes=yes)
        do_approve(program.kit, training_id, who())
    typer.echo("承認しました。送信状況は meibod outbox list で確認できます")


@app.command("deadline")
def move_deadline(
    training_id: str,
    day: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], metavar="期限")],
    because: Because = "",
    tell: Tell = True,
    config: Config = None,
) -> None:
    """期限を変更する。督促の予定も組み直す。"""
    from daemon.domain.letters import NoticeKind
    from daemon.handlers.notices import tell_offices
    from daemon.handlers.schedule import move_deadline as do_move

    with opened(config) as program:
        before = _training(program.kit, training_id)
        moved = do_move(program.kit, training_id, day.date(), who(), because)
        told = tell_offices(program.kit, before, moved, NoticeKind.DEADLINE) if tell else ()
    typer.echo(f"期限を {in_era(moved.deadline_on)} に変更しました。次のメールから新しい期限を案内します")
    _told(told)


@app.command()
def postpone(
    training_id: str,
    starts: Annotated[dt.datetime, typer.Option(help="新しい初日", formats=["%Y-%m-%d"])],
    ends: Annotated[dt.datetime, typer.Option(help="新しい最終日", formats=["%Y-%m-%d"])],
    because: Because = "",
    tell: Tell = True,
    config: Config = None,
) -> None:
    """研修を延期する。期限は規則により決め直す。"""
    from daemon.domain.letters import NoticeKind
    from daemon.handlers.notices import tell_offices
    from daemon.handlers.schedule import postpone as do_postpone

    with opened(config) as program:
        before = _training(program.kit, training_id)
        moved = do_postpone(program.kit, training_id, starts.date(), ends.date(), who(), because)
        told = tell_offices(program.kit, before, moved, NoticeKind.POSTPONED) if tell else ()
    typer.echo(f"{in_era(moved.starts_on)} 〜 {in_era(moved.ends_on)} に延期しました")
    typer.echo(f"登録完了期限: {in_era(moved.deadline_on)}（{moved.deadline_basis}）")
    _told(told)


@app.command()
def cancel(
    training_id: str, because: Because = "", yes: Yes = False, tell: Tell = True, config: Config = None
) -> None:  # fmt: skip
    """研修を中止する。全員が対象外になり、送信待ちのメールは取り消される。"""
    from daemon.domain.letters import NoticeKind
    from daemon.handlers.notices import tell_offices
    from daemon.handlers.schedule import cancel_training

    with opened(config) as program:
        confirm(f"研修 {training_id} を中止します。取り消せません。よろしいですか", yes=yes)
        before = _training(program.kit, training_id)
        gone = cancel_training(program.kit, training_id, who(), because)
        told = tell_offices(program.kit, before, gone, NoticeKind.CANCELLED) if tell else ()
        with program.store.snapshot() as tx:
            owed = [r for r in tx.enrollments(training_id=training_id) if r.cleanup_owed]
    typer.echo(f"中止しました。登録の削除が必要な受講者: {len(owed)} 名")
    for row in owed:
        typer.echo(f"  {row.roster}/{row.row}")
    _told(told)


def _training(kit: Kit, training_id: str) -> Training:
    with kit.store.snapshot() as tx:
        return _known(tx.trainings(), training_id)


def _told(prefectures: tuple[str, ...]) -> None:
    if prefectures:
        typer.echo(f"お知らせのメール {len(prefectures)} 通を送信待ちにしました: {'、'.join(prefectures)}")
