"""A seeded world of ninety days: random offices, random faults, crashes at named points; the laws after each day.

Run more seeds with `MEIBOD_SEEDS=100:150 pytest tests/simulation` (first and last, both included).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from daemon import points
from daemon.domain.model import Course, TrainingState
from daemon.simulation.chance import Chance
from daemon.simulation.clock import tokyo
from daemon.simulation.headquarters import Plan, Trainee, dispatch, prepare
from daemon.simulation.installation import ADMIN, HQ
from daemon.simulation.laws import Inspector, left_open
from daemon.simulation.network.weather import SmtpFault
from daemon.simulation.offices.habits import habit_of
from daemon.simulation.people import people
from daemon.simulation.world import Beginning, Rhythm, World
from parsers.findings import Document
from parsers.reading import ReadingContext, read_file

DAYS = 90
BUSY = Rhythm(((8, 30), (9, 0), (12, 0), (16, 30)), (10, 15), night=False)
CALM = Rhythm(((8, 30),), (), night=False)
_LATEST = 160
"""A world that is not settled by then hangs."""
_CENTRES = {
    "北海道": ("札幌駅前",),
    "宮城": ("仙台",),
    "埼玉": ("大宮", "川越", "草加"),
    "東京": ("新宿", "立川", "八王子", "町田"),
    "神奈川": ("横浜", "厚木", "溝ノ口"),
    "愛知": ("名古屋", "栄"),
    "大阪": ("天王寺", "吹田", "堺東", "なかもず"),
    "福岡": ("北九州",),
    "長崎": ("長崎",),
}


class PowerCut(BaseException):
    """The machine stops here. No `except Exception` may survive it."""


@dataclass(slots=True)
class Fuse:
    """Blows at the nth time the program reaches one of its named points."""

    point: str = ""
    left: int = 0
    blown: list[str] = field(default_factory=list)

    def arm(self, point: str, nth: int) -> None:
        self.point, self.left = point, nth

    def reached(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left <= 0:
                self.blown.append(point)
                self.point = ""
                raise PowerCut(point)


FUSE = Fuse()
points.observe(FUSE.reached)


class DirectReader:
    """`ports.ReaderPool` without a sandbox: the same parsers, no child process for each mail."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes, ReadingContext], Document] = {}

    def read(self, name: str, data: bytes, context: ReadingContext) -> Document:
        """Twice the same question, the same answer: parsers are functions."""
        key = name, hashlib.sha256(data).digest(), context
        if key not in self._known:
            self._known[key] = read_file(name, data, context)
        return self._known[key]

    def close(self) -> None:
        """Nothing is open."""


class Campaign:
    """One seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = Chance(seed, "campaign")
        self.begins_on = dt.date(2026, 2, 2) + dt.timedelta(days=self.chance.whole(0, 360))
        self.world = World(
            Beginning(
                folder, seed, tokyo(self.begins_on, 7), habit_of(Chance(seed)), reader=DirectReader,
            )
        )  # fmt: skip
        self.inspector = Inspector(self.world)
        self.trainings = 0
        self.broken: dict[str, list[str]] = {}
        self.cuts = 0
        self.last_on = self.begins_on
        """Day of the last training's approval."""
        self._settled = False

    async def run(self) -> None:
        """Play until every training is complete; the first broken law ends it."""
        FUSE.arm("", 0)
        await self.world.start()
        try:
            await self._play()
        finally:
            FUSE.arm("", 0)
            await self.world.stop()

    def trace(self) -> list[tuple[str, ...]]:
        """What left, what arrived, what was decided. Digests are left out: they quote the port of a failed try."""
        world = self.world
        sent = [(str(t.at), *t.recipients, t.sha256) for t in world.network.taken if ADMIN not in t.recipients]
        arrived = [(str(at), hashlib.sha256(raw).hexdigest()) for raw, at in world.network.mailbox.messages]
        decided = [(str(d.at), d.kind, d.verdict, d.value, d.because) for d in world.admin.decisions]
        return [*sent, *arrived, *decided]

    async def _play(self) -> None:
        self._plan_trainings()
        for n in range(_LATEST):
            day = self.begins_on + dt.timedelta(days=n)
            await self._one_day(day, quiet=n >= DAYS)
            found = {law: problems for law, problems in self.inspector.inspect().items() if problems}
            if found:
                self.broken = {f"{day} {law}": problems for law, problems in found.items()}
                return
            self._settled = self.world.clock.today() > self.last_on and not left_open(self.world)
            if n >= DAYS and self._settled:
                break
        end = {law: problems for law, problems in self.inspector.inspect(deep=True).items() if problems}
        self.broken = {**end, "at the end": left_open(self.world) + self.inspector.at_the_end()}

    async def _one_day(self, day: dt.date, *, quiet: bool) -> None:
        world, chance = self.world, self.chance.of("day", str(day))
        world.day(day, CALM if self._settled else BUSY)
        if not quiet:
            self._trouble(day, chance)
        midnight = tokyo(day, 23, 59)
        while world.clock.now() < midnight:
            try:
                await world.run_until(midnight)
            except PowerCut:
                await self._after_power_cut()
        world.network.weather.smtp_down = world.network.weather.imap_down = False
        world.network.weather.smtp_faults.clear()
        await self._calmly(world.look)
        if not quiet and chance.happens(0.1):
            await self._restart()

    async def _after_power_cut(self) -> None:
        self.cuts += 1
        await self._restart()
        await self._calmly(self.world.look)

    async def _calmly(self, doing) -> None:
        """Do it without another crash in between: one is enough."""
        point, left = FUSE.point, FUSE.left
        FUSE.arm("", 0)
        await doing()
        FUSE.arm(point, left)

    async def _restart(self) -> None:
        await self.world.close()
        await self._calmly(self.world.open)

    # -- what HQ does ------------------------------------------------------------------------------------------

    def _plan_trainings(self) -> None:
        offset = 0
        for n in range(3):
            chance = self.chance.of("training", str(n))
            offset += chance.whole(1, 9)
            self._plan_one(n, self.begins_on + dt.timedelta(days=offset), chance)

    def _plan_one(self, n: int, day: dt.date, chance: Chance) -> None:
        course = chance.pick(tuple(Course))
        starts_on = day + dt.timedelta(days=chance.whole(22, 40))
        crowd = people(chance)
        prefectures = chance.some(tuple(_CENTRES), chance.whole(3, 6))
        trainees = tuple(
            self._trainee(course, day, prefecture, centre, next(crowd), chance)
            for prefecture in prefectures
            for centre in chance.some(_CENTRES[prefecture], chance.whole(1, min(2, len(_CENTRES[prefecture]))))
            for _ in range(chance.whole(1, 5))
        )
        plan = Plan(course, f"第{n + 1}回研修", starts_on, starts_on + dt.timedelta(days=2), trainees, f"T{n + 1}")
        self.trainings += 1
        self.last_on = max(self.last_on, day)
        self.world.at(tokyo(day, 9, chance.whole(0, 50)), lambda: self._begin(plan))

    def _trainee(self, course, day, prefecture, centre, person, chance) -> Trainee:
        if course is Course.BEGINNER:
            return Trainee(prefecture, centre, person, "", day - dt.timedelta(days=5), day + dt.timedelta(days=9))
        return Trainee(prefecture, centre, person, f"A{chance.whole(1000000, 9999999)}")

    async def _begin(self, plan: Plan) -> None:
        """Set up, import, approve; somebody at HQ who is interrupted tries again an hour later."""
        self.world.at(self.world.clock.now() + dt.timedelta(hours=1), lambda: self._again(plan))
        await asyncio.to_thread(prepare, self.world.kit, plan)
        await self._again(plan)

    async def _again(self, plan: Plan) -> None:
        with self.world.kit.store.snapshot() as tx:
            known = {t.training_id: t.state for t in tx.trainings()}
        if plan.training_id not in known:
            await asyncio.to_thread(prepare, self.world.kit, plan)
        if known.get(plan.training_id, TrainingState.DRAFT) is TrainingState.DRAFT:
            await asyncio.to_thread(dispatch, self.world.kit, plan.training_id)
            await self.world.look()

    # -- what goes wrong ---------------------------------------------------------------------------------------

    def _trouble(self, day: dt.date, chance: Chance) -> None:
        world = self.world
        if chance.happens(0.25):
            faults = [chance.pick(tuple(SmtpFault)) for _ in range(chance.whole(1, 3))]
            self._at(day, chance, lambda: world.network.weather.smtp_faults.extend(faults))
        if chance.happens(0.12):
            self._outage(day, chance, "smtp_down")
        if chance.happens(0.12):
            self._outage(day, chance, "imap_down")
        if chance.happens(0.15):
            world.at(tokyo(day, chance.whole(8, 18), 7), lambda: self._deliver_again(chance))
        if chance.happens(0.03):
            number = chance.whole(1, 2**31)
            world.at(tokyo(day, chance.whole(8, 18), 11), lambda: world.network.mailbox.recreate(number))
        if chance.happens(0.3):
            point, nth = chance.pick(points.NAMES), chance.whole(1, 4)
            self._at(day, chance, lambda: FUSE.arm(point, nth))

    def _at(self, day: dt.date, chance: Chance, doing) -> None:
        async def later() -> None:
            doing()

        self.world.at(tokyo(day, chance.whole(7, 17), chance.whole(0, 59)), later)

    def _outage(self, day: dt.date, chance: Chance, what: str) -> None:
        weather, mailbox = self.world.network.weather, self.world.network.mailbox
        hour, length = chance.whole(7, 15), chance.whole(1, 8)

        async def down() -> None:
            setattr(weather, what, True)
            if what == "imap_down":
                mailbox.cut()

        async def up() -> None:
            setattr(weather, what, False)
            await self.world.look()

        self.world.at(tokyo(day, hour, 3), down)
        self.world.at(tokyo(day, min(hour + length, 23), 3), up)

    async def _deliver_again(self, chance: Chance) -> None:
        """The provider delivers something a second time: the very same bytes, or with other trace lines."""
        messages = self.world.network.mailbox.messages
        if not messages:
            return
        raw, _ = chance.pick(messages)
        if chance.happens(0.5):
            await self.world.network.mailbox.deliver(raw, self.world.clock.now())
        else:
            await self.world.network.carry("forwarder@relay.example", HQ, raw)
