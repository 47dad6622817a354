"""strace takes hold of a process and lets its n-th system call of a kind end in SIGKILL, or fail with an error."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.servers.processes import program, wait_until


@contextmanager
def traced(pid: int, *options: str) -> Iterator[None]:
    """Let strace hold `pid` and whatever it begets until the block ends."""
    command = [program("strace", "strace"), "-f", "-qq", "-p", str(pid), "-e", "signal=none", *options]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_until("strace has the process", lambda: tracer.poll() is not None or _is_traced(pid))
        assert tracer.poll() is None, tracer.stderr.read().decode() if tracer.stderr else ""
        yield
    finally:
        if Path(f"/proc/{pid}").exists() and _is_traced(pid):
            tracer.terminate()  # lets go of a process that lives on
        tracer.communicate(timeout=60)


def _is_traced(pid: int) -> bool:
    """Whether every thread is held."""
    try:
        held = [(task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except FileNotFoundError:
        return False
    return all("TracerPid:\t0\n" not in status for status in held)


def kill_at(call: str, number: int) -> tuple[str, ...]:
    """Options: SIGKILL at the entry of the n-th such call of a thread."""
    return "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"


def fail(call: str, error: str) -> tuple[str, ...]:
    """Options: every such call fails."""
    return "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}"


def count(calls: tuple[str, ...], log: Path) -> tuple[str, ...]:
    """Options: write every such call into `log`."""
    return "-o", str(log), "-e", f"trace={','.join(calls)}"


def counted(log: Path) -> dict[str, int]:
    """How often each call was made by the thread that made it most."""
    per_thread = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    most: dict[str, int] = {}
    for (_, call), times in per_thread.items():
        most[call] = max(times, most.get(call, 0))
    return most
