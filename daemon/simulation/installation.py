"""A complete installation of meibod in one folder: configuration, masters, key; everything else grows by itself.

What is written here is what an operator would write: afterwards `meibod status --config DIR/meibod.toml` and every
other command work on the folder.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from daemon.adapters.resources import data_path
from daemon.settings import Settings, load_settings
from daemon.simulation.network.mailbox_server import PASSWORD, USER
from daemon.simulation.network.routing import AUTHSERV_ID
from daemon.simulation.offices import gateway

HQ = "meibo@hq.example"
ADMIN = "kenshu@hq.example"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the servers listen on 127.0.0.1."""

    imap: int
    smtp: int


def install(folder: Path, seed: int, ports: Ports, copies: dict[str, str]) -> Settings:
    """Write the files and load them. `copies`: prefecture → address in Cc."""
    folder.mkdir(parents=True, exist_ok=True)
    _masters(folder / "masters", copies)
    _secret(folder / "key", hashlib.sha256(f"meibod demo {seed}".encode()).hexdigest())
    _secret(folder / "imap-password", PASSWORD)
    config = folder / "meibod.toml"
    config.write_text(
        _CONFIG.format(imap=ports.imap, smtp=ports.smtp, user=USER, address=HQ, authserv_id=AUTHSERV_ID), "utf-8"
    )
    return load_settings(config)


def office_address(prefecture_address: str) -> str:
    """The shipped placeholder wm-kanagawa@example.jp as an address of the virtual world."""
    name = prefecture_address.partition("@")[0].removeprefix("wm-")
    return f"unei@{name}-sr.example"


def _masters(folder: Path, copies: dict[str, str]) -> None:
    """The shipped masters with addresses that exist in this world."""
    folder.mkdir(exist_ok=True)
    for master in (data_path("config") / "masters").iterdir():
        shutil.copyfile(master, folder / master.name)  # not its mode: a packaged file may be read-only
    with (folder / "offices.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    head = rows[0]
    prefecture, to, cc = head.index("都道府県"), head.index("宛先"), head.index("CC")
    for row in rows[1:]:
        row[to] = office_address(row[to])
        row[cc] = copies.get(row[prefecture], "")
    with (folder / "offices.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    (folder / "gateways.toml").write_text(_GATEWAY, "utf-8")
    (folder / "admins.toml").write_text(f'[[admin]]\nname = "研修担当"\naddress = "{ADMIN}"\n', "utf-8")


def _secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, "ascii")


_GATEWAY = f"""[[gateway]]
name = "{gateway.NAME}"
address = "{gateway.ADDRESS}"
subject_pattern = '{gateway.SUBJECT_PATTERN}'
file_pattern = '{gateway.FILE_PATTERN}'
"""
_CONFIG = """# Written by `meibod demo`. The servers it names lived as long as the demo did.
[service]
state_directory = "."

[imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{user}"
password_file = "imap-password"

[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"

[letterhead]
organisation = "全国社会保険労務士会連合会 運営本部"
contact = "研修担当　電話 03-0000-0000"
address = "{address}"
fax = "03-0000-0001"
plus_addressing = true

[policy]
pace_s = 0

[digest]
with_names = false

[admin_mail]
authserv_id = "{authserv_id}"
"""
