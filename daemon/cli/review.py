"""`meibod review …`: the questions that wait for a person."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import words
from daemon.cli.session import Because, Config, Json, opened, print_json, who
from daemon.domain.model import Review, ReviewState
from daemon.errors import Refused

if TYPE_CHECKING:
    from daemon.ports import Kit

app = typer.Typer(help="確認事項の一覧と処理。", no_args_is_help=True)
Numbers = Annotated[list[int] | None, typer.Argument(help="確認事項の番号（複数可）")]
OfMail = Annotated[int, typer.Option("--mail", help="このメールの確認事項すべて")]


@app.command("list")
def list_open(
    every: Annotated[bool, typer.Option("--all", help="処理済みも")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """未処理の確認事項。"""
    from daemon.cli.tables import review_table

    with opened(config) as program, program.store.snapshot() as tx:
        found = tx.reviews(state=None if every else ReviewState.OPEN)
    if as_json:
        print_json([asdict(r) for r in found])
    else:
        review_table(found)


@app.command()
def show(number: int, config: Config = None) -> None:
    """一件の詳細と根拠。"""
    with opened(config) as program, program.store.snapshot() as tx:
        review = _get(tx.reviews(state=None), number)
        row = tx.find_enrollment(review.enrollment_id) if review.enrollment_id else None
    where = review.evidence
    cell = f"{where.sheet}!{where.cell}" if where.cell else f"{where.page}頁" if where.page else ""
    lines = [
        f"#{review.review_id}  {review.kind}  {review.state}",
        f"都道府県 {review.prefecture or '不明'}  研修 {review.training_id or '不明'}",
        f"回付番号 {review.roster}" if review.roster else "",
        f"受講者 No.{row.number_on(review.roster)} {row.name}（現在 {words.state(row.state)}）"
        if row
        else "受講者 不明",
        f"項目 {words.field(review.field)}" if review.field else "",
        f"理由 {words.problems(review.problems)}" if review.problems else "",
        f"記載 {review.text}" if review.text else "",
        f"候補 {' / '.join(dict.fromkeys((review.suggestion, *review.candidates)))}" if review.suggestion else "",
        f"根拠 メール {review.ledger_id} {where.part} {cell}" if review.ledger_id else "",
        f"詳細 {review.detail}" if review.detail else "",
        f"処理 {review.settled_by} {review.settled_because}" if review.settled_by else "",
    ]
    typer.echo("\n".join(line for line in lines if line))


def _get(reviews: list[Review], number: int) -> Review:
    found = [r for r in reviews if r.review_id == number]
    if not found:
        raise Refused(f"#{number} という確認事項はありません")
    return found[0]


def _chosen(kit: Kit, numbers: list[int] | None, mail: int) -> list[int]:
    if not mail:
        return numbers or []
    with kit.store.snapshot() as tx:
        return [r.review_id for r in tx.reviews(ledger_id=mail)]


@app.command()
def accept(numbers: Numbers = None, mail: OfMail = 0, because: Because = "", config: Config = None) -> None:
    """候補どおりに記録する（値のない事項は「対応済み」にする）。"""
    from daemon.handlers.review import accept as do_accept

    with opened(config) as program:
        chosen = _chosen(program.kit, numbers, mail)
        for number in chosen:
            do_accept(program.kit, number, who(), because)
            typer.echo(f"#{number} 処理しました")
    if not chosen:
        raise Refused("番号か --mail を指定してください")


@app.command("set")
def set_(
    number: int,
    value: Annotated[str, typer.Argument(help="2026-04-01、R8.4.1 など")],
    because: Because = "",
    row: Annotated[str, typer.Option("--row", help="受講者不明のとき: 回付番号/No.")] = "",
    config: Config = None,
) -> None:
    """別の値を記録する。"""
    from daemon.handlers.review import set_value

    with opened(config) as program:
        target = _row(program.kit, row) if row else ""
        set_value(program.kit, number, _iso(value), who(), because, enrollment_id=target)
    typer.echo(f"#{number} {_iso(value)} を記録しました")


def _row(kit: Kit, text: str) -> str:
    code, _, number = text.partition("/")
    with kit.store.snapshot() as tx:
        rows = [e for e in tx.enrollments(roster=code.upper()) if str(e.number_on(code.upper())) == number]
    if not rows:
        raise Refused(f"{text} という行はありません（回付番号/No. の形で指定してください）")
    return rows[0].enrollment_id


def _iso(value: str) -> str:
    """What a person types is read by the same rules as what an office writes; only one plain day is taken."""
    from parsers.dates import read_date
    from parsers.reading import ReadingContext

    reading = read_date(value, column_is_era=True, context=ReadingContext())
    return str(reading.value or value)


@app.command()
def reject(numbers: Numbers = None, mail: OfMail = 0, because: Because = "", config: Config = None) -> None:
    """何も記録しない。"""
    from daemon.handlers.review import reject as do_reject

    with opened(config) as program:
        chosen = _chosen(program.kit, numbers, mail)
        for number in chosen:
            do_reject(program.kit, number, who(), because)
            typer.echo(f"#{number} 記録しないことにしました")
    if not chosen:
        raise Refused("番号か --mail を指定してください")


@app.command()
def crop(number: int, out: Annotated[Path, typer.Option(help="書き出すファイル")], config: Config = None) -> None:
    """読み取った箇所の原本（添付ファイル全体またはメール）を書き出す。"""
    with opened(config) as program:
        with program.store.snapshot() as tx:
            review = _get(tx.reviews(state=None), number)
            if review.ledger_id is None:
                raise Refused(f"#{number} にはメールがありません")
            stored = tx.get_mail(review.ledger_id)
        out.write_bytes(program.kit.blobs.get(review.evidence.crop_sha256 or stored.sha256))
    typer.echo(f"書き出しました: {out}")
