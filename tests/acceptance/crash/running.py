"""The program as a process on a stage: commands, `meibod run`, its clock, its deaths, and what it leaves behind."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.adapters.smtp import SmtpSubmission
from daemon.adapters.store import SqlStore
from daemon.bootstrap import App, Parts, database_url, installation_key, open_app, smtp_settings
from daemon.domain.model import MailState, OutboxMail, OutboxState
from daemon.settings import load_settings
from tests.acceptance.crash.fast_clock import FastClock
from tests.acceptance.crash.stage import ROOT, Stage
from tests.acceptance.crash.story import ANSWER_BY_HAND, SCENES, report, set_up_and_approve
from tests.fakes.clock import FakeClock
from tests.fakes.house import InProcessReader
from tests.integration.servers.processes import wait_until

SPEED = 20.0
"""Seconds of the story in a second of the machine's: chores of every minute run every three seconds."""
_LEASE = dt.timedelta(seconds=1801)
"""Longer than an attempt of a daemon that may still live is left alone."""
_SETTLED = {OutboxState.SENT, OutboxState.CONFIRMED}


class Daemon:
    """One `meibod run`."""

    def __init__(self, hq: Hq, fate: str, config: str) -> None:
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify = hq.stage.home / f"notify-{id(self)}"
        self._manager.bind(str(notify))
        self._manager.setblocking(False)
        self._heard = b""
        with (hq.stage.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                hq.command(fate, "run", config=config), cwd=ROOT, stderr=log,
                env={**hq.environment, "NOTIFY_SOCKET": str(notify)},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self.process.pid

    def _hear(self, word: bytes) -> bool:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._heard += self._manager.recv(4096) + b"\n"
        return word in self._heard

    def wait_for(self, word: str) -> None:
        """Until it has said READY=1 or STOPPING=1; not when it ended before."""
        wait_until(word, lambda: self._hear(word.encode()) or self.process.poll() is not None, 60)
        assert self._hear(word.encode()), f"ended with {self.process.poll()}"

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """SIGTERM, unless it has ended; how it ended."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        self._manager.close()


class Hq:
    """Headquarters on a stage; use as a context manager. Daemons left running are killed at the end."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        self._settings = load_settings(stage.home / "meibod.toml")
        self._daemons: list[Daemon] = []
        self._clock = FastClock(stage.home / "fast-clock")
        self._clock.set(SCENES[0][0], SPEED)

    def __enter__(self) -> Hq:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for daemon in self._daemons:
            daemon.close()
        if kind is not None:
            print((self.stage.home / "log").read_text()[-4000:])

    # -- time --------------------------------------------------------------------------------------------------

    @property
    def now(self) -> dt.datetime:
        return self._clock.now()

    def jump(self, at: dt.datetime) -> None:
        """Move every clock on to `at`; never back."""
        if at > self.now:
            self._clock.set(at, SPEED)

    # -- the program -------------------------------------------------------------------------------------------

    def command(self, fate: str, *words: str, config: str = "meibod.toml") -> list[str]:
        home = self.stage.home
        launcher = [sys.executable, "-m", "tests.acceptance.crash.launcher", str(home / "fast-clock"), fate]
        return [*launcher, *words, "--config", str(home / config)]

    def meibod(self, *words: str) -> str:
        """Run one command; its standard output."""
        done = subprocess.run(
            self.command("-", *words), cwd=ROOT, env=self.environment, capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
        return done.stdout.decode()

    def prepare(self) -> None:
        """From nothing to an approved training, as the commands do it."""
        with self._opened() as app:
            set_up_and_approve(app.kit, self.stage.home)

    def enter_by_hand(self) -> None:
        """Answer every open question with the day HQ was told."""
        for review in json.loads(self.meibod("review", "list", "--json")):
            self.meibod("review", "set", str(review["review_id"]), ANSWER_BY_HAND)

    def daemon(self, fate: str = "-", config: str = "meibod.toml") -> Daemon:
        """Start `meibod run`; `fate` as in the launcher."""
        found = Daemon(self, fate, config)
        self._daemons.append(found)
        return found

    def ready(self, config: str = "meibod.toml") -> Daemon:
        """Start it and wait until it is ready."""
        found = self.daemon(config=config)
        found.wait_for("READY=1")
        return found

    # -- what it has done --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _store(self) -> Iterator[SqlStore]:
        store = SqlStore(database_url(self._settings))
        try:
            yield store
        finally:
            store.close()

    def outbox(self) -> list[OutboxMail]:
        with self._store() as store, store.snapshot() as tx:
            return tx.outbox()

    def until_killed(self, daemon: Daemon) -> None:
        """Until the daemon has met its fate; past the waits."""
        with self._store() as store:
            wait_until("death", lambda: daemon.process.poll() is not None or self._is_quiet(store, 1_000_000), 60)
        assert daemon.process.poll() == -signal.SIGKILL

    def until_sent(self, count: int) -> None:
        """Until `count` mails are out, alarms not counted, and all that came has been read; past the waits."""
        with self._store() as store:
            wait_until(f"{count} mails out", lambda: self._is_quiet(store, count), 120)

    def _is_quiet(self, store: SqlStore, count: int) -> bool:
        with store.snapshot() as tx:
            outbox = [m for m in tx.outbox() if m.purpose != "alarm"]
            mails = tx.mails()
        under_way = [m for m in outbox if m.state not in _SETTLED]
        if under_way:
            self._past_the_wait(under_way)
            return False
        level = len(mails) == len(self.stage.on_server())
        return len(outbox) >= count and level and not [m for m in mails if m.state is MailState.RECEIVED]

    def _past_the_wait(self, under_way: list[OutboxMail]) -> None:
        """Nothing to do before then: let the time pass. What has just begun is left alone."""
        waits = [m.not_before_at for m in under_way if m.state in {OutboxState.READY, OutboxState.UNKNOWN}]
        waits += [m.started_at + _LEASE for m in under_way if m.state is OutboxState.IN_FLIGHT and m.started_at]
        alive = [m for m in under_way if m.state is OutboxState.IN_FLIGHT and self._may_live(m)]
        if len(waits) == len(under_way) and not alive:
            self.jump(min(waits))

    def _may_live(self, mail: OutboxMail) -> bool:
        """Whether the attempt could still be under way: begun less than five seconds of the machine's ago."""
        return mail.started_at is not None and self.now - mail.started_at < dt.timedelta(seconds=5 * SPEED)

    def report(self) -> dict[str, Any]:
        """Leave the report the stage judges by."""
        with self._opened() as app:
            found = report(app.kit)
        (self.stage.home / "report.json").write_text(json.dumps(found))
        return found

    @contextlib.contextmanager
    def _opened(self) -> Iterator[App]:
        """The program in this process, without its tasks."""
        key = installation_key(self._settings)
        documents = TypstDocuments(key, data_path("mail_templates") / "forms")
        submission = SmtpSubmission(smtp_settings(self._settings))
        app = open_app(self._settings, Parts(FakeClock(self.now), submission, InProcessReader(), documents))
        try:
            yield app
        finally:
            app.close()
