"""The sweep: whatever became of its job, a mail that is due is tried again."""

from __future__ import annotations

import asyncio

import pytest

from daemon.domain.model import OutboxState
from daemon.errors import Unavailable
from daemon.handlers.deliver import settle
from daemon.handlers.dispatch import approve
from tests.fakes.house import House

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),)


def states(house: House) -> set[OutboxState]:
    with house.store.snapshot() as tx:
        return {m.state for m in tx.outbox()}


def test_a_mail_whose_job_ended_in_an_outage_gets_another_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue knows the key of the job that failed, and drops every other with the same key."""
    house = House()
    training = house.training(PEOPLE)

    def out_of_order(*_: object) -> None:
        raise Unavailable("the reading process does not start")

    with monkeypatch.context() as patched:
        patched.setattr(house.kit.reader, "read", out_of_order)
        approve(house.kit, training, "test")
        asyncio.run(house.work.drain())
        assert len(house.work.failures) == 1
        settle(house.kit)
        asyncio.run(house.work.drain())
    assert states(house) == {OutboxState.READY}
    house.work.failures.clear()
    house.clock.advance(minutes=10)
    settle(house.kit)
    house.drain()
    assert states(house) == {OutboxState.SENT}


def test_a_mail_that_waits_in_the_queue_gets_one_job_not_one_for_each_sweep() -> None:
    house = House()
    approve(house.kit, house.training(PEOPLE), "test")
    for _ in range(10):
        settle(house.kit)
        house.clock.advance(seconds=15)
    assert len(house.work._waiting) <= 2, "the one it was queued with and one of the sweep"
