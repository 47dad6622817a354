"""The service manager's notification protocol (sd_notify(3)): one datagram a message, nothing more.

Without NOTIFY_SOCKET in the environment every call does nothing, so the same code runs in a terminal.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping

_STATUS_CHARACTERS = 200


class Notifier:
    """Tells systemd how the service is doing. Never raises: a deaf manager must not stop the mail."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        """`address` as in NOTIFY_SOCKET: a path, or "@name" in the abstract namespace; None = nobody listens."""
        self._address = None if not address else "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = watchdog_s
        """The manager kills us after so many seconds without `watchdog`; None = it does not watch."""

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] | None = None) -> Notifier:
        """What the manager left in the environment. The variables are removed: children must not speak for us."""
        variables = os.environ if environment is None else environment
        address = variables.pop("NOTIFY_SOCKET", None)
        watchdog_us, watchdog_pid = variables.pop("WATCHDOG_USEC", ""), variables.pop("WATCHDOG_PID", "")
        is_ours = not watchdog_pid or watchdog_pid == str(os.getpid())
        return cls(address, int(watchdog_us) / 1e6 if is_ours and watchdog_us.isdigit() else None)

    def ready(self, status: str = "") -> None:
        """Start-up is finished: configuration, migrations, schema and engine are sound."""
        self._send("READY=1", *_status(status))

    def status(self, status: str) -> None:
        """One line for `systemctl status`; no names, no addresses."""
        self._send(*_status(status))

    def watchdog(self) -> None:
        """All parts are alive. Call it at least twice within `watchdog_s`."""
        self._send("WATCHDOG=1")

    def extend_timeout(self, seconds: float) -> None:
        """Starting or stopping takes longer: give us `seconds` more from now (a long migration, a last send)."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def stopping(self, status: str = "") -> None:
        """SIGTERM was heard; work in hand is being finished."""
        self._send("STOPPING=1", *_status(status))

    def _send(self, *fields: str) -> None:
        if self._address is None or not fields:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.setblocking(False)  # a full queue at the manager must not stall the loop
            out.sendto("\n".join(fields).encode(), self._address)


def _status(text: str) -> list[str]:
    """STATUS= on one line: a line break would let the text smuggle in other fields."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_STATUS_CHARACTERS]
    return [f"STATUS={line}"] if line else []
