"""`meibod trainee …`: what happens to one trainee beside the procedure. Every command needs a reason."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli import words
from daemon.cli.session import Because, Config, opened, who
from daemon.domain.calendar import in_era
from daemon.errors import Refused
from parsers.findings import Field

if TYPE_CHECKING:
    from daemon.domain.model import Enrollment
    from daemon.handlers.said import Said
    from daemon.ports import Kit

app = typer.Typer(help="追加・辞退・交代・異動・氏名の訂正・電話連絡の記録。", no_args_is_help=True)
Who = Annotated[str, typer.Argument(metavar="回付番号/No.", help="回付番号/No.、受講者コード、または氏名")]
Name = Annotated[str, typer.Option("--name", help="氏名")]
Kana = Annotated[str, typer.Option("--kana", help="フリガナ")]
TerminalId = Annotated[str, typer.Option("--id", help="取得済みＩＤ")]
ELearning = Annotated[dt.datetime | None, typer.Option(help="ｅラーニング修了日（初心者）", formats=["%Y-%m-%d"])]
Visit = Annotated[dt.datetime | None, typer.Option(help="来所予定日", formats=["%Y-%m-%d"])]
FieldName = Annotated[str, typer.Argument(metavar="項目", help="兼務登録年月日 など（英語の項目名も可）")]
Date = Annotated[str, typer.Argument(metavar="日付", help="2026-04-01、R8.4.1 など")]


@app.command()
def withdraw(row: Who, because: Because = "", config: Config = None) -> None:
    """辞退・取消。登録済みなら登録の削除が必要になる。"""
    from daemon.handlers.cases import withdraw as do_withdraw

    with opened(config) as program:
        out = do_withdraw(program.kit, _ident(program.kit, row), who(), because)
    typer.echo(f"{_shown(out)} を対象外にしました")
    if out.cleanup_owed:
        typer.echo("登録が記録されています。登録の削除が済んだら trainee cleaned で記録してください")


@app.command()
def reinstate(row: Who, because: Because = "", config: Config = None) -> None:
    """対象外の取消し。"""
    from daemon.handlers.cases import reinstate as do_reinstate

    with opened(config) as program:
        back = do_reinstate(program.kit, _ident(program.kit, row), who(), because)
    typer.echo(f"{_shown(back)} を戻しました（{words.state(back.state)}）")


@app.command()
def add(
    training_id: Annotated[str, typer.Argument(metavar="研修", help="研修 ID")],
    centre: Annotated[str, typer.Option("--centre", help="所属センター（神奈川/横浜 のように）")],
    name: Name,
    kana: Kana,
    because: Because = "",
    office: Annotated[str, typer.Option("--office", help="管轄年金事務所（省略時は台帳による）")] = "",
    terminal_id: TerminalId = "",
    e_learning: ELearning = None,
    visit: Visit = None,
    config: Config = None,
) -> None:
    """受講者の追加。新しい行が所属センターの名簿の末尾に付く。"""
    from daemon.handlers.cases import Person, Place, add_trainee

    prefecture, slash, place = centre.partition("/")
    if not slash:
        raise Refused("--centre は「神奈川/横浜」の形で指定してください")
    person = Person(name, kana, terminal_id, _day(e_learning), _day(visit))
    with opened(config) as program:
        new = add_trainee(program.kit, training_id, Place(prefecture, place, office), person, who(), because)
    typer.echo(f"{_shown(new)} を追加しました。meibod training approve {new.training_id} で追加分を送付します")


@app.command()
def substitute(
    row: Who,
    name: Name,
    kana: Kana,
    because: Because = "",
    terminal_id: TerminalId = "",
    e_learning: ELearning = None,
    visit: Visit = None,
    config: Config = None,
) -> None:
    """交代。元の行は対象外になり、新しい行が同じ名簿の末尾に付く。"""
    from daemon.handlers.cases import Person
    from daemon.handlers.cases import substitute as do_substitute

    person = Person(name, kana, terminal_id, _day(e_learning), _day(visit))
    with opened(config) as program:
        new = do_substitute(program.kit, _ident(program.kit, row), person, who(), because)
    typer.echo(f"{_shown(new)} を追加しました。meibod training approve {new.training_id} で追加分を送付します")


@app.command()
def transfer(
    row: Who,
    centre: Annotated[str, typer.Option("--centre", help="異動先（神奈川/横浜 のように）")],
    office: Annotated[str, typer.Option("--office", help="管轄年金事務所（省略時は台帳による）")] = "",
    because: Because = "",
    config: Config = None,
) -> None:
    """センター間の異動。送付前は行が移り、送付後は新しい行として追加される。"""
    from daemon.handlers.cases import Place
    from daemon.handlers.cases import transfer as do_transfer

    with opened(config) as program:
        prefecture, slash, name = centre.partition("/")
        place = Place(prefecture, name, office) if slash else Place(_home(program.kit, row), centre, office)
        new = do_transfer(program.kit, _ident(program.kit, row), place, who(), because)
    typer.echo(f"{_shown(new)} に移りました（{words.state(new.state)}）")


@app.command()
def rename(
    row: Who,
    name: Annotated[str, typer.Option("--name", help="正しい氏名")] = "",
    kana: Annotated[str, typer.Option("--kana", help="正しいフリガナ")] = "",
    review: Annotated[int, typer.Option("--review", help="氏名の相違の確認事項をこれで処理する")] = 0,
    because: Because = "",
    config: Config = None,
) -> None:
    """氏名の訂正。元の表記は履歴に残る。"""
    from daemon.handlers.rename import rename as do_rename
    from daemon.handlers.rename import settle_with_name

    with opened(config) as program:
        ident = _ident(program.kit, row)
        if review:
            _same_row(program.kit, review, ident)
            settle_with_name(program.kit, review, (name, kana), who(), because)
        else:
            do_rename(program.kit, ident, (name, kana), who(), because)
    typer.echo("訂正しました")


@app.command()
def report(
    row: Who,
    field: FieldName,
    value: Date,
    said_by: Annotated[str, typer.Option("--said-by", help="どなたからの連絡か")],
    because: Because = "",
    config: Config = None,
) -> None:
    """電話連絡の日付を記録する（口頭。名簿が届くまで確認済にはならない）。"""
    from daemon.handlers.said import report as do_report

    with opened(config) as program:
        done = do_report(program.kit, _ident(program.kit, row), _said(field, value, because, said_by))
    typer.echo(f"{_shown(done)} {value} を口頭として記録しました（{words.state(done.state)}）")


@app.command()
def correct(row: Who, field: FieldName, value: Date, because: Because = "", config: Config = None) -> None:
    """記録済みの日付を訂正する。"""
    from daemon.handlers.said import correct as do_correct

    with opened(config) as program:
        done = do_correct(program.kit, _ident(program.kit, row), _said(field, value, because))
    typer.echo(f"{_shown(done)} を訂正しました（{words.state(done.state)}）")


@app.command()
def cleaned(row: Who, field: FieldName, value: Date, because: Because = "", config: Config = None) -> None:
    """対象外の受講者の登録が削除されたことを記録する。"""
    from daemon.handlers.said import cleaned as do_cleaned

    with opened(config) as program:
        done = do_cleaned(program.kit, _ident(program.kit, row), _said(field, value, because))
    typer.echo(f"{_shown(done)} の登録の削除を記録しました")


# -- what people type ------------------------------------------------------------------------------------------


def _ident(kit: Kit, text: str) -> str:
    from daemon.handlers.rows import find_row

    with kit.store.snapshot() as tx:
        return find_row(tx, text).enrollment_id


def _home(kit: Kit, text: str) -> str:
    from daemon.handlers.rows import find_row

    with kit.store.snapshot() as tx:
        return find_row(tx, text).prefecture


def _same_row(kit: Kit, review_id: int, enrollment_id: str) -> None:
    with kit.store.snapshot() as tx:
        if not any(r.review_id == review_id for r in tx.reviews(enrollment_id=enrollment_id)):
            raise Refused(f"#{review_id} はこの受講者の未処理の確認事項ではありません")


def _said(field: str, value: str, because: str, said_by: str = "") -> Said:
    from daemon.handlers.said import Said

    return Said(_field(field), _date(value), who(), because, said_by)


def _field(text: str) -> Field:
    dates = [f for f in Field if f.is_date]
    found = [f for f in dates if text in {f.value, words.field(f)}]
    if not found:
        raise Refused(f"項目は {'、'.join(words.field(f) for f in dates)} のどれかです")
    return found[0]


def _date(text: str) -> dt.date:
    """What a person types is read by the same rules as what an office writes; only one plain day is taken."""
    from parsers.dates import read_date
    from parsers.reading import ReadingContext

    reading = read_date(text, column_is_era=True, context=ReadingContext())
    if reading.value is None:
        raise Refused(f"日付は 2026-04-01 や R8.4.1 の形式で指定してください: {text}")
    return dt.date.fromisoformat(str(reading.value))


def _day(at: dt.datetime | None) -> dt.date | None:
    return at.date() if at else None


def _shown(row: Enrollment) -> str:
    days = "、".join(f"{words.field(f)} {in_era(v.on)}" for f, v in row.values.items() if f.is_date)
    return f"{row.roster}/{row.row}" + (f"（{days}）" if days else "")
