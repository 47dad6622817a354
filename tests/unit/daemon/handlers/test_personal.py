"""Handing out and erasing one person."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from daemon.adapters.store import verify_chain
from daemon.errors import Refused
from daemon.handlers.cases import withdraw
from daemon.handlers.personal import ERASED, erase_person, export_person
from daemon.handlers.rename import rename
from daemon.handlers.said import Said, cleaned
from daemon.handlers.schedule import cancel_training
from daemon.handlers.verify import verify
from parsers.findings import Field
from tests.fakes.house import Answer, House, attachment, filled

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"))


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def training(house: House) -> str:
    """Two people; 千葉 has answered in words that need a person."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    mail = house.sent_to("wm-chiba@example.jp")[0]
    name, data = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(data, lambda *_: "山﨑𠮷子は済"))]).raw())
    return ident


def test_an_export_holds_everything_about_one_person_and_nothing_about_others(house: House, training: str) -> None:
    rename(house.kit, house.rows(training, "千葉")[0].enrollment_id, ("山崎　𠮷子", ""), "suzuki", "字体の訂正")
    done = export_person(house.kit, "山崎𠮷子")
    text = json.dumps(done.document, ensure_ascii=False)
    assert "山﨑　𠮷子" in text
    assert "山﨑𠮷子は済" in text
    assert "髙橋" not in text
    known = done.document["enrollments"][0]
    assert [m["mail"] for m in known["received"]] == [1]
    assert {"trainee-listed", "trainee-sent", "trainee-renamed"} <= {line["kind"] for line in known["history"]}


def test_an_erased_person_is_named_nowhere_in_the_register_and_the_chain_holds(house: House, training: str) -> None:
    ident = house.rows(training, "千葉")[0].enrollment_id
    rename(house.kit, ident, ("山崎　𠮷子", ""), "suzuki", "字体の訂正")
    withdraw(house.kit, ident, "suzuki", "辞退")
    done = erase_person(house.kit, ident, "suzuki", "本人の請求")
    assert (done.rows, done.raw_mails) == (1, 1)
    assert done.readings > 0
    with house.store.snapshot() as tx:
        row = tx.get_enrollment(ident)
        said = [tx.readings(), tx.reviews(state=None), tx.events(), tx.enrollments()]
        assert not tx.get_fact(f"spellings:{ident}")
    assert (row.name, row.kana, row.terminal_id) == (ERASED, "", "")
    assert not [w for w in ("𠮷", "ヨシコ") if w in str(said)]
    assert [p.problems for p in verify(house.kit, verify_chain)] == [()] * 5


def test_a_trainee_in_the_middle_of_the_procedure_is_not_erased(house: House, training: str) -> None:
    with pytest.raises(Refused, match="手続きの途中"):
        erase_person(house.kit, "山﨑𠮷子", "suzuki", "本人の請求")


def test_a_clean_up_that_is_owed_comes_first(house: House) -> None:
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    mail = house.sent_to("wm-chiba@example.jp")[0]
    name, data = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(data, lambda *_: dt.datetime(2026, 3, 10)))]).raw())
    cancel_training(house.kit, ident, "suzuki", "申込不足")
    row = house.rows(ident, "千葉")[0]
    with pytest.raises(Refused, match="削除が済んでいません"):
        erase_person(house.kit, row.enrollment_id, "suzuki", "本人の請求")
    said = Said(Field.CONCURRENT_DELETED_ON, dt.date(2026, 3, 16), "suzuki", "事務所の連絡")
    assert not cleaned(house.kit, row.enrollment_id, said).cleanup_owed
    assert erase_person(house.kit, row.enrollment_id, "suzuki", "本人の請求").rows == 1


def test_nobody_is_erased_twice_or_by_a_name_that_fits_nobody(house: House, training: str) -> None:
    ident = house.rows(training, "千葉")[0].enrollment_id
    withdraw(house.kit, ident, "suzuki", "辞退")
    erase_person(house.kit, ident, "suzuki", "本人の請求")
    for text in (ident, "山﨑𠮷子"):
        with pytest.raises(Refused):
            erase_person(house.kit, text, "suzuki", "本人の請求")
