"""Lists, results and mailings by mail: checked, shown, and done only as they were shown."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.domain.model import MailPurpose, TrainingState
from daemon.handlers import cases
from daemon.handlers.deliver import settle
from daemon.handlers.rows import find_row
from tests.fakes import run
from tests.fakes.house import House
from tests.fakes.hq import ADMIN, POLICY, body, digest, say

PEOPLE = (
    ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川/横浜", "渡邉　恵", "ワタナベ　メグミ"),
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
)
KANAGAWA, CHIBA = "wm-kanagawa@example.jp", "wm-chiba@example.jp"
NEW = "研修登録\n種類：WM操作スキルアップ研修\n研修名：第３回研修\n初日：R8.4.15\n最終日：R8.4.17\n"
TRAINING = "wm-skill-up-20260415"


@pytest.fixture
def house() -> House:
    return House(policy=POLICY)


def sent_out(house: House) -> None:
    settle(house.kit)
    house.drain()


def state(house: House) -> TrainingState | None:
    with house.store.snapshot() as tx:
        return next((t.state for t in tx.trainings() if t.training_id == TRAINING), None)


def test_a_training_with_its_list_is_shown_first_and_sent_when_approved(house: House) -> None:
    morning = digest(house, "2026-03-02 09:00")
    (shown,) = say(house, NEW, morning, files=[("list.xlsx", house.list_file(PEOPLE))])
    text = body(shown)
    assert "承認待ち" in str(shown["Subject"])
    assert "追加 3名" in text
    assert "神奈川" in text
    assert "横浜2" in text
    assert "【依頼・要返信／期限4/7(火)】" in text
    assert "髙橋" not in text
    assert state(house) is None
    assert house.sent_to(KANAGAWA) == []
    (done,) = say(house, "承認", shown)
    sent_out(house)
    assert "実行しました" in str(done["Subject"])
    assert state(house) is TrainingState.APPROVED
    assert len(house.sent_to(KANAGAWA)) == len(house.sent_to(CHIBA)) == 1


def test_a_list_with_faults_names_each_cell_and_no_person(house: House) -> None:
    morning = digest(house, "2026-03-02 09:00")
    wrong = house.list_file(
        [("神奈川/横濱駅前", "髙橋　一郎", "タカハシ"), ("千葉/船橋", "山﨑　𠮷子", ""), PEOPLE[1], PEOPLE[1]]
    )
    (answer,) = say(house, NEW, morning, files=[("list.xlsx", wrong)])
    text = body(answer)
    assert "取り込んでいません" in str(answer["Subject"])
    assert "B2" in text
    assert "横濱駅前" in text
    assert "渡邉" not in text
    (more,) = say(house, "承認", answer)
    assert "実行していません" in body(more)
    assert state(house) is None


def test_what_changed_since_it_was_shown_is_shown_again_instead(house: House) -> None:
    house.training(PEOPLE)
    morning = digest(house, "2026-03-02 09:00")
    (shown,) = say(house, f"送付 {TRAINING}", morning)
    with house.store.snapshot() as tx:
        row = find_row(tx, "山﨑")
    cases.withdraw(house.kit, row.enrollment_id, "test", "本人の申出")
    (again,) = say(house, "承認", shown)
    assert "内容が変わった" in body(again)
    assert "送付するメール 1通" in body(again)
    assert state(house) is TrainingState.DRAFT
    say(house, "承認", again)
    sent_out(house)
    assert house.sent_to(CHIBA) == []
    assert len(house.sent_to(KANAGAWA)) == 1


def test_a_proposal_can_be_dropped_and_approved_only_once(house: House) -> None:
    house.training(PEOPLE)
    morning = digest(house, "2026-03-02 09:00")
    (shown,) = say(house, f"送付 {TRAINING}", morning)
    say(house, "承認", shown)
    sent_out(house)
    sent = len(house.submission.taken)
    (again,) = say(house, "承認", shown)
    assert "実行済み" in body(again)
    sent_out(house)
    assert len(house.submission.taken) == sent + 1


def test_an_approval_without_a_proposal_does_nothing(house: House) -> None:
    house.training(PEOPLE)
    (answer,) = say(house, "承認", digest(house, "2026-03-02 09:00"))
    assert "実行していません" in body(answer)
    assert state(house) is TrainingState.DRAFT


def test_a_list_alone_belongs_to_the_only_training_in_preparation(house: House) -> None:
    house.training(PEOPLE[:2])
    morning = digest(house, "2026-03-02 09:00")
    (shown,) = say(house, "", morning, files=[("list.xlsx", house.list_file(PEOPLE))])
    assert "追加 1名" in body(shown)
    say(house, "承認", shown)
    assert len(house.rows(TRAINING)) == 3


def test_results_are_taken_over_and_sent_as_shown(house: House) -> None:
    training = house.training(PEOPLE)
    house.dispatch(training)
    run.tick(house, "2026-03-16 10:00", run.registered(house, KANAGAWA), run.registered(house, CHIBA))
    morning = digest(house, "2026-04-20 09:00")
    file = run.results(house, training, failed=("渡邉",))
    (shown,) = say(house, "", morning, files=[("results.xlsx", file)])
    assert "修了 2名・未修了 1名" in body(shown)
    assert all(r.completed is None for r in house.rows(training))
    say(house, "承認", shown)
    sent_out(house)
    assert sum(bool(r.completed) for r in house.rows(training)) == 2
    assert state(house) is TrainingState.RESULTS
    assert run.outbox(house, MailPurpose.RESULTS)


def test_a_training_is_cancelled_only_after_it_was_shown_what_that_means(house: House) -> None:
    training = house.training(PEOPLE)
    house.dispatch(training)
    run.tick(house, "2026-03-16 10:00", run.registered(house, KANAGAWA))
    (shown,) = say(house, f"中止 {training} 会場の都合", digest(house, "2026-03-17 09:00"))
    assert "登録の削除が必要になる方が 2名" in body(shown)
    assert state(house) is TrainingState.COMPLETE or state(house) is TrainingState.APPROVED
    say(house, "承認", shown)
    assert state(house) is TrainingState.CANCELLED


def test_killed_between_two_parts_the_approval_goes_on_with_the_second(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from daemon.handlers.orders import proposals

    morning = digest(house, "2026-03-02 09:00")
    (shown,) = say(house, NEW, morning, files=[("list.xlsx", house.list_file(PEOPLE))])
    whole = proposals.prepare.import_list
    calls = {"left": 0}

    def dying(*args: object, **more: object) -> object:
        if args[4] != "rehearsal" and args[4] != "" and not calls["left"]:
            calls["left"] += 1
            raise KeyboardInterrupt
        return whole(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(proposals.prepare, "import_list", dying)
    with pytest.raises(KeyboardInterrupt):
        say(house, "承認", shown)
    assert state(house) is TrainingState.DRAFT
    assert house.rows(TRAINING) == []
    house.receive()
    from daemon.handlers.ingest import work_through

    work_through(house.kit)
    sent_out(house)
    assert state(house) is TrainingState.APPROVED
    assert len(house.sent_to(KANAGAWA)) == 1
    assert house.rows(TRAINING)
    assert "実行しました" in str(house.sent_to(ADMIN)[-1]["Subject"])


def test_one_mail_proposes_one_thing(house: House) -> None:
    house.training(PEOPLE)
    house.training(PEOPLE, name="別の研修", starts_on=dt.date(2026, 5, 12), ends_on=dt.date(2026, 5, 13))
    text = f"送付 {TRAINING}\n送付 wm-skill-up-20260512"
    (answer,) = say(house, text, digest(house, "2026-03-02 09:00"))
    assert "一つだけ" in body(answer)


def test_where_no_server_vouches_one_challenge_and_one_approval_are_enough() -> None:
    house = House()
    house.at("2026-03-02 09:00")
    (challenge,) = say(house, NEW, vouched="", files=[("list.xlsx", house.list_file(PEOPLE))])
    assert "list.xlsx" in body(challenge)
    (shown,) = say(house, "承認", challenge, vouched="")
    assert "承認待ち" in str(shown["Subject"])
    say(house, "承認", shown, vouched="")
    sent_out(house)
    assert state(house) is TrainingState.APPROVED
    assert len(house.sent_to(KANAGAWA)) == 1
