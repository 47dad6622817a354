"""One supervisor owns every task of `meibod run` (conventions 6): it starts them in order, watches them, ends them.

A task that dies ends the service visibly; systemd starts it again and the story goes on where SQL says it stood. An
outage of the mail server is degraded service, not death.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass

import structlog

from daemon.clockwork import Clockwork
from daemon.errors import MeibodError
from daemon.ports import Handler, Store, Work
from daemon.sdnotify import Notifier
from daemon.watcher import Watcher

_log = structlog.get_logger(__name__)
DRAIN_S = 30.0
"""Time running sends get after SIGTERM; an attempt cut off later is found as in-flight at the next start."""
_CHECK_S = 20.0
"""Pause between two proofs of life."""
_SILENT_S = 120.0
"""A clock that has not ticked for this long is stuck."""
_LAG_S = 10.0
"""An event loop later than this is not doing its work."""


class TaskDied(MeibodError):
    """A part of the service ended that must not; the journal names it. systemd restarts the service."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """What the supervisor runs."""

    store: Store
    work: Work
    handlers: dict[str, Handler]
    watcher: Watcher
    clockwork: Clockwork


async def serve(tasks: Tasks, notifier: Notifier) -> None:
    """Run until SIGTERM or SIGINT, then drain. Raises TaskDied when a part ended by itself."""
    stop = asyncio.Event()
    _on_signals(stop)
    await tasks.work.start(tasks.handlers)
    tasks.watcher.start()
    tasks.clockwork.start()
    notifier.ready()
    _log.info("ready", action="service.ready")
    try:
        async with asyncio.TaskGroup() as group:
            life = group.create_task(_prove_life(tasks, notifier, stop))
            await stop.wait()
            life.cancel()
    finally:
        notifier.stopping()
        await _drain(tasks)
        _log.info("stopped", action="service.stopped")


def _on_signals(stop: asyncio.Event) -> None:
    """The first signal asks for an end, the second ends at once: recovery is the normal path."""

    def ask() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)


async def _prove_life(tasks: Tasks, notifier: Notifier, stop: asyncio.Event) -> None:
    """Feed the watchdog only while everything makes progress (reference reliability.md §3.2)."""
    while not stop.is_set():
        began = time.monotonic()
        await asyncio.sleep(min(_CHECK_S, notifier.watchdog_s / 3 if notifier.watchdog_s else _CHECK_S))
        lag = time.monotonic() - began - _CHECK_S
        if tasks.watcher.died is not None or not tasks.watcher.alive:
            raise TaskDied("the mailbox watcher ended")
        tasks.clockwork.wake() if tasks.clockwork.silent_s > _SILENT_S / 2 else None
        problems = await asyncio.to_thread(_probe, tasks.store)
        if lag <= _LAG_S and tasks.clockwork.silent_s <= _SILENT_S and not problems:
            notifier.watchdog()
        else:
            _log.warning(
                "no progress", action="service.stalled", lag_s=round(lag), silent_s=round(tasks.clockwork.silent_s)
            )
        notifier.status(_status(tasks))


def _probe(store: Store) -> list[str]:
    """Whether the database can be written now."""
    try:
        with store.transaction() as tx:
            tx.set_fact("alive", "yes")
    except Exception as error:  # noqa: BLE001 - whatever it is, the watchdog must know
        return [type(error).__name__]
    return []


def _status(tasks: Tasks) -> str:
    if tasks.watcher.failures:
        return f"degraded: no mailbox for {tasks.watcher.failures} rounds"
    return "watching the mailbox"


async def _drain(tasks: Tasks) -> None:
    """Clock off, mailbox thread off, running jobs to their end or to the deadline."""
    tasks.clockwork.stop()
    stopped = asyncio.create_task(asyncio.to_thread(tasks.watcher.stop, DRAIN_S))
    await tasks.work.stop(DRAIN_S)
    if not await stopped:
        _log.warning("the mailbox thread did not end in time", action="service.drain")
