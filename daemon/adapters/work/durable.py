"""Work on DBOS: jobs are rows of our own database, written by the transaction that wants them.

DBOS brings the queue, the claim of a job by one process, and the record of its end. Everything else stays ours: a job
carries row ids only, its outcome is what the handler wrote into the domain's rows, and a failed one is not repeated
here. On PostgreSQL several daemons share the queue; DBOS by itself strands the jobs of one that died, so `reap` hands
them on.

Only `meibod run` imports this module (1.5 s, 70 MB). DBOS is one per process, and so is this queue.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from daemon.adapters.store import SqlStore
from daemon.adapters.store.engine import implicit_engine
from daemon.ports import Clock, Handler, Job

if TYPE_CHECKING:
    from dbos import DBOS, DBOSClient

_log = structlog.get_logger(__name__)

APPLICATION_VERSION = "meibod-jobs-1"
"""Jobs run only on the version that planned them. The default, a hash of the source, would strand them at each update;
this changes only if the meaning of `Job` does."""
QUEUE = "meibod"
WORKFLOW = "meibod.job"
CONCURRENCY = 4
"""Handlers at work at one time."""
CLAIM = 128
"""Jobs taken from the queue in one poll; beyond CONCURRENCY they wait in memory, already ours."""
POLL_S = 1.0
"""Pause between two looks at the queue: a job waits half of it on average, and CLAIM jobs per look is the top speed."""
SILENT_S = 180
"""An executor not seen for this long is dead: three missed calls of `reap`."""
_MAX_STARTS = 20
_PAGE = 500
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class DbosWork:
    """`daemon.ports.Work`, durable, on the database of the store."""

    def __init__(self, store: SqlStore, clock: Clock, *, executor_id: str = "", poll_s: float = POLL_S) -> None:
        """`executor_id` tells the daemons on one database apart; "" = the name of this host."""
        self._store = store
        self._clock = clock
        self._executor_id = executor_id or socket.gethostname()
        self._poll_s = poll_s
        self._handlers: Mapping[str, Handler] = {}
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._engine: sa.Engine | None = None
        self._dbos: DBOS | None = None
        self._client: DBOSClient | None = None

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Import and launch DBOS on the present event loop. Jobs it had claimed before a crash run again first."""
        self._handlers = dict(handlers)
        self._stopping = False
        self._slots = asyncio.Semaphore(CONCURRENCY)
        _quieten()
        await asyncio.to_thread(__import__, "dbos")
        self._engine = implicit_engine(self._store.url)
        self._dbos = self._launch(self._engine)
        self._client = self._connect(self._engine)
        await asyncio.to_thread(self._open_queue)
        self._store.attach(self)
        await asyncio.to_thread(self.reap)

    def _launch(self, engine: sa.Engine) -> DBOS:
        """Must run in the thread of the event loop: DBOS adopts the loop it finds."""
        from dbos import DBOS, DBOSPortableJSONSerializer

        # A crashed process may have left these behind; a name in the registry would be taken for a second function.
        DBOS.destroy(destroy_registry=True)
        dbos = DBOS(
            config={
                "name": "meibod",
                "system_database_engine": engine,
                "application_version": APPLICATION_VERSION,
                "executor_id": self._executor_id,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "enable_otlp": False,
                # No messages between workflows here, so nothing to listen for.
                "use_listen_notify": False,
                # Its thread sleeps this long before it notices a stop.
                "notification_listener_polling_interval_sec": self._poll_s,
                "scheduler_polling_interval_sec": 3600.0,
                "max_executor_threads": 4,
            }
        )
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_MAX_STARTS)(self._entry())
        DBOS.launch()
        _still(dbos)
        return dbos

    def _entry(self) -> Any:
        async def job(name: str, key: str, args: dict[str, Any]) -> str:
            return await self._run(name, key, args)

        return job

    def _connect(self, engine: sa.Engine) -> DBOSClient:
        from dbos import DBOSClient, DBOSPortableJSONSerializer

        return DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name="meibod",
            lazy=True,
        )

    def _open_queue(self) -> None:
        from dbos import DBOS

        DBOS.register_queue(
            QUEUE, worker_concurrency=CLAIM, polling_interval_sec=self._poll_s, on_conflict="always_update"
        )

    async def _run(self, name: str, key: str, args: Mapping[str, Any]) -> str:
        """One job. What it raises ends here: DBOS would keep the text of an error, and that may name people."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        async with self._slots:
            if self._stopping:
                # Leaves the job claimed and unfinished: it begins at the next start.
                raise asyncio.CancelledError
            try:
                await self._handlers[name](args)
            except Exception as error:  # noqa: BLE001 - one job must not stop the others
                _log.error("a job failed", action="work.failed", job=name, key=key, error=type(error).__name__)
                return f"failed: {type(error).__name__}"
        return "done"

    async def stop(self, timeout_s: float) -> None:
        """Take no more jobs, give running ones `timeout_s`, cancel the rest; those begin again at the next start."""
        if self._dbos is None:
            return
        self._stopping = True
        for event in self._dbos.background_thread_stop_events:
            event.set()
        if self._running:
            await asyncio.wait(self._running, timeout=timeout_s)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        self._store.attach(None)
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        from dbos import DBOS

        # A database that is away must not keep the process from ending; the heartbeat then simply grows old.
        with suppress(sa.exc.SQLAlchemyError), self._store.transaction() as tx:
            tx.executor_left(self._executor_id)
        DBOS.destroy(destroy_registry=True)
        self._dbos = self._client = None
        if self._engine is not None:
            self._engine.dispose()

    def reap(self) -> int:
        """Say that this process lives; hand the jobs of executors silent for SILENT_S back to the queue; how many."""
        if self._dbos is None or self._client is None:
            return 0
        now = self._clock.now()
        with self._store.transaction() as tx:
            tx.executor_lives(self._executor_id, now)
            seen = tx.executors()
        alive = {name for name, at in seen.items() if (now - at).total_seconds() <= SILENT_S}
        pending = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        dead = sorted({w.executor_id for w in pending if w.executor_id} - alive)
        return self._hand_on(dead) if dead else 0

    def _hand_on(self, dead: list[str]) -> int:
        """Back to ENQUEUED, each only while it still belongs to the dead one: two reapers cannot start a job twice.

        The public `resume_workflows` lacks that condition, hence the inner function of the pinned version.
        """
        from dbos._recovery import recover_pending_workflows

        assert self._dbos is not None
        handed = len(recover_pending_workflows(self._dbos, dead))
        _log.warning("jobs of silent daemons go to the others", action="work.reaped", daemons=dead, jobs=handed)
        return handed

    def prune(self, finished_before: dt.datetime) -> int:
        """Forget jobs that ended before then, and their keys; how many."""
        if self._client is None:
            return 0
        pruned = 0
        while ended := self._client.list_workflows(
            status=_ENDED,
            completed_before=finished_before.isoformat(),
            limit=_PAGE,
            load_input=False,
            load_output=False,
        ):
            self._client.delete_workflows([w.workflow_id for w in ended])
            pruned += len(ended)
        return pruned

    def write(self, connection: sa.Connection, jobs: Sequence[Job]) -> None:
        """Record the jobs through the caller's open transaction (`daemon.adapters.store.Queue`).

        A key that is there already changes nothing.
        """
        assert self._client is not None
        for job in jobs:
            options: Any = {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": job.key,
                "app_version": APPLICATION_VERSION,
            }
            self._client.enqueue_in_transaction(connection, options, job.name, job.key, dict(job.args))

    def committed(self, jobs: Sequence[Job]) -> None:
        """The next poll finds them."""


def _still(dbos: DBOS) -> None:
    """End what DBOS does each second for features not used here (delays, time-outs, its own queue): half the idle CPU.

    Inner parts of the pinned version; without these two lines everything works the same.
    """
    dbos._background_jobs_stop_event.set()  # noqa: SLF001
    dbos._registry.get_internal_queue()._polling_interval_sec = 60.0  # noqa: SLF001


def _quieten() -> None:
    """DBOS logs through ours: with a handler in place it adds no console of its own."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
