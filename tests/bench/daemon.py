"""`meibod run` at rest: memory and CPU over a minute, fresh and after many mails, against real Dovecot and Postfix."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import SqlStore
from daemon.bootstrap import App, database_url
from daemon.domain.model import MailState, OutboxState
from daemon.settings import load_settings
from tests.bench.installation import MAILBOX_USER, ROOT, configure, open_installation
from tests.bench.processes import Memory, cpu_s, family, family_memory, memory
from tests.bench.register import Mailing, Shape, add_trainings
from tests.bench.returns import Envelope, replies
from tests.bench.table import Line
from tests.integration.servers.dovecot import Dovecot
from tests.integration.servers.postfix import Postfix
from tests.integration.servers.processes import wait_until

BAR_MB = 120.0
BAR_CPU_PERCENT = 1.0
WITH_SHEET = 10
"""Every tenth mail carries a roster; the others are words."""
REST_WITHIN_S = 400.0
"""The reading process ends by itself when nothing came for a while."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The daemon doing nothing."""

    mails: int
    busy: Memory
    """Right after the last mail, reading process included."""
    main: Memory
    processes: int
    cpu_percent: float


def run(home: Path, *, mails: int, watch_s: float) -> list[Line]:
    """Watch it fresh, give it `mails` messages, watch it again; `watch_s` seconds each time."""
    with Dovecot() as dovecot, Postfix() as postfix:
        clock = SystemClock()
        config = configure(home, imap=dovecot.imap, smtp=postfix.ports["plain"], open_days=(str(clock.today()),))
        raws = list(_mails(config, mails))
        store = SqlStore(database_url(load_settings(config)))
        dovecot.seed(raws[:1], MAILBOX_USER)
        with _running(config) as pid, contextlib.closing(store):
            wait_until("the first mail", lambda: _settled(store, 1), 60)
            fresh = _rest(pid, 1, watch_s)
            started = time.perf_counter()
            dovecot.seed(raws[1:], MAILBOX_USER, first=1)
            wait_until("every mail is worked on", lambda: _settled(store, mails), 1800)
            took_s = time.perf_counter() - started
            later = _rest(pid, mails, watch_s)
    return [*_lines(fresh), *_lines(later), _growth(fresh, later, took_s)]


def _mails(config: Path, count: int) -> Iterator[bytes]:
    """Thanks, and a filled-in roster every now and then."""
    _settings, app = open_installation(config, SystemClock())
    try:
        trainings = -(-(count // WITH_SHEET + 1) // 80)
        mailings = add_trainings(app, trainings, Shape(rows=20))
        sheets = iter(list(replies([_envelope(app, m) for m in mailings], mailings[: count // WITH_SHEET + 1])))
        for n in range(count):
            yield next(sheets) if n % WITH_SHEET == 0 else _thanks(app, mailings[n % len(mailings)], n)
    finally:
        app.close()


def _envelope(app: App, mailing: Mailing) -> Envelope:
    office = app.kit.directory.offices[mailing.roster.prefecture]
    return Envelope("hq@example.test", office.to[0], app.kit.clock.today(), app.kit.clock.now())


def _thanks(app: App, mailing: Mailing, number: int) -> bytes:
    mail = EmailMessage()
    mail["From"] = app.kit.directory.offices[mailing.roster.prefecture].to[0]
    mail["To"] = "hq@example.test"
    mail["Subject"] = f"Re: 名簿の送付 {number}"
    mail["Message-ID"] = f"<thanks-{number}@office.example.jp>"
    mail["In-Reply-To"] = mailing.message_id
    mail.set_content("お世話になっております。\nありがとうございました。\n")
    return mail.as_bytes()


@contextlib.contextmanager
def _running(config: Path) -> Iterator[int]:
    """The daemon as systemd starts it; ended with SIGTERM."""
    address = config.with_name("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, config.with_name("log").open("wb") as log:
        manager.bind(str(address))
        manager.settimeout(60)
        environment = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": str(address),
        }  # fmt: skip
        command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
        try:
            assert b"READY=1" in manager.recv(4096), config.with_name("log").read_text()
            yield process.pid
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, config.with_name("log").read_text()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def _settled(store: SqlStore, mails: int) -> bool:
    """Every mail is understood and every receipt is out."""
    with store.snapshot() as tx:
        counts, outbox = tx.count_mails(), tx.count_outbox()
    waiting = outbox.get(OutboxState.READY, 0) + outbox.get(OutboxState.IN_FLIGHT, 0)
    return sum(counts.values()) == mails and not counts.get(MailState.RECEIVED) and not waiting


def _rest(pid: int, mails: int, watch_s: float) -> Rest:
    busy = family_memory(pid)
    wait_until("the reading process rests", lambda: len(family(pid)) == 1, REST_WITHIN_S)
    # Not what its ended children used: the reading process is counted when it is reaped, which may be now.
    before, started = cpu_s(pid, ended=False), time.perf_counter()
    time.sleep(watch_s)  # the one observation that takes its time
    percent = 100 * (cpu_s(pid, ended=False) - before) / (time.perf_counter() - started)
    return Rest(mails, busy, memory(pid), len(family(pid)), percent)


def _lines(rest: Rest) -> Sequence[Line]:
    after = f"after {rest.mails:,} mail{'s' if rest.mails > 1 else ''}"
    return [
        Line(
            f"daemon at rest {after}: RSS (PSS, own data), MB",
            f"{rest.main.rss_mb:.0f} ({rest.main.pss_mb:.0f}, {rest.main.anonymous_mb:.0f})",
            bar=f"< {BAR_MB:.0f}", met=rest.main.rss_mb < BAR_MB,
        ),
        Line("— with the reading process still warm, PSS of both, MB", f"{rest.busy.pss_mb:.0f}"),
        Line(
            "— CPU at rest, %", f"{rest.cpu_percent:.2f}", bar=f"< {BAR_CPU_PERCENT:.0f}",
            met=rest.cpu_percent < BAR_CPU_PERCENT,
        ),
    ]  # fmt: skip


def _growth(fresh: Rest, later: Rest, took_s: float) -> Line:
    grown = later.main.anonymous_mb - fresh.main.anonymous_mb
    what = f"— grown by {later.mails - fresh.mails:,} mails, own data, MB (they took {took_s:.0f} s, receipts sent)"
    return Line(what, f"{grown:.1f}")
