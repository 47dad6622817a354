"""One planning tick over 1 000, 10 000 and 100 000 open trainees, with the same number of offices due each time."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.bootstrap import App
from daemon.domain.model import LedgerMail, MailState, Review
from daemon.handlers.remind import SYNCED, RemindReport, remind
from tests.bench.installation import configure, open_installation
from tests.bench.register import Shape, add_trainings
from tests.bench.table import Line
from tests.fakes.clock import FakeClock

BAR_S = 1.0
DUE = 100
ROWS = 10
"""Trainees of one office in one training."""
CLUTTER = 20
"""One mail and one open question for that many trainees."""
OFFICES = 41
"""Prefectures that have a centre."""
TUESDAY = dt.datetime(2026, 3, 3, 1, 0, tzinfo=dt.UTC)
"""Ten o'clock in Tokyo on an open day."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look at the calendar cost."""

    trainees: int
    due_s: float
    """With DUE offices due."""
    report: RemindReport
    quiet_s: float
    """With nothing due: every further tick of the day."""


def run(home: Path, *, sizes: tuple[int, ...]) -> list[Line]:
    """One register of each size."""
    return [line for size in sizes for line in _lines(_tick(home / str(size), size))]


def _tick(home: Path, trainees: int) -> Tick:
    clock = FakeClock(TUESDAY)
    _settings, app = open_installation(configure(home), clock)
    try:
        _fill(app, trainees)
        _synced(app)
        started = time.perf_counter()
        report = remind(app.kit)
        due_s = time.perf_counter() - started
        _nothing_due(app)
        started = time.perf_counter()
        remind(app.kit)
        return Tick(trainees, due_s, report, time.perf_counter() - started)
    finally:
        app.close()


def _fill(app: App, trainees: int) -> None:
    """Trainings with one roster in each office; reminders are due for the first DUE offices, later for all others."""
    trainings = -(-trainees // (ROWS * OFFICES))
    due = -(-DUE // OFFICES)
    add_trainings(app, min(due, trainings), Shape(ROWS, days_to_deadline=6, reminder_in_days=0, one_centre=True))
    add_trainings(app, max(0, trainings - due), Shape(ROWS, one_centre=True), first=due + 1)
    _clutter(app, trainees // CLUTTER)
    with app.store.transaction() as tx:
        spare = tx.dispatches_due(app.kit.clock.today())[DUE:]
        for dispatch in spare:
            tx.save_dispatch(replace(dispatch, next_reminder_on=app.kit.clock.today() + dt.timedelta(days=3)))
        for dispatch in tx.dispatches():
            at = app.kit.clock.now() - dt.timedelta(days=7)
            tx.save_dispatch(replace(dispatch, dispatched_at=at))


def _clutter(app: App, count: int) -> None:
    """What a register of that size carries along: mails that were understood, dates from faxes yet to be glanced at."""
    now = app.kit.clock.now()
    with app.store.transaction() as tx:
        for n, prefecture in zip(range(count), itertools.cycle(app.kit.directory.offices)):
            received = LedgerMail(
                0, "INBOX", 1, n + 1, f"{n:064x}", 20_000, now, now, MailState.APPLIED, prefecture=prefecture
            )
            asked = Review(
                0, f"bench:{n}", "verify", now, (), prefecture=prefecture, ledger_id=tx.add_mail(received), text="8.4.1"
            )
            tx.add_review(asked)


def _synced(app: App) -> None:
    """The mailbox was looked at just now, or every reminder would wait."""
    with app.store.transaction() as tx:
        tx.set_fact(SYNCED, app.kit.clock.now().isoformat())


def _nothing_due(app: App) -> None:
    with app.store.transaction() as tx:
        for dispatch in tx.dispatches_due(app.kit.clock.today()):
            tx.save_dispatch(replace(dispatch, next_reminder_on=app.kit.clock.today() + dt.timedelta(days=3)))


def _lines(tick: Tick) -> list[Line]:
    written, held = len(tick.report.queued), tick.report.held
    assert written + held == DUE, tick.report
    what = f"planning tick, {tick.trainees:,} open trainees, {DUE} offices due ({written} written, {held} held back), s"
    met = tick.due_s < BAR_S
    quiet = f"tick with nothing due, {tick.trainees:,} open trainees, ms"
    return [
        Line(what, f"{tick.due_s:.2f}", bar=f"< {BAR_S:.0f}", met=met),
        Line(quiet, f"{1000 * tick.quiet_s:.1f}"),
    ]
