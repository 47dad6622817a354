"""What offices send back: our own workbook with every date filled in, attached to a polite reply."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from multiprocessing import get_context

from daemon.adapters.documents.facts import facts_of
from daemon.adapters.documents.wording import words
from daemon.adapters.documents.workbook import roster_workbook
from daemon.adapters.resources import data_path
from daemon.ports import RosterSheet
from tests.bench.register import Mailing
from tests.fakes.house import filled

_TEXT = "お世話になっております。\n名簿を返送いたします。よろしくお願いいたします。\n"
_XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where the reply goes and what stands in every row."""

    to: str
    sender: str
    on: dt.date
    at: dt.datetime


def sheet_of(mailing: Mailing) -> RosterSheet:
    """The roster as it went out."""
    return RosterSheet(
        training=mailing.training, roster=mailing.roster, centre_title=mailing.roster.centre,
        office_title=mailing.roster.prefecture, rows=mailing.rows, issued_on=mailing.training.created_at.date(),
        document_no="", reply_fax="03-0000-0001", reply_mail="hq@example.test", contact="研修課",
    )  # fmt: skip


def blank_workbook(mailing: Mailing) -> bytes:
    """Our workbook as it went out."""
    wording = words(data_path("mail_templates") / "forms")
    sheet = sheet_of(mailing)
    return roster_workbook(sheet, facts_of(sheet, wording), wording)


def reply(envelope: Envelope, mailing: Mailing) -> bytes:
    """The roster returned complete."""
    day = dt.datetime.combine(envelope.on, dt.time())
    mail = EmailMessage()
    mail["From"], mail["To"] = envelope.sender, envelope.to
    mail["Subject"] = f"Re: 名簿の送付 [{mailing.roster.code}]"
    mail["Message-ID"] = f"<{mailing.roster.code.lower()}@office.example.jp>"
    mail["In-Reply-To"] = mailing.message_id
    mail["Date"] = format_datetime(envelope.at)
    mail.set_content(_TEXT)
    workbook = filled(blank_workbook(mailing), lambda *_: day)
    name = f"roster_{mailing.roster.code}.xlsx"
    mail.add_attachment(workbook, maintype="application", subtype=_XLSX, filename=name)
    return mail.as_bytes()


def replies(envelopes: Sequence[Envelope], mailings: Sequence[Mailing]) -> Iterator[bytes]:
    """`reply` for each pair, on all cores: filling in a workbook takes longer than reading one."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(reply), envelopes, mailings, chunksize=10)
