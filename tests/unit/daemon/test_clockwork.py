"""Chores are attended to whatever happens to one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from daemon.clockwork import Chore, Clockwork
from daemon.errors import Unavailable
from daemon.ports import Transaction
from tests.fakes.clock import FakeClock
from tests.fakes.stores import memory_store


async def test_a_chore_that_fails_stops_no_other_and_is_tried_at_the_next_tick() -> None:
    done: list[str] = []

    def fails() -> None:
        done.append("fails")
        raise ValueError

    store = memory_store()
    chores = [Chore("fails", fails, every_s=60), Chore("works", lambda: done.append("works"), every_s=60)]
    clockwork = Clockwork(FakeClock(), store, chores)
    await clockwork.tick()
    await clockwork.tick()
    assert done == ["fails", "works", "fails"]


async def test_a_daily_chore_whose_day_cannot_be_looked_up_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    store, done = memory_store(), list[str]()

    @contextmanager
    def away() -> Iterator[Transaction]:
        raise Unavailable("no database")
        yield

    chores = [
        Chore("daily", lambda: done.append("daily"), at=dt.time(3, 10)),
        Chore("often", lambda: done.append("often"), every_s=60),
    ]
    clockwork = Clockwork(FakeClock(), store, chores)
    with monkeypatch.context() as patched:
        patched.setattr(store, "snapshot", away)
        await clockwork.tick()
    assert done == ["often"]
    await clockwork.tick()
    assert done == ["often", "daily"]
