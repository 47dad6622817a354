"""`meibod check`: everything the daemon needs, one line per finding with its remedy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from daemon.cli.session import load
from daemon.errors import MeibodError

if TYPE_CHECKING:
    from daemon.settings import Settings


def check_all(config: Path | None, *, offline: bool) -> int:
    """Check everything the daemon needs; 1 when anything is wrong. Raises SettingsError on a bad file."""
    settings = load(config)
    checks: list[tuple[str, Callable[[Settings], Iterator[str]]]] = [
        ("宛先台帳", _masters), ("データベース", _database), ("書体と様式", _documents), ("文面", _templates),
        ("読取プロセス", _reader), ("時計", _clock),
    ]  # fmt: skip
    if not offline:
        checks += [("IMAP", _imap), ("SMTP", _smtp)]
    return int(sum(_report(what, look, settings) for what, look in checks) > 0)


def _report(what: str, look: Callable[[Settings], Iterator[str]], settings: Settings) -> int:
    found = 0
    try:
        for line in look(settings):
            warning = "[注意]" in line
            typer.echo(f"{'△' if warning else '×'} {what}: {line}")
            found += not warning
    except MeibodError as error:
        typer.echo(f"× {what}: {error}")
        found += 1
    if not found:
        typer.echo(f"○ {what}")
    return found


def _masters(settings: Settings) -> Iterator[str]:
    from daemon.adapters.masters import load_directory

    directory, problems = load_directory(settings.masters.folder)
    for problem in problems:
        yield str(problem)
    own = settings.letterhead.address.lower()
    if any(a.address.lower() == own for a in directory.admins):
        yield "管理者のアドレスが [letterhead] address と同じです（本人の指示と当方のメールを見分けられません）"
    if not settings.admin_mail.authserv_id and settings.admin_mail.require_authentication:
        yield "[注意] [admin_mail] authserv_id がありません。管理者のメールの指示は、一通ごとに確認のメールを送ります"
    if not directory.admins:
        yield "管理者が登録されていません（admins.toml に一人以上書いてください）"


def _database(settings: Settings) -> Iterator[str]:
    from daemon.adapters.store import open_store
    from daemon.bootstrap import database_url, installation_key

    installation_key(settings)
    store = open_store(database_url(settings))
    try:
        yield from store.check()
    finally:
        store.close()


def _documents(_settings: Settings) -> Iterator[str]:
    from daemon.adapters.documents import TypstDocuments
    from daemon.adapters.documents.released import UnreleasedForm, refuse_unreleased
    from daemon.adapters.resources import data_path
    from parsers.forms import EDITIONS

    forms = data_path("mail_templates") / "forms"
    for edition in EDITIONS:
        try:
            refuse_unreleased(forms, edition)
        except UnreleasedForm:
            yield f"様式 {edition} は試験に合格した記録がなく印刷できません（mail_templates を元に戻してください）"
    documents = TypstDocuments(b"check", forms)
    missing = documents.missing_glyphs(["髙橋　﨑山　𠮷田"])
    if missing:
        yield "書体に異体字がありません（noto-cjk-sans-jp-regular を入れ直してください）"


def _templates(settings: Settings) -> Iterator[str]:
    from daemon.adapters.resources import data_path
    from daemon.adapters.templates import JinjaTemplates

    templates = JinjaTemplates(data_path("mail_templates"), settings.service.templates_directory)
    for broken in templates.broken():
        yield str(broken)


def _reader(_settings: Settings) -> Iterator[str]:
    from daemon.adapters.reader_pool import SandboxedReader
    from parsers.findings import Problem
    from parsers.reading import ReadingContext

    reader = SandboxedReader()
    try:
        document = reader.read("check.csv", b"", ReadingContext())
    finally:
        reader.close()
    if any(n.code in {Problem.READER_KILLED, Problem.READER_FAILED} for n in document.problems):
        yield "添付を読む別プロセスを起動できません（メモリーと systemd の制限を確認してください）"


def _clock(_settings: Settings) -> Iterator[str]:
    from daemon.adapters.clock import SystemClock

    if SystemClock().now().year < 2026:
        yield "機械の時計が進んでいません（時刻同期を確認してください）"


def _imap(settings: Settings) -> Iterator[str]:
    from daemon.adapters.clock import SystemClock
    from daemon.adapters.imap import ImapMailbox
    from daemon.bootstrap import imap_settings
    from daemon.ports import MailboxError

    mailbox = ImapMailbox(imap_settings(settings), SystemClock())
    try:
        mailbox.search(1)
    except MailboxError as error:
        yield f"{error}（[imap] の host・port・user・パスワードを確認してください）"
    finally:
        mailbox.close()


def _smtp(settings: Settings) -> Iterator[str]:
    from daemon.adapters.smtp import SmtpSubmission
    from daemon.bootstrap import smtp_settings

    problem = asyncio.run(SmtpSubmission(smtp_settings(settings)).try_connection())
    if problem:
        yield f"{problem}（[smtp] の host・port・user・パスワードを確認してください）"
