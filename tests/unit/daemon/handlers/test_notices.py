"""Offices that have their rosters are told when the days change or the training is not held."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage

import pytest

from daemon.domain.letters import NoticeKind
from daemon.domain.model import MailPurpose, OutboxState, Training
from daemon.handlers.notices import tell_offices
from daemon.handlers.schedule import cancel_training, move_deadline, postpone
from daemon.handlers.verify import verify
from tests.fakes.house import House
from tests.fakes.run import outbox, registered, tick, training

PEOPLE = (("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"), ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"))
CHIBA, KANAGAWA = "wm-chiba@example.jp", "wm-kanagawa@example.jp"


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def run(house: House) -> str:
    """Two prefectures; Chiba is registered. Now it is 2026-03-16."""
    ident = house.training(PEOPLE)
    house.dispatch(ident)
    tick(house, "2026-03-16 10:00", registered(house, CHIBA))
    return ident


def told(house: House, before: Training, after: Training, kind: NoticeKind) -> dict[str, EmailMessage]:
    """The notices that left, by recipient."""
    assert set(tell_offices(house.kit, before, after, kind)) == {"千葉", "神奈川"}
    house.drain()
    return {address: house.sent_to(address)[-1] for address in (CHIBA, KANAGAWA)}


def words(mail: EmailMessage) -> str:
    return str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_a_moved_deadline_is_told_with_both_days_in_the_thread_of_the_request(house: House, run: str) -> None:
    before = training(house, run)
    after = move_deadline(house.kit, run, dt.date(2026, 4, 10), "suzuki", "延長")
    mails = told(house, before, after, NoticeKind.DEADLINE)
    for address, mail in mails.items():
        assert "令和8年4月7日（火）" in words(mail)
        assert "令和8年4月10日（金）" in words(mail)
        assert mail["In-Reply-To"] == house.sent_to(address)[0]["Message-ID"]
        assert "4/10(金)" in str(mail["Subject"])
        assert list(mail.iter_attachments()) == []


def test_a_postponed_training_is_told_with_its_new_days(house: House, run: str) -> None:
    before = training(house, run)
    after = postpone(house.kit, run, dt.date(2026, 5, 13), dt.date(2026, 5, 15), "suzuki", "会場の都合")
    mail = told(house, before, after, NoticeKind.POSTPONED)[CHIBA]
    assert "令和8年5月13日（水）" in words(mail)
    assert "令和8年5月1日（金）" in words(mail)


def test_a_cancelled_training_is_told_with_the_registrations_to_delete(house: House, run: str) -> None:
    before = training(house, run)
    after = cancel_training(house.kit, run, "suzuki", "申込不足")
    mails = told(house, before, after, NoticeKind.CANCELLED)
    assert "登録の削除をお願いする方　1名" in words(mails[CHIBA])
    assert "削除をお願いする方" not in words(mails[KANAGAWA])
    assert not any(name in words(m) for m in mails.values() for name in ("山﨑", "髙橋"))
    assert [p.problems for p in verify(house.kit, lambda _: [])] == [()] * 5


def test_an_office_that_has_no_roster_yet_is_told_nothing(house: House) -> None:
    ident = house.training(PEOPLE)
    before = training(house, ident)
    after = move_deadline(house.kit, ident, dt.date(2026, 4, 10), "suzuki", "延長")
    assert tell_offices(house.kit, before, after, NoticeKind.DEADLINE) == ()


def test_each_decision_is_told_and_a_notice_that_waits_gives_way_to_the_next(house: House, run: str) -> None:
    first = training(house, run)
    second = move_deadline(house.kit, run, dt.date(2026, 4, 10), "suzuki", "延長")
    tell_offices(house.kit, first, second, NoticeKind.DEADLINE)
    third = move_deadline(house.kit, run, dt.date(2026, 4, 9), "suzuki", "再調整")
    told(house, second, third, NoticeKind.DEADLINE)
    states = [m.state for m in outbox(house, MailPurpose.NOTICE)]
    assert states == [OutboxState.CANCELLED] * 2 + [OutboxState.SENT] * 2
