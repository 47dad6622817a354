"""`meibod run`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import structlog

from daemon.cli.session import load
from daemon.points import observe


def run_daemon(config: Path | None) -> None:
    """Open everything, then hand over to the supervisor until SIGTERM."""
    import faulthandler

    from daemon.bootstrap import Alarms, clockwork, job_handlers, open_app, watcher
    from daemon.handlers.deliver import settle
    from daemon.sdnotify import Notifier
    from daemon.service import Tasks, serve

    faulthandler.enable()  # the watchdog ends a stuck process with SIGABRT: all stacks go to the journal
    settings = load(config)
    if settings.log.level == "debug":
        observe(lambda name: structlog.get_logger(__name__).debug("point", action=name))
    app = open_app(settings)
    try:
        from daemon.adapters.work.durable import DbosWork

        # One process on SQLite: whatever is in flight was left by a crash. On PostgreSQL another daemon may be sending.
        settle(app.kit, starting=app.store.url.startswith("sqlite"))
        work = DbosWork(app.store, app.kit.clock, executor_id=settings.service.node_name)
        tasks = Tasks(app.store, work, job_handlers(app), watcher(settings, app), clockwork(app, work, Alarms()))
        asyncio.run(serve(tasks, Notifier.from_environment(os.environ)))
    finally:
        app.close()
