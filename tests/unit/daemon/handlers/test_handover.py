"""PRE6: the checked roster for 中央年金事務所 is made once, offered, submitted, and supplemented."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace

import openpyxl
import pytest

from daemon.domain.model import Course, MailPurpose, OutboxState, State, TrainingState
from daemon.domain.policy import HandoverRule, HandoverWay, Policy
from daemon.errors import Refused
from daemon.handlers import outbox as outbox_handler
from daemon.handlers.cases import withdraw
from daemon.handlers.deliver import settle
from daemon.handlers.digest import compose
from daemon.handlers.handover import make, make_due, mark
from daemon.handlers.outgoing import deliver_job
from daemon.handlers.review import accept
from daemon.handlers.schedule import cancel_training
from daemon.handlers.status import status
from daemon.handlers.verify import verify
from tests.fakes.house import Answer, House, attachment, filled
from tests.fakes.run import DONE, handovers, outbox, person, questions, registered, tick, training

PEOPLE = (
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
    ("神奈川/横浜", "森　花", "モリ　ハナ"),
)
CHIBA, KANAGAWA, CHUO = "wm-chiba@example.jp", "wm-kanagawa@example.jp", "chuo@nenkin.example.jp"
BY_MAIL = Policy(handover=HandoverRule(way=HandoverWay.MAIL, to=(CHUO,)))


@pytest.fixture
def house() -> House:
    return House()


def complete(house: House, course: Course = Course.WM_SKILL_UP) -> str:
    ident = house.training(PEOPLE, course)
    house.dispatch(ident)
    days = {"兼務登録年月日": DONE}
    if course is Course.BEGINNER:
        days = {"新規登録年月日": DONE, **days}
    tick(house, "2026-03-16 10:00", registered(house, CHIBA, days))
    tick(house, "2026-03-17 10:00", registered(house, KANAGAWA, days))
    return ident


def corrected(house: House, ident: str, day: dt.datetime) -> None:
    """Chiba sends another date, a person takes it over."""
    mail = next(m for m in house.sent_to(CHIBA) if "登録用" in str(m["Subject"]))
    name, data = attachment(mail, ".xlsx")
    answer = Answer(mail, files=[(name, filled(data, lambda *_: day))], text="名簿を訂正してお送りします。\n").raw()
    tick(house, "2026-03-18 10:00", answer)
    for review in questions(house):
        accept(house.kit, review.review_id, "admin")
    tick(house, "2026-03-18 11:00")


@pytest.mark.parametrize("course", Course)
def test_the_roster_is_made_once_when_the_run_is_complete(house: House, course: Course) -> None:
    ident = complete(house, course)
    (made,) = handovers(house, ident)
    assert (made.number, len(made.enrollments), made.submitted_at) == (1, 2, None)
    assert make_due(house.kit) == []
    tick(house, "2026-03-19 10:00")
    assert len(handovers(house, ident)) == 1
    assert house.kit.blobs.get(made.xlsx_sha256).startswith(b"PK")
    assert house.kit.blobs.get(made.pdf_sha256).startswith(b"%PDF")


def test_nothing_is_made_before_everybody_is_verified(house: House) -> None:
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    tick(house, "2026-03-16 10:00", registered(house, CHIBA))
    assert handovers(house, ident) == []
    with pytest.raises(Refused, match="提出すべき行がありません"):
        make(house.kit, ident, "admin")


def test_a_course_that_is_switched_off_gets_none() -> None:
    house = House(policy=Policy(handover=HandoverRule(courses=frozenset({Course.BEGINNER}))))
    assert handovers(house, complete(house)) == []


def test_a_printed_roster_is_offered_until_a_person_marks_it(house: House) -> None:
    ident = complete(house)
    with house.store.snapshot() as tx:
        (offered,) = compose(tx, house.kit).handovers
    assert (offered.number, offered.rows, offered.outbox_id) == (1, 2, None)
    house.at("2026-03-19 15:00")
    done = mark(house.kit, ident, 1, "研修課長", on=dt.date(2026, 3, 18))
    assert (done.submitted_by, done.how) == ("研修課長", "print")
    assert {r.state for r in house.rows(ident)} == {State.SUBMITTED}
    assert training(house, ident).state is TrainingState.COMPLETE
    with house.store.snapshot() as tx:
        letter = compose(tx, house.kit)
    assert letter.handovers == ()
    assert letter.trainings[0].done == 2
    assert status(house.kit)["trainings"][0]["handovers"][0]["how"] == "print"


def test_a_roster_is_marked_once_and_on_a_day_that_can_be(house: House) -> None:
    ident = complete(house)
    for day in (dt.date(2026, 3, 16), dt.date(2026, 3, 20)):
        with pytest.raises(Refused, match="提出日"):
            mark(house.kit, ident, 1, "admin", on=day)
    mark(house.kit, ident, 1, "admin")
    with pytest.raises(Refused, match="提出済み"):
        mark(house.kit, ident, 1, "admin")
    with pytest.raises(Refused, match="ありません"):
        mark(house.kit, ident, 2, "admin")


def test_a_correction_before_submission_makes_the_roster_anew(house: House) -> None:
    ident = complete(house)
    (first,) = handovers(house, ident)
    corrected(house, ident, dt.datetime(2026, 3, 11))
    (again,) = handovers(house, ident)
    assert (again.handover_id, again.number) == (first.handover_id, 1)
    assert again.xlsx_sha256 != first.xlsx_sha256


def test_a_correction_after_submission_is_a_marked_supplement(house: House) -> None:
    ident = complete(house)
    mark(house.kit, ident, 1, "admin")
    corrected(house, ident, dt.datetime(2026, 3, 11))
    first, second = handovers(house, ident)
    assert (second.number, second.because) == (2, "訂正1名")
    assert second.enrollments == (person(house, ident, "山").enrollment_id,)
    assert person(house, ident, "山").state is State.VERIFIED
    assert person(house, ident, "森").state is State.SUBMITTED
    mark(house.kit, ident, 2, "admin")
    assert {r.state for r in house.rows(ident)} == {State.SUBMITTED}
    assert first.submitted_at is not None


def test_a_person_may_ask_for_everything_once_more(house: House) -> None:
    ident = complete(house)
    mark(house.kit, ident, 1, "admin")
    with pytest.raises(Refused):
        make(house.kit, ident, "admin")
    again = make(house.kit, ident, "admin", "先方で紛失")
    assert (again.number, again.because, len(again.enrollments)) == (2, "先方で紛失", 2)


def test_the_mail_waits_for_a_person_and_marks_itself_when_it_is_out() -> None:
    house = House(policy=BY_MAIL)
    ident = complete(house)
    (mail,) = outbox(house, MailPurpose.SUBMISSION)
    assert (mail.state, mail.recipients) == (OutboxState.HELD, (CHUO,))
    outbox_handler.release(house.kit, mail.outbox_id, "admin")
    house.drain()
    (done,) = handovers(house, ident)
    assert (done.how, done.submitted_at) == ("mail", house.clock.now())
    assert {r.state for r in house.rows(ident)} == {State.SUBMITTED}
    sent = house.sent_to(CHUO)[0]
    text = str(sent["Subject"]) + sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert not any(name[:1] in text for _, name, _ in PEOPLE)
    assert [p.problems for p in verify(house.kit, lambda _: [])] == [(), (), (), (), ()]


def test_a_mail_that_was_not_released_is_taken_back_when_the_roster_changes() -> None:
    house = House(policy=BY_MAIL)
    ident = complete(house)
    corrected(house, ident, dt.datetime(2026, 3, 11))
    assert [m.state for m in outbox(house, MailPurpose.SUBMISSION)] == [OutboxState.CANCELLED, OutboxState.HELD]
    corrected(house, ident, DONE)
    assert [m.state for m in outbox(house, MailPurpose.SUBMISSION)][-1] is OutboxState.HELD
    assert len(handovers(house, ident)) == 1


def test_a_printed_copy_may_go_instead_of_the_mail() -> None:
    house = House(policy=BY_MAIL)
    ident = complete(house)
    mark(house.kit, ident, 1, "admin")
    assert [m.state for m in outbox(house, MailPurpose.SUBMISSION)] == [OutboxState.CANCELLED]


@pytest.mark.parametrize("change", [{"recipients": (KANAGAWA,)}, {"enrollments": ()}, {"outbox": True}])
def test_the_guard_lets_only_this_roster_go_and_only_there(change: dict[str, object]) -> None:
    house = House(policy=BY_MAIL)
    ident = complete(house)
    (mail,) = outbox(house, MailPurpose.SUBMISSION)
    with house.store.transaction() as tx:
        (handover,) = tx.handovers(ident)
        if change.pop("outbox", False):
            tx.save_handover(replace(handover, outbox_id=None))
        tx.save_outbox(replace(mail, state=OutboxState.READY, held_because="", **change))
        tx.enqueue(deliver_job(mail.outbox_id, 9))
    settle(house.kit)
    house.drain()
    assert house.sent_to(CHUO) == []
    assert outbox(house, MailPurpose.SUBMISSION)[0].held_because.startswith("guard")


def test_who_withdraws_after_submission_is_told_on_a_supplement(house: House) -> None:
    ident = complete(house)
    mark(house.kit, ident, 1, "admin")
    withdraw(house.kit, person(house, ident, "森").enrollment_id, "admin", "辞退")
    tick(house, "2026-03-18 10:00")
    made = handovers(house, ident)[-1]
    assert (made.number, len(made.enrollments), made.because) == (2, 1, "取消1名")
    book = openpyxl.load_workbook(io.BytesIO(house.kit.blobs.get(made.xlsx_sha256)))
    told = {str(c.value) for line in book.worksheets[0].iter_rows() for c in line}
    assert {"森　花", "受講取りやめ"} <= told
    mark(house.kit, ident, 2, "admin")
    assert make_due(house.kit) == []


def test_who_withdraws_before_submission_is_simply_left_out(house: House) -> None:
    ident = complete(house)
    withdraw(house.kit, person(house, ident, "森").enrollment_id, "admin", "辞退")
    tick(house, "2026-03-18 10:00")
    (made,) = handovers(house, ident)
    assert (made.number, len(made.enrollments)) == (1, 1)


def test_a_run_cancelled_after_submission_is_taken_back_over_there(house: House) -> None:
    ident = complete(house)
    mark(house.kit, ident, 1, "admin")
    cancel_training(house.kit, ident, "admin", "申込不足")
    tick(house, "2026-03-18 10:00")
    made = handovers(house, ident)[-1]
    assert (made.number, made.because) == (2, "取消2名")
    with house.store.snapshot() as tx:
        assert [h.number for h in compose(tx, house.kit).handovers] == [2]


def test_a_run_cancelled_before_submission_takes_its_roster_back() -> None:
    house = House(policy=BY_MAIL)
    ident = complete(house)
    cancel_training(house.kit, ident, "admin", "申込不足")
    tick(house, "2026-03-18 10:00")
    assert [m.state for m in outbox(house, MailPurpose.SUBMISSION)] == [OutboxState.CANCELLED]
    with house.store.snapshot() as tx:
        assert compose(tx, house.kit).handovers == ()


def test_a_released_roster_whose_rows_have_changed_since_does_not_leave() -> None:
    house = House(policy=BY_MAIL)
    ident = complete(house)
    withdraw(house.kit, person(house, ident, "森").enrollment_id, "admin", "辞退")
    (mail,) = outbox(house, MailPurpose.SUBMISSION)
    outbox_handler.release(house.kit, mail.outbox_id, "admin")
    house.drain()
    assert outbox(house, MailPurpose.SUBMISSION)[0].held_because.startswith("guard")
    assert house.sent_to(CHUO) == []
