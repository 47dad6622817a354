"""What the history says of a trainee, a training and a mail."""

from __future__ import annotations

import pytest

from daemon.errors import Refused
from daemon.handlers.cases import withdraw
from daemon.handlers.history import of_mail, of_trainee, of_training
from daemon.handlers.rename import rename
from parsers.findings import Field
from tests.fakes.house import Answer, House, attachment, filled

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"))
CHIBA = "wm-chiba@example.jp"


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def training(house: House) -> str:
    """Two people, one of whom has answered."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    mail = house.sent_to(CHIBA)[0]
    name, data = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(data, lambda *_: "R8.3.10"))]).raw())
    return ident


def test_a_recorded_date_names_its_message_and_its_cell(house: House, training: str) -> None:
    row, lines = of_trainee(house.kit, "山﨑𠮷子")
    line = next(x for x in lines if x.kind == "value-recorded")
    assert (line.before, line.after, line.text) == ("", "2026-03-10", "R8.3.10")
    assert line.field is Field.CONCURRENT_REGISTERED_ON
    assert line.ledger_id == 1
    assert line.evidence.cell
    assert line.about == f"{row.roster}/{row.row}"
    assert [x.seq for x in lines] == sorted(x.seq for x in lines)


def test_the_way_of_a_trainee_is_told_in_order(house: House, training: str) -> None:
    withdraw(house.kit, of_trainee(house.kit, "山﨑𠮷子")[0].enrollment_id, "suzuki", "辞退")
    kinds = [x.kind for x in of_trainee(house.kit, "山﨑𠮷子")[1]]
    assert kinds == ["trainee-listed", "trainee-sent", "value-recorded", "state-changed", "trainee-excluded"]


def test_a_renamed_trainee_is_told_with_both_spellings(house: House, training: str) -> None:
    ident = of_trainee(house.kit, "髙橋一郎")[0].enrollment_id
    rename(house.kit, ident, ("髙橋　一朗", ""), "suzuki", "字体の訂正")
    line = of_trainee(house.kit, ident)[1][-1]
    assert (line.before, line.after) == ("髙橋　一郎（タカハシ　イチロウ）", "髙橋　一朗（タカハシ　イチロウ）")
    assert (line.actor, line.because) == ("suzuki", "字体の訂正")


def test_the_history_of_a_mail_is_what_came_of_it(house: House, training: str) -> None:
    kinds = [x.kind for x in of_mail(house.kit, 1)]
    assert "value-recorded" in kinds
    assert "training-added" not in kinds


def test_the_history_of_a_training_is_everything_in_it(house: House, training: str) -> None:
    kinds = {x.kind for x in of_training(house.kit, training)}
    assert {"training-added", "list-imported", "training-approved", "trainee-sent", "value-recorded"} <= kinds


def test_no_name_ever_enters_the_history(house: House, training: str) -> None:
    with house.store.snapshot() as tx:
        everything = "".join(e.payload + e.subject for e in tx.events())
    assert not [c for c in "髙橋山﨑𠮷タカハシヤマサキ" if c in everything]


@pytest.mark.parametrize(
    "ask", [lambda k: of_trainee(k, "大山"), lambda k: of_training(k, "x"), lambda k: of_mail(k, 9)]
)
def test_what_nobody_knows_is_refused(house: House, training: str, ask: object) -> None:
    with pytest.raises(Refused):
        ask(house.kit)  # type: ignore[operator]
