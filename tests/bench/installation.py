"""An installation of the program to be measured: durable SQLite, real blobs, the shipped masters, one folder."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

from daemon.adapters.documents import TypstDocuments
from daemon.adapters.reader_pool import SandboxedReader
from daemon.adapters.resources import data_path
from daemon.adapters.smtp import SmtpSubmission
from daemon.bootstrap import App, Parts, installation_key, open_app, smtp_settings
from daemon.ports import Clock
from daemon.settings import Settings, load_settings
from tests.integration.servers.dovecot import PASSWORD

ROOT = Path(__file__).parents[2]
MAILBOX_USER = "hq"

_SETTINGS = """
[service]
state_directory = "state"
[imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{user}"
password_file = "password"
idle_s = 60.0
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
[letterhead]
organisation = "連合会運営本部"
contact = "研修課 03-0000-0000"
address = "hq@example.test"
fax = "03-0000-0001"
bcc_self = false
[policy]
pace_s = 0.0
hourly_cap = 1000000
office_daily_cap = 1000000
office_daily_receipts = 1000000
[masters]
folder = "masters"
"""


def configure(home: Path, *, imap: int = 1, smtp: int = 1, open_days: tuple[str, ...] = ()) -> Path:
    """Write masters and settings below `home`; the offices work on `open_days`. Returns the settings file."""
    home.mkdir(parents=True, exist_ok=True)
    masters = home / "masters"
    shutil.copytree(ROOT / "config" / "masters", masters)
    days = io.StringIO()
    csv.writer(days).writerows([["日付", "区分", "理由"], *([day, "開所", "測定"] for day in open_days)])
    (masters / "closed_days.csv").write_text(days.getvalue(), "utf-8")
    (masters / "admins.toml").write_text('[[admin]]\nname = "担当"\naddress = "admin@example.test"\n', "utf-8")
    password = home / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    config = home / "meibod.toml"
    config.write_text(_SETTINGS.format(imap=imap, smtp=smtp, user=MAILBOX_USER), "utf-8")
    return config


def open_installation(config: Path, clock: Clock) -> tuple[Settings, App]:
    """The program as `meibod run` wires it, on the clock given."""
    settings = load_settings(config)
    key = installation_key(settings)
    documents = TypstDocuments(key, data_path("mail_templates") / "forms")
    parts = Parts(clock, SmtpSubmission(smtp_settings(settings)), SandboxedReader(), documents)
    return settings, open_app(settings, parts)
