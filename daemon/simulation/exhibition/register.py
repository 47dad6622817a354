"""The demo's register: training by training and office by office, what came of it and where each day was read."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from daemon.domain.calendar import TOKYO, in_era
from daemon.domain.model import Enrollment, LedgerMail, MailPurpose, OutboxState, State, Status, Training
from daemon.handlers.letterwork import centre_title
from daemon.ports import Transaction
from daemon.simulation import scenario
from daemon.simulation.exhibition.files import Written
from daemon.simulation.exhibition.wording import words
from daemon.simulation.world import World
from parsers.findings import Field, MessageKind
from parsers.forms import REASONS

_LEFT = {OutboxState.SENT, OutboxState.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Row:
    """One trainee."""

    no: int
    name: str
    state: str
    closed: bool
    dates: tuple[tuple[str, str, str], ...]
    """Field, day in the era, where it was read."""


@dataclass(frozen=True, slots=True)
class RosterTable:
    """One roster as it stands in the end."""

    centre: str
    office: str
    code: str
    files: tuple[str, str, str]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One prefecture in one training."""

    prefecture: str
    tale: str
    trainees: int
    reminders: int
    returns: int
    questions: int
    closed_on: dt.date | None
    late: bool
    counts: Mapping[State, int]
    rosters: tuple[RosterTable, ...] = ()


@dataclass(frozen=True, slots=True)
class Play:
    """One training."""

    training: Training
    parts: tuple[Part, ...] = field(default=())

    @property
    def trainees(self) -> int:
        """On all rosters."""
        return sum(p.trainees for p in self.parts)

    @property
    def days(self) -> tuple[str, str]:
        """First day and deadline in the era."""
        return in_era(self.training.starts_on), in_era(self.training.deadline_on)


def closings(tx: Transaction) -> dict[str, dt.date]:
    """Enrollment → the day it was closed or excluded for the last time."""
    found: dict[str, dt.date] = {}
    for event in tx.events():
        ident = event.subject.partition(":")[2]
        on = event.at.astimezone(TOKYO).date()
        if event.kind == "trainee-excluded":
            found[ident] = on
        if event.kind == "state-changed":
            found.pop(ident, None)
            if json.loads(event.payload)["after"] == State.CLOSED:
                found[ident] = on
    return found


def plays(world: World, written: Written) -> list[Play]:
    """All trainings with what came of them."""
    with world.kit.store.snapshot() as tx:
        clerk = _Clerk(tx, world, written, closings(tx))
        in_order = sorted(tx.trainings(), key=lambda t: t.approved_at or t.created_at)
        return [clerk.play(training) for training in in_order]


@dataclass(frozen=True, slots=True)
class _Clerk:
    """Goes through the register once."""

    tx: Transaction
    world: World
    written: Written
    closed: Mapping[str, dt.date]

    def play(self, training: Training) -> Play:
        tales = {role.prefecture: role.tale for act, role in scenario.tales() if act.name == training.name}
        prefectures = dict.fromkeys(r.prefecture for r in self.tx.rosters(training.training_id))
        order = list(self.world.kit.directory.offices)
        parts = [self._part(training, p, tales.get(p, "")) for p in sorted(prefectures, key=order.index)]
        return Play(training, tuple(parts))

    def _part(self, training: Training, prefecture: str, tale: str) -> Part:
        tx, ident = self.tx, training.training_id
        rows = tx.enrollments(training_id=ident, prefecture=prefecture)
        mails = tx.outbox(states=_LEFT, training_id=ident, prefecture=prefecture)
        ends = [self.closed[r.enrollment_id] for r in rows if r.enrollment_id in self.closed]
        return Part(
            prefecture,
            tale,
            len(rows),
            sum(m.purpose is MailPurpose.REMINDER for m in mails),
            sum(_answers(m, training) for m in tx.mails(prefecture=prefecture)),
            len(tx.reviews(state=None, training_id=ident, prefecture=prefecture)),
            max(ends) if len(ends) == len(rows) else None,
            any(
                v.on > training.deadline_on for r in rows for f, v in r.values.items() if f in training.course.required
            ),
            tx.count_by_state(ident, prefecture),
            tuple(self._roster(r.code) for r in tx.rosters(ident, prefecture)),
        )

    def _roster(self, code: str) -> RosterTable:
        roster = self.tx.get_roster(code)
        rows = tuple(self._row(e) for e in self.tx.enrollments(roster=code))
        return RosterTable(
            centre_title(self.world.kit, roster), roster.pension_office, code, self.written.documents[code], rows
        )

    def _row(self, row: Enrollment) -> Row:
        state = row.excluded_because or words().word(row.state, "state")
        closed = row.state in {State.CLOSED, State.EXCLUDED}
        return Row(row.row, row.name, state, closed, tuple(self._dates(row)))

    def _dates(self, row: Enrollment) -> Iterator[tuple[str, str, str]]:
        for asked, value in row.values.items():
            reading = self.tx.get_reading(value.reading_id)
            place = reading.evidence.cell or (f"{reading.evidence.page}頁" if reading.evidence.page else "")
            who = reading.said_by or words().word(value.source, "source")
            where = f"{who} {place} 「{reading.text}」" if reading.text else who
            mark = "" if value.status is Status.VERIFIED else "（未確認）"
            yield words().word(asked, "field"), _shown(asked, value.value) + mark, where


def _shown(asked: Field, value: str) -> str:
    if asked.is_date:
        return in_era(dt.date.fromisoformat(value), weekday=False)
    return REASONS.get(value, value)


def _answers(mail: LedgerMail, training: Training) -> bool:
    return mail.training_id == training.training_id and mail.kind in {
        MessageKind.RETURN,
        MessageKind.REPLY,
        MessageKind.FAX,
    }
