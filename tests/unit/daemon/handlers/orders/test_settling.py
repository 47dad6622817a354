"""An admin settles questions by answering the digest."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from daemon.domain.model import MailState, ReviewState, State, Status
from daemon.handlers import review
from parsers.findings import Field
from tests.fakes.house import ADDRESS, Answer, House, attachment, filled
from tests.fakes.hq import POLICY, body, digest, open_questions, say

PEOPLE = (
    ("神奈川/横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川/横浜", "渡邉　恵", "ワタナベ　メグミ"),
    ("千葉/船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
)
KANAGAWA, CHIBA = "wm-kanagawa@example.jp", "wm-chiba@example.jp"
FIELD = Field.CONCURRENT_REGISTERED_ON


@pytest.fixture
def house() -> House:
    """Typed dates wait for a glance, as those of a fax do."""
    found = House(policy=replace(POLICY, auto_verify_typed=False))
    training = found.training(PEOPLE)
    found.dispatch(training)
    found.at("2026-03-16 10:00")
    answer(found, KANAGAWA, dt.datetime(2026, 3, 10))
    answer(found, CHIBA, dt.datetime(2026, 3, 8))  # a Sunday: a question
    return found


def answer(house: House, address: str, value: object) -> None:
    mail = house.sent_to(address)[0]
    name, book = attachment(mail, ".xlsx")
    house.receive(Answer(mail, files=[(name, filled(book, lambda *_: value))], message_id=f"<{address}>").raw())


def test_one_answer_settles_every_value_that_waits_for_a_glance(house: House) -> None:
    morning = digest(house, "2026-03-17 08:31")
    assert "全件OK" in body(morning)
    (answered,) = say(house, "全件OK", morning)
    rows = house.rows("wm-skill-up-20260415", "神奈川")
    assert {r.values[FIELD].status for r in rows} == {Status.VERIFIED}
    assert [q.kind for q in open_questions(house)] == ["value"]
    assert "実行しました 2件" in str(answered["Subject"])
    assert "3月10日" in body(answered)
    assert "髙橋" not in body(answered)


def test_single_questions_are_accepted_set_and_rejected(house: House) -> None:
    first, second, third = sorted(q.review_id for q in open_questions(house))
    morning = digest(house, "2026-03-17 08:31")
    say(house, f"{first} OK\n{second} 却下 別の方の日付のため\n{third} R8.3.9 電話で確認", morning)
    assert open_questions(house) == []
    with house.store.snapshot() as tx:
        settled = {q.review_id: q for q in tx.reviews(state=None)}
        mail = tx.mails()[-1]
    assert [settled[n].state for n in (first, second, third)] == [
        ReviewState.ACCEPTED, ReviewState.REJECTED, ReviewState.SET,
    ]  # fmt: skip
    assert settled[third].settled_because == "電話で確認"
    assert settled[first].settled_by == f"研修担当（メール {mail.ledger_id}）"
    assert mail.state is MailState.APPLIED
    (chiba,) = house.rows("wm-skill-up-20260415", "千葉")
    assert chiba.values[FIELD].value == "2026-03-09"
    assert chiba.state is State.VERIFIED


def test_a_question_that_changed_since_the_digest_is_left_alone(house: House) -> None:
    morning = digest(house, "2026-03-17 08:31")
    glance = next(q for q in open_questions(house) if q.kind == "verify")
    review.reject(house.kit, glance.review_id, "test", "書き誤り")
    answer(house, KANAGAWA, dt.datetime(2026, 3, 11))
    (answered,) = say(house, f"全件OK\n{glance.review_id} 却下", morning)
    assert "内容が変わった" in body(answered)
    values = [r.values[FIELD].status for r in house.rows("wm-skill-up-20260415", "神奈川") if FIELD in r.values]
    assert Status.READ in values


def test_the_answer_carries_on_what_is_still_open(house: House) -> None:
    first, second, third = sorted(q.review_id for q in open_questions(house))
    morning = digest(house, "2026-03-17 08:31")
    (answered,) = say(house, f"{first} OK", morning)
    (more,) = say(house, f"{second} OK\n{first} 却下", answered)
    assert [q.review_id for q in open_questions(house)] == [third]
    assert "このメールが示したものではない" in body(more)


def test_the_links_of_the_digest_are_answers_by_themselves(house: House) -> None:
    morning = digest(house, "2026-03-17 08:31")
    html = morning.get_body(("html",))
    assert html is not None
    links = re.findall(r'href="(mailto:[^"]+)"', html.get_content())
    everything = next(link for link in links if quote("全件OK") in link)
    target = urlsplit(unescape(everything))
    fields = {k: v[0] for k, v in parse_qs(target.query).items()}
    assert target.path == ADDRESS
    say(house, fields["body"], subject=fields["subject"])
    assert [q.kind for q in open_questions(house)] == ["value"]
