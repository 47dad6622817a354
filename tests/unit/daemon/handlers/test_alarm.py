"""Alarms: told at once, once a day, and silent when nothing is wrong."""

from __future__ import annotations

import pytest

from daemon.domain.letters import Alarm, AlarmCode
from daemon.handlers import outbox
from daemon.handlers.alarm import raise_alarms
from tests.fakes.house import House


@pytest.fixture
def house() -> House:
    return House()


def test_nothing_wrong_means_no_mail(house: House) -> None:
    house.receive()
    assert raise_alarms(house.kit) == []


def test_a_deaf_mailbox_is_told_once_a_day(house: House) -> None:
    house.receive()
    house.clock.advance(hours=2)
    assert len(raise_alarms(house.kit)) == 1
    assert raise_alarms(house.kit) == []
    house.clock.advance(days=1)
    assert len(raise_alarms(house.kit)) == 1


def test_a_switched_off_outbox_and_a_broken_chain_are_two_alarms(house: House) -> None:
    house.receive()
    outbox.stop_all(house.kit, "admin")
    assert len(raise_alarms(house.kit, [Alarm(AlarmCode.AUDIT_BROKEN)])) == 2
