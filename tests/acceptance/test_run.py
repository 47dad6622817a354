"""The main job as its users run it: commands at HQ, `meibod run`, real Dovecot and Postfix, SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

import pytest

from tests.acceptance.headquarters import Headquarters, today
from tests.fakes.house import Answer, attachment, filled
from tests.integration.servers.dovecot import Dovecot
from tests.integration.servers.postfix import Postfix
from tests.integration.servers.postgres import Postgres
from tests.integration.servers.processes import wait_until

PEOPLE = [
    ("神奈川", "横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川", "藤沢", "渡邉　恵", "ワタナベ　メグミ"),
    ("千葉", "船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
]
NewHeadquarters = Callable[[str, str], Headquarters]


@pytest.fixture
def new_hq(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> NewHeadquarters:
    return lambda name, url: Headquarters(tmp_path, dovecot, postfix, name=name, database_url=url)


def prepare(hq: Headquarters) -> str:
    """Set up a training four weeks from now and approve it."""
    starts = today() + dt.timedelta(days=28)
    dates = ["--starts", str(starts), "--ends", str(starts + dt.timedelta(days=2))]
    hq.meibod("training", "add", "--course", "wm-skill-up", "--name", "第１回", *dates, "--id", "WM-1")
    hq.meibod("roster", "import", "--training", "WM-1", str(hq.list_file(PEOPLE)), "--yes")
    hq.meibod("training", "approve", "WM-1", "--yes")
    return "WM-1"


def return_roster(hq: Headquarters, prefecture: str) -> None:
    """The office fills in every workbook and replies through Postfix."""
    (request,) = [m for m in hq.mails(hq.office(prefecture)) if "依頼" in str(m["Subject"])]
    names = [p.get_filename() or "" for p in request.iter_attachments()]
    books = [attachment(request, ".xlsx", n) for n in range(sum(n.endswith(".xlsx") for n in names))]
    done = dt.datetime.combine(today(), dt.time())
    files = [(name, filled(data, lambda *_: done)) for name, data in books]
    hq.dovecot.deliver(Answer(request, files=files).raw(), hq.hq, f"{hq.office(prefecture)}@example.test")


def states(hq: Headquarters) -> list[str]:
    (training,) = hq.status()["trainings"]
    rosters = [r for p in training["prefectures"] for r in p["rosters"]]
    return sorted(t["state"] for r in rosters for t in r["trainees"])


def dispatched(hq: Headquarters) -> list[str]:
    """States of the requests; a digest may be in the outbox too, depending on the hour."""
    mails = json.loads(hq.meibod("outbox", "list", "--json"))
    return [m["state"] for m in mails if m["purpose"] == "dispatch"]


def play(hq: Headquarters) -> None:
    """From list to complete, with the daemon stopped and started in between."""
    prepare(hq)
    with hq.running():
        hq.wait_for_mail(hq.office("神奈川"), 1)
        hq.wait_for_mail(hq.office("千葉"), 1)
        return_roster(hq, "神奈川")
        receipt = hq.wait_for_mail(hq.office("神奈川"), 2)[-1]
        assert "【受領】" in str(receipt["Subject"])
    return_roster(hq, "千葉")
    with hq.running():
        hq.wait_for_mail(hq.office("千葉"), 2)
        wait_until("all verified", lambda: states(hq) == ["verified"] * 3, 30)
    assert hq.status()["trainings"][0]["state"] == "complete"
    hq.meibod("verify")


def test_a_training_is_completed_on_sqlite(new_hq: NewHeadquarters) -> None:
    hq = new_hq("lite", "")
    play(hq)
    mail = hq.status()["mail"]
    assert mail["on_server"] == mail["accounted"]
    assert mail["review"] == 0
    text = hq.log()
    assert "@example.test" not in text
    assert "髙橋" not in text


def test_a_training_is_completed_on_postgresql(new_hq: NewHeadquarters, postgres: Postgres) -> None:
    play(new_hq("pg", postgres.database()))


def test_check_names_what_is_wrong_and_passes_when_nothing_is(new_hq: NewHeadquarters) -> None:
    hq = new_hq("check", "")
    hq.meibod("check")
    admins = hq.home / "masters" / "admins.toml"
    admins.write_text("", "utf-8")
    said = hq.meibod("check", "--offline", ok=False)
    assert "admins.toml" in said
    hq.config.write_text(hq.config.read_text("utf-8").replace("idle_s = 5.0", "idle_s = 5.0\nidel = 1"), "utf-8")
    assert "imap.idel" in hq.meibod("check", ok=False)


def test_a_list_with_problems_changes_nothing_and_names_each_cell(new_hq: NewHeadquarters) -> None:
    hq = new_hq("list", "")
    starts = str(today() + dt.timedelta(days=28))
    hq.meibod("training", "add", "--course", "wm-skill-up", "--name", "第１回", "--starts", starts, "--ends", starts,
              "--id", "WM-1")  # fmt: skip
    wrong = [("神奈川", "横濱駅前", "髙橋　一郎", "タカハシ"), ("千葉", "船橋", "", "ヤマサキ")]
    said = hq.meibod("roster", "import", "--training", "WM-1", str(hq.list_file(wrong)), "--yes", ok=False)
    assert "2 件の問題" in said
    assert hq.status()["trainings"][0]["prefectures"] == []


def test_the_kill_switch_keeps_everything_in_the_house(new_hq: NewHeadquarters) -> None:
    hq = new_hq("stop", "")
    prepare(hq)
    hq.meibod("outbox", "stop-all", "--yes")
    with hq.running():
        wait_until("the mailbox is read", lambda: hq.status()["mail"]["last_success_at"] is not None, 30)
        assert hq.status()["outbox"]["sent"] == 0
        hq.meibod("outbox", "resume")
        hq.wait_for_mail(hq.office("千葉"), 1)
        wait_until("both are out", lambda: dispatched(hq) == ["sent", "sent"], 30)


def write_as_admin(hq: Headquarters, text: str, to: EmailMessage | None = None, file: bytes = b"") -> None:
    """The admin's mail program, through the servers; nothing vouches for it."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"{hq.name}-admin@example.test", f"{hq.hq}@example.test"
    mail["Subject"] = f"Re: {to['Subject']}" if to is not None else "新しい研修"
    mail["Date"], mail["Message-ID"] = format_datetime(dt.datetime.now(dt.UTC)), make_msgid(domain="example.test")
    if to is not None:
        mail["In-Reply-To"] = str(to["Message-ID"])
    mail.set_content(text)
    if file:
        mail.add_attachment(file, maintype="application", subtype="octet-stream", filename="list.xlsx")
    hq.dovecot.deliver(mail.as_bytes(), hq.hq, f"{hq.name}-admin@example.test")


def the_mail(hq: Headquarters, subject: str) -> EmailMessage:
    """The admin's mail with that subject, as soon as it is there."""

    def found() -> list[EmailMessage]:
        return [m for m in hq.mails(f"{hq.name}-admin") if subject in str(m["Subject"])]

    wait_until(f"a mail about {subject}", lambda: bool(found()), 60)
    return found()[-1]


def test_an_admin_sets_up_and_sends_a_training_by_mail_alone(new_hq: NewHeadquarters) -> None:
    hq = new_hq("bymail", "")
    starts = today() + dt.timedelta(days=28)
    text = f"研修登録\n種類：講師\n研修名：第１回\n初日：{starts}\n最終日：{starts}\n番号：KO-1\n"
    with hq.running():
        write_as_admin(hq, text, file=hq.list_file(PEOPLE).read_bytes())
        write_as_admin(hq, "承認", the_mail(hq, "ご本人の指示か"))
        shown = the_mail(hq, "承認待ち")
        assert hq.status()["trainings"] == []
        write_as_admin(hq, "承認します。", shown)
        (request,) = hq.wait_for_mail(hq.office("千葉"), 1)
        assert "依頼" in str(request["Subject"])
        the_mail(hq, "実行しました")
    assert hq.status()["trainings"][0]["state"] == "approved"
    assert "髙橋" not in hq.log()
    hq.meibod("verify")
