"""The reading process that holds the parsers warm and forks one confined child for each thing to read.

It obeys one control socket. A request is the wall clock in seconds and three descriptors: a memory file with the
request, a pipe for the answer, and a line back. Over the line it says how the child ended; when the far end of the
line is closed or written to, it kills the child. A child that runs over its wall clock is killed here, so nothing
outlives a daemon that looks away. When the control socket closes, everything ends.

Run as a program: `main()` with the reader module's name, the number of the control descriptor and a private folder.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from daemon.adapters.reading.confinement import confine
from daemon.adapters.reading.wire import Op, Request, pack_answer, unpack_request
from parsers.findings import Document

DESCRIPTORS = 3
READY = b"ready"
"""First word on the control socket, after everything is loaded."""
OUT_OF_TIME = b"t"
"""Prefix of the line's last word when the wall clock ran out; b"x" otherwise. The wait status follows in digits."""
ENDED = b"x"
EXIT_FAILED = 70
"""The reader raised (sysexits' EX_SOFTWARE)."""
EXIT_NO_MEMORY = 72
EXIT_UNCONFINED = 71
"""The walls could not be raised (EX_OSERR)."""


def main() -> None:
    """Serve until the control socket closes."""
    module_name, descriptor, folder = sys.argv[1:4]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)  # libraries complain by quoting the file (I7)
    reader = importlib.import_module(module_name)
    if hasattr(reader, "preload"):
        reader.preload()
    # Everything loaded so far is shared with the children: keep the collector from touching (copying) it.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as control:
        control.send(READY)
        Zygote(reader, control, Path(folder)).serve()


@dataclass(slots=True)
class _Child:
    pid: int
    watch: int
    """pidfd: readable when the child has ended."""
    line: socket.socket
    deadline: float
    folder: Path
    reason: bytes = ENDED


class Zygote:
    """The loop. One thread, no state but the table of living children."""

    def __init__(self, reader: ModuleType, control: socket.socket, folder: Path) -> None:
        self._reader = reader
        self._control = control
        self._folder = folder
        self._children: dict[int, _Child] = {}
        self._serial = 0
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._actions: dict[int, Callable[[], None]] = {}

    def serve(self) -> None:
        """Obey until the control socket closes; then end every child."""
        control = self._control.fileno()
        while True:
            ready = [fd for fd, _ in self._poll.poll(self._patience_ms())]
            for fd in ready:
                action = self._actions.get(fd)
                if action is not None:
                    action()
            self._enforce_wall_clock()
            if control in ready and not self._accept():
                break
        for child in list(self._children.values()):
            self._kill(child)
            self._reap(child)

    def _patience_ms(self) -> float | None:
        if not self._children:
            return None
        nearest = min(child.deadline for child in self._children.values())
        return max(0.0, nearest - time.monotonic()) * 1000 + 1

    def _accept(self) -> bool:
        """Take one request; False when there will be no more."""
        word, descriptors, _, _ = socket.recv_fds(self._control, 64, DESCRIPTORS)
        if not word or len(descriptors) != DESCRIPTORS:
            return False
        memory, answer, line = descriptors
        try:
            self._start(float(word), memory, answer, socket.socket(fileno=line))
        finally:
            os.close(memory)
            os.close(answer)
        return True

    def _start(self, wall_s: float, memory: int, answer: int, line: socket.socket) -> None:
        self._serial += 1
        folder = self._folder / str(self._serial)
        folder.mkdir(mode=0o700)
        pid = os.fork()
        if pid == 0:
            _read_and_exit(self._reader, memory, answer, str(folder))
        child = _Child(pid, os.pidfd_open(pid), line, time.monotonic() + wall_s, folder)
        self._children[pid] = child
        self._watch(child.watch, lambda: self._reap(child))
        self._watch(line.fileno(), lambda: self._kill(child))

    def _watch(self, fd: int, action: Callable[[], None]) -> None:
        self._poll.register(fd, select.POLLIN)
        self._actions[fd] = action

    def _unwatch(self, fd: int) -> None:
        if self._actions.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def _kill(self, child: _Child) -> None:
        """Kill child and group; the child is not yet reaped, so its number is still its own."""
        self._unwatch(child.line.fileno())
        # The group does not exist before the child's setsid.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        os.kill(child.pid, signal.SIGKILL)

    def _reap(self, child: _Child) -> None:
        if self._children.pop(child.pid, None) is None:
            return
        self._kill(child)
        _, status = os.waitpid(child.pid, 0)
        self._unwatch(child.watch)
        os.close(child.watch)
        with contextlib.suppress(OSError):
            child.line.sendall(child.reason + str(status).encode())
        child.line.close()
        shutil.rmtree(child.folder, ignore_errors=True)

    def _enforce_wall_clock(self) -> None:
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.deadline <= now:
                child.reason = OUT_OF_TIME
                self._kill(child)
                child.deadline = now + 1.0


def _read_and_exit(reader: ModuleType, memory: int, answer: int, folder: str) -> NoReturn:
    """The whole life of a child."""
    code = EXIT_UNCONFINED
    try:
        os.setsid()
        request, limits = unpack_request(_read_all(memory))
        (answer,) = confine(folder, limits, keep=(answer,))
        code = EXIT_FAILED
        _write_all(answer, pack_answer(_ask(reader, request)))
        code = 0
    except MemoryError:
        code = EXIT_NO_MEMORY
    finally:
        # Not sys.exit: no handler, buffer or finalizer of the zygote may run a second time here.
        os._exit(code)


def _ask(reader: ModuleType, request: Request) -> Document:
    asked: Callable[..., Document] = getattr(reader, request.op)
    if request.op is Op.FILE:
        return asked(request.name, request.data, request.context)
    return asked(request.name, request.data, request.context, request.part)


def _read_all(fd: int) -> bytes:
    with os.fdopen(os.dup(fd), "rb") as file:
        file.seek(0)
        return file.read()


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
