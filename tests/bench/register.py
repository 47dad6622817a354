"""A register after dispatch: trainings, rosters, trainees, mailings, written as the handlers would leave them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.bootstrap import App
from daemon.domain.calendar import TOKYO
from daemon.domain.directory import Centre
from daemon.domain.model import (
    Course,
    Dispatch,
    Enrollment,
    MailPurpose,
    OutboxMail,
    OutboxState,
    Roster,
    State,
    Training,
    TrainingState,
)
from daemon.domain.tokens import dispatch_code, enrollment_code, message_id, roster_code
from daemon.ports import Transaction

FAMILIES = ("髙橋", "渡邉", "山﨑", "佐藤", "鈴木", "五十嵐", "小比類巻", "林", "葛城", "勅使河原")
GIVEN = ("一郎", "恵", "𠮷子", "美咲", "健太郎", "翼", "直樹", "彩", "左衛門三郎", "貴之介")
KANA = (
    "タカハシ",
    "ワタナベ",
    "ヤマサキ",
    "サトウ",
    "スズキ",
    "イガラシ",
    "コヒルイマキ",
    "ハヤシ",
    "カツラギ",
    "テシ",
)


@dataclass(frozen=True, slots=True)
class Mailing:
    """One roster that was sent, with what its mail was called."""

    training: Training
    roster: Roster
    rows: tuple[Enrollment, ...]
    message_id: str


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a training is and when it falls due."""

    rows: int
    """Trainees of one roster."""
    days_to_deadline: int = 20
    reminder_in_days: int | None = 5
    """Days from now to the next reminder; 0 = due now."""
    one_centre: bool = False
    """One roster for each prefecture instead of one for each centre."""
    course: Course = Course.WM_SKILL_UP


def add_trainings(app: App, count: int, shape: Shape, *, first: int = 1) -> list[Mailing]:
    """Write `count` dispatched trainings over all prefectures; numbers begin at `first`."""
    mailings: list[Mailing] = []
    for number in range(first, first + count):
        with app.store.transaction() as tx:
            mailings += _training(tx, app, number, shape)
    return mailings


def _training(tx: Transaction, app: App, number: int, shape: Shape) -> list[Mailing]:
    now = app.kit.clock.now()
    today = app.kit.clock.today()
    deadline = today + dt.timedelta(days=shape.days_to_deadline)
    starts = deadline + dt.timedelta(days=8)
    training = Training(
        f"T{number:05d}", shape.course, f"第{number}回研修", starts, starts + dt.timedelta(days=2), deadline, "測定",
        TrainingState.APPROVED, now, now, "bench",
    )  # fmt: skip
    tx.save_training(training)
    mailings = []
    for prefecture, centres in _places(app, one=shape.one_centre):
        ident = _outbox(tx, app, training, prefecture, now)
        reminder = None if shape.reminder_in_days is None else today + dt.timedelta(days=shape.reminder_in_days)
        code = dispatch_code(app.kit.key, training.training_id, prefecture)
        tx.save_dispatch(Dispatch(code, training.training_id, prefecture, ident[0], _sent_at(now), reminder))
        for centre in centres:
            roster, rows = _roster(tx, app, training, centre, shape)
            mailings.append(Mailing(training, roster, rows, ident[1]))
    return mailings


def _sent_at(now: dt.datetime) -> dt.datetime:
    """Early today in Tokyo: every date of today is on or after the day of dispatch."""
    return now.astimezone(TOKYO).replace(hour=0, minute=1).astimezone(dt.UTC)


def _places(app: App, *, one: bool) -> Iterator[tuple[str, list[Centre]]]:
    centres = sorted(app.kit.directory.centres.values(), key=lambda c: (c.prefecture, c.name))
    for prefecture, found in itertools.groupby(centres, key=lambda c: c.prefecture):
        places = list(found)
        yield prefecture, places[:1] if one else places


def _outbox(tx: Transaction, app: App, training: Training, prefecture: str, now: dt.datetime) -> tuple[int, str]:
    office = app.kit.directory.offices[prefecture]
    key = f"dispatch:{training.training_id}:{prefecture}"
    ident = message_id(app.kit.key, key, "", app.kit.letterhead.domain)
    mail = OutboxMail(
        0, key, MailPurpose.DISPATCH, OutboxState.SENT, ident, "0" * 64, app.kit.letterhead.address, office.to,
        now - dt.timedelta(days=2), now, prefecture, training.training_id, started_at=now - dt.timedelta(days=2),
    )  # fmt: skip
    number = tx.add_outbox(mail)
    assert number is not None
    return number, ident


def _roster(
    tx: Transaction, app: App, training: Training, centre: Centre, shape: Shape
) -> tuple[Roster, tuple[Enrollment, ...]]:
    kit, ident = app.kit, training.training_id
    office = kit.directory.pension_office_of(centre.prefecture, centre.name, training.starts_on) or "新宿"
    code = roster_code(kit.key, ident, centre.prefecture, centre.name, office)
    roster = Roster(code, ident, centre.prefecture, centre.name, office, training.course.edition.name)
    tx.save_roster(roster)
    rows = tuple(_row(app, training, roster, row) for row in range(1, shape.rows + 1))
    tx.save_enrollments(rows)
    return roster, rows


def _row(app: App, training: Training, roster: Roster, row: int) -> Enrollment:
    name = f"{FAMILIES[row % 10]}　{GIVEN[(row // 10 + row) % 10]}"
    kana = f"{KANA[row % 10]}　{'アイウエオカキクケコ'[(row // 10 + row) % 10]}"
    key = enrollment_code(app.kit.key, training.training_id, roster.centre, name, kana, row)
    return Enrollment(
        key, training.training_id, roster.code, row, roster.prefecture, name, kana, State.SENT,
        terminal_id=f"A{row:07d}",
    )  # fmt: skip
