"""One training run through the handlers, with real documents, words and readers."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.domain.model import MailState, OutboxState, ReviewState, State, Status, TrainingState
from parsers.findings import Field, Problem
from tests.fakes.house import Answer, House, attachment, filled

PEOPLE = (
    ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川/横浜", "渡邉　恵", "ワタナベ　メグミ"),
    ("神奈川/藤沢", "齋藤　翼", "サイトウ　ツバサ"),
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
)
KANAGAWA, CHIBA = "wm-kanagawa@example.jp", "wm-chiba@example.jp"
DONE = dt.datetime(2026, 3, 10)
FIELD = Field.CONCURRENT_REGISTERED_ON


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def training(house: House) -> str:
    """Four people in two prefectures, dispatched on Monday 2026-03-02."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    return ident


def answer_all(house: House, address: str = KANAGAWA, value: object = DONE) -> bytes:
    mail = house.sent_to(address)[0]
    names = [p.get_filename() or "" for p in mail.iter_attachments()]
    count = sum(n.endswith(".xlsx") for n in names)
    books = [attachment(mail, ".xlsx", n) for n in range(count)]
    return Answer(mail, files=[(n, filled(b, lambda *_: value)) for n, b in books]).raw()


def test_each_office_gets_one_mail_with_its_own_rosters(house: House, training: str) -> None:
    assert [set(to) for _, to, _ in house.submission.taken] == [{CHIBA}, {KANAGAWA}] or [
        set(to) for _, to, _ in house.submission.taken
    ] == [{KANAGAWA}, {CHIBA}]
    names = [p.get_filename() for p in house.sent_to(KANAGAWA)[0].iter_attachments()]
    assert len(names) == 4
    assert {r.state for r in house.rows(training)} == {State.SENT}


def test_a_filled_workbook_verifies_every_row_and_is_acknowledged(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    house.receive(answer_all(house))
    rows = house.rows(training, "神奈川")
    assert {r.state for r in rows} == {State.VERIFIED}
    assert {r.values[FIELD].value for r in rows} == {"2026-03-10"}
    receipt = house.sent_to(KANAGAWA)[-1]
    assert "【受領】" in str(receipt["Subject"])
    assert "3名" in receipt.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_training_is_complete_when_every_office_has_answered(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    house.receive(answer_all(house), answer_all(house, CHIBA))
    with house.store.snapshot() as tx:
        assert tx.get_training(training).state is TrainingState.COMPLETE
        assert tx.reviews() == []


def test_our_blank_sheet_back_changes_nothing_and_asks_nobody(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    mail = house.sent_to(KANAGAWA)[0]
    house.receive(Answer(mail, files=[attachment(mail, ".xlsx")]).raw())
    assert all(not r.values for r in house.rows(training))
    with house.store.snapshot() as tx:
        assert tx.reviews() == []
        assert tx.mails()[0].state is MailState.APPLIED


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("済", Problem.DONE_WITHOUT_DATE),
        (dt.datetime(2026, 2, 20), Problem.BEFORE_DISPATCH),
        (dt.datetime(2026, 3, 27), Problem.AFTER_RECEIPT),
        (dt.datetime(2026, 3, 8), Problem.OFFICE_CLOSED),
        ("既登録", Problem.ALREADY_REGISTERED),
    ],
)
def test_a_doubtful_entry_is_a_question_and_records_nothing(
    house: House, training: str, written: object, problem: Problem
) -> None:
    house.at("2026-03-16 10:00")
    mail = house.sent_to(CHIBA)[0]
    name, book = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(book, lambda *_: written))]).raw())
    (row,) = house.rows(training, "千葉")
    assert row.values == {}
    assert row.state is State.QUERY
    with house.store.snapshot() as tx:
        (review,) = tx.reviews()
    assert problem in review.problems


def test_a_plan_is_no_registration_and_no_question(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    mail = house.sent_to(CHIBA)[0]
    name, book = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(book, lambda *_: "4/1予定"))]).raw())
    (row,) = house.rows(training, "千葉")
    assert row.values == {}
    assert row.state is State.IN_PROGRESS


def test_rows_of_another_prefecture_are_never_recorded(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    mine, other = house.sent_to(CHIBA)[0], house.sent_to(KANAGAWA)[0]
    name, book = attachment(other, ".xlsx")
    house.receive(Answer(mine, files=[(name, filled(book, lambda *_: DONE))]).raw())
    assert all(not r.values for r in house.rows(training))
    with house.store.snapshot() as tx:
        assert all(Problem.OTHER_PREFECTURE in r.problems for r in tx.reviews())
        assert tx.reviews()
    text = house.sent_to(CHIBA)[-1].as_string()
    assert "髙橋" not in text


def test_a_second_copy_confirms_and_a_different_one_conflicts(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    house.receive(answer_all(house, CHIBA))
    house.receive(answer_all(house, CHIBA).replace(b"<", b"<2", 1))
    (row,) = house.rows(training, "千葉")
    assert row.state is State.VERIFIED
    house.receive(answer_all(house, CHIBA, dt.datetime(2026, 3, 11)))
    (row,) = house.rows(training, "千葉")
    assert row.values[FIELD].value == "2026-03-10"
    assert row.state is State.QUERY
    with house.store.snapshot() as tx:
        (review,) = tx.reviews()
    assert Problem.CONFLICTS_WITH_RECORD in review.problems


def test_a_person_settles_a_conflict(house: House, training: str) -> None:
    from daemon.handlers.review import accept

    house.at("2026-03-16 10:00")
    house.receive(answer_all(house, CHIBA))
    house.receive(answer_all(house, CHIBA, dt.datetime(2026, 3, 11)))
    with house.store.snapshot() as tx:
        (review,) = tx.reviews()
    closed = accept(house.kit, review.review_id, "admin", "電話で確認")
    (row,) = house.rows(training, "千葉")
    assert closed.state is ReviewState.ACCEPTED
    assert row.values[FIELD].value == "2026-03-11"
    assert row.values[FIELD].status is Status.VERIFIED
    assert row.state is State.VERIFIED


def test_thanks_alone_stop_nothing_and_ask_nobody(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    mail = house.sent_to(CHIBA)[0]
    house.receive(Answer(mail, text="お世話になっております。\n名簿を受領いたしました。ありがとうございます。\n").raw())
    (row,) = house.rows(training, "千葉")
    assert row.state is State.ACKED
    with house.store.snapshot() as tx:
        assert tx.reviews() == []


def test_a_question_in_words_waits_for_a_person(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    mail = house.sent_to(CHIBA)[0]
    house.receive(Answer(mail, text="山﨑さんは今月末で退職しますがどうすればよいですか。\n").raw())
    with house.store.snapshot() as tx:
        assert len(tx.reviews()) == 1


def test_the_same_message_in_a_recreated_mailbox_is_recognised(house: House, training: str) -> None:
    house.at("2026-03-16 10:00")
    house.receive(answer_all(house, CHIBA))
    before = len(house.submission.taken)
    house.mailbox.uidvalidity += 1
    house.receive()
    with house.store.snapshot() as tx:
        first, second = tx.mails()
    assert second.duplicate_of == first.ledger_id
    assert len(house.submission.taken) == before


def test_every_mail_carries_its_tokens_and_nothing_personal_in_the_subject(house: House, training: str) -> None:
    mail = house.sent_to(KANAGAWA)[0]
    assert "+" in str(mail["Reply-To"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not any(name[:2] in str(mail["Subject"]) for _, name, _ in PEOPLE)


def test_outbox_is_sent_once(house: House, training: str) -> None:
    from daemon.handlers.deliver import settle

    house.clock.advance(hours=5)
    settle(house.kit)
    house.drain()
    with house.store.snapshot() as tx:
        assert {m.state for m in tx.outbox()} == {OutboxState.SENT}
    assert len(house.submission.attempts) == 2
