"""What has been kept long enough goes: announced, a week later removed, and still accounted for."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.adapters.store import verify_chain
from daemon.errors import Refused
from daemon.handlers.cases import withdraw
from daemon.handlers.ingest import replay
from daemon.handlers.retention import notices, resume, run, show, stop
from daemon.handlers.schedule import cancel_training
from daemon.handlers.verify import verify
from tests.fakes.house import Answer, House, attachment, filled

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"))


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def cancelled(house: House) -> str:
    """Two people; one withdrew, then the run was cancelled on 2026-03-16: raw mail is due on 2027-04-01."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    mail = house.sent_to("wm-chiba@example.jp")[0]
    name, data = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(data, lambda *_: "未"))]).raw())
    withdraw(house.kit, house.rows(ident)[0].enrollment_id, "suzuki", "辞退")
    cancel_training(house.kit, ident, "suzuki", "申込不足")
    return ident


def blobs(house: House) -> set[str]:
    return set(house.kit.blobs.all())


def test_nothing_goes_before_its_time(house: House, cancelled: str) -> None:
    before = blobs(house)
    house.at("2027-03-31 04:00")
    assert run(house.kit).announced == ()
    assert blobs(house) == before
    assert [b.due_on for b in show(house.kit) if b.training_id == cancelled] == [dt.date(2027, 4, 1)]


def test_what_is_due_is_announced_and_goes_a_week_later(house: House, cancelled: str) -> None:
    before = blobs(house)
    house.at("2027-04-01 04:00")
    assert cancelled in run(house.kit).announced
    with house.store.snapshot() as tx:
        assert [n.goes_on for n in notices(tx, house.kit)] == [dt.date(2027, 4, 8)]
    house.at("2027-04-07 04:00")
    assert run(house.kit).purged == ()
    assert blobs(house) == before
    house.at("2027-04-08 04:00")
    report = run(house.kit)
    assert report.purged == (cancelled,)
    assert report.blobs == len(before)
    assert blobs(house) == set()


def test_after_the_removal_everything_is_still_proven(house: House, cancelled: str) -> None:
    for day in ("2027-04-01 04:00", "2027-04-08 04:00"):
        house.at(day)
        run(house.kit)
    assert [p.problems for p in verify(house.kit, verify_chain)] == [()] * 5
    with house.store.snapshot() as tx:
        assert len(tx.mails()) == 1
        assert {e.kind for e in tx.events()} >= {"purge-announced", "purged"}
    assert run(house.kit).announced == ()


def test_a_blob_lost_without_a_tombstone_is_still_found(house: House, cancelled: str) -> None:
    with house.store.snapshot() as tx:
        house.kit.blobs.remove(tx.mails()[0].sha256)
    assert [p.what for p in verify(house.kit, verify_chain) if p.problems] == ["blobs"]


def test_the_names_of_a_run_go_years_later(house: House, cancelled: str) -> None:
    for day in ("2031-03-15 04:00", "2031-03-23 04:00"):
        house.at(day)
        assert run(house.kit).erased == ()
    house.at("2031-03-31 04:00")
    assert run(house.kit).erased == (cancelled,)
    assert {r.name for r in house.rows(cancelled)} == {"（消去済）"}
    assert [p.problems for p in verify(house.kit, verify_chain)] == [()] * 5


def test_a_removed_mail_cannot_be_read_again(house: House, cancelled: str) -> None:
    for day in ("2027-04-01 04:00", "2027-04-08 04:00"):
        house.at(day)
        run(house.kit)
    with pytest.raises(Refused, match="削除"):
        replay(house.kit, 1, "suzuki")


def test_a_person_stops_what_was_announced_and_may_let_it_go_later(house: House, cancelled: str) -> None:
    house.at("2027-04-01 04:00")
    run(house.kit)
    stop(house.kit, cancelled, "suzuki", "照会対応中")
    house.at("2027-05-01 04:00")
    assert run(house.kit).purged == ()
    resume(house.kit, cancelled, "suzuki", "照会終了")
    assert run(house.kit).announced == (cancelled,)
    with pytest.raises(Refused):
        stop(house.kit, "unknown", "suzuki", "照会")


def test_a_clean_up_that_is_owed_keeps_the_raw_mail(house: House) -> None:
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    mail = house.sent_to("wm-chiba@example.jp")[0]
    name, data = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(data, lambda *_: dt.datetime(2026, 3, 10)))]).raw())
    cancel_training(house.kit, ident, "suzuki", "申込不足")
    house.at("2030-04-01 04:00")
    assert run(house.kit).announced == ()


def test_an_interrupted_removal_is_finished_by_the_next_run(house: House, cancelled: str) -> None:
    house.at("2027-04-01 04:00")
    run(house.kit)
    house.at("2027-04-08 04:00")
    remove = house.kit.blobs.remove
    calls: list[str] = []

    def failing(sha256: str) -> None:
        calls.append(sha256)
        if len(calls) > 2:
            raise OSError("power")
        remove(sha256)

    house.kit.blobs.remove = failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="power"):
        run(house.kit)
    house.kit.blobs.remove = remove  # type: ignore[method-assign]
    run(house.kit)
    assert blobs(house) == set()
