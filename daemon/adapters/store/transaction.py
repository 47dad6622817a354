"""One database transaction: every noun of the house through one open connection (`daemon.ports.Transaction`)."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from daemon.adapters.store.enrollments import EnrollmentRows
from daemon.adapters.store.executors import ExecutorRows
from daemon.adapters.store.history import HistoryRows
from daemon.adapters.store.mails import MailRows
from daemon.adapters.store.outgoing import OutboxRows
from daemon.adapters.store.questions import QuestionRows
from daemon.adapters.store.trainings import TrainingRows
from daemon.ports import Job


class SqlTransaction(TrainingRows, EnrollmentRows, MailRows, QuestionRows, OutboxRows, HistoryRows, ExecutorRows):
    """Valid inside its `with` block only."""

    def __init__(self, connection: Connection, *, writable: bool) -> None:
        super().__init__(connection)
        self._writable = writable
        self.jobs: list[Job] = []
        """Handed in so far; the store passes them to the work queue just before the commit."""

    def enqueue(self, job: Job) -> None:
        """Hand a job to the work queue within this transaction; without a queue it is dropped (see `SqlStore`)."""
        if not self._writable:
            raise TypeError("a snapshot cannot hand out work")
        self.jobs.append(job)
