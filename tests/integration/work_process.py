"""A daemon in miniature, to be killed: `python -m tests.integration.work_process URL EXECUTOR STORY LOG`.

Each handled job adds a line to LOG before it is done. Stories: `commit-and-die`, `die-at-work`, `run`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.adapters.store import SqlStore
from daemon.adapters.work.durable import DbosWork
from daemon.ports import Job
from tests.fakes.clock import FakeClock

JOBS = 3


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _lines(log: Path) -> int:
    return len(log.read_text().splitlines())


async def _live(url: str, executor: str, story: str, log: Path) -> None:
    store = SqlStore(url)
    enough = asyncio.Event()

    async def handle(args: Mapping[str, Any]) -> None:
        with log.open("a") as file:
            file.write(f"{args['id']} {executor}\n")
        if story == "die-at-work":
            _die()
        if _lines(log) >= JOBS:
            enough.set()

    work = DbosWork(store, FakeClock(), executor_id=executor, poll_s=0.05)
    if story == "run":
        await work.start({"job": handle})
        await asyncio.wait_for(enough.wait(), 30)
        await work.stop(5)
        return
    await work.start({"job": handle} if story == "die-at-work" else {})
    if story == "commit-and-die":
        # Nobody takes jobs here any more, so the commit is the last thing this process does.
        await work.stop(5)
        await work.start({})
        assert work._dbos is not None
        for event in work._dbos.background_thread_stop_events:
            event.set()
    with store.transaction() as tx:
        for number in range(JOBS):
            tx.enqueue(Job("job", f"key-{number}", {"id": number}))
    if story == "commit-and-die":
        _die()
    await asyncio.sleep(30)


if __name__ == "__main__":
    asyncio.run(_live(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))
