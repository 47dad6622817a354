"""Finding programs and ports, waiting for servers, looking at process trees: what every test server needs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

READY_WITHIN_S = 30.0


class ServerMissing(AssertionError):
    """A server the tests need is not installed; `.ci/run` and the README say how to install it."""


def program(name: str, package: str) -> str:
    """Path of an installed program; raises ServerMissing with the Debian package that holds it."""
    found = shutil.which(
        name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/dovecot:/usr/lib/postfix/sbin"
    )
    if found is None:
        raise ServerMissing(f"{name} is not installed: apt-get install {package}")
    return found


def end_with_parent() -> None:
    """For `preexec_fn`: SIGTERM to the child when the test run dies without tidying up (prctl(2), Linux)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def guard(command: list[str]) -> subprocess.Popen[bytes]:
    """A process that runs `command` when its input is closed: by `communicate`, or by the death of the test run.

    For servers that change their user: those lose what `end_with_parent` set.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read nothing; exec "$@"', "guard", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a signal to the terminal must not reach it
    )


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: str, holds: Callable[[], bool], within_s: float = READY_WITHIN_S) -> None:
    """Return as soon as `holds()`; raises TimeoutError naming `what` when it does not within the time."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within_s} s")
        time.sleep(0.01)


def greets(port: int) -> bool:
    """Whether a line-based server on 127.0.0.1:port sends a greeting."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def _stat(pid: int) -> tuple[str, int] | None:
    """Name and parent of a process, None when there is none or only its zombie."""
    try:
        head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return None
    state, parent = tail.split()[:2]
    return None if state == "Z" else (head.partition("(")[2], int(parent))


def children(pid: int) -> dict[int, str]:
    """Process ids and names of the direct children of `pid`."""
    all_pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    known = {one: stat for one in all_pids if (stat := _stat(one)) is not None}
    return {one: name for one, (name, parent) in known.items() if parent == pid}


def kill_orphans(family: dict[int, str]) -> None:
    """End former children (as `children` named them) whose parent has died, and wait until they are gone."""

    def alive() -> list[int]:
        return [pid for pid, name in family.items() if (stat := _stat(pid)) is not None and stat[0] == name]

    for pid in alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until("children gone", lambda: not alive())


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A throw-away self-signed certificate for localhost and 127.0.0.1; returns (certificate, key)."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = [
        program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
