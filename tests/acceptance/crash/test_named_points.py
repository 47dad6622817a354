"""Kill −9 at every named point between intent, effect and record, restart, same end state (I1, I4, I8)."""

from __future__ import annotations

import itertools
import queue
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daemon.points import NAMES
from tests.acceptance.crash.stage import Nursery, Stage
from tests.integration.servers.dovecot import Dovecot

LANES = 2
"""Stories that play side by side."""


@dataclass(frozen=True)
class Case:
    """Where the first process dies, and where the second; what must come out."""

    name: str
    occurrences: tuple[int, ...]


@dataclass(frozen=True)
class Ending:
    """What came of it."""

    kills: int
    problems: tuple[str, ...]
    unknowns: int


def cases(reached: dict[str, int]) -> Iterator[Case]:
    """The first time, the last time, and the second time followed by a crash during the recovery."""
    for name in NAMES:
        times = reached[name]
        yield Case(name, (1,))
        yield Case(name, (min(times, 2), 1))
        if times > 2:
            yield Case(name, (times,))


class Sweep:
    """Plays cases on a few lanes, each with a warm process of its own."""

    def __init__(self, folder: Path, dovecot: Dovecot) -> None:
        self._folder, self._dovecot = folder, dovecot
        self._numbers = itertools.count()
        self._nurseries: queue.SimpleQueue[Nursery] = queue.SimpleQueue()
        self._stack = ExitStack()

    def __enter__(self) -> Sweep:
        for _ in range(LANES):
            self._nurseries.put(self._stack.enter_context(Nursery()))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def stage(self) -> Stage:
        number = next(self._numbers)
        return Stage(self._folder / str(number), f"crash-{number}", self._dovecot)

    def baseline(self) -> tuple[dict[str, Any], dict[str, int]]:
        """The story of a run that nothing disturbs, and how often it reaches each point."""
        nursery = self._nurseries.get()
        with self.stage() as stage:
            assert nursery.play(stage) == 0, (stage.home / "log").read_text()
            assert stage.problems() == []
            self._nurseries.put(nursery)
            return stage.story(), stage.report()["points"]

    def run(self, case: Case, expected: dict[str, Any]) -> Ending:
        nursery = self._nurseries.get()
        try:
            with self.stage() as stage:
                return self._run(nursery, stage, case, expected)
        finally:
            self._nurseries.put(nursery)

    def _run(self, nursery: Nursery, stage: Stage, case: Case, expected: dict[str, Any]) -> Ending:
        ends = [nursery.play(stage, (case.name, n)) for n in case.occurrences]
        if ends[-1] != 0:
            ends.append(nursery.play(stage))
        kills = ends.count(-signal.SIGKILL)
        if ends[-1] != 0 or any(end not in {0, -signal.SIGKILL} for end in ends):
            return Ending(kills, (f"ended {ends}", (stage.home / "log").read_text()[-2000:]), 0)
        problems = stage.problems()
        problems += [f"{key} differs" for key, value in stage.story().items() if value != expected[key]]
        return Ending(kills, tuple(problems), stage.report()["status"]["outbox"]["unknown"])


def table(endings: dict[Case, Ending]) -> str:
    """One line for each case."""
    lines = [f"{'point':24} {'occurrence':>12} {'kills':>6}  result"]
    for case, ending in endings.items():
        times = ", ".join(map(str, case.occurrences))
        lines.append(f"{case.name:24} {times:>12} {ending.kills:>6}  {'; '.join(ending.problems) or 'same end state'}")
    return "\n".join(lines)


@pytest.mark.timeout(900)
def test_killed_at_any_named_point_the_story_ends_the_same(
    tmp_path: Path, dovecot: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sweep(tmp_path, dovecot) as sweep, ThreadPoolExecutor(LANES) as lanes:
        expected, reached = sweep.baseline()
        assert set(reached) == set(NAMES), "the story does not come to every point"
        planned = list(cases(reached))
        endings = dict(zip(planned, lanes.map(lambda case: sweep.run(case, expected), planned), strict=True))
    with capsys.disabled():
        print("\n" + table(endings))
    assert {case.name for case, ending in endings.items() if ending.kills} == set(NAMES)
    assert [case for case, ending in endings.items() if not ending.kills] == []
    assert {case: ending.problems for case, ending in endings.items() if ending.problems} == {}
