"""Forks story players from one warm process: `python -m tests.acceptance.crash.nursery`.

Each line on standard input is a JSON request {"home", "kill_at": [name, n] | null, "gate": bool}; two lines answer it
on standard output: the child's process id, then its wait status. With `gate` the child waits until somebody writes to
the pipe `home/gate`, so that a tracer can take hold of it first.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from daemon.adapters.documents.glyphs import coverage
from daemon.adapters.store import migrate
from tests.acceptance.crash.story import play


def _child(request: dict[str, Any]) -> None:
    home = Path(request["home"])
    log = os.open(home / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        if request["gate"]:
            (home / "gate").read_bytes()
        play(home, tuple(request["kill_at"]) if request["kill_at"] else None)
    except BaseException:  # noqa: BLE001 - a child must never come back into the loop of its parent
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _warm() -> None:
    """Load once what every child needs; nothing that starts a thread, which would not survive the fork."""
    coverage()
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/warm.sqlite")


def main() -> None:
    _warm()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _child(json.loads(line))
        print(pid, flush=True)
        _pid, status = os.waitpid(pid, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()
