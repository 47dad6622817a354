"""One prefectural office: keeps the requests it got, does the registrations in its own time, and answers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from daemon.domain.calendar import OfficeCalendar
from daemon.domain.directory import PrefecturalOffice
from daemon.simulation.chance import Chance
from daemon.simulation.clock import VirtualClock, tokyo
from daemon.simulation.offices.acts import Act, Habit, Step
from daemon.simulation.offices.incoming import Received, open_mail
from daemon.simulation.offices.truth import Truth
from daemon.simulation.offices.workbook import Line, Workbook
from parsers.findings import Field
from parsers.forms import REASONS

_REASONS = ("受講辞退", "本人都合により取消", "異動のため対象外")
_THREAD = re.compile(r"整理番号\s*([0-9A-Z]+)")
_TOLD = ("【受領】", "【お知らせ", "【重要・研修中止】")
_ASKED = ("【依頼", "【差替え")
"""How the subjects begin of mails that bring rosters."""
_STAYS, _MOVES, _TO_OFFICE, _LEAVES = "stays", "moves", "to-office", "leaves"


@dataclass(frozen=True, slots=True)
class Task:
    """One roster to be dealt with."""

    code: str
    workbook: bytes
    paper: bytes
    lines: tuple[Line, ...]
    fields: tuple[Field, ...]
    centre: str
    """Bare name of the centre."""
    sent_on: dt.date

    @property
    def after(self) -> bool:
        """Whether it is a roster with results."""
        return Field.DESTINATION in self.fields


@dataclass(slots=True)
class Request:
    """One mail of HQ with rosters, and what the office has done about it."""

    mail: Received
    tasks: tuple[Task, ...]
    habit: Habit
    on: dt.date
    thread: str = ""
    """整理番号 of the subject: the same in every mail about it."""
    reminders: int = 0
    sent: int = 0
    """Mails the office wrote about it."""


Schedule = Callable[[dt.datetime, "Desk", Request, Act], None]
"""Asks the world to let the office act at that instant."""
HabitOf = Callable[[str, Received], Habit]
"""Prefecture and request → how the office deals with it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where people may work, and which centre a roster is for."""

    centres: tuple[str, ...]
    offices: tuple[str, ...]
    """With 年金事務所."""
    centre_of: Callable[[str], str]
    """Roster code → bare name of its centre."""


@dataclass(slots=True)
class Surroundings:
    """What all offices share."""

    clock: VirtualClock
    calendar: OfficeCalendar
    chance: Chance
    truth: Truth
    manifests: Mapping[str, Mapping[str, Any]]
    """Where the boxes of each printed roster are (contract 3.3): eyes for whoever types onto the paper."""
    schedule: Schedule
    habit_of: HabitOf
    places: Places


@dataclass(slots=True)
class Desk:
    """One office."""

    office: PrefecturalOffice
    around: Surroundings
    requests: list[Request] = field(default_factory=list)
    told: list[Received] = field(default_factory=list)
    """Receipts and notices that came: nothing is asked in them."""

    @property
    def prefecture(self) -> str:
        """Whose office it is."""
        return self.office.prefecture

    @property
    def address(self) -> str:
        """Where the office writes from."""
        return self.office.to[0]

    def receive(self, raw: bytes) -> None:
        """A mail of HQ arrived."""
        mail = open_mail(raw)
        if mail.subject.startswith(_TOLD):
            self.told.append(mail)
            return
        codes = sorted({name.split("_")[1].partition(".")[0] for name, _ in mail.files if name.startswith("roster_")})
        known = self._known(mail)
        if codes and known is None:
            self._take_on(mail, codes)
        elif known is not None and mail.subject.startswith(_ASKED) and mail.message_id != known.mail.message_id:
            self._supplement(known, mail, codes)
        elif known is not None:
            self._reminded(known)

    def phoned(self, code: str) -> None:
        """HQ telephones about the roster: please send it as it should be."""
        for request in self.requests:
            if any(t.code == code for t in request.tasks):
                self._plan(request, request.habit.phoned, "phone")

    def _known(self, mail: Received) -> Request | None:
        """The request a mail is about: the same thread, or the very same mail once more."""
        thread = _thread_of(mail)
        for request in self.requests:
            if request.mail.message_id == mail.message_id or (thread and request.thread == thread):
                return request
        return None

    def _take_on(self, mail: Received, codes: list[str]) -> None:
        tasks = tuple(self._task(mail, code) for code in codes)
        habit = self.around.habit_of(self.prefecture, mail)
        request = Request(mail, tasks, habit, self.around.clock.today(), _thread_of(mail))
        self.requests.append(request)
        chance = self.around.chance.of("truth", mail.message_id)
        for task in tasks:
            self._decide(task, task.lines, habit, chance.of(task.code))
        if not any(task.after for task in tasks):
            self._withdraw(tasks, habit, chance.of("withdraw"))
        self._plan(request, habit.first, "request")

    def _supplement(self, request: Request, mail: Received, codes: list[str]) -> None:
        """Rosters come once more, with more rows or other results: the new sheets take the place of the old ones."""
        new = {code: self._task(mail, code) for code in codes}
        known = {line.enrollment for task in request.tasks for line in task.lines}
        chance = self.around.chance.of("truth", mail.message_id)
        for code, task in new.items():
            fresh = tuple(line for line in task.lines if line.enrollment not in known)
            self._decide(task, fresh, request.habit, chance.of(code))
        kept = [new.pop(task.code, task) for task in request.tasks]
        request.tasks = (*kept, *new.values())
        self._plan(request, request.habit.supplemented, f"supplement {mail.message_id}")

    def _task(self, mail: Received, code: str) -> Task:
        workbook, paper = mail.file(".xlsx", code), mail.file(".pdf", code)
        assert workbook is not None
        assert paper is not None
        book = Workbook(workbook)
        centre = self.around.places.centre_of(code)
        return Task(code, workbook, paper, tuple(book.lines()), book.fields(), centre, self.around.clock.today())

    def _decide(self, task: Task, lines: Sequence[Line], habit: Habit, chance: Chance) -> None:
        """When the pension office does what the roster asks for, trainee by trainee."""
        calendar, today = self.around.calendar, self.around.clock.today()
        same = chance.whole(*habit.pace_days)
        for line in lines:
            wait = same if habit.one_day or chance.happens(0.6) else chance.whole(*habit.pace_days)
            on = calendar.add(today, max(1, wait))
            if task.after:
                self._place(task, line, on, habit, chance)
                continue
            for n, asked in enumerate(task.fields):
                if n and chance.happens(0.5) and not habit.one_day:
                    on = calendar.add(on, chance.whole(1, 2))
                self.around.truth.will_register(line.enrollment, asked, on)

    def _place(self, task: Task, line: Line, deleted_on: dt.date, habit: Habit, chance: Chance) -> None:
        """Where the trainee will work, known at once; and the deletion that fits it (the procedure, §2 (8))."""
        truth, today, places = self.around.truth, self.around.clock.today(), self.around.places
        kinds = ((_STAYS, 5), (_MOVES, 1), (_TO_OFFICE, 1), (_LEAVES, 3))
        kind = _STAYS if habit.stays else chance.weighted(kinds)
        if kind == _LEAVES:
            reason = chance.pick(tuple(REASONS))
            truth.will_place(line.enrollment, Field.NO_DESTINATION_REASON, reason, today)
            truth.will_register(line.enrollment, Field.ID_DELETED_ON, deleted_on)
            return
        where = {_STAYS: task.centre, _MOVES: chance.pick(places.centres), _TO_OFFICE: chance.pick(places.offices)}
        truth.will_place(line.enrollment, Field.DESTINATION, where[kind], today)
        truth.will_register(line.enrollment, Field.CONCURRENT_DELETED_ON, deleted_on)

    def _withdraw(self, tasks: tuple[Task, ...], habit: Habit, chance: Chance) -> None:
        lines = [line for task in tasks for line in task.lines]
        for line in chance.some(lines, min(habit.withdraws, len(lines))):
            self.around.truth.withdraw(line.enrollment, chance.pick(_REASONS))

    def _reminded(self, request: Request) -> None:
        steps = request.habit.reminded[min(request.reminders, len(request.habit.reminded) - 1)]
        request.reminders += 1
        self._plan(request, steps, f"reminder {request.reminders}")

    def _plan(self, request: Request, steps: tuple[Step, ...], occasion: str) -> None:
        chance = self.around.chance.of("plan", request.mail.message_id, occasion)
        for step in steps:
            self.around.schedule(self._when(step, chance), self, request, step.act)

    def _when(self, step: Step, chance: Chance) -> dt.datetime:
        """Some minute of a working day; never before now."""
        calendar, now = self.around.calendar, self.around.clock.now()
        today = self.around.clock.today()
        if step.after_days:
            return tokyo(calendar.add(today, step.after_days), chance.whole(9, 16), chance.whole(0, 59))
        soon = now + dt.timedelta(minutes=chance.whole(1, 90))
        closing = tokyo(today, 17, 15)
        if soon <= closing and calendar.is_open(today):
            return soon
        return tokyo(calendar.add(today, 1), 9, chance.whole(1, 59))


def _thread_of(mail: Received) -> str:
    found = _THREAD.search(mail.subject)
    return found[1] if found else ""
