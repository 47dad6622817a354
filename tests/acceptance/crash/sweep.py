"""Many performances of the story side by side, each with deaths of its own, compared with one that nothing disturbs."""

from __future__ import annotations

import itertools
import json
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.acceptance.crash.stage import ROOT, Stage
from tests.acceptance.crash.tracer import traced
from tests.integration.servers.dovecot import Dovecot

LANES = 2
"""Stories that play side by side."""


class Nursery:
    """The warm process that forks players; use as a context manager, by one thread at a time."""

    def __enter__(self) -> Nursery:
        command = [sys.executable, "-m", "tests.acceptance.crash.nursery"]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def play(self, stage: Stage, kill_at: tuple[str, int] | None = None) -> int:
        """Let one player run; how it ended, as `subprocess` says it (negative = signal)."""
        self._fork(stage, kill_at, gate=False)
        return self._wait()

    def play_traced(self, stage: Stage, *options: str) -> int:
        """`play` in the hands of strace from the first call on."""
        gate = stage.home / "gate"
        os.mkfifo(gate)
        with traced(self._fork(stage, None, gate=True), *options):
            gate.write_bytes(b"go")
            gate.unlink()
            return self._wait()

    def _fork(self, stage: Stage, kill_at: tuple[str, int] | None, *, gate: bool) -> int:
        """Process id of a new player."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"home": str(stage.home), "kill_at": kill_at, "gate": gate}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _wait(self) -> int:
        assert self._process.stdout is not None
        return os.waitstatus_to_exitcode(int(self._process.stdout.readline()))


Act = Callable[[Nursery, Stage], int]
"""Lets one process play, perhaps to its death; how it ended."""


@dataclass(frozen=True)
class Ending:
    """What came of a story."""

    kills: int
    problems: tuple[str, ...]

    @property
    def words(self) -> str:
        return "; ".join(self.problems) or "same end state"


class Sweep:
    """Plays stories on a few lanes, each with a warm process of its own; use as a context manager."""

    def __init__(self, folder: Path, dovecot: Dovecot, expected: dict[str, Any]) -> None:
        """`folder` has a name of its own, which also keeps the mailboxes of two sweeps apart."""
        self._folder, self._dovecot, self._expected = folder, dovecot, expected
        self._numbers = itertools.count()
        self._free: queue.SimpleQueue[Nursery] = queue.SimpleQueue()
        self._stack = ExitStack()

    def __enter__(self) -> Sweep:
        for _ in range(LANES):
            self._free.put(self._stack.enter_context(Nursery()))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def performance(self) -> Iterator[tuple[Nursery, Stage]]:
        """A free process and a fresh stage."""
        number, nursery = next(self._numbers), self._free.get()
        try:
            with Stage(self._folder / str(number), f"{self._folder.name}-{number}", self._dovecot) as stage:
                yield nursery, stage
        finally:
            self._free.put(nursery)

    def run(self, stories: Sequence[Sequence[Act]]) -> list[Ending]:
        """Play each story act by act, then to its end."""
        with ThreadPoolExecutor(LANES) as lanes:
            return list(lanes.map(self._run, stories))

    def _run(self, acts: Sequence[Act]) -> Ending:
        with self.performance() as (nursery, stage):
            ends = [act(nursery, stage) for act in acts]
            if ends[-1] != 0:
                ends.append(nursery.play(stage))
            kills = ends.count(-signal.SIGKILL)
            if ends[-1] != 0 or len(ends) - kills != 1:
                return Ending(kills, (f"ended {ends}", (stage.home / "log").read_text()[-2000:]))
            return Ending(kills, tuple(stage.problems() + self._differences(stage.story())))

    def _differences(self, story: dict[str, Any]) -> list[str]:
        return [f"{key} differs" for key, value in story.items() if value != self._expected[key]]
