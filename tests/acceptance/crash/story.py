"""One training from the list to its completion, on virtual days, in a process that may be killed at any instant.

`play(home)` goes on where the last process ended: the clock is kept in a file, everything else in the store. Every part
is the real one except that attachments are read in this process (its sandbox would only slow the sweep down) and work
is done in line.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

from daemon import points
from daemon.adapters.documents import TypstDocuments
from daemon.adapters.imap import ImapMailbox
from daemon.adapters.resources import data_path
from daemon.adapters.smtp import SmtpSubmission
from daemon.adapters.store import verify_chain
from daemon.adapters.work import InlineWork
from daemon.bootstrap import (
    Alarms,
    Parts,
    chores,
    imap_settings,
    installation_key,
    job_handlers,
    open_app,
    smtp_settings,
)
from daemon.cli.session import who
from daemon.domain.model import Course, MailState, OutboxState, TrainingState
from daemon.handlers.deliver import settle
from daemon.handlers.dispatch import approve
from daemon.handlers.intake import sync
from daemon.handlers.prepare import NewTraining, add_training, import_list
from daemon.handlers.status import status
from daemon.handlers.verify import verify
from daemon.ports import Kit
from daemon.settings import load_settings
from tests.fakes.house import InProcessReader

TOKYO = dt.timezone(dt.timedelta(hours=9), "JST")
TRAINING = "WM-1"
ANSWER_BY_HAND = "2026-03-23"
"""What HQ says where the office wrote 済."""
_UNFINISHED = (OutboxState.READY, OutboxState.IN_FLIGHT, OutboxState.UNKNOWN)


class FileClock:
    """`daemon.ports.Clock` that stands still until it is moved, and stays moved when the process dies."""

    def __init__(self, file: Path, start: dt.datetime) -> None:
        self._file = file
        self._now = dt.datetime.fromisoformat(file.read_text()) if file.exists() else start

    def now(self) -> dt.datetime:
        return self._now.astimezone(dt.UTC)

    def today(self) -> dt.date:
        return self._now.astimezone(TOKYO).date()

    def reach(self, at: dt.datetime) -> None:
        """Move on to `at`; never back."""
        self._now = max(self._now, at)
        draft = self._file.with_suffix(".draft")
        draft.write_text(self._now.isoformat())
        draft.rename(self._file)


# -- what people do ------------------------------------------------------------------------------------------------


def set_up_and_approve(kit: Kit, home: Path) -> None:
    """HQ's commands, each given again when its effect is not there."""
    with kit.store.snapshot() as tx:
        known = [t for t in tx.trainings() if t.training_id == TRAINING]
        rows = tx.enrollments(training_id=TRAINING)
    if not known:
        days = dt.date(2026, 4, 15), dt.date(2026, 4, 17)
        add_training(kit, NewTraining(Course.WM_SKILL_UP, "第１回", *days, training_id=TRAINING), who())
    if not rows:
        report = import_list(kit, TRAINING, "list.xlsx", (home / "list.xlsx").read_bytes(), who(), apply=True)
        assert not report.problems, report.problems
    if not known or known[0].state is TrainingState.DRAFT:
        approve(kit, TRAINING, who())


def wait(_kit: Kit, _home: Path) -> None:
    """Nobody does anything."""


SCENES = (
    (dt.datetime(2026, 3, 16, 9, 0, tzinfo=TOKYO), set_up_and_approve),
    (dt.datetime(2026, 3, 24, 10, 0, tzinfo=TOKYO), wait),  # ten business days before the deadline
    (dt.datetime(2026, 3, 25, 11, 0, tzinfo=TOKYO), wait),  # the digest asks, and an admin answers it (`stage`)
)


# -- the program ---------------------------------------------------------------------------------------------------


class Program:
    """What `meibod run` is made of, driven by hand."""

    def __init__(self, home: Path) -> None:
        self.home = home
        settings = load_settings(home / "meibod.toml")
        self.clock = FileClock(home / "clock", SCENES[0][0])
        documents = TypstDocuments(installation_key(settings), data_path("mail_templates") / "forms")
        parts = Parts(self.clock, SmtpSubmission(smtp_settings(settings)), InProcessReader(), documents)
        self.app = open_app(settings, parts)
        self.kit = self.app.kit
        self.mailbox = ImapMailbox(imap_settings(settings), self.clock)
        self.work = InlineWork(self.app.store)
        self.chores = chores(self.app, self.work, Alarms())

    def play(self) -> None:
        """From wherever the story stands to its end."""
        asyncio.run(self.work.start(job_handlers(self.app)))
        settle(self.kit, starting=True)
        done = sum(at <= self.clock.now() for at, _ in SCENES)
        for at, scene in SCENES[max(0, done - 1) :]:
            self.clock.reach(at)
            scene(self.kit, self.home)
            self.until_quiet()
        self.mailbox.close()

    def until_quiet(self) -> None:
        """Look, work, send; past the waits; until a round changes nothing."""
        before = None
        while (now := self._unfinished()) or before != self._head():
            before = self._head()
            if now is not None:
                self.clock.reach(now)
            sync(self.kit, self.mailbox, full=True)
            for chore in self.chores:
                chore.run()
            asyncio.run(self.work.drain())
            if self.work.failures:
                raise self.work.failures[0][1]

    def _head(self) -> int:
        with self.kit.store.snapshot() as tx:
            last = tx.last_event()
        return last.seq if last else 0

    def _unfinished(self) -> dt.datetime | None:
        """When the next mail may go, None when none is on its way and nothing lies unread."""
        with self.kit.store.snapshot() as tx:
            waiting = tx.outbox(states=_UNFINISHED)
            unread = tx.mails(state=MailState.RECEIVED)
        return min((m.not_before_at for m in waiting), default=self.kit.clock.now() if unread else None)


def report(kit: Kit) -> dict[str, Any]:
    """Everything the end state is judged by."""
    with kit.store.snapshot() as tx:
        mails, outbox, events = tx.mails(), tx.outbox(), tx.events()
    return {
        "status": status(kit),
        "proofs": {p.what: list(p.problems) for p in verify(kit, verify_chain)},
        "ledger": [[m.ledger_id, m.uidvalidity, m.uid, m.sha256, m.state, m.message_id] for m in mails],
        "outbox": [
            {
                "key": m.dedupe_key, "message_id": m.message_id, "sha256": m.sha256, "state": m.state,
                "recipients": sorted(m.recipients), "attempts": m.attempts, "unknowns": m.unknowns,
            }
            for m in outbox
        ],
        "events": Counter(e.kind for e in events),
        "recorded": sorted([e.subject, json.loads(e.payload)["value"]] for e in events if e.kind == "value-recorded"),
    }  # fmt: skip


def play(home: Path, kill_at: tuple[str, int] | None = None) -> None:
    """Play to the end and leave `report.json`, or die at the n-th time the named point is reached."""
    reached: Counter[str] = Counter()

    def observe(name: str) -> None:
        reached[name] += 1
        if (name, reached[name]) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    points.observe(observe)
    program = Program(home)
    program.play()
    (home / "report.json").write_text(json.dumps({**report(program.kit), "points": reached}))
    program.app.close()
