"""47 dispatch-sized mails through outbox, guard and SMTP against a bare aiosmtplib loop to the same Postfix.

Ours claims each mail in a transaction, reads the frozen bytes again in the confined reader (nothing reaches the wrong
office), submits, and records the outcome; mails go as the work queue lets them, four at a time. The bare loop opens a
connection for each mail and sends the very same bytes, one after the other; a second bare loop keeps one connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiosmtplib

from daemon.adapters.clock import SystemClock
from daemon.adapters.work.durable import CONCURRENCY
from daemon.bootstrap import App
from daemon.domain.model import MailPurpose, OutboxMail, OutboxState
from daemon.handlers.deliver import deliver
from daemon.handlers.dispatch import attachments
from daemon.handlers.outgoing import Draft, queue
from daemon.handlers.outguard import objections
from daemon.ports import Rendered, RosterFiles
from tests.bench.installation import configure, open_installation
from tests.bench.register import Mailing, Shape, add_trainings
from tests.bench.returns import sheet_of
from tests.bench.table import Line, spread
from tests.integration.servers.postfix import Postfix

ROWS = 12


@dataclass(frozen=True, slots=True)
class Round:
    """The same mails, three ways."""

    mails: int
    bare_s: float
    kept_s: float
    """One connection for all."""
    ours_s: float
    guard_s: float
    """Of it reading every mail again, one after the other: sheets of strangers are found before they leave."""


def run(home: Path, *, rounds: int, mails: int = 47) -> list[Line]:
    """`rounds` times `mails` offices."""
    with Postfix() as postfix:
        config = configure(home, smtp=postfix.ports["plain"])
        _settings, app = open_installation(config, SystemClock())
        try:
            mailings = add_trainings(app, 1, Shape(rows=ROWS))[:mails]
            files = [app.kit.documents.roster(sheet_of(m)) for m in mailings]
            found = [_round(app, postfix.ports["plain"], mailings, files, n) for n in range(rounds + 1)]
        finally:
            app.close()
    return _lines(found[1:])  # the first one warms both sides


def _round(app: App, port: int, mailings: Sequence[Mailing], files: Sequence[RosterFiles], number: int) -> Round:
    mails = _fill_outbox(app, mailings, files, number)
    raws = [app.kit.blobs.get(m.sha256) for m in mails]
    started = time.perf_counter()
    assert not any(objections(app.kit, m) for m in mails)
    guard_s = time.perf_counter() - started
    started = time.perf_counter()
    asyncio.run(_deliver_all(app, mails))
    ours_s = time.perf_counter() - started
    with app.store.snapshot() as tx:
        sent = sum(tx.get_outbox(m.outbox_id).state is OutboxState.SENT for m in mails)
    assert sent == len(mails), f"{sent} of {len(mails)} sent"
    bare_s, kept_s = asyncio.run(_bare(port, mails, raws)), asyncio.run(_kept(port, mails, raws))
    return Round(len(mails), bare_s, kept_s, ours_s, guard_s)


def _fill_outbox(app: App, mailings: Sequence[Mailing], files: Sequence[RosterFiles], number: int) -> list[OutboxMail]:
    with app.store.transaction() as tx:
        idents = [queue(tx, app.kit, _draft(app, m, f, number)) for m, f in zip(mailings, files, strict=True)]
        return [tx.get_outbox(ident) for ident in idents if ident is not None]


def _draft(app: App, mailing: Mailing, files: RosterFiles, number: int) -> Draft:
    roster = mailing.roster
    return Draft(
        purpose=MailPurpose.DISPATCH,
        dedupe_key=f"bench:{number}:{roster.code}",
        words=Rendered(f"名簿の送付 {number}", "名簿をお送りします。\n" * 40, "<p>名簿をお送りします。</p>" * 40),
        to=app.kit.directory.offices[roster.prefecture].to,
        prefecture=roster.prefecture,
        training_id=roster.training_id,
        enrollments=tuple(r.enrollment_id for r in mailing.rows),
        files=attachments(roster, files),
    )


async def _deliver_all(app: App, mails: Sequence[OutboxMail]) -> None:
    slots = asyncio.Semaphore(CONCURRENCY)

    async def one(mail: OutboxMail) -> None:
        async with slots:
            await deliver(app.kit, {"outbox_id": mail.outbox_id})

    await asyncio.gather(*(one(mail) for mail in mails))


async def _bare(port: int, mails: Sequence[OutboxMail], raws: Sequence[bytes]) -> float:
    started = time.perf_counter()
    for mail, raw in zip(mails, raws, strict=True):
        async with _client(port) as smtp:
            await smtp.sendmail(mail.sender, list(mail.recipients), raw)
    return time.perf_counter() - started


async def _kept(port: int, mails: Sequence[OutboxMail], raws: Sequence[bytes]) -> float:
    started = time.perf_counter()
    async with _client(port) as smtp:
        for mail, raw in zip(mails, raws, strict=True):
            await smtp.sendmail(mail.sender, list(mail.recipients), raw)
    return time.perf_counter() - started


def _client(port: int) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench.example.test")


def _lines(rounds: Sequence[Round]) -> list[Line]:
    def ms(seconds: str) -> list[float]:
        return [1000 * getattr(r, seconds) / r.mails for r in rounds]

    ratio = [r.bare_s / r.ours_s for r in rounds]
    kept = median(r.kept_s / r.ours_s for r in rounds)
    what = f"submission, {rounds[0].mails} mails with xlsx and PDF to Postfix, ms a mail"
    return [
        Line(what, spread(ms("ours_s"), 1), spread(ms("bare_s"), 1), spread(ratio)),
        Line(
            "— the guard alone, reading xlsx and PDF of one mail after the other, ms a mail", spread(ms("guard_s"), 1)
        ),
        Line("— against one connection kept open", spread(ms("ours_s"), 1), spread(ms("kept_s"), 1), f"{kept:.2f}"),
    ]
