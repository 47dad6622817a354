"""Since when a date on an open roster may lie."""

from __future__ import annotations

import datetime as dt

from daemon.domain.calendar import TOKYO
from daemon.domain.model import Phase
from daemon.handlers.windows import first_days
from tests.fakes.house import House
from tests.fakes.run import registered, results_out, tick

CHIBA = "wm-chiba@example.jp"
PEOPLE = (("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"), ("千葉/柏", "林　翼", "ハヤシ　ツバサ"))


def test_nothing_that_has_not_left_the_house_has_a_first_day() -> None:
    house = House()
    house.training(PEOPLE)
    with house.kit.store.snapshot() as tx:
        assert first_days(tx) == ()


def test_before_the_training_it_is_the_day_of_the_mailing_and_afterwards_its_last_day() -> None:
    house = House()
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    with house.kit.store.snapshot() as tx:
        sent = tx.dispatches(ident)[0].dispatched_at
        rosters = {r.code for r in tx.rosters(ident)}
        assert sent is not None
        assert dict(first_days(tx)) == dict.fromkeys(rosters, sent.astimezone(TOKYO).date())
    tick(house, "2026-03-16 10:00", registered(house, CHIBA))
    house.at("2026-04-20 10:00")
    results_out(house, ident)
    with house.kit.store.snapshot() as tx:
        days = dict(first_days(tx))
        later = {r.code for r in tx.rosters(ident) if r.phase is Phase.POST}
        assert later
        assert {days[code] for code in later} == {dt.date(2026, 4, 17)}
