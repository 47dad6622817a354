"""Every command by mail: what it changes, under whose name, and what it answers."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest

from daemon.domain.commands import Verb
from daemon.domain.commands.model import ABOUT_QUESTIONS, READS_ONLY
from daemon.domain.model import Enrollment, OutboxState, SourceKind, State, Status, TrainingState
from daemon.handlers import outbox
from daemon.handlers.dispatch import approve
from daemon.handlers.ingest import work_through
from daemon.handlers.orders import steps, work
from daemon.handlers.orders.acts import EFFECTS
from daemon.handlers.orders.intents import PROPOSES
from parsers.findings import Field, Problem
from tests.fakes import run
from tests.fakes.house import House, attachment
from tests.fakes.hq import ADMIN, POLICY, body, digest, open_questions, say

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"))
FIELD = Field.CONCURRENT_REGISTERED_ON
CHIBA = "wm-chiba@example.jp"
TRAINING = "wm-skill-up-20260415"


@pytest.fixture
def house() -> House:
    """Two rosters out since 2026-03-02."""
    found = House(policy=POLICY)
    found.dispatch(found.training(PEOPLE))
    return found


@pytest.fixture
def morning(house: House) -> EmailMessage:
    return digest(house, "2026-03-17 09:00")


def person(house: House, name: str = "髙橋") -> Enrollment:
    return next(r for r in house.rows(TRAINING) if r.name.startswith(name))


def place(house: House, name: str = "髙橋") -> str:
    row = person(house, name)
    return f"{row.roster}/{row.row}"


def test_every_verb_has_an_effect_a_proposal_or_an_answer() -> None:
    known = EFFECTS.keys() | PROPOSES | READS_ONLY | {Verb.APPROVE, Verb.DECLINE, Verb.ACCEPT_ALL}
    assert known == set(Verb)
    assert EFFECTS.keys() >= ABOUT_QUESTIONS - {Verb.ACCEPT_ALL}


def test_a_date_is_corrected_with_its_reason_and_the_history_names_admin_and_mail(
    house: House, morning: EmailMessage
) -> None:
    (answer,) = say(house, f"訂正 {place(house)} R8.3.10 年金事務所に電話で確認", morning)
    row = person(house)
    assert (row.values[FIELD].value, row.values[FIELD].status) == ("2026-03-10", Status.VERIFIED)
    with house.store.snapshot() as tx:
        events = tx.events(subject=f"enrollment:{row.enrollment_id}")
        (mail,) = tx.mails()
        (ran,) = [e for e in tx.events(subject=f"mail:{mail.ledger_id}") if e.kind == "command-run"]
    corrected = next(e for e in events if e.kind == "value-corrected")
    assert corrected.actor == f"研修担当（メール {mail.ledger_id}）"
    assert json.loads(corrected.payload)["because"] == "年金事務所に電話で確認"
    assert json.loads(ran.payload)["command"] == "correct"
    assert "実行しました" in body(answer)


def test_an_impossible_date_is_refused_with_the_reason(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, f"訂正 {place(house)} R8.4.10 書き写し", morning)
    assert person(house).values == {}
    assert "実行できません" in body(answer)
    assert "after-receipt" not in body(answer)
    assert "その日付は記録できません: " in body(answer)


def test_a_telephone_call_counts_as_said(house: House, morning: EmailMessage) -> None:
    say(house, f"電話 {place(house)} R8.3.10 横浜年金事務所", morning)
    value = person(house).values[FIELD]
    assert (value.status, value.source) == (Status.READ, SourceKind.PERSON)


def test_a_trainee_withdraws_and_comes_back(house: House, morning: EmailMessage) -> None:
    say(house, f"辞退 {place(house)} 本人の申出", morning)
    assert person(house).state is State.EXCLUDED
    say(house, f"復帰 {place(house)} 本人の申出を撤回", morning)
    assert person(house).state is State.SENT


def test_a_name_is_mended_as_it_is_written(house: House, morning: EmailMessage) -> None:
    say(house, f"氏名訂正 {place(house)} 髙梨　一郎／タカナシ　イチロウ／改姓の届出", morning)
    assert person(house, "髙梨").kana == "タカナシ　イチロウ"


def test_somebody_comes_instead_and_somebody_is_added(house: House, morning: EmailMessage) -> None:
    text = f"交代 {place(house)} 高梨　二郎／タカナシ　ジロウ／B7654321／本人の都合"
    (answer,) = say(house, f"{text}\n追加 {TRAINING} 千葉/船橋 鈴木　花／スズキ　ハナ／C7654321／申込みの遅れ", morning)
    assert "実行しました 2件" in str(answer["Subject"])
    assert person(house).state is State.EXCLUDED
    assert person(house, "高梨").terminal_id == "B7654321"
    assert person(house, "鈴木").prefecture == "千葉"
    assert "鈴木" not in body(answer)
    assert "C7654321" not in body(answer)


def test_a_reason_that_names_a_trainee_is_refused(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, f"辞退 {place(house)} 髙橋一郎さんの申出", morning)
    assert person(house).state is State.SENT
    assert "氏名を書かないで" in body(answer)


def test_the_deadline_moves_and_the_training_is_postponed(house: House, morning: EmailMessage) -> None:
    say(house, f"期限変更 {TRAINING} R8.4.3 会場の都合", morning)
    with house.store.snapshot() as tx:
        assert str(tx.get_training(TRAINING).deadline_on) == "2026-04-03"
    say(house, f"延期 {TRAINING} R8.5.12 R8.5.14 会場の都合", morning)
    with house.store.snapshot() as tx:
        assert str(tx.get_training(TRAINING).starts_on) == "2026-05-12"
        assert tx.get_training(TRAINING).state is TrainingState.APPROVED


def test_held_mail_is_released_or_cancelled_only_as_the_digest_showed_it() -> None:
    house = House(policy=POLICY)
    approve(house.kit, house.training(PEOPLE), "test")
    with house.store.snapshot() as tx:
        first, second = [m.outbox_id for m in tx.outbox(states=[OutboxState.READY])]
    for number in (first, second):
        outbox.hold(house.kit, number, "test", "確認中")
    morning = digest(house, "2026-03-03 09:00")
    assert f"送信 {first}" in body(morning)
    (answer,) = say(house, f"送信 {first}\n送信取消 {second} 不要", morning)
    with house.store.snapshot() as tx:
        assert tx.get_outbox(first).state is OutboxState.SENT
        assert tx.get_outbox(second).state is OutboxState.CANCELLED
    assert "実行しました 2件" in str(answer["Subject"])
    (again,) = say(house, f"送信 {second}", morning)
    assert "内容が変わった" in body(again)


def test_numbers_the_answered_mail_does_not_show_are_left_alone(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, "1 OK\n送信 1", morning)
    assert body(answer).count("このメールが示したものではない") == 2


def test_the_status_is_told_at_large_and_in_small(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, f"状況\n状況 {place(house)}", morning)
    text = body(answer)
    assert "神奈川" in text
    assert "0 / 2名" in text
    assert place(house) in text
    assert "未着：兼務登録年月日" in text
    assert "髙橋" not in text
    assert "A1234567" not in text
    (one,) = say(house, f"状況 {TRAINING}", answer)
    assert "第３回研修" in body(one)


@pytest.mark.parametrize("point", ["order.before-commit", "order.after-commit", "answer.before-commit"])
def test_killed_anywhere_each_command_is_done_once_and_answered_once(
    house: House, morning: EmailMessage, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    deaths = iter([point])

    def reach(name: str) -> None:
        if name == point and next(deaths, None):
            raise KeyboardInterrupt

    monkeypatch.setattr(steps, "reach", reach)
    monkeypatch.setattr(work, "reach", reach)
    row = person(house)
    with pytest.raises(KeyboardInterrupt):
        say(house, f"辞退 {place(house)} 本人の申出\n電話 {place(house, '山﨑')} R8.3.10 船橋年金事務所", morning)
    before = len(house.sent_to(ADMIN))
    work_through(house.kit)
    work_through(house.kit)
    house.drain()
    with house.store.snapshot() as tx:
        events = [e.kind for e in tx.events(subject=f"enrollment:{row.enrollment_id}")]
        assert [k.kind for k in tx.events(subject="mail:1")].count("command-run") == 2
    assert events.count("trainee-excluded") == 1
    assert person(house, "山﨑").values[FIELD].value == "2026-03-10"
    assert len(house.sent_to(ADMIN)) == before + 1


def test_an_order_that_always_fails_is_given_up_and_becomes_a_question(
    house: House, morning: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(work, "steps_of", broken)
    assert say(house, "送信停止", morning) == []
    for _ in range(house.kit.policy.quarantine_after + 1):
        work_through(house.kit)
    (question,) = open_questions(house)
    assert question.problems == (Problem.COMMAND_FAILED,)


def test_forms_and_rosters_are_sent_to_the_admin_who_asks(house: House, morning: EmailMessage) -> None:
    (answer,) = say(house, f"様式 初心者\n提出名簿 {TRAINING}", morning)
    assert "添付のとおり" in body(answer)
    assert "まだ" in body(answer) or "ありません" in body(answer)
    name, template = attachment(answer, ".xlsx")
    assert name == "list_beginner.xlsx"
    assert template == house.kit.documents.list_template("beginner")
    run.tick(house, "2026-03-17 10:00", *(run.registered(house, a) for a in ("wm-kanagawa@example.jp", CHIBA)))
    (rosters,) = say(house, f"提出名簿 {TRAINING}\n結果様式 {TRAINING}", morning)
    assert {p.get_filename() for p in rosters.iter_attachments()} == {
        f"submission_{TRAINING}_1.xlsx", f"submission_{TRAINING}_1.pdf", f"results_{TRAINING}.xlsx",
    }  # fmt: skip
    (done,) = say(house, f"提出済 {TRAINING} 1", rosters)
    assert "実行しました 1件" in str(done["Subject"])
