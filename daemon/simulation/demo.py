"""`meibod demo`: the whole main job on this machine with nothing configured, in about a minute.

The same seed gives the same register and the same mails, byte for byte.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import RenderableType

from daemon.adapters.store import verify_chain
from daemon.domain.calendar import OfficeCalendar, in_era
from daemon.domain.model import MailPurpose, OutboxState, State
from daemon.errors import Refused
from daemon.handlers.verify import verify
from daemon.log import setup_logging
from daemon.simulation import scenario
from daemon.simulation.admin import Decision
from daemon.simulation.board import day_line, decision_table, law_table, result_table
from daemon.simulation.clock import tokyo
from daemon.simulation.errands import Case, Errand, Occasion, results_letter, run
from daemon.simulation.exhibition.files import write_all
from daemon.simulation.exhibition.page import Exhibits, Figures, Findings, write_page
from daemon.simulation.exhibition.register import plays
from daemon.simulation.exhibition.wording import AGAINST_TRUTH, PROOFS
from daemon.simulation.headquarters import dispatch, order_for, prepare
from daemon.simulation.laws import Inspector, left_open
from daemon.simulation.world import Beginning, Rhythm, World
from parsers.findings import MessageKind

Report = Callable[[RenderableType], None]
"""Called with something to show: a line, a table."""
MARK = ".meibod-demo"
"""A folder with this file is an earlier demo and may be written anew."""
_LEFT = {OutboxState.SENT, OutboxState.CONFIRMED}
_ENDED = {State.CLOSED, State.EXCLUDED}
_REGISTERED = {State.VERIFIED, State.SUBMITTED, State.RESULT_SET, State.PLACED}
_RHYTHM = Rhythm(((8, 30), (11, 0), (16, 30)), (10, 14))
"""Offices and admin look for themselves whenever they do something."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What came of it."""

    page: Path
    """`index.html` of the demo's folder."""
    figures: Figures
    broken: dict[str, list[str]] = field(default_factory=dict)
    """Law → what breaks it."""
    left_open: tuple[str, ...] = ()
    """What still waited for anybody when the play was over."""

    @property
    def sound(self) -> bool:
        """Whether every law held and everything was settled."""
        return not any(self.broken.values()) and not self.left_open


def run_demo(out: Path, seed: int, report: Report) -> DemoResult:
    """Play the demo into the folder `out`; raises Refused when something else is in it."""
    setup_logging("error", "console")
    folder = _empty_folder(out)
    return asyncio.run(_Demo(folder, seed, report).play())


def _empty_folder(out: Path) -> Path:
    folder = out.resolve()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise Refused(f"{out} は空ではありません。空のフォルダーを --out で指定してください")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("written by `meibod demo`\n", "ascii")
    return folder


def _progress(state: State) -> int:
    """Of two steps: registered, ended."""
    return 2 if state in _ENDED else 1 if state in _REGISTERED else 0


class _Demo:
    """One performance."""

    def __init__(self, folder: Path, seed: int, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._world = World(
            Beginning(
                folder, seed, tokyo(scenario.BEGINS_ON, 8), scenario.habit_of, scenario.COPIES, scenario.DEAD,
                replies=True,
            )
        )  # fmt: skip
        self._inspector = Inspector(self._world)
        self._broken: dict[str, list[str]] = {}
        self._begun = self._errands = 0
        self._days = 0
        self._told: dict[str, int] = {}

    async def play(self) -> DemoResult:
        self._report("仮想のメールサーバーと都道府県会を用意しています …")
        await self._world.start()
        try:
            await self._run()
            return await asyncio.to_thread(self._finish)
        finally:
            await self._world.stop()

    async def _run(self) -> None:
        for act in scenario.ACTS:
            self._world.at(tokyo(act.dispatch_on, 9, 20), partial(self._begin, act))
            for errand in act.errands:
                self._world.at(tokyo(errand.on, 10, 40), partial(self._errand, act, errand))
        day = scenario.BEGINS_ON
        while day <= scenario.ENDS_ON and not self._over():
            self._world.day(day, _RHYTHM)
            await self._world.run_until(tokyo(day, 23, 59))
            self._days += 1
            self._tell(day)
            self._collect(self._inspector.inspect())
            day += dt.timedelta(days=1)

    async def _begin(self, act: scenario.Act) -> None:
        """HQ's morning: the training is set up, its list imported, its mailing approved."""
        world = self._world
        plan = scenario.plan_of(act, world.chance)
        if act.by_mail:
            await world.instruct(await asyncio.to_thread(order_for, world.kit, plan))
        else:
            await asyncio.to_thread(prepare, world.kit, plan)
            await asyncio.to_thread(dispatch, world.kit, self._training_id(act))
        offices = len({t.prefecture for t in plan.trainees})
        self._begun += 1
        self._report(f"[bold]{act.name}[/bold]　受講者 {len(plan.trainees)}名の名簿を {offices}都道府県へ")
        await world.look()

    async def _errand(self, act: scenario.Act, errand: Errand) -> None:
        """Somebody telephoned, or a day has come: HQ does what there is to do."""
        world = self._world
        plan = scenario.plan_of(act, world.chance)
        ident = self._training_id(act)
        occasion = Occasion(world.kit, world.truth, plan, ident, scenario.newcomer(act, world.chance))
        if act.by_mail and errand.case is Case.RESULTS:
            await world.instruct(await asyncio.to_thread(results_letter, occasion, errand))
        else:
            await asyncio.to_thread(run, occasion, errand)
        world.admin.decisions.append(
            Decision(
                world.clock.now(), "errand", errand.prefecture, ident, (), act.name, errand.case, "", errand.because
            )
        )
        self._errands += 1
        await world.look()

    def _training_id(self, act: scenario.Act) -> str:
        with self._world.kit.store.snapshot() as tx:
            return next(t.training_id for t in tx.trainings() if t.name == act.name)

    def _over(self) -> bool:
        if self._begun + self._errands < len(scenario.ACTS) + sum(len(a.errands) for a in scenario.ACTS):
            return False
        return not left_open(self._world, to_archive=True)

    def _collect(self, found: dict[str, list[str]]) -> None:
        for law, problems in found.items():
            known = self._broken.setdefault(law, [])
            known += [p for p in problems if p not in known]

    def _tell(self, day: dt.date) -> None:
        """One line for each business day."""
        world = self._world
        with world.kit.store.snapshot() as tx:
            rows = tx.enrollments()
            mails = [m for m in tx.outbox() if m.state in _LEFT]
            received = [m for m in tx.mails() if m.kind is not MessageKind.OWN]
        counts = {
            "送信 ": len(mails),
            "督促 ": sum(m.purpose is MailPurpose.REMINDER for m in mails),
            "受信 ": len(received),
            "判断 ": len(world.admin.decisions),
        }
        news = {label: n - self._told.get(label, 0) for label, n in counts.items()}
        self._told = counts
        if OfficeCalendar(world.kit.directory.closed_days).is_open(day):
            done = sum(_progress(r.state) for r in rows) // 2
            title = f"{day.month:>2}月{day.day:>2}日（{'月火水木金土日'[day.weekday()]}）"
            self._report(day_line(title, done, len(rows), news))

    # -- the end -----------------------------------------------------------------------------------------------

    def _finish(self) -> DemoResult:
        world = self._world
        self._collect(self._inspector.inspect(deep=True))
        self._broken["values"] += self._inspector.at_the_end()
        proofs = tuple(
            (f"meibod verify　{PROOFS[p.what]}", p.checked, p.problems) for p in verify(world.kit, verify_chain)
        )
        proofs += ((AGAINST_TRUTH, *self._inspector.against_truth()),)
        waiting = tuple(left_open(world, to_archive=True))
        written = write_all(world, self._folder)
        exhibits = Exhibits(written, plays(world, written), self._figures(), Findings(self._broken, proofs))
        page = write_page(world, self._folder, exhibits)
        self._show(exhibits, waiting, page)
        return DemoResult(page, exhibits.figures, self._broken, waiting)

    def _show(self, exhibits: Exhibits, waiting: tuple[str, ...], page: Path) -> None:
        self._report("")
        self._report(result_table(exhibits.plays))
        self._report(decision_table(self._world.admin.decisions))
        self._report(law_table(self._broken, exhibits.findings.proofs))
        for line in waiting:
            self._report(f"[red]未完: {line}[/red]")
        if not waiting:
            self._report(f"{in_era(self._world.clock.today())}、すべて終わりました。")
        self._report(f"記録: {page}")

    def _figures(self) -> Figures:
        with self._world.kit.store.snapshot() as tx:
            trainings = tx.trainings()
            rosters = [r for t in trainings for r in tx.rosters(t.training_id)]
            mails = [m for m in tx.outbox() if m.state in _LEFT]
            received = [m for m in tx.mails() if m.kind is not MessageKind.OWN]
            trainees = len(tx.enrollments())
        return Figures(
            len(trainings), len({r.prefecture for r in rosters}), trainees, self._days, len(mails), len(received),
            sum(m.purpose is MailPurpose.REMINDER for m in mails), len(self._world.admin.decisions),
        )  # fmt: skip
