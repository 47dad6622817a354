"""What processes cost: seconds of CPU and bytes of memory, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.integration.servers.processes import children

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int, *, ended: bool = True) -> float:
    """CPU seconds of a process; with `ended` those of its ended children as well."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11 : 15 if ended else 13]) / _TICKS


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def family_cpu_s(pid: int) -> float:
    """CPU seconds of the process and everything below it, ended children included."""
    return sum(cpu_s(one) for one in family(pid))


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process or several, in MB."""

    rss_mb: float
    """Everything mapped and present, shared pages counted in full."""
    pss_mb: float
    """Shared pages counted by share: what the machine would get back."""
    anonymous_mb: float
    """Its own data."""

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.rss_mb + other.rss_mb, self.pss_mb + other.pss_mb, self.anonymous_mb + other.anonymous_mb)


def memory(pid: int) -> Memory:
    """What /proc/PID/smaps_rollup says."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return Memory(kb["Rss"] / 1024, kb["Pss"] / 1024, kb["Anonymous"] / 1024)


def family_memory(pid: int) -> Memory:
    """The process and everything below it."""
    return sum((memory(one) for one in family(pid)), Memory(0, 0, 0))
