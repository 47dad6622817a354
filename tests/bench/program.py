"""The program as people start it: `--help` and `status` as whole processes, beside an interpreter that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from daemon.adapters.clock import SystemClock
from tests.bench.installation import ROOT, configure, open_installation
from tests.bench.register import Shape, add_trainings
from tests.bench.table import Line, spread

HELP_BAR_S = 0.4
STATUS_TRAINEES = 10_000
OFFICES = 41


def run(home: Path, *, rounds: int) -> list[Line]:
    """Each command `rounds` times, in turns."""
    config = _register(home)
    program = str(Path(sys.executable).with_name("meibod"))
    commands = {
        "python": [sys.executable, "-I", "-c", "import typer"],
        "help": [program, "--help"],
        "status": [program, "status", "--config", str(config)],
        "json": [program, "status", "--json", "--config", str(config)],
    }
    took: dict[str, list[float]] = {name: [_seconds(command)] for name, command in commands.items()}
    for _ in range(rounds):
        for name, command in commands.items():
            took[name].append(_seconds(command))
    warm = {name: seconds[1:] for name, seconds in took.items()}
    ratio = [p / h for p, h in zip(warm["python"], warm["help"], strict=True)]
    met = median(warm["help"]) < HELP_BAR_S
    return [
        Line("`meibod --help`, s (beside: an interpreter that imports typer)", spread(warm["help"]),
             spread(warm["python"]), spread(ratio), f"< {HELP_BAR_S}", met),
        Line(f"`meibod status`, {STATUS_TRAINEES:,} trainees, s", spread(warm["status"])),
        Line(f"`meibod status --json`, {STATUS_TRAINEES:,} trainees, s", spread(warm["json"])),
    ]  # fmt: skip


def _register(home: Path) -> Path:
    config = configure(home)
    _settings, app = open_installation(config, SystemClock())
    try:
        add_trainings(app, -(-STATUS_TRAINEES // (10 * OFFICES)), Shape(10, one_centre=True))
    finally:
        app.close()
    return config


def _seconds(command: Sequence[str]) -> float:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started
