"""Whole worlds, seed by seed: whatever offices and servers do, the laws hold and everything gets settled."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.simulation.campaign import DAYS, Campaign

_FEW = "1:3"


def seeds() -> range:
    """`MEIBOD_SEEDS=first:last`; a handful otherwise."""
    first, _, last = os.environ.get("MEIBOD_SEEDS", _FEW).partition(":")
    return range(int(first), int(last or first) + 1)


@pytest.fixture
def folder():
    """In memory where the system offers it: a campaign syncs thousands of times."""
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="meibod-campaign-", dir=fast) as name:
        yield Path(name)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", seeds())
async def test_ninety_days_of_offices_faults_and_crashes_break_no_law(folder, seed):
    campaign = Campaign(folder, seed)

    await campaign.run()

    assert not any(campaign.broken.values()), campaign.broken
    assert campaign.trainings == 3
    assert DAYS >= 90
