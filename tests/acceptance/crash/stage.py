"""One performance of the story: a fresh installation, its mailbox on the test's Dovecot, its relay, and the proof."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import hashlib
import imaplib
import io
import json
import re
import shutil
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import openpyxl

from tests.acceptance.crash.relay import Letter, Relay, Treatment, append
from tests.fakes.house import Answer, attachment, filled
from tests.integration.servers.dovecot import PASSWORD, Dovecot

ROOT = Path(__file__).parents[3]
OFFICES = {"神奈川": "kanagawa@example.test", "千葉": "chiba@example.test"}
ADMIN = "admin@example.test"
HQ = "meibo@hq.example.test"
"""The same in every performance, as it enters words and Message-IDs; the mailbox behind it is not."""
PEOPLE = (
    ("神奈川", "横浜", "髙橋　一郎", "タカハシ　イチロウ"),
    ("神奈川", "横浜", "渡邉　恵", "ワタナベ　メグミ"),
    ("千葉", "船橋", "山﨑　𠮷子", "ヤマサキ　ヨシコ"),
    ("千葉", "船橋", "齋藤　健", "サイトウ　ケン"),
)
ONE_HOUR = dt.timedelta(hours=1)
Undisturbed: TypeAlias = tuple[dict[str, Any], dict[str, int]]
"""End state of a story that nothing disturbs, and how often it reaches each named point."""


# -- the offices -----------------------------------------------------------------------------------------------


def _treat(letter: Letter, attempt: int, number: int) -> Treatment:
    """How the relay treats the first attempt of some mails; `number` counts the mails to that office from 1."""
    if attempt > 1:
        return Treatment.TAKE
    odd = {
        ("chiba@example.test", 1): Treatment.DROP,  # the request to Chiba: an unknown that must be sent again
        ("kanagawa@example.test", 2): Treatment.TAKE_AND_HANG_UP,  # a receipt: an unknown settled by our copy
        ("chiba@example.test", 2): Treatment.LATER,  # the reminder: tried again by the ladder
    }
    return odd.get((letter.recipients[0], number), Treatment.TAKE)


def _answer(number: int, requests: list[Letter]) -> bytes | None:
    """What the office writes after the mail with that number; the first of `requests` brought the roster."""
    first = requests[0]
    if first.recipients[0] == ADMIN:
        return _order(requests[-1])
    if (first.recipients[0], number) == ("kanagawa@example.test", 1):
        return _return(first.raw, "complete")
    if (first.recipients[0], number) == ("chiba@example.test", 2):
        return _return(first.raw, "partial")
    return None


def _order(digest: Letter) -> bytes | None:
    """HQ has asked by telephone: an admin answers the digest that asks, with the day."""
    body = digest.message.get_body(("plain",))
    asked = re.findall(r"^　\[(\d+)\] ", body.get_content() if body else "", re.MULTILINE)
    if not asked:
        return None
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ADMIN, HQ, f"Re: {digest.message['Subject']}"
    mail["Date"], mail["In-Reply-To"] = str(digest.message["Date"]), digest.message_id
    mail["Message-ID"] = "<order@hq.example.test>"
    mail.set_content("".join(f"{number} R8.3.23 電話で確認\n" for number in asked))
    return mail.as_bytes()


def _return(raw: bytes, how: str) -> bytes:
    request = Letter("", (), raw).message
    name, book = attachment(request, ".xlsx")
    return Answer(request, files=[(name, _filled(book, how))], message_id=f"<{how}@office.example.test>").raw()


@functools.cache  # a workbook is never saved twice to the same bytes
def _filled(book: bytes, how: str) -> bytes:
    values: dict[str, Any] = {
        "complete": lambda _n, _name: dt.datetime(2026, 3, 16),
        "partial": lambda n, _name: dt.datetime(2026, 3, 23) if n == 1 else "済",
    }
    return filled(book, values[how])


# -- the installation ------------------------------------------------------------------------------------------


@functools.cache
def _list_file() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["都道府県", "所属センター", "氏名", "フリガナ", "ＩＤ"])
    for person in PEOPLE:
        sheet.append([*person, "A1234567"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _offices(original: str) -> str:
    rows = list(csv.reader(io.StringIO(original)))
    at = rows[0].index("宛先")
    for row in rows[1:]:
        row[at] = OFFICES.get(row[0], row[at])
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def install(home: Path, user: str, dovecot: Dovecot, relay: Relay, database_url: str = "") -> None:
    """Configuration, masters, key and list below `home`."""
    shutil.copytree(ROOT / "config" / "masters", home / "masters")
    book = home / "masters" / "offices.csv"
    book.write_text(_offices(book.read_text("utf-8-sig")), "utf-8")
    (home / "masters" / "admins.toml").write_text(f'[[admin]]\nname = "担当"\naddress = "{ADMIN}"\n', "utf-8")
    (home / "state").mkdir(mode=0o700)
    for name, text in (("password", PASSWORD), ("state/key", hashlib.sha256(b"key").hexdigest())):
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    (home / "list.xlsx").write_bytes(_list_file())
    (home / "meibod.toml").write_text(
        f"""
[service]
state_directory = "state"
database_url = "{database_url}"
[imap]
host = "127.0.0.1"
port = {dovecot.imap}
security = "none"
user = "{user}"
password_file = "password"
idle_s = 1.0
[smtp]
host = "127.0.0.1"
port = {relay.port}
security = "none"
[letterhead]
organisation = "連合会運営本部"
contact = "研修課 03-0000-0000"
address = "{HQ}"
fax = "03-0000-0001"
[policy]
pace_s = 0.0
[masters]
folder = "masters"
[admin_mail]
require_authentication = false
""",
        "utf-8",
    )


class Stage:
    """One installation and its world; use as a context manager."""

    def __init__(self, home: Path, user: str, dovecot: Dovecot, database_url: str = "") -> None:
        """`user` is the mailbox of this performance and nobody else's."""
        self.home, self.user, self.dovecot = home, user, dovecot
        self.relay = Relay(lambda letter, attempt: _treat(letter, attempt, self._number(letter)), self._on_taken)
        home.mkdir(parents=True)
        install(home, user, dovecot, self.relay, database_url)

    def __enter__(self) -> Stage:
        self.relay.__enter__()
        self.session = imaplib.IMAP4("127.0.0.1", self.dovecot.imap, timeout=30)
        self.session.login(self.user, PASSWORD)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.session.logout()
        self.relay.__exit__(kind, error, at)

    def another_node(self, name: str) -> str:
        """Configuration of a second daemon on the same database and blobs; the file's name."""
        text = (self.home / "meibod.toml").read_text("utf-8")
        (self.home / f"{name}.toml").write_text(text.replace("[service]", f'[service]\nnode_name = "{name}"'), "utf-8")
        return f"{name}.toml"

    def _number(self, letter: Letter) -> int:
        """Which mail to that office it is, counted from 1 by Message-ID."""
        known = [m.message_id for m in self.relay.to(letter.recipients[0])]
        known = list(dict.fromkeys([*known, letter.message_id]))
        return known.index(letter.message_id) + 1

    def _on_taken(self, letter: Letter) -> None:
        """Our own copy, and what the office makes of its first copy."""
        if HQ in letter.recipients:
            append(self.session, letter.raw, letter.at)
        same = [m for m in self.relay.taken if m.message_id == letter.message_id]
        answer = _answer(self._number(letter), self.relay.to(letter.recipients[0])) if len(same) == 1 else None
        if answer is not None:
            append(self.session, answer, letter.at + ONE_HOUR)

    # -- the proof ---------------------------------------------------------------------------------------------

    def report(self) -> dict[str, Any]:
        """What the program left behind."""
        found: dict[str, Any] = json.loads((self.home / "report.json").read_text())
        return found

    def on_server(self) -> dict[int, str]:
        """UID and SHA-256 of every message in the mailbox, as another client sees them."""
        found = {}
        with self.dovecot.session(self.user) as client:
            _status, (uids,) = client.uid("SEARCH", "ALL")
            for uid in uids.split():
                _status, answer = client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
                found[int(uid)] = hashlib.sha256(answer[0][1]).hexdigest()
        return found

    def problems(self) -> list[str]:
        """What contradicts the invariants, whatever happened on the way; empty = nothing."""
        report = self.report()
        found = [f"{what}: {p}" for what, problems in report["proofs"].items() for p in problems]
        ledger = sorted((uid, sha256) for _, _, uid, sha256, _, _ in report["ledger"])
        if ledger != sorted(self.on_server().items()):
            found.append("ledger and server differ")
        found += [f"mail {m[0]} is {m[4]}" for m in report["ledger"] if m[4] not in {"applied", "review"}]
        found += [p for mail in report["outbox"] for p in self._about(mail)]
        known = {mail["message_id"] for mail in report["outbox"]}
        strangers = [m for m in self.relay.taken if m.message_id not in known]
        return found + [f"{len(strangers)} mails went out that the outbox does not know"] * bool(strangers)

    def _about(self, mail: dict[str, Any]) -> Iterator[str]:
        """What is wrong with one outgoing mail: not there, there too often, or not as it was frozen (I4)."""
        copies = [m for m in self.relay.taken if m.message_id == mail["message_id"]]
        if mail["state"] not in {"sent", "confirmed"} or not copies:
            yield f"{mail['key']}: {mail['state']}, taken {len(copies)} times"
        if len(copies) > 1 + mail["unknowns"]:
            yield f"{mail['key']}: taken {len(copies)} times, {mail['unknowns']} unknowns"
        if any(hashlib.sha256(m.raw).hexdigest() != mail["sha256"] for m in copies):
            yield f"{mail['key']}: a copy is not the frozen bytes"
        if any(sorted(m.recipients) != mail["recipients"] for m in copies):
            yield f"{mail['key']}: a copy went to others"

    def story(self) -> dict[str, Any]:
        """The end state without what may differ between two runs: instants, ledger numbers, attempts."""
        report = self.report()
        mails = {f"mail:{m[0]}/": f"{m[5]}/" for m in report["ledger"]}
        told = json.dumps(report["status"]["trainings"], ensure_ascii=False)
        for number, message_id in mails.items():
            told = told.replace(f'"{number}', f'"{message_id}')
        trainings = json.loads(re.sub(r"（メール \d+）", "（メール）", told))
        for training in trainings:
            for handover in training["handovers"]:
                handover["made_at"] = handover["made_at"][:10]
            for prefecture in training["prefectures"]:
                prefecture["dispatched_at"] = prefecture["dispatched_at"][:10]
        # A digest says at what instant it was made, so its Message-ID is another one each time.
        outbox = {m["key"]: "" if m["key"].startswith("digest") else m["message_id"] for m in report["outbox"]}
        # Virtual days pass in a moment, so a daemon may find its mailbox stale and say so; nothing else may differ.
        outbox = {key: message_id for key, message_id in outbox.items() if not key.startswith("alarm:mailbox-stale")}
        # The answer to an admin bears the number of the mail it answers, which differs as the alarms do.
        outbox = {key: message_id for key, message_id in outbox.items() if not key.startswith("answer:")}
        once = ("training-approved", "list-imported", "trainee-listed", "trainee-sent", "review-settled")
        return {
            "trainings": trainings,
            "outbox": outbox,
            "recorded": report["recorded"],
            "events": {kind: report["events"].get(kind, 0) for kind in once},
            "open": report["status"]["mail"]["review"],
        }
