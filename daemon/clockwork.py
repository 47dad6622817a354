"""What happens by itself, and when. APScheduler is the clock; the chores look at SQL and do what is due.

Nothing depends on a tick having happened: a chore that was missed (machine off, suspend, clock moved) is done at the
next tick, once. The scheduler keeps its jobs in memory only; days on which daily chores ran are facts in the store.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from daemon.domain.calendar import TOKYO
from daemon.ports import Clock, Store

_log = structlog.get_logger(__name__)
TICK_S = 5.0
"""Pause between two looks at the list of chores."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done again and again; harmless when done twice."""

    name: str
    run: Callable[[], object]
    """Runs in a worker thread; short, or it delays the others."""
    every_s: float = 0.0
    """Pause between two runs; 0 = once a day."""
    at: dt.time = dt.time(0, 0)
    """Hour of a daily chore, Asia/Tokyo."""


def is_due(chore: Chore, last: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether the chore should run at `now` when it ran last at `last`. A clock set back makes chores due, not dead."""
    if last is None or last > now:
        return True
    if chore.every_s:
        return (now - last).total_seconds() >= chore.every_s
    local = now.astimezone(TOKYO)
    planned = dt.datetime.combine(local.date(), chore.at, TOKYO)
    if planned > local:
        planned -= dt.timedelta(days=1)
    return last < planned


class Clockwork:
    """Runs the chores that are due, one after the other, at every tick."""

    def __init__(self, clock: Clock, store: Store, chores: Sequence[Chore]) -> None:
        self._clock = clock
        self._store = store
        self._chores = tuple(chores)
        self._last: dict[str, dt.datetime] = {}
        self._ticked_s = time.monotonic()
        self._busy = asyncio.Lock()
        self._scheduler: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Begin to tick on the running event loop."""
        self._scheduler = AsyncIOScheduler(timezone=TOKYO)
        self._scheduler.add_job(
            self.tick, "interval", seconds=TICK_S, coalesce=True, max_instances=1, misfire_grace_time=None
        )
        self._scheduler.start()

    def stop(self) -> None:
        """No further tick; one under way ends by itself."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    @property
    def silent_s(self) -> float:
        """Seconds since the last tick ended: the watchdog's proof of progress."""
        return time.monotonic() - self._ticked_s

    def wake(self) -> None:
        """Re-arm a scheduler whose timer died (APScheduler 3.11 loses it after an exception inside)."""
        if self._scheduler is not None:
            self._scheduler.wakeup()

    async def tick(self) -> None:
        """Do what is due. A chore that fails is logged and tried again at the next tick; the others go on."""
        if self._busy.locked():
            return
        async with self._busy:
            for chore in self._chores:
                await self._attend(chore)
            self._ticked_s = time.monotonic()

    async def _attend(self, chore: Chore) -> None:
        try:
            await self._run_when_due(chore)
        except Exception as error:  # noqa: BLE001 - one chore, or a database that is away, must not stop the clock
            _log.error("a chore failed", action="clock.failed", chore=chore.name, error=type(error).__name__)
        finally:
            self._ticked_s = time.monotonic()

    async def _run_when_due(self, chore: Chore) -> None:
        now = self._clock.now()
        if is_due(chore, await self._last_run(chore), now):
            await asyncio.to_thread(chore.run)
            await self._stamp(chore, now)

    async def _last_run(self, chore: Chore) -> dt.datetime | None:
        if chore.name not in self._last and not chore.every_s:
            known = await asyncio.to_thread(self._fact, chore)
            if known is not None:
                self._last[chore.name] = known
        return self._last.get(chore.name)

    def _fact(self, chore: Chore) -> dt.datetime | None:
        with self._store.snapshot() as tx:
            text = tx.get_fact(f"chore:{chore.name}")
        return dt.datetime.fromisoformat(text) if text else None

    async def _stamp(self, chore: Chore, now: dt.datetime) -> None:
        self._last[chore.name] = now
        if not chore.every_s:
            await asyncio.to_thread(self._write, chore, now)

    def _write(self, chore: Chore, now: dt.datetime) -> None:
        with self._store.transaction() as tx:
            tx.set_fact(f"chore:{chore.name}", now.isoformat())
