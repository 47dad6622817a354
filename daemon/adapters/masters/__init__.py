"""HQ's masters: a folder of CSV and TOML files in, one checked `Directory` out (`config/masters/README.md`).

A line that is wrong is reported and left out, so that one look shows every problem; whether the daemon may start
with the rest is the caller's decision (`Severity.ERROR` says no).
"""

from __future__ import annotations

from pathlib import Path

from daemon.adapters.masters.addresses import (
    ADMINS,
    GATEWAYS,
    OFFICES,
    check_together,
    read_admins,
    read_gateways,
    read_offices,
)
from daemon.adapters.masters.days import CLOSED_DAYS, read_closed_days
from daemon.adapters.masters.files import MasterProblem, Problems, Severity, read_blocks, read_table
from daemon.adapters.masters.places import (
    ASSIGNMENTS,
    CENTRES,
    PENSION_OFFICES,
    Places,
    read_assignments,
    read_centres,
    read_pension_offices,
)
from daemon.adapters.masters.prefectures import PREFECTURES
from daemon.domain.directory import Directory

__all__ = ["PREFECTURES", "MasterProblem", "Severity", "load_directory"]

_FILES = [t.file for t in (OFFICES, CENTRES, PENSION_OFFICES, ASSIGNMENTS, CLOSED_DAYS)] + [GATEWAYS, ADMINS]


def load_directory(folder: Path) -> tuple[Directory, list[MasterProblem]]:
    """Read all masters; problems come in order of file and line. Never raises for what the files hold."""
    problems = Problems()
    offices = read_offices(read_table(folder, OFFICES, problems), problems)
    centres, centre_lines = read_centres(read_table(folder, CENTRES, problems), problems)
    pension_offices = read_pension_offices(read_table(folder, PENSION_OFFICES, problems), problems)
    known = Places(centres, centre_lines, pension_offices)
    directory = Directory(
        offices=offices,
        centres=centres,
        pension_offices=pension_offices,
        assignments=read_assignments(read_table(folder, ASSIGNMENTS, problems), known, problems),
        gateways=read_gateways(read_blocks(folder, GATEWAYS, "gateway", problems, required=False), problems),
        admins=read_admins(read_blocks(folder, ADMINS, "admin", problems, required=True), problems),
        closed_days=read_closed_days(read_table(folder, CLOSED_DAYS, problems), problems),
    )
    check_together(directory, problems)
    return directory, sorted(problems.found, key=lambda p: (_FILES.index(p.file), p.line))
