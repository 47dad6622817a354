"""The cases the document forgets: one sentence each, through the handlers with real documents and readers."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from daemon.domain.model import Enrollment, OutboxState, ReviewState, SourceKind, State, Status, TrainingState
from daemon.domain.policy import Policy
from daemon.errors import Refused
from daemon.handlers import review as reviewing
from daemon.handlers.cases import Person, Place, add_trainee, reinstate, substitute, transfer, withdraw
from daemon.handlers.dispatch import approve
from daemon.handlers.prepare import import_list
from daemon.handlers.remind import remind
from daemon.handlers.rename import former_spellings, rename, settle_with_name
from daemon.handlers.rows import find_row, find_rows
from daemon.handlers.said import Said, cleaned, correct, is_by_telephone, report
from daemon.handlers.schedule import cancel_training, move_deadline, postpone
from parsers.findings import Field, Problem
from tests.fakes.house import Answer, House, attachment, filled

PEOPLE = (
    ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川/横浜", "渡邉　恵", "ワタナベ　メグミ"),
    ("神奈川/藤沢", "齋藤　翼", "サイトウ　ツバサ"),
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
)
KANAGAWA, CHIBA = "wm-kanagawa@example.jp", "wm-chiba@example.jp"
FIELD = Field.CONCURRENT_REGISTERED_ON
DONE = dt.datetime(2026, 3, 10)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def training(house: House) -> str:
    """Four people in two prefectures, dispatched on Monday 2026-03-02, looked at on the 16th."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    house.at("2026-03-16 10:00")
    return ident


def row_of(house: House, name: str) -> Enrollment:
    with house.store.snapshot() as tx:
        return next(r for r in tx.enrollments() if r.name == name and not r.excluded_because)


def again(house: House, ident: str) -> Enrollment:
    with house.store.snapshot() as tx:
        return tx.get_enrollment(ident)


def last_event(house: House, kind: str) -> dict[str, object]:
    with house.store.snapshot() as tx:
        event = next(e for e in reversed(tx.events()) if e.kind == kind)
    assert event.actor == "suzuki"
    found: dict[str, object] = json.loads(event.payload)
    return found


def answer(house: House, address: str = CHIBA, value: object = DONE) -> None:
    mail = house.sent_to(address)[0]
    books = [attachment(mail, ".xlsx", n) for n in range(len(list(mail.iter_attachments())) // 2)]
    files = [(n, filled(b, lambda *_: value)) for n, b in books]
    house.receive(Answer(mail, files=files).raw())


def test_withdrawn_before_registration_owes_nothing(house: House, training: str) -> None:
    out = withdraw(house.kit, row_of(house, "山﨑　𠮷子").enrollment_id, "suzuki", "体調不良による辞退")
    assert out.state is State.EXCLUDED
    assert not out.cleanup_owed
    said = last_event(house, "trainee-excluded")
    assert said["before"] == "sent"
    assert said["because"] == "体調不良による辞退"


def test_withdrawn_after_registration_owes_a_clean_up(house: House, training: str) -> None:
    answer(house)
    out = withdraw(house.kit, row_of(house, "山﨑　𠮷子").enrollment_id, "suzuki", "辞退")
    assert out.cleanup_owed
    assert out.values[FIELD].value == "2026-03-10"


def test_withdrawing_twice_is_refused(house: House, training: str) -> None:
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    withdraw(house.kit, ident, "suzuki", "辞退")
    with pytest.raises(Refused, match="対象外"):
        withdraw(house.kit, ident, "suzuki", "辞退")


def test_a_reason_is_needed_and_may_not_name_the_trainee(house: House, training: str) -> None:
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    with pytest.raises(Refused, match="理由"):
        withdraw(house.kit, ident, "suzuki", "  ")
    with pytest.raises(Refused, match="氏名"):
        withdraw(house.kit, ident, "suzuki", "山﨑𠮷子さんの都合")


def test_reinstated_the_row_is_where_its_dates_put_it(house: House, training: str) -> None:
    answer(house)
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    withdraw(house.kit, ident, "suzuki", "辞退")
    back = reinstate(house.kit, ident, "suzuki", "辞退の取消し")
    assert back.state is State.VERIFIED
    assert not back.cleanup_owed
    assert last_event(house, "trainee-reinstated")["because"] == "辞退の取消し"


def test_reinstated_before_it_ever_left_it_goes_out_with_the_next_approval(house: House) -> None:
    ident = house.training(PEOPLE)
    row = row_of(house, "齋藤　翼")
    withdraw(house.kit, row.enrollment_id, "suzuki", "辞退")
    house.dispatch(ident)
    assert reinstate(house.kit, row.enrollment_id, "suzuki", "参加に変更").state is State.LISTED
    house.dispatch(ident)
    assert again(house, row.enrollment_id).state is State.SENT


def test_a_substitute_stands_at_the_end_and_goes_out_as_a_supplement(house: House, training: str) -> None:
    old = row_of(house, "髙橋　一郎")
    new = substitute(house.kit, old.enrollment_id, Person("森　あゆみ", "モリ　アユミ", "B7654321"), "suzuki", "異動")
    assert again(house, old.enrollment_id).state is State.EXCLUDED
    assert (new.roster, new.row, new.replaces, new.state) == (old.roster, 3, old.enrollment_id, State.LISTED)
    before = len(house.submission.taken)
    house.dispatch(training)
    assert again(house, new.enrollment_id).state is State.SENT
    assert [set(to) for _, to, _ in house.submission.taken[before:]] == [{KANAGAWA}]


def test_somebody_added_stands_at_the_end_and_goes_out_as_a_supplement(house: House, training: str) -> None:
    new = add_trainee(
        house.kit, training, Place("神奈川", "横浜"), Person("森　あゆみ", "モリ　アユミ"), "suzuki", "追加の申込み"
    )
    assert (new.roster, new.row, new.state) == (row_of(house, "髙橋　一郎").roster, 3, State.LISTED)
    assert last_event(house, "trainee-added")["because"] == "追加の申込み"
    before = len(house.submission.taken)
    house.dispatch(training)
    assert again(house, new.enrollment_id).state is State.SENT
    assert [set(to) for _, to, _ in house.submission.taken[before:]] == [{KANAGAWA}]


def test_somebody_added_at_a_centre_without_a_roster_gets_one(house: House, training: str) -> None:
    person = Person("森　あゆみ", "モリ　アユミ")
    new = add_trainee(house.kit, training, Place("千葉", "柏"), person, "suzuki", "追加の申込み")
    assert (new.row, new.prefecture) == (1, "千葉")
    with pytest.raises(Refused, match="同じ氏名"):
        add_trainee(house.kit, training, Place("千葉", "柏"), person, "suzuki", "追加の申込み")
    with pytest.raises(Refused, match="宛先台帳"):
        add_trainee(house.kit, training, Place("千葉", "どこか"), person, "suzuki", "追加の申込み")


def test_somebody_added_to_a_complete_run_opens_it_again(house: House, training: str) -> None:
    answer(house)
    for name in ("髙橋　一郎", "渡邉　恵", "齋藤　翼"):
        withdraw(house.kit, row_of(house, name).enrollment_id, "suzuki", "辞退")
    with house.store.snapshot() as tx:
        assert tx.get_training(training).state is TrainingState.COMPLETE
    add_trainee(house.kit, training, Place("千葉", "柏"), Person("森　歩", "モリ　アユム"), "suzuki", "追加")
    with house.store.snapshot() as tx:
        assert tx.get_training(training).state is TrainingState.APPROVED


def test_a_beginner_steps_in_only_with_e_learning_done(house: House) -> None:
    from daemon.domain.model import Course

    ident = house.training(PEOPLE, Course.BEGINNER)
    house.dispatch(ident)
    with pytest.raises(Refused, match="ｅラーニング"):
        substitute(
            house.kit, row_of(house, "髙橋　一郎").enrollment_id, Person("森　歩", "モリ　アユム"), "suzuki", "異動"
        )


def test_transferred_before_dispatch_the_row_itself_moves(house: House) -> None:
    ident = house.training(PEOPLE)
    row = row_of(house, "髙橋　一郎")
    moved = transfer(house.kit, row.enrollment_id, Place("千葉", "船橋"), "suzuki", "人事異動")
    assert moved.enrollment_id == row.enrollment_id
    assert moved.prefecture == "千葉"
    house.dispatch(ident)
    assert {r.name for r in house.rows(ident, "千葉")} == {"髙橋　一郎", "山﨑　𠮷子"}
    assert {r.state for r in house.rows(ident)} == {State.SENT}


def test_transferred_after_dispatch_the_dates_stay_and_a_new_row_owes_its_own(house: House, training: str) -> None:
    answer(house)
    row = row_of(house, "山﨑　𠮷子")
    new = transfer(house.kit, row.enrollment_id, Place("神奈川", "横浜"), "suzuki", "人事異動")
    old = again(house, row.enrollment_id)
    assert old.state is State.EXCLUDED
    assert old.cleanup_owed
    assert new.replaces == old.enrollment_id
    assert not new.values
    house.dispatch(training)
    assert again(house, new.enrollment_id).state is State.SENT
    assert last_event(house, "trainee-transferred")["before"] == f"{row.roster}/{row.row}"


def test_a_renamed_trainee_keeps_the_old_spelling_outside_the_history(house: House, training: str) -> None:
    row = row_of(house, "髙橋　一郎")
    new = rename(house.kit, row.enrollment_id, ("高橋　一郎", ""), "suzuki", "字体の訂正")
    assert new.name == "高橋　一郎"
    with house.store.snapshot() as tx:
        assert [s.name for s in former_spellings(tx, row.enrollment_id)] == ["髙橋　一郎"]
        assert not [e for e in tx.events() if "橋" in e.payload]
    assert last_event(house, "trainee-renamed")["before"] == "spelling:1"


def test_a_name_the_office_wrote_otherwise_is_settled_by_renaming(house: House, training: str) -> None:
    import io

    import openpyxl

    mail = house.sent_to(CHIBA)[0]
    name, data = attachment(mail, ".xlsx")
    book = openpyxl.load_workbook(io.BytesIO(filled(data, lambda *_: DONE)))
    for cells in book.worksheets[0].iter_rows():
        for cell in cells:
            if cell.value == "山﨑　𠮷子":
                cell.value = "山岡　𠮷子"
    out = io.BytesIO()
    book.save(out)
    house.receive(Answer(mail, files=[(name, out.getvalue())]).raw())
    with house.store.snapshot() as tx:
        asked = [r for r in tx.reviews() if Problem.NAME_DIFFERS in r.problems]
    assert len(asked) == 1
    settle_with_name(house.kit, asked[0].review_id, ("山岡　𠮷子", "ヤマオカ　ヨシコ"), "suzuki", "改姓")
    row = row_of(house, "山岡　𠮷子")
    assert row.state is State.VERIFIED
    assert row.values[FIELD].value == "2026-03-10"


def test_an_older_registration_is_recorded_only_by_a_person_with_a_reason(house: House, training: str) -> None:
    answer(house, value=dt.datetime(2025, 11, 4))
    with house.store.snapshot() as tx:
        asked = tx.reviews()
    assert [r.problems for r in asked] == [(Problem.BEFORE_DISPATCH,)]
    assert row_of(house, "山﨑　𠮷子").state is State.QUERY
    reviewing.accept(house.kit, asked[0].review_id, "suzuki", "前回の登録が有効と事務所に確認")
    row = row_of(house, "山﨑　𠮷子")
    assert (row.state, row.values[FIELD].value) == (State.VERIFIED, "2025-11-04")
    assert last_event(house, "value-recorded")["because"] == "前回の登録が有効と事務所に確認"


def test_already_registered_asks_and_a_person_sets_the_day(house: House, training: str) -> None:
    answer(house, value="既登録")
    with house.store.snapshot() as tx:
        asked = tx.reviews()
    assert [Problem.ALREADY_REGISTERED in r.problems for r in asked] == [True]
    reviewing.set_value(house.kit, asked[0].review_id, "2025-11-04", "suzuki", "事務所に電話で確認")
    row = row_of(house, "山﨑　𠮷子")
    assert (row.state, row.values[FIELD].source) == (State.VERIFIED, SourceKind.PERSON)


def test_a_registration_deleted_after_a_withdrawal_is_owed_anew_when_the_trainee_comes_back(
    house: House, training: str
) -> None:
    answer(house)
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    withdraw(house.kit, ident, "suzuki", "辞退")
    done = cleaned(house.kit, ident, deletion(Field.CONCURRENT_DELETED_ON, 13))
    assert not done.cleanup_owed
    assert last_event(house, "cleanup-done")["field"] == Field.CONCURRENT_DELETED_ON
    back = reinstate(house.kit, ident, "suzuki", "辞退の取消し")
    assert (back.state, dict(back.values)) == (State.ACKED, {})
    with house.store.snapshot() as tx:
        assert len(tx.readings(enrollment_id=ident)) == 2


def test_who_comes_back_with_a_date_that_was_only_read_waits_for_a_glance_again() -> None:
    house = House(policy=Policy(auto_verify_typed=False))
    house.dispatch(house.training(PEOPLE))
    house.at("2026-03-16 10:00")
    answer(house)
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    withdraw(house.kit, ident, "suzuki", "辞退")
    with house.store.snapshot() as tx:
        assert tx.reviews() == []
    assert reinstate(house.kit, ident, "suzuki", "辞退の取消し").state is State.READ
    with house.store.snapshot() as tx:
        (asked,) = tx.reviews()
    assert (asked.kind, asked.suggestion, asked.evidence.cell != "") == ("verify", "2026-03-10", True)
    reviewing.accept(house.kit, asked.review_id, "suzuki")
    assert again(house, ident).state is State.VERIFIED


def test_a_clean_up_names_one_deletion_and_a_day_that_can_be(house: House, training: str) -> None:
    answer(house)
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    with pytest.raises(Refused, match="後始末"):
        cleaned(house.kit, ident, deletion(Field.ID_DELETED_ON, 13))
    withdraw(house.kit, ident, "suzuki", "辞退")
    with pytest.raises(Refused, match="登録の日"):
        cleaned(house.kit, ident, deletion(Field.CONCURRENT_DELETED_ON, 9))
    with pytest.raises(Refused, match="削除年月日"):
        cleaned(house.kit, ident, deletion(FIELD, 13))
    cleaned(house.kit, ident, deletion(Field.CONCURRENT_DELETED_ON, 13))
    with pytest.raises(Refused, match="後始末"):
        cleaned(house.kit, ident, deletion(Field.ID_DELETED_ON, 13))


def deletion(field: Field, day: int) -> Said:
    return Said(field, dt.date(2026, 3, day), "suzuki", "センターに確認")


def phone(day: int) -> Said:
    return Said(FIELD, dt.date(2026, 3, day), "suzuki", "電話連絡", "船橋センター　受付")


def test_a_telephone_report_counts_as_read_until_a_sheet_verifies_it(house: House, training: str) -> None:
    row = report(house.kit, row_of(house, "山﨑　𠮷子").enrollment_id, phone(10))
    assert row.state is State.READ
    assert is_by_telephone(row.values[FIELD])
    with house.store.snapshot() as tx:
        assert "受付" not in "".join(e.payload for e in tx.events())
    answer(house)
    row = again(house, row.enrollment_id)
    assert row.state is State.VERIFIED
    assert row.values[FIELD].source is SourceKind.XLSX


def test_a_sheet_that_contradicts_the_telephone_is_a_question(house: House, training: str) -> None:
    row = report(house.kit, row_of(house, "山﨑　𠮷子").enrollment_id, phone(11))
    answer(house)
    row = again(house, row.enrollment_id)
    assert row.state is State.QUERY
    with house.store.snapshot() as tx:
        assert [Problem.CONFLICTS_WITH_RECORD in r.problems for r in tx.reviews()] == [True]


def test_a_telephone_report_of_a_day_to_come_is_refused(house: House, training: str) -> None:
    with pytest.raises(Refused, match="after-receipt"):
        report(house.kit, row_of(house, "山﨑　𠮷子").enrollment_id, phone(20))


def test_a_date_is_corrected_with_its_reason(house: House, training: str) -> None:
    answer(house)
    said = Said(FIELD, dt.date(2026, 3, 9), "suzuki", "事務所からの訂正依頼")
    row = correct(house.kit, row_of(house, "山﨑　𠮷子").enrollment_id, said)
    assert (row.state, row.values[FIELD].value) == (State.VERIFIED, "2026-03-09")
    line = last_event(house, "value-corrected")
    assert (line["before"], line["value"], line["because"]) == ("2026-03-10", "2026-03-09", "事務所からの訂正依頼")


def test_a_moved_deadline_replans_reminders_and_is_named_in_them(house: House, training: str) -> None:
    move_deadline(house.kit, training, dt.date(2026, 3, 18), "suzuki", "会場の都合")
    with house.store.snapshot() as tx:
        assert {d.next_reminder_on for d in tx.dispatches(training)} == {dt.date(2026, 3, 16)}
        tx_training = tx.get_training(training)
    assert tx_training.deadline_on == dt.date(2026, 3, 18)
    house.receive()
    assert remind(house.kit).queued
    house.drain()
    assert "3月18日" in str(house.sent().get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_a_reminder_with_the_old_deadline_does_not_leave(house: House, training: str) -> None:
    house.at("2026-03-31 10:00")
    house.receive()
    assert remind(house.kit).queued
    move_deadline(house.kit, training, dt.date(2026, 4, 10), "suzuki", "延長")
    with house.store.snapshot() as tx:
        assert not tx.outbox(states=[OutboxState.READY, OutboxState.HELD])
    sent = len(house.submission.taken)
    house.drain()
    assert len(house.submission.taken) == sent


def test_a_deadline_on_the_first_day_is_refused(house: House, training: str) -> None:
    with pytest.raises(Refused, match="初日"):
        move_deadline(house.kit, training, dt.date(2026, 4, 15), "suzuki", "延長")


def test_a_postponed_training_keeps_its_dates_and_gets_a_deadline_by_the_rule(house: House, training: str) -> None:
    answer(house)
    moved = postpone(house.kit, training, dt.date(2026, 5, 13), dt.date(2026, 5, 15), "suzuki", "会場の都合")
    assert moved.deadline_on == dt.date(2026, 5, 1)
    assert row_of(house, "山﨑　𠮷子").state is State.VERIFIED
    assert last_event(house, "training-postponed")["after"] == "2026-05-13/2026-05-15/2026-05-01"


def test_a_cancelled_training_owes_clean_up_and_writes_to_nobody(house: House, training: str) -> None:
    answer(house)
    house.at("2026-03-31 10:00")
    house.receive()
    remind(house.kit)
    cancelled = cancel_training(house.kit, training, "suzuki", "申込不足")
    assert cancelled.state is TrainingState.CANCELLED
    rows = house.rows(training)
    assert {r.state for r in rows} == {State.EXCLUDED}
    assert [r.name for r in rows if r.cleanup_owed] == ["山﨑　𠮷子"]
    sent = len(house.submission.taken)
    house.drain()
    house.at("2026-04-07 10:00")
    house.receive()
    assert not remind(house.kit).queued
    assert len(house.submission.taken) == sent
    with pytest.raises(Refused):
        approve(house.kit, training, "suzuki")


def test_a_date_for_a_withdrawn_trainee_is_a_question(house: House, training: str) -> None:
    withdraw(house.kit, row_of(house, "山﨑　𠮷子").enrollment_id, "suzuki", "辞退")
    answer(house)
    with house.store.snapshot() as tx:
        assert [Problem.TRAINEE_EXCLUDED in r.problems for r in tx.reviews(state=ReviewState.OPEN)] == [True]


def test_a_registration_that_turns_up_after_the_withdrawal_is_taken_over_and_owed_a_clean_up(
    house: House, training: str
) -> None:
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    withdraw(house.kit, ident, "suzuki", "辞退")
    answer(house)
    with house.store.snapshot() as tx:
        (asked,) = tx.reviews()
    reviewing.accept(house.kit, asked.review_id, "suzuki", "登録済みと確認")
    row = again(house, ident)
    assert (row.state, row.cleanup_owed) == (State.EXCLUDED, True)
    assert row.values[FIELD].value == "2026-03-10"


def test_a_list_without_somebody_takes_that_one_out_and_a_list_with_them_brings_them_back(
    house: House, training: str
) -> None:
    answer(house)
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    import_list(house.kit, training, "list.xlsx", house.list_file(PEOPLE[:3]), "suzuki", apply=True)
    assert (again(house, ident).state, again(house, ident).cleanup_owed) == (State.EXCLUDED, True)
    import_list(house.kit, training, "list.xlsx", house.list_file(PEOPLE), "suzuki", apply=True)
    assert (again(house, ident).state, again(house, ident).cleanup_owed) == (State.VERIFIED, False)
    said = last_event(house, "trainee-reinstated")
    assert (said["before"], said["after"]) == ("excluded", "verified")


def test_a_supplement_to_an_office_that_has_written_leaves_nobody_merely_sent(house: House, training: str) -> None:
    house.receive(Answer(house.sent_to(CHIBA)[0], text="来週手続きの予定です。\n").raw())
    assert row_of(house, "山﨑　𠮷子").state is State.IN_PROGRESS
    new = add_trainee(house.kit, training, Place("千葉", "柏"), Person("森　歩", "モリ　アユム"), "suzuki", "追加")
    house.dispatch(training)
    assert again(house, new.enrollment_id).state is State.IN_PROGRESS


def test_a_registration_told_after_the_withdrawal_is_owed_a_clean_up(house: House, training: str) -> None:
    ident = row_of(house, "山﨑　𠮷子").enrollment_id
    withdraw(house.kit, ident, "suzuki", "辞退")
    row = report(house.kit, ident, phone(10))
    assert row.cleanup_owed
    assert row.values[FIELD].status is Status.READ


def test_a_row_is_found_by_number_code_or_name(house: House, training: str) -> None:
    row = row_of(house, "渡邉　恵")
    with house.store.snapshot() as tx:
        assert find_row(tx, f"{row.roster.lower()}／{row.row}") == row
        assert find_row(tx, row.enrollment_id) == row
        assert find_row(tx, "渡邉恵") == row
        assert find_rows(tx, "大山") == []
