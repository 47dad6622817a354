"""The receipt for what came by fax: when an office hears, what it hears, and when it must not hear anything."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from email.message import EmailMessage

import pytest

from daemon.domain.model import Course, Dispatch, MailPurpose, OutboxState, Phase, TrainingState
from daemon.domain.policy import FaxAcceptance, Policy
from daemon.handlers import review
from daemon.handlers.acknowledge_fax import QUIET, acknowledge_faxes
from daemon.handlers.cases import withdraw
from daemon.handlers.digest import compose
from daemon.handlers.handover import make_due, mark
from daemon.handlers.ingest import replay
from daemon.handlers.outbox import stop_all
from daemon.handlers.pages import place_page
from daemon.handlers.remind import remind
from daemon.handlers.schedule import cancel_training
from daemon.handlers.settled import concerned
from parsers.findings import Decision, Field, Finding, Problem
from tests.fakes.faxmail import FaxReader, Said, date_finding, fax_house, fax_mail
from tests.fakes.house import Answer, House, attachment
from tests.fakes.run import outbox, questions, results_out, training

KANAGAWA, CHIBA = "wm-kanagawa@example.jp", "wm-chiba@example.jp"
PEOPLE = (
    ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川/横浜", "渡邉　恵", "ワタナベ　メグミ"),
    ("神奈川/厚木", "森　花", "モリ　ハナ"),
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
)
DAY = "2026-03-10"
FIELD = Field.CONCURRENT_REGISTERED_ON


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def reader(house: House) -> FaxReader:
    return fax_house(house)


@pytest.fixture
def run(house: House, reader: FaxReader) -> str:
    """Three people in 神奈川 on two rosters, one in 千葉; sent on 2026-03-02, now it is the 16th."""
    return sent_out(house, reader)


def sent_out(house: House, reader: FaxReader, course: Course = Course.WM_SKILL_UP) -> str:
    ident = house.training(PEOPLE, course)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    reader.names = {(row.roster, row.row): row.name for row in house.rows(ident)}
    return ident


def code_of(house: House, run: str, centre: str) -> str:
    with house.store.snapshot() as tx:
        return next(r.code for r in tx.rosters(run) if r.centre == centre and r.phase is Phase.PRE)


def fax(house: House, reader: FaxReader, subject: str, *pages: Said) -> None:
    reader.told[subject] = list(pages)
    house.receive(fax_mail(subject))


def everything_ok(house: House) -> None:
    """全件OK: every glance and every question that suggests something."""
    for question in questions(house):
        review.accept(house.kit, question.review_id, "suzuki")


def quiet(house: House) -> None:
    """The chore once nothing has been settled for a while."""
    house.clock.advance(seconds=QUIET.total_seconds())
    acknowledge_faxes(house.kit)
    house.drain()


def receipts(house: House, address: str = KANAGAWA) -> list[EmailMessage]:
    return [m for m in house.sent_to(address) if str(m["Subject"]).startswith("【受領】")]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def part(text: str, title: str) -> str:
    """What stands under 「■ title」."""
    found = re.search(rf"■ {title}(.*?)(?=\n■|\n\n|\Z)", text, re.DOTALL)
    return found.group(1) if found else ""


def dispatch_mail(house: House, address: str = KANAGAWA) -> EmailMessage:
    return house.sent_to(address)[0]


def sealed(house: House, run: str) -> list[Said]:
    """A page for each roster with everybody's day."""
    return [
        Said(code_of(house, run, "横浜"), {1: DAY, 2: DAY}), Said(code_of(house, run, "厚木"), {1: DAY}),
        Said(code_of(house, run, "船橋"), {1: DAY}),
    ]  # fmt: skip


# -- who hears what ------------------------------------------------------------------------------------------------


def test_the_office_hears_in_the_thread_of_its_dispatch_what_was_confirmed_and_what_is_missing(
    house: House, reader: FaxReader, run: str
) -> None:
    yokohama, kawasaki = code_of(house, run, "横浜"), code_of(house, run, "厚木")
    fax(house, reader, "Fax from 1", Said(yokohama, {1: DAY, 2: DAY}))
    house.at("2026-03-17 08:40")
    everything_ok(house)
    quiet(house)
    (mail,) = receipts(house)
    assert "（ＦＡＸ受信分・3名中2名確認）" in str(mail["Subject"])
    assert mail["In-Reply-To"] == dispatch_mail(house)["Message-ID"]
    assert (mail["To"], mail["Cc"]) == (dispatch_mail(house)["To"], dispatch_mail(house)["Cc"])
    text = text_of(mail)
    assert "ＦＡＸ　3月16日（月） 10:00" in part(text, "受信")
    assert yokohama in part(text, "今回分")
    assert "No.1、2" in part(text, "今回分")
    assert kawasaki in part(text, "未確認")
    assert "No.1" in part(text, "未確認")
    assert "髙橋" not in text


def test_rosters_and_faxes_settled_together_are_one_mail_to_each_office(
    house: House, reader: FaxReader, run: str
) -> None:
    for number, said in enumerate(sealed(house, run)):
        fax(house, reader, f"Fax from {number}", said)
        house.clock.advance(minutes=20)
    everything_ok(house)
    quiet(house)
    (kanagawa,), (chiba,) = receipts(house), receipts(house, CHIBA)
    theirs = text_of(kanagawa)
    assert "（ＦＡＸ受信分・3名全員確認）" in str(kanagawa["Subject"])
    assert all(code_of(house, run, c) in part(theirs, "今回分") for c in ("横浜", "厚木"))
    assert theirs.count("ＦＡＸ　3月16日（月）") == 2
    assert code_of(house, run, "船橋") in text_of(chiba)


def test_pages_of_two_offices_in_one_fax_are_told_to_each_without_the_other(
    house: House, reader: FaxReader, run: str
) -> None:
    fax(house, reader, "Fax from 1", *sealed(house, run))
    everything_ok(house)
    quiet(house)
    (kanagawa,), (chiba,) = receipts(house), receipts(house, CHIBA)
    assert "船橋" not in text_of(kanagawa)
    assert not {"横浜", "厚木"} & set(re.findall("横浜|厚木", text_of(chiba)))
    with house.store.snapshot() as tx:
        for mail in outbox(house, MailPurpose.RECEIPT):
            assert {tx.get_enrollment(e).prefecture for e in mail.enrollments} == {mail.prefecture}


def test_the_number_on_a_fax_never_makes_another_office_hear(house: House, reader: FaxReader, run: str) -> None:
    number = house.kit.directory.offices["千葉"].fax
    fax(house, reader, f"Fax from {number}", Said(code_of(house, run, "横浜"), {1: DAY}, header=number))
    everything_ok(house)
    quiet(house)
    assert len(receipts(house)) == 1
    assert receipts(house, CHIBA) == []
    assert house.sent_to("fax@hq.example.jp") == []


def test_agreement_needs_no_person_and_is_told_all_the_same(house: House, reader: FaxReader, run: str) -> None:
    house.kit = replace(house.kit, policy=Policy(fax_acceptance=FaxAcceptance.AGREEMENT))
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "横浜"), {1: DAY, 2: DAY}))
    assert questions(house) == []
    quiet(house)
    assert "3名中2名" in str(receipts(house)[0]["Subject"])


def test_a_date_the_admin_typed_in_from_the_picture_is_told(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "厚木"), {1: DAY}))
    review.set_value(house.kit, questions(house)[0].review_id, "2026-03-11", "suzuki")
    quiet(house)
    assert code_of(house, run, "厚木") in part(text_of(receipts(house)[0]), "今回分")


def test_a_page_a_person_named_is_told_when_its_values_were_seen(house: House, reader: FaxReader, run: str) -> None:
    yokohama, kawasaki = code_of(house, run, "横浜"), code_of(house, run, "厚木")
    fax(house, reader, "Fax from 1", Said(kawasaki, {1: DAY}), Said(None, {1: DAY, 2: DAY}))
    for question in [q for q in questions(house) if q.kind == "verify"]:
        review.accept(house.kit, question.review_id, "suzuki")
    quiet(house)
    assert receipts(house) == []
    place_page(house.kit, questions(house)[0].review_id, f"{yokohama}/1", "suzuki")
    house.drain()
    quiet(house)
    assert receipts(house) == []
    everything_ok(house)
    quiet(house)
    (mail,) = receipts(house)
    assert "3名全員確認" in str(mail["Subject"])
    assert all(code in part(text_of(mail), "今回分") for code in (yokohama, kawasaki))


def test_a_row_with_one_of_two_dates_is_told_by_what_it_still_owes(house: House, reader: FaxReader) -> None:
    run = sent_out(house, reader, Course.BEGINNER)
    code = code_of(house, run, "厚木")
    said = Said(code, edition=2)
    found, crop = date_finding(said, 1, 1, DAY, field=Field.ID_REGISTERED_ON)
    fax(house, reader, "Fax from 1", replace(said, findings=[found], pictures=(crop,)))
    everything_ok(house)
    quiet(house)
    text = text_of(receipts(house)[0])
    assert part(text, "今回分") == ""
    assert "No.1（兼務登録年月日のみ未確認）" in part(text, "未確認")


# -- when nothing is told ------------------------------------------------------------------------------------------


def test_nothing_is_told_before_a_person_has_looked(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "横浜"), {1: DAY, 2: DAY}))
    quiet(house)
    assert receipts(house) == []
    review.accept(house.kit, questions(house)[0].review_id, "suzuki")
    quiet(house)
    assert receipts(house) == []


def test_an_office_hears_once_although_the_admin_settles_one_by_one(house: House, reader: FaxReader, run: str) -> None:
    for number, said in enumerate(sealed(house, run)[:2]):
        fax(house, reader, f"Fax from {number}", said)
    for question in questions(house):
        review.accept(house.kit, question.review_id, "suzuki")
        house.clock.advance(minutes=6)
        acknowledge_faxes(house.kit)
    quiet(house)
    assert len(receipts(house)) == 1


def test_a_clock_that_was_set_back_keeps_no_receipt_waiting(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "厚木"), {1: DAY}))
    everything_ok(house)
    house.at("2026-03-15 10:00")
    assert len(acknowledge_faxes(house.kit)) == 1


def test_a_fax_with_a_doubtful_date_is_told_when_the_doubt_is_settled(
    house: House, reader: FaxReader, run: str
) -> None:
    said = Said(code_of(house, run, "横浜"))
    doubtful, _ = date_finding(
        said, 1, 2, DAY, value=None, decision=Decision.REVIEW, problems=(Problem.LOW_CONFIDENCE,)
    )
    fax(house, reader, "Fax from 1", replace(said, dates={1: DAY}, findings=[doubtful]))
    glance, doubt = sorted(questions(house), key=lambda q: q.kind != "verify")
    review.accept(house.kit, glance.review_id, "suzuki")
    quiet(house)
    assert receipts(house) == []
    review.set_value(house.kit, doubt.review_id, DAY, "suzuki")
    quiet(house)
    assert "No.1、2" in part(text_of(receipts(house)[0]), "今回分")


def test_a_fax_of_which_everything_was_rejected_is_not_told(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "横浜"), {1: DAY, 2: DAY}))
    for question in questions(house):
        review.reject(house.kit, question.review_id, "suzuki")
    quiet(house)
    assert receipts(house) == []
    assert in_waiting(house) == 0


def test_what_was_rejected_is_among_what_is_missing(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "横浜"), {1: DAY, 2: DAY}))
    first, second = questions(house)
    review.accept(house.kit, first.review_id, "suzuki")
    review.reject(house.kit, second.review_id, "suzuki")
    quiet(house)
    text = text_of(receipts(house)[0])
    assert "No.1" in part(text, "今回分")
    assert "No.2" in part(text, "未確認")


def test_the_same_page_faxed_again_brings_no_second_receipt(house: House, reader: FaxReader, run: str) -> None:
    said = Said(code_of(house, run, "横浜"), {1: DAY, 2: DAY})
    fax(house, reader, "Fax from 1", said)
    fax(house, reader, "Fax from 2", said)
    everything_ok(house)
    quiet(house)
    fax(house, reader, "Fax from 3", said)
    quiet(house)
    assert len(receipts(house)) == 1


def test_a_second_page_of_the_roster_is_told_with_nothing_told_twice(house: House, reader: FaxReader, run: str) -> None:
    code = code_of(house, run, "横浜")
    for number, row in enumerate((1, 2)):
        fax(house, reader, f"Fax from {number}", Said(code, {row: DAY}))
        everything_ok(house)
        quiet(house)
    first, second = (part(text_of(m), "今回分") for m in receipts(house))
    assert "No.1" in first
    assert "No.2" in second
    assert "No.1" not in second


def test_looking_or_reading_again_tells_nothing_again(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", *sealed(house, run)[:2])
    fax(house, reader, "Fax from 2", sealed(house, run)[0])
    everything_ok(house)
    quiet(house)
    for ledger_id in (1, 2):
        assert replay(house.kit, ledger_id, "suzuki")
        quiet(house)
    assert acknowledge_faxes(house.kit) == ()
    assert len(receipts(house)) == 1


def test_killed_while_it_writes_the_office_hears_once(
    house: House, reader: FaxReader, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "厚木"), {1: DAY}))
    everything_ok(house)
    house.clock.advance(seconds=QUIET.total_seconds())

    def dies(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr("daemon.handlers.acknowledge_fax.looked_at", dies)
        with pytest.raises(RuntimeError, match="killed"):
            acknowledge_faxes(house.kit)
    assert outbox(house, MailPurpose.RECEIPT) == []
    quiet(house)
    quiet(house)
    assert len(receipts(house)) == 1


def in_waiting(house: House) -> int:
    with house.store.snapshot() as tx:
        return len(concerned(tx))


def test_a_cancelled_training_is_told_of_no_more(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "厚木"), {1: DAY}))
    everything_ok(house)
    cancel_training(house.kit, run, "suzuki", "講師の都合")
    quiet(house)
    assert receipts(house) == []
    assert in_waiting(house) == 0


def test_somebody_who_has_withdrawn_is_not_told_of(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "厚木"), {1: DAY}))
    everything_ok(house)
    row = next(r for r in house.rows(run) if r.name.startswith("森"))
    withdraw(house.kit, row.enrollment_id, "suzuki", "辞退")
    quiet(house)
    assert receipts(house) == []


def hand_in(house: House, run: str) -> None:
    (made,) = make_due(house.kit)
    mark(house.kit, run, made.number, "suzuki")


def test_what_completes_a_training_is_told_although_the_roster_is_handed_in_at_once(
    house: House, reader: FaxReader, run: str
) -> None:
    fax(house, reader, "Fax from 1", *sealed(house, run))
    everything_ok(house)
    assert training(house, run).state is TrainingState.COMPLETE
    house.clock.advance(minutes=1)
    hand_in(house, run)
    quiet(house)
    assert (len(receipts(house)), len(receipts(house, CHIBA))) == (1, 1)


def test_a_row_that_was_handed_in_is_told_of_no_more(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", *sealed(house, run))
    everything_ok(house)
    quiet(house)
    hand_in(house, run)
    house.clock.advance(minutes=1)
    fax(house, reader, "Fax from 2", Said(code_of(house, run, "厚木"), {1: "2026-03-11"}))
    (conflict,) = questions(house)
    review.accept(house.kit, conflict.review_id, "suzuki")
    quiet(house)
    assert len(receipts(house)) == 1


def test_limits_and_the_kill_switch_hold_it_like_any_receipt(house: House, reader: FaxReader, run: str) -> None:
    house.kit = replace(house.kit, policy=Policy(office_daily_receipts=1))
    for number, row in enumerate((1, 2)):
        fax(house, reader, f"Fax from {number}", Said(code_of(house, run, "横浜"), {row: DAY}))
        everything_ok(house)
        quiet(house)
    assert [(m.state, m.held_because) for m in outbox(house, MailPurpose.RECEIPT)] == [
        (OutboxState.SENT, ""), (OutboxState.HELD, "cap-reached"),
    ]  # fmt: skip
    stop_all(house.kit, "suzuki")
    fax(house, reader, "Fax from 3", Said(code_of(house, run, "船橋"), {1: DAY}))
    for question in [q for q in questions(house) if q.kind == "verify"]:
        review.accept(house.kit, question.review_id, "suzuki")
    quiet(house)
    assert receipts(house, CHIBA) == []
    assert outbox(house, MailPurpose.RECEIPT)[-1].state is OutboxState.READY


def test_an_office_whose_dispatch_bounced_hears_when_its_address_is_mended(
    house: House, reader: FaxReader, run: str
) -> None:
    change_dispatch(house, run, house.clock.now())
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "厚木"), {1: DAY}))
    everything_ok(house)
    quiet(house)
    assert outbox(house, MailPurpose.RECEIPT) == []
    change_dispatch(house, run, None)
    quiet(house)
    assert len(receipts(house)) == 1


def change_dispatch(house: House, run: str, bounced_at: dt.datetime | None) -> None:
    with house.store.transaction() as tx:
        found: Dispatch = tx.dispatches(run, "神奈川")[0]
        tx.save_dispatch(replace(found, bounced_at=bounced_at))


# -- beside the other mails ----------------------------------------------------------------------------------------


def test_a_receipt_for_a_mail_calls_dates_of_an_unseen_fax_under_check(
    house: House, reader: FaxReader, run: str
) -> None:
    yokohama = code_of(house, run, "横浜")
    fax(house, reader, "Fax from 1", Said(yokohama, {1: DAY, 2: DAY}))
    request = dispatch_mail(house)
    house.receive(Answer(request, files=[attachment(request, ".xlsx")]).raw())
    text = text_of(receipts(house)[0])
    assert "当方で記載内容を確認中　2名" in text
    assert yokohama in part(text, "当方で記載内容を確認中")
    assert "1名" in part(text, "未確認")


def test_a_reminder_and_a_receipt_of_one_morning_name_the_same_rows_as_missing(
    house: House, reader: FaxReader, run: str
) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "横浜"), {1: DAY, 2: DAY}))
    house.at("2026-03-31 09:05")
    house.receive()
    first, second = questions(house)
    review.accept(house.kit, first.review_id, "suzuki")
    review.reject(house.kit, second.review_id, "suzuki")
    remind(house.kit)
    quiet(house)
    (receipt,) = receipts(house)
    (reminder,) = [m for m in house.sent_to(KANAGAWA) if "ご確認" in str(m["Subject"])]
    assert missing_rows(text_of(receipt)) == missing_rows(text_of(reminder)) != set()


def missing_rows(text: str) -> set[tuple[str, ...]]:
    """(回付番号, rows) as they stand under 未確認."""
    found = re.findall(r"回付番号 (\w+)）　\d+名\n　　　(No\.[\d、〜]+)", part(text, "未確認"))
    return set(found)


def test_the_digest_counts_it_among_the_mails_that_left(house: House, reader: FaxReader, run: str) -> None:
    fax(house, reader, "Fax from 1", Said(code_of(house, run, "厚木"), {1: DAY}))
    everything_ok(house)
    quiet(house)
    with house.store.snapshot() as tx:
        assert compose(tx, house.kit).sent[MailPurpose.RECEIPT] == 1


# -- after the training --------------------------------------------------------------------------------------------


def close_by_fax(house: House, reader: FaxReader, run: str) -> set[str]:
    """Registered, trained and deleted by fax alone; the rosters with results."""
    fax(house, reader, "Fax from 1", *sealed(house, run))
    everything_ok(house)
    quiet(house)
    house.at("2026-04-20 10:00")
    results_out(house, run)
    house.at("2026-04-27 10:00")
    rows = house.rows(run)
    reader.names |= {(r.post_roster, r.post_row): r.name for r in rows}
    codes = {r.post_roster for r in rows}
    for number, code in enumerate(sorted(codes)):
        fax(house, reader, f"Fax from 2{number}", closed_page(house, code))
    everything_ok(house)
    assert training(house, run).state is TrainingState.CLOSED
    return codes


def test_deletions_that_came_by_fax_are_told_in_the_thread_of_the_results_although_they_end_the_run(
    house: House, reader: FaxReader, run: str
) -> None:
    codes = close_by_fax(house, reader, run)
    quiet(house)
    thread = [m for m in house.sent_to(KANAGAWA) if "修了の有無" in str(m["Subject"]) and m.is_multipart()][-1]
    mail = receipts(house)[-1]
    assert len(receipts(house)) == 2
    assert mail["In-Reply-To"] == thread["Message-ID"]
    text = text_of(mail)
    assert "修了後の手続きは全て確認できました" in text.replace("\n", "")
    assert "期限" not in text
    assert {c for c in codes if c in part(text, "今回分")} == {
        r.post_roster for r in house.rows(run) if r.prefecture == "神奈川"
    }


def closed_page(house: House, code: str) -> Said:
    with house.store.snapshot() as tx:
        roster = tx.get_roster(code)
        rows = [r for r in tx.enrollments(training_id=roster.training_id) if r.post_roster == code]
    said, found, crops = Said(code, edition=3), list[Finding](), []
    for row in rows:
        day, crop = date_finding(said, 1, row.post_row, "2026-04-21", field=Field.CONCURRENT_DELETED_ON)
        stays = replace(day, field=Field.DESTINATION, text=roster.centre, value=roster.centre)
        found += [stays, day]
        crops.append(crop)
    return replace(said, findings=found, pictures=tuple(crops))


def test_an_old_fax_of_a_closed_run_that_is_read_again_is_not_told(
    house: House, reader: FaxReader, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.handlers.acknowledge_fax._news", lambda *_: [])  # as before there were such receipts
    close_by_fax(house, reader, run)
    quiet(house)
    monkeypatch.undo()
    house.clock.advance(hours=24)
    with house.store.snapshot() as tx:
        faxes = [m.ledger_id for m in tx.mails()]
    for ledger_id in faxes:
        assert replay(house.kit, ledger_id, "suzuki")
    quiet(house)
    assert receipts(house) == []
    assert in_waiting(house) == 0
