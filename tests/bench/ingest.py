"""1 000 mails with a 20-row xlsx each from a real Dovecot: the daemon's way against the bare loop over the same mails.

The bare loop is what a script would do: fetch, parse MIME, open the workbook. Ours stores every message durably,
reads it in a confined process of its own, judges every date and records it with evidence. Both take turns on the
same messages, so that whatever else the machine does slows both.
"""

from __future__ import annotations

import email
import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import openpyxl
from imapclient import IMAPClient

from daemon.adapters.clock import SystemClock
from daemon.adapters.imap import ImapMailbox
from daemon.bootstrap import App, imap_settings
from daemon.domain.model import MailState, State
from daemon.handlers.ingest import work_through
from daemon.handlers.intake import sync
from daemon.settings import Settings
from tests.bench.installation import MAILBOX_USER, configure, open_installation
from tests.bench.processes import family_cpu_s
from tests.bench.register import Mailing, Shape, add_trainings
from tests.bench.returns import Envelope, replies
from tests.bench.table import Line, spread
from tests.integration.servers.dovecot import PASSWORD, Dovecot

ROWS = 20
CENTRES = 80
BAR = 0.5


@dataclass(frozen=True, slots=True)
class Round:
    """The same messages, both ways."""

    mails: int
    bare_s: float
    store_s: float
    """`intake.sync`: fetched and durable."""
    read_s: float
    """`ingest.work_through`: read, judged, recorded."""
    bare_cpu_s: float
    cpu_s: float
    """CPU of the daemon's way, reading processes included; the mail server's is in neither."""

    @property
    def speed(self) -> float:
        """Our speed as a share of the bare loop's."""
        return self.bare_s / (self.store_s + self.read_s)


def run(home: Path, *, rounds: int, mails: int) -> list[Line]:
    """`rounds` turns of `mails` messages each."""
    with Dovecot() as dovecot:
        clock = SystemClock()
        config = configure(home, imap=dovecot.imap, open_days=(str(clock.today()),))
        settings, app = open_installation(config, clock)
        try:
            found = _rounds(settings, app, dovecot, rounds, mails)
            _all_recorded(app, rounds * mails)
        finally:
            app.close()
    return _lines(found)


def _rounds(settings: Settings, app: App, dovecot: Dovecot, rounds: int, mails: int) -> list[Round]:
    mailings = add_trainings(app, -(-(rounds * mails + 1) // CENTRES), Shape(rows=ROWS))
    raws = list(replies([_envelope(app, m) for m in mailings], mailings[: rounds * mails + 1]))
    mailbox = ImapMailbox(imap_settings(settings), app.kit.clock)
    try:
        dovecot.seed(raws[:1], MAILBOX_USER)  # both sides warm: imports, reading process, page cache
        _one_round(app, mailbox, dovecot, 1)
        found = []
        for n in range(rounds):
            dovecot.seed(raws[1 + n * mails : 1 + (n + 1) * mails], MAILBOX_USER, first=1 + n * mails)
            found.append(_one_round(app, mailbox, dovecot, mails))
        return found
    finally:
        mailbox.close()


def _envelope(app: App, mailing: Mailing) -> Envelope:
    office = app.kit.directory.offices[mailing.roster.prefecture]
    now = app.kit.clock.now()
    return Envelope("hq@example.test", office.to[0], app.kit.clock.today(), now)


def _one_round(app: App, mailbox: ImapMailbox, dovecot: Dovecot, mails: int) -> Round:
    with app.store.snapshot() as tx:
        mark = tx.high_water("INBOX")
    began_cpu_s = family_cpu_s(os.getpid())
    started = time.perf_counter()
    report = sync(app.kit, mailbox, full=False)
    stored = time.perf_counter()
    done = work_through(app.kit)
    ended = time.perf_counter()
    assert report.stored == done.applied == mails, (report, done)
    cpu_s = family_cpu_s(os.getpid()) - began_cpu_s
    began_cpu_s = time.process_time()
    bare_s = _bare(dovecot.imap, mark.uid + 1 if mark else 1, mails)
    return Round(mails, bare_s, stored - started, ended - stored, time.process_time() - began_cpu_s, cpu_s)


def _bare(port: int, first: int, mails: int) -> float:
    started = time.perf_counter()
    seen = 0
    with IMAPClient("127.0.0.1", port, ssl=False, use_uid=True) as client:
        client.login(MAILBOX_USER, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        for uid in client.search(["UID", f"{first}:*"]):
            raw = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
            seen += _open(raw)
    assert seen == mails, (seen, mails)
    return time.perf_counter() - started


def _open(raw: bytes) -> int:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    workbooks = 0
    for part in message.iter_attachments():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        workbooks += len(openpyxl.load_workbook(io.BytesIO(data)).worksheets)
    return workbooks


def _all_recorded(app: App, mails: int) -> None:
    """Speed counts only when every date of every mail is in the register."""
    with app.store.snapshot() as tx:
        rows = [e for t in tx.trainings() for e in tx.enrollments(training_id=t.training_id)]
        states = tx.count_mails()
    verified = sum(e.state is State.VERIFIED for e in rows)
    assert verified == (mails + 1) * ROWS, (verified, states)
    assert states == {MailState.APPLIED: mails + 1}, states


def _lines(rounds: Sequence[Round]) -> list[Line]:
    mails = sum(r.mails for r in rounds)
    per = [1000 * (r.store_s + r.read_s) / r.mails for r in rounds]
    bare = [1000 * r.bare_s / r.mails for r in rounds]
    speeds = [r.speed for r in rounds]
    total = sum(r.bare_s for r in rounds) / sum(r.store_s + r.read_s for r in rounds)
    store = [1000 * r.store_s / r.mails for r in rounds]
    cpu = [1000 * r.cpu_s / r.mails for r in rounds]
    bare_cpu = [1000 * r.bare_cpu_s / r.mails for r in rounds]
    return [
        Line(
            f"ingest, {mails} mails with a {ROWS}-row xlsx in {len(rounds)} rounds, ms a mail",
            spread(per, 1), spread(bare, 1), spread(speeds), f"≥ {BAR}", total >= BAR,
        ),
        Line("— of it fetching and storing durably, ms a mail", spread(store, 1)),
        Line("— CPU of all processes, ms a mail", spread(cpu, 1), spread(bare_cpu, 1)),
    ]  # fmt: skip
