"""`meibod review …`: the questions that wait for a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import words
from daemon.cli.session import Because, Config, Json, opened, print_json, who
from daemon.domain.model import Enrollment, Review, ReviewState
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
def show(
    number: int,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="欄またはページの画像をこのファイルに書き出す")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="画像をこのフォルダに review-番号.png として書き出す")
    ] = None,
    config: Config = None,
) -> None:
    """一件の詳細と根拠。"""
    from daemon.handlers.pictures import header_of

    with opened(config) as program:
        with program.store.snapshot() as tx:
            review = _get(tx.reviews(state=None), number)
            row = tx.find_enrollment(review.enrollment_id) if review.enrollment_id else None
            header = header_of(tx, review.ledger_id, review.evidence)
        typer.echo("\n".join(_described(review, row, header)))
        for target in (picture, out / f"review-{number}.png" if out else None):
            if target is not None:
                _write_picture(program.kit, number, target)


def _described(review: Review, row: Enrollment | None, header: str) -> list[str]:
    where = review.evidence
    who = (
        f"受講者 No.{row.number_on(review.roster)} {row.name}（現在 {words.state(row.state)}）"
        if row
        else "受講者 不明"
    )
    choices = dict.fromkeys(c for c in (review.suggestion, *review.candidates) if c)
    lines = [
        f"#{review.review_id}  {words.kind(review.kind)}  {review.state}",
        f"都道府県 {review.prefecture or '不明'}  研修 {review.training_id or '不明'}",
        f"回付番号 {review.roster}" if review.roster else "",
        who,
        f"項目 {words.field(review.field)}" if review.field else "",
        f"理由 {words.problems(review.problems)}" if review.problems else "",
        f"記載 {review.text}" if review.text else "",
        f"候補 {' / '.join(choices)}" if choices else "",
        f"根拠 メール {review.ledger_id} {words.place(where)}" if review.ledger_id else "",
        words.reading(where),
        f"ＦＡＸ見出し {header}" if header else "",
        f"画像 {where.crop_sha256[:16]}（--picture ファイル で書き出せます）" if where.crop_sha256 else "",
        f"詳細 {review.detail}" if review.detail else "",
        f"処理 {review.settled_by} {review.settled_because}" if review.settled_by else "",
    ]
    return [line for line in lines if line]


def _write_picture(kit: Kit, number: int, target: Path) -> None:
    from daemon.handlers.pictures import picture_for

    data = picture_for(kit, number)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    typer.echo(f"画像を書き出しました: {target}")


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


def _glances(kit: Kit) -> list[int]:
    """What the last digest showed with pictures; what came after it has been seen by nobody."""
    from daemon.handlers.digest import LAST, compose

    with kit.store.snapshot() as tx:
        sent = tx.get_fact(LAST)
        if sent is None:
            raise Refused("日報がまだ送られていません。番号を指定してください")
        at = dt.datetime.fromisoformat(sent)
        return [r.review_id for r in compose(tx, kit).reviews if r.is_glance and r.opened_at <= at]


@app.command()
def accept(
    numbers: Numbers = None,
    mail: OfMail = 0,
    glances: Annotated[bool, typer.Option("--glances", help="前回の日報に画像で載った読み取りすべて")] = False,
    because: Because = "",
    config: Config = None,
) -> None:
    """候補どおりに記録する（値のない事項は「対応済み」にする）。"""
    from daemon.handlers.review import accept as do_accept

    with opened(config) as program:
        chosen = _chosen(program.kit, numbers, mail) + (_glances(program.kit) if glances else [])
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
def place(
    number: int,
    where: Annotated[str, typer.Argument(help="回付番号/ページ（例: 7Q2K9XD4HP/2）。省略 = 候補どおり")] = "",
    because: Because = "",
    config: Config = None,
) -> None:
    """符号を読めないページが、どの名簿の何枚目かを指定して読み直す。"""
    from daemon.handlers.ingest import ingest
    from daemon.handlers.pages import place_page

    with opened(config) as program:
        ledger_id = place_page(program.kit, number, where, who(), because)
        done = ingest(program.kit, ledger_id)
        with program.store.snapshot() as tx:
            waiting = tx.reviews(ledger_id=ledger_id)
    typer.echo(f"#{number} 指定を記録しました" + ("。読み直しました" if done else "（まもなく読み直します）"))
    for review in waiting:
        typer.echo(f"  確認事項 #{review.review_id} {words.kind(review.kind)} {words.problems(review.problems)}")


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
