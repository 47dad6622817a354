"""Sending: three outcomes, one intent, nothing to the wrong office (I3, I4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from daemon.domain.model import MailPurpose, OutboxMail, OutboxState, State
from daemon.domain.policy import Policy
from daemon.handlers import outbox as outbox_handler
from daemon.handlers.deliver import LADDER_S, settle
from daemon.handlers.dispatch import approve
from daemon.handlers.outgoing import Draft, File, queue
from daemon.ports import Rendered, SubmissionOutcome, Submitted
from tests.fakes.house import ADDRESS, House, attachment, parsed

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"))
UNKNOWN = SubmissionOutcome(Submitted.UNKNOWN, "connection lost after DATA")
LATER = SubmissionOutcome(Submitted.REFUSED_FOR_NOW, "451 4.2.0 greylisted")
NEVER = SubmissionOutcome(Submitted.REFUSED, "550 5.1.1 no such user")


@pytest.fixture
def house() -> House:
    return House()


def one_mail(house: House) -> OutboxMail:
    """A training with one office, approved; nothing sent yet."""
    ident = house.training(PEOPLE[:1])
    approve(house.kit, ident, "test")
    return state_of(house)


def state_of(house: House, n: int = 0) -> OutboxMail:
    with house.store.snapshot() as tx:
        return tx.outbox()[n]


def attempt(house: House, *answers: SubmissionOutcome) -> OutboxMail:
    house.submission.script += answers
    settle(house.kit)
    house.drain()
    return state_of(house)


def test_a_refusal_for_now_is_tried_again_up_the_ladder(house: House) -> None:
    mail = one_mail(house)
    for n, seconds in enumerate(LADDER_S[:4], 1):
        mail = attempt(house, LATER)
        assert (mail.state, mail.attempts) == (OutboxState.READY, n)
        wait = (mail.not_before_at - house.clock.now()).total_seconds()
        assert 0.85 * seconds <= wait <= 1.15 * seconds
        before = len(house.submission.attempts)
        attempt(house)
        assert len(house.submission.attempts) == before, "not before its time"
        house.clock.advance(seconds=wait + 1)
    assert attempt(house).state is OutboxState.SENT


def test_after_the_last_attempt_a_person_is_asked(house: House) -> None:
    one_mail(house)
    for _ in range(house.policy.mail_max_attempts):
        mail = attempt(house, LATER)
        house.clock.advance(days=2)
    assert mail.state is OutboxState.HELD
    with house.store.snapshot() as tx:
        (review,) = tx.reviews()
    assert review.outbox_id == mail.outbox_id


def test_a_permanent_refusal_is_never_retried_and_asks_a_person(house: House) -> None:
    one_mail(house)
    assert attempt(house, NEVER).state is OutboxState.REFUSED
    house.clock.advance(days=3)
    attempt(house)
    assert len(house.submission.attempts) == 1
    with house.store.snapshot() as tx:
        assert [r.kind for r in tx.reviews()] == ["outbox"]
    assert {r.state for r in house.rows(state_of(house).training_id)} == {State.LISTED}


def test_an_unknown_waits_and_then_sends_the_very_same_bytes(house: House) -> None:
    one_mail(house)
    mail = attempt(house, UNKNOWN)
    assert (mail.state, mail.unknowns) == (OutboxState.UNKNOWN, 1)
    attempt(house)
    assert len(house.submission.attempts) == 1
    house.clock.advance(seconds=house.policy.unknown_wait_s + 1)
    assert attempt(house).state is OutboxState.SENT
    first, second = house.submission.attempts
    assert first == second


def test_our_own_copy_settles_an_unknown_without_a_second_mail(house: House) -> None:
    one_mail(house)
    attempt(house, UNKNOWN)
    house.receive(house.submission.attempts[0])
    mail = state_of(house)
    assert mail.state is OutboxState.CONFIRMED
    house.clock.advance(days=1)
    attempt(house)
    assert len(house.submission.attempts) == 1
    assert {r.state for r in house.rows(mail.training_id)} == {State.SENT}


def test_an_answer_that_quotes_our_mail_settles_an_unknown(house: House) -> None:
    from tests.fakes.house import Answer

    one_mail(house)
    attempt(house, UNKNOWN)
    house.receive(Answer(parsed(house.submission.attempts[0]), text="受領いたしました。\n").raw())
    assert state_of(house).state is OutboxState.CONFIRMED


def test_an_attempt_left_behind_by_a_crash_is_unknown(house: House) -> None:
    mail = one_mail(house)
    with house.store.transaction() as tx:
        tx.save_outbox(replace(mail, state=OutboxState.IN_FLIGHT, attempts=1, started_at=house.clock.now()))
    settle(house.kit, starting=True)
    assert state_of(house).state is OutboxState.UNKNOWN


def test_an_attempt_of_another_daemon_is_left_alone_until_its_lease_ends(house: House) -> None:
    mail = one_mail(house)
    with house.store.transaction() as tx:
        tx.save_outbox(replace(mail, state=OutboxState.IN_FLIGHT, attempts=1, started_at=house.clock.now()))
    settle(house.kit)
    assert state_of(house).state is OutboxState.IN_FLIGHT
    house.clock.advance(hours=1)
    settle(house.kit)
    assert state_of(house).state is OutboxState.UNKNOWN


def test_the_kill_switch_stops_and_resume_sends(house: House) -> None:
    one_mail(house)
    outbox_handler.stop_all(house.kit, "admin")
    attempt(house)
    assert house.submission.attempts == []
    house.clock.advance(minutes=1)
    outbox_handler.resume(house.kit, "admin")
    assert attempt(house).state is OutboxState.SENT


def test_the_same_intent_never_makes_two_mails(house: House) -> None:
    from daemon.errors import Refused

    mail = one_mail(house)
    with pytest.raises(Refused):
        approve(house.kit, mail.training_id, "test")
    attempt(house)
    with pytest.raises(Refused):
        approve(house.kit, mail.training_id, "test")
    assert len(house.submission.attempts) == 1


def test_a_row_added_later_goes_out_as_a_supplement_of_its_own_roster(house: House) -> None:
    from daemon.handlers.prepare import import_list

    ident = house.training(PEOPLE)
    house.dispatch(ident)
    more = (*PEOPLE, ("千葉/柏", "森　花", "モリ　ハナ"))
    report = import_list(house.kit, ident, "list.xlsx", house.list_file(more), "test", apply=True)
    assert report.added == ("森　花",)
    house.dispatch(ident)
    names = [p.get_filename() for p in house.sent().iter_attachments()]
    assert len(names) == 2
    assert len(house.submission.taken) == 3


# -- I3: nothing reaches the wrong office ----------------------------------------------------------------------


def smuggle(house: House, change: Callable[[Draft], Draft]) -> OutboxMail:
    """A mail to Chiba as a bug would write it."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    chiba = house.rows(ident, "千葉")[0]
    draft = Draft(
        MailPurpose.REMINDER, "reminder:bug", Rendered("件名", "本文"), ("wm-chiba@example.jp",), prefecture="千葉",
        training_id=ident, enrollments=(chiba.enrollment_id,),
    )  # fmt: skip
    house.clock.advance(days=22)  # Tuesday, 24 March, 09:00: reminders may go
    house.receive()
    with house.store.transaction() as tx:
        outbox_id = queue(tx, house.kit, change(draft))
    assert outbox_id is not None
    settle(house.kit)
    house.drain()
    with house.store.snapshot() as tx:
        return tx.get_outbox(outbox_id)


def roster_of(house: House, address: str, suffix: str) -> File:
    name, data = attachment(house.sent_to(address)[0], suffix)
    return File(name, "application/pdf" if suffix == ".pdf" else "application/octet-stream", data)


def test_the_guard_lets_an_honest_mail_pass(house: House) -> None:
    assert smuggle(house, lambda d: d).state is OutboxState.SENT


@pytest.mark.parametrize("suffix", [".xlsx", ".pdf"])
def test_a_mail_with_a_roster_of_another_prefecture_is_refused_before_smtp(house: House, suffix: str) -> None:
    mail = smuggle(house, lambda d: replace(d, files=(roster_of(house, "wm-kanagawa@example.jp", suffix),)))
    assert mail.state is OutboxState.HELD
    assert "guard" in mail.held_because
    assert len(house.submission.attempts) == 2, "only the two dispatches"


def test_a_mail_that_names_rows_of_another_prefecture_is_refused(house: House) -> None:
    def change(draft: Draft) -> Draft:
        with house.store.snapshot() as tx:
            (foreign,) = tx.enrollments(training_id=draft.training_id, prefecture="神奈川")
        return replace(draft, enrollments=(*draft.enrollments, foreign.enrollment_id))

    assert smuggle(house, change).state is OutboxState.HELD


def test_a_mail_to_an_address_outside_the_book_is_refused(house: House) -> None:
    assert smuggle(house, lambda d: replace(d, cc=("somebody@example.com",))).state is OutboxState.HELD


def test_a_mail_that_mentions_a_roster_code_of_another_prefecture_is_refused(house: House) -> None:
    def change(draft: Draft) -> Draft:
        with house.store.snapshot() as tx:
            (roster,) = tx.rosters(draft.training_id, "神奈川")
        return replace(draft, words=Rendered("件名", f"回付番号 {roster.code} をご確認ください"))

    assert smuggle(house, change).state is OutboxState.HELD


def test_the_daily_cap_of_an_office_holds_the_surplus() -> None:
    house = House(policy=Policy(office_daily_cap=1))
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    chiba = house.rows(ident, "千葉")[0]
    house.clock.advance(days=22)
    house.receive()
    for n in range(2):
        draft = Draft(
            MailPurpose.REMINDER, f"reminder:{n}", Rendered("件名", "本文"), ("wm-chiba@example.jp",),
            prefecture="千葉", training_id=ident, enrollments=(chiba.enrollment_id,),
        )  # fmt: skip
        with house.store.transaction() as tx:
            queue(tx, house.kit, draft)
    settle(house.kit)
    house.drain()
    sent = [m for m in house.sent_to("wm-chiba@example.jp") if m["Subject"] == "件名"]
    assert len(sent) <= 1


def test_our_own_address_may_be_a_blind_copy(house: House) -> None:
    house.kit = replace(house.kit, letterhead=replace(house.kit.letterhead, bcc_self=True))
    one_mail(house)
    assert attempt(house).state is OutboxState.SENT
    assert ADDRESS in house.submission.taken[0][1]
    assert ADDRESS not in str(house.sent()["To"])
