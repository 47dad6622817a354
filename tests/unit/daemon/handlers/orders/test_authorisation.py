"""Who may give commands by mail, and everything that must not pass for one: seen with the eyes of an attacker."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from daemon.domain.directory import Admin
from daemon.domain.model import MailState
from daemon.domain.policy import AdminMailRule, Policy
from daemon.handlers.deliver import KILL_SWITCH
from daemon.handlers.ingest import replay
from daemon.handlers.planning import could_be_answers
from parsers.findings import Problem
from tests.fakes.house import House, parsed
from tests.fakes.hq import ADMIN, POLICY, SERVER, VOUCHED, Order, body, digest, open_questions, say

STOP = "送信停止"
EVIL = "evil@example.com"


@pytest.fixture
def house() -> House:
    return House(policy=POLICY)


@pytest.fixture
def morning(house: House) -> EmailMessage:
    return digest(house, "2026-03-17 09:00")


def stopped(house: House) -> bool:
    with house.store.snapshot() as tx:
        return tx.get_fact(KILL_SWITCH) == "on"


def challenged(mails: list[EmailMessage]) -> bool:
    return len(mails) == 1 and "ご本人" in str(mails[0]["Subject"])


def quoted(house: House) -> bool:
    return any(Problem.COMMAND_NOT_PROVEN in q.problems for q in open_questions(house))


# -- the matrix ----------------------------------------------------------------------------------------------------


def test_a_vouched_answer_to_a_mail_of_ours_acts_at_once(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, STOP, morning)
    assert stopped(house)
    assert "実行しました 1件" in str(answer["Subject"])
    assert answer["Auto-Submitted"] == "auto-replied"


def test_a_vouched_mail_that_answers_none_of_ours_is_asked_about(house: House) -> None:
    house.at("2026-03-17 09:00")
    assert challenged(say(house, STOP))
    assert not stopped(house)


@pytest.mark.parametrize(
    "vouched", ["", f"{SERVER}; dmarc=none", "mx.evil.example; dmarc=pass header.from=hq.example.jp"]
)
def test_a_mail_nobody_vouches_for_is_asked_about(house: House, morning: EmailMessage, vouched: str) -> None:
    assert challenged(say(house, STOP, morning, vouched=vouched))
    assert not stopped(house)


def test_a_mail_the_server_calls_forged_is_quoted_and_nobody_is_asked(house: House, morning: EmailMessage) -> None:
    assert say(house, STOP, morning, vouched=f"{SERVER}; dmarc=fail header.from=hq.example.jp") == []
    assert not stopped(house)
    assert quoted(house)
    with house.store.snapshot() as tx:
        assert could_be_answers(tx, "神奈川") == 0  # whoever forges an admin cannot hold the reminders


def test_an_outsider_who_answers_a_forwarded_digest_does_nothing(house: House, morning: EmailMessage) -> None:
    vouched = f"{SERVER}; dmarc=pass header.from=example.com"
    assert say(house, STOP, morning, sender=EVIL, vouched=vouched) == []
    assert not stopped(house)
    assert quoted(house)
    assert house.submission.taken[-1][1] == (ADMIN,)  # the digest: the outsider was told nothing


def test_where_no_server_is_configured_every_mail_is_asked_about() -> None:
    house = House()
    morning = digest(house, "2026-03-17 09:00")
    assert challenged(say(house, STOP, morning))
    assert not stopped(house)


def test_where_authentication_is_not_required_our_own_token_is_enough() -> None:
    house = House(policy=replace(Policy(), admin_mail=AdminMailRule(require_authentication=False)))
    morning = digest(house, "2026-03-17 09:00")
    say(house, STOP, morning, vouched="")
    assert stopped(house)


def test_an_admin_cannot_use_a_mail_to_another_admin() -> None:
    house = House(policy=POLICY)
    other = Admin("別の担当", "other@hq.example.jp")
    house.kit = replace(house.kit, directory=replace(house.kit.directory, admins=(*house.kit.directory.admins, other)))
    answer = say(house, "状況", digest(house, "2026-03-17 09:00"))[0]  # to the first admin alone
    house.receive(Order(STOP, answer, sender=other.address).raw(house))
    assert not stopped(house)
    assert "ご本人" in str(house.sent_to(other.address)[-1]["Subject"])


# -- challenges ----------------------------------------------------------------------------------------------------


def test_a_challenge_goes_to_the_address_of_the_book_and_lets_just_that_mail_happen(house: House) -> None:
    house.at("2026-03-17 09:00")
    (challenge,) = say(house, STOP, vouched="", headers=[("Reply-To", EVIL)])
    assert str(challenge["To"]) == ADMIN
    assert STOP in body(challenge)
    (answer,) = say(house, "承認", challenge, vouched="")
    assert stopped(house)
    assert "実行しました" in str(answer["Subject"])


def test_a_challenge_is_good_for_one_answer(house: House) -> None:
    house.at("2026-03-17 09:00")
    (challenge,) = say(house, STOP, vouched="")
    say(house, "承認", challenge, vouched="")
    with house.store.transaction() as tx:
        tx.set_fact(KILL_SWITCH, "off")
    say(house, "承認", challenge, vouched="")
    assert not stopped(house)


def test_a_challenge_cannot_be_answered_by_anybody_else_nor_late_nor_with_other_words(house: House) -> None:
    house.at("2026-03-17 09:00")
    (challenge,) = say(house, STOP, vouched="")
    house.receive(Order("承認", challenge, sender=EVIL, vouched="").raw(house))
    assert not stopped(house)
    say(house, "承認してよいか確認中です", challenge, vouched="")
    assert not stopped(house)
    house.at("2026-03-20 09:00")
    say(house, "承認", challenge, vouched="")
    assert not stopped(house)


def test_a_declined_challenge_is_dropped(house: House) -> None:
    house.at("2026-03-17 09:00")
    (challenge,) = say(house, STOP, vouched="")
    say(house, "取りやめ", challenge, vouched="")
    say(house, "承認", challenge, vouched="")
    assert not stopped(house)


def test_who_guesses_without_having_read_the_challenge_fails(house: House) -> None:
    house.at("2026-03-17 09:00")
    say(house, STOP, vouched="")
    guess = "<0123456789abcdefghjk@hq.example.jp>"
    house.receive(Order("承認", vouched="", headers=[("In-Reply-To", guess)]).raw(house))
    assert not stopped(house)


def test_challenges_are_few_and_never_answer_a_machine(house: House) -> None:
    house.at("2026-03-17 09:00")
    for n in range(POLICY.admin_mail.challenges_per_day + 5):
        house.receive(Order(f"{STOP}\n保留 {n + 1}", vouched="").raw(house))
    assert len(house.sent_to(ADMIN)) == POLICY.admin_mail.challenges_per_day
    assert quoted(house)
    auto = [("Auto-Submitted", "auto-replied")]
    before = len(house.sent_to(ADMIN))
    house.receive(Order(STOP, house.sent_to(ADMIN)[-1], headers=auto).raw(house))
    assert len(house.sent_to(ADMIN)) == before
    assert not stopped(house)


# -- what must not pass for a command ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        [("List-Id", "<staff.hq.example.jp>")], [("Precedence", "bulk")], [("Auto-Submitted", "auto-generated")],
        [("X-Autoreply", "yes")], [("Return-Path", "<>")],
    ],
)  # fmt: skip
def test_machines_and_lists_give_no_commands(
    house: House, morning: EmailMessage, headers: list[tuple[str, str]]
) -> None:
    assert say(house, STOP, morning, headers=headers) == []
    assert not stopped(house)


def test_a_second_author_makes_it_nobodys_mail(house: House, morning: EmailMessage) -> None:
    raw = Order(STOP, morning).raw(house)
    house.receive(raw.replace(b"From: ", b"From: evil@example.com\nFrom: ", 1))
    house.receive(raw.replace(b"From: admin@", b"From: evil@example.com, admin@", 1).replace(b"order-1", b"order-x"))
    assert not stopped(house)


@pytest.mark.parametrize(
    "text",
    [
        f"> {STOP}",
        f"ご参考\n\n-----Original Message-----\nFrom: x@example.com\nSent: 2026\nTo: y\nSubject: z\n\n{STOP}",
        f"お疲れ様です\n\n2026年3月16日(月) 10:00 X <x@example.com>:\n> こんにちは\n{STOP}",
    ],
)  # fmt: skip
def test_what_stands_in_or_below_a_quote_is_no_command(house: House, morning: EmailMessage, text: str) -> None:
    say(house, text, morning)
    assert not stopped(house)


def test_our_own_words_are_a_quote_even_without_a_mark(house: House, morning: EmailMessage) -> None:
    ours = next(line for line in body(morning).splitlines() if len(line.strip()) > 10)
    say(house, f"拝見しました。\n\n{ours}\n{STOP}", morning)
    assert not stopped(house)


def test_words_hidden_in_html_are_asked_about(house: House, morning: EmailMessage) -> None:
    html = f'<p>状況</p><p style="color:#ffffff">{STOP}</p>'
    (challenge,) = say(house, "", morning, html=html)
    assert STOP in body(challenge)
    assert not stopped(house)


def test_html_that_shows_everything_acts(house: House, morning: EmailMessage) -> None:
    quote = f"<hr><p>From: meibo<br>Sent: 2026<br>To: x<br>Subject: z</p><p>{body(morning)}</p>"
    say(house, "", morning, html=f'<html><body><div class="MsoNormal">{STOP}<br></div>{quote}</body></html>')
    assert stopped(house)


def test_one_unclear_line_stops_the_whole_mail(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, f"{STOP}\n12 は たぶん 4/1", morning)
    assert not stopped(house)
    assert "実行していません" in str(answer["Subject"])
    assert "※「12 は たぶん 4/1」" in body(answer)


# -- again and again -----------------------------------------------------------------------------------------------


def test_each_mail_acts_once_however_often_it_comes(house: House, morning: EmailMessage) -> None:
    raw = Order(STOP, morning).raw(house)
    house.receive(raw)
    with house.store.transaction() as tx:
        tx.set_fact(KILL_SWITCH, "off")
        first = tx.mails()[-1].ledger_id
    house.receive(raw)  # the same bytes
    house.receive(b"X-Relay: again\n" + raw)  # the same Message-ID
    house.receive(raw.replace(b"order-0@", b"other@"))  # the same words for the same mail of ours
    replay(house.kit, first, "test")
    house.drain()
    assert not stopped(house)
    assert "実行済み" in body(house.sent_to(ADMIN)[-1])


def test_an_old_mail_and_an_old_token_are_no_proof(house: House, morning: EmailMessage) -> None:
    house.at("2026-04-14 09:00")
    assert challenged(say(house, STOP, morning))
    fresh = digest(house, "2026-04-15 09:00")
    old = format_datetime(house.clock.now() - dt.timedelta(days=20))
    assert challenged(say(house, STOP, fresh, date=old))
    assert not stopped(house)


def test_the_ticket_of_a_link_is_a_token(house: House, morning: EmailMessage) -> None:
    with house.store.snapshot() as tx:
        (outbox_id,) = [m.outbox_id for m in tx.outbox()]
    from daemon.domain.tokens import ticket

    good = ticket(house.kit.key, f"digest:{house.clock.today()}")
    assert challenged(say(house, STOP, subject=f"meibod 指示 [{good[:-1]}0]"))
    say(house, STOP, subject=f"meibod 指示 [{good}]")
    assert stopped(house)
    assert outbox_id


def test_thanks_are_not_answered_and_questions_get_the_language_explained(house: House, morning: EmailMessage) -> None:
    assert say(house, "ありがとうございました。", morning) == []
    (answer,) = say(house, "返信の書き方を知りたいのですが、どうすればよいでしょうか。", morning)
    assert "ご指示の書き方" in str(answer["Subject"])
    with house.store.snapshot() as tx:
        assert {m.state for m in tx.mails()} == {MailState.APPLIED}


def test_a_server_that_is_not_ours_cannot_vouch_by_standing_below(house: House, morning: EmailMessage) -> None:
    raw = Order(STOP, morning, vouched="").raw(house)
    house.receive(
        b"Authentication-Results: other.example; none\nAuthentication-Results: " + VOUCHED.encode() + b"\n" + raw
    )
    assert not stopped(house)
    assert parsed(raw)["From"] == ADMIN


def test_a_mail_an_admin_merely_copies_to_us_is_read_like_anybodys(house: House, morning: EmailMessage) -> None:
    raw = Order("4月1日で承認しました。ご確認ください。", vouched="").raw(house)
    house.receive(raw.replace(b"To: meibo@", b"To: someone@office.example, meibo@", 1))
    assert len(house.sent_to(ADMIN)) == 1  # the digest


def test_answers_to_admins_leave_even_while_sending_is_stopped(house: House, morning: EmailMessage) -> None:
    say(house, STOP, morning)
    assert house.sent_to(ADMIN)[-1]["Subject"] != morning["Subject"]
    say(house, "送信再開", house.sent_to(ADMIN)[-1])
    assert not stopped(house)


def test_an_answer_below_the_quote_is_told_where_to_write(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, f"> 登録状況\n{STOP}", morning)
    assert not stopped(house)
    assert "引用より上に" in body(answer)
