"""The invariants I1 to I6 (design §1) held against what the world knows and the daemon cannot.

Every check compares the daemon's own rows with the servers, the wire and the truth; a broken law is one sentence
without names. Checks are cheap enough to be made after every virtual day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from daemon.adapters.store import verify_chain
from daemon.domain.calendar import TOKYO
from daemon.domain.lifecycle import SETTLED
from daemon.domain.model import (
    Enrollment,
    MailPurpose,
    MailState,
    OutboxMail,
    OutboxState,
    State,
    Training,
    TrainingState,
)
from daemon.domain.reminding import within_hours
from daemon.handlers.planning import calendar
from daemon.ports import Transaction
from daemon.simulation.installation import HQ
from daemon.simulation.network.routing import Submission
from daemon.simulation.world import World
from parsers.findings import Field
from parsers.reading import ReadingContext, read_file

_LEFT = {OutboxState.SENT, OutboxState.CONFIRMED}
LAWS = {
    "server": "サーバー上の全メールが台帳にちょうど一度だけある",
    "wire": "送信記録と実際に渡ったメールが一致し、写しは一字一句同じ",
    "reminders": "回答が記録された後に督促が出ていない。閉所日・夜間・同日二通もない",
    "recipients": "どのメールにも宛先の都道府県の行だけがある",
    "values": "登録された日付は、事務所の記載または担当者の確認と一致する",
    "history": "履歴の鎖とデータベースが健全",
    "work": "失敗した作業・隔離されたメールがない",
}
"""What is checked, in words for the demo's table."""


@dataclass(slots=True)
class Inspector:
    """Remembers what it has looked at, so that each mail on the wire is opened once."""

    world: World
    _opened: set[str] = field(default_factory=set)
    _strays: list[str] = field(default_factory=list)

    def inspect(self, *, deep: bool = False) -> dict[str, list[str]]:
        """Law → what breaks it; every list is empty in a sound world.

        `deep` reads the whole history and database; otherwise the daemon's own daily proof is asked for its alarms.
        """
        world = self.world
        with world.kit.store.snapshot() as tx:
            return {
                "server": list(self._server(tx)),
                "wire": list(self._wire(tx)),
                "reminders": list(self._reminders(tx)),
                "recipients": self._recipients(tx),
                "values": list(self._values(tx)),
                "history": self._history(deep=deep),
                "work": [*world.errors, *self._stuck(tx)],
            }

    def _history(self, *, deep: bool) -> list[str]:
        told = [f"alarm {alarm.what}: {alarm.detail}" for alarm in self.world.alarms.found]
        store = self.world.app.store
        return [*told, *verify_chain(store), *store.check()] if deep else told

    # -- I1 ----------------------------------------------------------------------------------------------------

    def _server(self, tx: Transaction) -> Iterator[str]:
        """Compare UIDs and bytes; the mark may not stand above anything that is not stored."""
        world = self.world
        mark = tx.high_water("INBOX")
        if mark is None:
            return
        held = world.network.mailbox.held()
        rows = [m for m in tx.mails() if m.uidvalidity == mark.uidvalidity]
        if mark.uidvalidity != world.network.mailbox.uid_validity:
            return  # re-created a moment ago; the next look takes it all again
        stored = Counter(m.uid for m in rows)
        yield from (f"UID {uid} is in the ledger {n} times" for uid, n in stored.items() if n > 1)
        lost = [uid for uid in held if uid not in stored and (uid <= mark.uid or not world.network.weather.imap_down)]
        yield from (f"UID {uid} is on the server and not in the ledger" for uid in lost)
        for row in rows:
            if row.uid not in held or held[row.uid] != row.sha256:
                yield f"mail {row.ledger_id} differs from what the server holds"

    def _stuck(self, tx: Transaction) -> Iterator[str]:
        for state in (MailState.QUARANTINE, MailState.RECEIVED):
            yield from (f"mail {m.ledger_id} is {state.value}: {m.failure}" for m in tx.mails(state=state))

    # -- I4 ----------------------------------------------------------------------------------------------------

    def _copies(self) -> dict[str, list[Submission]]:
        found: dict[str, list[Submission]] = defaultdict(list)
        for taken in self.world.network.taken:
            if set(taken.recipients) - {HQ}:  # HQ's copy to itself reaches nobody
                found[taken.message_id].append(taken)
        return found

    def _wire(self, tx: Transaction) -> Iterator[str]:
        copies = self._copies()
        rows = {m.message_id: m for m in tx.outbox()}
        yield from (f"a mail left the house without a row: {ident}" for ident in copies.keys() - rows.keys())
        for mail in rows.values():
            taken = copies.get(mail.message_id, [])
            yield from _counted(mail, len(taken))
            hashes = {t.sha256 for t in taken}
            if hashes - {mail.sha256}:
                yield f"outbox {mail.outbox_id}: the copies differ from the frozen bytes"
            if any(set(t.recipients) - set(mail.recipients) for t in taken):
                yield f"outbox {mail.outbox_id} went to somebody else"

    # -- I5 ----------------------------------------------------------------------------------------------------

    def _reminders(self, tx: Transaction) -> Iterator[str]:
        rows = {m.message_id: m for m in tx.outbox()}
        recorded = _recorded_at(tx)
        trainings = {t.training_id: t for t in tx.trainings()}
        per_day: dict[tuple[str, dt.date], set[int]] = defaultdict(set)
        for taken in self.world.network.taken:
            mail = rows.get(taken.message_id)
            if mail is None or mail.purpose is not MailPurpose.REMINDER:
                continue
            per_day[mail.prefecture, taken.at.astimezone(TOKYO).date()].add(mail.outbox_id)
            training = trainings[mail.training_id]
            yield from _needless(mail, taken, training, recorded)
            if not within_hours(taken.at, calendar(self.world.kit), self.world.kit.policy):
                yield f"outbox {mail.outbox_id}: a reminder left outside office hours"
        for (prefecture, day), mails in per_day.items():
            if len(mails) > 1:
                yield f"{prefecture} got {len(mails)} reminders on {day}"

    # -- I3 ----------------------------------------------------------------------------------------------------

    def _recipients(self, tx: Transaction) -> list[str]:
        """Open each mail that left, with our own reader, and look whose rows it holds."""
        for taken in self.world.network.taken:
            if taken.sha256 not in self._opened:
                self._opened.add(taken.sha256)
                self._strays += self._stray(tx, taken)
        return self._strays

    def _stray(self, tx: Transaction, taken: Submission) -> Iterator[str]:
        directory = self.world.kit.directory
        outside = {r.lower() for r in taken.recipients} - {HQ}
        if outside <= {a.address.lower() for a in directory.admins}:
            return
        owners = [p for p, o in directory.offices.items() if outside <= {a.lower() for a in o.recipients}]
        if len(owners) != 1:
            yield "a mail went to addresses of no single office"
            return
        document = read_file("sent.eml", taken.raw, ReadingContext())
        people = {f.enrollment for f in document.findings if f.enrollment}
        codes = {f.roster for f in document.findings if f.roster} | {p.roster for p in document.pages if p.roster}
        rows = [tx.find_enrollment(e) for e in people]
        rosters = [tx.find_roster(c) for c in codes]
        if any(r is None or r.prefecture != owners[0] for r in rows):
            yield f"a mail to {owners[0]} holds rows of somebody else"
        if any(r is None or r.prefecture != owners[0] for r in rosters):
            yield f"a mail to {owners[0]} holds a roster of somebody else"

    # -- I2 ----------------------------------------------------------------------------------------------------

    def _values(self, tx: Transaction) -> Iterator[str]:
        truth, today = self.world.truth, self.world.clock.today()
        for row in tx.enrollments():
            for asked, value in row.values.items():
                right = truth.value(row.enrollment_id, asked, today) == value.value
                if not right and value.value not in truth.written[row.enrollment_id, asked]:
                    yield f"{row.enrollment_id} {asked.value}: {value.value} was never written by anybody"

    def at_the_end(self) -> list[str]:
        """When all is settled: every recorded value is the truth, every row is settled rightly.

        What an office got wrong in a way nobody could see, and never put right, counts as written.
        """
        truth = self.world.truth
        with self.world.kit.store.snapshot() as tx:
            rows = tx.enrollments()
        found = [f"{row} {field}: {value} instead of {true}" for row, field, value, true in self._wrong(rows)
                 if truth.misled(row, field) != value]  # fmt: skip
        odd = [r for r in rows if bool(r.excluded_because) != (truth.withdrawn(r.enrollment_id) is not None)]
        return found + [f"{r.enrollment_id} is excluded against the truth" for r in odd]

    def against_truth(self) -> tuple[int, tuple[str, ...]]:
        """How many recorded values there are, and those that are not the truth."""
        with self.world.kit.store.snapshot() as tx:
            rows = tx.enrollments()
        wrong = tuple(f"{row} {field}: {value} instead of {true}" for row, field, value, true in self._wrong(rows))
        return sum(len(row.values) for row in rows), wrong

    def _wrong(self, rows: list[Enrollment]) -> Iterator[tuple[str, Field, str, str | None]]:
        for row in rows:
            for asked, value in row.values.items():
                true = self.world.truth.in_the_end(row.enrollment_id, asked)
                if true != value.value:
                    yield row.enrollment_id, asked, value.value, true


def _counted(mail: OutboxMail, copies: int) -> Iterator[str]:
    """What the state of a row says about how often its mail was taken."""
    if mail.state in _LEFT and copies < 1:
        yield f"outbox {mail.outbox_id} is {mail.state.value} and nobody took it"
    if copies > 1 + mail.unknowns:
        yield f"outbox {mail.outbox_id} was taken {copies} times with {mail.unknowns} unknown"
    if mail.state not in _LEFT | {OutboxState.IN_FLIGHT} and copies and not mail.unknowns:
        yield f"outbox {mail.outbox_id} is {mail.state.value} and was taken"


Recorded = Mapping[tuple[str, Field], list[tuple[dt.datetime, bool]]]
"""(enrollment, field) → when a value came and went (True = recorded, False = withdrawn)."""


def _recorded_at(tx: Transaction) -> Recorded:
    found: dict[tuple[str, Field], list[tuple[dt.datetime, bool]]] = defaultdict(list)
    for event in tx.events():
        if event.kind in {"value-recorded", "value-withdrawn"}:
            row = event.subject.partition(":")[2]
            what = Field(json.loads(event.payload)["field"])
            found[row, what].append((event.at, event.kind == "value-recorded"))
    return found


def _needless(mail: OutboxMail, taken: Submission, training: Training, recorded: Recorded) -> Iterator[str]:
    """A reminder that names a row whose dates were all on record before it was sent."""
    for row in mail.enrollments:
        known = [_known_before(recorded.get((row, f), []), taken.at) for f in training.course.required]
        if all(known):
            yield f"outbox {mail.outbox_id} reminds of {row}, which had answered"


def _known_before(changes: list[tuple[dt.datetime, bool]], at: dt.datetime) -> bool:
    before = [known for when, known in changes if when < at]
    return bool(before) and before[-1]


_BEFORE_ENDS = frozenset({TrainingState.COMPLETE, TrainingState.CANCELLED})
_ENDS = frozenset({TrainingState.CLOSED, TrainingState.CANCELLED})
_WAITS = (OutboxState.HELD, OutboxState.READY, OutboxState.IN_FLIGHT, OutboxState.UNKNOWN, OutboxState.REFUSED)


def left_open(world: World, *, to_archive: bool = False) -> list[str]:
    """What still waits for anybody, once the play is over: before the training, or until all is archived."""
    ends = _ENDS if to_archive else _BEFORE_ENDS
    settled = {State.CLOSED, State.EXCLUDED} if to_archive else SETTLED
    with world.kit.store.snapshot() as tx:
        found = [f"training {t.training_id} is {t.state.value}" for t in tx.trainings() if t.state not in ends]
        found += [f"question {r.review_id} is open: {r.kind}" for r in tx.reviews()]
        found += [f"outbox {m.outbox_id} is {m.state.value}" for m in tx.outbox(states=_WAITS)]
        found += [f"mail {m.ledger_id} is in review" for m in tx.mails(state=MailState.REVIEW)]
        rows: list[Enrollment] = tx.enrollments()
    found += [f"{r.enrollment_id} is {r.state.value}" for r in rows if r.state not in settled]
    return found + [f"{r.enrollment_id} has a registration to delete" for r in rows if to_archive and r.cleanup_owed]
