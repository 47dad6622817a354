"""An installation of meibod in a folder, driven only as its users would: commands, and mail through real servers."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import email
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import openpyxl

from tests.integration.servers.dovecot import PASSWORD, Dovecot
from tests.integration.servers.postfix import Postfix
from tests.integration.servers.processes import wait_until

ROOT = Path(__file__).parents[2]
TOKYO = dt.timezone(dt.timedelta(hours=9))


def today() -> dt.date:
    """The real day in Tokyo: the program runs on the real clock here."""
    return dt.datetime.now(TOKYO).date()


class Headquarters:
    """Configuration, masters and state below one folder."""

    def __init__(self, home: Path, dovecot: Dovecot, postfix: Postfix, *, name: str, database_url: str = "") -> None:
        """`name` keeps the mailboxes of tests apart: HQ is NAME-hq, offices NAME-<prefecture in kana>."""
        self.home, self.dovecot, self.postfix, self.name = home, dovecot, postfix, name
        self.hq = f"{name}-hq"
        masters = home / "masters"
        shutil.copytree(ROOT / "config" / "masters", masters)
        self._write_offices(masters / "offices.csv")
        # Whatever day the tests run on, the offices work on it.
        (masters / "closed_days.csv").write_text(f"日付,区分,理由\n{today()},開所,試験\n", "utf-8")
        (masters / "admins.toml").write_text(
            f'[[admin]]\nname = "担当"\naddress = "{name}-admin@example.test"\n', "utf-8"
        )
        password = home / "password"
        password.write_text(PASSWORD)
        password.chmod(0o600)
        self.config = home / "meibod.toml"
        self.config.write_text(self._settings(database_url), "utf-8")

    def office(self, prefecture: str) -> str:
        """Mailbox of an office."""
        return f"{self.name}-{ {'神奈川': 'kanagawa', '千葉': 'chiba'}[prefecture] }"

    def _write_offices(self, file: Path) -> None:
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
        at = rows[0].index("宛先")
        for row in rows[1:]:
            if row[0] in {"神奈川", "千葉"}:
                row[at] = f"{self.office(row[0])}@example.test"
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        file.write_text(out.getvalue(), "utf-8")

    def _settings(self, database_url: str) -> str:
        return f"""
[service]
state_directory = "state"
database_url = "{database_url}"
[imap]
host = "127.0.0.1"
port = {self.dovecot.imap}
security = "none"
user = "{self.hq}"
password_file = "password"
idle_s = 5.0
[smtp]
host = "127.0.0.1"
port = {self.postfix.ports["plain"]}
security = "none"
[letterhead]
organisation = "連合会運営本部"
contact = "研修課 03-0000-0000"
address = "{self.hq}@example.test"
fax = "03-0000-0001"
[policy]
pace_s = 0.0
[masters]
folder = "masters"
"""

    # -- commands ----------------------------------------------------------------------------------------------

    def meibod(self, *words: str, ok: bool = True, config: bool = True) -> str:
        """Run one command; its standard output. With `ok=False` the command must fail."""
        command = [sys.executable, "-m", "daemon", *words, *(["--config", str(self.config)] if config else [])]
        done = subprocess.run(command, cwd=ROOT, env=self._environment(), capture_output=True, timeout=120, check=False)
        assert (done.returncode == 0) is ok, done.stdout.decode() + done.stderr.decode()
        return done.stdout.decode() if ok else done.stdout.decode() + done.stderr.decode()

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "HOME": str(self.home)}

    def status(self) -> dict[str, Any]:
        """`meibod status --json`."""
        found: dict[str, Any] = json.loads(self.meibod("status", "--json"))
        return found

    @contextlib.contextmanager
    def running(self, launcher: tuple[str, ...] = ("-m", "daemon")) -> Iterator[subprocess.Popen[bytes]]:
        """The daemon, ready; ended with SIGTERM, which must drain and exit with 0."""
        with self.started(launcher) as process:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, self.log()

    @contextlib.contextmanager
    def started(self, launcher: tuple[str, ...] = ("-m", "daemon")) -> Iterator[subprocess.Popen[bytes]]:
        """The daemon, ready; killed at the end if it still runs."""
        notify = self.home / f"notify-{os.getpid()}"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, self._log_file().open("ab") as log:
            manager.bind(str(notify))
            manager.settimeout(60)
            command = [sys.executable, *launcher, "run", "--config", str(self.config)]
            environment = {**self._environment(), "NOTIFY_SOCKET": str(notify)}
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
            try:
                assert b"READY=1" in manager.recv(4096), self.log()
                yield process
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()

    def _log_file(self) -> Path:
        return self.home / "daemon.log"

    def log(self) -> str:
        """What the daemon wrote to standard error."""
        return self._log_file().read_text()

    # -- the other end -----------------------------------------------------------------------------------------

    def mails(self, user: str) -> list[EmailMessage]:
        """Everything a mailbox holds."""
        with self.dovecot.session(user) as session:
            _kind, (numbers,) = session.search(None, "ALL")
            found = []
            for number in numbers.split():
                _kind, answer = session.fetch(number.decode(), "(BODY.PEEK[])")
                part = answer[0]
                assert isinstance(part, tuple)
                mail = email.message_from_bytes(part[1], policy=default)
                assert isinstance(mail, EmailMessage)
                found.append(mail)
        return found

    def wait_for_mail(self, user: str, count: int, within_s: float = 60) -> list[EmailMessage]:
        """The mails of a mailbox as soon as there are `count` of them."""
        wait_until(f"{count} mails for {user}", lambda: len(self.mails(user)) >= count, within_s)
        return self.mails(user)

    def list_file(self, people: list[tuple[str, str, str, str]]) -> Path:
        """HQ's list (prefecture, centre, name, kana), written into the template the program hands out."""
        path = self.home / "list.xlsx"
        self.meibod("roster", "template", "--course", "wm-skill-up", "--out", str(path), "--force", config=False)
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        head = next(r for r in sheet.iter_rows() if any(c.value == "都道府県" for c in r))
        columns = {str(c.value).replace("\n", ""): c.column for c in head if c.value}
        row = head[0].row + 2  # below the example
        for prefecture, centre, name, kana in people:
            for header, value in (
                ("都道府県", prefecture),
                ("所属センター", centre),
                ("氏名", name),
                ("フリガナ", kana),
            ):
                sheet.cell(row, columns[header]).value = value
            identifier = next(h for h in columns if "ＩＤ" in h)
            sheet.cell(row, columns[identifier]).value = "A1234567"
            row += 1
        book.save(path)
        return path
