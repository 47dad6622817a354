"""One trainee in two runs at once."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.domain.model import Course, State
from daemon.handlers.history import of_trainee
from daemon.handlers.prepare import NewTraining, add_training, import_list
from parsers.findings import Field
from tests.fakes.house import Answer, House, attachment, filled

PEOPLE = (("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"), ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"))


@pytest.fixture
def house() -> House:
    return House()


def test_an_import_warns_of_people_who_are_in_another_open_run(house: House) -> None:
    first = house.training(PEOPLE)
    second = add_training(
        house.kit, NewTraining(Course.INSTRUCTOR, "講師", dt.date(2026, 4, 20), dt.date(2026, 4, 21)), "test"
    )
    people = (PEOPLE[0], ("千葉/船橋", "髙橋　一郎", "タカハシ　イチロウ"))
    data = house.list_file(people)
    report = import_list(house.kit, second.training_id, "list.xlsx", data, "test", apply=True)
    assert [(e.name, e.training_id) for e in report.elsewhere] == [("山﨑　𠮷子", first)]
    row = house.rows(second.training_id)[0]
    assert "trainee-listed-twice" in [x.kind for x in of_trainee(house.kit, row.enrollment_id)[1]]


def test_a_sheet_of_one_run_never_touches_the_other(house: House) -> None:
    first = house.training(PEOPLE)
    second = house.training(PEOPLE, Course.INSTRUCTOR, starts_on=dt.date(2026, 4, 20), ends_on=dt.date(2026, 4, 21))
    house.dispatch(first)
    house.dispatch(second)
    house.at("2026-03-16 10:00")
    mail = house.sent_to("wm-chiba@example.jp")[1]
    name, data = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(data, lambda *_: dt.datetime(2026, 3, 10)))]).raw())
    states = {t: house.rows(t, "千葉")[0] for t in (first, second)}
    assert states[second].state is State.VERIFIED
    assert states[second].values[Field.CONCURRENT_REGISTERED_ON].value == "2026-03-10"
    assert states[first].values == {}
