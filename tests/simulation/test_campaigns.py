"""Whole worlds, seed by seed: whatever offices and servers do, the laws hold and everything gets settled."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

import pytest

from daemon import bootstrap
from tests.simulation.campaign import Campaign

_FEW = "1:3"
_REPEATED = 25
"""Every so many seeds one is played twice: the same seed must be the same story, or no failure could be repeated."""


def seeds() -> range:
    """`MEIBOD_SEEDS=first:last`; a handful otherwise."""
    first, _, last = os.environ.get("MEIBOD_SEEDS", _FEW).partition(":")
    return range(int(first), int(last or first) + 1)


@pytest.fixture
def folders():
    """In memory where the system offers it: a campaign syncs thousands of times."""
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="meibod-campaign-", dir=fast) as name:
        yield Path(name, "one"), Path(name, "two")


@pytest.fixture
def templates_compiled_once(monkeypatch):
    """A campaign starts the program twenty times; compiling the same templates each time tells nothing."""
    monkeypatch.setattr(bootstrap, "JinjaTemplates", functools.cache(bootstrap.JinjaTemplates))


@pytest.mark.usefixtures("templates_compiled_once")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", seeds())
async def test_ninety_days_of_offices_faults_and_crashes_break_no_law(folders, seed):
    campaign = Campaign(folders[0], seed)

    await campaign.run()

    assert not any(campaign.broken.values()), campaign.broken
    if seed % _REPEATED == 0:
        again = Campaign(folders[1], seed)
        await again.run()
        assert again.trace() == campaign.trace()
