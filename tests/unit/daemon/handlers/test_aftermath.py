"""The digest does not forget runs that are over: announced removals, registrations of cancelled runs."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.domain.letters import DigestLetter
from daemon.handlers import retention
from daemon.handlers.digest import compose
from daemon.handlers.said import Said, cleaned, report
from daemon.handlers.schedule import cancel_training
from parsers.findings import Field
from tests.fakes.house import House
from tests.fakes.run import registered, tick

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"))
CHIBA = "wm-chiba@example.jp"


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def cancelled(house: House) -> str:
    """Two people, one of them registered; the run was cancelled on 2026-03-16."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    tick(house, "2026-03-16 10:00", registered(house, CHIBA))
    cancel_training(house.kit, ident, "suzuki", "申込不足")
    return ident


def digest(house: House) -> DigestLetter:
    with house.store.snapshot() as tx:
        return compose(tx, house.kit)


def said(house: House) -> str:
    letter = digest(house)
    return house.kit.templates.render(letter.template, letter).text


def clean_up(house: House, training: str) -> None:
    row = next(r for r in house.rows(training) if r.cleanup_owed)
    on = Said(Field.CONCURRENT_DELETED_ON, dt.date(2026, 3, 17), "suzuki", "センターに依頼済み")
    cleaned(house.kit, row.enrollment_id, on)


def test_a_registration_for_a_cancelled_run_stays_in_the_digest_until_it_is_deleted(
    house: House, cancelled: str
) -> None:
    (owed,) = digest(house).cleanups
    assert (owed.training_id, owed.prefecture) == (cancelled, "千葉")
    assert "登録の削除" in said(house)
    house.at("2026-03-17 10:00")
    clean_up(house, cancelled)
    assert digest(house).cleanups == ()
    assert "登録の削除" not in said(house)


def test_a_removal_is_told_from_its_announcement_to_its_day(house: House, cancelled: str) -> None:
    house.at("2026-03-17 10:00")
    clean_up(house, cancelled)
    assert digest(house).purges == ()
    house.at("2027-04-01 04:00")
    retention.run(house.kit)
    found = {p.training_id: p for p in digest(house).purges}
    assert found[cancelled].goes_on == dt.date(2027, 4, 8)
    assert found[cancelled].files > 0
    assert f"meibod retention stop {cancelled}" in said(house)
    house.at("2027-04-08 04:00")
    retention.run(house.kit)
    assert cancelled not in {p.training_id for p in digest(house).purges}


def test_a_removal_that_was_stopped_is_told_no_more(house: House, cancelled: str) -> None:
    house.at("2026-03-17 10:00")
    clean_up(house, cancelled)
    house.at("2027-04-01 04:00")
    retention.run(house.kit)
    retention.stop(house.kit, cancelled, "suzuki", "監査のため")
    assert cancelled not in {p.training_id for p in digest(house).purges}


def test_the_names_that_go_years_later_are_announced_as_well(house: House, cancelled: str) -> None:
    house.at("2026-03-17 10:00")
    clean_up(house, cancelled)
    house.at("2031-04-01 04:00")
    retention.run(house.kit)
    rows = [p.rows for p in digest(house).purges if p.rows]
    assert rows == [2]
    assert "名簿の氏名 2名分" in said(house)


def test_a_date_that_was_only_said_stays_in_the_digest_until_a_sheet_comes(house: House) -> None:
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    row = house.rows(ident, "千葉")[0]
    word = Said(Field.CONCURRENT_REGISTERED_ON, dt.date(2026, 3, 10), "suzuki", "電話連絡", "受付")
    report(house.kit, row.enrollment_id, word)
    (waiting,) = digest(house).by_telephone
    assert (waiting.training_id, waiting.prefecture) == (ident, "千葉")
    assert "口頭のまま" in said(house)
    tick(house, "2026-03-17 10:00", registered(house, CHIBA))
    assert digest(house).by_telephone == ()
    assert "口頭のまま" not in said(house)
