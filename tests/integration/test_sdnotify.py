"""The notification protocol against a real datagram socket."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.sdnotify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """What systemd listens on, and its address as NOTIFY_SOCKET gives it."""
    name = f"@meibod-{secrets.token_hex(8)}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        listener.settimeout(5)
        yield listener, name


def test_each_message_is_one_datagram(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager
    notifier = Notifier(address)

    notifier.ready("見守り中")
    notifier.watchdog()
    notifier.status("two mails waiting")
    notifier.extend_timeout(30)
    notifier.stopping()

    assert [listener.recv(4096).decode() for _ in range(5)] == [
        "READY=1\nSTATUS=見守り中",
        "WATCHDOG=1",
        "STATUS=two mails waiting",
        "EXTEND_TIMEOUT_USEC=30000000",
        "STOPPING=1",
    ]


def test_a_status_cannot_smuggle_in_another_field(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager

    Notifier(address).status("all well\nMAINPID=1\r\x00STOPPING=1\x85X=1")

    assert listener.recv(4096).decode() == "STATUS=all well MAINPID=1 STOPPING=1 X=1"


def test_the_environment_is_read_once_and_hidden_from_children(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager
    environment = {
        "NOTIFY_SOCKET": address,
        "WATCHDOG_USEC": "180000000",
        "WATCHDOG_PID": str(os.getpid()),
        "PATH": "/bin",
    }

    notifier = Notifier.from_environment(environment)
    notifier.watchdog()

    assert environment == {"PATH": "/bin"}
    assert notifier.watchdog_s == 180.0
    assert listener.recv(4096) == b"WATCHDOG=1"


def test_a_watchdog_meant_for_another_process_is_not_ours() -> None:
    assert Notifier.from_environment({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).watchdog_s is None


def test_without_a_manager_nothing_happens() -> None:
    notifier = Notifier.from_environment({})

    notifier.ready()
    notifier.watchdog()

    assert notifier.watchdog_s is None


def test_a_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "nobody")).watchdog()


def test_a_manager_that_does_not_read_does_not_block(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "full"))
        notifier = Notifier(str(tmp_path / "full"))
        for _ in range(2000):
            notifier.watchdog()
