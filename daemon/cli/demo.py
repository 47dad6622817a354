"""`meibod demo`."""

from __future__ import annotations

from pathlib import Path

from daemon.cli.tables import console


def demo(out: Path, seed: int) -> int:
    """Play the whole main job in a virtual world; 1 when an invariant did not hold."""
    from daemon.simulation.demo import run_demo

    result = run_demo(out, seed, console.print)
    return int(not result.sound)
