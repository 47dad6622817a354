"""Reminders: only who still owes, only when nothing is in doubt (I5)."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.domain.model import MailPurpose, OutboxMail, OutboxState, State
from daemon.handlers import outbox as outbox_handler
from daemon.handlers.deliver import settle
from daemon.handlers.intake import sync
from daemon.handlers.remind import remind
from daemon.handlers.review import reject
from tests.fakes.house import Answer, House, attachment, filled

PEOPLE = (
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
    ("千葉/船橋", "森　花", "モリ　ハナ"),
    ("千葉/柏", "林　翼", "ハヤシ　ツバサ"),
)
CHIBA = "wm-chiba@example.jp"
DONE = dt.datetime(2026, 3, 10)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def training(house: House) -> str:
    """Dispatched on 2026-03-02, deadline 2026-04-07."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    return ident


def tick(house: House, at: str, *raws: bytes) -> None:
    """One look at the mailbox and one planning tick at that hour."""
    house.at(at)
    house.receive(*raws)
    remind(house.kit)
    settle(house.kit)
    house.drain()


def reminders(house: House) -> list[OutboxMail]:
    with house.store.snapshot() as tx:
        return [m for m in tx.outbox() if m.purpose is MailPurpose.REMINDER]


def partial_answer(house: House) -> bytes:
    """Only No. 1 of the first roster is filled in."""
    mail = house.sent_to(CHIBA)[0]
    name, data = attachment(mail, ".xlsx")
    return Answer(mail, files=[(name, filled(data, lambda no, _: DONE if no == 1 else None))]).raw()


def test_nothing_is_sent_before_the_first_stage_or_outside_office_hours(house: House, training: str) -> None:
    tick(house, "2026-03-23 10:00")
    tick(house, "2026-03-24 08:59")
    tick(house, "2026-03-28 10:00")
    assert reminders(house) == []


def test_each_stage_is_sent_once_on_its_day(house: House, training: str) -> None:
    for day in ("03-24", "03-25", "03-31", "04-01", "04-03", "04-06", "04-07"):
        tick(house, f"2026-{day} 10:00")
        tick(house, f"2026-{day} 15:00")
    assert [m.stage for m in reminders(house)] == ["upcoming", "check", "last", "today"]
    assert {m.state for m in reminders(house)} == {OutboxState.SENT}


def test_the_overdue_notice_waits_for_a_person(house: House, training: str) -> None:
    tick(house, "2026-04-08 10:00")
    (mail,) = reminders(house)
    assert (mail.stage, mail.state) == ("overdue", OutboxState.HELD)
    outbox_handler.release(house.kit, mail.outbox_id, "admin")
    house.drain()
    assert reminders(house)[0].state is OutboxState.SENT


def test_a_released_notice_is_cancelled_when_everybody_has_answered(house: House, training: str) -> None:
    tick(house, "2026-04-08 10:00")
    (mail,) = reminders(house)
    request = house.sent_to(CHIBA)[0]
    books = [attachment(request, ".xlsx", n) for n in range(2)]
    house.receive(Answer(request, files=[(n, filled(d, lambda *_: DONE)) for n, d in books]).raw())
    assert outbox_handler.release(house.kit, mail.outbox_id, "admin").state is OutboxState.CANCELLED


def test_only_missing_rows_are_listed_by_number(house: House, training: str) -> None:
    tick(house, "2026-03-16 10:00", partial_answer(house))
    tick(house, "2026-03-31 10:00")
    (mail,) = reminders(house)
    assert len(mail.enrollments) == 2
    text = house.sent().get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "No.2" in text or "No.1" in text
    assert not any(name[:2] in text for _, name, _ in PEOPLE)


def test_an_office_that_has_written_is_spared_the_first_stage(house: House, training: str) -> None:
    tick(house, "2026-03-16 10:00", partial_answer(house))
    tick(house, "2026-03-24 10:00")
    assert reminders(house) == []


def test_a_stale_mailbox_holds_every_reminder(house: House, training: str) -> None:
    house.at("2026-03-24 10:00")
    remind(house.kit)
    assert reminders(house) == []
    sync(house.kit, house.mailbox, full=True)
    remind(house.kit)
    assert len(reminders(house)) == 1


def test_an_unread_message_holds_the_reminder(house: House, training: str) -> None:
    house.at("2026-03-24 10:00")
    house.mailbox.lay(partial_answer(house))
    sync(house.kit, house.mailbox, full=True)
    remind(house.kit)
    assert reminders(house) == []


def test_an_open_question_holds_the_reminder_until_it_is_settled(house: House, training: str) -> None:
    request = house.sent_to(CHIBA)[0]
    tick(house, "2026-03-24 10:00", Answer(request, text="別の担当に変わりました。どなたに聞けばよいですか。\n").raw())
    assert reminders(house) == []
    with house.store.snapshot() as tx:
        (review,) = tx.reviews()
    reject(house.kit, review.review_id, "admin", "電話で回答")
    tick(house, "2026-03-31 10:00")
    assert len(reminders(house)) == 1


def test_a_mail_nobody_can_place_holds_every_office(house: House, training: str) -> None:
    stranger = Answer(
        house.sent(), sender="someone@example.com", threaded=False, subject="名簿の件", text="確認です。\n"
    )
    tick(house, "2026-03-24 10:00", stranger.raw())
    assert reminders(house) == []


def test_an_answer_between_planning_and_sending_stops_the_mail(house: House, training: str) -> None:
    house.at("2026-03-24 10:00")
    house.receive()
    remind(house.kit)
    request = house.sent_to(CHIBA)[0]
    books = [attachment(request, ".xlsx", n) for n in range(2)]
    house.mailbox.lay(Answer(request, files=[(n, filled(d, lambda *_: DONE)) for n, d in books]).raw())
    sync(house.kit, house.mailbox, full=True)
    house.drain()  # the reminder was queued first, the message is unread: it must not go
    assert [m.state for m in reminders(house)] == [OutboxState.CANCELLED]
    assert {r.state for r in house.rows(training)} == {State.VERIFIED}


def test_a_bounce_stops_reminders_and_asks(house: House, training: str) -> None:
    ident = str(house.sent_to(CHIBA)[0]["Message-ID"])
    bounce = (
        "From: MAILER-DAEMON@example.jp\r\nTo: meibo@hq.example.jp\r\nSubject: Undelivered Mail\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nfailed\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; example.jp\r\n\r\n"
        f"Final-Recipient: rfc822; {CHIBA}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ident}\r\n\r\n--b--\r\n"
    )
    tick(house, "2026-03-24 10:00", bounce.encode())
    assert reminders(house) == []
    assert {r.state for r in house.rows(training)} == {State.BOUNCED}
    with house.store.snapshot() as tx:
        assert [r.kind for r in tx.reviews()] == ["bounce"]


def test_reminders_of_a_complete_office_stay_away(house: House, training: str) -> None:
    request = house.sent_to(CHIBA)[0]
    books = [attachment(request, ".xlsx", n) for n in range(2)]
    answer = Answer(request, files=[(n, filled(d, lambda *_: DONE)) for n, d in books]).raw()
    tick(house, "2026-03-16 10:00", answer)
    for day in ("03-24", "03-31", "04-03", "04-07", "04-08", "04-15"):
        tick(house, f"2026-{day} 10:00")
    assert reminders(house) == []
