"""The virtual world: one calendar, the daemon's own code, real mail servers, offices and an admin.

Time stands still while something happens and jumps to the next thing when nothing does. The daemon is put together
by `bootstrap` as for `meibod run`; only clock, submission, reader and the printer's memory are handed in.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import itertools
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.imap import ImapMailbox
from daemon.adapters.reader_pool import SandboxedReader
from daemon.adapters.resources import data_path
from daemon.adapters.smtp import SmtpSubmission
from daemon.adapters.work import InlineWork
from daemon.bootstrap import (
    Alarms,
    App,
    Parts,
    clockwork,
    imap_settings,
    installation_key,
    job_handlers,
    open_app,
    smtp_settings,
)
from daemon.clockwork import Clockwork
from daemon.domain.calendar import OfficeCalendar
from daemon.domain.model import OutboxState, Review
from daemon.errors import MeibodError
from daemon.handlers import deliver as delivery
from daemon.handlers.intake import sync
from daemon.ports import Documents, Kit, MailboxError, ReaderPool
from daemon.settings import Settings
from daemon.simulation.admin import Admin
from daemon.simulation.chance import Chance
from daemon.simulation.clock import VirtualClock, tokyo
from daemon.simulation.installation import ADMIN, HQ, Ports, install
from daemon.simulation.network.routing import Network
from daemon.simulation.offices.acts import Act
from daemon.simulation.offices.answers import perform
from daemon.simulation.offices.desk import Desk, HabitOf, Places, Request, Surroundings, Task
from daemon.simulation.offices.incoming import Received, open_mail
from daemon.simulation.offices.truth import Truth
from daemon.simulation.recording import RecordingDocuments
from daemon.simulation.reply import APPROVED, Letter, answer, reply


class OrderRefused(MeibodError):
    """The daemon did not do what the simulated admin asked for by mail: a bug in the play or in the daemon."""


Doing = Callable[[], Awaitable[None]]
_ROUNDS = 12
"""A look at the world ends when nothing moves any more; more rounds than this are a bug."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When something looks at the world on a working day although nothing has happened."""

    looks: tuple[tuple[int, int], ...]
    """Hour and minute."""
    visits: tuple[int, ...]
    """Hours at which the admin comes."""
    night: bool = True
    """Whether the proofs of 3:10 are made then; otherwise at the first look of the day."""


_DIGEST = "・未着"
"""Stands in the subject of a digest and of nothing else HQ sends its admins."""
_DONE = "実行しました"
"""Stands in the subject of the answer to what was approved."""
FULL = Rhythm(((8, 30), (9, 0), (11, 0), (13, 0), (15, 0), (16, 30), (18, 0)), (10, 14))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a world is made of."""

    folder: Path
    seed: int
    start: dt.datetime
    habit_of: HabitOf
    copies: Mapping[str, str] = field(default_factory=dict)
    """Prefecture → second address in the book."""
    dead: tuple[str, ...] = ()
    """Addresses that bounce until the admin mends them."""
    reader: Callable[[], ReaderPool] = SandboxedReader
    documents: Documents | None = None
    """None = the real printer."""
    replies: bool = False
    """Whether the admin answers digests by mail; otherwise everything is done on the command line."""


class World:
    """Everything there is. `start`, then `run_until` as often as wanted, then `stop`."""

    def __init__(self, beginning: Beginning) -> None:
        """Nothing runs yet."""
        self._beginning = beginning
        self.clock = VirtualClock(beginning.start)
        self.chance = Chance(beginning.seed)
        self.truth = Truth()
        self.network = Network(self.clock, HQ, self.chance.of("uidvalidity").whole(1, 2**31))
        self.network.dead |= set(beginning.dead)
        self.network.receive = self._receive
        self.admin = Admin(self.truth, self._telephone, self._mend)
        self.alarms = Alarms()
        self.desks: dict[str, Desk] = {}
        self.errors: list[str] = []
        """What the daemon failed at; must stay empty."""
        self._agenda: list[tuple[dt.datetime, int, Doing]] = []
        self._order = itertools.count()
        self._looks: set[dt.datetime] = set()
        self._app: App | None = None
        self._proved_on: dt.date | None = None
        self._digest: tuple[Received, dt.datetime] | None = None
        """This morning's, as long as nobody has answered it."""
        self._to_admin: list[Received] = []

    # -- the daemon --------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Servers up, installation written, program open."""
        await self.network.start()
        ports = Ports(self.network.mailbox.port, self.network.smtp.port)
        begin = self._beginning
        self.settings: Settings = await asyncio.to_thread(install, begin.folder, begin.seed, ports, dict(begin.copies))
        key = installation_key(self.settings)
        self.documents = RecordingDocuments(
            begin.documents or TypstDocuments(key, data_path("mail_templates") / "forms")
        )
        await self.open()
        self._open_offices()

    async def open(self) -> None:
        """Start the program on whatever is in the folder: also what happens after a crash."""
        parts = Parts(
            self.clock, SmtpSubmission(smtp_settings(self.settings)), self._beginning.reader(), self.documents
        )
        self._app = await asyncio.to_thread(open_app, self.settings, parts)
        self.work = InlineWork(self._app.store)
        await self.work.start(job_handlers(self._app))
        self.clockwork: Clockwork = clockwork(self._app, None, self.alarms)
        imap = replace(imap_settings(self.settings), clock_jump_s=math.inf, idle_s=1.0)
        self.mailbox = ImapMailbox(imap, self.clock)
        await asyncio.to_thread(delivery.settle, self.kit, starting=True)

    async def close(self) -> None:
        """End the program as a stop of the machine does: nothing in memory survives."""
        await asyncio.to_thread(self.mailbox.close)
        await self.work.stop(0)
        await asyncio.to_thread(self.app.close)
        self._app = None

    async def stop(self) -> None:
        """End of the world."""
        if self._app is not None:
            await self.close()
        await self.network.stop()

    @property
    def app(self) -> App:
        """The program; only between `open` and `close`."""
        assert self._app is not None
        return self._app

    @property
    def kit(self) -> Kit:
        """What handlers are given."""
        return self.app.kit

    # -- time --------------------------------------------------------------------------------------------------

    def at(self, when: dt.datetime, doing: Doing) -> None:
        """Put something on the agenda; what lies in the past happens next."""
        heapq.heappush(self._agenda, (max(when.astimezone(dt.UTC), self.clock.now()), next(self._order), doing))

    async def run_until(self, end: dt.datetime) -> None:
        """Let everything happen that is on the agenda up to `end`, each at its time."""
        while self._agenda and self._agenda[0][0] <= end:
            when, _, doing = heapq.heappop(self._agenda)
            self.clock.move_to(when)
            await doing()
        self.clock.move_to(end)

    def day(self, day: dt.date, rhythm: Rhythm = FULL) -> None:
        """Put the rhythm of one day on the agenda: looks at the mailbox, visits of the admin."""
        if rhythm.night:
            self.at(tokyo(day, 3, 15), self.look)
        if not OfficeCalendar(self.kit.directory.closed_days).is_open(day):
            self.at(tokyo(day, 12), self.look)
            return
        for hour, minute in rhythm.looks:
            self.at(tokyo(day, hour, minute), self.look)
        for hour in rhythm.visits:
            self.at(tokyo(day, hour), self.visit)

    async def visit(self) -> None:
        """The admin looks in; the daemon has just looked into the mailbox, as it always has.

        What this morning's digest shows is answered by replying to it, the rest on the command line.
        """
        await self.look()
        if self._digest is not None:
            await self._reply(*self._digest)
        if await asyncio.to_thread(self.admin.visit, self.kit):
            await self.look()

    async def instruct(self, letter: Letter) -> None:
        """The admin asks for something in answer to the last digest, looks at what would be done, and approves.

        Raises OrderRefused when the daemon does not do it.
        """
        digest = next(m for m in reversed(self._to_admin) if _DIGEST in m.subject)
        shown = await self._answered(digest, letter)
        done = await self._answered(shown, Letter(APPROVED))
        if _DONE not in done.subject:
            raise OrderRefused(done.subject)
        self.truth.seen.add("ordered-by-mail")

    async def _answered(self, to: Received, letter: Letter) -> Received:
        """What the daemon writes back."""
        before = len(self._to_admin)
        await self.network.carry(ADMIN, HQ, await asyncio.to_thread(answer, to, letter, self.clock.now()))
        await self.look()
        if len(self._to_admin) == before:
            raise OrderRefused("no answer")
        return self._to_admin[-1]

    async def _reply(self, digest: Received, sent_at: dt.datetime) -> None:
        self._digest = None
        said = await asyncio.to_thread(self.admin.answers, self.kit, sent_at)
        if not said:
            return
        await self.network.carry(ADMIN, HQ, await asyncio.to_thread(reply, digest, said, self.clock.now()))
        await self.look()
        settled = [await asyncio.to_thread(self.admin.told, self.kit, *one) for one in said]
        self.truth.seen |= {"answered-by-mail"} if any(settled) else set()

    async def look(self) -> None:
        """One turn of the daemon: mailbox, chores, work queue; again while something new arrives."""
        for _ in range(_ROUNDS):
            seen = len(self.network.mailbox.messages)
            await self._sync()
            await self.clockwork.tick()
            await self.work.drain()
            if seen == len(self.network.mailbox.messages):
                break
        else:
            raise RuntimeError("the daemon does not come to rest")
        self.errors += [f"{job.name}: {type(e).__name__}: {e}" for job, e in self.work.failures]
        self.work.failures.clear()
        self._look_again()

    async def _sync(self) -> None:
        full = self._proved_on != self.clock.today()
        try:
            report = await asyncio.to_thread(sync, self.kit, self.mailbox, full=full)
        except MailboxError:
            return
        if report.full:
            self._proved_on = self.clock.today()

    def _look_again(self) -> None:
        """When something in the outbox falls due before anybody looks."""
        with self.kit.store.snapshot() as tx:
            due = [m.not_before_at for m in tx.outbox(states=[OutboxState.READY, OutboxState.UNKNOWN])]
        for when in due:
            if when > self.clock.now() and when not in self._looks:
                self._looks.add(when)
                self.at(when, self.look)

    # -- offices and admin -------------------------------------------------------------------------------------

    def _open_offices(self) -> None:
        around = Surroundings(
            self.clock,
            OfficeCalendar(self.kit.directory.closed_days),
            self.chance.of("offices"),
            self.truth,
            _Manifests(self.documents),
            self._schedule,
            self._beginning.habit_of,
            self._places(),
        )
        self.desks = {p: Desk(office, around) for p, office in self.kit.directory.offices.items()}
        self._by_address = {d.address: d for d in self.desks.values()}

    def _places(self) -> Places:
        directory = self.kit.directory
        return Places(
            tuple(dict.fromkeys(c.name for c in directory.centres.values())),
            tuple(dict.fromkeys(f"{o.name}年金事務所" for o in directory.pension_offices.values())),
            lambda code: self.documents.centres[code],
        )

    def _receive(self, recipient: str, raw: bytes) -> None:
        if recipient == ADMIN and self._beginning.replies:
            mail = open_mail(raw)
            self._to_admin.append(mail)
            if _DIGEST in mail.subject:
                self._digest = mail, self.clock.now()
            return
        desk = self._by_address.get(recipient)
        if desk is not None:
            desk.receive(raw)

    def _schedule(self, when: dt.datetime, desk: Desk, request: Request, act: Act) -> None:
        async def doing() -> None:
            sender, raw = await asyncio.to_thread(perform, desk, request, act, self._neighbour)
            await self.network.carry(sender, HQ, raw)
            await self.look()

        self.at(when, doing)

    def _neighbour(self, desk: Desk, request: Request) -> Task | None:
        """A roster of another prefecture with the same form, the first in order of the address book."""
        fields = request.tasks[0].fields
        for other in self.desks.values():
            tasks = [t for r in other.requests for t in r.tasks if t.fields == fields]
            if other is not desk and tasks:
                return tasks[0]
        return None

    def _telephone(self, prefecture: str, training_id: str) -> None:
        with self.kit.store.snapshot() as tx:
            codes = {r.code for t in tx.trainings() for r in tx.rosters(t.training_id, prefecture)
                     if training_id in {"", t.training_id}}  # fmt: skip
        desk = self.desks[prefecture]
        about = [r for r in desk.requests if any(t.code in codes for t in r.tasks)]
        if about:
            desk.phoned(about[-1].tasks[0].code)

    def _mend(self, question: Review) -> None:
        for word in question.detail.replace(",", " ").split():
            self.network.dead.discard(word.lower())


class _Manifests(Mapping[str, Mapping[str, Any]]):
    """The layout of each roster that was made, by code."""

    def __init__(self, documents: RecordingDocuments) -> None:
        self._documents = documents

    def __getitem__(self, code: str) -> Mapping[str, Any]:
        return self._documents.made[code].manifest

    def __iter__(self) -> Any:
        return iter(self._documents.made)

    def __len__(self) -> int:
        return len(self._documents.made)
