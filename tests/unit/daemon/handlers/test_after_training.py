"""After the training: results out, placements and deletions back, the run to its archive (POST1–POST5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from daemon.domain.model import MailPurpose, OutboxState, Phase, State, TrainingState
from daemon.errors import Refused
from daemon.handlers.digest import compose
from daemon.handlers.prepare import exclude
from daemon.handlers.results import approve_results, import_results, template
from daemon.handlers.review import accept, reject, set_value
from daemon.handlers.status import status
from daemon.handlers.verify import verify
from parsers.findings import Field, Problem
from tests.fakes.house import Answer, House
from tests.fakes.run import (
    CONCURRENT_DELETED,
    DESTINATION,
    ID_DELETED,
    REASON,
    answered,
    books,
    outbox,
    person,
    questions,
    registered,
    results,
    results_out,
    tick,
    training,
)

PEOPLE = (
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
    ("千葉/船橋", "森　花", "モリ　ハナ"),
    ("千葉/柏", "林　翼", "ハヤシ　ツバサ"),
)
CHIBA = "wm-chiba@example.jp"
DELETED = dt.datetime(2026, 4, 22)
GOES_ON = {DESTINATION: "船橋", CONCURRENT_DELETED: DELETED}
LEAVES = {REASON: "退職", ID_DELETED: DELETED}


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def run(house: House) -> str:
    """Three people of one office, everybody registered; the training ended on 2026-04-17."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    tick(house, "2026-03-16 10:00", registered(house, CHIBA))
    house.at("2026-04-20 10:00")
    return ident


def states(house: House, run: str) -> set[State]:
    return {r.state for r in house.rows(run)}


def test_the_register_is_the_template_and_comes_back_as_results(house: House, run: str) -> None:
    report = import_results(house.kit, run, "r.xlsx", results(house, run, ("森",)), "test", apply=True)
    assert (report.completed, report.not_completed, len(report.added)) == (2, 1, 3)
    assert [person(house, run, n).completed for n in ("山", "森", "林")] == [True, False, True]
    again = import_results(house.kit, run, "r.xlsx", results(house, run, ("森",)), "test", apply=True)
    assert (again.added, again.changed, again.unchanged) == ((), (), 3)


def test_nothing_changes_while_a_result_is_missing(house: House, run: str) -> None:
    report = import_results(house.kit, run, "r.xlsx", template(house.kit, run), "test", apply=True)
    assert {p.problem for p in report.problems} == {"result-missing"}
    assert {r.completed for r in house.rows(run)} == {None}


def test_results_wait_for_the_last_day(house: House, run: str) -> None:
    house.at("2026-04-16 10:00")
    with pytest.raises(Refused, match="最終日"):
        import_results(house.kit, run, "r.xlsx", b"", "test", apply=True)


def test_rosters_with_results_have_their_own_codes_and_leave_in_one_mail(house: House, run: str) -> None:
    results_out(house, run)
    (mail,) = outbox(house, MailPurpose.RESULTS)
    assert mail.state is OutboxState.SENT
    assert "修了の有無記載済み" in str(house.sent()["Subject"])
    assert "期限" not in house.sent().get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(books(house, CHIBA, "修了の有無")) == 2
    with house.store.snapshot() as tx:
        after = [r for r in tx.rosters(run) if r.phase is Phase.POST]
        assert {r.edition for r in after} == {"post/1"}
        rows = tx.enrollments(roster=after[0].code)
        assert [r.post_row for r in rows] == list(range(1, len(rows) + 1))
    assert states(house, run) == {State.RESULT_SET}
    assert training(house, run).state is TrainingState.RESULTS


def test_results_are_not_approved_before_everybody_has_one(house: House, run: str) -> None:
    with pytest.raises(Refused, match="修了結果のない"):
        approve_results(house.kit, run, "test")


def test_a_preview_of_the_results_changes_nothing(house: House, run: str) -> None:
    import_results(house.kit, run, "r.xlsx", results(house, run), "test", apply=True)
    (planned,) = approve_results(house.kit, run, "test", apply=False)
    assert planned.rows == 3
    assert outbox(house, MailPurpose.RESULTS) == []
    assert {r.post_roster for r in house.rows(run)} == {""}


def test_placements_and_fitting_deletions_close_the_run(house: House, run: str) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda no, _: LEAVES if no == 2 else GOES_ON))
    assert questions(house) == []
    assert states(house, run) == {State.CLOSED}
    assert training(house, run).state is TrainingState.CLOSED
    receipt = house.sent_to(CHIBA)[-1]
    assert "全員確認" in str(receipt["Subject"])
    assert "期限" not in receipt.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert [p.problems for p in verify(house.kit, lambda _: [])] == [(), (), (), (), ()]


def test_the_sheet_of_the_time_before_is_not_asked_for_again(house: House, run: str) -> None:
    results_out(house, run)
    with house.store.snapshot() as tx:
        before = [d.next_reminder_on for d in tx.dispatches(run) if d.phase is Phase.PRE]
    assert before == [None]


def test_a_placement_alone_is_placed_and_owes_the_fitting_deletion(house: House, run: str) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda no, _: {DESTINATION: "船橋"} if no == 1 else {}))
    assert states(house, run) == {State.PLACED, State.RESULT_SET}
    shown = status(house.kit)["trainings"][0]["prefectures"][0]["rosters"]
    owed = {t["name"]: t["owes"] for r in shown for t in r["trainees"]}
    assert owed["森　花"] == [Field.DESTINATION, Field.CONCURRENT_DELETED_ON]
    assert [Field.CONCURRENT_DELETED_ON] in owed.values()
    receipt = house.sent_to(CHIBA)[-1]
    assert "3名中0名確認" in str(receipt["Subject"])


def test_a_pension_office_is_a_placement_too(house: House, run: str) -> None:
    results_out(house, run)
    answer = answered(house, CHIBA, lambda *_: {DESTINATION: "船橋年金事務所", CONCURRENT_DELETED: DELETED})
    tick(house, "2026-04-27 10:00", answer)
    assert states(house, run) == {State.CLOSED}
    assert person(house, run, "森").values[Field.DESTINATION].value == "船橋年金事務所"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({DESTINATION: "船橋", ID_DELETED: DELETED}, Problem.DELETION_DOES_NOT_FIT),
        ({REASON: "退職", CONCURRENT_DELETED: DELETED}, Problem.DELETION_DOES_NOT_FIT),
        ({CONCURRENT_DELETED: DELETED}, Problem.PLACEMENT_MISSING),
        ({**GOES_ON, ID_DELETED: DELETED}, Problem.BOTH_DELETIONS),
        ({**GOES_ON, REASON: "退職"}, Problem.DESTINATION_AND_REASON),
        ({DESTINATION: "船橋", CONCURRENT_DELETED: dt.datetime(2026, 4, 16)}, Problem.BEFORE_TRAINING_END),
        ({DESTINATION: "船橋", CONCURRENT_DELETED: dt.datetime(2026, 4, 28)}, Problem.AFTER_RECEIPT),
        ({DESTINATION: "船橋", CONCURRENT_DELETED: dt.datetime(2026, 4, 25)}, Problem.OFFICE_CLOSED),
        ({DESTINATION: "ふなばしし", CONCURRENT_DELETED: DELETED}, Problem.UNKNOWN_PLACE),
        ({DESTINATION: "船橋", CONCURRENT_DELETED: "済"}, Problem.DONE_WITHOUT_DATE),
    ],
)
def test_each_doubt_is_a_question_with_its_reason_and_closes_nothing(
    house: House, run: str, written: Mapping[str, Any], problem: Problem
) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: written))
    found = questions(house)
    assert found
    assert problem in {p for q in found for p in q.problems}
    assert states(house, run) == {State.QUERY}
    assert training(house, run).state is TrainingState.RESULTS


def test_what_a_person_decides_takes_the_place_of_the_other_deletion(house: House, run: str) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: GOES_ON))
    assert states(house, run) == {State.CLOSED}
    late = answered(
        house, CHIBA, lambda no, _: {REASON: "退職", ID_DELETED: DELETED} if no == 1 else {}, "訂正です。\n"
    )
    tick(house, "2026-04-28 10:00", late)
    assert training(house, run).state is TrainingState.RESULTS
    for review in sorted(questions(house), key=lambda r: r.field is not Field.NO_DESTINATION_REASON):
        if review.review_id in {q.review_id for q in questions(house)} and review.field is not None:
            accept(house.kit, review.review_id, "admin")
    for review in questions(house):
        reject(house.kit, review.review_id, "admin", "読了")
    values = [set(r.values) - {Field.CONCURRENT_REGISTERED_ON} for r in house.rows(run)]
    assert values.count({Field.NO_DESTINATION_REASON, Field.ID_DELETED_ON}) >= 1
    assert states(house, run) == {State.CLOSED}
    assert training(house, run).state is TrainingState.CLOSED


def test_a_deletion_that_does_not_fit_is_refused_to_a_person_as_well(house: House, run: str) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: {DESTINATION: "船橋", ID_DELETED: DELETED}))
    review = next(q for q in questions(house) if q.field is Field.ID_DELETED_ON)
    with pytest.raises(Refused, match="記録できません"):
        accept(house.kit, review.review_id, "admin")


def test_a_place_that_is_not_in_the_masters_is_settled_with_one_that_is(house: House, run: str) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: {DESTINATION: "ふなばしし"}))
    review = next(q for q in questions(house) if q.field is Field.DESTINATION)
    with pytest.raises(Refused, match="一覧にありません"):
        set_value(house.kit, review.review_id, "どこか", "admin")
    set_value(house.kit, review.review_id, "街角の年金相談センター船橋", "admin")
    assert "船橋" in {r.values[Field.DESTINATION].value for r in house.rows(run) if Field.DESTINATION in r.values}


def test_an_unfinished_trainee_is_closed_by_a_person_only(house: House, run: str) -> None:
    results_out(house, run, ("森",))
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: GOES_ON))
    row = person(house, run, "森")
    assert row.state is State.QUERY
    assert training(house, run).state is TrainingState.RESULTS
    (review,) = questions(house)
    assert (review.kind, review.detail) == ("closing", "未修了")
    assert "全員確認" in str(house.sent_to(CHIBA)[-1]["Subject"])
    accept(house.kit, review.review_id, "admin", "確認済み")
    assert person(house, run, "森").state is State.CLOSED
    assert training(house, run).state is TrainingState.CLOSED


def test_a_refused_closing_is_owed_again_and_asked_again(house: House, run: str) -> None:
    results_out(house, run, ("森",))
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: GOES_ON))
    (review,) = questions(house)
    reject(house.kit, review.review_id, "admin", "別の方の日付")
    assert person(house, run, "森").state is State.PLACED
    assert Field.CONCURRENT_DELETED_ON not in person(house, run, "森").values
    tick(house, "2026-04-28 10:00", answered(house, CHIBA, lambda *_: GOES_ON).replace(b"<", b"<2", 1))
    assert [q.kind for q in questions(house)] == ["closing"]


def test_a_withdrawn_trainee_with_a_registration_is_cleaned_up_and_closed_by_a_person(house: House, run: str) -> None:
    with house.store.transaction() as tx:
        exclude(tx, house.kit, tx.get_training(run), person(house, run, "森"), "辞退", "admin")
    results_out(house, run)
    assert person(house, run, "森").post_roster
    assert "受講取りやめ1名" in house.sent().get_body(("plain",)).get_content()  # type: ignore[union-attr]
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: GOES_ON))
    row = person(house, run, "森")
    assert (row.state, row.cleanup_owed) == (State.EXCLUDED, True)
    assert training(house, run).state is TrainingState.RESULTS
    (review,) = questions(house)
    assert (review.kind, review.detail) == ("closing", "辞退")
    accept(house.kit, review.review_id, "admin")
    assert person(house, run, "森").cleanup_owed is False
    assert training(house, run).state is TrainingState.CLOSED


def test_our_blank_roster_with_results_back_says_nothing(house: House, run: str) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: {}))
    assert questions(house) == []
    assert states(house, run) == {State.RESULT_SET}


def test_a_changed_result_goes_out_again_with_the_same_numbers(house: House, run: str) -> None:
    results_out(house, run)
    before = {r.name: (r.post_roster, r.post_row) for r in house.rows(run)}
    with pytest.raises(Refused, match="すべて送付済み"):
        approve_results(house.kit, run, "test")
    results_out(house, run, ("林",))
    assert {r.name: (r.post_roster, r.post_row) for r in house.rows(run)} == before
    assert [len(m.enrollments) for m in outbox(house, MailPurpose.RESULTS)] == [3, 1]
    assert "差替え" in str(house.sent()["Subject"])


def test_follow_ups_come_after_twenty_business_days_and_then_weekly(house: House, run: str) -> None:
    results_out(house, run)
    for day in ("04-27", "05-21", "05-22", "05-25", "05-28", "05-29", "06-04", "06-05"):
        tick(house, f"2026-{day} 10:00")
    mails = outbox(house, MailPurpose.FOLLOW_UP)
    assert [m.stage for m in mails] == ["first", "again", "again"]
    assert {m.state for m in mails} == {OutboxState.SENT}
    for mail in house.sent_to(CHIBA)[-3:]:
        text = str(mail["Subject"]) + mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "期限" not in text
        assert not any(word in text for word in ("督促", "至急", "森"))


def test_a_follow_up_lists_only_what_is_missing_and_waits_while_in_doubt(house: House, run: str) -> None:
    results_out(house, run)
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda no, _: GOES_ON if no == 1 else {}))
    question = Answer(house.sent_to(CHIBA)[0], text="担当が変わりました。どなたに聞けばよいですか。\n").raw()
    tick(house, "2026-05-25 10:00", question)
    assert outbox(house, MailPurpose.FOLLOW_UP) == []
    (review,) = questions(house)
    reject(house.kit, review.review_id, "admin", "電話で回答")
    tick(house, "2026-05-25 11:00")
    (mail,) = outbox(house, MailPurpose.FOLLOW_UP)
    assert len(mail.enrollments) == sum(r.state is State.RESULT_SET for r in house.rows(run))


def test_a_closed_run_leaves_the_board_after_two_weeks_and_asks_nobody(house: House, run: str) -> None:
    results_out(house, run)
    with house.store.snapshot() as tx:
        (shown,) = compose(tx, house.kit).trainings
    assert (shown.done, shown.total, shown.target_on) == (0, 3, dt.date(2026, 5, 22))
    tick(house, "2026-04-27 10:00", answered(house, CHIBA, lambda *_: GOES_ON))
    with house.store.snapshot() as tx:
        (shown,) = compose(tx, house.kit).trainings
    assert (shown.done, shown.total) == (3, 3)
    tick(house, "2026-05-25 10:00")
    assert outbox(house, MailPurpose.FOLLOW_UP) == []
    with house.store.snapshot() as tx:
        assert compose(tx, house.kit).trainings == ()
