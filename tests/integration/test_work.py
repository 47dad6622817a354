"""The contract of `daemon.ports.Work`: in-line, DBOS on SQLite, DBOS on PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from daemon.adapters.store import SqlStore, open_store
from daemon.adapters.work.durable import CONCURRENCY, SILENT_S, DbosWork
from daemon.adapters.work.inline import InlineWork
from daemon.ports import Job, Work
from tests.fakes.clock import FakeClock
from tests.fakes.stores import memory_store

PATIENCE_S = 30


class Workshop:
    """A queue with one kind of job, and what came of it."""

    def __init__(self, store: SqlStore, work: Work, clock: FakeClock) -> None:
        self.store, self.work, self.clock = store, work, clock
        self.done: list[int] = []
        self._changed = asyncio.Event()

    async def handle(self, args: Mapping[str, Any]) -> None:
        if args.get("fails"):
            raise ValueError("山田太郎")
        self.done.append(args["id"])
        self._changed.set()
        if args.get("then") is not None:
            self.hand_in(args["then"])

    def hand_in(self, *ids: int, **more: Any) -> None:
        with self.store.transaction() as tx:
            for number in ids:
                tx.enqueue(Job("job", f"key-{number}", {"id": number, **more}))

    async def until(self, number: int) -> list[int]:
        """What is done when that job is."""
        if isinstance(self.work, InlineWork):
            await self.work.drain()
        while number not in self.done:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), PATIENCE_S)
        return self.done


@pytest.fixture(params=["inline", "dbos-sqlite", pytest.param("dbos-postgresql", marks=pytest.mark.postgres)])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workshop]:
    clock = FakeClock()
    if request.param == "dbos-postgresql":
        store = SqlStore(request.getfixturevalue("postgres").database())
    else:
        store = memory_store(tmp_path)
    work: Work = InlineWork(store)
    if request.param != "inline":
        work = DbosWork(store, clock, executor_id="here", poll_s=0.05)
    shop = Workshop(store, work, clock)
    await work.start({"job": shop.handle})
    yield shop
    await work.stop(5)
    store.close()


async def test_what_was_committed_runs(shop: Workshop) -> None:
    shop.hand_in(1, 2, 3)
    await shop.until(1)
    await shop.until(2)
    assert sorted(await shop.until(3)) == [1, 2, 3]


async def test_what_was_rolled_back_never_runs(shop: Workshop) -> None:
    with pytest.raises(ZeroDivisionError), shop.store.transaction() as tx:  # noqa: PT012
        tx.enqueue(Job("job", "key-1", {"id": 1}))
        raise ZeroDivisionError
    shop.hand_in(2)
    assert await shop.until(2) == [2]


async def test_the_same_key_is_the_same_job(shop: Workshop) -> None:
    shop.hand_in(1, 1)
    await shop.until(1)
    shop.hand_in(1)
    shop.hand_in(2)
    assert await shop.until(2) == [1, 2]


async def test_a_job_that_fails_does_not_stop_the_others_and_its_words_are_kept_nowhere(
    shop: Workshop, tmp_path: Path
) -> None:
    with structlog.testing.capture_logs() as logs:
        shop.hand_in(1, fails=True)
        shop.hand_in(2)
        assert await shop.until(2) == [2]
        shop.hand_in(3)
        assert await shop.until(3) == [2, 3]
    assert "山田" not in repr(logs)
    assert not _anywhere("山田".encode(), tmp_path)


def _anywhere(words: bytes, folder: Path) -> bool:
    return any(words in path.read_bytes() for path in folder.rglob("*.sqlite*"))


async def test_a_job_nobody_knows_does_not_stop_the_others(shop: Workshop) -> None:
    with shop.store.transaction() as tx:
        tx.enqueue(Job("unheard-of", "key-0", {}))
    shop.hand_in(1)
    assert await shop.until(1) == [1]


async def test_a_job_may_hand_in_the_next(shop: Workshop) -> None:
    shop.hand_in(1, then=2)
    assert await shop.until(2) == [1, 2]


async def test_only_a_few_run_at_one_time(shop: Workshop) -> None:
    at_once = most = 0

    async def count(args: Mapping[str, Any]) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        for _ in range(20):
            await asyncio.sleep(0)
        at_once -= 1
        await Workshop.handle(shop, args)

    shop.work._handlers["job"] = count  # type: ignore[attr-defined]
    shop.hand_in(*range(20))
    for number in range(20):
        await shop.until(number)
    assert 1 <= most <= CONCURRENCY


async def test_after_the_stop_jobs_are_dropped_not_refused(shop: Workshop) -> None:
    await shop.work.stop(5)
    shop.hand_in(1)
    assert shop.done == []
    assert shop.work.reap() == 0


async def test_ended_jobs_are_forgotten_with_their_keys(tmp_path: Path) -> None:
    store = memory_store(tmp_path)
    work = DbosWork(store, FakeClock(), executor_id="here", poll_s=0.05)
    shop = Workshop(store, work, FakeClock())
    await work.start({"job": shop.handle})
    shop.hand_in(1)
    await shop.until(1)
    await work.stop(5)  # the end of the job is on record when this returns
    await work.start({})
    long_ago = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    far_off = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    assert await asyncio.to_thread(work.prune, long_ago) == 0
    assert await asyncio.to_thread(work.prune, far_off) == 1
    await work.stop(5)
    store.close()


async def test_a_job_that_outlives_the_stop_begins_again_at_the_next_start(tmp_path: Path) -> None:
    store, clock = memory_store(tmp_path), FakeClock()
    work = DbosWork(store, clock, executor_id="here", poll_s=0.05)
    shop = Workshop(store, work, clock)
    begun = asyncio.Event()

    async def endless(_args: Mapping[str, Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    await work.start({"job": endless})
    shop.hand_in(1)
    await asyncio.wait_for(begun.wait(), PATIENCE_S)
    await work.stop(0.01)
    assert shop.done == []
    await work.start({"job": shop.handle})
    assert await shop.until(1) == [1]
    await work.stop(5)
    store.close()


# -- processes that die ----------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres").database()
        return found
    open_store(f"sqlite:///{tmp_path}/m.sqlite").close()
    return f"sqlite:///{tmp_path}/m.sqlite"


def _live(url: str, executor: str, story: str, log: Path) -> int:
    command = [sys.executable, "-m", "tests.integration.work_process", url, executor, story, str(log)]
    return subprocess.run(command, check=False, timeout=60, cwd=Path(__file__).parents[2], env=os.environ).returncode


def test_a_crash_between_commit_and_run_loses_nothing(url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert _live(url, "a", "commit-and-die", log) == -signal.SIGKILL
    assert not log.exists()
    assert _live(url, "a", "run", log) == 0
    assert sorted(log.read_text().split("\n")) == ["", "0 a", "1 a", "2 a"]


def test_a_crash_in_the_middle_of_a_job_runs_it_again(url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert _live(url, "a", "die-at-work", log) == -signal.SIGKILL
    begun = log.read_text().splitlines()
    assert begun == ["0 a"]
    assert _live(url, "a", "run", log) == 0


async def test_jobs_of_a_silent_daemon_are_taken_over_and_those_of_a_live_one_are_not(url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert _live(url, "a", "die-at-work", log) == -signal.SIGKILL
    store, clock = SqlStore(url), FakeClock()
    work = DbosWork(store, clock, executor_id="b", poll_s=0.05)
    shop = Workshop(store, work, clock)
    await work.start({"job": shop.handle})
    clock.advance(seconds=SILENT_S - 1)
    assert await asyncio.to_thread(work.reap) == 0
    clock.advance(seconds=2)
    assert await asyncio.to_thread(work.reap) >= 1
    for number in range(3):
        await shop.until(number)
    assert await asyncio.to_thread(work.reap) == 0
    await work.stop(5)
    store.close()
