"""Kill −9 at every named point between intent, effect and record, restart, same end state (I1, I4, I8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from daemon.points import NAMES
from tests.acceptance.crash.stage import Stage, Undisturbed
from tests.acceptance.crash.sweep import Act, Ending, Nursery, Sweep
from tests.integration.servers.dovecot import Dovecot


@dataclass(frozen=True)
class Case:
    """At which occurrence of a point the first process dies, and at which the second."""

    name: str
    occurrences: tuple[int, ...]

    def acts(self) -> list[Act]:
        def dying_at(occurrence: int) -> Act:
            def act(nursery: Nursery, stage: Stage) -> int:
                return nursery.play(stage, (self.name, occurrence))

            return act

        return [dying_at(n) for n in self.occurrences]


def cases(reached: dict[str, int]) -> Iterator[Case]:
    """The first time, the last time, and the second time followed by a crash during the recovery."""
    for name in NAMES:
        times = reached[name]
        yield Case(name, (1,))
        if times > 1:
            yield Case(name, (2, 1))
        if times > 2:
            yield Case(name, (times,))


def table(endings: dict[Case, Ending]) -> str:
    """One line for each case."""
    lines = [f"\n{'point':24} {'occurrence':>12} {'kills':>6}  result"]
    for case, ending in endings.items():
        lines.append(f"{case.name:24} {str(case.occurrences)[1:-1]:>12} {ending.kills:>6}  {ending.words}")
    return "\n".join(lines)


@pytest.mark.timeout(900)
def test_killed_at_any_named_point_the_story_ends_the_same(
    tmp_path: Path, dovecot: Dovecot, undisturbed: Undisturbed, capsys: pytest.CaptureFixture[str]
) -> None:
    expected, reached = undisturbed
    assert set(reached) == set(NAMES), "the story does not come to every point"
    planned = list(cases(reached))
    with Sweep(tmp_path / "points", dovecot, expected) as sweep:
        endings = dict(zip(planned, sweep.run([c.acts() for c in planned]), strict=True))
    with capsys.disabled():
        print(table(endings))
    assert [case for case, ending in endings.items() if not ending.kills] == []
    assert {case: ending.problems for case, ending in endings.items() if ending.problems} == {}
