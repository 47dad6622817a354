"""The thread that owns the IMAP connection: look, store, wait, look again; for years.

An outage of the mail server is a state, never a reason to end: the thread comes back with growing pauses. Whatever
IDLE said or did not say, each round ends with a SEARCH.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import structlog

from daemon.errors import MeibodError
from daemon.handlers.intake import SyncReport
from daemon.ports import Mailbox, MailboxError

_log = structlog.get_logger(__name__)


class Watcher:
    """Runs `look` until it is told to stop."""

    def __init__(
        self,
        mailbox: Mailbox,
        look: Callable[[Mailbox, bool], SyncReport],
        pause: Callable[[int, float, float | None], float],
        *,
        idle_s: float,
        reconcile_s: float,
    ) -> None:
        """`look(mailbox, full)` syncs once; `pause(failures, chance, hint_s)` says how long to stay away."""
        self._mailbox = mailbox
        self._look = look
        self._pause = pause
        self._idle_s = idle_s
        self._reconcile_s = reconcile_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imap", daemon=True)
        self._proved_s: float | None = None
        self.failures = 0
        """Failed rounds in a row; 0 = the mailbox is being watched."""
        self.problem = ""
        """What the last failure said; no content."""
        self.died: BaseException | None = None
        """A bug ended the thread: the supervisor ends the service visibly."""

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def stop(self, timeout_s: float) -> bool:
        """End after the present round; False when the thread did not end in time."""
        self._stop.set()
        wake = getattr(self._mailbox, "wake", None)
        if wake is not None:
            wake()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._round()
        except BaseException as bug:
            self.died = bug
            _log.error("the mailbox watcher died", action="watch.died", error=type(bug).__name__)
            raise
        finally:
            self._mailbox.close()

    def _round(self) -> None:
        try:
            full = self._proved_s is None or time.monotonic() - self._proved_s >= self._reconcile_s
            report = self._look(self._mailbox, full)
            if report.full and not report.missing:
                self._proved_s = time.monotonic()
            if self.failures:
                _log.info("the mailbox is back", action="watch.back", failures=self.failures)
            self.failures, self.problem = 0, ""
            if not self._stop.is_set():
                self._mailbox.wait(self._idle_s)
        except (MailboxError, MeibodError) as error:
            self._stay_away(error)

    def _stay_away(self, error: Exception) -> None:
        self.failures += 1
        self.problem = str(error)
        hint = getattr(error, "retry_after_s", None)
        seconds = self._pause(self.failures, random.random(), hint)  # noqa: S311 - jitter, no secret
        _log.warning(
            "no mailbox", action="watch.failed", failures=self.failures, again_in_s=round(seconds),
            error=type(error).__name__,
        )  # fmt: skip
        self._stop.wait(seconds)
