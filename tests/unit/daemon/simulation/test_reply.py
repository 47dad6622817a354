"""What the simulated admin writes is what the daemon understands: each line one command about one question."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.resources import data_path
from daemon.domain.commands import Verb, read_commands
from daemon.domain.model import Course, Review
from daemon.simulation.admin import Answer
from daemon.simulation.clock import VirtualClock
from daemon.simulation.headquarters import Plan, Trainee, order_for
from daemon.simulation.offices.incoming import Received, open_mail
from daemon.simulation.people import Person
from daemon.simulation.reply import reply
from parsers.findings import Field
from tests.fakes.rosters import KEY

AT = dt.datetime(2026, 4, 8, 1, tzinfo=dt.UTC)
DIGEST = Received(
    "<digest@hq.example>",
    "【meibod】4/8 要対応4件・未着3名",
    "確認事項\n#12 氏名…",
    "meibo+d@hq.example",
    (),
    "Wed, 8 Apr",
)


def question(number, field=Field.CONCURRENT_REGISTERED_ON):
    return Review(number, f"q{number}", "value", AT, (), field=field)


def commands(*answers):
    mail = open_mail(reply(DIGEST, answers, AT))
    above = mail.text.partition("-----Original Message-----")[0]
    found = read_commands(above)
    assert found.clear
    return mail, found.commands


def test_each_verdict_becomes_its_command():
    _, found = commands(
        (question(12), Answer("accepted", "2026-04-07", "原本と照合")),
        (question(13), Answer("set", "2026-04-07", "電話で確認")),
        (question(14), Answer("rejected", "", "電話で確認: その手続きはされていない")),
        (question(15, Field.DESTINATION), Answer("set", "新宿", "電話で確認")),
        (question(16, Field.NO_DESTINATION_REASON), Answer("set", "retired", "電話で確認")),
    )
    assert [(c.verb, c.numbers) for c in found] == [
        (Verb.ACCEPT, (12,)),
        (Verb.SET, (13,)),
        (Verb.REJECT, (14,)),
        (Verb.SET, (15,)),
        (Verb.SET, (16,)),
    ]
    assert found[1].days == (dt.date(2026, 4, 7),)
    assert [c.words for c in found[3:]] == [("新宿",), ("retired",)]


@pytest.mark.parametrize(
    "because",
    [
        "他県の名簿のため記録しない",
        "どの行か不明のため記録しない",
        "名簿にない行のため記録しない",
        "電話で確認: 受講する",
        "電話で確認: その手続きはされていない",
    ],
)
def test_no_reason_the_admin_gives_takes_the_refusal_back(because):
    _, found = commands((question(7), Answer("rejected", "", because)))
    assert [(c.verb, c.because) for c in found] == [(Verb.REJECT, because)]


def test_the_mail_answers_the_digest_and_nothing_else():
    mail, _ = commands((question(12), Answer("accepted")))
    raw = reply(DIGEST, [(question(12), Answer("accepted"))], AT)
    assert b"In-Reply-To: <digest@hq.example>" in raw
    assert mail.subject == f"RE: {DIGEST.subject}"
    assert b"To: meibo+d@hq.example" in raw


@pytest.mark.parametrize("course", list(Course))
def test_an_order_sets_up_the_training_and_brings_its_list(course):
    kit = SimpleNamespace(documents=TypstDocuments(KEY, data_path("mail_templates") / "forms"), clock=VirtualClock(AT))
    person = Trainee("神奈川", "横浜", Person("林　翼", "ハヤシ　ツバサ"), "A1", dt.date(2026, 3, 1), None)
    plan = Plan(course, "第３回研修", dt.date(2026, 5, 13), dt.date(2026, 5, 15), (person,))
    letter = order_for(kit, plan)
    (command,) = read_commands(letter.text).commands
    assert command.verb is Verb.NEW_TRAINING
    assert command.words[:2] == (course.value, "第３回研修")
    assert command.days == (dt.date(2026, 5, 13), dt.date(2026, 5, 15))
    lines, problems = kit.documents.read_list(*letter.files[0])
    assert ([line.name for line in lines], problems) == (["林　翼"], [])
