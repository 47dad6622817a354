"""The units: accepted by systemd, little exposed, and doing what their comments say."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.integration.servers.processes import program

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
DAEMON_UNIT = UNITS / "meibod.service"
DAEMON = "/opt/meibod/bin/meibod"


def lines(path: Path, key: str, section: str = "Service") -> list[str]:
    """The values of `key`, which may stand several times, in order."""
    found, here = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif here == section and line.startswith(f"{key}="):
            found.append(line.partition("=")[2])
    return found


def run_line(line: str, environment: Mapping[str, str], path: Path) -> subprocess.CompletedProcess[str]:
    """Run an Exec…= line as systemd would: prefixes off, $$ is a dollar, no other shell."""
    words = [word.replace("$$", "$") for word in shlex.split(line.lstrip("+-"))]
    found = {"PATH": f"{path}:/usr/bin:/bin", **environment}
    return subprocess.run(words, env=found, capture_output=True, text=True, check=True)


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """A folder of programs that write down how they were called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("systemctl", "systemd-cat"):
        stub = folder / name
        stub.write_text(f'#!/bin/sh\n{{ echo "{name} $*"; test -t 0 || cat; }} >> {tmp_path}/called\n')
        stub.chmod(0o755)
    return folder


def called(tmp_path: Path) -> str:
    path = tmp_path / "called"
    return path.read_text() if path.exists() else ""


def test_systemd_accepts_every_unit_without_a_word(tmp_path: Path) -> None:
    for path in [*SERVICES, *UNITS.glob("*.timer")]:
        (tmp_path / path.name).write_text(path.read_text().replace(DAEMON, sys.executable))
    command = [program("systemd-analyze", "systemd"), "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_service_is_exposed_at_most_two_of_ten(path: Path) -> None:
    command = [
        program("systemd-analyze", "systemd"), "security", "--offline=yes", "--threshold=20", "--no-pager", str(path)
    ]  # fmt: skip

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout[-500:] + checked.stderr


def test_every_timer_has_its_service_and_catches_up() -> None:
    timers = sorted(UNITS.glob("*.timer"))

    assert [timer.stem for timer in timers] == ["meibod-backup", "meibod-check"]
    for timer in timers:
        assert timer.with_suffix(".service").exists()
        assert lines(timer, "Persistent", "Timer") == ["true"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_the_commands_of_the_units_exist_with_their_options(path: Path) -> None:
    for line in lines(path, "ExecStart"):
        words = shlex.split(line)
        if words[0] != DAEMON:
            continue
        command = [sys.executable, "-m", "daemon", words[1], "--help"]
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"}
        )
        for option in (word for word in words if word.startswith("--")):
            assert option in shown.stdout


def test_secrets_reach_the_daemon_as_credentials_only() -> None:

    named = [line.partition(":")[0] for line in lines(DAEMON_UNIT, "LoadCredential")]
    assert {"imap-password", "smtp-password"} <= set(named)
    assert not [line for line in lines(DAEMON_UNIT, "Environment") if "PASSWORD" in line.upper()]
    assert lines(DAEMON_UNIT, "EnvironmentFile") == []


def test_a_crash_raises_the_alarm_and_a_stop_does_not(stubs: Path, tmp_path: Path) -> None:
    (line,) = lines(DAEMON_UNIT, "ExecStopPost")

    run_line(line, {"SERVICE_RESULT": "success"}, stubs)
    assert called(tmp_path) == ""

    run_line(line, {"SERVICE_RESULT": "watchdog"}, stubs)
    assert called(tmp_path).splitlines()[0] == "systemctl --no-block start meibod-alarm.service"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MONITOR_UNIT": "meibod-check.service", "MONITOR_SERVICE_RESULT": "exit-code"},
         "meibod-check.service failed (exit-code): journalctl -u meibod-check.service"),
        ({}, "meibod.service failed (crashed, restarting): journalctl -u meibod.service"),
    ],
)  # fmt: skip
def test_the_alarm_says_which_unit_failed(stubs: Path, tmp_path: Path, environment: dict[str, str], said: str) -> None:
    (line,) = lines(UNITS / "meibod-alarm.service", "ExecStart")

    run_line(line, environment, stubs)

    assert called(tmp_path).splitlines() == ["systemd-cat -t meibod-alarm -p crit", said]


def test_old_backups_go_and_one_a_day_stays_for_five_weeks(tmp_path: Path) -> None:
    now, day = time.time(), 86_400
    ages = {"20260401T060000Z": 0.5, "20260330T060000Z": 3, "20260330T180000Z": 3, "20260101T180000Z": 90}
    for name, days in ages.items():
        folder = tmp_path / f"meibod-{name}"
        (folder / "blobs").mkdir(parents=True)
        os.utime(folder, (now - days * day, now - days * day))
    (tmp_path / "somebody-elses").mkdir()
    os.utime(tmp_path / "somebody-elses", (0, 0))

    for line in lines(UNITS / "meibod-backup.service", "ExecStartPost"):
        run_line(line.replace("/var/lib/meibod/backup", str(tmp_path)), {}, tmp_path)

    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["meibod-20260330T180000Z", "meibod-20260401T060000Z", "somebody-elses"]


def test_the_account_is_made_by_sysusers(tmp_path: Path) -> None:
    sysusers = shutil.which("systemd-sysusers")
    assert sysusers is not None
    (tmp_path / "etc").mkdir()

    subprocess.run(
        [sysusers, f"--root={tmp_path}", str(UNITS / "meibod.sysusers.conf")], check=True, capture_output=True
    )

    assert any(line.startswith("meibod:") for line in (tmp_path / "etc" / "passwd").read_text().splitlines())
