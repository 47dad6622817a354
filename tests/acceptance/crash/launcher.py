"""`meibod` on a clock and with a death of the test's choosing: `-m tests.acceptance.crash.launcher CLOCK FATE VERB …`.

CLOCK is the file of a `FastClock`. FATE is `name:n`, the n-th reaching of a named point at which the process gets
SIGKILL, or `-`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from pathlib import Path

from daemon import clockwork, points
from daemon.adapters.clock import SystemClock
from daemon.cli import main
from tests.acceptance.crash.fast_clock import FastClock

TICK_S = 0.5
"""The clockwork looks at its chores as often as the clock is fast."""


def _die_at(fate: str) -> None:
    name, _, number = fate.partition(":")
    reached: Counter[str] = Counter()

    def observe(point: str) -> None:
        reached[point] += 1
        if point == name and reached[point] == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    points.observe(observe)


if __name__ == "__main__":
    file, fate = sys.argv[1:3]
    clock = FastClock(Path(file))
    SystemClock.now = lambda _self: clock.now()  # type: ignore[method-assign]
    clockwork.TICK_S = TICK_S
    if fate != "-":
        _die_at(fate)
    sys.argv = ["meibod", *sys.argv[3:]]
    main()
