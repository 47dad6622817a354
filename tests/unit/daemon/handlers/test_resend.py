"""A roster mail that came back goes out once more, to the address the book holds by now."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from daemon.domain.model import Dispatch, Enrollment, MailPurpose, OutboxState, Phase, ReviewState, State
from daemon.errors import Refused
from daemon.handlers import deliver as delivery
from daemon.handlers.cases import withdraw
from daemon.handlers.digest import compose
from daemon.handlers.dispatch import approve
from daemon.handlers.remind import remind
from daemon.handlers.resend import resend
from daemon.handlers.schedule import cancel_training, move_deadline
from daemon.handlers.verify import verify
from daemon.ports import SubmissionOutcome, Submitted
from tests.fakes.house import Answer, House, attachment, filled
from tests.fakes.run import outbox, registered, results_out, tick

PEOPLE = (
    ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
    ("千葉/柏", "森　花", "モリ　ハナ"),
)
CHIBA, MOVED = "wm-chiba@example.jp", "new-chiba@example.jp"


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def training(house: House) -> str:
    """Three people in two prefectures, dispatched on 2026-03-02; the mail to Chiba came back on the 4th."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-04 10:00")
    house.receive(bounce(house))
    return ident


def bounce(house: House, purpose: MailPurpose = MailPurpose.DISPATCH) -> bytes:
    """The mail to Chiba, undelivered (RFC 3464)."""
    mail = chiba(house, purpose)
    return f"""From: MAILER-DAEMON@mx.example.jp
To: meibo@hq.example.jp
Subject: Undelivered Mail Returned to Sender
Message-ID: <{mail}@mx.example.jp>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

could not be delivered
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp

Final-Recipient: rfc822; {CHIBA}
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id(house, mail)}

--b--
""".replace("\n", "\r\n").encode()


def chiba(house: House, purpose: MailPurpose = MailPurpose.DISPATCH) -> int:
    return next(m.outbox_id for m in reversed(outbox(house, purpose)) if m.prefecture == "千葉")


def message_id(house: House, outbox_id: int) -> str:
    with house.store.snapshot() as tx:
        return tx.get_outbox(outbox_id).message_id


def mend_the_book(house: House) -> None:
    book = dict(house.kit.directory.offices)
    book["千葉"] = replace(book["千葉"], to=(MOVED,), cc=())
    house.kit = replace(house.kit, directory=replace(house.kit.directory, offices=book))


def sent_again(house: House, outbox_id: int) -> int:
    """Resent and out; the number of the new mail."""
    done = resend(house.kit, outbox_id, "suzuki", "宛先の変更")
    delivery.settle(house.kit)
    house.drain()
    assert done.outbox_id is not None
    return done.outbox_id


def mailing(house: House, training: str, phase: Phase = Phase.PRE) -> Dispatch:
    with house.store.snapshot() as tx:
        return next(d for d in tx.dispatches(training, "千葉") if d.phase is phase)


def people(house: House, training: str) -> list[Enrollment]:
    return house.rows(training, "千葉")


def test_the_same_rosters_reach_the_new_address_and_nobody_else(house: House, training: str) -> None:
    assert {r.state for r in people(house, training)} == {State.BOUNCED}
    mend_the_book(house)
    before = len(house.submission.taken)
    sent_again(house, chiba(house))
    (mail,) = house.sent_to(MOVED)
    assert len(house.submission.taken) == before + 1
    first = house.sent_to(CHIBA)[0]
    assert [p.get_filename() for p in mail.iter_attachments()] == [p.get_filename() for p in first.iter_attachments()]
    assert mail["Subject"] == first["Subject"]
    assert mail["Message-ID"] != first["Message-ID"]
    assert {r.state for r in people(house, training)} == {State.SENT}
    assert [p.problems for p in verify(house.kit, lambda _: [])] == [()] * 5


def test_the_answer_to_the_second_mail_is_recorded(house: House, training: str) -> None:
    mend_the_book(house)
    sent_again(house, chiba(house))
    mail = house.sent_to(MOVED)[0]
    house.at("2026-03-10 10:00")
    files = [
        (n, filled(b, lambda *_: dt.datetime(2026, 3, 6))) for n, b in (attachment(mail, ".xlsx", i) for i in (0, 1))
    ]
    house.receive(Answer(mail, files=files).raw())
    assert {r.state for r in people(house, training)} == {State.VERIFIED}


def test_the_question_is_answered_and_the_history_says_who_sent_what_again(house: House, training: str) -> None:
    mend_the_book(house)
    old, new = chiba(house), sent_again(house, chiba(house))
    with house.store.snapshot() as tx:
        (review,) = [r for r in tx.reviews(state=None) if r.kind == "bounce"]
        (event,) = [e for e in tx.events(training_id=training) if e.kind == "mail-resent"]
    assert (review.state, review.settled_by) == (ReviewState.ACCEPTED, "suzuki")
    said = json.loads(event.payload)
    assert (event.actor, event.subject) == ("suzuki", f"outbox:{old}")
    assert (said["before"], said["after"], said["because"]) == (old, new, "宛先の変更")


def test_reminders_begin_with_the_mail_that_arrived(house: House, training: str) -> None:
    house.at("2026-03-23 10:00")
    mend_the_book(house)
    new = sent_again(house, chiba(house))
    found = mailing(house, training)
    assert found.outbox_id == new
    assert found.dispatched_at is not None
    assert found.dispatched_at.date() == dt.date(2026, 3, 23)
    assert found.bounced_at is None
    house.at("2026-03-31 10:00")
    house.receive()
    remind(house.kit)
    house.drain()
    mail = house.sent_to(MOVED)[-1]
    assert mail["In-Reply-To"] == message_id(house, new)
    assert "3月23日" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_preview_names_both_addresses_and_queues_nothing(house: House, training: str) -> None:
    mend_the_book(house)
    shown = resend(house.kit, chiba(house), "suzuki", apply=False)
    assert (shown.before, shown.to, shown.rows, len(shown.rosters)) == ((CHIBA,), (MOVED,), 2, 2)
    assert shown.outbox_id is None
    assert len(outbox(house, MailPurpose.DISPATCH)) == 2


def test_it_is_sent_again_once_until_it_comes_back_again(house: House, training: str) -> None:
    mend_the_book(house)
    first = chiba(house)
    resend(house.kit, first, "suzuki")
    with pytest.raises(Refused, match="送信待ち"):
        resend(house.kit, first, "suzuki")
    delivery.settle(house.kit)
    house.drain()
    with pytest.raises(Refused, match="すでに再送"):
        resend(house.kit, first, "suzuki")
    with pytest.raises(Refused, match="不達になっていません"):
        resend(house.kit, chiba(house), "suzuki")
    house.receive(bounce(house))
    assert {r.state for r in people(house, training)} == {State.BOUNCED}
    sent_again(house, chiba(house))
    assert len(house.sent_to(MOVED)) == 2


def test_only_a_request_that_did_not_arrive_is_sent_again(house: House, training: str) -> None:
    arrived = next(m.outbox_id for m in outbox(house, MailPurpose.DISPATCH) if m.prefecture == "神奈川")
    with pytest.raises(Refused, match="不達になっていません"):
        resend(house.kit, arrived, "suzuki")
    with pytest.raises(Refused, match="ありません"):
        resend(house.kit, 99, "suzuki")


def test_who_has_withdrawn_is_left_out_and_the_letter_names_the_new_deadline(house: House, training: str) -> None:
    gone = next(r for r in people(house, training) if r.name.startswith("森"))
    withdraw(house.kit, gone.enrollment_id, "suzuki", "辞退")
    move_deadline(house.kit, training, dt.date(2026, 4, 10), "suzuki", "延長")
    mend_the_book(house)
    sent_again(house, chiba(house))
    (mail,) = house.sent_to(MOVED)
    assert len(list(mail.iter_attachments())) == 2
    assert "4月10日" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_cancelled_run_sends_nothing_again(house: House, training: str) -> None:
    cancel_training(house.kit, training, "suzuki", "申込不足")
    with pytest.raises(Refused, match="送付の必要"):
        resend(house.kit, chiba(house), "suzuki")


def test_a_mail_the_server_refused_goes_to_the_new_address(house: House) -> None:
    ident = house.training(PEOPLE[1:])
    house.submission.script = [SubmissionOutcome(Submitted.REFUSED, "550 no such user")]
    house.dispatch(ident)
    refused = chiba(house)
    assert {r.state for r in people(house, ident)} == {State.LISTED}
    mend_the_book(house)
    sent_again(house, refused)
    assert {r.state for r in people(house, ident)} == {State.SENT}
    with house.store.snapshot() as tx:
        assert tx.get_outbox(refused).state is OutboxState.CANCELLED
        assert tx.reviews() == []
    with pytest.raises(Refused):
        approve(house.kit, ident, "suzuki")


def test_a_mail_to_an_address_outside_the_book_is_still_held(house: House, training: str) -> None:
    mend_the_book(house)
    new = resend(house.kit, chiba(house), "suzuki").outbox_id
    assert new is not None
    book = dict(house.kit.directory.offices)
    book["千葉"] = replace(book["千葉"], to=("third@example.jp",))
    house.kit = replace(house.kit, directory=replace(house.kit.directory, offices=book))
    house.drain()
    with house.store.snapshot() as tx:
        assert tx.get_outbox(new).state is OutboxState.HELD
    assert house.sent_to(MOVED) == []


def test_the_rosters_with_results_are_sent_again_with_their_numbers(house: House) -> None:
    ident = house.training(PEOPLE[1:])
    house.dispatch(ident)
    tick(house, "2026-03-16 10:00", registered(house, CHIBA, {"兼務登録年月日": dt.datetime(2026, 3, 10)}))
    house.at("2026-04-20 10:00")
    results_out(house, ident)
    before = {r.name: (r.post_roster, r.post_row) for r in people(house, ident)}
    house.receive(bounce(house, MailPurpose.RESULTS))
    assert {r.state for r in people(house, ident)} == {State.BOUNCED}
    mend_the_book(house)
    sent_again(house, chiba(house, MailPurpose.RESULTS))
    (mail,) = house.sent_to(MOVED)
    assert "修了の有無記載済み" in str(mail["Subject"])
    assert "差替え" not in str(mail["Subject"])
    assert {r.name: (r.post_roster, r.post_row) for r in people(house, ident)} == before
    assert {r.state for r in people(house, ident)} == {State.RESULT_SET}


def test_the_digest_names_the_command(house: House, training: str) -> None:
    with house.store.snapshot() as tx:
        letter = compose(tx, house.kit)
    assert [b.resend for b in letter.bounces] == [chiba(house)]
    text = house.kit.templates.render(letter.template, letter).text
    assert f"meibod outbox resend {chiba(house)}" in text
