"""Kill −9 at system calls, where no name stands: between two writes of a transaction, before a rename, in a reply."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.acceptance.crash.stage import Stage, Undisturbed
from tests.acceptance.crash.sweep import Act, Nursery, Sweep
from tests.acceptance.crash.tracer import count, counted, kill_at
from tests.integration.servers.dovecot import Dovecot

CALLS = ("fdatasync", "fsync", "rename", "pwrite64", "sendto", "write")
"""Syncs of SQLite, syncs and renames of blobs, pages of the log, commands to IMAP and SMTP, contents of blobs."""
SAMPLES = int(os.environ.get("CRASH_SAMPLES", "4"))
"""Points for each call, spread over the story; before a release a hundred times as many."""


def dying(call: str, number: int) -> Act:
    def act(nursery: Nursery, stage: Stage) -> int:
        return nursery.play_traced(stage, *kill_at(call, number))

    return act


def sampled(times: int) -> list[int]:
    """Occurrences in the middle of equal parts of the story."""
    return sorted({1 + times * (2 * n + 1) // (2 * SAMPLES) for n in range(SAMPLES)})


@pytest.mark.timeout(900)
def test_killed_at_any_system_call_the_story_ends_the_same(
    tmp_path: Path, dovecot: Dovecot, undisturbed: Undisturbed, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sweep(tmp_path / "calls", dovecot, undisturbed[0]) as sweep:
        log = tmp_path / "strace"
        with sweep.performance() as (nursery, stage):
            assert nursery.play_traced(stage, *count(CALLS, log)) == 0
        planned = [(call, n) for call in CALLS for n in sampled(counted(log)[call])]
        endings = dict(zip(planned, sweep.run([[dying(*one)] for one in planned]), strict=True))
    with capsys.disabled():
        print(f"\n{'call':12} {'n-th':>6} {'kills':>6}  result")
        for (call, number), ending in endings.items():
            print(f"{call:12} {number:>6} {ending.kills:>6}  {ending.words}")
    assert sum(ending.kills for ending in endings.values()) >= 20
    assert {one: ending.problems for one, ending in endings.items() if ending.problems} == {}
